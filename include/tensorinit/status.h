/* SPDX-License-Identifier: MIT */
/*
 * Status codes and the error object that goes with them.
 *
 * Every function that can fail returns an enum ti_status and must have its result looked
 * at. Where it also takes a 'struct ti_error *', that may be NULL; otherwise it is filled
 * on failure and untouched on success.
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

/* Sizes include the terminating NUL. */
#define TI_ERROR_FIELD_BYTES 32
#define TI_ERROR_TEXT_BYTES 1024

/*
 * What went wrong, for a person and for a program.
 *
 *   code   the status that the function returned
 *   field  the parameter at fault ("shape"), or "" if none is
 *   text   one sentence or two in English: what is wrong and what would be accepted. Plain
 *          ASCII: bytes of the input that are not printable are shown as '?'.
 */
struct ti_error {
    enum ti_status code;
    char field[TI_ERROR_FIELD_BYTES];
    char text[TI_ERROR_TEXT_BYTES];
};

/*
 * The row of status.def for a code: its name ("EVALUE"), its title, the HTTP status that a
 * server answers with and the exit code of a command. Never NULL; static strings.
 */
TI_API const char *ti_status_name(enum ti_status code);
TI_API const char *ti_status_title(enum ti_status code);
TI_API int ti_status_http(enum ti_status code);
TI_API int ti_status_exit_code(enum ti_status code);

#ifdef __cplusplus
}
#endif

#endif
