/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table for each VMM. What they say was read in their sources and documentation, or seen. */
#include "knowledge.h"

#define C(cause) (1u << CAUSE_##cause)
#define HOLES	 (C(RESERVED) | C(WIDTH) | C(POLICY))
#define RANGES	 (C(RESERVED) | C(POLICY))
#define END                                                                                        \
	{                                                                                          \
		0, 0, NULL, NULL, NULL, COST_NONE                                                  \
	}
/* Where the VMM has no words for it, or they are not known. */
#define LAYOUT_ABOVE                                                                               \
	{                                                                                          \
		RANGES, WHEN_RAM | WHEN_ABOVE | WHEN_LAYOUT, "layout", "RAM from {above} on",      \
			"the guest then needs {above_bits} physical address bits", COST_LAYOUT     \
	}
#define PEER_TO_PEER "only DMA from one passed-through device to another's BAR is lost"

static const struct remedy qemu_remedies[] = {
	/* x86_update_above_4g_mem_start(), hw/i386/pc.c, since 7.1 */
	{RANGES, WHEN_RAM | WHEN_X86 | WHEN_HYPER_TRANSPORT | WHEN_BOOT | WHEN_MOVES, "qemu",
		"-M {moved_machine} -cpu {moved_cpu}",
		"machine types from 7.1 on move RAM above 4 GiB to 0x10000000000 where the CPU "
		"model is AMD's",
		COST_MACHINE},
	{RANGES, WHEN_RAM | WHEN_X86 | WHEN_HYPER_TRANSPORT | WHEN_BOOT | WHEN_MOVES, "libvirt",
		"<type machine='{moved_machine}'>hvm</type> and in <cpu>, of an AMD model: "
		"<maxphysaddr mode='emulate' bits='{moved_bits}'/>",
		"", COST_MACHINE},
	{RANGES, WHEN_RAM | WHEN_X86 | WHEN_HYPER_TRANSPORT | WHEN_BOOT | WHEN_OLD, "qemu",
		"QEMU 7.1 or newer, with its machine type and an AMD CPU model",
		"this one is older: those move RAM above 4 GiB to 0x10000000000", COST_MACHINE},
	{HOLES, WHEN_RAM | WHEN_BOOT | WHEN_FITS, "qemu", "-m {fit_memory}{fit_backend}",
		"the most that fits below the hole", COST_LESS_MEMORY},
	{HOLES, WHEN_RAM | WHEN_BOOT | WHEN_FITS, "libvirt",
		"<memory unit='KiB'>{fit_kib}</memory>", "", COST_LESS_MEMORY},
	{RANGES, WHEN_RAM | WHEN_X86 | WHEN_BOOT | WHEN_FITS | WHEN_ABOVE, "qemu",
		"-m {fit_memory},maxmem={dimm_most},slots=1{fit_backend} -object {dimm_backend} "
		"-device pc-dimm,memdev=above,addr={above} -cpu {dimm_cpu}",
		"the rest as a DIMM above the hole; the guest has to bring it online", COST_LAYOUT},
	{RANGES, WHEN_RAM | WHEN_X86 | WHEN_DIMM | WHEN_ABOVE, "qemu", "-device {dimm_moved}",
		"the DIMM above the hole; maxmem= has to reach so far, and the CPU needs "
		"{above_bits} physical address bits",
		COST_LAYOUT},
	{RANGES, WHEN_RAM | WHEN_X86 | WHEN_ABOVE | WHEN_LAYOUT, "qemu",
		"-device pc-dimm,memdev=...,addr={above}",
		"RAM above the hole; with -cpu ...,phys-bits={above_bits}", COST_LAYOUT},
	{RANGES, WHEN_RAM | WHEN_X86 | WHEN_HYPER_TRANSPORT | WHEN_LAYOUT, "qemu",
		"-machine pc-q35-7.1 or newer, with an AMD CPU model",
		"QEMU 7.1 and newer then move boot RAM above it, not DIMMs with addr=",
		COST_MACHINE},
	{C(WIDTH), WHEN_BAR | WHEN_WIDTH | WHEN_HOST_CPU, "qemu",
		"-cpu {limit_cpu},host-phys-bits=on,host-phys-bits-limit={bits}",
		"firmware then keeps BARs within the IOMMU's width", COST_BITS},
	{C(WIDTH), WHEN_BAR | WHEN_WIDTH | WHEN_HOST_CPU, "libvirt",
		"<maxphysaddr mode='passthrough' limit='{bits}'/>", "in <cpu>", COST_BITS},
	{C(WIDTH), WHEN_BAR | WHEN_WIDTH | WHEN_OTHER_CPU, "qemu",
		"-cpu {limit_cpu},phys-bits={bits}",
		"firmware then keeps BARs within the IOMMU's width", COST_BITS},
	{C(WIDTH), WHEN_BAR | WHEN_WIDTH | WHEN_OTHER_CPU, "libvirt",
		"<maxphysaddr mode='emulate' bits='{bits}'/>", "in <cpu>", COST_BITS},
	{RANGES, WHEN_BAR | WHEN_X86, "qemu",
		"-global q35-pcihost.pci-hole64-size=32G, and for OVMF -fw_cfg "
		"name=opt/ovmf/X-PciMmio64Mb,string=32768",
		"a smaller window for 64-bit BARs can end below the hole", COST_LAYOUT},
	{C(MEMLOCK), WHEN_MEMLOCK, "libvirt",
		"<memtune><hard_limit unit='KiB'>{memlock_kib}</hard_limit></memtune>", "",
		COST_NONE},
	{C(UNPINNABLE), 0, "qemu", "-object memory-backend-memfd instead of memory-backend-file",
		"Linux 6.5 and newer do not pin a disk file's pages for a device", COST_NONE},
	END,
};

