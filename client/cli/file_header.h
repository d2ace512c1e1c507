/* SPDX-License-Identifier: MIT */
/* What the header of a safetensors or npy file says about its tensor. */
#ifndef TIC_FILE_HEADER_H
#define TIC_FILE_HEADER_H

#include <stddef.h>

#include "client/cli/cli.h"

/* Longest header that is read. */
#define CLI_HEADER_BYTES ((size_t)64 << 10)

struct cli_file_header {
    /* In the words of the format ("F32", "<f4"), and "2,3" or "scalar"; "" if the bytes
       are not such a header. */
    char dtype[32], shape[1024];
    /* Of safetensors with metadata=full; NULL and "" without. */
    char *query, spec[64];
};

/* Reads it from the first bytes of a file. To be cleared. */
void cli_file_header_read(struct cli_file_header *header, const void *bytes,
                          size_t count);
void cli_file_header_clear(struct cli_file_header *header);

#endif
