// SPDX-License-Identifier: GPL-2.0-or-later
/* A host read from a saved sysfs tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "host_device.h"
#include "host_text.h"

static char root[] = "/tmp/iovamodel-sysfs.XXXXXX";

/* Writes @text to @path below the root, making its directories. */
static void save(const char *path, const char *text)
{
	char full[512];
	FILE *file;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(full, 0700);
		*slash = '/';
	}
	file = fopen(full, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* A device with so many MSI-X vectors in a BAR of 4 KiB, and its pending bits in another. */
static void save_msix(const char *name, unsigned int vectors)
{
	uint8_t config[256] = {[0x34] = 0x40, [0x40] = 0x11, [0x44] = 1, [0x48] = 2};
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "kernel/iommu_groups/12/devices/%s/resource", name);
	save(path, "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
		   "0x00000000fe040000 0x00000000fe040fff 0x0000000000040200\n");
	config[0x42] = (uint8_t)(vectors - 1);
	config[0x43] = (uint8_t)((vectors - 1) >> 8);
	snprintf(path, sizeof(path), "%s/kernel/iommu_groups/12/devices/%s/config", root, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(config, sizeof(config), 1, file), 1);
	fclose(file);
}

static int make_tree(void **state)
{
	(void)state;
	if (!mkdtemp(root))
		return -1;
	save("osrelease", "5.15.0-91-generic\n");
	save("module/vfio_iommu_type1/parameters/dma_entry_limit", "4096\n");
	save("kernel/iommu_groups/12/reserved_regions",
		"0x00000000fee00000 0x00000000feefffff msi\n"
		"0x0000000100000000 0x00000001000fffff brand-new\n");
	save("kernel/iommu_groups/12/devices/0000:01:00.0/vendor", "0x8086\n");
	save("kernel/iommu_groups/12/devices/0000:01:00.0/device", "0x10d3\n");
	save("kernel/iommu_groups/12/devices/0000:01:00.0/class", "0x020000\n");
	save("kernel/iommu_groups/12/devices/0000:01:00.0/resource",
		"0x00000000fe000000 0x00000000fe01ffff 0x0000000000040200\n"
		"0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
		"0x0000380000000000 0x000038000fffffff 0x000000000014220c\n");
	save("kernel/iommu_groups/12/devices/0000:01:00.0/config", "short");
	save_msix("0000:01:00.1", 2);
	save_msix("0000:01:00.2", 256);
	/* SAGAW 39 and 48 bits, MGAW 39, 2M pages; no snoop control */
	save("class/iommu/dmar0/intel-iommu/cap", "400260606\n");
	save("class/iommu/dmar0/intel-iommu/ecap", "f0f01f\n");
	save("class/iommu/dmar0/devices/0000:01:00.0/vendor", "0x8086\n");
	return 0;
}

static int remove_tree(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command);
}

static void test_tree(void **state)
{
	struct model_error error;
	struct model_host host;
	const struct model_group *g;

	(void)state;
	if (model_host_from_sysfs(&host, root, &error))
		fail_msg("%s", error.text);
	assert_int_equal(host.kernel, MODEL_KERNEL(5, 15));
	assert_int_equal(host.entry_limit, 4096);
	g = model_host_group(&host, 12);
	assert_non_null(g);
	assert_int_equal(g->nr_regions, 2);
	assert_int_equal(g->regions[1].type, MODEL_RESERVED); /* a type not known here */
	assert_int_equal(g->aperture.last, 0x7fffffffff);
	assert_int_equal(g->pgsizes, 0x201000);
	assert_false(g->coherent);
	assert_int_equal(g->nr_devices, 3);
	assert_int_equal(g->devices[0].device, 0x10d3);
	assert_int_equal(g->devices[0].bar[0].size, 0x20000);
	assert_int_equal(g->devices[0].bar[1].size, 0);
	assert_int_equal(g->devices[0].bar[2].size, 0x10000000);
	assert_true(g->devices[0].bar[2].wide && g->devices[0].bar[2].prefetch);
	/* What a description of this host may say: not more vectors than there is room for. */
	assert_int_equal(g->devices[1].msix, 2);
	assert_int_equal(g->devices[2].msix, 254);
	for (unsigned int i = 1; i < 3; i++)
		assert_true(host_device_msix_bytes(&g->devices[i]) <= g->devices[i].bar[1].size);
	assert_int_equal(host_device_msix_pending(&g->devices[1]), 32);
	model_host_release(&host);
}

static void test_broken(void **state)
{
	struct model_error error;
	struct model_host host;

	(void)state;
	assert_int_equal(model_host_from_sysfs(&host, "/nonexistent", &error), -22);
	assert_string_equal(error.text, "/nonexistent/kernel/iommu_groups: no IOMMU groups here");
	save("kernel/iommu_groups/13/reserved_regions", "0x2000 0x1000 msi\n");
	assert_int_equal(model_host_from_sysfs(&host, root, &error), -22);
	assert_non_null(strstr(error.text, "13/reserved_regions: a line should be"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
