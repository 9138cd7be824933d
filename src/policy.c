/* SPDX-License-Identifier: GPL-2.0-or-later */
/* holes.conf text in, rules out. Pure: makes no system call. */
#include "policy.h"
#include "policy_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Bounds on what a policy can make the VMM's process spend. */
enum {
	MOST_HOLES = 16384,
	MOST_FILES = 256, /* included, the same one counted each time */
	DEEPEST_INCLUDE = 16,
	LONGEST_PATH = 4095,
	LONGEST_NAME = 63,
	LARGEST_VERSION = 65535,
};

/* Holes that share a page of this size are one hole to the overlap rule: no IOMMU maps less. */
static const uint64_t smallest_page = 4096;

/* Settings of the first group are answers: what their line says goes into parser.answers. */
enum setting {
	ANSWER_SYSFS,
	ANSWER_KERNEL,
	ANSWER_CROSSING,
	ANSWER_INSIDE,
	ANSWER_BAR,
	ANSWER_GUARD,
	N_ANSWERS,
	SETTING_SOURCE = N_ANSWERS,
	SETTING_HOLE,
	SETTING_INCLUDE,
};

enum attribute { ATTRIBUTE_NAME, ATTRIBUTE_WHEN, ATTRIBUTE_CROSSING, ATTRIBUTE_INSIDE };

enum condition { WHEN_ALWAYS, WHEN_AMD, WHEN_INTEL };

static const struct policy_keyword on_off[] = {{"on", true, NULL}, {"off", false, NULL}, {0}};

static const struct policy_keyword crossings[] = {
	{"split", CROSSING_SPLIT, NULL},
	{"refuse", CROSSING_REFUSE, NULL},
	{"observe", CROSSING_OBSERVE, NULL},
	{0},
};

static const struct policy_keyword insides[] = {
	{"refuse", INSIDE_REFUSE, NULL},
	{"skip", INSIDE_SKIP, NULL},
	{"observe", INSIDE_OBSERVE, NULL},
	{0},
};

static const struct policy_keyword bars[] = {
	{"observe", BAR_OBSERVE, NULL},
	{"skip", BAR_SKIP, NULL},
	{"refuse", BAR_REFUSE, NULL},
	{0},
};

static const struct policy_keyword sources[] = {
	{"sysfs", ANSWER_SYSFS, on_off},
	{"kernel", ANSWER_KERNEL, on_off},
	{0},
};

static const struct policy_keyword settings[] = {
	{"hole", SETTING_HOLE, NULL},
	{"source", SETTING_SOURCE, sources},
	{"crossing", ANSWER_CROSSING, crossings},
	{"inside", ANSWER_INSIDE, insides},
	{"bar", ANSWER_BAR, bars},
	{"guard", ANSWER_GUARD, on_off},
	{"include", SETTING_INCLUDE, NULL},
	{0},
};

static const struct policy_keyword attributes[] = {
	{"name=", ATTRIBUTE_NAME, NULL},
	{"when=", ATTRIBUTE_WHEN, NULL},
	{"crossing=", ATTRIBUTE_CROSSING, crossings},
	{"inside=", ATTRIBUTE_INSIDE, insides},
	{0},
};

/* The last one stands in messages for all kernel conditions; parse_kernel() reads those. */
static const struct policy_keyword conditions[] = {
	{"always", WHEN_ALWAYS, NULL},
	{"amd", WHEN_AMD, NULL},
	{"intel", WHEN_INTEL, NULL},
	{"kernel<5.4", 0, NULL},
	{0},
};

struct parser {
	struct policy *policy;
	const struct policy_host *host;
	const struct policy_reader *reader;
	struct policy_error *error;
	int answers[N_ANSWERS];
	unsigned int n_files;
};

/* A file being parsed, and the chain of those that include it. */
struct source {
	const char *file; /* one of policy->strings */
	const struct source *includer;
	unsigned int depth;
};

