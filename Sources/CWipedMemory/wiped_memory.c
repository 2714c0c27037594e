// SPDX-License-Identifier: Apache-2.0
// All memory is overwritten when it is freed.
//
// A private key that somebody put beside a certificate is read as a certificate file: into arrays and strings, which are
// copied and grown, and which Swift's library frees as they are. The C library overwrites what it gets back, where it is told
// to, for all libraries of the process: arrays of Swift, buffers of libcrypto, libssl and libsystemd.
#include "wiped_memory.h"

#include <malloc.h>

// Before main(), and before Swift's own constructors. Any byte but 0 turns it on (mallopt(3), M_PERTURB).
__attribute__((constructor(101))) static void overwrite_what_is_freed(void)
{
    mallopt(M_PERTURB, 0xa5);
}
