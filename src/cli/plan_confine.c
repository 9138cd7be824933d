// SPDX-License-Identifier: GPL-2.0-or-later
/* Namespaces, read-only mounts and a seccomp filter around a VMM that rehearses. */
#include "plan_confine.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return good;
}

/* The user stays who he is, but is nobody's master any more: files of others are closed to root. */
static bool map_ids(uid_t uid, gid_t gid)
{
	char text[64];

	snprintf(text, sizeof(text), "%u %u 1", uid, uid);
	if (!write_file("/proc/self/setgroups", "deny") || !write_file("/proc/self/uid_map", text))
		return false;
	snprintf(text, sizeof(text), "%u %u 1", gid, gid);
	return write_file("/proc/self/gid_map", text);
}

static const char *const devices[] = {
	"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/kvm"};
enum { DEVICES = sizeof(devices) / sizeof(devices[0]) };

static int tree(const char *path)
{
	return open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

static bool put(int from, const char *path)
{
	bool good = !move_mount(from, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH);

	close(from);
	return good;
}

/* A /dev of its own, with @trees in it: what a program may always use. */
static bool make_dev(const int trees[DEVICES])
{
	if (mount("tmpfs", "/dev", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=64m"))
		return false;
	for (int i = 0; i < DEVICES; i++) {
		int fd;

		if (trees[i] < 0)
			continue;
		fd = open(devices[i], O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
		if (fd < 0)
			return false;
		close(fd);
		if (!put(trees[i], devices[i]))
			return false;
	}
	return !mkdir("/dev/shm", 01777) && !symlink("/proc/self/fd", "/dev/fd") &&
	       !symlink("/proc/self/fd/1", "/dev/stdout") &&
	       !symlink("/proc/self/fd/2", "/dev/stderr");
}

static const char *close_mounts(const char *writable, bool kvm)
{
	struct mount_attr closed = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID};
	int trees[DEVICES], own;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return "mounts of its own";
	for (int i = 0; i < DEVICES; i++)
		trees[i] = i == DEVICES - 1 && !kvm ? -1 : tree(devices[i]);
	own = tree(writable);
	if (own < 0)
		return "a directory to write to";
	if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &closed, sizeof(closed)))
		return "read-only file systems (Linux 5.12 or newer)";
	if (!make_dev(trees))
		return "a /dev of its own";
	return put(own, writable) ? NULL : "a directory to write to";
}

const char *confine(const char *writable, bool kvm)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
		    CLONE_NEWPID))
		return "namespaces of its own (user, mount, network, process)";
	if (!map_ids(uid, gid))
		return "its user in a user namespace";
	return close_mounts(writable, kvm);
}

/* Sockets but those of the empty network, and what opens such without socket(). */
static int add_rules(scmp_filter_ctx filter)
{
	int ret = 0;

	for (unsigned int family = 0; family <= 64 && !ret; family++)
		if (family != AF_INET && family != AF_INET6)
			ret = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 1,
				SCMP_A0(SCMP_CMP_EQ, family, 0));
	if (!ret)
		ret = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(io_uring_setup), 0);
	if (!ret)
		ret = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(add_key), 0);
	if (!ret)
		ret = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(keyctl), 0);
	return ret;
}

const char *confine_calls(void)
{
	scmp_filter_ctx filter;
	int ret;

	for (int i = 0; prctl(PR_CAPBSET_READ, i) >= 0; i++)
		prctl(PR_CAPBSET_DROP, i);
	filter = seccomp_init(SCMP_ACT_ALLOW);
	ret = filter ? add_rules(filter) : -ENOMEM;
	if (!ret)
		ret = seccomp_load(filter);
	seccomp_release(filter);
	errno = -ret;
	return ret ? "a filter of system calls" : NULL;
}