/* What one `hole` line says. */
struct hole_line {
	struct hole hole;
	struct policy_word name;
	bool holds;	   /* all its conditions do */
	unsigned int seen; /* a bit for each attribute */
};

static int parse_file(
	struct parser *parser, struct source *source, const char *text, size_t length);

/* An array of @n items with room for one more, or NULL: the room is the power of two from @n up. */
static void *grown(void *array, size_t n, size_t item)
{
	if (n & (n - 1))
		return array;
	return realloc(array, (n ? 2 * n : 1) * item);
}

/* A copy of @prefix and @word together that lives as long as the policy, or NULL. */
static const char *keep_string(
	struct policy *policy, struct policy_word prefix, struct policy_word word)
{
	char **strings = grown(policy->strings, policy->n_strings, sizeof(*strings));
	char *copy;

	if (!strings)
		return NULL;
	policy->strings = strings;
	copy = malloc(prefix.length + word.length + 1);
	if (!copy)
		return NULL;
	memcpy(copy, prefix.at, prefix.length);
	memcpy(copy + prefix.length, word.at, word.length);
	copy[prefix.length + word.length] = '\0';
	policy->strings[policy->n_strings++] = copy;
	return copy;
}

/* `crossing split`, `source sysfs on`: one word after the other, down the tables. */
static int parse_answer(
	struct parser *parser, struct policy_line *line, const struct policy_keyword *keyword)
{
	enum setting setting;

	do {
		const char *after = keyword->word;

		setting = (enum setting)keyword->value;
		keyword = policy_choose(line, policy_next_word(line), after, keyword->values);
		if (!keyword)
			return -EINVAL;
	} while (keyword->values);
	parser->answers[setting] = keyword->value;
	return policy_end_of_line(line);
}

static bool is_name_byte(char c)
{
	static const char others[] = "-_.:/+";

	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       memchr(others, c, sizeof(others) - 1);
}

/* Names go into logs and messages as they are, hence the narrow choice of letters. */
static int parse_name(
	const struct policy_line *line, struct policy_word value, struct hole_line *rule)
{
	if (value.length > LONGEST_NAME)
		return policy_fail(line, value.at, "name is %zu characters long: write at most %d",
			value.length, LONGEST_NAME);
	for (size_t i = 0; i < value.length; i++)
		if (!is_name_byte(value.at[i]))
			return policy_fail(line, value.at + i,
				"name has a character that is not allowed: write ASCII "
				"letters, digits and - _ . : / +");
	rule->name = value;
	return 0;
}

/* Decimal digits at *@at. False if there are none or they say more than any kernel version. */
static bool parse_version_part(const char **at, const char *end, unsigned int *part)
{
	const char *start = *at;

	for (*part = 0; *at < end && **at >= '0' && **at <= '9'; ++*at) {
		*part = *part * 10 + (unsigned int)(**at - '0');
		if (*part > LARGEST_VERSION)
			return false;
	}
	return *at > start;
}

static bool parse_version(const char *at, const char *end, struct policy_host *version)
{
	if (!parse_version_part(&at, end, &version->kernel_major) || at == end || *at++ != '.')
		return false;
	return parse_version_part(&at, end, &version->kernel_minor) && at == end;
}

/* Below 0, 0 or above 0, like strcmp(). */
static int compare_kernels(const struct policy_host *a, const struct policy_host *b)
{
	if (a->kernel_major != b->kernel_major)
		return a->kernel_major < b->kernel_major ? -1 : 1;
	return (a->kernel_minor > b->kernel_minor) - (a->kernel_minor < b->kernel_minor);
}

