/* SPDX-License-Identifier: MIT */
/* Status codes as text, and the error object. */
#include "core/base/error.h"

#include <stdarg.h>
#include <stdio.h>

struct status_row {
    const char *name, *title;
    int http, exit_code;
};

static const struct status_row status_rows[] = {
#define TI_STATUS(name, http, exit_code, title) {#name, title, http, exit_code},
#include <tensorinit/status.def>
#undef TI_STATUS
};

static const struct status_row *status_row(enum ti_status code) {
    static const struct status_row unknown = {"?", "unknown error", 500, 70};
    size_t index = (size_t)code;
    return index < sizeof status_rows / sizeof *status_rows ? &status_rows[index]
                                                            : &unknown;
}

const char *ti_status_name(enum ti_status code) { return status_row(code)->name; }
const char *ti_status_title(enum ti_status code) { return status_row(code)->title; }
int ti_status_http(enum ti_status code) { return status_row(code)->http; }
int ti_status_exit_code(enum ti_status code) { return status_row(code)->exit_code; }

static void make_printable(char *text) {
    for (; *text; text++) {
        if (*text < 0x20 || *text > 0x7e) *text = '?';
    }
}

enum ti_status ti_error_set(struct ti_error *error, enum ti_status code,
                            const char *field, const char *format, ...) {
    if (!error) return code;
    va_list args;
    va_start(args, format);
    error->code = code;
    snprintf(error->field, sizeof error->field, "%s", field ? field : "");
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    make_printable(error->field);
    make_printable(error->text);
    return code;
}

enum ti_status ti_error_nomem(struct ti_error *error) {
    return ti_error_set(error, TI_ENOMEM, NULL, "not enough memory for this request");
}
