/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds what is installed with this command: its libraries, and what it hands to VMMs. */
#ifndef IOVASHIM_INSTALLED_H
#define IOVASHIM_INSTALLED_H

/* The readable file @name (malloc'ed): beside this executable, as in a build; else in
 * LIBDIR/iovashim, LIBDIR or DATADIR/iovashim. NULL after having said that there is none. */
char *installed_find(const char *name);

#endif
