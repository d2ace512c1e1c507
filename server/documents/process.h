/* SPDX-License-Identifier: MIT */
/*
 * What the system says of this process.
 */
#ifndef TID_PROCESS_H
#define TID_PROCESS_H

#include <stdint.h>

/*
 *   cpu_ms          time of processors that it has used
 *   resident_bytes  memory that it occupies
 *   open_fds        descriptors that it has open
 *   max_fds         descriptors that it may have open
 *
 * -1: not known. Memory and descriptors are Linux's /proc, which other systems lack.
 */
struct tid_process {
    int64_t cpu_ms, resident_bytes, open_fds, max_fds;
};

void tid_process_read(struct tid_process *process);

#endif
