/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libFuzzer: any files as a host's sysfs, then any bytes as a file to --merge; what is told of
 * both. The input is PATH, newline, content, NUL, and so on; what follows an empty path is the
 * JSON. */
#include "cli/holes.h"
#include "fuzz.h"
#include "host_facts.h"
#include "policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FILES = 64 };

struct file {
	const char *path, *text;
	size_t path_length, text_length;
};

struct input {
	size_t n_files;
	struct file files[FILES];
	const char *json;
	size_t json_length;
};

static void take_apart(struct input *input, const char *at, const char *end)
{
	*input = (struct input){.json = end};
	while (at < end && input->n_files < FILES) {
		const char *line = memchr(at, '\n', (size_t)(end - at)), *nul;
		struct file *file = &input->files[input->n_files];

		if (!line || line == at) {
			input->json = line ? line + 1 : end;
			break;
		}
		nul = memchr(line + 1, 0, (size_t)(end - line - 1));
		if (!nul)
			nul = end;
		*file = (struct file){at, line + 1, (size_t)(line - at), (size_t)(nul - line - 1)};
		input->n_files++;
		at = nul < end ? nul + 1 : end;
	}
	input->json_length = (size_t)(end - input->json);
}

static const struct file *find(const struct input *input, const char *path)
{
	for (size_t i = 0; i < input->n_files; i++)
		if (input->files[i].path_length == strlen(path) &&
			!memcmp(input->files[i].path, path, strlen(path)))
			return &input->files[i];
	return NULL;
}

static int read_file(void *context, const char *path, char *text, size_t size)
{
	const struct file *file = find(context, path);
	size_t n;

	if (!file)
		return -ENOENT;
	n = file->text_length < size ? file->text_length : size - 1;
	memcpy(text, file->text, n);
	text[n] = 0;
	return (int)n;
}

static int read_link(void *context, const char *path, char *text, size_t size)
{
	char whole[256];
	int n = read_file(context, path, whole, sizeof(whole));

	if (n < 0)
		return n;
	holes_text(text, size, whole);
	return 0;
}

/* The next part of a path below @dir; false if it is not below it. */
static bool below(const struct file *file, const char *dir, char name[128])
{
	size_t n = strlen(dir), length;
	const char *rest = file->path + n + 1, *slash;

	if (file->path_length < n + 2 || memcmp(file->path, dir, n) || file->path[n] != '/')
		return false;
	length = file->path_length - n - 1;
	slash = memchr(rest, '/', length);
	if (slash)
		length = (size_t)(slash - rest);
	if (!length || length > 127)
		return false;
	memcpy(name, rest, length);
	name[length] = 0;
	return true;
}

static int list(void *context, const char *dir, int (*entry)(void *to, const char *name), void *to)
{
	const struct input *input = context;
	char name[128], other[128];
	bool found = false;
	int err = 0;

	for (size_t i = 0; i < input->n_files && !err; i++) {
		bool again = false;

		if (!below(&input->files[i], dir, name))
			continue;
		found = true;
		for (size_t k = 0; k < i && !again; k++)
			again = below(&input->files[k], dir, other) && !strcmp(name, other);
		if (!again)
			err = entry(to, name);
	}
	return found ? err : -ENOENT;
}

static bool exists(void *context, const char *path)
{
	const struct input *input = context;
	char name[128];

	for (size_t i = 0; i < input->n_files; i++)
		if (below(&input->files[i], path, name))
			return true;
	return find(input, path) != NULL;
}

typedef int (*printer)(FILE *to, const struct holes_fleet *fleet);

static char *print(printer printer, const struct holes_fleet *fleet, size_t *length)
{
	char *text = NULL;
	FILE *to = open_memstream(&text, length);

	check(to && !printer(to, fleet));
	check(!fclose(to));
	/* For terminals: nothing but lines of ASCII. */
	for (size_t i = 0; i < *length; i++)
		check(text[i] == '\n' || (text[i] >= ' ' && text[i] <= '~'));
	return text;
}

