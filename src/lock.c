/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How deep in locks each thread is. */
#include "lock.h"

_Thread_local unsigned int lock_holds;
