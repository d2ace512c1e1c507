/* SPDX-License-Identifier: MIT */
/* Reads the tables of tests/bits/vectors: lines of fields, '#' begins a comment line. */
#ifndef TEST_TSV_H
#define TEST_TSV_H

#include <stdbool.h>
#include <stdio.h>

#define TSV_FIELDS 16

struct tsv {
    FILE *file;
    char line[1024];
    char *field[TSV_FIELDS];
    int fields;
};

/* Opens a table; aborts the program if it cannot. Paths are from the top of the tree. */
void tsv_open(struct tsv *tsv, const char *path);

/* The next line's fields, split at white space; at the end false, and the file is
   closed. */
bool tsv_next(struct tsv *tsv);

#endif
