/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of every VMM alike, and how its own table is found. */
#include "knowledge.h"

#include <string.h>

#define C(cause) (1u << CAUSE_##cause)
#define HOLES	 (C(RESERVED) | C(WIDTH) | C(POLICY))
#define OWN_BUGS (C(ARGSZ) | C(FLAGS) | C(SIZE) | C(WRAP) | C(LIVE_UPDATE))

static const char *const costs[COSTS] = {
	[COST_NONE] = "",
	[COST_LESS_MEMORY] = "the guest has less memory; where it migrates to it needs the same",
	[COST_LAYOUT] = "RAM is elsewhere in the guest: shut it down for that, and change it "
			"alike wherever it migrates to",
	[COST_MACHINE] = "other virtual hardware and another layout: shut the guest down for "
			 "that; Windows may want to be activated again; neither saved states "
			 "nor a migration from the old machine type carry over",
	[COST_BITS] = "the guest sees another number of physical address bits: shut it down for "
		      "that, and set it alike wherever it migrates to",
	[COST_PEER_TO_PEER] = "DMA from one passed-through device to another's BAR is lost; "
			      "nothing else changes",
	[COST_HOLE] = "devices do not reach what lies in the hole; the guest has to be told of it",
	[COST_UNREACHABLE] = "devices reach none of this memory; the guest has to be told",
};

const char *knowledge_cost(enum cost cost)
{
	return costs[cost];
}

const struct remedy knowledge_common[] = {
	{HOLES, WHEN_RAM | WHEN_CROSSES | WHEN_ASKED, "iovashim", "IOVASHIM_MODE=split",
		"maps it around the hole, guarded; it is the policy, or IOVASHIM_MODE, that says "
		"otherwise",
		COST_HOLE},
	{HOLES, WHEN_RAM | WHEN_INSIDE, "policy", "inside skip",
		"starts without this RAM being within the devices' reach", COST_UNREACHABLE},
	{HOLES, WHEN_RAM | WHEN_FITS | WHEN_LAYOUT, "layout",
		"less RAM: at most {fit} from {ram} on", "", COST_LESS_MEMORY},
	{C(WIDTH), 0, "outer-host", "-device intel-iommu,aw-bits=48",
		"if this host is itself a guest of QEMU: 39 bits are what its IOMMU has unless "
		"told otherwise",
		COST_NONE},
	{C(MEMLOCK), 0, "host", "ulimit -l {memlock_kib}",
		"or unlimited, in the shell or unit (LimitMEMLOCK=) that starts the VMM; VFIO "
		"locks all guest RAM",
		COST_NONE},
	{C(MEMORY), 0, "host", "more free memory, or fewer huge pages set aside",
		"RLIMIT_MEMLOCK is not what ran out: it was the kernel's memory, or a memory "
		"cgroup's (memory.max)",
		COST_NONE},
	{C(ENTRIES), 0, "host",
		"echo {entries} >/sys/module/vfio_iommu_type1/parameters/dma_entry_limit",
		"for containers that are opened later; for good: options vfio_iommu_type1 "
		"dma_entry_limit={entries} in /etc/modprobe.d",
		COST_NONE},
	{C(NO_IOMMU), 0, "program", "call VFIO_SET_IOMMU before VFIO_IOMMU_MAP_DMA",
		"the container has no IOMMU yet, or its last group has left", COST_NONE},
	{OWN_BUGS, 0, "program", "mend the request",
		"it is wrong in itself: a bug of the program, or a kernel older than it expects",
		COST_NONE},
	{C(MISALIGNED), 0, "program", "align {misaligned} to {page}",
		"that is the IOMMU's smallest page", COST_NONE},
	{C(OVERLAP), 0, "program", "unmap what is there first", "", COST_NONE},
	{C(GUARDED), 0, "program", "map this memory at the same IOVA as before",
		"it is guarded, since it lies in a hole of another mapping", COST_NONE},
	{C(UNMAPPED) | C(ACCESS), 0, "program",
		"have memory there, with the access that is asked for", "", COST_NONE},
	{C(UNPINNABLE), 0, "program", "memory that is anonymous, or of memfd, tmpfs or hugetlbfs",
		"Linux 6.5 and newer do not pin a disk file's pages for a device", COST_NONE},
	{C(NO_TYPE1), 0, "host", "turn the IOMMU on",
		"in the firmware, and intel_iommu=on on Intel hosts; without one (noiommu) there "
		"is no mapping",
		COST_NONE},
	{C(UNKNOWN), 0, "host", "dmesg | grep -i -e vfio -e iommu",
		"what the kernel itself may have said of it", COST_NONE},
	{0, 0, NULL, NULL, NULL, COST_NONE},
};

static bool begins(const char *name, const char *const *programs)
{
	for (; *programs; programs++)
		if (!strncmp(name, *programs, strlen(*programs)))
			return true;
	return false;
}

const struct vmm_profile *knowledge_find(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const struct vmm_profile *profile = knowledge_vmms;

	while (profile->programs && !begins(name, profile->programs))
		profile++;
	return profile;
}

struct outcome knowledge_outcome(const struct vmm_profile *profile, enum cause cause,
	enum memory_kind memory, bool guest_ran)
{
	const struct outcome *ram = guest_ran ? &profile->ram_late : &profile->ram;

	if (cause == CAUSE_OVERLAP && profile->overlap.effect != EFFECT_NONE)
		return profile->overlap;
	switch (memory) {
	case MEMORY_BAR:
		return profile->bar;
	case MEMORY_TRANSLATED:
		return profile->viommu;
	case MEMORY_UNKNOWN:
		if (profile->bar.effect != ram->effect)
			return (struct outcome){EFFECT_UNKNOWN,
				"whether it is RAM or a device's BAR, and so whether it matters, "
				"cannot be told here"};
		break;
	case MEMORY_RAM:
		break;
	}
	return *ram;
}

const char *knowledge_effect(enum effect effect)
{
	static const char *const effects[] = {[EFFECT_NONE] = "none",
		[EFFECT_HARMLESS] = "harmless",
		[EFFECT_LOST] = "lost",
		[EFFECT_FATAL] = "fatal",
		[EFFECT_UNKNOWN] = "unknown"};

	return effects[effect];
}
