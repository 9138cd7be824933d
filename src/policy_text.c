/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line of holes.conf: its words, its numbers, and what is said of mistakes in it. Pure. */
#include "policy_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Of a longer path an error shows the end: the message must still fit behind it. */
enum { SHOWN_PATH = 160, LONGEST_KEYWORD = 16 };

/* A control byte in a message could end the line or drive the reader's terminal. */
static bool is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

/* True in the middle of a UTF-8 sequence: no place to cut. */
static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static const char *path_end(const char *path)
{
	size_t length = strlen(path);

	if (length <= SHOWN_PATH)
		return path;
	path += length - SHOWN_PATH;
	while (is_continuation(*path))
		path++;
	return path;
}

static const char *path_dots(const char *path)
{
	return strlen(path) > SHOWN_PATH ? "..." : "";
}

int policy_fail(const struct policy_line *line, const char *at, const char *format, ...)
{
	char *text = line->error->text;
	const size_t size = sizeof(line->error->text);
	size_t used;
	va_list list;

	snprintf(text, size, "%s%s", path_dots(line->file), path_end(line->file));
	used = strlen(text);
	if (line->number)
		snprintf(text + used, size - used, ":%u:%zu", line->number,
			(size_t)(at - line->start) + 1);
	used = strlen(text);
	snprintf(text + used, size - used, ": ");
	used = strlen(text);
	va_start(list, format);
	vsnprintf(text + used, size - used, format, list);
	va_end(list);
	for (; *text; text++)
		if (is_control(*text))
			*text = '?';
	return -EINVAL;
}

int policy_fail_memory(const struct policy_line *line)
{
	policy_fail(line, line->start, "out of memory");
	return -ENOMEM;
}

/* strerror() follows the VMM's locale and may allocate. */
static const char *read_failure(int code)
{
	switch (-code) {
	case ENOENT:
		return "no such file";
	case ENOTDIR:
		return "part of its path is no directory";
	case EACCES:
	case EPERM:
		return "permission denied";
	case EISDIR:
		return "it is a directory, write the name of a file";
	case ENXIO:
		return "it is not a regular file";
	case EFBIG:
		return "it is too large";
	case ELOOP:
		return "too many symbolic links";
	case ENAMETOOLONG:
		return "its path is too long";
	case ENOMEM:
		return "out of memory";
	default:
		return "the system refused";
	}
}

int policy_fail_read(const struct policy_line *line, const char *at, const char *path, int code)
{
	if (path == line->file)
		policy_fail(line, at, "cannot be read: %s (errno %d)", read_failure(code), -code);
	else
		policy_fail(line, at, "cannot read '%s%s': %s (errno %d)", path_dots(path),
			path_end(path), read_failure(code), -code);
	return code == -ENOMEM ? code : -EINVAL;
}

struct policy_quote policy_quote(struct policy_word word)
{
	const size_t room = sizeof(((struct policy_quote *)NULL)->text) - sizeof("''...");
	size_t length = word.length;
	struct policy_quote quote;

	if (length > room)
		for (length = room; length && is_continuation(word.at[length]);)
			length--;
	snprintf(quote.text, sizeof(quote.text), "'%.*s'%s", (int)length, word.at,
		length < word.length ? "..." : "");
	return quote;
}

int policy_check_bytes(const struct policy_line *line)
{
	for (const char *at = line->start; at < line->end; at++)
		if (is_control(*at) && *at != '\t')
			return policy_fail(line, at,
				"control byte 0x%02x: write plain text (ASCII or UTF-8)",
				(unsigned int)*at);
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct policy_word policy_next_word(struct policy_line *line)
{
	const char *end, *at = line->at;

	while (at < line->end && is_blank(*at))
		at++;
	for (end = at; end < line->end && !is_blank(*end) && *end != '#';)
		end++;
	if (end == at)
		return (struct policy_word){line->at, 0};
	line->at = end;
	return (struct policy_word){at, (size_t)(end - at)};
}

int policy_end_of_line(struct policy_line *line)
{
	struct policy_word word = policy_next_word(line);

	if (!word.length)
		return 0;
	return policy_fail(line, word.at, "unexpected %s: the line is complete before it",
		policy_quote(word).text);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* Levenshtein distance, upper and lower case alike, over one row of its table. */
static size_t distance(struct policy_word word, const char *keyword)
{
	size_t row[LONGEST_KEYWORD + 1];
	const size_t length = strlen(keyword);

	if (length > LONGEST_KEYWORD || word.length > LONGEST_KEYWORD)
		return SIZE_MAX;
	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 0; i < word.length; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < length; j++) {
			size_t above = row[j + 1];
			bool differ = lower(word.at[i]) != lower(keyword[j]);

			row[j + 1] = smallest(diagonal + differ, above + 1, row[j] + 1);
			diagonal = above;
		}
	}
	return row[length];
}

/* The one entry that @word is likely a slip of, or NULL. */
static const char *nearest(struct policy_word word, const struct policy_keyword *table)
{
	size_t least = (word.length + 1) / 3 + 1; /* one slip in every three letters */
	const char *found = NULL;

	for (; table->word; table++) {
		size_t d = distance(word, table->word);

		if (d < least) {
			least = d;
			found = table->word;
		} else if (d == least) {
			found = NULL;
		}
	}
	return found;
}

