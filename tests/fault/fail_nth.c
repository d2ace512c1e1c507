/* SPDX-License-Identifier: MIT */
/*
 * A library for LD_PRELOAD that lets the n-th call of a kind fail: an allocation, send(),
 * accept(), ... tests/daemon/faults starts the daemon with it.
 *
 * It is ruled through a file that the environment variable FAIL_NTH names: the struct
 * below, which both processes map. So one daemon goes through many n; and what is written
 * before the daemon starts holds for its first call.
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* The build hides names by default. */
#pragma GCC visibility push(default)

/* In the order of KINDS in tests/daemon/faults/fail_nth.py. */
enum kind {
    MEMORY,
    SEND,
    RECEIVE,
    ACCEPT,
    THREAD,
    EPOLL,
    EVENTFD,
    OPEN,
    OPTION,
    KINDS, /* calls that never fail */
};

struct control {
    _Atomic int32_t kind;  /* whose calls fail */
    _Atomic int32_t error; /* the errno of a failed call */
    _Atomic int64_t
        after; /* calls until the first one that fails; negative: none fails */
    _Atomic int64_t times;  /* calls that fail from then on */
    _Atomic int64_t failed; /* calls that have failed */
    _Atomic int64_t live;   /* allocations that have not been freed */
    _Atomic int64_t calls[KINDS + 1];
};

static struct control none = {.after = -1};
static struct control *control = &none;

/* glibc's own names: dlsym() would allocate. */
extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *memory, size_t bytes);
extern void *__libc_memalign(size_t alignment, size_t bytes);
extern void __libc_free(void *memory);

/* Before the constructors of the libraries that allocate, or soon after. */
__attribute__((constructor(101))) static void attach(void) {
    const char *path = getenv("FAIL_NTH");
    const int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0) return;
    void *memory = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (memory == MAP_FAILED) return;
    control = memory;
}

/*
 * Whether the code at an address is libtasn1's, of GnuTLS: it crashes where an allocation
 * fails (4.19, asn1_create_element(), asn1_der_coding()). Its own cannot be made to fail.
 */
static int is_of_libtasn1(const void *address) {
    Dl_info found;
    return address && dladdr(address, &found) && found.dli_fname &&
           strstr(found.dli_fname, "libtasn1");
}

/* Whether this call is to fail; 'caller' is who allocates, or NULL. */
static int fails_for(enum kind kind, const void *caller) {
    atomic_fetch_add(&control->calls[kind], 1);
    if (atomic_load(&control->kind) != (int)kind || atomic_load(&control->after) < 0)
        return 0;
    /* 'after' goes below 0 only with the last failure. */
    int64_t after = atomic_load(&control->after);
    while (after > 0) {
        if (atomic_compare_exchange_weak(&control->after, &after, after - 1)) return 0;
    }
    if (after < 0 || is_of_libtasn1(caller)) return 0;
    const int64_t left = atomic_fetch_sub(&control->times, 1);
    if (left <= 1) atomic_store(&control->after, -1);
    if (left < 1) return 0;
    atomic_fetch_add(&control->failed, 1);
    errno = atomic_load(&control->error);
    return 1;
}

static int fails(enum kind kind) { return fails_for(kind, NULL); }

#define ALLOCATION_FAILS() fails_for(MEMORY, __builtin_return_address(0))

/* Memory -------------------------------------------------------------------------------- */

static void *counted(void *memory) {
    if (memory) atomic_fetch_add(&control->live, 1);
    return memory;
}

void *malloc(size_t bytes) {
    return ALLOCATION_FAILS() ? NULL : counted(__libc_malloc(bytes));
}

void *calloc(size_t count, size_t bytes) {
    return ALLOCATION_FAILS() ? NULL : counted(__libc_calloc(count, bytes));
}

void *realloc(void *memory, size_t bytes) {
    if (bytes > 0 && ALLOCATION_FAILS()) return NULL;
    if (memory && bytes == 0) atomic_fetch_sub(&control->live, 1);
    void *moved = __libc_realloc(memory, bytes);
    return memory ? moved : counted(moved);
}

void *memalign(size_t alignment, size_t bytes) {
    return ALLOCATION_FAILS() ? NULL : counted(__libc_memalign(alignment, bytes));
}

void *aligned_alloc(size_t alignment, size_t bytes) { return memalign(alignment, bytes); }

int posix_memalign(void **out, size_t alignment, size_t bytes) {
    void *memory = memalign(alignment, bytes);
    if (!memory) return ENOMEM;
    *out = memory;
    return 0;
}

void free(void *memory) {
    if (memory) atomic_fetch_sub(&control->live, 1);
    __libc_free(memory);
}

/* Others: FORWARD(kind, result, failure, name, (parameters), (arguments)) ---------------- */

#define FORWARD(kind, type, failure, name, parameters, arguments)                        \
    type name parameters {                                                               \
        static type(*next) parameters;                                                   \
        if (!next) *(void **)(void *)&next = dlsym(RTLD_NEXT, #name);                    \
        return fails(kind) ? (failure) : next arguments;                                 \
    }

FORWARD(SEND, ssize_t, -1, send, (int fd, const void *bytes, size_t count, int flags),
        (fd, bytes, count, flags))
FORWARD(SEND, ssize_t, -1, sendmsg, (int fd, const struct msghdr *message, int flags),
        (fd, message, flags))
FORWARD(RECEIVE, ssize_t, -1, recv, (int fd, void *bytes, size_t count, int flags),
        (fd, bytes, count, flags))
FORWARD(ACCEPT, int, -1, accept4,
        (int fd, struct sockaddr *address, socklen_t *bytes, int flags),
        (fd, address, bytes, flags))
FORWARD(THREAD, int, errno, pthread_create,
        (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *),
         void *argument),
        (thread, attributes, run, argument))
FORWARD(EPOLL, int, -1, epoll_create1, (int flags), (flags))
/* What was added can always be removed. */
FORWARD(operation == EPOLL_CTL_DEL ? KINDS : EPOLL, int, -1, epoll_ctl,
        (int epoll_fd, int operation, int fd, struct epoll_event *event),
        (epoll_fd, operation, fd, event))
FORWARD(EVENTFD, int, -1, eventfd, (unsigned count, int flags), (count, flags))
FORWARD(OPEN, FILE *, NULL, fopen, (const char *path, const char *mode), (path, mode))
FORWARD(OPEN, DIR *, NULL, opendir, (const char *path), (path))
FORWARD(OPTION, int, -1, setsockopt,
        (int fd, int level, int option, const void *value, socklen_t bytes),
        (fd, level, option, value, bytes))
