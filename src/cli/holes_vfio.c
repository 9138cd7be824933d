/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks VFIO what a group can map, where no one is disturbed by it. */
#include "holes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* What sysfs told already stands. */
__attribute__((format(printf, 2, 3))) static void unknown(
	struct holes_group *group, const char *format, ...)
{
	va_list arguments;

	if (group->aperture.known)
		return;
	va_start(arguments, format);
	vsnprintf(group->aperture.how, sizeof(group->aperture.how), format, arguments);
	va_end(arguments);
}

/* Bound to a VFIO driver, but for what may stay beside one (vfio_dev_driver_allowed, and drivers
 * with driver_managed_dma): so that opening the group takes nothing from the host. */
static bool is_for_vfio(const struct holes_group *group)
{
	bool found = false;

	for (size_t i = 0; i < group->n_devices; i++) {
		const char *driver = group->devices[i].driver;

		if (strstr(driver, "vfio"))
			found = true;
		else if (driver[0] && strcmp(driver, "pci-stub") && strcmp(driver, "pcieport"))
			return false;
	}
	return found;
}

/* Where in @info, of @size bytes, the IOVA ranges are, or 0. Before Linux 6.6 what follows a
 * capability begins where it ends, aligned or not. */
static size_t find_ranges(const struct vfio_iommu_type1_info *info, size_t size)
{
	size_t at = info->flags & VFIO_IOMMU_INFO_CAPS ? info->cap_offset : 0;

	for (unsigned int left = 64; at && left; left--) {
		struct vfio_info_cap_header header;

		if (at > size - sizeof(header))
			return 0;
		memcpy(&header, (const char *)info + at, sizeof(header));
		if (header.id == VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE)
			return at;
		at = header.next;
	}
	return 0;
}

/* From the first range's start to the last one's end. False if there is none. */
static bool find_aperture(
	const struct vfio_iommu_type1_info *info, size_t size, struct range *aperture)
{
	struct vfio_iommu_type1_info_cap_iova_range cap;
	struct vfio_iova_range first, last;
	size_t at = find_ranges(info, size);
	const char *ranges = (const char *)info + at + sizeof(cap);

	if (!at || size - at < sizeof(cap))
		return false;
	memcpy(&cap, (const char *)info + at, sizeof(cap));
	if (!cap.nr_iovas || (size - at - sizeof(cap)) / sizeof(first) < cap.nr_iovas)
		return false;
	memcpy(&first, ranges, sizeof(first));
	memcpy(&last, ranges + (cap.nr_iovas - 1) * sizeof(last), sizeof(last));
	*aperture = (struct range){first.start, last.end};
	return true;
}

/* VFIO_IOMMU_GET_INFO with room for all that it has to say; NULL with errno. */
static struct vfio_iommu_type1_info *get_info(int container)
{
	struct vfio_iommu_type1_info *info = NULL;
	__u32 size = 4096;

	for (int tries = 0; tries < 4; tries++) {
		free(info);
		info = calloc(1, size);
		if (!info)
			return NULL;
		info->argsz = size;
		if (ioctl(container, VFIO_IOMMU_GET_INFO, info)) {
			free(info);
			return NULL;
		}
		if (info->argsz <= size) {
			info->argsz = size;
			return info;
		}
		size = info->argsz;
	}
	free(info);
	errno = EAGAIN;
	return NULL;
}

static void take_ranges(struct holes_host *host, struct holes_group *group, int container)
{
	struct vfio_iommu_type1_info *info = get_info(container);

	if (!info) {
		unknown(group, "VFIO_IOMMU_GET_INFO failed: %s", strerror(errno));
		return;
	}
	if (find_aperture(info, info->argsz, &group->aperture.range)) {
		group->aperture.known = true;
		holes_text(group->aperture.how, sizeof(group->aperture.how), "VFIO's own word");
		/* This list came with the check (5.4, and some kernels of distributions). */
		host->enforces = ENFORCES_YES;
	} else {
		unknown(group, "this kernel's VFIO does not tell");
	}
	free(info);
}

static void ask_container(struct holes_host *host, struct holes_group *group, int container, int fd)
{
	if (ioctl(fd, VFIO_GROUP_SET_CONTAINER, &container)) {
		unknown(group, "VFIO_GROUP_SET_CONTAINER failed: %s", strerror(errno));
		return;
	}
	if (ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		unknown(group, "VFIO_SET_IOMMU failed: %s", strerror(errno));
	else
		take_ranges(host, group, container);
	ioctl(fd, VFIO_GROUP_UNSET_CONTAINER);
}

static int fail_permission(struct holes_group *group, const char *path, struct holes_error *error)
{
	unknown(group, "no permission to open %s", path);
	holes_fail(error,
		"no permission to open %s: run as root or as a member of its owning group, or "
		"with --no-ask",
		path);
	return -EACCES;
}

static int open_failed(struct holes_group *group, const char *path, struct holes_error *error)
{
	if (errno == EACCES || errno == EPERM)
		return fail_permission(group, path, error);
	if (errno == EBUSY)
		unknown(group, "the group is in use, by a VMM probably");
	else
		unknown(group, "cannot open %s: %s", path, strerror(errno));
	return 0;
}

int holes_ask(struct holes_host *host, struct holes_group *group, struct holes_error *error)
{
	struct vfio_group_status status = {.argsz = sizeof(status)};
	int fd, container, err = 0;
	char path[40];

	if (!is_for_vfio(group)) {
		unknown(group, "the group is not bound to vfio-pci, so it is not opened");
		return 0;
	}
	snprintf(path, sizeof(path), "/dev/vfio/%u", group->number);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return open_failed(group, path, error);
	container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (container < 0)
		err = open_failed(group, "/dev/vfio/vfio", error);
	else if (ioctl(fd, VFIO_GROUP_GET_STATUS, &status))
		unknown(group, "VFIO_GROUP_GET_STATUS failed: %s", strerror(errno));
	else if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		unknown(group, "not all of the group's devices are bound to VFIO");
	else
		ask_container(host, group, container, fd);
	if (container >= 0)
		close(container);
	close(fd);
	return err;
}
