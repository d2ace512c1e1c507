/* SPDX-License-Identifier: MIT */
/*
 * How many connections the limit of open files allows. A connection without a descriptor
 * could only be closed; one beyond the limit of connections is told so. sockets.c calls this.
 */
#ifndef TID_DESCRIPTORS_H
#define TID_DESCRIPTORS_H

#include <stdbool.h>

/* Connections of each kind at the same time, at most. */
struct tid_descriptors {
    unsigned served;
    unsigned reserved; /* probes beyond those */
    unsigned refused;  /* that get status 503 */
};

/* All that is wanted for a number of connections. */
struct tid_descriptors tid_descriptors_wanted(unsigned max_connections);

/*
 * Raises the process's limit if it must and may be. 'other' is the number of descriptors
 * that are not for connections. Changes '*shares' to what fits; false if not even one
 * connection of each kind does. '*allowed' is the limit then.
 */
bool tid_descriptors_fit(unsigned other, struct tid_descriptors *shares,
                         unsigned long long *allowed);

#endif
