/* SPDX-License-Identifier: MIT */
/*
 * Counts usable processors. A container with a quota of 2 processors on a machine of 64
 * must not start 64 workers: the kernel would throttle them.
 */
#define _GNU_SOURCE /* sched_getaffinity */
#include "server/work/cpus.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CGROUP_ROOT "/sys/fs/cgroup"

unsigned tid_cpus_of_quota(const char *cpu_max) {
    char *end;
    errno = 0;
    unsigned long long quota = strtoull(cpu_max, &end, 10);
    /* "max 100000" is no limit. */
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

/* The folder of the line "0::/path" of /proc/self/cgroup; false if there is none. */
static bool own_cgroup(char *folder, size_t folder_bytes) {
    char line[1024];
    bool found = false;
    FILE *file = fopen("/proc/self/cgroup", "re");
    if (!file) return false;
    while (!found && fgets(line, sizeof line, file)) {
        if (strncmp(line, "0::/", 4) != 0) continue;
        line[strcspn(line, "\n")] = '\0';
        found = snprintf(folder, folder_bytes, CGROUP_ROOT "%s", line + 3) <
                (int)folder_bytes;
    }
    fclose(file);
    return found;
}

static unsigned quota_of_folder(const char *folder) {
    char path[1100];
    char line[128] = "";
    snprintf(path, sizeof path, "%s/cpu.max", folder);
    FILE *file = fopen(path, "re");
    if (!file) return 0;
    if (!fgets(line, sizeof line, file)) line[0] = '\0';
    fclose(file);
    return tid_cpus_of_quota(line);
}

unsigned tid_cpus_usable(void) {
    unsigned cpus = affinity();
    char folder[1024];
    if (!own_cgroup(folder, sizeof folder)) return cpus;
    /* Every cgroup above this process may set a limit. */
    while (strlen(folder) >= strlen(CGROUP_ROOT)) {
        unsigned quota = quota_of_folder(folder);
        if (quota > 0 && quota < cpus) cpus = quota;
        *strrchr(folder, '/') = '\0';
    }
    return cpus > 0 ? cpus : 1;
}
