/* SPDX-License-Identifier: MIT */
/* See near_match.h and <tensorinit/spellings.h>. */
#include "core/request/near_match.h"

#include <string.h>

#define LETTERS_MAX 48

struct letters {
    size_t count;
    char letter[LETTERS_MAX];
};

static struct letters letters_of(const char *text, size_t n) {
    struct letters letters = {0};
    for (size_t i = 0; i < n && letters.count < LETTERS_MAX; i++) {
        char c = text[i];
        if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            letters.letter[letters.count++] = c;
        }
    }
    return letters;
}

static unsigned min(unsigned a, unsigned b) { return a < b ? a : b; }

/* Optimal string alignment, three rows of its table at a time. */
static unsigned alignment(const struct letters *a, const struct letters *b) {
    unsigned rows[3][LETTERS_MAX + 1];
    for (size_t k = 0; k <= b->count; k++) rows[0][k] = (unsigned)k;
    for (size_t i = 1; i <= a->count; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t k = 1; k <= b->count; k++) {
            const char x = a->letter[i - 1], y = b->letter[k - 1];
            row[k] = min(above[k - 1] + (x != y), min(above[k], row[k - 1]) + 1);
            if (i > 1 && k > 1 && x == b->letter[k - 2] && y == a->letter[i - 2]) {
                row[k] = min(row[k], two_above[k - 2] + 1);
            }
        }
    }
    return rows[a->count % 3][b->count];
}

static unsigned limit_for(size_t letters) {
    if (letters < 3) return 0;
    return letters < 6 ? 1 : letters < 10 ? 2 : 3;
}

static int starts_with(const struct letters *a, const struct letters *b) {
    return b->count >= 4 && a->count > b->count &&
           memcmp(a->letter, b->letter, b->count) == 0;
}

unsigned ti_near_distance(const char *typed, size_t typed_bytes, const char *word,
                          size_t word_bytes) {
    const struct letters a = letters_of(typed, typed_bytes);
    const struct letters b = letters_of(word, word_bytes);
    const size_t longer = a.count > b.count ? a.count : b.count;
    const size_t shorter = a.count + b.count - longer;
    if (shorter == 0) return TI_NEAR_NONE;
    if (starts_with(&a, &b) || starts_with(&b, &a)) return 1;
    if (longer - shorter > limit_for(longer)) return TI_NEAR_NONE;
    const unsigned distance = alignment(&a, &b);
    return distance <= limit_for(longer) ? distance : TI_NEAR_NONE;
}

int ti_near_same(const char *typed, size_t typed_bytes, const char *word,
                 size_t word_bytes) {
    const struct letters a = letters_of(typed, typed_bytes);
    const struct letters b = letters_of(word, word_bytes);
    return a.count > 0 && a.count == b.count && memcmp(a.letter, b.letter, a.count) == 0;
}

size_t ti_near_names(const char *typed, const char *const *names, size_t count,
                     const char *near[TI_NEAR_MAX]) {
    size_t found = 0;
    for (unsigned distance = 0; distance <= 3; distance++) {
        for (size_t i = 0; i < count && found < TI_NEAR_MAX; i++) {
            const char *name = names[i];
            if (ti_near_distance(typed, strlen(typed), name, strlen(name)) == distance) {
                near[found++] = name;
            }
        }
        if (distance == 0 && found > 0) break;
    }
    return found;
}
