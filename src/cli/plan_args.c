// SPDX-License-Identifier: GPL-2.0-or-later
/* A VMM's arguments as a list of words to edit. */
#include "plan_args.h"
#include "cli.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void *plan_realloc(void *memory, size_t size)
{
	memory = realloc(memory, size ? size : 1);
	if (!memory)
		exit(cli_fail("out of memory"));
	return memory;
}

void *plan_alloc(size_t size)
{
	return memset(plan_realloc(NULL, size), 0, size);
}

char *plan_copy(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(plan_alloc(size), text, size);
}

char *plan_format(const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		exit(cli_fail("out of memory"));
	va_end(arguments);
	return text;
}

struct args args_copy(char *const *words, size_t n)
{
	struct args args = {plan_alloc(sizeof(char *)), 0};

	for (size_t i = 0; i < n; i++)
		args_add(&args, words[i]);
	return args;
}

void args_free(struct args *args)
{
	for (size_t i = 0; i < args->n; i++)
		free(args->at[i]);
	free(args->at);
	*args = (struct args){NULL, 0};
}

void args_add(struct args *args, const char *word)
{
	args->at = plan_realloc(args->at, (args->n + 2) * sizeof(char *));
	args->at[args->n++] = plan_copy(word);
	args->at[args->n] = NULL;
}

void args_set(struct args *args, size_t at, const char *word)
{
	char *copy = plan_copy(word);

	free(args->at[at]);
	args->at[at] = copy;
}

void args_remove(struct args *args, size_t at, size_t n)
{
	if (n > args->n - at)
		n = args->n - at;
	for (size_t i = at; i < at + n; i++)
		free(args->at[i]);
	memmove(args->at + at, args->at + at + n, (args->n - at - n + 1) * sizeof(char *));
	args->n -= n;
}

bool args_is_option(const char *word, const char *name)
{
	if (*word++ != '-')
		return false;
	return !strcmp(word + (*word == '-'), name);
}

size_t args_find(const struct args *args, const char *name, size_t nth)
{
	for (size_t i = 1; i + 1 < args->n; i++)
		if (args_is_option(args->at[i], name) && !nth--)
			return i;
	return args->n;
}

static bool is_plain(const char *word)
{
	for (const char *c = word; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-_=+,./:@%", *c))
			return false;
	return *word;
}

static void print_word(const char *word, FILE *to)
{
	if (is_plain(word)) {
		fputs(word, to);
		return;
	}
	fputc('\'', to);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\''", to);
		else
			fputc(*word, to);
	}
	fputc('\'', to);
}

void args_print(const struct args *args, FILE *to)
{
	for (size_t i = 0; i < args->n; i++) {
		if (i)
			fputc(' ', to);
		print_word(args->at[i], to);
	}
}

char *args_text(const struct args *args)
{
	size_t size;
	char *text = NULL;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		exit(cli_fail("out of memory"));
	args_print(args, to);
	fclose(to);
	return text;
}

char *template_fill(
	const char *text, const char *(*value)(void *context, const char *name), void *context)
{
	char *filled = plan_copy(""), *grown;

	while (*text) {
		size_t plain = strcspn(text, "$");
		const char *end = text[plain] ? strchr(text + plain, '}') : NULL;
		const char *found = "";

		if (end) {
			char *name = plan_format(
				"%.*s", (int)(end - text - (long)plain) - 2, text + plain + 2);

			found = value(context, name);
			free(name);
		}
		if (!found) {
			free(filled);
			return NULL;
		}
		grown = plan_format("%s%.*s%s", filled, (int)plain, text, found);
		free(filled);
		filled = grown;
		text = end ? end + 1 : text + plain + (text[plain] == '$');
	}
	return filled;
}

/* Length of what looks as @shape does at @text (x: a hexadecimal digit), 0 if it does not. */
static size_t looks_as(const char *text, const char *shape)
{
	size_t i;

	for (i = 0; shape[i]; i++)
		if (shape[i] == 'x' ? !isxdigit((unsigned char)text[i]) : text[i] != shape[i])
			return 0;
	return isalnum((unsigned char)text[i]) ? 0 : i;
}

void pci_addresses(
	const char *text, void (*each)(void *context, const char *address), void *context)
{
	char address[16];

	for (size_t i = 0; text[i]; i++) {
		bool begins = !i || (!isxdigit((unsigned char)text[i - 1]) && text[i - 1] != ':');
		size_t whole = begins ? looks_as(text + i, "xxxx:xx:xx.x") : 0;
		size_t local = begins && !whole ? looks_as(text + i, "xx:xx.x") : 0;

		if (!whole && !local)
			continue;
		snprintf(address, sizeof(address), "%s%.*s",
			whole ? "" : "0000:", (int)(whole + local), text + i);
		for (char *c = address; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		if (address[11] <= '7')
			each(context, address);
		i += whole + local - 1;
	}
}
