/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One rehearsal: an unmodified VMM over the model kernel, confined, for a bounded time. */
#ifndef IOVASHIM_PLAN_RUN_H
#define IOVASHIM_PLAN_RUN_H

#include "plan_args.h"
#include "range.h"

#include <jansson.h>

/* What stays the same from one rehearsal to the next; all paths are absolute and borrowed. */
struct stage {
	const char *directory; /* of plan's own; all that a VMM may write to */
	const char *model;     /* libiovamodel.so */
	const char *shim;      /* libiovashim.so */
	bool confined;
	const char *otherwise; /* ", or …": what else there is where it cannot be confined */
	bool kvm;	       /* the VMM may open /dev/kvm */
	bool monitor;	       /* the VMM gets a QMP connection on QMP_FD */
	double start_seconds;  /* for the VMM to set up the guest */
	double firmware_seconds;
	const char *awaited, *awaited_word; /* a file, and what firmware is to have put into it
					     * before it is at rest; NULL: nothing */
};

/* Of the VMM, as its arguments name it. */
enum { QMP_FD = 3 };

struct mapping {
	struct range iova;
	int container; /* the model's number */
	int error;     /* of the kernel; 0: mapped */
	bool live;     /* not unmapped since */
	char bar[24];  /* "0000:41:00.0:2"; empty: RAM */
};

/* What a rehearsal showed. */
struct outcome {
	bool started; /* the guest was set up, and only the end of the rehearsal ended it */
	bool timed_out;
	bool touched; /* stopped because the VMM took more memory than a rehearsal should */
	int status;   /* as a shell has it, if it did not start */
	char *words;  /* what the VMM itself printed, its last lines */
	struct mapping *mappings;
	size_t n_mappings;
	unsigned int *groups; /* IOMMU groups that it used */
	size_t n_groups;
	size_t n_devices; /* that have BARs which can be mapped */
	bool firmware;	  /* ran, and came to rest before its time was over */
	double firmware_took;
	json_t *events; /* of iovashim's log; NULL if it was not there */
	json_t *facts;	/* what the monitor answered, by the name of the question; or NULL */
};

/* What to ask the monitor when the guest is set up: a QMP command, or for "hmp", the text of a
 * command of the human monitor. */
struct question {
	const char *name, *command, *arguments; /* arguments: JSON, or NULL */
};

struct rehearsal {
	const struct args *args; /* words to execute; at[0] is looked up in PATH */
	const char *host;	 /* path of the host's description */
	bool with_shim;
	bool firmware; /* let the guest run until its devices are where firmware puts them */
	const struct question *questions; /* ends with a name of NULL */
};

/* Runs it and fills @outcome, which the caller clears. 0, or EXIT_OWN, 126, 127 after a line on
 * stderr if it could not be tried. Nothing that it started is alive when it returns. */
int rehearse(const struct stage *stage, const struct rehearsal *what, struct outcome *outcome);
void outcome_clear(struct outcome *outcome);

/* plan_process.c: the confined process. */
struct process {
	int pid;     /* of the child that waits for the VMM */
	int monitor; /* our end of QMP, or -1 */
};
/* 0 or a status, with a line on stderr. */
int process_start(const struct stage *stage, const struct rehearsal *what, char **environment,
	struct process *process);
/* True if it has ended; then *status is as a shell has it. */
bool process_ended(struct process *process, int *status);
void process_kill(struct process *process);
/* Resident memory of the VMM in bytes; 0 if it cannot be known. */
uint64_t process_resident(const struct process *process);

/* plan_qmp.c: a client of QEMU's monitor. @seconds bounds each call. */
struct qmp {
	int fd;
	char *buffer;
	size_t used, room;
	bool gone; /* the other end was closed */
};
/* The answer to @command (to be freed by json_decref), or NULL: no answer in time, or an error. */
json_t *qmp_ask(struct qmp *qmp, const char *command, const char *arguments, double seconds);

void qmp_end(struct qmp *qmp);

/* plan_log.c: what the two libraries wrote. */
void read_model_log(const char *path, struct outcome *outcome);
json_t *read_events(const char *path);
char *read_words(const char *path);
double seconds_now(void);

/* plan_program.c: 0 if @name can be rehearsed, or a status after a line on stderr. */
int check_program(const char *name);

/* plan_stage.c: a signal asked for the end. */
bool plan_interrupted(void);

#endif
