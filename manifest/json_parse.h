/* SPDX-License-Identifier: MIT */
/* Parsing JSON by jansson, and finding lines in it. */
#ifndef TIM_JSON_PARSE_H
#define TIM_JSON_PARSE_H

#include <stddef.h>

#include <jansson.h>

#include <tensorinit/status.h>

/*
 * Parses a document that 'what' names in errors: an object, in which no key is there twice.
 *
 * Returns TI_OK and '*object', a reference of the caller's; TI_EVALUE, TI_EDUPLICATE or
 * TI_ENOMEM ('*object' is untouched).
 */
enum ti_status tim_json_object(const char *json, size_t bytes, const char *what,
                               json_t **object, struct ti_error *error);

/*
 * The line, from 1, of a member of the outermost object; of the item number 'index' in it,
 * which is an array or an object, unless that is SIZE_MAX; not counting a "__metadata__". 0
 * if there is none. The text has been parsed without an error.
 */
unsigned tim_json_line(const char *json, size_t bytes, const char *member, size_t index);

#endif
