/* SPDX-License-Identifier: MIT */
/* See manifest_error.h. */
#include "manifest/manifest_error.h"

#include <stdarg.h>
#include <stdio.h>

enum ti_status tim_error(struct ti_error *error, enum ti_status code, const char *field,
                         const char *format, ...) {
    struct ti_error made = {.code = code};
    va_list args;
    va_start(args, format);
    snprintf(made.field, sizeof made.field, "%s", field);
    vsnprintf(made.text, sizeof made.text, format, args);
    va_end(args);
    for (char *at = made.text; *at; at++) {
        if (*at < 0x20 || *at > 0x7e) *at = '?';
    }
    *error = made;
    return code;
}
