/* SPDX-License-Identifier: MIT */
/* See process.h. */
#include "server/documents/process.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static int64_t cpu_ms(void) {
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0) return -1;
    return ((int64_t)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

/* The first two numbers of statm: proc(5). */
static void read_memory(struct tid_process *process) {
    FILE *file = fopen("/proc/self/statm", "re");
    long long all, resident;
    process->virtual_bytes = -1;
    process->resident_bytes = -1;
    if (!file) return;
    if (fscanf(file, "%lld %lld", &all, &resident) == 2) {
        process->virtual_bytes = all * sysconf(_SC_PAGESIZE);
        process->resident_bytes = resident * sysconf(_SC_PAGESIZE);
    }
    fclose(file);
}

static int64_t open_fds(void) {
    DIR *folder = opendir("/proc/self/fd");
    const struct dirent *entry;
    /* Without the descriptor that reads the folder. */
    int64_t count = -1;
    if (!folder) return -1;
    while ((entry = readdir(folder))) count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

static int64_t max_fds(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return -1;
    return (int64_t)limit.rlim_cur;
}

void tid_process_read(struct tid_process *process) {
    process->cpu_ms = cpu_ms();
    read_memory(process);
    process->open_fds = open_fds();
    process->max_fds = max_fds();
}
