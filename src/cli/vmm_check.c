/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a VMM can be reached: the file that is executed in the end is looked at, then judged. */
#include "vmm_check.h"
#include "find_program.h"
#include "privilege.h"
#include "whole_file.h"

#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCRIPT_LINE = 256 }; /* the kernel's BINPRM_BUF_SIZE */

const char *reach_name(enum reach reach)
{
	static const char *const names[] = {"preload", "seccomp", "neither"};

	return names[reach];
}

/* The file that is executed in the end: the program, or the last script's interpreter. */
static const char *vmm_executed(const struct vmm *vmm)
{
	return vmm->n_scripts ? vmm->scripts[vmm->n_scripts - 1] : vmm->path;
}

bool library_is_libc(const struct library *library)
{
	static const char *const parts[] = {"libc.so", "ld-linux", "ld-musl-", "libpthread.so",
		"libdl.so", "librt.so", "libanl.so", "libresolv.so", "libutil.so", "libnsl.so"};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!strncmp(library->name, parts[i], strlen(parts[i])))
			return true;
	return false;
}

/* The first library or program that has @flag, as it is called; NULL if none has. What belongs to
 * libc is passed over. */
static const char *vmm_who(const struct vmm *vmm, unsigned int flag)
{
	for (size_t i = 0; i < vmm->libraries.n; i++) {
		const struct library *one = &vmm->libraries.list[i];

		if ((one->facts.flags & flag) && (!i || !library_is_libc(one)))
			return one->name;
	}
	return NULL;
}

/* Sets the verdict. Of a script its interpreter is judged, and the reason says so. */
__attribute__((format(printf, 3, 4))) static int judge(
	struct vmm *vmm, enum reach reach, const char *format, ...)
{
	size_t used = 0;
	va_list arguments;

	if (vmm->n_scripts)
		used = (size_t)snprintf(vmm->reason, sizeof(vmm->reason),
			"a script for %.200s: ", vmm_executed(vmm));
	va_start(arguments, format);
	vsnprintf(vmm->reason + used, sizeof(vmm->reason) - used, format, arguments);
	va_end(arguments);
	vmm->reach = reach;
	return 0;
}

static int cannot_run(struct vmm *vmm, int error, const char *what)
{
	vmm->exec_error = error;
	return judge(vmm, REACH_NEITHER, "%s", what);
}

static int judge_type(struct vmm *vmm)
{
	const char *machine = elf_machine_name(vmm->machine);

	if (vmm->type != ET_NONE && vmm->type != ET_EXEC && vmm->type != ET_DYN)
		return cannot_run(vmm, ENOEXEC, "an ELF file, but not a program");
	if (vmm->damage)
		return cannot_run(vmm, ENOEXEC, vmm->damage);
	return judge(vmm, REACH_NEITHER, "a program for another machine (%s, %u bits)",
		machine ? machine : "an unknown one", vmm->bits);
}

static const char *first_missing(const struct vmm *vmm)
{
	for (size_t i = 1; i < vmm->libraries.n; i++)
		if (!vmm->libraries.list[i].path)
			return vmm->libraries.list[i].name;
	return NULL;
}

/* Of a program that takes LD_PRELOAD: does what it does go through libc's ioctl? Where that is
 * not sure, seccomp, which sees every system call. */
static int judge_calls(struct vmm *vmm)
{
	const unsigned int flags = vmm->libraries.list[0].facts.flags;
	const char *who = vmm_who(vmm, ELF_OWN_IOCTL);
	const char *caller = vmm_who(vmm, ELF_IMPORTS_IOCTL);

	if (flags & ELF_GO)
		return judge(vmm, REACH_SECCOMP,
			"a Go program: it makes system calls itself, not by libc");
	if (flags & ELF_DEFINES_IOCTL)
		return judge(vmm, REACH_SECCOMP,
			"it has an ioctl function of its own, before any preloaded one");
	if (who)
		return judge(vmm, REACH_SECCOMP,
			"%s makes ioctl system calls itself, not by libc's ioctl",
			who == vmm->libraries.list[0].name ? "it" : who);
	if ((flags & ELF_IMPORTS_SYSCALL) && !(flags & ELF_IMPORTS_IOCTL))
		return judge(vmm, REACH_SECCOMP, "it calls libc's syscall, and not libc's ioctl");
	vmm->launcher = vmm->n_scripts || (!caller && (flags & ELF_IMPORTS_EXEC));
	if (vmm->launcher)
		return judge(vmm, REACH_PRELOAD,
			"what it executes inherits LD_PRELOAD; check that program, too");
	if (!caller)
		return judge(vmm, REACH_SECCOMP,
			"neither it nor a library that it needs calls libc's ioctl");
	if (caller == vmm->libraries.list[0].name)
		return judge(vmm, REACH_PRELOAD, "it calls libc's ioctl");
	return judge(vmm, REACH_PRELOAD, "%s, which it needs, calls libc's ioctl", caller);
}

