/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policies as lines of text: what they mean, what is wrong with them. */
#include "policy.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct policy_host amd_5_4 = {"AuthenticAMD", 5, 4};

/* Files that can be included, by the path that must be asked for; text NULL: -code instead. */
static const struct {
	const char *path;
	const char *text;
	int code;
} files[] = {
	{"empty.conf", "", 0},
	{"guard-off.conf", "guard off\n", 0},
	{"hole.conf", "# a hole\nhole 0x1000-0x1fff name=included\n", 0},
	{"wrong.conf", "\nguard maybe", 0},
	{"self.conf", "include self.conf", 0},
	{"loop-a.conf", "include loop-b.conf", 0},
	{"loop-b.conf", "include loop-a.conf", 0},
	{"d/outer.conf", "include inner.conf\ninclude /abs/inner.conf\n", 0},
	{"d/inner.conf", "crossing observe", 0},
	{"/abs/inner.conf", "bar skip", 0},
	{"secret.conf", NULL, EACCES},
	{"folder", NULL, EISDIR},
	{"fifo", NULL, ENXIO},
	{"huge", NULL, EFBIG},
	{"looped-link", NULL, ELOOP},
	{"file/x", NULL, ENOTDIR},
	{"long", NULL, ENAMETOOLONG},
	{"broken", NULL, EIO},
	{"sealed", NULL, EPERM},
	{"no-memory", NULL, ENOMEM},
};

static int read_copy(const char *from, char **text, size_t *length)
{
	*length = strlen(from);
	*text = malloc(*length + 1);
	assert_non_null(*text);
	memcpy(*text, from, *length);
	return 0;
}

static int read_file(void *context, const char *path, char **text, size_t *length)
{
	(void)context;
	/* "deepN.conf" includes "deepN+1.conf", without end. */
	if (!strncmp(path, "deep", 4)) {
		char next[64];

		snprintf(next, sizeof(next), "include deep%d.conf", atoi(path + 4) + 1);
		return read_copy(next, text, length);
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		if (strcmp(files[i].path, path))
			continue;
		return files[i].text ? read_copy(files[i].text, text, length) : -files[i].code;
	}
	return -ENOENT;
}

static const struct policy_reader reader = {read_file, NULL};

/* The text goes through the heap without a terminator, so that ASan sees any byte read too far. */
static int parse_bytes(struct policy *policy, const char *bytes, size_t length,
	const struct policy_host *host, struct policy_error *error)
{
	char *copy = malloc(length ? length : 1);
	int rc;

	assert_non_null(copy);
	memcpy(copy, bytes, length);
	memset(policy, 0xa5, sizeof(*policy));
	rc = policy_parse(policy, "t.conf", copy, length, host, &reader, error);
	free(copy);
	return rc;
}

static void parse_ok(struct policy *policy, const char *text, const struct policy_host *host)
{
	struct policy_error error;

	if (parse_bytes(policy, text, strlen(text), host, &error))
		fail_msg("%s\n  %s", text, error.text);
}

static const char *const crossing_words[] = {"-", "split", "observe", "refuse"};
static const char *const inside_words[] = {"-", "skip", "observe", "refuse"};
static const char *const bar_words[] = {"observe", "skip", "refuse"};

/* "sysfs kernel CROSSING INSIDE BAR guard | FIRST-LAST NAME FILE:LINE CROSSING INSIDE | ..." with
 * what is off left out. */
static void render(const struct policy *policy, char *text, size_t size)
{
	size_t used;

	snprintf(text, size, "%s%s%s %s %s%s", policy->source_sysfs ? "sysfs " : "",
		policy->source_kernel ? "kernel " : "", crossing_words[policy->crossing],
		inside_words[policy->inside], bar_words[policy->bar],
		policy->guard ? " guard" : "");
	for (size_t i = 0; i < policy->n_holes; i++) {
		const struct hole *h = &policy->holes[i];

		assert_int_equal(h->source, HOLE_POLICY);
		used = strlen(text);
		snprintf(text + used, size - used, " | %" PRIx64 "-%" PRIx64 " %s %s:%u %s %s",
			h->range.first, h->range.last, *h->name ? h->name : "-", h->file, h->line,
			crossing_words[h->crossing], inside_words[h->inside]);
	}
}

#define DEFAULTS "sysfs kernel split refuse observe guard"
#define TOP	 "ffffffffffffffff"

