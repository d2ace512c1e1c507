/* SPDX-License-Identifier: MIT */
/*
 * Counts usable processors. A container with a quota of 2 processors on a machine of 64
 * must not start 64 workers: the kernel would throttle them.
 */
#define _GNU_SOURCE /* sched_getaffinity */
#include "server/work/cpus.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include "server/work/cgroup.h"

unsigned tid_cpus_of_quota(const char *cpu_max) {
    char *end;
    errno = 0;
    unsigned long long quota = strtoull(cpu_max, &end, 10);
    /* "max 100000" means no limit. */
    if (end == cpu_max || *end != ' ' || errno != 0) return 0;
    unsigned long long period = strtoull(end, NULL, 10);
    if (period == 0 || quota == 0 || quota / period > 65536) return 0;
    return (unsigned)((quota + period - 1) / period);
}

static unsigned affinity(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return (unsigned)CPU_COUNT(&set);
    /*
     * A machine with more than CPU_SETSIZE processors: --workers sets the number there.
     */
    return 1;
}

static void take_quota(const char *line, void *argument) {
    unsigned *cpus = argument;
    const unsigned quota = tid_cpus_of_quota(line);
    if (quota > 0 && quota < *cpus) *cpus = quota;
}

unsigned tid_cpus_usable(void) {
    unsigned cpus = affinity();
    tid_cgroup_visit(&tid_cgroup_tree, "", "cpu.max", take_quota, &cpus);
    return cpus > 0 ? cpus : 1;
}

unsigned tid_cpus_threads(unsigned configured) {
    return configured > 0 ? configured : tid_cpus_usable();
}
