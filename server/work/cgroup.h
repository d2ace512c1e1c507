/* SPDX-License-Identifier: MIT */
/*
 * Limits that control groups set for this process (cgroups(7)): version 2, version 1 and
 * both together. cpus.c asks for processors, main.c for memory, once at the start.
 */
#ifndef TID_CGROUP_H
#define TID_CGROUP_H

#include <stdint.h>

/* Where to look; a test has files of its own. */
struct tid_cgroup_tree {
    const char *membership; /* a file like /proc/self/cgroup */
    const char *root;       /* a folder like /sys/fs/cgroup */
};

extern const struct tid_cgroup_tree tid_cgroup_tree;

/*
 * Calls 'visit' with the first line of the file 'name', for the cgroup of this process
 * and for each above it, all of which may set a limit.
 *
 *   controller  of version 1, such as "memory"; "": version 2
 */
void tid_cgroup_visit(const struct tid_cgroup_tree *tree, const char *controller,
                      const char *name, void (*visit)(const char *line, void *argument),
                      void *argument);

/* The lowest limit of memory, in bytes; UINT64_MAX if there is none. */
uint64_t tid_cgroup_memory(const struct tid_cgroup_tree *tree);

#endif
