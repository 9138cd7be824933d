/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the host says of itself: IOMMU groups, their reserved regions, CPU vendor, kernel. */
#include "host_facts.h"
#include "fd_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>
#ifdef __x86_64__
#include <cpuid.h>
#endif

static void read_vendor(char vendor[13])
{
	memset(vendor, 0, 13);
#ifdef __x86_64__
	unsigned int max, ebx, ecx, edx;

	if (!__get_cpuid(0, &max, &ebx, &ecx, &edx))
		return;
	memcpy(vendor, &ebx, 4);
	memcpy(vendor + 4, &edx, 4);
	memcpy(vendor + 8, &ecx, 4);
#endif
}

void host_kernel_read(struct host_kernel *host)
{
	struct utsname name;

	*host = (struct host_kernel){.policy.cpu_vendor = host->vendor};
	read_vendor(host->vendor);
	if (uname(&name))
		return;
	snprintf(host->release, sizeof(host->release), "%s", name.release);
	sscanf(name.release, "%u.%u", &host->policy.kernel_major, &host->policy.kernel_minor);
}

static bool parse_address(const char **at, const char *end, uint64_t *value)
{
	const char *p = *at;
	int digits = 0;

	if (end - p < 3 || p[0] != '0' || p[1] != 'x')
		return false;
	*value = 0;
	for (p += 2; p < end && digits <= 16; p++, digits++) {
		unsigned int c = (unsigned char)*p | 0x20;

		if (*p >= '0' && *p <= '9')
			*value = *value << 4 | (uint64_t)(*p - '0');
		else if (c >= 'a' && c <= 'f')
			*value = *value << 4 | (c - 'a' + 10);
		else
			break;
	}
	*at = p;
	return digits >= 1 && digits <= 16 && p < end && *p == ' ';
}

bool host_region_parse(const char *line, size_t length, struct hole *region)
{
	const char *at = line, *end = line + length;
	size_t n;

	*region = (struct hole){.source = HOLE_SYSFS};
	if (!parse_address(&at, end, &region->range.first))
		return false;
	at++;
	if (!parse_address(&at, end, &region->range.last) ||
		region->range.last < region->range.first)
		return false;
	at++;
	n = (size_t)(end - at);
	/* vfio_iommu_resv_exclude() leaves in the relaxable ones alone; a type that is not known
	 * here yet is taken for reserved, as the kernel would. */
	if (n == strlen("direct-relaxable") && !memcmp(at, "direct-relaxable", n))
		return false;
	if (n == strlen("direct") && !memcmp(at, "direct", n))
		region->type = REGION_DIRECT;
	else if (n == strlen("msi") && !memcmp(at, "msi", n))
		region->type = REGION_MSI;
	else
		region->type = REGION_RESERVED;
	return n > 0;
}

uint64_t host_device_number(int fd)
{
	struct stat st;

	return !fd_stat(fd, &st) && S_ISCHR(st.st_mode) ? st.st_rdev : 0;
}

/* "…/12" or "…/noiommu-12": the last number of a path. */
static int trailing_number(const char *path)
{
	const char *name = strrchr(path, '/');
	int number = -1;

	if (!name)
		return -1;
	name++;
	if (!strncmp(name, "noiommu-", 8))
		name += 8;
	if (*name < '0' || *name > '9' || sscanf(name, "%9d", &number) != 1)
		return -1;
	return number;
}

int host_group_number(int fd)
{
	uint64_t device = host_device_number(fd);
	char path[64], target[256];
	ssize_t n;
	int number = -1;

	if (!device)
		return -1;
	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u", major(device), minor(device));
	n = readlink(path, target, sizeof(target) - 1);
	if (n > 0) {
		target[n] = 0;
		number = trailing_number(target);
	}
	if (number >= 0)
		return number;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, target, sizeof(target) - 1);
	if (n <= 0)
		return -1;
	target[n] = 0;
	return strncmp(target, "/dev/vfio/", 10) ? -1 : trailing_number(target);
}

static void add_region(void *context, const char *line, size_t length)
{
	struct host_group *group = context;
	struct hole region;

	if (!host_region_parse(line, length, &region))
		return;
	if (group->n_regions == HOST_GROUP_REGIONS) {
		group->truncated = true;
		return;
	}
	region.group = group->number;
	group->regions[group->n_regions++] = region;
}

static void read_devices(struct host_group *group)
{
	char path[64];
	struct dirent *entry;
	size_t used = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d/devices", group->number);
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir)) != NULL) {
		size_t n = strlen(entry->d_name);

		if (entry->d_name[0] == '.' || used + n + 2 > sizeof(group->devices))
			continue;
		if (used)
			group->devices[used++] = ' ';
		memcpy(group->devices + used, entry->d_name, n + 1);
		used += n;
	}
	closedir(dir);
}

int host_group_read(struct host_group *group, bool list_devices)
{
	char path[64];
	int err;

	group->n_regions = 0;
	group->truncated = false;
	group->devices[0] = 0;
	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d/reserved_regions", group->number);
	err = fd_each_line(path, add_region, group);
	if (!err && list_devices)
		read_devices(group);
	return err;
}

static void find_seccomp(void *context, const char *line, size_t length)
{
	bool *sandboxed = context;

	if (length >= 10 && !memcmp(line, "Seccomp:\t0", 10))
		*sandboxed = false;
}

bool host_sandboxed(void)
{
	bool sandboxed = true;

	if (fd_each_line("/proc/thread-self/status", find_seccomp, &sandboxed))
		return true;
	return sandboxed;
}
