/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command lines, as /proc/PID/cmdline has them, and what is read from them. */
#include "vmm_args.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define G (1ULL << 30)

/* Words are separated by blanks here. */
static const struct {
	const char *line;
	uint64_t memory, most;
	const char *machine, *cpu, *backend;
	bool kvm, libvirt;
} lines[] = {
	{"qemu", 0, 0, NULL, NULL, NULL, false, false},
	{"", 0, 0, NULL, NULL, NULL, false, false},
	{"qemu -m 1100G -M pc-q35-7.0 -cpu EPYC,phys-bits=42", 1100 * G, 0, "pc-q35-7.0",
		"EPYC,phys-bits=42", NULL, false, false},
	{"qemu -m 512", G / 2, 0, NULL, NULL, NULL, false, false},
	{"qemu -m size=2048,maxmem=1T,slots=4", 2 * G, 1024 * G, NULL, NULL, NULL, false, false},
	{"qemu -m size=1048576k", G, 0, NULL, NULL, NULL, false, false},
	{"qemu -m 1G -m 2G", 2 * G, 0, NULL, NULL, NULL, false, false},
	{"qemu -m", 0, 0, NULL, NULL, NULL, false, false},
	{"qemu -m 99999999999999999999T", 0, 0, NULL, NULL, NULL, false, false},
	{"qemu -machine pc-i440fx-6.2,accel=kvm,usb=off -name guest=a,debug-threads=on", 0, 0,
		"pc-i440fx-6.2", NULL, NULL, true, true},
	{"qemu --machine type=q35,accel=tcg --accel kvm", 0, 0, "q35", NULL, NULL, true, false},
	{"qemu -enable-kvm -name a", 0, 0, NULL, NULL, NULL, true, false},
	{"qemu -object memory-backend-ram,id=a,size=1G -object memory-backend-memfd,id=b,size=2G "
	 "-M q35,memory-backend=b -machine usb=off",
		0, 0, "q35", NULL, "memory-backend-memfd,id=b,size=2G", false, false},
	{"qemu -machine memory-backend=none", 0, 0, NULL, NULL, NULL, false, false},
	{"cloud-hypervisor --memory size=4G,shared=on --cpus boot=4", 4 * G, 0, NULL, NULL, NULL,
		false, false},
	{"crosvm run --mem 4096", 4 * G, 0, NULL, NULL, NULL, false, false},
	{"qemu -append -m", 0, 0, NULL, NULL, NULL, false, false},
};

/* @line with NUL for blanks; the length without the last one. */
static size_t split(const char *line, char *bytes)
{
	size_t length = strlen(line);

	memcpy(bytes, line, length + 1);
	for (size_t i = 0; i < length; i++)
		if (bytes[i] == ' ')
			bytes[i] = 0;
	return length;
}

static void check_word(struct vmm_word word, const char *expected)
{
	if (!expected)
		assert_null(word.at);
	else
		assert_true(vmm_word_is(word, expected));
}

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		char bytes[256];
		struct vmm_args args;
		size_t length = split(lines[i].line, bytes);

		/* with and without the last NUL: it is missing where the line was cut */
		for (size_t last = 0; last < 2 && length; last++) {
			vmm_args_read(&args, bytes, length + last);
			assert_int_equal(args.memory, lines[i].memory);
			assert_int_equal(args.most_memory, lines[i].most);
			check_word(args.machine, lines[i].machine);
			check_word(args.cpu, lines[i].cpu);
			check_word(args.backend, lines[i].backend);
			assert_int_equal(args.kvm, lines[i].kvm);
			assert_int_equal(args.libvirt, lines[i].libvirt);
		}
	}
}

/* Cut anywhere, in a buffer of its own for the sanitizer to see. */
static void test_cut(void **state)
{
	char whole[256];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		size_t length = split(lines[i].line, whole);

		for (size_t n = 0; n <= length; n++) {
			char *bytes = malloc(n + !n);
			struct vmm_args args;

			memcpy(bytes, whole, n);
			vmm_args_read(&args, bytes, n);
			vmm_args_dimm(&args, 0);
			free(bytes);
		}
	}
}

static void test_dimm(void **state)
{
	char bytes[256];
	struct vmm_args args;

	(void)state;
	vmm_args_read(&args, bytes,
		split("qemu -device pc-dimm,memdev=a,addr=0xfce0000000 -device "
		      "pc-dimm,memdev=b,addr=4294967296 -device nvme,addr=5 -device "
		      "pc-dimm,memdev=c",
			bytes) +
			1);
	check_word(vmm_args_dimm(&args, 0xfce0000000), "pc-dimm,memdev=a,addr=0xfce0000000");
	check_word(vmm_args_dimm(&args, 0x100000000), "pc-dimm,memdev=b,addr=4294967296");
	check_word(vmm_args_dimm(&args, 5), NULL);
	check_word(vmm_args_dimm(&args, 0), NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_dimm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
