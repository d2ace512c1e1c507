/* SPDX-License-Identifier: MIT */
/* The number of processors that this process may use. */
#ifndef TID_CPUS_H
#define TID_CPUS_H

/* The CPU affinity or the cgroup's quota, whichever is lower; 1 or more. */
unsigned tid_cpus_usable(void);

/* How many threads to start: as configured, where 0 means one per usable processor. */
unsigned tid_cpus_threads(unsigned configured);

/*
 * The quota of a line of cgroup v2's cpu.max in processors, rounded up so that none of it
 * stays unused ("150000 100000" is 2); 0 if the line sets no limit or is malformed.
 */
unsigned tid_cpus_of_quota(const char *cpu_max);

#endif
