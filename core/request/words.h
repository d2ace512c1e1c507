/* SPDX-License-Identifier: MIT */
/* Lists of words as the tables have them: "oi, io". */
#ifndef TI_WORDS_H
#define TI_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* Takes the next word, '*n' bytes long, from the rest '*list'; false at the end. */
bool ti_words_next(const char **list, const char **word, size_t *n);

/* Whether the list has the word; its position in '*position', which may be NULL. */
bool ti_words_find(const char *list, const char *word, size_t n, unsigned *position);

/* The word at a position that exists, '*n' bytes long. */
const char *ti_words_at(const char *list, unsigned position, size_t *n);

/* Appends a word to a list in a buffer of 'capacity' bytes; truncates what does not
   fit. */
void ti_words_add(char *list, size_t capacity, const char *word);

#endif
