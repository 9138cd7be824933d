// SPDX-License-Identifier: GPL-2.0-or-later
/* Host descriptions: what each keyword means. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host_device.h"
#include "words.h"

/* Far more than hardware has, and no more than the model's windows can be cut into. */
#define REGIONS_MAX 100

struct reader {
	struct words text;
	struct model_host *host;
	struct model_group defaults; /* what groups start with: settings before the first group */
	struct model_group *group;   /* the last one; NULL before it */
};

/* Where a setting that a group can have goes. */
static struct model_group *target(struct reader *r)
{
	return r->group ? r->group : &r->defaults;
}

static int read_kernel(struct reader *r, struct word word)
{
	struct word whole = word, major = words_cut(&word, '.'), minor = words_cut(&word, '.');
	struct model_error unused;
	struct words quiet = r->text;
	uint64_t a, b;

	quiet.error = &unused;
	if (words_number(&quiet, major, 0xffff, &a) || words_number(&quiet, minor, 0xffff, &b))
		return words_fail(&r->text, whole, "'%.*s' is not a kernel version such as 6.12",
			(int)whole.len, whole.at);
	r->host->kernel = MODEL_KERNEL(a, b);
	return 0;
}

static int read_cpu(struct reader *r, struct word word)
{
	if (word.len >= sizeof(r->host->cpu))
		return words_fail(&r->text, word, "a vendor string has at most %zu letters",
			sizeof(r->host->cpu) - 1);
	memcpy(r->host->cpu, word.at, word.len);
	r->host->cpu[word.len] = '\0';
	return 0;
}

static int read_physbits(struct reader *r, struct word word)
{
	uint64_t value;
	int ret = words_number(&r->text, word, 64, &value);

	if (!ret && value < 32)
		ret = words_fail(&r->text, word, "physical addresses have 32 to 64 bits");
	if (!ret)
		r->host->physbits = (unsigned int)value;
	return ret;
}

static int read_entries(struct reader *r, struct word word)
{
	uint64_t value;
	int ret = words_number(&r->text, word, UINT32_MAX, &value);

	if (!ret)
		r->host->entry_limit = (uint32_t)value;
	return ret;
}

static int read_memlock(struct reader *r, struct word word)
{
	if (!words_is(word, "unlimited"))
		return words_bytes(&r->text, word, &r->host->memlock);
	r->host->memlock = UINT64_MAX;
	return 0;
}

static int read_aperture(struct reader *r, struct word word)
{
	return words_range(&r->text, word, &target(r)->aperture);
}

/* A list of sizes, or the kernel's bitmap of them in hexadecimal. */
static int read_pagesizes(struct reader *r, struct word word)
{
	struct word whole = word;
	uint64_t sizes = 0, size;

	if (word.len > 2 && word.at[1] == 'x') {
		int ret = words_number(&r->text, word, UINT64_MAX, &sizes);

		if (ret)
			return ret;
		word.len = 0;
	}
	while (word.len) {
		struct word one = words_cut(&word, ',');
		int ret = words_bytes(&r->text, one, &size);

		if (ret)
			return ret;
		if (!size || size & (size - 1))
			return words_fail(&r->text, one, "a page size is a power of two");
		sizes |= size;
	}
	if (!sizes)
		return words_fail(&r->text, whole, "there is no page size: name some, 4K,2M,1G");
	target(r)->pgsizes = sizes;
	return 0;
}

static int read_coherent(struct reader *r, struct word word)
{
	return words_yes(&r->text, word, &target(r)->coherent);
}

static int read_intremap(struct reader *r, struct word word)
{
	return words_yes(&r->text, word, &target(r)->intremap);
}

static int read_group_flags(struct reader *r, struct model_group *group)
{
	struct word word;

	while ((word = words_next(&r->text)).len) {
		if (words_is(word, "emulated"))
			group->emulated = true;
		else if (words_is(word, "noiommu"))
			group->noiommu = true;
		else if (words_is(word, "precise"))
			group->precise = true;
		else
			return words_fail(&r->text, word,
				"'%.*s' should be emulated, noiommu or precise", (int)word.len,
				word.at);
	}
	return 0;
}

