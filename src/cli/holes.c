/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `iovashim holes`: what this host, another, or a fleet of them reserves. */
#include "holes.h"
#include "cli.h"
#include "new_file.h"
#include "pci_names.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Facts were printed, but this host passes no devices through as it is. */
enum { EXIT_NOT_READY = 1, WANTED = 256, JSON_LIMIT = 64 << 20 };

enum ask { ASK_IF_NEEDED, ASK_ALWAYS, ASK_NEVER };

struct wanted {
	unsigned int group; /* if there is no device */
	const char *device; /* whole, with its domain */
	bool found;
};

struct options {
	const char *sysfs, *prometheus, *nfd;
	bool json, conf, merge;
	enum ask ask;
	size_t n_wanted;
	struct wanted wanted[WANTED];
	char addresses[WANTED][16];
};

/* --- the command line ------------------------------------------------------ */

static int want_group(struct options *options, const char *text)
{
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || number > INT_MAX)
		return cli_fail("--group %s: should be the number of an IOMMU group, as in "
				"/sys/kernel/iommu_groups",
			text);
	options->wanted[options->n_wanted++] = (struct wanted){.group = (unsigned int)number};
	return 0;
}

/* 0000:00:05.0, or 00:05.0 in domain 0. */
static int want_device(struct options *options, const char *text)
{
	unsigned int domain = 0, bus, slot, function;
	char *address = options->addresses[options->n_wanted], rest;

	if (sscanf(text, "%8x:%2x:%2x.%1x%c", &domain, &bus, &slot, &function, &rest) != 4) {
		domain = 0;
		if (sscanf(text, "%2x:%2x.%1x%c", &bus, &slot, &function, &rest) != 3)
			return cli_fail("--device %s: should be a PCI address, such as "
					"0000:00:05.0",
				text);
	}
	snprintf(address, sizeof(options->addresses[0]), "%04x:%02x:%02x.%x", domain, bus & 0xff,
		slot & 0xff, function & 0xf);
	options->wanted[options->n_wanted++] = (struct wanted){.device = address};
	return 0;
}

static int check_options(const struct options *options, int operands)
{
	if (options->json && options->conf)
		return cli_fail("--json or --conf, not both");
	if (options->merge && (options->prometheus || options->nfd))
		return cli_fail("--prometheus and --nfd are of one host: write them there, not "
				"with --merge");
	if (options->merge && (options->sysfs || options->n_wanted || options->ask))
		return cli_fail("--merge takes --json or --conf alone: choose groups and devices "
				"where its files are made");
	if (options->merge && !operands)
		return cli_fail("--merge: name the files to merge, - for standard input");
	if (!options->merge && operands)
		return cli_usage();
	if (options->sysfs && options->ask == ASK_ALWAYS)
		return cli_fail("--ask: only this host's VFIO can be asked, not that of --sysfs");
	return 0;
}

static int parse_option(struct options *options, int option)
{
	if ((option == 'g' || option == 'd') && options->n_wanted == WANTED)
		return cli_fail("at most %d groups and devices can be chosen", WANTED);
	switch (option) {
	case 'g':
		return want_group(options, optarg);
	case 'd':
		return want_device(options, optarg);
	case 's':
		options->sysfs = optarg;
		break;
	case 'j':
		options->json = true;
		break;
	case 'c':
		options->conf = true;
		break;
	case 'm':
		options->merge = true;
		break;
	case 'P':
		options->prometheus = optarg;
		break;
	case 'N':
		options->nfd = optarg;
		break;
	case 'a':
		options->ask = ASK_ALWAYS;
		break;
	case 'n':
		options->ask = ASK_NEVER;
		break;
	default:
		return cli_usage();
	}
	return 0;
}

/* --- one host -------------------------------------------------------------- */

static bool has_device(const struct holes_group *group, const char *address)
{
	for (size_t i = 0; i < group->n_devices; i++)
		if (!strcasecmp(group->devices[i].address, address))
			return true;
	return false;
}

