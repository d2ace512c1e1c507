/* SPDX-License-Identifier: MIT */
/* Fills the error object. */
#include "client/client_error.h"

#include <stdarg.h>
#include <stdio.h>

static void make_printable(char *text) {
    for (; *text; text++) {
        if (*text < ' ' || *text > '~') *text = '?';
    }
}

enum ti_status tic_fail(struct ti_error *error, enum ti_status code, const char *field,
                        const char *format, ...) {
    va_list arguments;
    if (!error) return code;
    error->code = code;
    snprintf(error->field, sizeof error->field, "%s", field);
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    make_printable(error->field);
    make_printable(error->text);
    return code;
}

enum ti_status tic_out_of_memory(struct ti_error *error) {
    return tic_fail(error, TI_ENOMEM, "", "out of memory");
}

enum ti_status tic_missing(struct ti_error *error, const char *argument) {
    return tic_fail(error, TI_EVALUE, "", "the argument '%s' is NULL", argument);
}
