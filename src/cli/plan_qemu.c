// SPDX-License-Identifier: GPL-2.0-or-later
/* QEMU: what of its command line reaches out of a rehearsal, what to ask it, what could be changed.
 */
#include "plan_vmm.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const struct rewrite rewrites[] = {
	/* Disks. Firmware runs from a copy of its flash; the guest's own images are never opened. */
	{"drive", COPY_PROPERTY, NULL, "if", "pflash", NULL, "file", NULL},
	{"drive", CHANGE, NULL, NULL, NULL, "if,id,index,bus,unit,media,readonly", "driver=null-co,size=1073741824", "disk images"},
	{"pflash", COPY, NULL, NULL, NULL, NULL, NULL, NULL},
	{"blockdev", CHANGE, NULL, NULL, NULL, "driver,node-name,read-only", "driver=null-co,size=1073741824", "disk images"},
	{"hda", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "disk images"},
	{"hdb", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "disk images"},
	{"hdc", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "disk images"},
	{"hdd", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "disk images"},
	{"cdrom", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "disk images"},
	{"fda", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "disk images"},
	{"fdb", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "disk images"},
	{"sd", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "disk images"},
	{"mtdblock", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "disk images"},
	{"snapshot", LEAVE_OUT_FLAG, NULL, NULL, NULL, NULL, NULL, NULL},
	{"loadvm", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "a saved state"},
	{"virtfs", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "shared directories"},
	{"fsdev", CHANGE, "fsdriver", NULL, NULL, "fsdriver,id", "fsdriver=synth", "shared directories"},
	/* Networks. */
	{"netdev", CHANGE, "type", NULL, NULL, "type,id", "type=hubport,hubid=0", "networks"},
	{"nic", CHANGE, "type", "type", "[!n]* netmap", "type,model,mac,id", "type=user", "networks"},
	{"net", LEAVE_OUT, "type", "type", "tap bridge socket stream dgram vde l2tpv3 netmap vhost* af-xdp passt", NULL, NULL, "networks"},
	/* Sockets, pipes, files and terminals. */
	{"chardev", CHANGE, "backend", NULL, NULL, "backend,id", "backend=null", "character devices"},
	{"serial", REPLACE, NULL, NULL, NULL, NULL, "null", "character devices"},
	{"parallel", REPLACE, NULL, NULL, NULL, NULL, "null", "character devices"},
	{"debugcon", REPLACE, NULL, NULL, NULL, NULL, "null", "character devices"},
	{"monitor", REPLACE, NULL, NULL, NULL, NULL, "none", "monitors"},
	{"qmp", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "monitors"},
	{"qmp-pretty", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "monitors"},
	{"gdb", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "monitors"},
	{"s", LEAVE_OUT_FLAG, NULL, NULL, NULL, NULL, NULL, "monitors"},
	{"add-fd", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "descriptors"},
	{"incoming", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "the incoming migration"},
	{"vnc", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "displays"},
	{"spice", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "displays"},
	{"display", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, NULL},
	{"nographic", LEAVE_OUT_FLAG, NULL, NULL, NULL, NULL, NULL, NULL},
	{"curses", LEAVE_OUT_FLAG, NULL, NULL, NULL, NULL, NULL, NULL},
	{"sdl", LEAVE_OUT_FLAG, NULL, NULL, NULL, NULL, NULL, NULL},
	{"full-screen", LEAVE_OUT_FLAG, NULL, NULL, NULL, NULL, NULL, NULL},
	{"audiodev", CHANGE, "driver", NULL, NULL, "driver,id", "driver=none", "sound"},
	{"audio", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "sound"},
	{"tpmdev", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "the TPM"},
	{"usbdevice", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "USB devices"},
	/* Files that QEMU writes, and what it does to itself. */
	{"pidfile", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "the pid file"},
	{"daemonize", LEAVE_OUT_FLAG, NULL, NULL, NULL, NULL, NULL, NULL},
	{"runas", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, NULL},
	{"chroot", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, NULL},
	{"run-with", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, NULL},
	{"D", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "logs"},
	{"d", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "logs"},
	{"trace", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "logs"},
	{"T", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "logs"},
	{"plugin", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "plugins"},
	{"writeconfig", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, NULL},
	{"dump-vmstate", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, NULL},
	{"semihosting", LEAVE_OUT_FLAG, NULL, NULL, NULL, NULL, NULL, "semihosting"},
	{"semihosting-config", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "semihosting"},
	{"preconfig", LEAVE_OUT_FLAG, NULL, NULL, NULL, NULL, NULL, NULL},
	{"S", LEAVE_OUT_FLAG, NULL, NULL, NULL, NULL, NULL, NULL},
	/* Guest memory keeps its size and place; where it comes from is not the matter here. Shared
	 * memory that nobody uses takes iovashim long to prove unused if it has no privileges. */
	{"mem-path", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "the memory's files"},
	{"mem-prealloc", LEAVE_OUT_FLAG, NULL, NULL, NULL, NULL, NULL, "preallocation"},
	{"overcommit", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "memory locking"},
	{"realtime", LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, "memory locking"},
	{"object", CHANGE, "qom-type", "qom-type", "memory-backend-file memory-backend-memfd memory-backend-ram memory-backend-shm",
		"qom-type,id,size,align,x-use-canonical-path-for-ramblock-id", "qom-type=memory-backend-ram", NULL},
	{"object", CHANGE, "qom-type", "qom-type", "rng-*", "qom-type,id", "qom-type=rng-builtin", NULL},
	{"object", LEAVE_OUT, "qom-type", "qom-type", "filter-* colo-* can-host* cryptodev-* input-linux dbus-*", NULL, NULL, "objects that reach out"},
	{"object", LEAVE_OUT, "qom-type", "qom-type", "secret* tls-*", NULL, NULL, "secrets"},
	{"object", LEAVE_OUT, "qom-type", "qom-type", "sev-* tdx-* s390-pv-*", NULL, NULL, "memory encryption"},
	/* Devices that need another process, or hardware that is not rehearsed. */
	{"device", LEAVE_OUT, "driver", "driver", "vhost-* *-vhost-* virtio-crypto* ivshmem-doorbell", NULL, NULL, "vhost devices"},
	{"device", LEAVE_OUT, "driver", "driver", "usb-host usb-redir ccid-card-* u2f-*", NULL, NULL, "USB devices"},
	{"device", LEAVE_OUT, "driver", "driver", "tpm-*", NULL, NULL, "the TPM"},
	{"device", LEAVE_OUT, "driver", "driver", "scsi-block scsi-generic", NULL, NULL, "disk images"},
	{"device", LEAVE_OUT, "driver", "driver", "virtio-gpu-gl* virtio-vga-gl*", NULL, NULL, "displays"},
	{NULL, LEAVE_OUT, NULL, NULL, NULL, NULL, NULL, NULL},
};
/* clang-format on */