static bool is_wanted(const struct wanted *wanted, const struct holes_group *group)
{
	return wanted->device ? has_device(group, wanted->device) : wanted->group == group->number;
}

static bool any_wants(const void *context, const struct holes_group *group)
{
	const struct options *options = context;

	for (size_t i = 0; i < options->n_wanted; i++)
		if (is_wanted(&options->wanted[i], group))
			return true;
	return false;
}

static int find_wanted(struct options *options, struct holes_host *host)
{
	for (size_t i = 0; i < options->n_wanted; i++) {
		struct wanted *wanted = &options->wanted[i];

		for (size_t k = 0; k < host->n_groups && !wanted->found; k++)
			wanted->found = is_wanted(wanted, &host->groups[k]);
		if (!wanted->found && wanted->device)
			return cli_fail("no IOMMU group of %s has a device %s: see lspci -D",
				host->name, wanted->device);
		if (!wanted->found)
			return cli_fail("%s has no IOMMU group %u: it has %zu, from %u to %u",
				host->name, wanted->group, host->n_groups, host->groups[0].number,
				host->groups[host->n_groups - 1].number);
	}
	if (options->n_wanted)
		holes_keep_groups(host, any_wants, options);
	return 0;
}

/* Says once what permission is missing. */
static int ask_vfio(const struct options *options, struct holes_host *host)
{
	struct holes_error error, later;
	bool denied = false;

	for (size_t i = 0; i < host->n_groups; i++) {
		struct holes_group *group = &host->groups[i];

		if (options->ask == ASK_NEVER ||
			(options->ask == ASK_IF_NEEDED && group->aperture.known))
			continue;
		if (holes_ask(host, group, denied ? &later : &error) == -EACCES)
			denied = true;
	}
	if (!denied)
		return 0;
	cli_complain("%s", error.text);
	return EXIT_NOT_READY;
}

struct drawing {
	const struct holes_fleet *fleet;
	int (*print)(FILE *to, const struct holes_fleet *fleet);
};

static int draw(FILE *to, const void *context)
{
	const struct drawing *drawing = context;

	return drawing->print(to, drawing->fleet);
}

/* For daemons, which read it as another user whatever the umask is. */
static int write_file(const char *path, const struct holes_fleet *fleet,
	int (*print)(FILE *to, const struct holes_fleet *fleet))
{
	const struct drawing drawing = {fleet, print};
	int err = path ? new_file_write(path, 0644, draw, &drawing) : 0;

	if (err == -E2BIG)
		return cli_fail("%s: more ranges than NFD reads: choose groups with --group", path);
	return err ? cli_fail("cannot write %s: %s", path, strerror(-err)) : 0;
}

static int print(const struct options *options, const struct holes_fleet *fleet)
{
	int err = write_file(options->prometheus, fleet, holes_print_prometheus);

	if (!err)
		err = write_file(options->nfd, fleet, holes_print_nfd);
	if (err)
		return err;
	if ((options->prometheus || options->nfd) && !options->json && !options->conf)
		return 0;
	if (options->json)
		err = holes_print_json(stdout, fleet);
	else if (options->conf)
		err = holes_print_conf(stdout, fleet);
	else if (options->merge)
		err = holes_print_fleet(stdout, fleet);
	else
		err = holes_print_host(stdout, fleet);
	return err ? cli_fail("out of memory") : 0;
}

static int tell_host(struct options *options, struct holes_fleet *fleet)
{
	const char *root = options->sysfs ? options->sysfs : "/sys";
	const struct holes_tree tree = holes_tree_open(root, options->sysfs != NULL);
	struct holes_host *host = holes_add_host(fleet);
	struct holes_error error;
	int status = 0, printed;

	if (!host)
		return cli_fail("out of memory");
	if (holes_read(&tree, host, &error))
		return cli_fail("%s", error.text);
	host->has_vfio = holes_has_vfio(&tree);
	printed = find_wanted(options, host);
	if (printed)
		return printed;
	if (!options->sysfs)
		status = ask_vfio(options, host);
	pci_names_fill(host);
	printed = print(options, fleet);
	if (printed)
		return printed;
	if (!host->has_vfio) {
		cli_complain("no VFIO on %s: modprobe vfio-pci", host->name);
		status = EXIT_NOT_READY;
	}
	return cli_finish(status);
}