/* @value is "kernel" and a comparison. */
static int parse_kernel(const struct policy_line *line, struct policy_word value,
	const struct policy_host *host, bool *holds)
{
	const char *at = value.at + strlen("kernel"), *end = value.at + value.length;
	const char relation = at < end ? *at : '\0';
	struct policy_host than = {0};
	bool or_equal = relation == '=';
	int order;

	if (relation)
		at++;
	if ((relation == '<' || relation == '>') && at < end && *at == '=') {
		or_equal = true;
		at++;
	}
	if (!relation || !strchr("<=>", relation) || !parse_version(at, end, &than))
		return policy_fail(line, value.at,
			"%s is not a kernel condition: write < <= > >= or = and "
			"MAJOR.MINOR, as in kernel<5.4",
			policy_quote(value).text);
	order = compare_kernels(host, &than);
	*holds = (relation == '<' && order < 0) || (relation == '>' && order > 0) ||
		 (or_equal && order == 0);
	return 0;
}

static bool is_amd(const char *vendor)
{
	return !strcmp(vendor, "AuthenticAMD") || !strcmp(vendor, "HygonGenuine");
}

static int parse_when(struct parser *parser, const struct policy_line *line,
	struct policy_word value, struct hole_line *rule)
{
	const struct policy_keyword *condition;
	bool holds = true;

	if (value.length >= strlen("kernel") && !memcmp(value.at, "kernel", strlen("kernel"))) {
		if (parse_kernel(line, value, parser->host, &holds))
			return -EINVAL;
	} else {
		condition = policy_choose(line, value, "when=", conditions);
		if (!condition)
			return -EINVAL;
		if (condition->value == WHEN_AMD)
			holds = is_amd(parser->host->cpu_vendor);
		else if (condition->value == WHEN_INTEL)
			holds = !strcmp(parser->host->cpu_vendor, "GenuineIntel");
	}
	rule->holds = rule->holds && holds;
	return 0;
}

static int parse_rule_answer(const struct policy_line *line, struct policy_word value,
	const struct policy_keyword *attribute, struct hole_line *rule)
{
	const struct policy_keyword *answer =
		policy_choose(line, value, attribute->word, attribute->values);

	if (!answer)
		return -EINVAL;
	if (attribute->value == ATTRIBUTE_CROSSING)
		rule->hole.crossing = (enum crossing)answer->value;
	else
		rule->hole.inside = (enum inside)answer->value;
	return 0;
}

/* `name=value` and the like; @word is not empty. */
static int parse_attribute(struct parser *parser, const struct policy_line *line,
	struct policy_word word, struct hole_line *rule)
{
	const char *equals = memchr(word.at, '=', word.length);
	struct policy_word key = word, value;
	const struct policy_keyword *attribute;

	if (equals)
		key.length = (size_t)(equals + 1 - word.at);
	attribute = policy_choose(line, key, "the range", attributes);
	if (!attribute)
		return -EINVAL;
	value = (struct policy_word){word.at + key.length, word.length - key.length};

	if (attribute->value != ATTRIBUTE_WHEN && rule->seen & 1U << attribute->value)
		return policy_fail(line, word.at, "%s given twice: leave one", attribute->word);
	rule->seen |= 1U << attribute->value;
	if (attribute->value == ATTRIBUTE_NAME)
		return value.length
			       ? parse_name(line, value, rule)
			       : policy_fail(line, value.at, "nothing after name=: write a name");
	if (attribute->value == ATTRIBUTE_WHEN)
		return parse_when(parser, line, value, rule);
	return parse_rule_answer(line, value, attribute, rule);
}

static bool share_page(struct range a, struct range b)
{
	return range_overlaps(
		range_align_outwards(a, smallest_page), range_align_outwards(b, smallest_page));
}

/* Overlapping holes are one hole and later lines win: what this rule answers, it answers for those
 * before it too. */
static void answer_for_earlier(struct policy *policy, const struct hole *rule)
{
	if (!rule->crossing && !rule->inside)
		return;
	for (size_t i = 0; i < policy->n_holes; i++) {
		struct hole *earlier = &policy->holes[i];

		if (!share_page(earlier->range, rule->range))
			continue;
		if (rule->crossing)
			earlier->crossing = rule->crossing;
		if (rule->inside)
			earlier->inside = rule->inside;
	}
}