static const struct {
	const char *text;
	const char *meaning;
} meanings[] = {
	/* lines and blanks */
	{"", DEFAULTS},
	{"\n", DEFAULTS},
	{"\n\n\n", DEFAULTS},
	{"# nothing", DEFAULTS},
	{"   \t # nothing\n\t\n", DEFAULTS},
	{"\xef\xbb\xbf# a byte order mark", DEFAULTS},
	{"\xef\xbb\xbf", DEFAULTS},
	{"\xef\xbb", NULL},
	{"# caf\xc3\xa9\n", DEFAULTS},
	{"guard off", "sysfs kernel split refuse observe"},
	{"guard off\n", "sysfs kernel split refuse observe"},
	{"guard off\r\n\r\nbar skip\r", "sysfs kernel split refuse skip"},
	{"\t guard \t off \t# why", "sysfs kernel split refuse observe"},
	{"guard off# why", "sysfs kernel split refuse observe"},

	/* every setting, every value */
	{"source sysfs off", "kernel split refuse observe guard"},
	{"source kernel off", "sysfs split refuse observe guard"},
	{"source kernel off\nsource sysfs off\nsource sysfs on",
		"sysfs split refuse observe guard"},
	{"source kernel on", DEFAULTS},
	{"crossing split", DEFAULTS},
	{"crossing refuse", "sysfs kernel refuse refuse observe guard"},
	{"crossing observe", "sysfs kernel observe refuse observe guard"},
	{"inside refuse", DEFAULTS},
	{"inside skip", "sysfs kernel split skip observe guard"},
	{"inside observe", "sysfs kernel split observe observe guard"},
	{"bar observe", DEFAULTS},
	{"bar skip", "sysfs kernel split refuse skip guard"},
	{"bar refuse", "sysfs kernel split refuse refuse guard"},
	{"guard on", DEFAULTS},
	{"bar refuse\nbar skip\nbar observe", DEFAULTS},

	/* ranges and numbers */
	{"hole 0xfd00000000-0xffffffffff", DEFAULTS " | fd00000000-ffffffffff - t.conf:1 - -"},
	{"hole 12G@1012G", DEFAULTS " | fd00000000-ffffffffff - t.conf:1 - -"},
	{"hole 12g@0XFD00000000", DEFAULTS " | fd00000000-ffffffffff - t.conf:1 - -"},
	{"hole 0-0", DEFAULTS " | 0-0 - t.conf:1 - -"},
	{"hole 1@0", DEFAULTS " | 0-0 - t.conf:1 - -"},
	{"hole 0-0xffffffffffffffff", DEFAULTS " | 0-" TOP " - t.conf:1 - -"},
	{"hole 0-18446744073709551615", DEFAULTS " | 0-" TOP " - t.conf:1 - -"},
	{"hole 0xffffffffffffffff@0", DEFAULTS " | 0-fffffffffffffffe - t.conf:1 - -"},
	{"hole 0xffffffffffffffff@1", DEFAULTS " | 1-" TOP " - t.conf:1 - -"},
	{"hole 1@0xffffffffffffffff", DEFAULTS " | " TOP "-" TOP " - t.conf:1 - -"},
	{"hole 1K-1M", DEFAULTS " | 400-100000 - t.conf:1 - -"},
	{"hole 1T@16777215T", DEFAULTS " | ffffff0000000000-" TOP " - t.conf:1 - -"},
	{"hole 0xAbCk-0xabdK", DEFAULTS " | 2af000-2af400 - t.conf:1 - -"},
	{"hole 0-0xfg", DEFAULTS " | 0-3c0000000 - t.conf:1 - -"},
	{"hole 010-0x10", DEFAULTS " | a-10 - t.conf:1 - -"},

	/* attributes */
	{"hole 1-2 name=a-B_9.:/+", DEFAULTS " | 1-2 a-B_9.:/+ t.conf:1 - -"},
	{"hole 1-2 crossing=refuse", DEFAULTS " | 1-2 - t.conf:1 refuse -"},
	{"hole 1-2 inside=skip crossing=observe name=x # y",
		DEFAULTS " | 1-2 x t.conf:1 observe skip"},
	{"hole 1-2 when=always", DEFAULTS " | 1-2 - t.conf:1 - -"},
	{"hole 1-2 when=amd when=amd when=kernel>=5.4", DEFAULTS " | 1-2 - t.conf:1 - -"},
	{"hole 1-2 when=intel crossing=split", DEFAULTS},
	{"hole 1-2 when=intel when=amd\nhole 3-4", DEFAULTS " | 3-4 - t.conf:2 - -"},
	{"crossing refuse\n\nhole 5-6\nhole 7-8", "sysfs kernel refuse refuse observe guard"
						  " | 5-6 - t.conf:3 - - | 7-8 - t.conf:4 - -"},

	/* overlapping holes are one, and the later line answers for it */
	{"hole 0-0xffff\nhole 0x1000-0x1fff crossing=refuse",
		DEFAULTS " | 0-ffff - t.conf:1 refuse - | 1000-1fff - t.conf:2 refuse -"},
	{"hole 0-0xffff crossing=refuse inside=skip\nhole 0-5 crossing=split",
		DEFAULTS " | 0-ffff - t.conf:1 split skip | 0-5 - t.conf:2 split -"},
	{"hole 0-0xffff inside=skip\nhole 0-5 inside=refuse",
		DEFAULTS " | 0-ffff - t.conf:1 - refuse | 0-5 - t.conf:2 - refuse"},
	{"hole 0-0xffff inside=skip\nhole 0-5",
		DEFAULTS " | 0-ffff - t.conf:1 - skip | 0-5 - t.conf:2 - -"},
	{"hole 0x1000-0x1fff\nhole 0x2000-0x2fff crossing=refuse",
		DEFAULTS " | 1000-1fff - t.conf:1 - - | 2000-2fff - t.conf:2 refuse -"},
	{"hole 0x1000-0x10ff\nhole 0x1800-0x18ff crossing=refuse",
		DEFAULTS " | 1000-10ff - t.conf:1 refuse - | 1800-18ff - t.conf:2 refuse -"},
	{"hole 0-5\nhole 0-5 crossing=refuse when=intel", DEFAULTS " | 0-5 - t.conf:1 - -"},

	/* included files */
	{"include empty.conf", DEFAULTS},
	{"include guard-off.conf\n", "sysfs kernel split refuse observe"},
	{"include guard-off.conf\nguard on", DEFAULTS},
	{"guard on\ninclude guard-off.conf", "sysfs kernel split refuse observe"},
	{"include empty.conf # twice\r\ninclude empty.conf", DEFAULTS},
	{"hole 5-6\ninclude hole.conf\nhole 7-8",
		DEFAULTS " | 5-6 - t.conf:1 - - | 1000-1fff included hole.conf:2 - - | 7-8 - "
			 "t.conf:3 - -"},
	{"include d/outer.conf", "sysfs kernel observe refuse skip guard"},
};

