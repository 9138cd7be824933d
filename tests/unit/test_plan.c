// SPDX-License-Identifier: GPL-2.0-or-later
/* iovashim plan: editing arguments, taking out what reaches out, judging mappings. No VMM runs. */
#include "cli/plan.h"
#include "unit/no_main.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Words separated by blanks. */
static struct args args_of(const char *text)
{
	char *all = plan_copy(text), *rest = all, *one;
	struct args args = args_copy(NULL, 0);

	while ((one = strsep(&rest, " ")))
		args_add(&args, one);
	free(all);
	return args;
}

static void assert_args(struct args *args, const char *wanted)
{
	char *text = args_text(args);

	assert_string_equal(text, wanted);
	free(text);
	args_free(args);
}

static const struct {
	const char *text, *implied, *set, *value, *wanted;
} sets[] = {
	{"pc-q35-7.0", "type", "type", "pc-q35-7.2", "pc-q35-7.2"},
	{"pc-q35-7.0,usb=off", "type", "type", "q35", "q35,usb=off"},
	{"1100G", "size", "size", "1010G", "1010G"},
	{"size=1100G,slots=2", "size", "maxmem", "2T", "size=1100G,slots=2,maxmem=2T"},
	{"pc-dimm,addr=1", "driver", "addr", "0x10000000000", "pc-dimm,addr=0x10000000000"},
	{"a=b,,c,flag", NULL, "d", "e,f", "a=b,,c,flag,d=e,,f"},
	{"", "type", "type", "x", "type=x"},
	{"{\"a\":1,\"b\":\"t\"}", NULL, "a", "0x10", "{\"a\":16,\"b\":\"t\"}"},
	{"{\"b\":{\"c\":[1]}}", NULL, "on", "on", "{\"b\":{\"c\":[1]},\"on\":true}"},
	{"{\"size\":1}", NULL, "size", "2G", "{\"size\":2147483648}"},
};

static void test_set(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		struct properties p = properties_parse(sets[i].text, sets[i].implied);
		char *text;

		properties_set(&p, sets[i].set, sets[i].value);
		text = properties_text(&p);
		assert_string_equal(text, sets[i].wanted);
		free(text);
		properties_free(&p);
	}
}

static const struct {
	const char *text;
	uint64_t unit, wanted; /* 0: no size */
} sizes[] = {
	{"1100G", 1, 1100ULL << 30},
	{"512", 1 << 20, 512ULL << 20},
	{"1k", 1, 1024},
	{"1.5G", 1, 3ULL << 29},
	{"0x1000", 1, 4096},
	{"2T", 1, 2ULL << 40},
	{"G", 1, 0},
	{"1GB", 1, 0},
	{"", 1, 0},
};

static void test_size(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint64_t bytes = 0;
		bool good = size_parse(sizes[i].text, sizes[i].unit, &bytes);

		assert_int_equal(good, sizes[i].wanted > 0);
		if (good)
			assert_int_equal(bytes, sizes[i].wanted);
	}
}

static void collect(void *context, const char *address)
{
	char *all = context;

	strcat(strcat(all, address), " ");
}

static void test_pci_addresses(void **state)
{
	char found[256] = "";

	(void)state;
	pci_addresses("vfio-pci,host=41:00.0,id=52:54:00:12:34:56", collect, found);
	pci_addresses("path=/sys/bus/pci/devices/0001:0A:1f.7/", collect, found);
	pci_addresses("{\"host\":\"0000:00:05.0\"} 0000:00:05.01 1.2.3.4:00:05.0", collect, found);
	pci_addresses("0000:00:05.9 :00:05.1", collect, found);
	assert_string_equal(found, "0000:41:00.0 0001:0a:1f.7 0000:00:05.0 ");
}

static void test_print(void **state)
{
	struct args args = args_copy(NULL, 0);

	(void)state;
	args_add(&args, "qemu");
	args_add(&args, "a b");
	args_add(&args, "it's");
	args_add(&args, "");
	args_add(&args, "memmap=1G$0x1");
	assert_args(&args, "qemu 'a b' 'it'\\''s' '' 'memmap=1G$0x1'");
}

