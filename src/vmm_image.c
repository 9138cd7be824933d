/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a VMM's process has to say of itself: its command line, and QEMU's version. */
#include "vmm_image.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

size_t vmm_command_line(const char *proc, char *bytes, size_t room)
{
	size_t length = 0;
	char path[32];
	ssize_t n = 1;
	int fd;

	snprintf(path, sizeof(path), "%s/cmdline", proc);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	while (length < room && n) {
		n = read(fd, bytes + length, room - length);
		if (n < 0 && errno != EINTR)
			break;
		length += n > 0 ? (size_t)n : 0;
	}
	close(fd);
	return n < 0 ? 0 : length;
}

unsigned int vmm_find_version(const char *bytes, size_t length)
{
	static const char words[] = "QEMU emulator version ";
	const char *found = memmem(bytes, length, words, sizeof(words) - 1);
	unsigned int major = 0, minor = 0;
	char copy[16];

	if (!found)
		return 0;
	found += sizeof(words) - 1;
	length -= (size_t)(found - bytes);
	length = length < sizeof(copy) - 1 ? length : sizeof(copy) - 1;
	memcpy(copy, found, length);
	copy[length] = 0;
	if (sscanf(copy, "%u.%u", &major, &minor) != 2 || major > 255 || minor > 255)
		return 0;
	return major << 8 | minor;
}

/* PT_PHDR tells where the headers were to be: the difference is where all of it was loaded. */
unsigned int vmm_own_version(void)
{
	const ElfW(Phdr) *headers = (const ElfW(Phdr) *)getauxval(AT_PHDR);
	size_t n = getauxval(AT_PHNUM);
	unsigned int version = 0;
	uintptr_t base = 0;

	for (size_t i = 0; headers && i < n; i++)
		if (headers[i].p_type == PT_PHDR)
			base = (uintptr_t)headers - headers[i].p_vaddr;
	for (size_t i = 0; base && i < n && !version; i++)
		if (headers[i].p_type == PT_LOAD && headers[i].p_flags == PF_R)
			version = vmm_find_version(
				(const char *)(base + headers[i].p_vaddr), headers[i].p_filesz);
	return version;
}