/* "a, b or c" */
static void list_words(char *list, size_t size, const struct policy_keyword *table)
{
	*list = '\0';
	for (const struct policy_keyword *entry = table; entry->word; entry++) {
		size_t used = strlen(list);
		const char *comma = entry == table ? "" : entry[1].word ? ", " : " or ";

		snprintf(list + used, size - used, "%s%s", comma, entry->word);
	}
}

static void fail_choice(const struct policy_line *line, struct policy_word word, const char *after,
	const struct policy_keyword *table)
{
	const char *guess = nearest(word, table);
	const char *link = after ? " after " : "";
	char list[160];

	if (!after)
		after = "";
	list_words(list, sizeof(list), table);
	if (!word.length)
		policy_fail(line, word.at, "nothing%s%s: write %s", link, after, list);
	else if (guess)
		policy_fail(line, word.at, "unknown word %s%s%s: did you mean '%s'?",
			policy_quote(word).text, link, after, guess);
	else
		policy_fail(line, word.at, "unknown word %s%s%s: write %s", policy_quote(word).text,
			link, after, list);
}

const struct policy_keyword *policy_choose(const struct policy_line *line, struct policy_word word,
	const char *after, const struct policy_keyword *table)
{
	for (const struct policy_keyword *entry = table; entry->word; entry++)
		if (strlen(entry->word) == word.length &&
			!memcmp(entry->word, word.at, word.length))
			return entry;
	fail_choice(line, word, after, table);
	return NULL;
}

/* 16 and up: no digit in any base here. */
static unsigned int digit(char c)
{
	c = lower(c);
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned int)(c - 'a') + 10;
	return 16;
}

/* The power of two that a number's @rest stands for, or -1. */
static int suffix_shift(struct policy_word rest)
{
	static const char suffixes[] = "kmgt";
	const char *found;

	if (!rest.length)
		return 0;
	found = memchr(suffixes, lower(*rest.at), sizeof(suffixes) - 1);
	return found && rest.length == 1 ? 10 * (int)(found - suffixes + 1) : -1;
}

static int fail_large(const struct policy_line *line, struct policy_word word)
{
	return policy_fail(line, word.at, "%s is too large: the highest address is 0x%" PRIx64,
		policy_quote(word).text, UINT64_MAX);
}

/* @word as a number: decimal or 0x hex, with an optional suffix K, M, G or T (powers of 1024).
 * Returns 0 or -EINVAL. */
static int parse_number(const struct policy_line *line, struct policy_word word, uint64_t *number)
{
	const bool hex = word.length > 2 && word.at[0] == '0' && lower(word.at[1]) == 'x';
	const unsigned int base = hex ? 16 : 10;
	const size_t start = hex ? 2 : 0;
	uint64_t n = 0;
	size_t i;
	int shift;

	for (i = start; i < word.length && digit(word.at[i]) < base; i++) {
		if (n > (UINT64_MAX - digit(word.at[i])) / base)
			return fail_large(line, word);
		n = n * base + digit(word.at[i]);
	}
	shift = suffix_shift((struct policy_word){word.at + i, word.length - i});
	if (i == start || shift < 0)
		return policy_fail(line, word.at,
			"%s is not a number: write decimal or 0x hex, then K, M, G, T or nothing",
			policy_quote(word).text);
	if (n > UINT64_MAX >> shift)
		return fail_large(line, word);
	*number = n << shift;
	return 0;
}

/* Both inclusive. */
static int first_to_last(const struct policy_line *line, struct policy_word left,
	struct policy_word right, struct range *range)
{
	if (parse_number(line, left, &range->first) || parse_number(line, right, &range->last))
		return -EINVAL;
	if (range->last < range->first)
		return policy_fail(line, right.at,
			"end 0x%" PRIx64 " below start 0x%" PRIx64
			": write the lower address first",
			range->last, range->first);
	return 0;
}

static int size_at_start(const struct policy_line *line, struct policy_word left,
	struct policy_word right, struct range *range)
{
	uint64_t size = 0;

	if (parse_number(line, left, &size) || parse_number(line, right, &range->first))
		return -EINVAL;
	if (!size)
		return policy_fail(line, left.at, "size 0: write how many bytes the hole has");
	if (size - 1 > UINT64_MAX - range->first)
		return policy_fail(line, left.at,
			"size 0x%" PRIx64 " at 0x%" PRIx64 " ends beyond 0x%" PRIx64
			": write at most 0x%" PRIx64,
			size, range->first, UINT64_MAX, UINT64_MAX - range->first + 1);
	range->last = range->first + size - 1;
	return 0;
}

int policy_range(const struct policy_line *line, struct policy_word word, struct range *range)
{
	size_t i = 0;
	struct policy_word left, right;

	while (i < word.length && word.at[i] != '-' && word.at[i] != '@')
		i++;
	if (i == word.length)
		return policy_fail(line, word.at,
			"%s is not a range: write FIRST-LAST or SIZE@START, without blanks",
			word.length ? policy_quote(word).text : "nothing");
	left = (struct policy_word){word.at, i};
	right = (struct policy_word){word.at + i + 1, word.length - i - 1};
	if (word.at[i] == '-')
		return first_to_last(line, left, right, range);
	return size_at_start(line, left, right, range);
}