static const char *const rehearsing[] = {"-S", "-display", "none", "-chardev",
	"socket,id=iovashim-plan,fd=3", "-mon", "chardev=iovashim-plan,mode=control", NULL};
_Static_assert(QMP_FD == 3, "the words above have it");

static const char *const probe[] = {"-M", "none", "-nodefaults", NULL};

static const struct question probe_questions[] = {
	{"version", "query-version", NULL},
	{"machines", "query-machines", NULL},
	{NULL, NULL, NULL},
};

#define WINDOW(host, side) "{\"path\":\"/machine/" host "\",\"property\":\"pci-hole64-" side "\"}"

static const struct question questions[] = {
	{"target", "query-target", NULL},
	{"memory", "query-memory-size-summary", NULL},
	{"dimms", "query-memory-devices", NULL},
	{"devices", "hmp", "info qtree"},
	{"machine", "qom-get", "{\"path\":\"/machine\",\"property\":\"type\"}"},
	/* Where the machine has room for 64-bit BARs; one of the two has an answer. */
	{"q35-window", "qom-get", WINDOW("q35", "start")},
	{"q35-window-end", "qom-get", WINDOW("q35", "end")},
	{"i440fx-window", "qom-get", WINDOW("i440fx", "start")},
	{"i440fx-window-end", "qom-get", WINDOW("i440fx", "end")},
	{NULL, NULL, NULL},
};