static int judge_program(struct vmm *vmm)
{
	const struct elf_facts *facts = &vmm->libraries.list[0].facts;
	const char *missing = first_missing(vmm);

	if (!facts->interpreter && facts->type == ET_DYN && !facts->has_entry)
		return cannot_run(vmm, ENOEXEC, "a shared library, not a program");
	if (vmm->secure)
		return judge(vmm, REACH_SECCOMP,
			"it has %s: the loader drops LD_PRELOAD; only root's iovashim leaves it "
			"its privileges",
			vmm->set_user	 ? "the set-user-ID bit"
			: vmm->set_group ? "the set-group-ID bit"
					 : "file capabilities");
	if (!facts->interpreter)
		return judge(vmm, REACH_SECCOMP, "a static program%s: no loader, no LD_PRELOAD",
			facts->flags & ELF_GO ? ", by Go" : "");
	if (vmm->libraries.musl)
		return judge(vmm, REACH_SECCOMP,
			"its libc is musl, which cannot load libiovashim.so, built for glibc");
	if (!loader_is_glibc(facts->interpreter))
		return judge(vmm, REACH_SECCOMP,
			"its loader %s is not glibc's, for which libiovashim.so is built",
			facts->interpreter);
	if (missing)
		return judge(vmm, REACH_NEITHER,
			"it cannot start: %s, which it needs, is not found", missing);
	return judge_calls(vmm);
}

/* A loader that is not there: execve fails with ENOENT, as if the program were not. */
static int check_loader(struct vmm *vmm, const char *interpreter)
{
	char *path, what[300];
	int err = interpreter ? find_program(interpreter, &path) : 0;

	if (!interpreter)
		return 0;
	free(path);
	if (!err)
		return 0;
	snprintf(what, sizeof(what), "it cannot start: its loader %.200s: %s", interpreter,
		strerror(-err));
	cannot_run(vmm, -err == EISDIR ? EACCES : -err, what);
	return 1;
}

static int look_at_elf(struct vmm *vmm, char *image, size_t size)
{
	struct privilege privilege;
	struct elf_facts facts;
	int err = elf_facts_read(&facts, image, size);

	if (err)
		return err;
	vmm->elf = true;
	vmm->type = facts.type;
	vmm->machine = facts.machine;
	vmm->bits = facts.bits;
	vmm->damage = facts.damage;
	if (facts.damage || !(facts.flags & ELF_NATIVE) ||
		(facts.type != ET_EXEC && facts.type != ET_DYN)) {
		elf_facts_free(&facts);
		return judge_type(vmm);
	}
	if (!privilege_read(vmm_executed(vmm), &privilege)) {
		vmm->set_user = privilege.set_user;
		vmm->set_group = privilege.set_group;
		vmm->capabilities = privilege.capabilities;
		vmm->secure = privilege.secure;
	}
	err = libraries_find(&vmm->libraries, vmm_executed(vmm), &facts,
		vmm->secure ? NULL : getenv("LD_LIBRARY_PATH"));
	if (!err && !check_loader(vmm, vmm->libraries.list[0].facts.interpreter))
		err = judge_program(vmm);
	return err;
}

static int look_at(struct vmm *vmm);

/* The line begins "#!", then comes the interpreter, to the first blank; fs/binfmt_script.c. */
static int look_at_script(struct vmm *vmm, const char *line, size_t size)
{
	size_t end = size < SCRIPT_LINE ? size : SCRIPT_LINE, start = 2, length;
	const char *newline = memchr(line, '\n', end);
	char *interpreter;

	if (newline)
		end = (size_t)(newline - line);
	while (start < end && (line[start] == ' ' || line[start] == '\t'))
		start++;
	for (length = 0; start + length < end && !strchr(" \t", line[start + length]); length++)
		;
	if (!length || (!newline && start + length == SCRIPT_LINE))
		return cannot_run(vmm, ENOEXEC, "a script whose #! line names no interpreter");
	if (vmm->n_scripts == SCRIPT_DEPTH)
		return cannot_run(vmm, ELOOP, "too many scripts for scripts");
	interpreter = strndup(line + start, length);
	if (!interpreter)
		return -ENOMEM;
	vmm->scripts[vmm->n_scripts++] = interpreter;
	return look_at(vmm);
}

static int look_at_bytes(struct vmm *vmm, char *bytes, size_t size)
{
	if (elf_is(bytes, size))
		return look_at_elf(vmm, bytes, size);
	if (size > 2 && !memcmp(bytes, "#!", 2))
		return look_at_script(vmm, bytes, size);
	return cannot_run(vmm, ENOEXEC,
		size ? "neither an ELF program nor a script with a #! line" : "an empty file");
}

static int look_at(struct vmm *vmm)
{
	char *path = NULL, *bytes;
	int err;
	size_t size;

	/* Before scripts[] has anything this is the program, which was found. */
	err = vmm->n_scripts ? find_program(vmm_executed(vmm), &path) : 0;
	free(path);
	if (err == -ENOMEM)
		return err;
	if (err)
		return cannot_run(vmm, err == -EISDIR ? EACCES : -err, strerror(-err));
	err = whole_file_read(vmm_executed(vmm), &bytes, &size);
	if (err == -ENOMEM)
		return err;
	if (err)
		return judge(vmm, REACH_NEITHER, "cannot be read, so nothing is known of it: %s",
			strerror(-err));
	err = look_at_bytes(vmm, bytes, size);
	free(bytes);
	return err;
}

int vmm_check(struct vmm *vmm, const char *name)
{
	int err;

	*vmm = (struct vmm){0};
	err = find_program(name, &vmm->path);
	if (err == -ENOMEM)
		return err;
	if (err == -EISDIR)
		return cannot_run(vmm, EACCES, "a directory");
	if (err)
		return cannot_run(vmm, -err,
			err == -ENOENT	 ? "no such file"
			: err == -EACCES ? "not executable"
					 : strerror(-err));
	return look_at(vmm);
}

void vmm_free(struct vmm *vmm)
{
	for (size_t i = 0; i < vmm->n_scripts; i++)
		free(vmm->scripts[i]);
	libraries_free(&vmm->libraries);
	free(vmm->path);
}
