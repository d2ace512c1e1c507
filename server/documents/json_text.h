/* SPDX-License-Identifier: MIT */
/*
 * Text of a JSON document as the daemon writes it. The documents themselves are made with
 * jansson by json_*.c and problem.c, and by nobody else.
 */
#ifndef TID_JSON_TEXT_H
#define TID_JSON_TEXT_H

#include <stdbool.h>
#include <stdint.h>

struct json_t;

/*
 * The document as text from malloc(), one member of the outermost object a line, with a
 * final newline; NULL if memory runs out. Real numbers that are members of 'object'
 * itself have the fewest digits that read back (number.h).
 */
char *tid_json_text(struct json_t *object);

/*
 * Set a member of 'object'; false if memory runs out. 64-bit integers are text in our
 * documents, since many readers of JSON have only binary64; a real that is not finite is
 * left out, since JSON has none.
 */
bool tid_json_set_u64(struct json_t *object, const char *key, uint64_t value);
bool tid_json_set_real(struct json_t *object, const char *key, double value);
bool tid_json_set_text(struct json_t *object, const char *key, const char *value);

#endif
