/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What hosts reserve, as `iovashim holes` reads, merges and tells it. */
#ifndef IOVASHIM_CLI_HOLES_H
#define IOVASHIM_CLI_HOLES_H

#include "range.h"

#include <stddef.h>
#include <stdio.h>

/* All text in these structures is printable ASCII: holes_text() puts '?' for any other byte. */

struct holes_region {
	struct range range;
	char type[24]; /* as sysfs spells it */
	bool counts;   /* false: direct-relaxable, which mappings may use */
};

struct holes_device {
	char address[40]; /* 0000:00:05.0; another name if it is no PCI device */
	bool has_ids;
	uint16_t vendor, device;
	char driver[32]; /* "": none, or not known */
	char name[128];	 /* by pci.ids; "" if it does not know */
};

/* What the IOMMU can translate for a group. */
struct holes_aperture {
	bool known;
	struct range range;
	char how[128]; /* who says so; or why it is not known */
};

struct holes_group {
	unsigned int number;
	struct holes_aperture aperture;
	size_t n_regions;
	struct holes_region *regions;
	size_t n_devices;
	struct holes_device *devices;
};

/* Whether the kernel refuses mappings that touch a reserved range: Linux 5.4 and newer do. */
enum holes_enforces { ENFORCES_UNKNOWN, ENFORCES_NO, ENFORCES_YES };

struct holes_host {
	char name[72];
	char kernel[72]; /* as uname -r; "" if not known */
	char vendor[16]; /* CPUID's; "" if not known */
	char iommu[16];	 /* "AMD-Vi", "VT-d", a name out of class/iommu, or "" */
	enum holes_enforces enforces;
	bool has_vfio; /* holes_has_vfio(), where it was asked; not in JSON */
	size_t n_groups;
	struct holes_group *groups; /* by number */
};

struct holes_fleet {
	size_t n_hosts;
	struct holes_host *hosts;
};

struct holes_error {
	char text[512]; /* one line, no newline */
};

/* --- holes_data.c: all of it freed with holes_free() ----------------------- */

/* Each appends an empty element; NULL without memory. Good until the next one is appended. */
struct holes_host *holes_add_host(struct holes_fleet *fleet);
struct holes_group *holes_add_group(struct holes_host *host, unsigned int number);
struct holes_region *holes_add_region(struct holes_group *group);
struct holes_device *holes_add_device(struct holes_group *group);
void holes_free(struct holes_fleet *fleet);

/* Keeps the groups for which @keep is true, and frees the others. */
void holes_keep_groups(struct holes_host *host,
	bool (*keep)(const void *context, const struct holes_group *group), const void *context);

/* Copies the first line of @from, cut to @room - 1 bytes. */
void holes_text(char *to, size_t room, const char *from);

/* Fills @error, returns -EINVAL. */
__attribute__((format(printf, 2, 3))) int holes_fail(
	struct holes_error *error, const char *format, ...);
int holes_fail_memory(struct holes_error *error); /* returns -ENOMEM */

/* --- holes_union.c: pure --------------------------------------------------- */

/* One range that one group of one host wants to be avoided. */
struct holes_claim {
	struct range range;
	char what[24]; /* the region's type, or "beyond 39 bits" */
	const struct holes_host *host;
	const struct holes_group *group;
};

struct holes_union {
	size_t n_claims;
	struct holes_claim *claims; /* sorted by range, what; then as the hosts and groups come */
	/* The rest is of all claims together. */
	bool bounded;	  /* every group's aperture is known */
	bool usable;	  /* any address is left */
	uint64_t highest; /* the last address outside of all claims */
	uint64_t room;	  /* bytes from 4 GiB to the first range above it; 0: 4 GiB is in one */
	bool unlimited;	  /* there is no range from 4 GiB on */
};

/* Returns 0 or -ENOMEM. @fleet has to outlive @out, which is freed with holes_union_free(). */
int holes_union(const struct holes_fleet *fleet, struct holes_union *out);
void holes_union_free(struct holes_union *holes);

