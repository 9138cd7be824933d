/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arithmetic of advice: which remedies of the tables can be offered, and their numbers. */
#include "advice_case.h"

#include <string.h>

/* AMD I/O Virtualization Technology (IOMMU) Specification, section 2.1.2. */
static const struct range hyper_transport = {0xfd00000000, 0xffffffffff};
static const uint64_t mib = 1ULL << 20, gib = 1ULL << 30, four_gib = 4ULL << 30,
		      one_tib = 1ULL << 40;

static const char *name_of(const struct advice *advice)
{
	const char *slash = strrchr(advice->vmm, '/');

	return slash ? slash + 1 : advice->vmm;
}

static bool is_qemu(const struct advice *advice)
{
	return !strncmp(name_of(advice), "qemu-", 5);
}

bool advice_is_arm(const struct advice *advice)
{
	return strstr(name_of(advice), "aarch64") || strstr(name_of(advice), "-arm");
}

static bool is_x86(const struct advice *advice)
{
	static const char *const others[] = {
		"aarch64", "-arm", "riscv", "ppc", "s390", "mips", "loongarch", "sparc"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strstr(name_of(advice), others[i]))
			return false;
	return true;
}

/* On a PC, boot RAM above 4 GiB begins there, or at 1 TiB where QEMU 7.1 put it. What begins
 * elsewhere is a DIMM, or boot RAM of another NUMA node: the mapping does not tell which. */
bool advice_may_be_dimm(const struct advice *advice)
{
	return is_qemu(advice) && !advice_is_arm(advice) && advice->ram.first > four_gib &&
	       advice->ram.first != one_tib;
}

bool advice_is_amd_model(struct vmm_word cpu)
{
	static const char *const models[] = {
		"EPYC", "Opteron", "athlon", "phenom", "qemu64", "qemu32", "host", "max"};

	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
		if (vmm_word_begins(cpu, models[i]))
			return true;
	return !cpu.at; /* qemu64 */
}

/* "pc-q35-7.0": false for names without a version, which stand for the newest, and for those of
 * distributions. */
static bool is_old_machine(struct vmm_word machine)
{
	unsigned int major = 0, minor = 0;
	size_t at;

	if (vmm_word_begins(machine, "pc-q35-"))
		at = strlen("pc-q35-");
	else if (vmm_word_begins(machine, "pc-i440fx-"))
		at = strlen("pc-i440fx-");
	else
		return false;
	for (; at < machine.length && machine.at[at] >= '0' && machine.at[at] <= '9'; at++)
		major = major * 10 + (unsigned int)(machine.at[at] - '0');
	if (at + 1 < machine.length && machine.at[at] == '.')
		minor = (unsigned int)(machine.at[at + 1] - '0');
	return major && (major < 7 || (major == 7 && !minor));
}

static bool is_pc(struct vmm_word machine)
{
	return !machine.at || vmm_word_is(machine, "q35") || vmm_word_is(machine, "pc") ||
	       is_old_machine(machine) || vmm_word_begins(machine, "pc-q35-") ||
	       vmm_word_begins(machine, "pc-i440fx-");
}

static uint64_t align_up(uint64_t value, uint64_t to)
{
	return (value + to - 1) & ~(to - 1);
}

/* The 64-bit PCI window of the machine follows all memory, and QEMU checks its end as well
 * (pc_max_used_gpa()): 32 GiB of it on q35. */
static unsigned int bits_with_window(uint64_t end)
{
	return diagnosis_bits(align_up(end, gib) + 33 * gib - 1);
}

/* What the command line's memory option gives, as against DIMMs; and at the top of it, so that less
 * memory shortens this mapping. */
static bool is_boot_ram(const struct advice *advice)
{
	uint64_t size = range_size(advice->ram);

	if (!advice->args || !advice->args->memory || size > advice->args->memory ||
		advice_may_be_dimm(advice))
		return false;
	return advice->ram.first || size == advice->args->memory ||
	       !(is_qemu(advice) && is_x86(advice));
}

static void fit_boot_ram(struct advice_case *c)
{
	const struct advice *advice = c->advice;
	uint64_t memory = advice->args->memory, rest = advice->ram.last + 1 - advice->hole.first;

	if (!c->fit || rest >= memory)
		return;
	c->fit_memory = (memory - rest) & ~(mib - 1);
	rest = memory - c->fit_memory;
	if (!c->above)
		return;
	c->most = c->fit_memory + align_up(c->above + rest - advice->hole.first, gib);
	c->dimm_bits = bits_with_window(c->above + rest + gib);
}

static void consider_move(struct advice_case *c)
{
	const struct vmm_args *args = c->advice->args;
	unsigned int version = c->advice->version;
	uint64_t plugged = args->most_memory > args->memory ? args->most_memory - args->memory : 0;
	bool old = is_old_machine(args->machine);

	if (!is_qemu(c->advice) || !is_pc(args->machine))
		return;
	c->moved_bits = bits_with_window(one_tib + range_size(c->advice->ram) + plugged);
	if (version && version < 0x701)
		c->when |= WHEN_OLD;
	else if (old || !advice_is_amd_model(args->cpu))
		c->when |= WHEN_MOVES;
}

static void consider_hole(struct advice_case *c)
{
	const struct advice *advice = c->advice;
	uint64_t size = range_size(advice->ram), end;

	c->fit =
		advice->ram.first < advice->hole.first ? advice->hole.first - advice->ram.first : 0;
	c->above = advice->hole.last + 1;
	end = c->above + size - 1;
	if (end < c->above)
		c->above = 0;
	c->above_bits = c->above ? diagnosis_bits(end) : 0;
	c->when |= (c->fit ? WHEN_FITS : 0u) | (c->above ? WHEN_ABOVE : 0u);
	c->when |= range_contains(advice->hole, advice->ram) ? WHEN_INSIDE : WHEN_CROSSES;
	if (range_contains(hyper_transport, advice->hole))
		c->when |= WHEN_HYPER_TRANSPORT;
	if (advice->memory != MEMORY_RAM)
		return;
	if (advice->args && is_qemu(advice)) {
		c->dimm = vmm_args_dimm(advice->args, advice->ram.first);
		c->when |= c->dimm.at ? WHEN_DIMM : 0u;
	}
	if (is_boot_ram(advice)) {
		fit_boot_ram(c);
		consider_move(c);
		c->when |= c->fit_memory ? WHEN_BOOT : 0u;
	}
	if (!(c->when & (WHEN_BOOT | WHEN_DIMM)))
		c->when |= WHEN_LAYOUT;
}

struct advice_case advice_case_of(const struct advice *advice)
{
	struct advice_case c = {.advice = advice, .profile = knowledge_find(advice->vmm)};
	const struct diagnosis *why = advice->why;

	if (advice->args) {
		c.cpu = vmm_args_first(advice->args->cpu);
		c.machine = advice->args->machine;
	}
	c.when = (is_x86(advice) ? WHEN_X86 : 0u) | (advice->asked ? WHEN_ASKED : 0u);
	c.when |= advice->memory == MEMORY_RAM	 ? (uint32_t)WHEN_RAM
		  : advice->memory == MEMORY_BAR ? (uint32_t)WHEN_BAR
						 : 0u;
	c.when |= vmm_word_is(c.cpu, "host") || vmm_word_is(c.cpu, "max") ? WHEN_HOST_CPU
									  : WHEN_OTHER_CPU;
	if (why && why->bits >= 32)
		c.when |= WHEN_WIDTH;
	if (why && why->facts.memlock_known)
		c.when |= WHEN_MEMLOCK;
	if (advice->hole.last)
		consider_hole(&c);
	return c;
}
