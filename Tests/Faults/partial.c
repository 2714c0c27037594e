// SPDX-License-Identifier: Apache-2.0
// Preloaded into the program, this makes the disk worse than strace(1) can: a write(2) that takes a part of its bytes does
// take that part, and says so. It counts what changes a file below FAULT_BELOW (paths, with a colon between two), over all threads.
//   FAULT=short:N   the Nth write takes half of its bytes
//   FAULT=trickle:1 each write takes at most 7 bytes
//   FAULT=full:N    from the Nth change on the disk is full: a write takes half of its bytes, then nothing grows any more
//   FAULT=rofs:N    from the Nth change on the file system is read-only, removals too
//   FAULT=broken:N  from the Nth change on each one fails with EIO, fsync(2) too
//   FAULT=once:N    the Nth change alone fails with EIO
//   FAULT=kill:N    kill -9 in the place of the Nth change
// FAULT_LOG gets a line for each change: NUMBER CALL PATH.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long changes, writes;
static long at;
static char kind;
static const char *below;
static int record = -1;

static __thread int inside;
static __thread char subject[4096]; // the path that was looked at last

__attribute__((constructor)) static void begin(void)
{
    const char *fault = getenv("FAULT"), *file = getenv("FAULT_LOG"), *colon;
    below = getenv("FAULT_BELOW");
    if (!fault || !below || !(colon = strchr(fault, ':')))
        return;
    kind = fault[0];
    at = strtol(colon + 1, NULL, 10);
    if (file)
        record = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    atomic_store(&changes, 0);
}

static int is_ours(const char *path)
{
    if (!kind || !path)
        return 0;
    for (const char *start = below, *end; *start; start = *end ? end + 1 : end) {
        end = strchrnul(start, ':');
        if (end > start && strncmp(path, start, end - start) == 0) {
            snprintf(subject, sizeof subject, "%s", path);
            return 1;
        }
    }
    return 0;
}

static int is_our_file(int number)
{
    char link[64], path[4096];
    if (!kind || number == record)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", number);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return is_ours(path);
}

// What the next change gets: 0 for "as always", or an errno. `grows`: it takes space.
static int judge(const char *what, int grows)
{
    int saved = errno, wrong = 0;
    long number = atomic_fetch_add(&changes, 1) + 1;
    if (record >= 0)
        dprintf(record, "%ld %s %s\n", number, what, subject);
    errno = saved;
    if (kind == 'k' && number == at)
        kill(getpid(), SIGKILL);
    if (kind == 'o' && number == at)
        wrong = EIO;
    if (number >= at) {
        if (kind == 'f' && grows)
            wrong = ENOSPC;
        if (kind == 'r')
            wrong = EROFS;
        if (kind == 'b')
            wrong = EIO;
    }
    return wrong;
}

#define REAL(name, type) \
    static type (*real)() = NULL; \
    if (!real) \
        *(void **)&real = dlsym(RTLD_NEXT, #name)

#define FAIL_IF(ours, grows) \
    if (!inside && (ours)) { \
        inside = 1; \
        int wrong = judge(__func__, grows); \
        inside = 0; \
        if (wrong) { \
            errno = wrong; \
            return -1; \
        } \
    }

// How many of `count` bytes a write takes; 0 where it fails.
static size_t taken(int number, size_t count, const char *what)
{
    if (inside || !is_our_file(number))
        return count;
    inside = 1;
    long nth = atomic_fetch_add(&writes, 1) + 1, before = atomic_load(&changes) + 1;
    int wrong = judge(what, 1);
    inside = 0;
    if (kind == 's' && nth == at && count > 1)
        return count / 2;
    if (kind == 't')
        return count > 7 ? 7 : count;
    if (kind == 'f' && before == at && count > 1)
        return count / 2;
    if (wrong) {
        errno = wrong;
        return 0;
    }
    return count;
}

ssize_t write(int number, const void *bytes, size_t count)
{
    REAL(write, ssize_t);
    size_t part = taken(number, count, "write");
    return part == 0 && count > 0 ? -1 : real(number, bytes, part);
}

ssize_t pwrite(int number, const void *bytes, size_t count, off_t offset)
{
    REAL(pwrite, ssize_t);
    size_t part = taken(number, count, "pwrite");
    return part == 0 && count > 0 ? -1 : real(number, bytes, part, offset);
}

ssize_t pwrite64(int number, const void *bytes, size_t count, off_t offset)
{
    REAL(pwrite64, ssize_t);
    size_t part = taken(number, count, "pwrite64");
    return part == 0 && count > 0 ? -1 : real(number, bytes, part, offset);
}

static int changes_by(int flags) { return (flags & O_CREAT) || (flags & O_ACCMODE) != O_RDONLY; }

/* The mode of a file that may be made is the last argument. A full disk lets a file be opened that is there. */
#define BEFORE_OPEN(path, flags) \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    } \
    struct stat there; \
    FAIL_IF(changes_by(flags) && is_ours(path), lstat(path, &there) != 0)

#define OPEN(name) \
    int name(const char *path, int flags, ...) \
    { \
        REAL(name, int); \
        BEFORE_OPEN(path, flags) \
        return real(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
    int name(int directory, const char *path, int flags, ...) \
    { \
        REAL(name, int); \
        BEFORE_OPEN(path, flags) \
        return real(directory, path, flags, mode); \
    }
OPENAT(openat)
OPENAT(openat64)

int mkdir(const char *path, mode_t mode) { REAL(mkdir, int); FAIL_IF(is_ours(path), 1) return real(path, mode); }
int rename(const char *from, const char *to) { REAL(rename, int); FAIL_IF(is_ours(from), 0) return real(from, to); }
int unlink(const char *path) { REAL(unlink, int); FAIL_IF(is_ours(path), 0) return real(path); }
int rmdir(const char *path) { REAL(rmdir, int); FAIL_IF(is_ours(path), 0) return real(path); }
int link(const char *from, const char *to) { REAL(link, int); FAIL_IF(is_ours(to), 1) return real(from, to); }
int symlink(const char *to, const char *path) { REAL(symlink, int); FAIL_IF(is_ours(path), 1) return real(to, path); }
int chmod(const char *path, mode_t mode) { REAL(chmod, int); FAIL_IF(is_ours(path), 0) return real(path, mode); }
int fsync(int number) { REAL(fsync, int); FAIL_IF(is_our_file(number), 0) return real(number); }
int fdatasync(int number) { REAL(fdatasync, int); FAIL_IF(is_our_file(number), 0) return real(number); }
int fchmod(int number, mode_t mode) { REAL(fchmod, int); FAIL_IF(is_our_file(number), 0) return real(number, mode); }
int ftruncate(int number, off_t size) { REAL(ftruncate, int); FAIL_IF(is_our_file(number), 0) return real(number, size); }

int fchown(int number, uid_t user, gid_t group)
{
    REAL(fchown, int);
    FAIL_IF(is_our_file(number), 0)
    return real(number, user, group);
}
