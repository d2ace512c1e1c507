/* SPDX-License-Identifier: MIT */
/* What the operating system knows about this process. */
#ifndef TID_PROCESS_H
#define TID_PROCESS_H

#include <stdint.h>

/* -1: unknown. Memory and descriptors come from Linux's /proc; other systems lack it. */
struct tid_process {
    int64_t cpu_ms;         /* processor time used */
    int64_t resident_bytes; /* physical memory */
    int64_t virtual_bytes;  /* address space */
    int64_t open_fds;       /* descriptors that are open */
    int64_t max_fds; /* descriptors that may be open; -1 also if there is no limit */
};

void tid_process_read(struct tid_process *process);

#endif
