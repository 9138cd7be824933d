/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iovashim run: sets the environment of the shim, has the guest told, then becomes the VMM. */
#include "cli.h"
#include "find_program.h"
#include "host_facts.h"
#include "preload_env.h"
#include "ready_watch.h"
#include "reserve.h"
#include "rom_watch.h"
#include "run_log.h"
#include "settings.h"
#include "supervisor/supervisor.h"
#include "vmm_check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct request {
	enum { VIA_AUTO, VIA_PRELOAD, VIA_SECCOMP } via;
	const char *policy, *mode, *log;
	enum reserve_way reserve;
	bool print;
	char **vmm; /* its arguments, the name first */
};

static int exit_status(int error)
{
	return error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXEC;
}

/* The options become the variables that the shim reads: there is one interface. */
static int set_environment(const struct request *request)
{
	int err = env_set_path("IOVASHIM_CONF", request->policy);

	if (!err)
		err = env_set_path("IOVASHIM_LOG", request->log);
	if (!err && request->mode && setenv("IOVASHIM_MODE", request->mode, 1))
		err = -errno;
	return err ? cli_fail("cannot set the VMM's environment: %s", strerror(-err)) : 0;
}

static int check_policy(const struct settings *settings)
{
	struct policy_error error;
	struct host_kernel host;
	struct policy policy;
	const char *origin;

	host_kernel_read(&host);
	if (settings_load_policy(settings, &policy, &host.policy, &origin, &error))
		return cli_fail("%s", error.text);
	policy_free(&policy);
	return 0;
}

/* The shim itself goes on without a log; here nothing runs yet, and somebody asked for one. */
static int check_log(const struct settings *settings)
{
	struct outlet log;
	int err = settings->log ? outlet_open(&log, settings->log) : 0;

	if (err)
		return cli_fail("the log %s cannot be opened: %s", settings->log, strerror(-err));
	if (settings->log)
		close(log.fd);
	return 0;
}

/* What would keep the shim from starting is told before anything is started. */
static int prepare(const struct request *request)
{
	struct settings settings;
	int status = set_environment(request);

	if (status)
		return status;
	settings = settings_read(environ);
	if (settings.disabled)
		return 0;
	status = check_policy(&settings);
	return status || request->print ? status : check_log(&settings);
}

/* Where the ROM reports: to a process that reads it; or, of what is only printed, to a file. */
static int add_channel(
	const struct request *request, const struct settings *settings, struct reservation *r)
{
	struct rom_watch watch = {settings->log, settings->quiet, r->boots, r->n_holes};
	char *path;
	int fd, err;

	if (request->print) {
		path = settings->log ? plan_format("%s.rom", settings->log)
				     : plan_copy("/dev/stderr");
		reserve_add_channel(r, -1, path);
		free(path);
		return 0;
	}
	err = rom_watch_start(&watch, &fd);
	if (err)
		return cli_fail(
			"--reserve: cannot start what reads the ROM's report: %s", strerror(-err));
	reserve_add_channel(r, fd, NULL);
	return 0;
}

/* The library then need not advise how to tell the guest. */
static int set_told(const struct reservation *r)
{
	char *holes = reserve_holes_text(r->holes, r->n_holes);
	int err = setenv("IOVASHIM_TOLD", holes, 1);

	free(holes);
	return err ? cli_fail("no memory") : 0;
}

static void log_reservation(const struct settings *settings, const struct reservation *r)
{
	char bytes[4096];
	struct text text = text_start(bytes, sizeof(bytes));

	reserve_json(&text, r);
	run_log(settings->log, getpid(), "reserve", bytes);
}

/* The VMM's arguments become those that tell the guest of its holes, if it has any. */
static int add_reservation(struct request *request, struct reservation *reservation)
{
	struct settings settings = settings_read(environ);
	struct policy_error error;
	struct host_kernel host;
	struct policy policy;
	const char *origin;
	int status;

	host_kernel_read(&host);
	if (settings_load_policy(&settings, &policy, &host.policy, &origin, &error))
		return cli_fail("%s", error.text);
	status = reserve(request->reserve, request->vmm, &policy, settings.quiet, reservation);
	policy_free(&policy);
	if (!status && reservation_made(reservation))
		status = add_channel(request, &settings, reservation);
	if (status)
		return status;
	if (reservation_made(reservation) && !request->print) {
		log_reservation(&settings, reservation);
		status = set_told(reservation);
	}
	request->vmm = reservation->args.at;
	return status;
}

static int print_command(const struct request *request)
{
	static const char *const ways[] = {"auto", "preload", "seccomp"};
	const char *const options[][2] = {{"--via", ways[request->via]},
		{"--policy", request->policy}, {"--mode", request->mode}, {"--log", request->log}};
	struct args words = args_copy(NULL, 0);

	args_add(&words, "iovashim");
	args_add(&words, "run");
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (!options[i][1])
			continue;
		args_add(&words, options[i][0]);
		args_add(&words, options[i][1]);
	}
	args_add(&words, "--");
	for (char **word = request->vmm; *word; word++)
		args_add(&words, *word);
	args_print(&words, stdout);
	putchar('\n');
	args_free(&words);
	return cli_finish(0);
}

