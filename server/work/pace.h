/* SPDX-License-Identifier: MIT */
/*
 * How much a task of the pool generates: about TID_TASK_NS, whatever the dtype, part or
 * shape. Plans estimate what an element costs (ns_per_elem); a pace corrects that by what
 * tasks of the stream really took, for a slower machine or an estimate that is off. It
 * only ever asks for less than the estimate allows.
 */
#ifndef TID_PACE_H
#define TID_PACE_H

#include <stddef.h>
#include <stdint.h>

#define TID_TASK_NS 2e6

struct tid_pace {
    double task_ns; /* by the estimate: what to ask the next task for */
};

/* Starts with a short task: of many new requests, all soon have their first byte. */
void tid_pace_init(struct tid_pace *pace);

/* Bytes of the next task, 8 to 'max_bytes'; 'max_bytes' if that is less. */
size_t tid_pace_bytes(const struct tid_pace *pace, double ns_per_byte, size_t max_bytes);

/* The maximum of that. */
size_t tid_pace_bytes_max(double ns_per_byte, size_t max_bytes);

/* A task has taken so much processor time. */
void tid_pace_update(struct tid_pace *pace, uint64_t took_ns);

#endif
