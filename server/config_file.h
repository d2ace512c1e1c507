/* SPDX-License-Identifier: MIT */
/* The file that --config names: lines NAME = VALUE, and comments that begin with '#'. */
#ifndef TID_CONFIG_FILE_H
#define TID_CONFIG_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Takes a line; false stops the reading. 'label' is the place, as "FILE:3: workers". */
typedef bool tid_config_line_function(void *reader, const char *label, const char *name,
                                      const char *value);

/*
 * Calls 'take' for each line that sets an option, in their order. Returns false if 'take'
 * did, or if the file cannot be read or a line has not that form: then 'why' says so.
 */
bool tid_config_file_read(const char *path, tid_config_line_function *take, void *reader,
                          char *why, size_t why_bytes);

#endif