static int read_group(struct reader *r, struct word word)
{
	struct model_group *group;
	uint64_t number;
	int ret = words_number(&r->text, word, INT32_MAX, &number);

	if (ret)
		return ret;
	if (model_host_group(r->host, (unsigned int)number))
		return words_fail(&r->text, word,
			"group %llu is described twice: give each its own number",
			(unsigned long long)number);
	group = model_host_add_group(r->host, (unsigned int)number);
	if (!group)
		return -ENOMEM;
	r->group = group;
	group->aperture = r->defaults.aperture;
	group->pgsizes = r->defaults.pgsizes;
	group->coherent = r->defaults.coherent;
	group->intremap = r->defaults.intremap;
	return read_group_flags(r, group);
}

static int read_region_type(struct reader *r, enum model_region_type *type)
{
	struct word word = words_next(&r->text);

	for (*type = MODEL_DIRECT; *type <= MODEL_MSI; (*type)++)
		if (words_is(word, model_region_name(*type)))
			return 0;
	return words_fail(&r->text, word,
		"'%.*s' should be direct, direct-relaxable, reserved or msi", (int)word.len,
		word.at);
}

static int read_reserved(struct reader *r, struct word word)
{
	struct model_region region;
	int ret;

	if (r->group->nr_regions == REGIONS_MAX)
		return words_fail(&r->text, word, "a group has at most %d regions", REGIONS_MAX);
	ret = words_range(&r->text, word, &region.range);
	if (!ret)
		ret = read_region_type(r, &region.type);
	return ret ? ret : model_group_add_region(r->group, region);
}

static bool device_exists(const struct model_host *host, const char *name)
{
	for (size_t i = 0; i < host->nr_groups; i++)
		for (size_t k = 0; k < host->groups[i].nr_devices; k++)
			if (!strcmp(host->groups[i].devices[k].name, name))
				return true;
	return false;
}

static int read_device(struct reader *r, struct word word)
{
	struct model_device parsed, *device;
	int ret = host_device_parse(&r->text, word, &parsed);

	if (ret)
		return ret;
	if (device_exists(r->host, parsed.name))
		return words_fail(&r->text, word,
			"device %s is described twice: a device is in one group", parsed.name);
	device = model_group_add_device(r->group, parsed.name);
	if (!device)
		return -ENOMEM;
	*device = parsed;
	return 0;
}

static const struct {
	const char *name;
	int value;
} errors[] = {
	{"EPERM", EPERM},
	{"ENOENT", ENOENT},
	{"EINTR", EINTR},
	{"EIO", EIO},
	{"ENXIO", ENXIO},
	{"EAGAIN", EAGAIN},
	{"ENOMEM", ENOMEM},
	{"EACCES", EACCES},
	{"EFAULT", EFAULT},
	{"EBUSY", EBUSY},
	{"EEXIST", EEXIST},
	{"ENODEV", ENODEV},
	{"EINVAL", EINVAL},
	{"ENFILE", ENFILE},
	{"EMFILE", EMFILE},
	{"ENOTTY", ENOTTY},
	{"ENOSPC", ENOSPC},
	{"EOVERFLOW", EOVERFLOW},
	{"EOPNOTSUPP", EOPNOTSUPP},
};

static int read_errno(struct reader *r, int *err)
{
	struct word word = words_next(&r->text);
	uint64_t value;

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (words_is(word, errors[i].name)) {
			*err = errors[i].value;
			return 0;
		}
	if (!words_number(&r->text, word, 4095, &value) && value) {
		*err = (int)value;
		return 0;
	}
	return words_fail(&r->text, word,
		"'%.*s' is not an error: use a name such as ENOMEM or a number", (int)word.len,
		word.at);
}

static int read_call(struct reader *r, struct word word, enum model_call *call)
{
	for (*call = 0; *call < MODEL_CALLS; (*call)++)
		if (words_is(word, model_call_names[*call]))
			return 0;
	return words_fail(&r->text, word,
		"'%.*s' is not a call: map, unmap, get-info, dirty, set-iommu, set-container, "
		"unset-container, get-device-fd, open-container, open-group or device",
		(int)word.len, word.at);
}

