/* SPDX-License-Identifier: MIT */
/*
 * Whether jansson got memory. Up to 2.14, its parser does not always report that it did not: a
 * text can lose a character, or be said to be invalid.
 */
#ifndef TIM_JSON_MEMORY_H
#define TIM_JSON_MEMORY_H

#include <stdbool.h>

/* Sets jansson's allocator, for all of the process; while there is one thread. */
void tim_json_memory_init(void);

/* Before parsing; and whether memory has run out since, in this thread. */
void tim_json_memory_begin(void);
bool tim_json_memory_failed(void);

#endif
