/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of what is known of VMMs: whole, and each template of theirs can be filled in. */
#include "advice_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static const struct {
	const char *path, *title;
} programs[] = {
	{"/usr/bin/qemu-system-x86_64", "QEMU"},
	{"/usr/libexec/qemu-kvm", "QEMU"},
	{"qemu-system-aarch64", "QEMU"},
	{"/opt/cloud-hypervisor-static", "Cloud Hypervisor"},
	{"/usr/bin/crosvm", "crosvm"},
	{"/usr/bin/lkvm", "kvmtool"},
	{"lkvm-static", "kvmtool"},
	{"/usr/bin/dpdk-testpmd", "DPDK"},
	{"/usr/local/bin/spdk_tgt", "SPDK"},
	{"/usr/bin/firecracker", "this program"},
	{"/usr/bin/qemu-img/other", "this program"},
	{"", "this program"},
};

static void test_programs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++)
		assert_string_equal(knowledge_find(programs[i].path)->title, programs[i].title);
}

static const struct {
	const char *path;
	enum cause cause;
	enum memory_kind memory;
	bool ran;
	enum effect effect;
} outcomes[] = {
	{"qemu-system-x86_64", CAUSE_WIDTH, MEMORY_BAR, false, EFFECT_HARMLESS},
	{"qemu-system-x86_64", CAUSE_WIDTH, MEMORY_RAM, false, EFFECT_FATAL},
	{"qemu-system-x86_64", CAUSE_WIDTH, MEMORY_RAM, true, EFFECT_FATAL},
	{"qemu-system-x86_64", CAUSE_OVERLAP, MEMORY_RAM, false, EFFECT_FATAL},
	{"qemu-system-x86_64", CAUSE_WIDTH, MEMORY_TRANSLATED, true, EFFECT_LOST},
	{"qemu-system-x86_64", CAUSE_ENTRIES, MEMORY_UNKNOWN, true, EFFECT_UNKNOWN},
	{"cloud-hypervisor", CAUSE_RESERVED, MEMORY_BAR, false, EFFECT_FATAL},
	{"cloud-hypervisor", CAUSE_RESERVED, MEMORY_UNKNOWN, false, EFFECT_FATAL},
	{"dpdk-testpmd", CAUSE_OVERLAP, MEMORY_RAM, false, EFFECT_HARMLESS},
	{"dpdk-testpmd", CAUSE_OVERLAP, MEMORY_UNKNOWN, false, EFFECT_HARMLESS},
	{"dpdk-testpmd", CAUSE_WIDTH, MEMORY_RAM, false, EFFECT_FATAL},
	{"nvmf_tgt", CAUSE_WIDTH, MEMORY_RAM, false, EFFECT_LOST},
	{"other", CAUSE_WIDTH, MEMORY_RAM, false, EFFECT_UNKNOWN},
};

static void test_outcomes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(*outcomes); i++) {
		struct outcome outcome = knowledge_outcome(knowledge_find(outcomes[i].path),
			outcomes[i].cause, outcomes[i].memory, outcomes[i].ran);

		assert_int_equal(outcome.effect, outcomes[i].effect);
		assert_true(outcome.words[0]);
	}
}

/* A case that has everything, so that no word of a template is left without a value. */
static void check_templates(const struct advice_case *c, const struct remedy *remedy)
{
	for (; remedy->causes; remedy++) {
		char bytes[1024];
		struct text text = text_start(bytes, sizeof(bytes));

		assert_true(remedy->causes < 1u << CAUSES);
		assert_true(remedy->to[0] && remedy->change[0]);
		assert_non_null(remedy->why);
		assert_non_null(knowledge_cost(remedy->cost));
		advice_expand(&text, remedy->change, c);
		advice_expand(&text, remedy->why, c);
		assert_true(text_fits(&text, 1));
		assert_null(strpbrk(bytes, "{}?"));
	}
}

static void test_templates(void **state)
{
	static const char line[] = "qemu\0-m\0002G\0-cpu\0host\0-device\0pc-dimm,addr=0xfc00000000";
	struct diagnosis why = {.bits = 39, .page = 4096, .misaligned = 5};
	struct vmm_args args;
	struct advice advice = {.ram = {0xfc00000000, 0xfdffffffff},
		.hole = {0xfd00000000, 0xffffffffff},
		.vmm = "qemu-system-x86_64",
		.args = &args,
		.memory = MEMORY_RAM,
		.cause = CAUSE_RESERVED,
		.why = &why};
	struct advice_case c;

	(void)state;
	vmm_args_read(&args, line, sizeof(line));
	c = advice_case_of(&advice);
	for (const struct vmm_profile *profile = knowledge_vmms;; profile++) {
		check_templates(&c, profile->remedies);
		if (!profile->programs)
			break;
	}
	check_templates(&c, knowledge_common);
}

/* Whatever fails, something can be said about it to users of any VMM. */
static void test_causes(void **state)
{
	(void)state;
	for (unsigned int cause = CAUSE_NONE + 1; cause < CAUSES; cause++) {
		uint32_t known = 0;

		for (const struct remedy *remedy = knowledge_common; remedy->causes; remedy++)
			known |= remedy->causes;
		assert_true(diagnosis_word((enum cause)cause)[0]);
		if (cause != CAUSE_BAR) /* nothing is to be changed about that */
			assert_true(known >> cause & 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_templates),
		cmocka_unit_test(test_causes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
