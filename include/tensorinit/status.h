/* SPDX-License-Identifier: MIT */
/*
 * Status codes and the error object that goes with them.
 *
 * Every function that can fail returns an enum ti_status, which the caller must check.
 * Where it also takes a 'struct ti_error *', that may be NULL; otherwise it is filled on
 * failure and untouched on success.
 */
#ifndef TENSORINIT_STATUS_H
#define TENSORINIT_STATUS_H

#include <tensorinit/export.h>

#ifdef __cplusplus
extern "C" {
#endif

enum ti_status {
#define TI_STATUS(name, http, exit_code, title) TI_##name,
#include <tensorinit/status.def>
#undef TI_STATUS
};

/* Sizes of the texts of struct ti_error, with the terminating NUL. */
#define TI_ERROR_FIELD_BYTES 32
#define TI_ERROR_TEXT_BYTES 1024

/* What went wrong, for a person and for a program. */
struct ti_error {
    /* the status that the function returned */
    enum ti_status code;
    /* the parameter at fault ("shape"), or "" */
    char field[TI_ERROR_FIELD_BYTES];
    /* one or two sentences in English: what is wrong and what is accepted. Plain ASCII:
       bytes of the input that are not printable are shown as '?' */
    char text[TI_ERROR_TEXT_BYTES];
};

/*
 * The row of status.def for a code. Any number is safe: one that is not a status has the
 * name "?", the HTTP status 500 and the exit code 70. Strings are static, never NULL.
 */

/* "EVALUE" */
TI_API const char *ti_status_name(enum ti_status code);
/* "invalid parameter value": what a problem document calls the kind of error */
TI_API const char *ti_status_title(enum ti_status code);
/* the status of a server's response */
TI_API int ti_status_http(enum ti_status code);
/* the exit code of a command, as <sysexits.h> has them */
TI_API int ti_status_exit_code(enum ti_status code);

#ifdef __cplusplus
}
#endif

#endif
