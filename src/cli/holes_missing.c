/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host that passes no devices through as it is: why, and the mend. */
#include "holes.h"
#include "host_facts.h"

#ifdef __x86_64__
#include <cpuid.h>
#endif
#include <errno.h>
#include <string.h>

static bool exists(const struct holes_tree *tree, const char *path)
{
	return tree->exists(tree->context, path);
}

bool holes_has_vfio(const struct holes_tree *tree)
{
	/* A copy may be of the groups alone. */
	if (!exists(tree, "module"))
		return true;
	/* Those with parameters show here even when they are built in. */
	return exists(tree, "module/vfio") || exists(tree, "module/vfio_pci") ||
	       exists(tree, "module/vfio_iommu_type1");
}

static const char *switched_off(const char *cmdline)
{
	static const char *const words[] = {"iommu=off", "intel_iommu=off", "amd_iommu=off"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (holes_has_word(cmdline, words[i]))
			return words[i];
	return NULL;
}

/* Says a hypervisor of the processor that it gives to its guests. */
static bool is_guest(void)
{
#ifdef __x86_64__
	unsigned int eax, ebx, ecx, edx;

	return __get_cpuid(1, &eax, &ebx, &ecx, &edx) && ecx >> 31;
#else
	return false;
#endif
}

static const char *firmware_mend(const struct holes_tree *tree)
{
	struct host_kernel own = {.vendor = ""};

	if (!tree->saved)
		host_kernel_read(&own);
	if (!tree->saved && is_guest())
		return "this is a virtual machine, and its own VMM gives it no IOMMU (QEMU does by "
		       "-device intel-iommu or -device amd-iommu)";
	if (!strcmp(own.vendor, "GenuineIntel"))
		return "switch VT-d on in the firmware's setup and boot with intel_iommu=on";
	if (!strcmp(own.vendor, "AuthenticAMD") || !strcmp(own.vendor, "HygonGenuine"))
		return "switch the IOMMU (AMD-Vi) on in the firmware's setup";
	return "switch the IOMMU on in the firmware's setup (VT-d, AMD-Vi, SMMU); on Intel, boot "
	       "with intel_iommu=on too";
}

void holes_explain_none(const struct holes_tree *tree, struct holes_error *error)
{
	char cmdline[4096];
	const char *off;

	if (tree->saved && !exists(tree, "kernel/iommu_groups")) {
		holes_fail(error,
			"no kernel/iommu_groups in %s: it has to hold what /sys holds, saved as "
			"iovashim-holes(1) says",
			tree->name);
		return;
	}
	holes_read_cmdline(tree, cmdline, sizeof(cmdline));
	off = switched_off(cmdline);
	if (off)
		holes_fail(
			error, "no IOMMU groups: the kernel was booted with %s: boot without", off);
	else if (exists(tree, "firmware/acpi/tables/DMAR"))
		holes_fail(error,
			"no IOMMU groups: the firmware has VT-d switched on, the kernel does not "
			"use it: boot with intel_iommu=on");
	else if (exists(tree, "firmware/acpi/tables/IVRS"))
		holes_fail(error,
			"no IOMMU groups: the firmware has AMD-Vi switched on, the kernel does not "
			"use it: boot with amd_iommu=on, and see dmesg for AMD-Vi");
	else if (!exists(tree, "kernel/iommu_groups"))
		holes_fail(error,
			"no %s/kernel/iommu_groups: is sysfs mounted, and has this kernel "
			"IOMMU support (CONFIG_IOMMU_API)?",
			tree->name);
	else
		holes_fail(error, "no IOMMU groups: %s", firmware_mend(tree));
}