/* Returns only if it fails. */
static int become(const char *path, char **vmm)
{
	int error;

	execv(path, vmm);
	error = errno;
	ready_watch_cancel();
	rom_watch_cancel();
	cli_complain("%s: %s", path, strerror(error));
	return exit_status(error);
}

static int by_preload(const char *path, const struct request *request)
{
	int status = env_preload(), err;

	if (status)
		return status;
	err = ready_watch_start(request->vmm[0]);
	if (err)
		cli_complain(
			"cannot watch whether libiovashim.so becomes active: %s", strerror(-err));
	return become(path, request->vmm);
}

static int by_seccomp(const char *path, const struct request *request)
{
	int status = supervisor_start();

	return status ? status : become(path, request->vmm);
}

/* What check says decides. Anything but a plain preload is told. */
static int choose(struct request *request, const struct vmm *vmm)
{
	switch (vmm->reach) {
	case REACH_PRELOAD:
		if (vmm->launcher)
			cli_complain("%s: by preload: %s", vmm->path, vmm->reason);
		request->via = VIA_PRELOAD;
		return 0;
	case REACH_SECCOMP:
		cli_complain("%s: by seccomp: %s", vmm->path, vmm->reason);
		request->via = VIA_SECCOMP;
		return 0;
	case REACH_NEITHER:
		break;
	}
	cli_complain("%s: %s", vmm->path ? vmm->path : request->vmm[0], vmm->reason);
	return vmm->exec_error ? exit_status(vmm->exec_error) : EXIT_OWN;
}

/* Finds the VMM, and how to reach it if that is not said. */
static int find_vmm(struct request *request, char **path)
{
	struct vmm vmm;
	int err, status;

	if (request->via != VIA_AUTO || settings_read(environ).disabled) {
		err = find_program(request->vmm[0], path);
		if (!err)
			return 0;
		cli_complain("%s: %s", *path ? *path : request->vmm[0], strerror(-err));
		return err == -ENOMEM ? EXIT_OWN : exit_status(-err);
	}
	if (vmm_check(&vmm, request->vmm[0])) {
		status = cli_fail("no memory");
	} else {
		status = choose(request, &vmm);
		*path = vmm.path;
		vmm.path = NULL;
	}
	vmm_free(&vmm);
	return status;
}

static int start(const char *path, const struct request *request)
{
	if (settings_read(environ).disabled) {
		cli_complain("IOVASHIM_DISABLE is set: the VMM runs as without iovashim");
		return become(path, request->vmm);
	}
	if (request->via == VIA_SECCOMP)
		return by_seccomp(path, request);
	return by_preload(path, request);
}

static int run(struct request *request)
{
	struct reservation reservation = {0};
	char *path = NULL;
	int status = find_vmm(request, &path);

	if (!status)
		status = prepare(request);
	if (!status && request->reserve != RESERVE_OFF && !settings_read(environ).disabled)
		status = add_reservation(request, &reservation);
	if (!status)
		status = request->print ? print_command(request) : start(path, request);
	reservation_clear(&reservation);
	free(path);
	return status;
}

static int parse_via(struct request *request, const char *word)
{
	static const char *const words[] = {"auto", "preload", "seccomp"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(word, words[i]) != 0)
			continue;
		request->via = i;
		return 0;
	}
	return cli_fail("--via %s: it is auto, preload or seccomp", word);
}

static int parse_reserve(struct request *request, const char *word)
{
	static const char *const words[] = {"off", "device", "rom"};

	request->reserve = RESERVE_DEVICE;
	for (size_t i = 0; word && i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(word, words[i]) != 0)
			continue;
		request->reserve = i;
		return 0;
	}
	return word ? cli_fail("--reserve=%s: it is device, rom or off", word) : 0;
}

static int parse_option(struct request *request, int option)
{
	switch (option) {
	case 'r':
		return parse_reserve(request, optarg);
	case 'P':
		request->print = true;
		return 0;
	case 'v':
		return parse_via(request, optarg);
	case 'p':
		request->policy = optarg;
		break;
	case 'm':
		request->mode = optarg;
		break;
	case 'l':
		request->log = optarg;
		break;
	default:
		return cli_usage();
	}
	return *optarg ? 0 : cli_fail("an option has an empty value");
}

int verb_run(int argc, char **argv)
{
	static const struct option options[] = {
		{"via", required_argument, NULL, 'v'},
		{"policy", required_argument, NULL, 'p'},
		{"mode", required_argument, NULL, 'm'},
		{"log", required_argument, NULL, 'l'},
		{"reserve", optional_argument, NULL, 'r'},
		{"print", no_argument, NULL, 'P'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct request request = {0};
	int status;

	for (int option; (option = getopt_long(argc, argv, "+h", options, NULL)) != -1;) {
		if (option == 'h')
			return cli_help();
		status = parse_option(&request, option);
		if (status)
			return status;
	}
	if (optind == argc)
		return cli_usage();
	if (request.print && request.reserve == RESERVE_OFF)
		return cli_fail("--print goes with --reserve: without it nothing is added");
	request.vmm = argv + optind;
	return run(&request);
}
