/* SPDX-License-Identifier: MIT */
/*
 * How many processors this process may really use.
 */
#ifndef TID_CPUS_H
#define TID_CPUS_H

/* The CPU affinity and the cgroup's quota, whichever is less; 1 or more. */
unsigned tid_cpus_usable(void);

/*
 * Processors that a line of cgroup v2's cpu.max stands for ("150000 100000" is 2: half a
 * processor is better used than left idle); 0 if it sets no limit or is not understood.
 */
unsigned tid_cpus_of_quota(const char *cpu_max);

#endif
