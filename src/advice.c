/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guest must be told, and which layouts need no telling, ready to paste. */
#include "advice.h"

#include <inttypes.h>
#include <string.h>

/* AMD I/O Virtualization Technology (IOMMU) Specification, section 2.1.2. */
static const struct range hyper_transport = {0xfd00000000, 0xffffffffff};

struct output {
	void (*line)(void *context, const char *line);
	void *context;
	char bytes[2048]; /* 32 gaps of the longest kind, with GRUB's backslashes: 1674 */
	struct text text;
};

static struct text *new_line(struct output *output)
{
	output->text = text_start(output->bytes, sizeof(output->bytes));
	return &output->text;
}

static void end_line(struct output *output)
{
	output->line(output->context, output->bytes);
}

/* Linux takes K, M and G (memparse() takes more, old guests do not). */
static void add_length(struct text *text, uint64_t bytes)
{
	static const char units[] = "GMK";

	for (unsigned int i = 0; i < 3; i++) {
		uint64_t unit = 1ULL << (30 - 10 * i);

		if (bytes % unit)
			continue;
		text_add(text, "%" PRIu64 "%c", bytes / unit, units[i]);
		return;
	}
	text_add(text, "%" PRIu64, bytes);
}

void advice_memmap(struct text *text, const struct advice *advice, const char *dollar)
{
	for (size_t i = 0; i < advice->n_gaps; i++) {
		text_add(text, i ? " memmap=" : "memmap=");
		add_length(text, range_size(advice->gaps[i]));
		text_add(text, "%s0x%" PRIx64, dollar, advice->gaps[i].first);
	}
}

static const char *name_of(const struct advice *advice)
{
	const char *slash = strrchr(advice->vmm, '/');

	return slash ? slash + 1 : advice->vmm;
}

static bool is_qemu(const struct advice *advice)
{
	return !strncmp(name_of(advice), "qemu-", 5);
}

static bool is_arm(const struct advice *advice)
{
	return strstr(name_of(advice), "aarch64") || strstr(name_of(advice), "-arm");
}

/* On a PC, boot RAM above 4 GiB begins there, or at 1 TiB where QEMU 7.1 put it. What begins
 * elsewhere is a DIMM, or boot RAM of another NUMA node: the mapping does not tell which. */
static bool may_be_dimm(const struct advice *advice)
{
	const uint64_t four_gib = 1ULL << 32, one_tib = 1ULL << 40;

	return is_qemu(advice) && !is_arm(advice) && advice->ram.first > four_gib &&
	       advice->ram.first != one_tib;
}

void advice_short(struct text *text, const struct advice *advice)
{
	if (is_arm(advice)) {
		text_add(text, "choose a layout that keeps off the hole");
		return;
	}
	text_add(text, "tell the guest: ");
	advice_memmap(text, advice, "$");
	if (may_be_dimm(advice))
		text_add(text, "; or, if this is a DIMM, put it elsewhere by its addr= (memmap= "
			       "does not keep Linux off a DIMM)");
}

static void tell_guest(const struct advice *advice, struct output *output)
{
	struct text *text = new_line(output);

	if (is_arm(advice)) {
		text_add(text, "An Arm guest has no argument to be kept off memory; its layout has "
			       "to keep off");
		end_line(output);
		return;
	}
	text_add(text, "Linux guest, kernel command line:  ");
	advice_memmap(text, advice, "$");
	end_line(output);

	/* The shell that reads the file takes away one level, GRUB's own parser the other. */
	text = new_line(output);
	text_add(text, "  in its /etc/default/grub:  GRUB_CMDLINE_LINUX=\"");
	advice_memmap(text, advice, "\\\\\\$");
	text_add(text, "\"  and update-grub");
	end_line(output);

	if (may_be_dimm(advice)) {
		text = new_line(output);
		text_add(text,
			"  if this is a DIMM, memmap= does not keep Linux off it: leave these "
			"memory blocks offline (operator guide), or better, move the DIMM");
		end_line(output);
	}

	text = new_line(output);
	text_add(text,
		"Windows guest:  bcdedit /set truncatememory 0x%" PRIx64
		"  (gives up all memory from there on; badmemorylist takes single page "
		"frames and is no use here)",
		advice->gaps[0].first);
	end_line(output);
}

static unsigned int bits_for(uint64_t last)
{
	return 64 - (unsigned int)__builtin_clzll(last);
}

/* Memory that begins where the hole ends, of the size of what crossed it. */
static void suggest_above(const struct advice *advice, struct output *output, bool qemu)
{
	uint64_t above = advice->hole.last + 1, size = range_size(advice->ram);
	struct text *text;

	if (!above || above + size - 1 < above)
		return;
	text = new_line(output);
	if (qemu)
		text_add(text,
			"  QEMU: RAM above the hole:  -device pc-dimm,memdev=...,addr=0x%" PRIx64
			"  (and %u physical address bits: -cpu ...,phys-bits=%u)",
			above, bits_for(above + size - 1), bits_for(above + size - 1));
	else
		text_add(text,
			"  RAM from 0x%" PRIx64 " on; the guest then needs %u physical address "
			"bits",
			above, bits_for(above + size - 1));
	end_line(output);
}

static void suggest_below(const struct advice *advice, struct output *output)
{
	struct text *text;

	if (advice->ram.first >= advice->hole.first)
		return;
	text = new_line(output);
	text_add(text, "  less RAM: at most ");
	text_add_size(text, advice->hole.first - advice->ram.first);
	text_add(text, " from 0x%" PRIx64 " on", advice->ram.first);
	end_line(output);
}

static void suggest_layout(const struct advice *advice, struct output *output)
{
	bool x86 = is_qemu(advice) && !is_arm(advice);
	struct text *text = new_line(output);

	text_add(text, "or a layout that keeps off 0x%" PRIx64 "-0x%" PRIx64 " by itself:",
		advice->hole.first, advice->hole.last);
	end_line(output);
	suggest_below(advice, output);
	suggest_above(advice, output, x86);
	if (!x86 || !range_contains(hyper_transport, advice->hole))
		return;
	text = new_line(output);
	text_add(text, "  QEMU 7.1 and newer:  -machine pc-q35-7.1 or newer with an AMD CPU model "
		       "moves boot RAM above it (not DIMMs with addr=)");
	end_line(output);
}

void advice_give(
	const struct advice *advice, void (*line)(void *context, const char *line), void *context)
{
	struct output output = {.line = line, .context = context};

	if (advice->n_gaps)
		tell_guest(advice, &output);
	suggest_layout(advice, &output);
}