/* --- many ------------------------------------------------------------------ */

/* All of a file, malloc'ed, with a NUL after it; NULL with errno. */
static char *read_all(FILE *file, size_t *length)
{
	size_t room = 1 << 16, used = 0;
	char *text = malloc(room + 1);

	while (text) {
		size_t n = fread(text + used, 1, room - used, file);
		char *bigger;

		used += n;
		if (!n)
			break;
		if (used < room)
			continue;
		errno = EFBIG;
		bigger = room < JSON_LIMIT ? realloc(text, 2 * room + 1) : NULL;
		if (!bigger)
			free(text);
		text = bigger;
		room *= 2;
	}
	if (text && ferror(file)) {
		free(text);
		return NULL;
	}
	if (text)
		text[used] = 0;
	*length = used;
	return text;
}

static int read_hosts(struct holes_fleet *fleet, const char *name)
{
	const bool standard = !strcmp(name, "-");
	FILE *file = standard ? stdin : fopen(name, "re");
	struct holes_error error;
	size_t length;
	char *text;
	int err;

	if (!file)
		return cli_fail("cannot open %s: %s", name, strerror(errno));
	text = read_all(file, &length);
	err = text ? 0 : errno;
	if (!standard)
		fclose(file);
	if (!text)
		return cli_fail("cannot read %s: %s", name, strerror(err));
	err = holes_parse_json(fleet, standard ? "standard input" : name, text, length, &error);
	free(text);
	return err ? cli_fail("%s", error.text) : 0;
}

/* A second host of the same name gets another, so that it can be told which brings what. */
static void rename_doubles(struct holes_fleet *fleet)
{
	for (size_t i = 1; i < fleet->n_hosts; i++) {
		char name[72];
		unsigned int same = 1;

		memcpy(name, fleet->hosts[i].name, sizeof(name));
		for (size_t k = 0; k < i; k++) {
			if (strcmp(fleet->hosts[k].name, fleet->hosts[i].name) != 0)
				continue;
			snprintf(fleet->hosts[i].name, sizeof(fleet->hosts[i].name), "%.58s:%u",
				name, ++same);
			k = (size_t)-1; /* that one may be taken as well */
		}
		if (same > 1)
			cli_complain("more than one host is called %s: one of them is %s here",
				name, fleet->hosts[i].name);
	}
}

static int tell_fleet(
	const struct options *options, struct holes_fleet *fleet, int n_files, char **files)
{
	for (int i = 0; i < n_files; i++) {
		int status = read_hosts(fleet, files[i]);

		if (status)
			return status;
	}
	rename_doubles(fleet);
	return cli_finish(print(options, fleet));
}

int verb_holes(int argc, char **argv)
{
	static const struct option longs[] = {
		{"group", required_argument, NULL, 'g'},
		{"device", required_argument, NULL, 'd'},
		{"sysfs", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"conf", no_argument, NULL, 'c'},
		{"merge", no_argument, NULL, 'm'},
		{"prometheus", required_argument, NULL, 'P'},
		{"nfd", required_argument, NULL, 'N'},
		{"ask", no_argument, NULL, 'a'},
		{"no-ask", no_argument, NULL, 'n'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct options options = {.ask = ASK_IF_NEEDED};
	struct holes_fleet fleet = {0};
	int option, status = 0;

	while (!status && (option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (option == 'h')
			return cli_help();
		status = parse_option(&options, option);
	}
	if (!status)
		status = check_options(&options, argc - optind);
	if (status)
		return status;
	if (options.merge)
		status = tell_fleet(&options, &fleet, argc - optind, argv + optind);
	else
		status = tell_host(&options, &fleet);
	holes_free(&fleet);
	return status;
}
