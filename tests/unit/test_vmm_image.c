/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process says of itself: this one's command line, and versions as QEMU's binaries have
 * them. */
#include "vmm_image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static const struct {
	const char *bytes;
	unsigned int version;
} images[] = {
	{"x\nQEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)\n", 0x702},
	{"QEMU emulator version 10.1.0", 10 << 8 | 1},
	{"QEMU emulator version 5.2.", 0x502},
	{"QEMU emulator version %s", 0},
	{"QEMU emulator version 7", 0},
	{"QEMU emulator version ", 0},
	{"QEMU emulator", 0},
	{"QEMU emulator version 300.1", 0},
	{"", 0},
};

static void test_versions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(images) / sizeof(*images); i++)
		assert_int_equal(vmm_find_version(images[i].bytes, strlen(images[i].bytes)),
			images[i].version);
	assert_int_equal(vmm_find_version("QEMU emulator version 7.2", 23), 0); /* no further */
}

static void test_self(void **state)
{
	char bytes[4096], few[3];
	size_t length = vmm_command_line("/proc/self", bytes, sizeof(bytes));

	(void)state;
	assert_true(length > 3 && length < sizeof(bytes));
	assert_int_equal(bytes[length - 1], 0);
	assert_non_null(strstr(bytes, "vmm_image"));
	assert_int_equal(vmm_command_line("/proc/self", few, sizeof(few)), sizeof(few));
	assert_memory_equal(few, bytes, sizeof(few));
#ifndef __SANITIZE_ADDRESS__ /* which puts between its data what nobody may read */
	assert_int_equal(vmm_own_version(), 0x702); /* the first of those above */
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_self),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