/* The policy is one, with just the ranges that are claimed. */
static void check_conf(const struct holes_fleet *fleet)
{
	const struct policy_host host = {"", 6, 12};
	const struct policy_reader reader = {NULL, NULL};
	struct policy_error error;
	struct holes_union claims;
	struct policy policy;
	size_t length, n = 0;
	char *text = print(holes_print_conf, fleet, &length);

	check(!policy_parse(&policy, "holes", text, length, &host, &reader, &error));
	check(!holes_union(fleet, &claims));
	for (size_t i = 0; i < claims.n_claims; i = holes_same_range(&claims, i), n++) {
		check(n < policy.n_holes);
		check(policy.holes[n].range.first == claims.claims[i].range.first);
		check(policy.holes[n].range.last == claims.claims[i].range.last);
	}
	check(n == policy.n_holes);
	holes_union_free(&claims);
	policy_free(&policy);
	free(text);
}

/* What is printed as JSON reads as the same. */
static void check_json(const struct holes_fleet *fleet)
{
	struct holes_fleet again = {0};
	struct holes_error error;
	size_t length, length_again;
	char *text = print(holes_print_json, fleet, &length), *text_again;

	check(!holes_parse_json(&again, "text", text, length, &error));
	text_again = print(holes_print_json, &again, &length_again);
	check(length == length_again && !memcmp(text, text_again, length));
	holes_free(&again);
	free(text_again);
	free(text);
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* What Kubernetes takes as a label's name or value; @end is behind it. */
static void check_label(const char *from, const char *end)
{
	check(end > from && end - from <= 63 && is_alnum(*from) && is_alnum(end[-1]));
	for (; from < end; from++)
		check(is_alnum(*from) || strchr("-_.", *from));
}

static void check_nfd(const struct holes_fleet *fleet)
{
	static const char space[] = "feature.node.kubernetes.io/";
	char *text = NULL;
	size_t length;
	FILE *to = open_memstream(&text, &length);
	int err = holes_print_nfd(to, fleet);

	check(!fclose(to));
	check((!err && length <= 65536) || (err == -E2BIG && !length));
	for (const char *line = text, *end; *line; line = end + 1) {
		const char *value = strchr(line, '=');

		end = strchr(line, '\n');
		check(end && value && value < end && !strncmp(line, space, sizeof(space) - 1));
		check_label(line + sizeof(space) - 1, value);
		check_label(value + 1, end);
	}
	free(text);
}

/* Every line is a comment, or has a name and a number; in quotes anything, escaped. */
static void check_prometheus(const struct holes_fleet *fleet)
{
	size_t length;
	char *text = print(holes_print_prometheus, fleet, &length);

	for (char *line = text, *end; *line; line = end + 1) {
		const char *at = line;

		end = strchr(line, '\n');
		check(end);
		*end = 0;
		if (!strncmp(line, "# ", 2))
			continue;
		check(!strncmp(line, "iovashim_", 9));
		for (bool quoted = false; *at && (quoted || *at != ' '); at++) {
			at += quoted && *at == '\\';
			quoted ^= *at == '"' && at[-1] != '\\';
		}
		check(*at == ' ' && strspn(at + 1, "0123456789.e+") == strlen(at + 1));
	}
	free(text);
}

static void check_fleet(const struct holes_fleet *fleet)
{
	size_t length;

	check_prometheus(fleet);
	check_nfd(fleet);
	check_conf(fleet);
	check_json(fleet);
	free(print(holes_print_host, fleet, &length));
	free(print(holes_print_fleet, fleet, &length));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input;
	const struct holes_tree tree = {read_file, read_link, list, exists, &input, "tree", true};
	struct holes_fleet fleet = {0};
	struct holes_error error;

	take_apart(&input, (const char *)data, (const char *)data + size);
	check(holes_add_host(&fleet));
	if (!holes_read(&tree, &fleet.hosts[0], &error)) {
		check_fleet(&fleet);
		holes_has_vfio(&tree);
	}
	holes_free(&fleet);
	if (!holes_parse_json(&fleet, "json", input.json, input.json_length, &error))
		check_fleet(&fleet);
	holes_free(&fleet);
	return 0;
}