/* fail CALL (N|all) ERRNO */
static int read_fail(struct reader *r, struct word word)
{
	struct model_fault fault = {0}, *faults;
	struct word which;
	uint64_t nth = 0;
	int ret = read_call(r, word, &fault.call);

	if (ret)
		return ret;
	which = words_next(&r->text);
	if (!words_is(which, "all"))
		ret = words_number(&r->text, which, UINT32_MAX, &nth);
	if (!ret && !nth && !words_is(which, "all"))
		ret = words_fail(
			&r->text, which, "calls are counted from 1; for every call, say all");
	if (!ret)
		ret = read_errno(r, &fault.err);
	if (ret)
		return ret;
	fault.nth = (unsigned int)nth;
	faults = realloc(r->host->faults, (r->host->nr_faults + 1) * sizeof(fault));
	if (!faults)
		return -ENOMEM;
	r->host->faults = faults;
	faults[r->host->nr_faults++] = fault;
	return 0;
}

static const struct {
	const char *name;
	int (*read)(struct reader *r, struct word word);
	bool in_group; /* has no meaning before the first group */
} keywords[] = {
	{"kernel", read_kernel, false},
	{"cpu", read_cpu, false},
	{"physbits", read_physbits, false},
	{"entries", read_entries, false},
	{"memlock", read_memlock, false},
	{"aperture", read_aperture, false},
	{"pagesizes", read_pagesizes, false},
	{"coherent", read_coherent, false},
	{"intremap", read_intremap, false},
	{"group", read_group, false},
	{"reserved", read_reserved, true},
	{"device", read_device, true},
	{"fail", read_fail, false},
};

static int read_keyword(struct reader *r, struct word name, size_t i)
{
	struct word word = words_next(&r->text), rest;
	int ret;

	if (keywords[i].in_group && !r->group)
		return words_fail(&r->text, name, "%s belongs to a group: put 'group N' before it",
			keywords[i].name);
	if (!word.len)
		return words_fail(&r->text, word, "%s wants a value", keywords[i].name);
	ret = keywords[i].read(r, word);
	if (ret)
		return ret;
	rest = words_next(&r->text);
	if (rest.len)
		return words_fail(&r->text, rest, "'%.*s' is one word too many: remove it",
			(int)rest.len, rest.at);
	return 0;
}

static int read_line(struct reader *r)
{
	struct word name = words_next(&r->text);

	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (words_is(name, keywords[i].name))
			return read_keyword(r, name, i);
	return words_fail(&r->text, name,
		"'%.*s' is not a keyword: kernel, cpu, physbits, aperture, pagesizes, entries, "
		"memlock, "
		"coherent, intremap, group, reserved, device or fail",
		(int)name.len, name.at);
}

int model_host_parse(struct model_host *host, const char *file, const char *text, size_t size,
	struct model_error *error)
{
	struct reader r = {.host = host};
	int ret = 0;

	model_host_init(host);
	r.defaults = (struct model_group){
		.aperture.last = UINT64_MAX,
		.pgsizes = 0x1000 | 0x200000 | 0x40000000,
		.coherent = true,
		.intremap = true,
	};
	words_start(&r.text, file, text, size, error);
	while (!ret && words_next_line(&r.text))
		ret = read_line(&r);
	if (ret == -ENOMEM)
		snprintf(error->text, sizeof(error->text), "%s: out of memory", file);
	if (ret)
		model_host_release(host);
	return ret;
}

int model_host_load(struct model_host *host, const char *path, struct model_error *error)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;
	int ret;

	if (!file) {
		ret = -errno;
		snprintf(error->text, sizeof(error->text), "%s: %s", path, strerror(-ret));
		return ret;
	}
	/* A NUL never occurs in a description: all of the file is one record. */
	ret = getdelim(&text, &size, '\0', file) < 0 && ferror(file) ? -errno : 0;
	fclose(file);
	if (ret)
		snprintf(error->text, sizeof(error->text), "%s: %s", path, strerror(-ret));
	else
		ret = model_host_parse(
			host, path, text ? text : "", text ? strlen(text) : 0, error);
	free(text);
	return ret;
}
