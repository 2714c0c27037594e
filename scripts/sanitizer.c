// SPDX-License-Identifier: Apache-2.0
// What sanitize.sh links into the programs that it builds with a sanitizer. No other build has it.
#define _GNU_SOURCE
#if __has_feature(address_sanitizer)

// Options of a program that a test starts without ASAN_OPTIONS. sanitize.sh says where lost memory is looked for.
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "detect_leaks=0"; }

#elif __has_feature(thread_sanitizer)

// Otherwise each program waits a second at its end.
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) { return "atexit_sleep_ms=0"; }

// The two functions tell the sanitizer what Swift's Mutex does when two threads want it at the same time.
//
// A lock that is free is taken and given back in code that the compiler puts into the caller, which the sanitizer sees. One
// that is taken goes through these functions of libswiftSynchronization, which is not built with the sanitizer. So it would
// report each value in a Mutex for which a thread really waited.
#include <dlfcn.h>
#include <stdint.h>

extern void __tsan_acquire(void *address);
extern void __tsan_release(void *address);

#define SWIFTCALL __attribute__((swiftcall))
#define SELF __attribute__((swift_context))
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFTCALL void lock(uint32_t thread, SELF void *mutex) __asm__(LOCK);
SWIFTCALL void unlock(SELF void *mutex) __asm__(UNLOCK);

SWIFTCALL void lock(uint32_t thread, SELF void *mutex)
{
    SWIFTCALL void (*next)(uint32_t, SELF void *) = dlsym(RTLD_NEXT, LOCK);
    next(thread, mutex);
    __tsan_acquire(mutex);
}

SWIFTCALL void unlock(SELF void *mutex)
{
    SWIFTCALL void (*next)(SELF void *) = dlsym(RTLD_NEXT, UNLOCK);
    __tsan_release(mutex);
    next(mutex);
}

#endif
