// SPDX-License-Identifier: Apache-2.0
// A target of its own, so that another commit means one small file and a link, and no Swift.
#include "build_info.h"

#ifndef AGGBOOTSTRAP_COMMIT
#define AGGBOOTSTRAP_COMMIT 0
#endif
#ifndef AGGBOOTSTRAP_LIBSYSTEMD
#define AGGBOOTSTRAP_LIBSYSTEMD 0
#endif

const char *aggbootstrap_commit(void) { return AGGBOOTSTRAP_COMMIT; }

const char *aggbootstrap_built_libsystemd(void) { return AGGBOOTSTRAP_LIBSYSTEMD; }
