/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How wide an IOMMU is, from what its driver shows in sysfs. Pure. */
#include "holes.h"

#include <string.h>

#define KERNEL(major, minor) ((unsigned int)(major) << 16 | (minor))

/* Widths that VT-d has page tables for, by their bit in SAGAW; Linux uses those up to 57 bits. */
static const unsigned int table_widths[] = {30, 39, 48, 57};

/* The widest of the page tables in @sagaw, as __iommu_calculate_agaw() chooses; 0 if none. */
static unsigned int widest(unsigned int sagaw)
{
	for (unsigned int i = 4; i-- > 0;)
		if (sagaw >> i & 1)
			return table_widths[i];
	return 0;
}

static void set_width(struct holes_aperture *aperture, unsigned int bits, const char *how)
{
	aperture->known = true;
	aperture->range = (struct range){0, bits < 64 ? (1ull << bits) - 1 : UINT64_MAX};
	snprintf(aperture->how, sizeof(aperture->how), "%s", how);
}

struct widths {
	unsigned int least, most;
};

static void consider(struct widths *widths, unsigned int tables, unsigned int mgaw, bool first)
{
	unsigned int bits = tables < mgaw ? tables : mgaw;

	/* First-level tables want canonical addresses: the kernel leaves the top bit alone. */
	bits -= first && bits;
	if (!bits)
		return;
	if (!widths->most || bits < widths->least)
		widths->least = bits;
	if (bits > widths->most)
		widths->most = bits;
}

/* prepare_domain_attach_device() and paging_domain_alloc() in drivers/iommu/intel/iommu.c: the
 * smaller of the page tables' width and MGAW. With scalable mode, which sysfs does not show,
 * the tables are those that both levels have; kernels after 6.12 may take the first level. */
void holes_width_intel(struct holes_aperture *aperture, uint64_t cap, uint64_t ecap,
	unsigned int kernel, const char *cmdline)
{
	unsigned int mgaw = (unsigned int)(cap >> 16 & 0x3f) + 1, second = cap >> 8 & 0x1f;
	unsigned int first = 1u << 2 | (cap >> 60 & 1) << 3;
	bool flts = ecap >> 47 & 1, slts = ecap >> 46 & 1, smts = ecap >> 43 & 1;
	struct widths widths = {0, 0};

	if (!smts || !flts || !holes_has_word(cmdline, "intel_iommu=sm_on"))
		consider(&widths, widest(second), mgaw, false);
	if (smts && flts && !holes_has_word(cmdline, "intel_iommu=sm_off")) {
		if (slts)
			consider(&widths, widest(first & second), mgaw, false);
		if (!slts || kernel > KERNEL(6, 12) || !kernel)
			consider(
				&widths, slts ? widest(first & second) : widest(first), mgaw, true);
	}
	if (!widths.most)
		snprintf(aperture->how, sizeof(aperture->how),
			"its VT-d unit's registers name no width");
	else if (widths.least != widths.most)
		snprintf(aperture->how, sizeof(aperture->how),
			"VT-d registers: %u to %u bits, by scalable mode", widths.least,
			widths.most);
	else
		set_width(aperture, widths.most, "VT-d registers");
}

/* dma_max_address() in drivers/iommu/amd/iommu.c: all 64 bits with v1 page tables, the default.
 * Later kernels go by what the hardware says of its levels, and not all in the same way. */
void holes_width_amd(struct holes_aperture *aperture, unsigned int kernel, const char *cmdline)
{
	if (!kernel || kernel > KERNEL(6, 12))
		snprintf(aperture->how, sizeof(aperture->how),
			"AMD-Vi's width shows in sysfs up to Linux 6.12 only");
	else if (holes_has_word(cmdline, "amd_iommu=pgtbl_v2"))
		snprintf(aperture->how, sizeof(aperture->how),
			"amd_iommu=pgtbl_v2 makes it 47 bits or more");
	else
		set_width(aperture, 64, "AMD-Vi, v1 page tables");
}
