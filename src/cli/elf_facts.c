/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An ELF file's bytes in, what matters to interception out: headers and the dynamic section. */
#include "elf_facts.h"
#include "elf_code.h"

#include <endian.h>
#include <errno.h>
#include <gelf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#define OWN_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OWN_MACHINE EM_AARCH64
#elif defined(__riscv)
#define OWN_MACHINE EM_RISCV
#elif defined(__powerpc64__)
#define OWN_MACHINE EM_PPC64
#elif defined(__s390x__)
#define OWN_MACHINE EM_S390
#else
#define OWN_MACHINE EM_NONE
#endif
#define OWN_ORDER (__BYTE_ORDER == __LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB)

/* What the dynamic section points to; addresses, 0 if there is none. */
struct dynamic {
	uint64_t strings, strings_size, symbols, hash, gnu_hash;
	uint64_t rela, rela_size, plt, plt_size;
};

struct reader {
	Elf *elf;
	const unsigned char *image;
	size_t size, n_headers;
	struct dynamic dynamic;
	const char *strings; /* of the dynamic section */
	uint64_t strings_length;
	struct elf_facts *facts;
};

bool elf_is(const void *image, size_t size)
{
	return size >= SELFMAG && !memcmp(image, ELFMAG, SELFMAG);
}

const char *elf_machine_name(unsigned int machine)
{
	switch (machine) {
	case EM_X86_64:
		return "x86-64";
	case EM_386:
		return "i386";
	case EM_AARCH64:
		return "AArch64";
	case EM_ARM:
		return "Arm";
	case EM_RISCV:
		return "RISC-V";
	case EM_PPC64:
		return "PowerPC64";
	case EM_S390:
		return "S/390";
	default:
		return NULL;
	}
}

/* The loadable segment with @address in it. */
static bool segment_of(const struct reader *reader, uint64_t address, GElf_Phdr *segment)
{
	for (size_t i = 0; i < reader->n_headers; i++) {
		if (!gelf_getphdr(reader->elf, (int)i, segment) || segment->p_type != PT_LOAD)
			continue;
		if (address >= segment->p_vaddr && address - segment->p_vaddr < segment->p_filesz)
			return true;
	}
	return false;
}

/* What the file has at @address: at most @length bytes, which becomes how many there are. NULL if
 * that is none. All segments were found to lie within the file. */
static const unsigned char *at(const struct reader *reader, uint64_t address, uint64_t *length)
{
	GElf_Phdr segment;
	uint64_t skip, room;

	if (!segment_of(reader, address, &segment))
		return NULL;
	skip = address - segment.p_vaddr;
	room = segment.p_filesz - skip;
	if (*length > room)
		*length = room;
	return *length ? reader->image + segment.p_offset + skip : NULL;
}

/* The same as entries of @type, for libelf to decode. */
static Elf_Data *table(
	const struct reader *reader, uint64_t address, uint64_t length, Elf_Type type)
{
	const unsigned char *bytes = length ? at(reader, address, &length) : NULL;

	if (!bytes)
		return NULL;
	length -= length % gelf_fsize(reader->elf, type, 1, EV_CURRENT);
	if (!length)
		return NULL;
	return elf_getdata_rawchunk(reader->elf, bytes - reader->image, length, type);
}

static void find_strings(struct reader *reader)
{
	reader->strings_length = reader->dynamic.strings_size;
	reader->strings =
		(const char *)at(reader, reader->dynamic.strings, &reader->strings_length);
}

static const char *string(const struct reader *reader, uint64_t offset)
{
	const char *strings = reader->strings;

	if (!strings || offset >= reader->strings_length ||
		!memchr(strings + offset, 0, reader->strings_length - offset))
		return NULL;
	return strings + offset;
}

static int copy(char **to, const char *from)
{
	if (!from || *to)
		return 0;
	*to = strdup(from);
	return *to ? 0 : -ENOMEM;
}

