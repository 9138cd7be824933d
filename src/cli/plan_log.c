// SPDX-License-Identifier: GPL-2.0-or-later
/* What a rehearsal leaves behind: the model's log, iovashim's event log, the VMM's own words. */
#include "plan_run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void add_mapping(struct outcome *o, const struct mapping *mapping)
{
	o->mappings = plan_realloc(o->mappings, (o->n_mappings + 1) * sizeof(*mapping));
	o->mappings[o->n_mappings++] = *mapping;
}

static void add_group(struct outcome *o, unsigned int group)
{
	for (size_t i = 0; i < o->n_groups; i++)
		if (o->groups[i] == group)
			return;
	o->groups = plan_realloc(o->groups, (o->n_groups + 1) * sizeof(group));
	o->groups[o->n_groups++] = group;
}

static void unmap(struct outcome *o, int container, struct range range)
{
	for (size_t i = 0; i < o->n_mappings; i++)
		if (o->mappings[i].container == container &&
			range_contains(range, o->mappings[i].iova))
			o->mappings[i].live = false;
}

static void read_line(const char *line, struct outcome *o)
{
	struct mapping m = {.live = true};
	uint64_t iova, size;
	unsigned int group, flags;
	int error = 0;

	if (sscanf(line, "map %d %" SCNx64 " %" SCNx64 " %x %d %23s", &m.container, &iova, &size,
		    &flags, &m.error, m.bar) == 6 &&
		size) {
		m.iova = (struct range){iova, iova + size - 1};
		m.live = !m.error;
		if (!strcmp(m.bar, "ram"))
			*m.bar = '\0';
		add_mapping(o, &m);
	} else if (sscanf(line, "unmap %d %" SCNx64 " %" SCNx64 " %x %d", &m.container, &iova,
			   &size, &flags, &error) == 5 &&
		   !error && size) {
		unmap(o, m.container, (struct range){iova, iova + size - 1});
	} else if (sscanf(line, "group %d %u %d", &m.container, &group, &error) == 3 && !error) {
		add_group(o, group);
	} else if (sscanf(line, "device %u %*s %u", &group, &flags) == 2) {
		o->n_devices += flags > 0;
	}
}

void read_model_log(const char *path, struct outcome *outcome)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;

	while (file && getline(&line, &room, file) > 0)
		read_line(line, outcome);
	free(line);
	if (file)
		fclose(file);
}

json_t *read_events(const char *path)
{
	FILE *file = fopen(path, "re");
	json_t *events = file ? json_array() : NULL;
	char *line = NULL;
	size_t room = 0;

	while (file && getline(&line, &room, file) > 0) {
		json_t *event = json_loads(line, 0, NULL);

		if (event)
			json_array_append_new(events, event);
	}
	free(line);
	if (file)
		fclose(file);
	return events;
}

/* The last lines, without iovashim's and without what only warns. */
char *read_words(const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL, *words = plan_copy(""), *longer;
	size_t room = 0;

	while (file && getline(&line, &room, file) > 0) {
		line[strcspn(line, "\r\n")] = '\0';
		if (!*line || !strncmp(line, "iovashim", 8) || strstr(line, "warning: "))
			continue;
		longer = strlen(words) > 2000
				 ? plan_copy(line)
				 : plan_format("%s%s%s", words, *words ? "\n" : "", line);
		free(words);
		words = longer;
	}
	free(line);
	if (file)
		fclose(file);
	return words;
}
