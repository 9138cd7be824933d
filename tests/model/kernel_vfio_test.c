// SPDX-License-Identifier: GPL-2.0-or-later
/* Containers, groups and devices of the model: who may do what, in which order, and what goes when.
 */
#include "kernel_fixture.h"

static void test_before_iommu(void **state)
{
	struct fixture f;
	struct vfio_iommu_type1_dma_map arg = {sizeof(arg), RW, VADDR, 0, 0x1000};
	int group;

	(void)state;
	amd_host(&f.host);
	f.m = model_create(&f.host, NULL);
	f.container = model_open_container(f.m);
	assert_int_equal(model_ioctl(f.m, f.container, VFIO_GET_API_VERSION, NULL), 0);
	assert_int_equal(model_ioctl(f.m, f.container, VFIO_CHECK_EXTENSION, (void *)3), 1);
	assert_int_equal(model_ioctl(f.m, f.container, VFIO_IOMMU_MAP_DMA, &arg), -EINVAL);
	assert_int_equal(model_ioctl(f.m, f.container, 12345, NULL), -EINVAL);
	assert_int_equal(model_set_iommu(f.m, f.container, VFIO_TYPE1v2_IOMMU), -EINVAL);
	group = model_attach(f.m, f.container, 1);
	assert_true(group > 0);
	assert_int_equal(model_get_device(f.m, group, "0000:00:05.0"), -EINVAL);
	assert_int_equal(model_set_iommu(f.m, f.container, 2), -ENODEV);
	assert_int_equal(model_set_iommu(f.m, f.container, VFIO_UNMAP_ALL), -EINVAL);
	assert_int_equal(model_set_iommu(f.m, f.container, VFIO_TYPE1v2_IOMMU), 0);
	assert_int_equal(model_set_iommu(f.m, f.container, VFIO_TYPE1v2_IOMMU), -EINVAL);
	assert_int_equal(model_get_device(f.m, group, "0000:00:07.0"), -ENODEV);
	assert_true(model_get_device(f.m, group, "0000:00:05.0") > 0);
	finish(&f);
}

static void test_group(void **state)
{
	struct vfio_group_status status = {.argsz = sizeof(status)};
	struct fixture f;
	int other, device;

	(void)state;
	start(&f);
	assert_int_equal(model_open_group(f.m, 1), -EBUSY);
	assert_int_equal(model_open_group(f.m, 9), -ENOENT);
	assert_int_equal(model_ioctl(f.m, f.group, VFIO_GROUP_GET_STATUS, &status), 0);
	assert_int_equal(status.flags, VFIO_GROUP_FLAGS_VIABLE | VFIO_GROUP_FLAGS_CONTAINER_SET);
	status.argsz = 7;
	assert_int_equal(model_ioctl(f.m, f.group, VFIO_GROUP_GET_STATUS, &status), -EINVAL);
	assert_int_equal(model_set_container(f.m, f.group, f.container), -EINVAL);
	other = model_open_group(f.m, 2);
	assert_int_equal(model_set_container(f.m, other, 99), -EBADF);
	assert_int_equal(model_set_container(f.m, other, other), -EBADFD);
	assert_int_equal(model_ioctl(f.m, other, VFIO_GROUP_UNSET_CONTAINER, NULL), -EINVAL);
	assert_int_equal(model_ioctl(f.m, other, VFIO_IOMMU_MAP_DMA, NULL), -ENOTTY);
	device = model_get_device(f.m, f.group, "0000:00:05.0");
	assert_int_equal(model_ioctl(f.m, f.group, VFIO_GROUP_UNSET_CONTAINER, NULL), -EBUSY);
	assert_int_equal(model_close(f.m, device), 0);
	assert_int_equal(model_close(f.m, device), -EBADF);
	assert_int_equal(model_ioctl(f.m, f.group, VFIO_GROUP_UNSET_CONTAINER, NULL), 0);
	assert_int_equal(map(&f, 0, 0x1000), -EINVAL);
	finish(&f);
}

