// SPDX-License-Identifier: GPL-2.0-or-later
/* A client of QEMU's monitor (QMP): one question, one answer, within a time. */
#include "plan_run.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool send_all(struct qmp *qmp, const char *text)
{
	size_t length = strlen(text);

	while (length) {
		ssize_t n = send(qmp->fd, text, length, MSG_NOSIGNAL);

		if (n <= 0) {
			qmp->gone = true;
			return false;
		}
		text += n;
		length -= (size_t)n;
	}
	return true;
}

static bool receive(struct qmp *qmp, double until)
{
	struct pollfd poll_fd = {qmp->fd, POLLIN, 0};
	double left = until - seconds_now();
	ssize_t n;

	if (left <= 0 || poll(&poll_fd, 1, (int)(left * 1000) + 1) <= 0)
		return false;
	if (qmp->used == qmp->room) {
		qmp->room = qmp->room ? 2 * qmp->room : 1 << 16;
		qmp->buffer = plan_realloc(qmp->buffer, qmp->room);
	}
	n = recv(qmp->fd, qmp->buffer + qmp->used, qmp->room - qmp->used, 0);
	if (n <= 0) {
		qmp->gone = true;
		return false;
	}
	qmp->used += (size_t)n;
	return true;
}

/* The next line as JSON, or NULL. */
static json_t *next_line(struct qmp *qmp, double until)
{
	for (;;) {
		char *end = qmp->used ? memchr(qmp->buffer, '\n', qmp->used) : NULL;

		if (end) {
			size_t length = (size_t)(end - qmp->buffer) + 1;
			json_t *line = json_loadb(qmp->buffer, length, 0, NULL);

			memmove(qmp->buffer, end + 1, qmp->used - length);
			qmp->used -= length;
			return line;
		}
		if (!receive(qmp, until))
			return NULL;
	}
}

json_t *qmp_ask(struct qmp *qmp, const char *command, const char *arguments, double seconds)
{
	double until = seconds_now() + seconds;
	char *text = plan_format("{\"execute\":\"%s\"%s%s}\n", command,
		arguments ? ",\"arguments\":" : "", arguments ? arguments : "");
	bool sent = send_all(qmp, text);
	json_t *line, *answer;

	free(text);
	while (sent && (line = next_line(qmp, until))) {
		bool ends = json_object_get(line, "error");

		answer = json_incref(json_object_get(line, "return"));
		json_decref(line);
		if (answer || ends)
			return answer;
	}
	return NULL;
}

void qmp_end(struct qmp *qmp)
{
	free(qmp->buffer);
	qmp->buffer = NULL;
}
