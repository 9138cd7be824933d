/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Preloaded into libvirt where the tests may not raise RLIMIT_MEMLOCK: says that it was done. The
 * model kernel locks nothing. */
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int prlimit64(pid_t pid, enum __rlimit_resource resource, const struct rlimit64 *to,
	struct rlimit64 *from);
int setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *to);

int prlimit64(pid_t pid, enum __rlimit_resource resource, const struct rlimit64 *to,
	struct rlimit64 *from)
{
	return (int)syscall(
		SYS_prlimit64, pid, resource, resource == RLIMIT_MEMLOCK ? NULL : to, from);
}

int setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *to)
{
	return prlimit64(0, resource, to, NULL);
}