static const struct complaint complaints[] = {
	{"*phys-bits too low*", TOO_FEW_BITS},
	{"*Addressing limited to * bits, but memory exceeds it*", TOO_FEW_BITS},
	{NULL, 0},
};

#define GUEST_SEES                                                                                 \
	"another machine for the guest's eyes: it cannot migrate from one to the other while it "  \
	"runs, and Windows may want to be activated again"

static const struct candidate candidates[] = {
	{"longer physical addresses", TOO_FEW_BITS,
		"the guest's memory ends beyond its CPU's physical addresses",
		"hosts that it migrates to must have as many", false,
		{{SET_PROPERTY, "cpu", "model", "${bits-property}", "${bits}"}}},
	{"machine type", RAM_IN_HOLE | BAR_IN_HOLE,
		"newer machine types move memory above the hole for AMD CPUs", GUEST_SEES, false,
		{{SET_PROPERTY, "machine", "type", "type", "${newest-machine}"}}},
	{"DIMM moved", DIMM_IN_HOLE, "the DIMM goes to the first address behind the hole",
		"the guest finds the DIMM elsewhere; the same on both sides of a migration", false,
		{{SET_DIMM, "device", "driver", "addr", "${above}"}}},
	{"DIMM moved, more room", DIMM_IN_HOLE,
		"the DIMM goes behind the hole; maxmem makes the room reach there",
		"the guest finds the DIMM elsewhere; the same on both sides of a migration", false,
		{{SET_DIMM, "device", "driver", "addr", "${above}"},
			{SET_PROPERTY, "m", "size", "maxmem", "${maxmem}"}}},
	{"DIMM above the hole", RAM_IN_HOLE,
		"RAM ends below the hole; the rest is a DIMM behind it",
		"the guest must have a driver for DIMMs (Linux 3.9, Windows Server 2008); the same "
		"on both sides of a migration",
		false,
		{{SET_MEMORY, "m", "size", "size", "${fits}"},
			{SET_PROPERTY, "m", "size", "maxmem", "${maxmem}"},
			{SET_PROPERTY, "m", "size", "slots", "${slots}"},
			{ADD_OPTION, "object", NULL, NULL,
				"memory-backend-ram,id=above-hole,size=${rest}"},
			{ADD_OPTION, "device", NULL, NULL,
				"pc-dimm,id=dimm-above-hole,memdev=above-hole,addr=${above}"}}},
	{"physical bits limited", RAM_BEYOND | BAR_BEYOND,
		"the guest's physical addresses are as long as the IOMMU's, so that firmware puts "
		"no "
		"BAR beyond them",
		"the guest sees a CPU with shorter addresses; the same on both sides of a "
		"migration",
		false, {{SET_PROPERTY, "cpu", "model", "${limit-property}", "${iommu-bits}"}}},
	{"smaller 64-bit PCI window", TOO_FEW_BITS | BAR_IN_HOLE | BAR_BEYOND,
		"the room for BARs above memory ends earlier", GUEST_SEES, false,
		{{ADD_OPTION, "global", NULL, NULL, "${pci-host}.pci-hole64-size=2G"}}},
	{"room for DIMMs up to the hole's end", BAR_IN_HOLE,
		"firmware puts BARs behind the room for DIMMs, and that behind the hole",
		"the guest sees slots for DIMMs; the same on both sides of a migration", false,
		{{SET_PROPERTY, "m", "size", "maxmem", "${maxmem}"},
			{SET_PROPERTY, "m", "size", "slots", "${slots}"}}},
	{"less memory", RAM_IN_HOLE | RAM_BEYOND, "the most that ends below", "less memory", true,
		{{SET_MEMORY, "m", "size", "size", "${most}"}}},
	{NULL, 0, NULL, NULL, false, {{STEP_END, NULL, NULL, NULL, NULL}}},
};

static bool wants_kvm(const char *accelerator)
{
	return matches_one("kvm* hvf* xen* whpx* nvmm*", accelerator);
}

