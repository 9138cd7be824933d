/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wrap BIOS.bin DRIVER.efi ROM: one option ROM of both images, with their sizes and checksums.
 *
 * PCI Firmware Specification 3.0, 5.1; UEFI 2.10, 14.4.2. The result depends on nothing but what
 * goes into it. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNIT = 512, MOST = 65536 };
enum { AT_SIZE = 2, AT_PCIR = 0x18, AT_PNP = 0x1a };
enum { PCIR_LENGTH = 16, PCIR_CODE = 20, PCIR_INDICATOR = 21, PCIR_SIZE = 24, LAST = 0x80 };
enum { EFI_HEADER = 0x38, EFI_PCIR = 0x1c, CODE_EFI = 3 };

struct image {
	uint8_t bytes[MOST];
	size_t size;
};

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "wrap: %s: %s\n", what, why);
	exit(1);
}

static void put16(uint8_t *at, unsigned int value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value & 0xffff);
	put16(at + 2, value >> 16);
}

static unsigned int get16(const uint8_t *at)
{
	return at[0] | (unsigned int)at[1] << 8;
}

/* Appends the file to @image, at @at. */
static void load(struct image *image, size_t at, const char *path)
{
	FILE *file = fopen(path, "rb");

	if (!file)
		die(path, strerror(errno));
	image->size = at + fread(image->bytes + at, 1, MOST - at, file);
	if (ferror(file) || image->size == at || image->size == MOST)
		die(path, "cannot be read, is empty or too large");
	fclose(file);
}

static void pad(struct image *image)
{
	image->size = (image->size + UNIT - 1) / UNIT * UNIT;
}

static uint8_t missing(const uint8_t *from, size_t length)
{
	uint8_t sum = 0;

	while (length--)
		sum = (uint8_t)(sum + *from++);
	return (uint8_t)-sum;
}

/* Its assembly has the headers; sizes and sums are left. */
static void finish_bios(struct image *image, const char *path)
{
	uint8_t *bytes = image->bytes, *pcir = bytes + get16(bytes + AT_PCIR),
		*pnp = bytes + get16(bytes + AT_PNP);

	pad(image);
	if (get16(bytes) != 0xaa55 || memcmp(pcir, "PCIR", 4) || memcmp(pnp, "$PnP", 4) ||
		bytes[image->size - 1])
		die(path, "is no option ROM with a PCI and a PnP header");
	bytes[AT_SIZE] = (uint8_t)(image->size / UNIT);
	put16(pcir + PCIR_LENGTH, (unsigned int)(image->size / UNIT));
	pnp[9] = missing(pnp, pnp[5] * 16u);
	bytes[image->size - 1] = missing(bytes, image->size);
}

/* A linker's time of day is no part of the ROM; the PE checksum is optional and goes with it. */
static void strip_time(uint8_t *pe, size_t size, const char *path)
{
	uint32_t at = get16(pe + 0x3c);

	if (size < 0x40 || get16(pe) != 0x5a4d || at + 0x60 > size || memcmp(pe + at, "PE\0", 4))
		die(path, "is no PE image");
	put32(pe + at + 8, 0);
	put32(pe + at + 0x58, 0);
}

static void make_efi(
	struct image *image, const char *path, unsigned int vendor, unsigned int device)
{
	uint8_t *bytes = image->bytes, *pcir = bytes + EFI_PCIR, *pe = bytes + EFI_HEADER;
	uint32_t coff;

	load(image, EFI_HEADER, path);
	strip_time(pe, image->size - EFI_HEADER, path);
	coff = get16(pe + 0x3c);
	pad(image);
	put16(bytes, 0xaa55);
	put16(bytes + AT_SIZE, (unsigned int)(image->size / UNIT));
	put32(bytes + 4, 0x0ef1);
	put16(bytes + 8, get16(pe + coff + 0x5c)); /* subsystem */
	put16(bytes + 10, get16(pe + coff + 4));   /* machine */
	put16(bytes + 12, 0);			   /* not compressed */
	put16(bytes + 0x16, EFI_HEADER);
	put16(bytes + AT_PCIR, EFI_PCIR);
	memcpy(pcir, "PCIR", 4);
	put16(pcir + 4, vendor);
	put16(pcir + 6, device);
	put16(pcir + 10, 24);
	put32(pcir + 12, 0xff000000); /* revision 3.0 would be 3; class as in the BIOS image */
	put16(pcir + PCIR_LENGTH, (unsigned int)(image->size / UNIT));
	pcir[PCIR_CODE] = CODE_EFI;
	pcir[PCIR_INDICATOR] = LAST;
}

int main(int argc, char **argv)
{
	static struct image bios, efi;
	const uint8_t *pcir;
	FILE *out;

	if (argc != 4) {
		fprintf(stderr, "usage: wrap BIOS.bin DRIVER.efi ROM\n");
		return 2;
	}
	load(&bios, 0, argv[1]);
	finish_bios(&bios, argv[1]);
	pcir = bios.bytes + get16(bios.bytes + AT_PCIR);
	make_efi(&efi, argv[2], get16(pcir + 4), get16(pcir + 6));
	out = fopen(argv[3], "wb");
	if (!out || fwrite(bios.bytes, 1, bios.size, out) != bios.size ||
		fwrite(efi.bytes, 1, efi.size, out) != efi.size || fclose(out))
		die(argv[3], strerror(errno));
	return 0;
}
