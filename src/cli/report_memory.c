/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A report's memory: given out piece by piece, given back all at once. */
#include "report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct report_chunk {
	struct report_chunk *next;
	size_t used, room;
	_Alignas(max_align_t) unsigned char bytes[];
};

enum { CHUNK = 64 * 1024 };

/* Nothing has been written yet when memory runs out, but perhaps a temporary file. */
__attribute__((noreturn)) static void out_of_memory(void)
{
	fputs("iovashim report: out of memory\n", stderr);
	_exit(125);
}

void report_free(struct report *report)
{
	struct report_chunk *chunk = report->chunks;

	for (size_t i = 0; i < report->n_processes; i++)
		json_decref(report->processes[i].summary);
	while (chunk) {
		struct report_chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
	*report = (struct report){0};
}

void *report_alloc(struct report *report, size_t bytes)
{
	struct report_chunk *chunk = report->chunks;
	void *memory;

	bytes = (bytes + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	if (!chunk || chunk->room - chunk->used < bytes) {
		size_t room = bytes > CHUNK ? bytes : CHUNK;

		chunk = calloc(1, sizeof(*chunk) + room);
		if (!chunk)
			out_of_memory();
		chunk->room = room;
		chunk->next = report->chunks;
		report->chunks = chunk;
	}
	memory = chunk->bytes + chunk->used;
	chunk->used += bytes;
	return memory;
}

const char *report_words(struct report *report, const char *format, ...)
{
	va_list arguments, again;
	char *words;
	int n;

	va_start(arguments, format);
	va_copy(again, arguments);
	n = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	words = report_alloc(report, n < 0 ? 1 : (size_t)n + 1);
	if (n > 0)
		vsnprintf(words, (size_t)n + 1, format, again);
	va_end(again);
	return words;
}

/* Doubled at each power of two, so that the arena holds at most twice of what is used. */
void *report_grow(struct report *report, void *array, size_t n, size_t size)
{
	void *wider;

	if (n && (n & (n - 1)))
		return array;
	wider = report_alloc(report, (n ? 2 * n : 1) * size);
	if (n)
		memcpy(wider, array, n * size);
	return wider;
}