/* What is asked for, and what is rehearsed of it; the words that every rehearsal has are left out.
 */
static const struct {
	const char *asked, *rehearsed, *told;
} rewrites[] = {
	{"-m 1G", "-m 1G", ""},
	{"-drive file=/x,format=raw,if=virtio,id=d",
		"-drive if=virtio,id=d,driver=null-co,size=1073741824", "disk images"},
	{"-cdrom /x -snapshot --daemonize -pidfile /p", "", "disk images,the pid file"},
	{"-netdev tap,id=n,script=/x -device virtio-net,netdev=n",
		"-netdev hubport,id=n,hubid=0 -device virtio-net,netdev=n", "networks"},
	{"-nic tap,model=e1000 -nic none", "-nic user,model=e1000 -nic none", "networks"},
	{"-net nic -net tap", "-net nic", "networks"},
	{"-object memory-backend-file,id=m,size=1G,share=on,mem-path=/dev/hugepages,prealloc=on",
		"-object memory-backend-ram,id=m,size=1G", ""},
	{"-object "
	 "{\"qom-type\":\"memory-backend-memfd\",\"id\":\"m\",\"size\":4096,\"hugetlb\":true}",
		"-object '{\"qom-type\":\"memory-backend-ram\",\"id\":\"m\",\"size\":4096}'", ""},
	{"-blockdev {\"driver\":\"file\",\"node-name\":\"v\",\"filename\":\"/x\"}",
		"-blockdev '{\"driver\":\"null-co\",\"node-name\":\"v\",\"size\":1073741824}'",
		"disk images"},
	{"-device vhost-user-fs-pci,chardev=c -device vfio-pci,host=1:0.0",
		"-device vfio-pci,host=1:0.0", "vhost devices"},
	{"-chardev socket,path=/x,id=c -serial tcp::1 -qmp unix:/x -incoming defer",
		"-chardev null,id=c -serial null",
		"character devices,monitors,the incoming migration"},
	/* KVM: its CPUs are the host's; what machines the guest has stays. */
	{"-enable-kvm -cpu host -M q35", "-cpu max,phys-bits=48,vendor=AuthenticAMD -M q35", "KVM"},
	{"-accel kvm -cpu host,host-phys-bits-limit=40",
		"-cpu max,phys-bits=40,vendor=AuthenticAMD", "KVM"},
	{"-accel kvm -cpu host,phys-bits=44", "-cpu max,phys-bits=48,vendor=AuthenticAMD", "KVM"},
	{"-accel kvm -cpu host,phys-bits=44,host-phys-bits=off",
		"-cpu max,phys-bits=44,vendor=AuthenticAMD", "KVM"},
	{"-accel kvm -cpu EPYC,+x -M q35 -cpu host,-y", /* QEMU heeds the last */
		"-M q35 -cpu max,-y,phys-bits=48,vendor=AuthenticAMD", "KVM"},
	{"-machine accel=kvm -cpu EPYC,+x", "-cpu EPYC,+x,vendor=AuthenticAMD", "KVM"},
	{"-machine q35,accel=kvm:tcg", "-machine q35 -cpu qemu64,vendor=AuthenticAMD", "KVM"},
	{"-accel tcg -cpu max", "-cpu max", ""},
};

static char *joined(const json_t *told)
{
	char *all = plan_copy(""), *longer;
	const json_t *one;
	size_t i;

	json_array_foreach(told, i, one)
	{
		const char *text = json_string_value(one);

		longer = plan_format("%s%s%.*s", all, i ? "," : "",
			(int)(strncmp(text, "KVM", 3) ? strlen(text) : 3), text);
		free(all);
		all = longer;
	}
	return all;
}