static const struct remedy cloud_hypervisor_remedies[] = {
	{C(WIDTH), WHEN_BAR | WHEN_WIDTH, "cloud-hypervisor", "--cpus max_phys_bits={bits}",
		"beside what --cpus has: BARs then keep within the IOMMU's width", COST_BITS},
	{HOLES, WHEN_BAR, "policy", "bar skip", "reports success to the VMM", COST_PEER_TO_PEER},
	{HOLES, WHEN_RAM | WHEN_BOOT | WHEN_FITS, "cloud-hypervisor", "--memory size={fit_memory}",
		"the most that fits below the hole", COST_LESS_MEMORY},
	LAYOUT_ABOVE,
	END,
};

static const struct remedy crosvm_remedies[] = {
	{HOLES, WHEN_BAR, "policy", "bar skip", "reports success to the VMM", COST_PEER_TO_PEER},
	{HOLES, WHEN_RAM | WHEN_BOOT | WHEN_FITS, "crosvm", "--mem {fit_mib}",
		"the most that fits below the hole, in MiB", COST_LESS_MEMORY},
	LAYOUT_ABOVE,
	END,
};

static const struct remedy kvmtool_remedies[] = {
	{HOLES, WHEN_RAM | WHEN_BOOT | WHEN_FITS, "kvmtool", "-m {fit_mib}",
		"the most that fits below the hole, in MiB", COST_LESS_MEMORY},
	LAYOUT_ABOVE,
	END,
};

/* IOVA = virtual address: 47 bits and more. SPDK's applications take EAL's options as well. */
static const struct remedy dpdk_remedies[] = {
	{C(WIDTH), WHEN_RAM, "dpdk", "--iova-mode=pa",
		"IOVAs are then physical addresses, which fit; needs root to read them", COST_NONE},
	{C(WIDTH), WHEN_RAM, "dpdk", "--base-virtaddr=0x100000000",
		"or virtual addresses from there on, which are the IOVAs", COST_NONE},
	{RANGES, WHEN_RAM, "dpdk", "--base-virtaddr=0x200000000",
		"virtual addresses, which are the IOVAs, elsewhere", COST_NONE},
	{C(ENTRIES), 0, "dpdk", "--single-file-segments, with huge pages of 1 GiB",
		"each page is a mapping otherwise", COST_NONE},
	END,
};

static const struct remedy any_remedies[] = {
	{HOLES, WHEN_BAR, "policy", "bar skip", "if the VMM ends here: reports success to it",
		COST_PEER_TO_PEER},
	LAYOUT_ABOVE,
	END,
};

