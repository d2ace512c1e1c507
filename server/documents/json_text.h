/* SPDX-License-Identifier: MIT */
/*
 * How the server writes JSON. Documents are made with jansson by json_*.c and problem.c
 * only.
 */
#ifndef TID_JSON_TEXT_H
#define TID_JSON_TEXT_H

#include <stdbool.h>
#include <stdint.h>

struct json_t;

/*
 * The document as text from malloc(), one member of the outermost object per line, with a
 * final newline; NULL if memory runs out. Reals that are members of 'object' itself are
 * spelled by ti_number_text().
 */
char *tid_json_text(struct json_t *object);

/* The same in one line, without a newline. */
char *tid_json_line(struct json_t *object);

/*
 * An integer up to 2^53 as a number, a larger one as text: many readers of JSON hold
 * numbers in binary64. A new reference; NULL if memory runs out.
 */
struct json_t *tid_json_integer(uint64_t value);

/*
 * Set a member of 'object'; false if memory runs out. Integers are as above; a real that is
 * not finite is left out, since JSON has no spelling for it.
 */
bool tid_json_set_u64(struct json_t *object, const char *key, uint64_t value);
bool tid_json_set_real(struct json_t *object, const char *key, double value);
bool tid_json_set_text(struct json_t *object, const char *key, const char *value);
bool tid_json_set_shape(struct json_t *object, const char *key, unsigned rank,
                        const uint64_t *dims);

/*
 * Lists of the library's tables: the words "a, b" as an array of texts; pairs as an
 * object of texts, "a=1&b=2" with the separators "&" or "a, b=c" with ", ", where a word
 * without '=' is its own value. New references; NULL if memory runs out.
 */
struct json_t *tid_json_list(const char *words);
struct json_t *tid_json_pairs(const char *pairs, const char *separators);

#endif
