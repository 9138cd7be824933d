// SPDX-License-Identifier: GPL-2.0-or-later
/* libiovamodel.so: starting up, and telling the model's paths from others. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/uio.h>

#include "arena.h"
#include "host_text.h"
#include "preload.h"
#include "preload_log.h"

struct real real;

static struct preload state;
static struct preload *active;
static bool ready;
static pthread_mutex_t starting = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

/* The process reads its own memory through the kernel, so that a wild pointer is EFAULT. */
static int copy_in(void *to, uint64_t from, size_t size)
{
	struct iovec local = {to, size}, remote = {(void *)(uintptr_t)from, size};

	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size ? 0 : -EFAULT;
}

static int copy_out(uint64_t to, const void *from, size_t size)
{
	struct iovec local = {(void *)(uintptr_t)from, size},
		     remote = {(void *)(uintptr_t)to, size};

	return process_vm_writev(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size ? 0 : -EFAULT;
}

static void resolve(void)
{
#define RESOLVE(name) *(void **)&real.name = dlsym(RTLD_NEXT, #name);
	REAL_FUNCTIONS(RESOLVE)
#undef RESOLVE
}

static _Noreturn void fail(const char *what)
{
	static const char prefix[] = "iovamodel: ";

	(void)!write(STDERR_FILENO, prefix, sizeof(prefix) - 1);
	(void)!write(STDERR_FILENO, what, strlen(what));
	(void)!write(STDERR_FILENO, "\n", 1);
	_exit(125);
}

/* A file is a description, a directory a (saved) sysfs. */
static void read_host(const char *path)
{
	struct model_error error = {""};
	struct stat st;
	bool is_dir = !real.stat(path, &st) && S_ISDIR(st.st_mode);

	if (is_dir ? model_host_from_sysfs(&state.host, path, &error)
		   : model_host_load(&state.host, path, &error))
		fail(error.text);
}

/*
 * The shim's constructor may come before libc's own (initfirst), and call in here: then there
 * is no environ yet, but /proc has it. What is returned then stays. A set-user-ID program may not
 * read it there: false until it is in environ.
 */
static char environment[1 << 17];
static ssize_t environment_len;

static bool environment_known(void)
{
	ssize_t n;
	int fd;

	if (environ || environment_len)
		return true;
	fd = real.open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && (n = read(fd, environment + environment_len,
				   sizeof(environment) - 1 - (size_t)environment_len)) > 0)
		environment_len += n;
	if (fd >= 0)
		close(fd);
	return environment_len > 0;
}

static const char *variable(const char *name)
{
	size_t name_len = strlen(name);

	if (environ)
		return getenv(name);
	for (char *at = environment; at < environment + environment_len; at += strlen(at) + 1)
		if (!strncmp(at, name, name_len) && at[name_len] == '=')
			return at + name_len + 1;
	return NULL;
}

static void start(const char *path)
{
	read_host(path);
	state.env = (struct model_env){
		.zalloc = arena_zalloc,
		.free = arena_free,
		.copy_in = copy_in,
		.copy_out = copy_out,
	};
	if (arena_init())
		fail("no address space for the model: raise RLIMIT_AS");
	state.model = model_create(&state.host, &state.env);
	if (!state.model || objects_init(state.model) || fs_init(&state.fs, &state.host))
		fail("out of memory");
	if (preload_log_open(variable("IOVAMODEL_LOG")))
		fail("cannot write the file that IOVAMODEL_LOG names");
	state.rehearsal = variable("IOVAMODEL_REHEARSAL");
	active = &state;
}

struct preload *preload_ready(void)
{
	static bool begun; /* starting it comes in here again */
	int saved;

	if (__atomic_load_n(&ready, __ATOMIC_ACQUIRE))
		return active;
	pthread_mutex_lock(&starting);
	saved = errno;
	if (!real.open)
		resolve();
	if (!begun && environment_known()) {
		const char *path;

		begun = true;
		path = variable("IOVAMODEL_HOST");
		if (path && *path)
			start(path);
		__atomic_store_n(&ready, true, __ATOMIC_RELEASE);
	}
	errno = saved;
	pthread_mutex_unlock(&starting);
	return active;
}

__attribute__((constructor)) static void construct(void)
{
	preload_ready();
}

enum fs_kind preload_find(
	int dir, const char *path, bool follow, const struct fs_node **node, char *resolved)
{
	char link[32], joined[PATH_MAX];
	ssize_t len;

	if (!path || !*path)
		return FS_NONE;
	if (*path == '/')
		return fs_find(&state.fs, path, follow, node, resolved);
	if (dir == AT_FDCWD)
		return FS_NONE;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
	len = real.readlink(link, joined, sizeof(joined) - 1);
	if (len <= 0 || (size_t)len + strlen(path) + 2 > sizeof(joined))
		return FS_NONE;
	joined[len] = '/';
	memcpy(joined + len + 1, path, strlen(path) + 1);
	return fs_find(&state.fs, joined, follow, node, resolved);
}