static const char *const qemu[] = {"qemu-", NULL};
static const char *const cloud_hypervisor[] = {"cloud-hypervisor", NULL};
static const char *const crosvm[] = {"crosvm", NULL};
static const char *const kvmtool[] = {"lkvm", "kvmtool", NULL};
static const char *const dpdk[] = {
	"dpdk-", "testpmd", "l2fwd", "l3fwd", "pktgen", "vpp", "ovs-vswitchd", NULL};
static const char *const spdk[] = {"spdk_", "nvmf_tgt", "iscsi_tgt", "vhost", NULL};

const struct vmm_profile knowledge_vmms[] = {
	/* vfio_listener_region_add() */
	{.title = "QEMU",
		.programs = qemu,
		.ram = {EFFECT_FATAL, "fatal: QEMU does not start"},
		.ram_late = {EFFECT_FATAL, "fatal: the device is not added or, if it is memory "
					   "that is plugged in, QEMU aborts"},
		.viommu = {EFFECT_LOST, "QEMU goes on: the guest's request for this mapping is "
					"lost"},
		.bar = {EFFECT_HARMLESS, "harmless: " PEER_TO_PEER},
		.remedies = qemu_remedies},
	{.title = "Cloud Hypervisor",
		.programs = cloud_hypervisor,
		.ram = {EFFECT_FATAL, "fatal: Cloud Hypervisor does not start"},
		.ram_late = {EFFECT_FATAL, "fatal: what is plugged in is not"},
		.viommu = {EFFECT_LOST, "the guest's request for this mapping is lost"},
		.bar = {EFFECT_FATAL, "fatal for Cloud Hypervisor, though " PEER_TO_PEER},
		.remedies = cloud_hypervisor_remedies},
	{.title = "crosvm",
		.programs = crosvm,
		.ram = {EFFECT_FATAL, "fatal: crosvm does not start"},
		.ram_late = {EFFECT_FATAL, "fatal: what is plugged in is not"},
		.viommu = {EFFECT_LOST, "the guest's request for this mapping is lost"},
		.bar = {EFFECT_UNKNOWN, PEER_TO_PEER "; whether crosvm goes on is not known"},
		.remedies = crosvm_remedies},
	/* vfio__init() maps RAM banks alone */
	{.title = "kvmtool",
		.programs = kvmtool,
		.ram = {EFFECT_FATAL, "fatal: kvmtool does not start"},
		.ram_late = {EFFECT_FATAL, "fatal"},
		.viommu = {EFFECT_UNKNOWN, "what that means to kvmtool is not known"},
		.bar = {EFFECT_UNKNOWN, "what that means to kvmtool is not known"},
		.remedies = kvmtool_remedies},
	/* vfio_type1_dma_mem_map() */
	{.title = "DPDK",
		.programs = dpdk,
		.ram = {EFFECT_FATAL, "fatal: DPDK does not get its memory, or the device"},
		.ram_late = {EFFECT_FATAL, "fatal: DPDK does not get this memory"},
		.viommu = {EFFECT_UNKNOWN, "what that means to DPDK is not known"},
		.bar = {EFFECT_UNKNOWN, "what that means to DPDK is not known"},
		.overlap = {EFFECT_HARMLESS, "harmless: DPDK takes it for mapped already"},
		.remedies = dpdk_remedies},
	{.title = "SPDK",
		.programs = spdk,
		.ram = {EFFECT_LOST, "SPDK logs it and goes on: I/O to this memory will fail"},
		.ram_late = {EFFECT_LOST, "SPDK logs it and goes on: I/O to this memory will "
					  "fail"},
		.viommu = {EFFECT_UNKNOWN, "what that means to SPDK is not known"},
		.bar = {EFFECT_LOST, "SPDK logs it and goes on: DMA to this BAR will fail"},
		.remedies = dpdk_remedies},
	{.title = "this program",
		.ram = {EFFECT_UNKNOWN, "what that means to this program is not known"},
		.ram_late = {EFFECT_UNKNOWN, "what that means to this program is not known"},
		.viommu = {EFFECT_UNKNOWN, "what that means to this program is not known"},
		.bar = {EFFECT_UNKNOWN, PEER_TO_PEER ", if the program goes on"},
		.remedies = any_remedies},
};
