/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a file gives to who executes it, as the kernel's bprm_fill_uid() and
 * cap_bprm_creds_from_file() see it. */
#include "privilege.h"

#include <endian.h>
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { NO_CAPABILITIES, PERMITTED, EFFECTIVE };

static int capabilities_of(const char *path)
{
	struct vfs_ns_cap_data data = {0};
	ssize_t n = getxattr(path, "security.capability", &data, sizeof(data));

	if (n < (ssize_t)XATTR_CAPS_SZ_1)
		return NO_CAPABILITIES;
	if (le32toh(data.magic_etc) & VFS_CAP_FLAGS_EFFECTIVE)
		return EFFECTIVE;
	if (data.data[0].permitted || (n >= (ssize_t)XATTR_CAPS_SZ_2 && data.data[1].permitted))
		return PERMITTED;
	return NO_CAPABILITIES;
}

/* Set-group-ID without execution by the group was mandatory locking. */
static bool gives_group(mode_t mode)
{
	return (mode & S_ISGID) && (mode & S_IXGRP);
}

int privilege_read(const char *path, struct privilege *privilege)
{
	struct statvfs mounted;
	uid_t user = geteuid();
	gid_t group = getegid();
	int capabilities;
	struct stat st;

	*privilege = (struct privilege){0};
	if (stat(path, &st))
		return -errno;
	privilege->set_user = st.st_mode & S_ISUID;
	privilege->set_group = gives_group(st.st_mode);
	capabilities = capabilities_of(path);
	privilege->capabilities = capabilities != NO_CAPABILITIES;
	if (!statvfs(path, &mounted) && (mounted.f_flag & ST_NOSUID)) {
		capabilities = NO_CAPABILITIES;
	} else if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) {
		/* Capabilities are not given either, but the kernel goes by the file's bit. */
		if (capabilities == PERMITTED)
			capabilities = NO_CAPABILITIES;
	} else {
		if (privilege->set_user)
			user = st.st_uid;
		if (privilege->set_group)
			group = st.st_gid;
	}
	/* A real root gains nothing by file capabilities. */
	privilege->secure = user != getuid() || group != getgid() ||
			    (capabilities != NO_CAPABILITIES && getuid() != 0);
	return 0;
}