static void test_meanings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++) {
		struct policy policy;
		struct policy_error error;
		char text[512];

		if (!meanings[i].meaning) {
			assert_int_equal(parse_bytes(&policy, meanings[i].text,
						 strlen(meanings[i].text), &amd_5_4, &error),
				-EINVAL);
			continue;
		}
		parse_ok(&policy, meanings[i].text, &amd_5_4);
		render(&policy, text, sizeof(text));
		if (strcmp(text, meanings[i].meaning))
			fail_msg("%s\n  got      %s\n  expected %s", meanings[i].text, text,
				meanings[i].meaning);
		policy_free(&policy);
		assert_null(policy.holes);
	}
}

#define WHEN_LIST "write always, amd, intel or kernel<5.4"
#define KERNEL_FORM                                                                                \
	" is not a kernel condition: write < <= > >= or = and MAJOR.MINOR, as in kernel<5.4"
#define NUMBER_FORM " is not a number: write decimal or 0x hex, then K, M, G, T or nothing"
#define RANGE_FORM  " is not a range: write FIRST-LAST or SIZE@START, without blanks"
#define TOO_LARGE   " is too large: the highest address is 0xffffffffffffffff"
#define NAME_FORM                                                                                  \
	"name has a character that is not allowed: write ASCII letters, digits and - _ . : / +"