static void test_rewrite(void **state)
{
	static const char added[] =
		" -accel tcg -S -display none -chardev "
		"socket,id=iovashim-plan,fd=3 -mon chardev=iovashim-plan,mode=control";
	const struct host_cpu cpu = {"AuthenticAMD", 48, "qemu64"};

	(void)state;
	for (size_t i = 0; i < sizeof(rewrites) / sizeof(rewrites[0]); i++) {
		char *asked = plan_format("qemu-system-x86_64 %s", rewrites[i].asked);
		char *wanted = plan_format("qemu-system-x86_64%s%s%s",
			*rewrites[i].rehearsed ? " " : "", rewrites[i].rehearsed, added);
		struct args args = args_of(asked);
		json_t *told = json_array();
		char *list;

		rewrite_args(
			vmm_find("/usr/bin/qemu-system-x86_64"), &args, "/nowhere", &cpu, told);
		assert_args(&args, wanted);
		list = joined(told);
		assert_string_equal(list, rewrites[i].told);
		free(list);
		json_decref(told);
		free(asked);
		free(wanted);
	}
}

/* A guest of @ram bytes from 4 GiB on, but for 2 GiB below; one hole where AMD's is. */
static void set_up(struct plan *plan, const char *facts)
{
	static struct mapping mappings[] = {
		{{0, 0x7fffffff}, 1, 0, true, ""},
		{{0x100000000, 0x1137fffffff}, 1, 0, true, ""},
		{{0xfe000000, 0xfe003fff}, 1, 0, true, "0000:00:05.0:0"},
		{{0xfe000000, 0xfe003fff}, 1, 0, true, "0000:00:05.0:0"},
	};
	static unsigned int groups[] = {3};

	*plan = (struct plan){.vmm = vmm_find("qemu-system-x86_64")};
	assert_int_equal(plan_host_load(&plan->host, "amd", &(struct model_error){""}), 0);
	plan->survey = (struct outcome){.started = true,
		.mappings = mappings,
		.n_mappings = 4,
		.groups = groups,
		.n_groups = 1,
		.facts = json_loads(facts, 0, NULL)};
	plan->probe =
		json_loads("{\"machines\":[{\"name\":\"pc-q35-7.0\",\"default-cpu-type\":"
			   "\"qemu64-x86_64-cpu\"},{\"name\":\"pc-q35-7.2\",\"alias\":\"q35\"},"
			   "{\"name\":\"pc-i440fx-7.2\",\"is-default\":true},{\"name\":\"none\"}]}",
			0, NULL);
	judge(&plan->host, &plan->survey, &plan->judged);
}

static void tear_down(struct plan *plan)
{
	judgement_clear(&plan->judged);
	json_decref(plan->survey.facts);
	json_decref(plan->probe);
	plan_host_release(&plan->host);
}

static void test_judge(void **state)
{
	struct plan plan;

	(void)state;
	set_up(&plan, "{}");
	assert_int_equal(plan.judged.n, 1);
	assert_int_equal(plan.judged.n_ram, 2);
	assert_int_equal(plan.judged.n_bars, 1);
	assert_int_equal(plan.judged.troubles, RAM_IN_HOLE);
	assert_int_equal(plan.judged.at[0].overlap, 12ULL << 30);
	assert_int_equal(plan.judged.at[0].hole.group, 3);
	tear_down(&plan);
}