/* The device keeps its group's file; the group keeps the container; each in any order. */
static void test_close_order(void **state)
{
	struct fixture f;
	int device;

	(void)state;
	start(&f);
	device = model_get_device(f.m, f.group, "0000:00:05.0");
	assert_int_equal(map(&f, 0, 0x3000), 0);
	assert_int_equal(model_close(f.m, f.group), 0);
	assert_int_equal(count(&f), 1);
	assert_int_equal(model_open_group(f.m, 1), -EBUSY);
	assert_int_equal(model_close(f.m, f.container), 0);
	assert_int_equal(model_locked_pages(f.m), 3);
	assert_int_equal(model_close(f.m, device), 0);
	assert_int_equal(model_locked_pages(f.m), 0);
	assert_true(model_open_group(f.m, 1) > 0);
	finish(&f);
}

/* A container's windows shrink and grow with its groups; live mappings can keep one out. */
static void test_windows(void **state)
{
	struct fixture f;
	int second, third;

	(void)state;
	/* Up to 2^64 the kernel's check for mappings beyond a new end would wrap, and find none. */
	amd_host(&f.host);
	f.host.groups[0].aperture.last = f.host.groups[1].aperture.last = 0xffffffffffff;
	start_with(&f, VFIO_TYPE1v2_IOMMU);
	assert_int_equal(map(&f, 0x1800000, 0x1000), 0);
	assert_int_equal(model_attach(f.m, f.container, 2), -EINVAL);
	assert_int_equal(unmap(&f, 0x1800000, 0x1000), 0x1000);
	second = model_attach(f.m, f.container, 2);
	assert_true(second > 0);
	assert_int_equal(map(&f, 0x1800000, 0x1000), -EINVAL);
	assert_int_equal(map(&f, 0x4800000, 0x1000), 0); /* direct-relaxable */
	assert_int_equal(map(&f, 0x9000000000, 0x1000), 0);
	/* beyond what group 3's IOMMU can reach */
	assert_int_equal(model_attach(f.m, f.container, 3), -EINVAL);
	assert_int_equal(unmap(&f, 0x9000000000, 0x1000), 0x1000);
	third = model_attach(f.m, f.container, 3);
	assert_true(third > 0);
	assert_int_equal(map(&f, 0x9000000000, 0x1000), -EINVAL);
	assert_int_equal(model_detach(f.m, third), 0);
	assert_int_equal(map(&f, 0x9000000000, 0x1000), 0);
	assert_int_equal(model_detach(f.m, second), 0);
	assert_int_equal(map(&f, 0x1800000, 0x1000), 0);
	assert_int_equal(count(&f), 3);
	assert_int_equal(model_detach(f.m, f.group), 0);
	assert_int_equal(model_locked_pages(f.m), 0);
	finish(&f);
}

/* Mediated devices alone have no holes; VADDR updates are not for them. */
static void test_emulated(void **state)
{
	struct fixture f;
	int physical;

	(void)state;
	amd_host(&f.host);
	f.host.groups[0].emulated = true;
	start_with(&f, VFIO_TYPE1v2_IOMMU);
	assert_int_equal(map(&f, MSI_FIRST, 0x1000), 0);
	assert_int_equal(model_locked_pages(f.m), 0);
	assert_int_equal(unmap_flags(&f, VFIO_DMA_UNMAP_FLAG_VADDR, MSI_FIRST, 0x1000), -EBUSY);
	assert_int_equal(model_attach(f.m, f.container, 2), -EINVAL);
	assert_int_equal(unmap(&f, MSI_FIRST, 0x1000), 0x1000);
	assert_int_equal(map(&f, 0, 0x2000), 0);
	physical = model_attach(f.m, f.container, 2);
	assert_true(physical > 0);
	assert_int_equal(model_locked_pages(f.m), 2);
	assert_int_equal(model_detach(f.m, physical), 0);
	assert_int_equal(model_locked_pages(f.m), 0);
	assert_int_equal(count(&f), 1);
	finish(&f);
}