static const struct {
	const char *text;
	const char *error;
} mistakes[] = {
	/* words */
	{"crosing split", "t.conf:1:1: unknown word 'crosing': did you mean 'crossing'?"},
	{"HOLE 1-2", "t.conf:1:1: unknown word 'HOLE': did you mean 'hole'?"},
	{"crossing=split", "t.conf:1:1: unknown word 'crossing=split': write hole, source, "
			   "crossing, inside, bar, guard or include"},
	{"\xef\xbb\xbf\n\n  elephant", "t.conf:3:3: unknown word 'elephant': write hole, source, "
				       "crossing, inside, bar, guard or include"},
	{"crossing spilt", "t.conf:1:10: unknown word 'spilt' after crossing: did you mean "
			   "'split'?"},
	{"crossing skip", "t.conf:1:10: unknown word 'skip' after crossing: write split, refuse or "
			  "observe"},
	{"inside split", "t.conf:1:8: unknown word 'split' after inside: write refuse, skip or "
			 "observe"},
	{"bar x", "t.conf:1:5: unknown word 'x' after bar: write observe, skip or refuse"},
	{"guard yes", "t.conf:1:7: unknown word 'yes' after guard: write on or off"},
	{"guard o", "t.conf:1:7: unknown word 'o' after guard: write on or off"},
	{"guard of", "t.conf:1:7: unknown word 'of' after guard: write on or off"},
	{"guard offf", "t.conf:1:7: unknown word 'offf' after guard: did you mean 'off'?"},
	{"guard On", "t.conf:1:7: unknown word 'On' after guard: did you mean 'on'?"},
	{"source", "t.conf:1:7: nothing after source: write sysfs or kernel"},
	{"source   # x", "t.conf:1:7: nothing after source: write sysfs or kernel"},
	{"source sysfs", "t.conf:1:13: nothing after sysfs: write on or off"},
	{"source sysfs\r\n", "t.conf:1:13: nothing after sysfs: write on or off"},
	{"source sysf on", "t.conf:1:8: unknown word 'sysf' after source: did you mean 'sysfs'?"},
	{"crossing", "t.conf:1:9: nothing after crossing: write split, refuse or observe"},
	{"guard on off", "t.conf:1:10: unexpected 'off': the line is complete before it"},
	{"include empty.conf x", "t.conf:1:20: unexpected 'x': the line is complete before it"},
	{"a-word-that-is-much-longer-than-what-fits-into-the-message-and-therefore-cut",
		"t.conf:1:1: unknown word "
		"'a-word-that-is-much-longer-than-what-fits-into-the-message-and-the'...: write "
		"hole, source, crossing, inside, bar, guard or include"},
	{"a-word-that-would-be-cut-in-the-middle-of-a-letter-of-two-bytes-x\xc3\xa9y",
		"t.conf:1:1: unknown word "
		"'a-word-that-would-be-cut-in-the-middle-of-a-letter-of-two-bytes-x'...: write "
		"hole, source, crossing, inside, bar, guard or include"},

	/* bytes */
	{"guard on\n\aguard on",
		"t.conf:2:1: control byte 0x07: write plain text (ASCII or UTF-8)"},
	{"guard\x7fon", "t.conf:1:6: control byte 0x7f: write plain text (ASCII or UTF-8)"},
	{"# in a comment \x1b[2J",
		"t.conf:1:16: control byte 0x1b: write plain text (ASCII or UTF-8)"},
	{"guard on\rguard on", "t.conf:1:9: control byte 0x0d: write plain text (ASCII or UTF-8)"},
	{"guard on\r\r\n", "t.conf:1:9: control byte 0x0d: write plain text (ASCII or UTF-8)"},

	/* ranges and numbers */
	{"hole", "t.conf:1:5: nothing" RANGE_FORM},
	{"hole 0x1000", "t.conf:1:6: '0x1000'" RANGE_FORM},
	{"hole 0x1000 - 0x1fff", "t.conf:1:6: '0x1000'" RANGE_FORM},
	{"hole 0x2000-0x1000",
		"t.conf:1:13: end 0x1000 below start 0x2000: write the lower address first"},
	{"hole 0@0x1000", "t.conf:1:6: size 0: write how many bytes the hole has"},
	{"hole 2@0xffffffffffffffff",
		"t.conf:1:6: size 0x2 at 0xffffffffffffffff ends beyond 0xffffffffffffffff: "
		"write at most 0x1"},
	{"hole -", "t.conf:1:6: ''" NUMBER_FORM},
	{"hole 5-", "t.conf:1:8: ''" NUMBER_FORM},
	{"hole -5", "t.conf:1:6: ''" NUMBER_FORM},
	{"hole @5", "t.conf:1:6: ''" NUMBER_FORM},
	{"hole 5@", "t.conf:1:8: ''" NUMBER_FORM},
	{"hole 1-2-3", "t.conf:1:8: '2-3'" NUMBER_FORM},
	{"hole 1-2@3", "t.conf:1:8: '2@3'" NUMBER_FORM},
	{"hole 0x-2", "t.conf:1:6: '0x'" NUMBER_FORM},
	{"hole 0xK-2", "t.conf:1:6: '0xK'" NUMBER_FORM},
	{"hole K-2", "t.conf:1:6: 'K'" NUMBER_FORM},
	{"hole +1-2", "t.conf:1:6: '+1'" NUMBER_FORM},
	{"hole 1.5G-2G", "t.conf:1:6: '1.5G'" NUMBER_FORM},
	{"hole 1GB-2GB", "t.conf:1:6: '1GB'" NUMBER_FORM},
	{"hole 1GiB@2", "t.conf:1:6: '1GiB'" NUMBER_FORM},
	{"hole 1P@2", "t.conf:1:6: '1P'" NUMBER_FORM},
	{"hole 0-ff", "t.conf:1:8: 'ff'" NUMBER_FORM},
	{"hole 0-0xfh", "t.conf:1:8: '0xfh'" NUMBER_FORM},
	{"hole 0-18446744073709551616", "t.conf:1:8: '18446744073709551616'" TOO_LARGE},
	{"hole 0-99999999999999999999999", "t.conf:1:8: '99999999999999999999999'" TOO_LARGE},
	{"hole 0-0x10000000000000000", "t.conf:1:8: '0x10000000000000000'" TOO_LARGE},
	{"hole 16777216T-0", "t.conf:1:6: '16777216T'" TOO_LARGE},

	/* attributes */
	{"hole 1-2 name",
		"t.conf:1:10: unknown word 'name' after the range: did you mean 'name='?"},
	{"hole 1-2 nmae=x",
		"t.conf:1:10: unknown word 'nmae=' after the range: did you mean 'name='?"},
	{"hole 1-2 3-4", "t.conf:1:10: unknown word '3-4' after the range: write name=, when=, "
			 "crossing= or inside="},
	{"hole 1-2 =", "t.conf:1:10: unknown word '=' after the range: write name=, when=, "
		       "crossing= or inside="},
	{"hole 1-2 name=", "t.conf:1:15: nothing after name=: write a name"},
	{"hole 1-2 name=a name=b", "t.conf:1:17: name= given twice: leave one"},
	{"hole 1-2 crossing=split crossing=split", "t.conf:1:25: crossing= given twice: leave one"},
	{"hole 1-2 inside=skip inside=refuse", "t.conf:1:22: inside= given twice: leave one"},
	{"hole 1-2 name=a\"b", "t.conf:1:16: " NAME_FORM},
	{"hole 1-2 name=caf\xc3\xa9", "t.conf:1:18: " NAME_FORM},
	{"hole 1-2 name={", "t.conf:1:15: " NAME_FORM},
	{"hole 1-2 name=x=y", "t.conf:1:16: " NAME_FORM},
	{"hole 1-2 name=sixty-four-letters-sixty-four-letters-sixty-four-letters-of-name",
		"t.conf:1:15: name is 64 characters long: write at most 63"},
	{"hole 1-2 crossing=skip", "t.conf:1:19: unknown word 'skip' after crossing=: write split, "
				   "refuse or observe"},
	{"hole 1-2 inside=", "t.conf:1:17: nothing after inside=: write refuse, skip or observe"},

	/* conditions */
	{"hole 1-2 when=", "t.conf:1:15: nothing after when=: " WHEN_LIST},
	{"hole 1-2 when=arm", "t.conf:1:15: unknown word 'arm' after when=: " WHEN_LIST},
	{"hole 1-2 when=AMD", "t.conf:1:15: unknown word 'AMD' after when=: did you mean 'amd'?"},
	{"hole 1-2 when=never", "t.conf:1:15: unknown word 'never' after when=: " WHEN_LIST},
	{"hole 1-2 when=linux<5.4",
		"t.conf:1:15: unknown word 'linux<5.4' after when=: " WHEN_LIST},
	{"hole 1-2 when=kernel", "t.conf:1:15: 'kernel'" KERNEL_FORM},
	{"hole 1-2 when=kernel5.4", "t.conf:1:15: 'kernel5.4'" KERNEL_FORM},
	{"hole 1-2 when=kernel<", "t.conf:1:15: 'kernel<'" KERNEL_FORM},
	{"hole 1-2 when=kernel<=", "t.conf:1:15: 'kernel<='" KERNEL_FORM},
	{"hole 1-2 when=kernel==5.4", "t.conf:1:15: 'kernel==5.4'" KERNEL_FORM},
	{"hole 1-2 when=kernel<>5.4", "t.conf:1:15: 'kernel<>5.4'" KERNEL_FORM},
	{"hole 1-2 when=kernel<5", "t.conf:1:15: 'kernel<5'" KERNEL_FORM},
	{"hole 1-2 when=kernel<5.", "t.conf:1:15: 'kernel<5.'" KERNEL_FORM},
	{"hole 1-2 when=kernel<.4", "t.conf:1:15: 'kernel<.4'" KERNEL_FORM},
	{"hole 1-2 when=kernel<5,4", "t.conf:1:15: 'kernel<5,4'" KERNEL_FORM},
	{"hole 1-2 when=kernel<5.4.1", "t.conf:1:15: 'kernel<5.4.1'" KERNEL_FORM},
	{"hole 1-2 when=kernel<5.4-rc1", "t.conf:1:15: 'kernel<5.4-rc1'" KERNEL_FORM},
	{"hole 1-2 when=kernel<65536.0", "t.conf:1:15: 'kernel<65536.0'" KERNEL_FORM},
	{"hole 1-2 when=kernel<5.99999999999", "t.conf:1:15: 'kernel<5.99999999999'" KERNEL_FORM},

	/* included files */
	{"include", "t.conf:1:8: nothing after include: write a file name"},
	{"include absent.conf", "t.conf:1:9: cannot read 'absent.conf': no such file (errno 2)"},
	{"\n  include secret.conf",
		"t.conf:2:11: cannot read 'secret.conf': permission denied (errno 13)"},
	{"include folder", "t.conf:1:9: cannot read 'folder': it is a directory, write the name of "
			   "a file (errno 21)"},
	{"include fifo", "t.conf:1:9: cannot read 'fifo': it is not a regular file (errno 6)"},
	{"include huge", "t.conf:1:9: cannot read 'huge': it is too large (errno 27)"},
	{"include looped-link",
		"t.conf:1:9: cannot read 'looped-link': too many symbolic links (errno 40)"},
	{"include file/x", "t.conf:1:9: cannot read 'file/x': part of its path is no directory "
			   "(errno 20)"},
	{"include long", "t.conf:1:9: cannot read 'long': its path is too long (errno 36)"},
	{"include sealed", "t.conf:1:9: cannot read 'sealed': permission denied (errno 1)"},
	{"include broken", "t.conf:1:9: cannot read 'broken': the system refused (errno 5)"},
	{"include wrong.conf", "wrong.conf:2:7: unknown word 'maybe' after guard: write on or off"},
	{"include t.conf",
		"t.conf:1:9: include loop: this file is being read already, leave it out"},
	{"include self.conf",
		"self.conf:1:9: include loop: this file is being read already, leave it out"},
	{"include loop-a.conf",
		"loop-b.conf:1:9: include loop: this file is being read already, leave it out"},
	{"include deep1.conf", "deep16.conf:1:9: includes nested too deep: at most 16 levels"},
};