static int add_hole(struct policy *policy, const struct policy_line *line, struct hole_line *rule)
{
	struct hole *holes;

	if (policy->n_holes == MOST_HOLES)
		return policy_fail(
			line, line->start, "too many holes: write at most %d", MOST_HOLES);
	holes = grown(policy->holes, policy->n_holes, sizeof(*holes));
	if (!holes)
		return policy_fail_memory(line);
	policy->holes = holes;
	rule->hole.name = "";
	if (rule->name.length) {
		rule->hole.name = keep_string(policy, (struct policy_word){"", 0}, rule->name);
		if (!rule->hole.name)
			return policy_fail_memory(line);
	}
	answer_for_earlier(policy, &rule->hole);
	holes[policy->n_holes++] = rule->hole;
	return 0;
}

static int parse_hole(struct parser *parser, struct policy_line *line)
{
	struct hole_line rule = {
		.hole = {.source = HOLE_POLICY, .file = line->file, .line = line->number},
		.holds = true,
	};
	struct policy_word word = policy_next_word(line);

	if (policy_range(line, word, &rule.hole.range))
		return -EINVAL;
	for (;;) {
		word = policy_next_word(line);
		if (!word.length)
			break;
		if (parse_attribute(parser, line, word, &rule))
			return -EINVAL;
	}
	return rule.holds ? add_hole(parser->policy, line, &rule) : 0;
}

/* Reads and parses @path, which is one of policy->strings. @at is where errors point. */
static int include_file(struct parser *parser, const struct policy_line *line, const char *at,
	const struct source *includer, const char *path)
{
	struct source source = {path, includer, includer->depth + 1};
	char *text = NULL;
	size_t length = 0;
	int rc;

	for (const struct source *s = includer; s; s = s->includer)
		if (!strcmp(s->file, path))
			return policy_fail(line, at,
				"include loop: this file is being read already, leave it out");
	if (source.depth > DEEPEST_INCLUDE)
		return policy_fail(
			line, at, "includes nested too deep: at most %d levels", DEEPEST_INCLUDE);
	if (++parser->n_files > MOST_FILES)
		return policy_fail(
			line, at, "too many includes: write at most %d in all", MOST_FILES);
	rc = parser->reader->read(parser->reader->context, path, &text, &length);
	if (rc)
		return policy_fail_read(line, at, path, rc);
	rc = parse_file(parser, &source, text, length);
	free(text);
	return rc;
}

static int parse_include(
	struct parser *parser, struct policy_line *line, const struct source *includer)
{
	struct policy_word word = policy_next_word(line);
	struct policy_word folder = {line->file, 0};
	const char *slash = strrchr(line->file, '/');
	const char *path;

	if (!word.length)
		return policy_fail(line, word.at, "nothing after include: write a file name");
	if (*word.at != '/' && slash)
		folder.length = (size_t)(slash + 1 - line->file);
	if (folder.length + word.length > LONGEST_PATH)
		return policy_fail(
			line, word.at, "path too long: write at most %d characters", LONGEST_PATH);
	if (policy_end_of_line(line))
		return -EINVAL;
	path = keep_string(parser->policy, folder, word);
	if (!path)
		return policy_fail_memory(line);
	return include_file(parser, line, word.at, includer, path);
}

static int parse_line(struct parser *parser, struct policy_line *line, const struct source *source)
{
	const struct policy_keyword *setting;
	struct policy_word word;

	if (policy_check_bytes(line))
		return -EINVAL;
	word = policy_next_word(line);
	if (!word.length)
		return 0;
	setting = policy_choose(line, word, NULL, settings);
	if (!setting)
		return -EINVAL;
	switch (setting->value) {
	case SETTING_HOLE:
		return parse_hole(parser, line);
	case SETTING_INCLUDE:
		return parse_include(parser, line, source);
	default:
		return parse_answer(parser, line, setting);
	}
}