/* Takes the accelerator out of the arguments. True if one was asked for that is not emulation. */
static bool take_accelerator(struct args *args)
{
	bool taken = false;
	size_t at;

	for (at = 1; at < args->n; at++) {
		if (!args_is_option(args->at[at], "enable-kvm"))
			continue;
		args_remove(args, at--, 1);
		taken = true;
	}
	while ((at = args_find(args, "accel", 0)) < args->n) {
		taken = taken || wants_kvm(args->at[at + 1]);
		args_remove(args, at, 2);
	}
	for (const char *const *name = (const char *const[]){"machine", "M", NULL}; *name; name++) {
		for (size_t nth = 0; (at = args_find(args, *name, nth)) < args->n; nth++) {
			struct properties p = properties_parse(args->at[at + 1], "type");
			const char *accel = properties_get(&p, "accel");
			char *text;

			taken = taken || (accel && wants_kvm(accel));
			properties_remove(&p, "accel");
			properties_remove(&p, "confidential-guest-support");
			properties_remove(&p, "memory-encryption");
			text = properties_text(&p);
			/* Of "-machine accel=kvm" nothing is left: a machine's name it has none. */
			if (*text)
				args_set(args, at + 1, text);
			else
				args_remove(args, at, 2);
			free(text);
			properties_free(&p);
		}
	}
	return taken;
}

/* Of an option given more than once QEMU heeds the last: leaves out the others. Returns where it
 * is, or args->n. */
static size_t only_the_last(struct args *args, const char *option)
{
	while (args_find(args, option, 1) < args->n)
		args_remove(args, args_find(args, option, 0), 2);
	return args_find(args, option, 0);
}

/* With KVM a guest's CPU has the host's vendor, and of models that ask for it the host's physical
 * bits; emulation would give it its own. */
static void emulate_cpu(struct args *args, const struct host_cpu *cpu)
{
	size_t at = only_the_last(args, "cpu");
	struct properties p =
		properties_parse(at < args->n ? args->at[at + 1] : cpu->model, "model");
	const char *model = properties_get(&p, "model"),
		   *limit = properties_get(&p, "host-phys-bits-limit");
	const char *own = properties_get(&p, "host-phys-bits");
	bool host = model && !strcmp(model, "host");
	unsigned int bits = cpu->bits;
	char *text;

	if (at == args->n) {
		args_add(args, "-cpu");
		args_add(args, "");
	}
	if (limit && strtoul(limit, NULL, 0) && (!bits || strtoul(limit, NULL, 0) < bits))
		bits = (unsigned int)strtoul(limit, NULL, 0);
	/* These win over a phys-bits, of which QEMU only warns. */
	if (bits && (own ? !strcmp(own, "on") || !strcmp(own, "true") : host)) {
		char *number = plan_format("%u", bits);

		properties_set(&p, "phys-bits", number);
		free(number);
	}
	if (host)
		properties_set(&p, "model", "max");
	properties_remove(&p, "host-phys-bits");
	properties_remove(&p, "host-phys-bits-limit");
	properties_remove(&p, "migratable");
	if (*cpu->vendor && !properties_get(&p, "vendor"))
		properties_set(&p, "vendor", cpu->vendor);
	text = properties_text(&p);
	args_set(args, at + 1, text);
	free(text);
	properties_free(&p);
}

static void substitute(struct args *args, const struct host_cpu *cpu, json_t *told)
{
	const char *slash = strrchr(args->at[0], '/');
	bool kvm = take_accelerator(args),
	     known = args_find(args, "cpu", 0) < args->n || cpu->model;

	if (kvm && known &&
		matches_one("qemu-system-x86_64 qemu-system-i386 qemu-kvm kvm",
			slash ? slash + 1 : args->at[0]))
		emulate_cpu(args, cpu);
	if (kvm)
		tell(told,
			"KVM (emulation stands in, with the host's CPU vendor and physical bits)");
	args_add(args, "-accel");
	args_add(args, "tcg");
}

const struct plan_vmm vmm_qemu = {
	.name = "QEMU",
	.files = "qemu-system-* qemu-kvm kvm",
	.monitor = true,
	.rehearsing = rehearsing,
	.probe = probe,
	.probe_questions = probe_questions,
	.questions = questions,
	.rewrites = rewrites,
	.candidates = candidates,
	.complaints = complaints,
	.take_flash = take_flash,
	.substitute = substitute,
};