static int add_needed(struct elf_facts *facts, const char *name)
{
	char **grown;

	if (!name)
		return 0;
	grown = realloc(facts->needed, (facts->n_needed + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	facts->needed = grown;
	facts->needed[facts->n_needed] = strdup(name);
	return facts->needed[facts->n_needed++] ? 0 : -ENOMEM;
}

static void note_flags(struct elf_facts *facts, uint64_t flags)
{
	if (flags & DF_1_PIE)
		facts->flags |= ELF_PIE;
	if (flags & DF_1_NODEFLIB)
		facts->flags |= ELF_NO_DEFAULT_LIBRARIES;
}

static void note_address(struct reader *reader, const GElf_Dyn *entry)
{
	struct dynamic *dynamic = &reader->dynamic;
	uint64_t value = entry->d_un.d_val;

	switch (entry->d_tag) {
	case DT_STRTAB:
		dynamic->strings = value;
		break;
	case DT_STRSZ:
		dynamic->strings_size = value;
		break;
	case DT_SYMTAB:
		dynamic->symbols = value;
		break;
	case DT_HASH:
		dynamic->hash = value;
		break;
	case DT_GNU_HASH:
		dynamic->gnu_hash = value;
		break;
	case DT_RELA:
		dynamic->rela = value;
		break;
	case DT_RELASZ:
		dynamic->rela_size = value;
		break;
	case DT_JMPREL:
		dynamic->plt = value;
		break;
	case DT_PLTRELSZ:
		dynamic->plt_size = value;
		break;
	case DT_FLAGS_1:
		note_flags(reader->facts, value);
		break;
	}
}

static int note_name(struct reader *reader, const GElf_Dyn *entry)
{
	struct elf_facts *facts = reader->facts;
	const char *name = string(reader, entry->d_un.d_val);

	switch (entry->d_tag) {
	case DT_NEEDED:
		return add_needed(facts, name);
	case DT_SONAME:
		return copy(&facts->soname, name);
	case DT_RPATH:
		return copy(&facts->rpath, name);
	case DT_RUNPATH:
		return copy(&facts->runpath, name);
	default:
		return 0;
	}
}

static int read_dynamic(struct reader *reader, const GElf_Phdr *segment)
{
	size_t size = segment->p_filesz - segment->p_filesz % sizeof(Elf64_Dyn);
	Elf_Data *data = NULL;
	GElf_Dyn entry;
	int err = 0;

	if (size)
		data = elf_getdata_rawchunk(
			reader->elf, (int64_t)segment->p_offset, size, ELF_T_DYN);
	/* Twice, since the strings' place may come after the names in them. */
	for (int i = 0; data && gelf_getdyn(data, i, &entry) && entry.d_tag != DT_NULL; i++)
		note_address(reader, &entry);
	find_strings(reader);
	for (int i = 0; data && !err && gelf_getdyn(data, i, &entry) && entry.d_tag != DT_NULL; i++)
		err = note_name(reader, &entry);
	return err;
}

static uint32_t word(const unsigned char *bytes, uint64_t index)
{
	uint32_t value;

	memcpy(&value, bytes + index * sizeof(value), sizeof(value));
	return value;
}

/* Symbols that the System V hash table knows of: its second word. */
static uint64_t count_hashed(const struct reader *reader)
{
	uint64_t length = 8;
	const unsigned char *hash =
		reader->dynamic.hash ? at(reader, reader->dynamic.hash, &length) : NULL;

	return hash && length == 8 ? word(hash, 1) : 0;
}

/* The end of the last chain, which belongs to the highest number in the buckets. */
static uint64_t count_gnu_hashed(const struct reader *reader)
{
	uint64_t length = UINT64_MAX, words, buckets, first, chains, highest = 0;
	const unsigned char *hash =
		reader->dynamic.gnu_hash ? at(reader, reader->dynamic.gnu_hash, &length) : NULL;

	words = length / sizeof(uint32_t);
	if (!hash || words < 4)
		return 0;
	first = word(hash, 1);
	buckets = 4 + (uint64_t)word(hash, 2) * 2; /* after the filter, of 64-bit words */
	chains = buckets + word(hash, 0);
	if (chains > words)
		return 0;
	for (uint64_t i = buckets; i < chains; i++)
		if (word(hash, i) > highest)
			highest = word(hash, i);
	if (highest < first)
		return 0;
	while (chains + highest - first < words && !(word(hash, chains + highest - first) & 1))
		highest++;
	return highest + 1;
}

/* Symbols up to the last one that a relocation names. A program that exports nothing has hash
 * tables that know nothing of what it imports. */
static uint64_t count_relocated(const struct reader *reader, uint64_t address, uint64_t length)
{
	Elf_Data *data = table(reader, address, length, ELF_T_RELA);
	uint64_t count = 0;
	GElf_Rela entry;

	for (int i = 0; data && gelf_getrela(data, i, &entry); i++)
		if (GELF_R_SYM(entry.r_info) >= count)
			count = GELF_R_SYM(entry.r_info) + 1;
	return count;
}

static uint64_t largest(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static unsigned int flag_of(const char *name, bool defined)
{
	if (!strcmp(name, "ioctl"))
		return defined ? ELF_DEFINES_IOCTL : ELF_IMPORTS_IOCTL;
	if (defined)
		return 0;
	if (!strcmp(name, "syscall"))
		return ELF_IMPORTS_SYSCALL;
	if (!strncmp(name, "exec", 4) || !strncmp(name, "posix_spawn", 11))
		return ELF_IMPORTS_EXEC;
	return !strcmp(name, "dlopen") || !strcmp(name, "dlmopen") ? ELF_IMPORTS_DLOPEN : 0;
}

static void read_symbols(struct reader *reader)
{
	const struct dynamic *dynamic = &reader->dynamic;
	uint64_t count = largest(count_hashed(reader), count_gnu_hashed(reader));
	Elf_Data *data;
	GElf_Sym symbol;

	count = largest(count, count_relocated(reader, dynamic->rela, dynamic->rela_size));
	count = largest(count, count_relocated(reader, dynamic->plt, dynamic->plt_size));
	if (count > reader->size / sizeof(Elf64_Sym))
		count = reader->size / sizeof(Elf64_Sym);
	data = table(reader, dynamic->symbols, count * sizeof(Elf64_Sym), ELF_T_SYM);
	for (int i = 1; data && gelf_getsym(data, i, &symbol); i++) {
		const char *name = string(reader, symbol.st_name);

		if (name)
			reader->facts->flags |= flag_of(name, symbol.st_shndx != SHN_UNDEF);
	}
}

static bool within(const struct reader *reader, const GElf_Phdr *segment)
{
	return segment->p_offset <= reader->size &&
	       segment->p_filesz <= reader->size - segment->p_offset;
}

/* The kernel wants the loader's path to end with a NUL, and takes what is before the first. */
static int read_interpreter(struct reader *reader, const GElf_Phdr *segment)
{
	const char *path = (const char *)reader->image + segment->p_offset;

	if (segment->p_filesz < 2 || path[segment->p_filesz - 1]) {
		reader->facts->damage = "is damaged: the path of its loader has no end";
		return 0;
	}
	return copy(&reader->facts->interpreter, path);
}

static int read_segment(struct reader *reader, const GElf_Phdr *segment)
{
	if (segment->p_type == PT_INTERP)
		return read_interpreter(reader, segment);
	if (segment->p_type == PT_DYNAMIC)
		return read_dynamic(reader, segment);
	return 0;
}

/* Every segment that is used is in the file; the tables above count on it. */
static const char *damage(const struct reader *reader, size_t wanted)
{
	bool loads = false;
	GElf_Phdr segment;

	if (reader->n_headers < wanted) /* libelf counts those that the file has room for */
		return "is truncated: it ends within its program headers";
	for (size_t i = 0; i < reader->n_headers; i++) {
		if (!gelf_getphdr(reader->elf, (int)i, &segment))
			return "is truncated: it ends within its program headers";
		loads |= segment.p_type == PT_LOAD;
		if (!within(reader, &segment) &&
			(segment.p_type == PT_LOAD || segment.p_type == PT_INTERP ||
				segment.p_type == PT_DYNAMIC))
			return "is truncated: its segments reach beyond its end";
	}
	return loads ? NULL : "is damaged: no segment of it is to be loaded";
}

static void read_code(struct reader *reader)
{
	GElf_Phdr segment;

	for (size_t i = 0; i < reader->n_headers; i++) {
		if (!gelf_getphdr(reader->elf, (int)i, &segment) || segment.p_type != PT_LOAD)
			continue;
		if ((segment.p_flags & PF_X) && OWN_MACHINE == EM_X86_64)
			reader->facts->flags |= elf_code_x86_64(reader->image + segment.p_offset,
				segment.p_filesz, reader->facts->flags & ELF_IMPORTS_SYSCALL);
		if (segment.p_flags & PF_W)
			reader->facts->flags |=
				elf_data_go(reader->image + segment.p_offset, segment.p_filesz);
	}
}

static int read_native(struct reader *reader, const GElf_Ehdr *header)
{
	GElf_Phdr segment;
	int err = 0;

	if (elf_getphdrnum(reader->elf, &reader->n_headers))
		reader->n_headers = 0;
	reader->facts->damage = damage(reader, header->e_phnum == PN_XNUM ? 0 : header->e_phnum);
	if (reader->facts->damage)
		return 0;
	for (size_t i = 0; !err && i < reader->n_headers; i++)
		if (gelf_getphdr(reader->elf, (int)i, &segment))
			err = read_segment(reader, &segment);
	if (!err && reader->dynamic.symbols)
		read_symbols(reader);
	if (!err)
		read_code(reader);
	return err;
}

static int read_elf(struct reader *reader)
{
	struct elf_facts *facts = reader->facts;
	GElf_Ehdr header;

	if (!reader->elf || !gelf_getehdr(reader->elf, &header)) {
		facts->damage = "is truncated: it ends within its ELF header";
		return 0;
	}
	facts->type = header.e_type;
	facts->machine = header.e_machine;
	facts->bits = header.e_ident[EI_CLASS] == ELFCLASS64 ? 64 : 32;
	facts->has_entry = header.e_entry != 0;
	if (facts->machine != OWN_MACHINE || facts->bits != 8 * sizeof(void *) ||
		header.e_ident[EI_DATA] != OWN_ORDER)
		return 0;
	facts->flags |= ELF_NATIVE;
	return read_native(reader, &header);
}

int elf_facts_read(struct elf_facts *facts, char *image, size_t size)
{
	struct reader reader = {
		.image = (const unsigned char *)image, .size = size, .facts = facts};
	int err;

	*facts = (struct elf_facts){0};
	elf_version(EV_CURRENT);
	reader.elf = elf_memory(image, size);
	err = read_elf(&reader);
	elf_end(reader.elf);
	if (err)
		elf_facts_free(facts);
	return err;
}

void elf_facts_free(struct elf_facts *facts)
{
	for (size_t i = 0; i < facts->n_needed; i++)
		free(facts->needed[i]);
	free(facts->needed);
	free(facts->interpreter);
	free(facts->soname);
	free(facts->rpath);
	free(facts->runpath);
	*facts = (struct elf_facts){0};
}