static void test_mistakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		struct policy policy;
		struct policy_error error = {"none"};
		int rc = parse_bytes(
			&policy, mistakes[i].text, strlen(mistakes[i].text), &amd_5_4, &error);

		if (rc != -EINVAL || strcmp(error.text, mistakes[i].error))
			fail_msg("%s: %d\n  got      %s\n  expected %s", mistakes[i].text, rc,
				error.text, mistakes[i].error);
		assert_null(policy.holes);
		assert_null(policy.strings);
	}
}

static void test_nul_bytes(void **state)
{
	static const char utf16[] = "g\0u\0a\0r\0d\0";
	struct policy policy;
	struct policy_error error;

	(void)state;
	assert_int_equal(parse_bytes(&policy, utf16, sizeof(utf16) - 1, &amd_5_4, &error), -EINVAL);
	assert_string_equal(
		error.text, "t.conf:1:2: control byte 0x00: write plain text (ASCII or UTF-8)");
}

static const struct {
	struct policy_host host;
	const char *conditions;
	bool hold;
} conditions_hold[] = {
	{{"AuthenticAMD", 5, 4}, "when=amd", true},
	{{"HygonGenuine", 5, 4}, "when=amd", true},
	{{"GenuineIntel", 5, 4}, "when=amd", false},
	{{"", 5, 4}, "when=amd", false},
	{{"GenuineIntel", 5, 4}, "when=intel", true},
	{{"AuthenticAMD", 5, 4}, "when=intel", false},
	{{"", 5, 4}, "when=intel", false},
	{{"", 0, 0}, "when=always", true},
	{{"", 5, 3}, "when=kernel<5.4", true},
	{{"", 5, 4}, "when=kernel<5.4", false},
	{{"", 5, 10}, "when=kernel<5.4", false},
	{{"", 4, 19}, "when=kernel<5.4", true},
	{{"", 6, 0}, "when=kernel<5.4", false},
	{{"", 5, 4}, "when=kernel<=5.4", true},
	{{"", 5, 5}, "when=kernel<=5.4", false},
	{{"", 5, 4}, "when=kernel>5.4", false},
	{{"", 5, 5}, "when=kernel>5.4", true},
	{{"", 5, 4}, "when=kernel>=5.4", true},
	{{"", 5, 3}, "when=kernel>=5.4", false},
	{{"", 5, 4}, "when=kernel=5.4", true},
	{{"", 5, 5}, "when=kernel=5.4", false},
	{{"", 65535, 65535}, "when=kernel=65535.65535", true},
	{{"AuthenticAMD", 5, 3}, "when=amd when=kernel<5.4", true},
	{{"AuthenticAMD", 5, 4}, "when=amd when=kernel<5.4", false},
	{{"GenuineIntel", 5, 3}, "when=amd when=kernel<5.4", false},
	{{"", 5, 4}, "when=kernel>=5.0 when=kernel<6.0 when=always", true},
	{{"", 6, 4}, "when=kernel<6.0 when=kernel>=5.0", false},
};