/* Bytes from 4 GiB to the first range above it, or to the end of all addresses. */
uint64_t holes_above_4g(const struct holes_union *holes);

/* The index after the run of claims that begins at @from and has the same range and what. */
size_t holes_same_range(const struct holes_union *holes, size_t from);
/* The index after the part of that run, which ends at @end, that is of one host. */
size_t holes_same_host(const struct holes_union *holes, size_t from, size_t end);

/* Bits that an address takes: 39 for 0x7fffffffff. */
unsigned int holes_bits(uint64_t address);

/* --- where facts come from ------------------------------------------------- */

/* A tree like /sys; paths are relative to it. Functions return what is said, or -errno. */
struct holes_tree {
	/* Bytes read, at most @size - 1; the text then ends in a NUL. */
	int (*read)(void *context, const char *path, char *text, size_t size);
	/* The last part of a symbolic link's target: 0 or -errno. */
	int (*link)(void *context, const char *path, char *text, size_t size);
	/* Calls @entry for each name in a directory: 0 or -errno. */
	int (*list)(void *context, const char *path, int (*entry)(void *to, const char *name),
		void *to);
	bool (*exists)(void *context, const char *path);
	void *context;
	const char *name; /* for messages: "/sys" */
	bool saved;	  /* of another host: kernel, name and command line are files at its top */
};

/* holes_tree.c. @root is kept. */
struct holes_tree holes_tree_open(const char *root, bool saved);

/* holes_missing.c: true if VFIO's modules are loaded there, or if that cannot be told. */
bool holes_has_vfio(const struct holes_tree *tree);
/* holes_read.c: reads all of a host. Returns 0, or -errno with @error. */
int holes_read(const struct holes_tree *tree, struct holes_host *host, struct holes_error *error);
/* Why a host without groups has none, and the mend. */
void holes_explain_none(const struct holes_tree *tree, struct holes_error *error);
/* The kernel's command line: bytes or -errno. */
int holes_read_cmdline(const struct holes_tree *tree, char *text, size_t size);
/* True if @cmdline has @word between spaces (or, for "a=b", that among a's comma-separated). */
bool holes_has_word(const char *cmdline, const char *word);

/* holes_width.c, pure: from an IOMMU's registers, as the kernel's drivers do. @kernel is
 * major << 16 | minor, 0 if not known. */
void holes_width_intel(struct holes_aperture *aperture, uint64_t cap, uint64_t ecap,
	unsigned int kernel, const char *cmdline);
void holes_width_amd(struct holes_aperture *aperture, unsigned int kernel, const char *cmdline);

/* holes_vfio.c: opens the group and asks VFIO, if no one is disturbed by it; else says in
 * aperture.how why not. Returns 0, or -EACCES if permission is what is missing, with @error. */
int holes_ask(struct holes_host *host, struct holes_group *group, struct holes_error *error);

/* --- how it is told -------------------------------------------------------- */

/* All return 0 or -ENOMEM; that the stream is good is the caller's to check. */
int holes_print_host(FILE *to, const struct holes_fleet *fleet);
int holes_print_fleet(FILE *to, const struct holes_fleet *fleet);
int holes_print_json(FILE *to, const struct holes_fleet *fleet);
int holes_print_conf(FILE *to, const struct holes_fleet *fleet);
int holes_print_prometheus(FILE *to, const struct holes_fleet *fleet); /* one host */
/* One host. -E2BIG: more ranges than NFD reads. */
int holes_print_nfd(FILE *to, const struct holes_fleet *fleet);

/* "1,3-7" of claims @from to @end, all of one host. */
void holes_group_list(
	const struct holes_union *holes, size_t from, size_t end, char *text, size_t room);
/* "Linux 6.12.1, AuthenticAMD, AMD-Vi", without what is not known. */
void holes_describe_host(const struct holes_host *host, char *text, size_t room);

/* holes_parse.c: appends the hosts of what --json printed; @file is for messages. Returns 0, or
 * -errno with @error. */
int holes_parse_json(struct holes_fleet *fleet, const char *file, const char *text, size_t length,
	struct holes_error *error);

#endif
