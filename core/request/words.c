/* SPDX-License-Identifier: MIT */
/* Lists of words: see words.h. */
#include "core/request/words.h"

#include <string.h>

bool ti_words_next(const char **list, const char **word, size_t *n) {
    if (!**list) return false;
    *word = *list;
    *n = strcspn(*list, ",");
    *list += *n;
    *list += strspn(*list, ", ");
    return true;
}

bool ti_words_find(const char *list, const char *word, size_t n, unsigned *position) {
    const char *one;
    size_t length;
    for (unsigned i = 0; ti_words_next(&list, &one, &length); i++) {
        if (length != n || memcmp(one, word, n) != 0) continue;
        if (position) *position = i;
        return true;
    }
    return false;
}

const char *ti_words_at(const char *list, unsigned position, size_t *n) {
    const char *word = list;
    *n = 0;
    for (unsigned i = 0; i <= position && ti_words_next(&list, &word, n); i++) continue;
    return word;
}

void ti_words_add(char *list, size_t capacity, const char *word) {
    if (*list) strncat(list, ", ", capacity - strlen(list) - 1);
    strncat(list, word, capacity - strlen(list) - 1);
}
