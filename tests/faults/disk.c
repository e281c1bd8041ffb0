/* A disk that fails when it is asked to, for the files of a recording; everything else goes through.
 *
 * Preloaded into djscope. DJSCOPE_FAULTS names a file of six 64-bit numbers that is shared with the test:
 * operations so far, faults so far, kind of fault, first operation that fails, how many do, length of a stall in ms.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum kind { NONE, FAIL, FULL, SHORT, TORN, STALL };

struct faults {
    _Atomic uint64_t operations, happened, kind, from, count, stall_ms;
};

#define MAX_FILES 4096
static _Atomic char is_recording[MAX_FILES];
static struct faults *faults;
static pthread_once_t once = PTHREAD_ONCE_INIT;

#define REAL(result, name, ...) \
    static result (*real)(__VA_ARGS__); \
    if (!real) real = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static void share(void) {
    REAL(int, "open64", const char *, int, ...);
    const char *path = getenv("DJSCOPE_FAULTS");
    int file = path ? real(path, O_RDWR) : -1;
    if (file < 0) return;
    void *shared = mmap(NULL, sizeof *faults, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (shared != MAP_FAILED) faults = shared;
}

/* The fault that the next operation meets. A stall is over when it returns. */
static enum kind next_fault(void) {
    pthread_once(&once, share);
    if (!faults) return NONE;
    uint64_t number = ++faults->operations;
    enum kind kind = faults->kind;
    if (kind == NONE || number < faults->from || number - faults->from >= faults->count) return NONE;
    ++faults->happened;
    if (kind != STALL) return kind;
    const struct timespec step = {0, 5 * 1000 * 1000};
    for (uint64_t ms = 0; ms < faults->stall_ms && faults->kind == STALL; ms += 5) nanosleep(&step, NULL);
    return NONE;
}

static int is_ours(int file) { return file >= 0 && file < MAX_FILES && is_recording[file]; }

/* True if an operation without bytes fails; errno says why. */
static int fails(int file) {
    enum kind kind = is_ours(file) ? next_fault() : NONE;
    errno = kind == FULL ? ENOSPC : EIO;
    return kind == FAIL || kind == FULL || kind == TORN;
}

static int has_name_of_recording(const char *path) {
    static const char *const ends[] = {".djscope", ".djscope-wal", ".djscope-shm", ".djscope-journal"};
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t end = strlen(ends[i]);
        if (length >= end && !strcmp(path + length - end, ends[i])) return 1;
    }
    return 0;
}

static int open_one(int folder, const char *path, int flags, mode_t mode) {
    REAL(int, "openat64", int, const char *, int, ...);
    int is_written = has_name_of_recording(path) && (flags & (O_WRONLY | O_RDWR));
    if (is_written) {
        enum kind kind = next_fault();
        if (kind == FAIL || kind == FULL || kind == TORN) {
            errno = kind == FULL ? ENOSPC : EIO;
            return -1;
        }
    }
    int file = real(folder, path, flags, mode);
    if (file >= 0 && file < MAX_FILES) is_recording[file] = is_written;
    return file;
}

#define OPEN(name, parameters, folder) \
    int name parameters { \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        return open_one(folder, path, flags, mode); \
    }

OPEN(open, (const char *path, int flags, ...), AT_FDCWD)
OPEN(open64, (const char *path, int flags, ...), AT_FDCWD)
OPEN(openat, (int folder, const char *path, int flags, ...), folder)
OPEN(openat64, (int folder, const char *path, int flags, ...), folder)

int close(int file) {
    REAL(int, "close", int);
    if (file >= 0 && file < MAX_FILES) is_recording[file] = 0;
    return real(file);
}

/* How many of `length` bytes are really written; what is to be returned if it is not that. */
static size_t written(int file, size_t length, int *is_failure) {
    enum kind kind = is_ours(file) ? next_fault() : NONE;
    *is_failure = kind == FAIL || kind == FULL || kind == TORN;
    if (kind == SHORT && length > 1) return length / 2;
    if (kind == TORN) return length / 2;
    return *is_failure ? 0 : length;
}

#define WRITE(name, parameters, types, arguments) \
    ssize_t name parameters { \
        REAL(ssize_t, #name, types); \
        int is_failure, is_full = is_ours(file) && faults && faults->kind == FULL; \
        length = written(file, length, &is_failure); \
        ssize_t done = is_failure && !length ? 0 : real arguments; \
        if (!is_failure) return done; \
        errno = is_full ? ENOSPC : EIO; \
        return -1; \
    }

#define TYPES int, const void *, size_t
WRITE(write, (int file, const void *bytes, size_t length), TYPES, (file, bytes, length))
#undef TYPES
#define TYPES int, const void *, size_t, off64_t
WRITE(pwrite, (int file, const void *bytes, size_t length, off64_t at), TYPES, (file, bytes, length, at))
WRITE(pwrite64, (int file, const void *bytes, size_t length, off64_t at), TYPES, (file, bytes, length, at))

#define WHOLE(name, parameters, types, arguments) \
    int name parameters { \
        REAL(int, #name, types); \
        return fails(file) ? -1 : real arguments; \
    }

WHOLE(fsync, (int file), int, (file))
WHOLE(fdatasync, (int file), int, (file))
#undef TYPES
#define TYPES int, off64_t
WHOLE(ftruncate, (int file, off64_t length), TYPES, (file, length))
WHOLE(ftruncate64, (int file, off64_t length), TYPES, (file, length))