static void test_conditions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(conditions_hold) / sizeof(*conditions_hold); i++) {
		struct policy policy;
		char text[128];

		snprintf(text, sizeof(text), "hole 1-2 %s", conditions_hold[i].conditions);
		parse_ok(&policy, text, &conditions_hold[i].host);
		if (policy.n_holes != conditions_hold[i].hold)
			fail_msg("row %zu: %s", i, text);
		policy_free(&policy);
	}
}

static const struct {
	const char *text;
	const char *mode;  /* IOVASHIM_MODE */
	const char *guard; /* IOVASHIM_GUARD */
	const char *meaning;
} overrides[] = {
	{"crossing refuse", "split", NULL, DEFAULTS},
	{"", "refuse", NULL, "sysfs kernel refuse refuse observe guard"},
	{"inside skip", "refuse", NULL, "sysfs kernel refuse skip observe guard"},
	{"", "observe", NULL, "sysfs kernel observe observe observe guard"},
	{"", NULL, "off", "sysfs kernel split refuse observe"},
	{"guard off", NULL, "on", DEFAULTS},
	{"", "spilt", NULL, "IOVASHIM_MODE: unknown word 'spilt': did you mean 'split'?"},
	{"", "skip", NULL, "IOVASHIM_MODE: unknown word 'skip': write split, refuse or observe"},
	{"", "", NULL, "IOVASHIM_MODE: nothing: write split, refuse or observe"},
	{"", "a\nb", NULL, "IOVASHIM_MODE: unknown word 'a?b': write split, refuse or observe"},
	{"", NULL, "1", "IOVASHIM_GUARD: unknown word '1': write on or off"},
};

static void test_overrides(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(overrides) / sizeof(*overrides); i++) {
		struct policy policy;
		struct policy_error error;
		char text[512];
		int rc;

		parse_ok(&policy, overrides[i].text, &amd_5_4);
		rc = overrides[i].mode ? policy_set_mode(&policy, overrides[i].mode, &error)
				       : policy_set_guard(&policy, overrides[i].guard, &error);
		render(&policy, text, sizeof(text));
		assert_string_equal(rc ? error.text : text, overrides[i].meaning);
		policy_free(&policy);
	}
}

static void test_no_memory_to_include(void **state)
{
	struct policy policy;
	struct policy_error error;

	(void)state;
	assert_int_equal(parse_bytes(&policy, "include no-memory", 17, &amd_5_4, &error), -ENOMEM);
	assert_string_equal(
		error.text, "t.conf:1:9: cannot read 'no-memory': out of memory (errno 12)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_meanings),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_nul_bytes),
		cmocka_unit_test(test_no_memory_to_include),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_overrides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