/* Editors of other systems leave a byte order mark and CRLF line ends; both mean nothing here. */
static int parse_file(struct parser *parser, struct source *source, const char *text, size_t length)
{
	static const char mark[] = "\xef\xbb\xbf";
	const char *at = text, *end = text + length;
	struct policy_line line = {.file = source->file, .error = parser->error};
	int rc = 0;

	if (length >= sizeof(mark) - 1 && !memcmp(text, mark, sizeof(mark) - 1))
		at += sizeof(mark) - 1;
	while (at < end && !rc) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		line.number++;
		line.start = line.at = at;
		line.end = newline ? newline : end;
		at = newline ? newline + 1 : end;
		if (line.end > line.start && line.end[-1] == '\r')
			line.end--;
		rc = parse_line(parser, &line, source);
	}
	return rc;
}

static int parse_root(struct parser *parser, const char *file, const char *text, size_t length)
{
	struct policy_line line = {.file = file, .error = parser->error};
	struct source source = {0};

	source.file = keep_string(parser->policy, (struct policy_word){"", 0},
		(struct policy_word){file, strlen(file)});
	if (!source.file)
		return policy_fail_memory(&line);
	return parse_file(parser, &source, text, length);
}

int policy_parse(struct policy *policy, const char *file, const char *text, size_t length,
	const struct policy_host *host, const struct policy_reader *reader,
	struct policy_error *error)
{
	struct parser parser = {
		.policy = policy,
		.host = host,
		.reader = reader,
		.error = error,
		.answers =
			{
				[ANSWER_SYSFS] = true,
				[ANSWER_KERNEL] = true,
				[ANSWER_CROSSING] = CROSSING_SPLIT,
				[ANSWER_INSIDE] = INSIDE_REFUSE,
				[ANSWER_BAR] = BAR_OBSERVE,
				[ANSWER_GUARD] = true,
			},
	};
	int rc;

	*policy = (struct policy){0};
	rc = parse_root(&parser, file, text, length);
	if (rc) {
		policy_free(policy);
		return rc;
	}
	policy->source_sysfs = parser.answers[ANSWER_SYSFS];
	policy->source_kernel = parser.answers[ANSWER_KERNEL];
	policy->crossing = (enum crossing)parser.answers[ANSWER_CROSSING];
	policy->inside = (enum inside)parser.answers[ANSWER_INSIDE];
	policy->bar = (enum bar_action)parser.answers[ANSWER_BAR];
	policy->guard = parser.answers[ANSWER_GUARD];
	return 0;
}

void policy_free(struct policy *policy)
{
	for (size_t i = 0; i < policy->n_strings; i++)
		free(policy->strings[i]);
	free(policy->strings);
	free(policy->holes);
	*policy = (struct policy){0};
}

/* The value of an environment variable as a keyword, or NULL. */
static const struct policy_keyword *choose_variable(const char *variable, const char *value,
	const struct policy_keyword *table, struct policy_error *error)
{
	const struct policy_line line = {.file = variable, .start = value, .error = error};

	return policy_choose(&line, (struct policy_word){value, strlen(value)}, NULL, table);
}

int policy_set_mode(struct policy *policy, const char *mode, struct policy_error *error)
{
	const struct policy_keyword *keyword =
		choose_variable("IOVASHIM_MODE", mode, crossings, error);

	if (!keyword)
		return -EINVAL;
	policy->crossing = (enum crossing)keyword->value;
	if (policy->crossing == CROSSING_OBSERVE)
		policy->inside = INSIDE_OBSERVE;
	return 0;
}

int policy_set_guard(struct policy *policy, const char *guard, struct policy_error *error)
{
	const struct policy_keyword *keyword =
		choose_variable("IOVASHIM_GUARD", guard, on_off, error);

	if (!keyword)
		return -EINVAL;
	policy->guard = keyword->value;
	return 0;
}
