/* SPDX-License-Identifier: MIT */
/* Reading the files of a folder that must not lead out of another one. */
#ifndef TID_MODEL_FOLDER_H
#define TID_MODEL_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

/* What tid_folder_read() has found. */
enum tid_folder_result {
    TID_FOLDER_READ,
    TID_FOLDER_ABSENT,
    TID_FOLDER_OTHER,     /* a folder, device or the like */
    TID_FOLDER_OUTSIDE,   /* it leads out of the root */
    TID_FOLDER_TOO_LARGE, /* or it grows */
    TID_FOLDER_FAILED,    /* 'errno' says why */
};

/*
 * Reads a file.
 *
 *   root  the path that realpath() gives of the folder within which it must lie
 *   path  of the file, however many symbolic links are in it
 *   data  receives the bytes, from malloc(), with a NUL behind them
 */
enum tid_folder_result tid_folder_read(const char *root, const char *path,
                                       size_t max_bytes, char **data, size_t *bytes);

/*
 * The names in a folder, but those that begin with a dot, in the order of their bytes: an
 * array from malloc() of texts from malloc(). False with 'errno' set if that fails.
 */
bool tid_folder_list(const char *root, const char *path, char ***names, size_t *count);
void tid_folder_list_free(char **names, size_t count);

#endif
