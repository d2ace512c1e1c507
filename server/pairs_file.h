/* SPDX-License-Identifier: MIT */
/* Files of lines NAME = VALUE, with comments that begin with "#": options and secrets. */
#ifndef TID_PAIRS_FILE_H
#define TID_PAIRS_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Takes a line; false stops the reading. 'label' is the place, as "FILE:3: workers". */
typedef bool tid_pair_function(void *reader, const char *label, const char *name,
                               const char *value);

/*
 * Calls 'take' for each pair, in their order. Returns false if 'take'
 * did, or if the file cannot be read or a line has not that form: then 'why' says so.
 */
bool tid_pairs_file_read(const char *path, tid_pair_function *take, void *reader,
                         char *why, size_t why_bytes);

#endif
