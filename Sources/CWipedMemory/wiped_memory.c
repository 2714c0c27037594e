// SPDX-License-Identifier: Apache-2.0
// The program's own free() and realloc(): they wipe memory before the C library gets it back.
//
// A private key that somebody put beside a certificate is read as a certificate file: into arrays and strings, which are
// copied and grown, and which Swift's library frees unwiped. The dynamic linker gives these functions to all libraries of the
// process, so nothing that was freed can be found in it: no array of Swift, no buffer of libcrypto, libssl or libsystemd.
// glibc's own M_PERTURB (mallopt(3)) leaves out small blocks, which each thread keeps for itself: those that hold a key.
#include "wiped_memory.h"

// A sanitizer has functions of its own in the same place.
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer) && !__has_feature(memory_sanitizer)

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <string.h>

// The C library's own, under the names by which it exports them for this (glibc: malloc/malloc.c).
extern void __libc_free(void *memory);
extern void *__libc_malloc(size_t size);

// Beyond this glibc takes memory from the kernel for each block and returns it at once (mallopt(3), M_MMAP_THRESHOLD).
static const size_t most_kept = (size_t)32 << 20;

void free(void *memory)
{
    if (memory == NULL) return;
    int error = errno;
    size_t size = malloc_usable_size(memory);
    if (size <= most_kept) explicit_bzero(memory, size);
    __libc_free(memory);
    errno = error;
}

void *realloc(void *memory, size_t size)
{
    if (memory == NULL) return __libc_malloc(size);
    if (size == 0) {
        free(memory);
        return NULL;
    }
    size_t had = malloc_usable_size(memory);
    // What is given back in place would be given back unwiped, so a smaller block keeps its room.
    if (size <= had && size >= had / 2) return memory;
    void *other = __libc_malloc(size);
    if (other == NULL) return NULL;
    memcpy(other, memory, had < size ? had : size);
    free(memory);
    return other;
}

#endif
