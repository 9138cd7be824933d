// SPDX-License-Identifier: GPL-2.0-or-later
/* device 0000:00:05.0 1b36:0010 class=010802 bar0=16K:64 bar4=128G:64:prefetch msix=65@0 */
#include <errno.h>
#include <string.h>

#include "host_device.h"

bool host_device_is_address(const char *name, size_t len)
{
	static const char shape[] = "xxxx:xx:xx.x";

	if (len != sizeof(shape) - 1)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (shape[i] != 'x' ? name[i] != shape[i]
				    : !name[i] || !strchr("0123456789abcdef", name[i]))
			return false;
	}
	return name[len - 1] <= '7';
}

/* VVVV:DDDD in hexadecimal. */
static int read_ids(struct words *t, struct word word, uint16_t *vendor, uint16_t *device)
{
	struct word first = words_cut(&word, ':');
	uint64_t a, b;

	if (words_hex(t, first, 0xffff, &a) || words_hex(t, word, 0xffff, &b))
		return words_fail(
			t, first, "vendor and device should be two hexadecimal numbers, 1b36:0010");
	*vendor = (uint16_t)a;
	*device = (uint16_t)b;
	return 0;
}

static int read_bar_flags(struct words *t, struct word word, struct model_bar *bar)
{
	while (word.len) {
		struct word flag = words_cut(&word, ':');

		if (words_is(flag, "io"))
			bar->io = true;
		else if (words_is(flag, "64"))
			bar->wide = true;
		else if (words_is(flag, "prefetch"))
			bar->prefetch = true;
		else
			return words_fail(t, flag, "'%.*s' should be io, 64 or prefetch",
				(int)flag.len, flag.at);
	}
	return 0;
}

/* SIZE[:64][:prefetch] or SIZE:io */
static int read_bar(struct words *t, struct word word, struct model_bar *bar)
{
	struct word size = words_cut(&word, ':');
	int ret = words_bytes(t, size, &bar->size);

	if (!ret)
		ret = read_bar_flags(t, word, bar);
	if (ret)
		return ret;
	if (bar->size < 16 || bar->size & (bar->size - 1))
		return words_fail(t, size, "a BAR's size is a power of two, at least 16 bytes");
	if (bar->io && (bar->wide || bar->prefetch || bar->size > 256))
		return words_fail(t, size, "an I/O BAR has 32 bits and at most 256 bytes");
	if (!bar->wide && bar->size > (uint64_t)1 << 31)
		return words_fail(t, size, "a BAR above 2G needs 64 bits: add :64");
	return 0;
}

/* N or N@BAR */
static int read_msix(struct words *t, struct word word, struct model_device *d)
{
	struct word count = words_cut(&word, '@');
	uint64_t vectors, bar = 0;
	int ret = words_number(t, count, 2048, &vectors);

	if (!ret && word.len)
		ret = words_number(t, word, MODEL_BARS - 1, &bar);
	if (ret)
		return ret;
	d->msix = (unsigned int)vectors;
	d->msix_bar = (uint8_t)bar;
	return 0;
}

static int read_pin(struct words *t, struct word word, struct model_device *d)
{
	if (words_is(word, "none"))
		d->pin = 0;
	else if (word.len == 1 && word.at[0] >= 'A' && word.at[0] <= 'D')
		d->pin = (uint8_t)(word.at[0] - 'A' + 1);
	else
		return words_fail(
			t, word, "'%.*s' should be none, A, B, C or D", (int)word.len, word.at);
	return 0;
}

static int read_msi(struct words *t, struct word word, struct model_device *d)
{
	uint64_t value;
	int ret = words_number(t, word, 32, &value);

	if (ret)
		return ret;
	if (value & (value - 1))
		return words_fail(t, word, "MSI vectors come in powers of two, up to 32");
	d->msi = (unsigned int)value;
	return 0;
}

static int read_attribute(struct words *t, struct word word, struct model_device *d)
{
	struct word whole = word, key = words_cut(&word, '=');
	uint64_t value = 0;
	int ret = 0;

	if (key.len == 4 && !memcmp(key.at, "bar", 3) && key.at[3] >= '0' && key.at[3] <= '5')
		return read_bar(t, word, &d->bar[key.at[3] - '0']);
	if (words_is(key, "subsys"))
		return read_ids(t, word, &d->subvendor, &d->subdevice);
	if (words_is(key, "msix"))
		return read_msix(t, word, d);
	if (words_is(key, "msi"))
		return read_msi(t, word, d);
	if (words_is(key, "pin"))
		return read_pin(t, word, d);
	if (words_is(key, "express"))
		return words_yes(t, word, &d->express);
	if (words_is(key, "class")) {
		ret = words_hex(t, word, 0xffffff, &value);
		d->class = (uint32_t)value;
	} else if (words_is(key, "rev")) {
		ret = words_hex(t, word, 0xff, &value);
		d->revision = (uint8_t)value;
	} else {
		ret = words_fail(t, whole,
			"'%.*s' should be class=, rev=, subsys=, pin=, msi=, msix=, express= or "
			"bar0= to bar5=",
			(int)whole.len, whole.at);
	}
	return ret;
}

uint64_t host_device_msix_bytes(const struct model_device *d)
{
	return (uint64_t)d->msix * 16 + (d->msix + 63) / 64 * 8;
}

uint64_t host_device_msix_pending(const struct model_device *d)
{
	uint64_t page = ((uint64_t)d->msix * 16 + 0xfff) & ~(uint64_t)0xfff;

	return d->bar[d->msix_bar].size >= page + (d->msix + 63) / 64 * 8 ? page : d->msix * 16;
}

static int check(struct words *t, struct word name, const struct model_device *d)
{
	const struct model_bar *msix = &d->bar[d->msix_bar];

	for (unsigned int i = 0; i < MODEL_BARS; i++)
		if (d->bar[i].wide && (i == MODEL_BARS - 1 || d->bar[i + 1].size))
			return words_fail(t, name,
				"bar%u has 64 bits and takes bar%u's place: leave that one out", i,
				i + 1);
	if (d->msix && (msix->io || msix->size < host_device_msix_bytes(d)))
		return words_fail(t, name,
			"bar%u is too small for %u MSI-X vectors: it needs %llu bytes of memory",
			d->msix_bar, d->msix, (unsigned long long)host_device_msix_bytes(d));
	return 0;
}

int host_device_parse(struct words *t, struct word name, struct model_device *out)
{
	struct word word;
	int ret;

	*out = (struct model_device){.express = true};
	if (!host_device_is_address(name.at, name.len))
		return words_fail(t, name, "'%.*s' is not a PCI address such as 0000:00:05.0",
			(int)name.len, name.at);
	memcpy(out->name, name.at, name.len);
	ret = read_ids(t, words_next(t), &out->vendor, &out->device);
	while (!ret && (word = words_next(t)).len)
		ret = read_attribute(t, word, out);
	return ret ? ret : check(t, name, out);
}
