/* SPDX-License-Identifier: MIT */
/* Comparing a file with the bytes that it should have, for verify and model. */
#ifndef TIC_FILE_COMPARE_H
#define TIC_FILE_COMPARE_H

#include <stdio.h>

#include "client/cli/cli.h"

struct cli_comparison {
    const char *path;
    int fd;
    unsigned char *chunk; /* CLI_CHUNK_BYTES, for bytes of the file */
    uint64_t offset;      /* bytes compared so far */
    /* Where differences are printed, and what before them. */
    FILE *out;
    const char *prefix;
    /* Prints what the byte at 'offset' is part of, such as ", in the header". Gets 'state'. */
    void (*print_place)(FILE *out, const void *state, uint64_t offset);
    const void *state;
};

/*
 * Compares the file's next 'count' bytes, at most CLI_CHUNK_BYTES. Prints the first
 * difference and returns CLI_DIFFERS.
 */
int cli_compare_next(struct cli_comparison *comparison, const unsigned char *bytes,
                     size_t count);

/* The file has to end here; 'what' is for the message: "longer than", 'what', "N bytes". */
int cli_compare_end(const struct cli_comparison *comparison, const char *what);

#endif