static void test_noiommu(void **state)
{
	struct fixture f;

	(void)state;
	amd_host(&f.host);
	f.host.groups[0].noiommu = true;
	f.host.groups[2].intremap = false;
	start_with(&f, VFIO_NOIOMMU_IOMMU);
	assert_int_equal(map(&f, 0, 0x1000), -ENOTTY);
	assert_int_equal(model_attach(f.m, f.container, 2), -EPERM);
	f.container = model_open_container(f.m);
	assert_true(model_attach(f.m, f.container, 3) > 0);
	assert_int_equal(model_set_iommu(f.m, f.container, VFIO_TYPE1_IOMMU), -EPERM);
	finish(&f);
}

static void test_faults(void **state)
{
	struct model_fault described = {MODEL_CALL_GET_INFO, 0, EIO};
	struct fixture f;

	(void)state;
	amd_host(&f.host);
	f.host.faults = &described;
	f.host.nr_faults = 1;
	start_with(&f, VFIO_TYPE1v2_IOMMU);
	assert_int_equal(model_fail(f.m, MODEL_CALL_MAP, 2, ENOMEM), 0);
	assert_int_equal(map(&f, 0, 0x1000), 0);
	assert_int_equal(map(&f, 0x1000, 0x1000), -ENOMEM);
	assert_int_equal(map(&f, 0x1000, 0x1000), 0);
	assert_int_equal(model_calls(f.m, MODEL_CALL_MAP), 3);
	assert_int_equal(model_ioctl(f.m, f.container, VFIO_IOMMU_GET_INFO, NULL), -EIO);
	assert_int_equal(model_ioctl(f.m, f.container, VFIO_IOMMU_GET_INFO, NULL), -EIO);
	model_clear_faults(f.m);
	assert_int_equal(model_ioctl(f.m, f.container, VFIO_IOMMU_GET_INFO, NULL), -EFAULT);
	assert_int_equal(model_fail(f.m, MODEL_CALL_OPEN_GROUP, 1, EMFILE), 0);
	assert_int_equal(model_open_group(f.m, 2), -EMFILE);
	f.host.faults = NULL;
	f.host.nr_faults = 0;
	finish(&f);
}

static void test_device(void **state)
{
	struct vfio_device_info info = {.argsz = sizeof(info)};
	struct vfio_region_info region = {.argsz = sizeof(region)};
	uint32_t all = UINT32_MAX, size;
	struct fixture f;
	int device;

	(void)state;
	amd_host(&f.host);
	f.host.groups[0].devices[0].bar[0] = (struct model_bar){.size = 0x4000};
	start_with(&f, VFIO_TYPE1v2_IOMMU);
	device = model_get_device(f.m, f.group, "0000:00:05.0");
	assert_int_equal(model_ioctl(f.m, device, VFIO_DEVICE_GET_INFO, &info), 0);
	assert_int_equal(info.num_regions, VFIO_PCI_NUM_REGIONS);
	assert_int_equal(model_ioctl(f.m, device, VFIO_DEVICE_GET_REGION_INFO, &region), 0);
	assert_int_equal(region.size, 0x4000);
	region.index = VFIO_PCI_VGA_REGION_INDEX;
	assert_int_equal(model_ioctl(f.m, device, VFIO_DEVICE_GET_REGION_INFO, &region), -EINVAL);
	/* the number that means MAP_DMA elsewhere */
	assert_int_equal(model_ioctl(f.m, device, VFIO_DEVICE_PCI_HOT_RESET, NULL), -ENODEV);
	assert_int_equal(model_config(f.m, device, true, 0x10, &all, 4), 4);
	assert_int_equal(model_config(f.m, device, false, 0x10, &size, 4), 4);
	assert_int_equal(size, 0xffffc000);
	assert_int_equal(model_ioctl(f.m, device, VFIO_DEVICE_RESET, NULL), 0);
	assert_int_equal(model_config(f.m, device, false, 0x10, &size, 4), 4);
	assert_int_equal(size, 0);
	assert_int_equal(model_config(f.m, device, false, 254, &size, 4), -EFAULT);
	finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_before_iommu),
		cmocka_unit_test(test_group),
		cmocka_unit_test(test_close_order),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_emulated),
		cmocka_unit_test(test_noiommu),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
