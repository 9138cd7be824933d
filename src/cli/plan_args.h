/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VMM's arguments as something to edit: the list of words, and the properties inside a word. */
#ifndef IOVASHIM_PLAN_ARGS_H
#define IOVASHIM_PLAN_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Owns its words; at[n] is NULL, so that it can be executed. Without memory the process ends with
 * EXIT_OWN and a line: this is a command's own memory, never a VMM's. */
struct args {
	char **at;
	size_t n;
};

/* As malloc, strdup, asprintf, but never NULL. */
void *plan_alloc(size_t size);
void *plan_realloc(void *memory, size_t size);
char *plan_copy(const char *text);
__attribute__((format(printf, 1, 2))) char *plan_format(const char *format, ...);

struct args args_copy(char *const *words, size_t n);
void args_free(struct args *args);
void args_add(struct args *args, const char *word);
void args_set(struct args *args, size_t at, const char *word);
void args_remove(struct args *args, size_t at, size_t n);

/* True if the word is "-NAME" or "--NAME". */
bool args_is_option(const char *word, const char *name);

/* Index of the @nth (from 0) option @name that has a value after it; args->n if there is none. */
size_t args_find(const struct args *args, const char *name, size_t nth);

/* The words as a shell takes them, one line, blanks between, quoted where needed. */
void args_print(const struct args *args, FILE *to);
char *args_text(const struct args *args);

/* "key=value,flag,key=value" as QEMU reads it (",," is a comma), or a JSON object. */
struct property {
	char *key;   /* NULL: a word alone that is no implied key's value */
	char *value; /* of JSON what is no string is in JSON's own spelling */
	bool bare;   /* written without its key */
	bool typed;  /* of JSON: no string */
};
struct properties {
	struct property *at;
	size_t n;
	bool json;
};

/* @implied: the key that a first word alone is the value of, or NULL. Of a JSON object that cannot
 * be parsed there are no properties. */
struct properties properties_parse(const char *text, const char *implied);
void properties_free(struct properties *p);
/* The value of @key, or NULL; good until the next change. */
const char *properties_get(const struct properties *p, const char *key);
void properties_set(struct properties *p, const char *key, const char *value);
void properties_remove(struct properties *p, const char *key);
/* Keeps only what is in @keys, which commas separate. */
void properties_keep(struct properties *p, const char *keys);
/* Sets each of @list, "key=value,key=value". */
void properties_put(struct properties *p, const char *list);
/* To be freed. */
char *properties_text(const struct properties *p);

/* "1100G", "512M", "4096k", "0x1000": bytes; a number alone counts @unit bytes. False if it is none
 * of these. */
bool size_parse(const char *text, uint64_t unit, uint64_t *bytes);

/* @text with each ${name} replaced by what @value gives for it; NULL, to be freed otherwise, if
 * @value knows one of them not (returns NULL). */
char *template_fill(
	const char *text, const char *(*value)(void *context, const char *name), void *context);

/* Calls @each for each PCI address (bus:device.function, with or without domain) in @text, with the
 * domain: "0000:41:00.0". */
void pci_addresses(
	const char *text, void (*each)(void *context, const char *address), void *context);

#endif
