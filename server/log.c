/* SPDX-License-Identifier: MIT */
/* See log.h. */
#include "server/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void tid_log(const char *format, ...) {
    char line[4096];
    va_list arguments;
    int used = snprintf(line, sizeof line, "tensorinitd: ");
    va_start(arguments, format);
    int length =
        vsnprintf(line + used, sizeof line - (size_t)used - 1, format, arguments);
    va_end(arguments);
    if (length < 0) return;
    size_t end = (size_t)used + (size_t)length;
    if (end > sizeof line - 2) end = sizeof line - 2;
    for (size_t i = 0; i < end; i++) {
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f) line[i] = '?';
    }
    line[end++] = '\n';
    /* A failure cannot be reported anywhere. */
    ssize_t written = write(STDERR_FILENO, line, end);
    (void)written;
}
