// SPDX-License-Identifier: GPL-2.0-or-later
/* The properties in one of a VMM's arguments: QEMU's "key=value,…", or a JSON object. */
#include "plan_args.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static struct property *add(struct properties *p)
{
	p->at = plan_realloc(p->at, (p->n + 1) * sizeof(*p->at));
	p->at[p->n] = (struct property){NULL, NULL, false, false};
	return &p->at[p->n++];
}

/* Up to the next comma that is not doubled; *@text moves behind it. */
static char *take(const char **text)
{
	char *word = plan_alloc(strlen(*text) + 1), *to = word;
	const char *c = *text;

	while (*c && (*c != ',' || c[1] == ',')) {
		c += *c == ',';
		*to++ = *c++;
	}
	*text = *c ? c + 1 : c;
	return word;
}

static void parse_words(struct properties *p, const char *text, const char *implied)
{
	while (*text) {
		char *word = take(&text), *equals = strchr(word, '=');
		struct property *one = add(p);

		if (equals) {
			*equals = '\0';
			one->key = plan_copy(word);
			one->value = plan_copy(equals + 1);
		} else {
			one->key = p->n == 1 && implied ? plan_copy(implied) : NULL;
			one->value = plan_copy(word);
			one->bare = true;
		}
		free(word);
	}
}

static void parse_json(struct properties *p, const char *text)
{
	json_t *object = json_loads(text, 0, NULL), *value;
	const char *key;

	p->json = true;
	json_object_foreach(object, key, value)
	{
		struct property *one = add(p);
		char *dump = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

		one->key = plan_copy(key);
		one->typed = !json_is_string(value);
		one->value = plan_copy(one->typed && dump ? dump : json_string_value(value));
		free(dump);
	}
	json_decref(object);
}

struct properties properties_parse(const char *text, const char *implied)
{
	struct properties p = {NULL, 0, false};

	if (*text == '{')
		parse_json(&p, text);
	else
		parse_words(&p, text, implied);
	return p;
}

static void drop(struct properties *p, size_t at)
{
	free(p->at[at].key);
	free(p->at[at].value);
	memmove(p->at + at, p->at + at + 1, (p->n - at - 1) * sizeof(*p->at));
	p->n--;
}

void properties_free(struct properties *p)
{
	while (p->n)
		drop(p, p->n - 1);
	free(p->at);
	p->at = NULL;
}

static struct property *find(const struct properties *p, const char *key)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->at[i].key && !strcmp(p->at[i].key, key))
			return &p->at[i];
	return NULL;
}

const char *properties_get(const struct properties *p, const char *key)
{
	const struct property *one = find(p, key);

	return one ? one->value : NULL;
}

/* What a command line spells as a word is a number (of bytes, without units) or a truth in JSON. */
static char *typed(const char *value)
{
	uint64_t number;

	if (size_parse(value, 1, &number))
		return plan_format("%" PRIu64, number);
	if (!strcmp(value, "on") || !strcmp(value, "true"))
		return plan_copy("true");
	if (!strcmp(value, "off") || !strcmp(value, "false"))
		return plan_copy("false");
	return NULL;
}

void properties_set(struct properties *p, const char *key, const char *value)
{
	struct property *one = find(p, key);
	char *number = p->json ? typed(value) : NULL;

	if (!one) {
		one = add(p);
		one->key = plan_copy(key);
	}
	free(one->value);
	one->typed = number;
	one->value = number ? number : plan_copy(value);
}

void properties_remove(struct properties *p, const char *key)
{
	for (size_t i = p->n; i-- > 0;)
		if (p->at[i].key && !strcmp(p->at[i].key, key))
			drop(p, i);
}

static bool listed(const char *keys, const char *key)
{
	size_t length = strlen(key);

	for (; keys; keys = strchr(keys, ',')) {
		keys += *keys == ',';
		if (!strncmp(keys, key, length) && (!keys[length] || keys[length] == ','))
			return true;
	}
	return false;
}

void properties_keep(struct properties *p, const char *keys)
{
	for (size_t i = p->n; i-- > 0;)
		if (!p->at[i].key || !listed(keys, p->at[i].key))
			drop(p, i);
}

void properties_put(struct properties *p, const char *list)
{
	struct properties more = properties_parse(list, NULL);

	for (size_t i = 0; i < more.n; i++)
		if (more.at[i].key)
			properties_set(p, more.at[i].key, more.at[i].value);
	properties_free(&more);
}

static char *json_text(const struct properties *p)
{
	json_t *object = json_object();
	char *text;

	for (size_t i = 0; i < p->n; i++) {
		const struct property *one = &p->at[i];

		if (one->key)
			json_object_set_new(object, one->key,
				one->typed ? json_loads(one->value, JSON_DECODE_ANY, NULL)
					   : json_string(one->value));
	}
	text = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(object);
	return text;
}

static void print_escaped(const char *text, FILE *to)
{
	for (; *text; text++) {
		if (*text == ',')
			fputc(',', to);
		fputc(*text, to);
	}
}

char *properties_text(const struct properties *p)
{
	char *text = NULL;
	size_t size;
	FILE *to;

	if (p->json)
		return json_text(p);
	to = open_memstream(&text, &size);
	for (size_t i = 0; to && i < p->n; i++) {
		if (i)
			fputc(',', to);
		if (!p->at[i].bare || (i && p->at[i].key))
			fprintf(to, "%s=", p->at[i].key);
		print_escaped(p->at[i].value, to);
	}
	if (to)
		fclose(to);
	return text ? text : plan_copy("");
}

bool size_parse(const char *text, uint64_t unit, uint64_t *bytes)
{
	static const char units[] = "bkmgtpe";
	char *end;
	const char *found;
	unsigned long long whole;

	if (*text < '0' || *text > '9')
		return false;
	whole = strtoull(text, &end, 0);
	*bytes = whole * unit;
	if (*end == '.') { /* 1.5G */
		double number = strtod(text, &end);

		found = *end ? strchr(units, *end | 0x20) : NULL;
		if (!found || end[1])
			return false;
		*bytes = (uint64_t)(number * (double)(1ULL << 10 * (found - units)));
		return true;
	}
	if (!*end)
		return true;
	found = strchr(units, *end | 0x20);
	if (!found || end[1])
		return false;
	*bytes = whole << 10 * (found - units);
	return true;
}
