/* SPDX-License-Identifier: MIT */
/* Reads the lines of such a file: see pairs_file.h. */
#include "server/pairs_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longer than any value. A path given by mistake need not be read whole. */
#define LINE_BYTES 8192

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/* The text without blanks around it; it ends where they began. */
static char *trim(char *text) {
    size_t length = strlen(text);
    while (length > 0 && is_blank(text[length - 1])) text[--length] = '\0';
    while (is_blank(*text)) text++;
    return text;
}

static bool take_line(char *line, const char *path, unsigned number,
                      tid_pair_function *take, void *reader, char *why,
                      size_t why_bytes) {
    char label[4096 + 128];
    char *text = trim(line);
    if (text[0] == '\0' || text[0] == '#') return true;
    char *equals = strchr(text, '=');
    if (!equals) {
        snprintf(why, why_bytes, "%s:%u: expected NAME = VALUE, or # and a comment", path,
                 number);
        return false;
    }
    *equals = '\0';
    const char *name = trim(text);
    snprintf(label, sizeof label, "%s:%u: %s", path, number, name);
    return take(reader, label, name, trim(equals + 1));
}

/* A line that the buffer does not hold, or that a NUL byte cuts, is refused. */
static bool is_complete(const char *line, size_t length, FILE *file) {
    return length > 0 && (line[length - 1] == '\n' || feof(file));
}

bool tid_pairs_file_read(const char *path, tid_pair_function *take, void *reader,
                         char *why, size_t why_bytes) {
    char line[LINE_BYTES];
    bool taken = true;
    errno = 0;
    FILE *file = fopen(path, "re");
    if (!file) {
        snprintf(why, why_bytes, "%s: %s", path, strerror(errno));
        return false;
    }
    for (unsigned number = 1; taken && fgets(line, sizeof line, file); number++) {
        taken = is_complete(line, strlen(line), file);
        if (taken)
            taken = take_line(line, path, number, take, reader, why, why_bytes);
        else
            snprintf(why, why_bytes, "%s:%u: not a line of text of at most %d bytes",
                     path, number, LINE_BYTES - 2);
    }
    if (taken && ferror(file)) {
        snprintf(why, why_bytes, "%s: %s", path, strerror(errno));
        taken = false;
    }
    fclose(file);
    return taken;
}