static const struct {
	const char *name, *asked, *wanted; /* NULL: the candidate does not fit */
} edits[] = {
	{"machine type", "-M pc-q35-7.0 -m 1100G", "-M pc-q35-7.2 -m 1100G"},
	{"machine type", "-machine q35 -m 1100G", NULL},
	{"less memory", "-m 1100G", "-m 1010G"},
	{"less memory",
		"-m size=1100G -object memory-backend-ram,id=r,size=1100G -M q35,memory-backend=r",
		"-m size=1010G -object memory-backend-ram,id=r,size=1034240M -M "
		"q35,memory-backend=r"},
	{"less memory", "-m 1100G -M q35,memory-backend=lost", NULL},
	{"less memory",
		"-m 1100G -object memory-backend-ram,id=a,size=1000G -object "
		"memory-backend-ram,id=b,size=100G -numa node,memdev=a -numa node,memdev=b",
		"-m 1010G -object memory-backend-ram,id=a,size=1000G -object "
		"memory-backend-ram,id=b,size=10240M -numa node,memdev=a -numa node,memdev=b"},
	{"DIMM above the hole", "-m 1100G",
		"-m 1010G,maxmem=1204G,slots=1 -object memory-backend-ram,id=above-hole,size=90G "
		"-device "
		"pc-dimm,id=dimm-above-hole,memdev=above-hole,addr=0x10000000000"},
	{"DIMM above the hole", "-m 1100G,slots=3,maxmem=4T",
		"-m 1010G,slots=4,maxmem=4096G -object memory-backend-ram,id=above-hole,size=90G "
		"-device "
		"pc-dimm,id=dimm-above-hole,memdev=above-hole,addr=0x10000000000"},
	{"DIMM moved", "-m 1100G", NULL},
	{"smaller 64-bit PCI window", "-m 1100G",
		"-m 1100G -global q35-pcihost.pci-hole64-size=2G"},
	{"longer physical addresses", "-M pc-q35-7.0", "-M pc-q35-7.0 -cpu qemu64,phys-bits=41"},
	{"longer physical addresses", "-cpu EPYC,phys-bits=40", "-cpu EPYC,phys-bits=41"},
	{"longer physical addresses", "-cpu host", "-cpu host,host-phys-bits-limit=41"},
	{"longer physical addresses", "-M none", NULL},
	{"physical bits limited", "-cpu host", NULL},
};

static void test_edit(void **state)
{
	struct plan plan;

	(void)state;
	set_up(&plan,
		"{\"memory\":{\"base-memory\":1181116006400},\"devices\":\"bus: main-system-bus\\n"
		"  dev: q35-pcihost, id \\\"\\\"\\n    pci-hole64-size = 34359738368\\n\"}");
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		const struct candidate *c = plan.vmm->candidates;
		char *asked = plan_format("qemu %s", edits[i].asked);
		struct args args = args_of(asked);
		struct values values;
		bool fits;

		while (strcmp(c->name, edits[i].name) != 0)
			c++;
		values_get(&plan, &args,
			"Address space limit 0xffffffffff < 0x113bfffffff phys-bits too low (40)",
			&values);
		fits = apply_steps(&plan, c, &values, &args);
		if (fits != !!edits[i].wanted)
			fail_msg("row %zu", i);
		if (fits) {
			char *wanted = plan_format("qemu %s", edits[i].wanted);

			assert_args(&args, wanted);
			free(wanted);
		} else {
			args_free(&args);
		}
		values_clear(&values);
		free(asked);
	}
	tear_down(&plan);
}

/* More bits than the host's CPUs have are no proposal. */
static void test_bits_of_host(void **state)
{
	struct values values;
	struct args args = args_of("qemu -cpu EPYC");
	struct plan plan;

	(void)state;
	set_up(&plan, "{}");
	values_get(&plan, &args, "limit 0xffffffffff < 0x1ffffffffffff phys-bits too low", &values);
	assert_null(values_find(&values, "bits"));
	values_clear(&values);
	args_free(&args);
	tear_down(&plan);
}

static void test_dimm(void **state)
{
	struct args args = args_of("qemu -m 4G -device pc-dimm,memdev=m0,addr=0xff00000000");
	struct values values;
	struct plan plan;
	const struct candidate *c;

	(void)state;
	set_up(&plan,
		"{\"memory\":{\"base-memory\":4294967296},\"dimms\":[{\"type\":\"dimm\",\"data\":{"
		"\"addr\":4294967296,\"size\":1178968522752,\"memdev\":\"/objects/m0\"}}]}");
	assert_int_equal(plan.judged.troubles, DIMM_IN_HOLE);
	assert_string_equal(plan.judged.at[0].dimm, "m0");
	values_get(&plan, &args, "", &values);
	for (c = plan.vmm->candidates; strcmp(c->name, "DIMM moved") != 0;)
		c++;
	assert_true(apply_steps(&plan, c, &values, &args));
	assert_args(&args, "qemu -m 4G -device pc-dimm,memdev=m0,addr=0x10000000000");
	values_clear(&values);
	tear_down(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_pci_addresses),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_rewrite),
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_edit),
		cmocka_unit_test(test_bits_of_host),
		cmocka_unit_test(test_dimm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
