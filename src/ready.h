/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tells who started the VMM that the library is in it. */
#ifndef IOVASHIM_READY_H
#define IOVASHIM_READY_H

/* @where is the value of IOVASHIM_READY, or NULL: "FD:INODE", a pipe's writing end that came
 * through exec. One byte is written to it, and it is closed. Nothing is done if FD is no longer
 * that pipe: the variable stays in the environment, and programs that the VMM starts read it again.
 */
void ready_report(const char *where);

#endif
