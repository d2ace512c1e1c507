/* SPDX-License-Identifier: MIT */
/* Alternatives in braces: see braces.h. */
#include "core/model/braces.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/request/text.h"

/* Decimal digits without a leading zero, so that each number has one spelling. */
static bool read_number(const char *text, size_t n, uint64_t *value) {
    return ti_text_u64(text, n, value) && (n == 1 || text[0] != '0');
}

/* "0..31"; false if it is not a range. */
static bool read_range(struct ti_brace *brace, const char *text) {
    const char *inside = text + brace->inside;
    uint64_t high;
    for (uint32_t i = 0; i + 1 < brace->inside_bytes; i++) {
        if (inside[i] != '.' || inside[i + 1] != '.') continue;
        if (!read_number(inside, i, &brace->low) ||
            !read_number(inside + i + 2, brace->inside_bytes - i - 2, &high) ||
            high < brace->low || high == UINT64_MAX) {
            return false;
        }
        brace->count = high - brace->low + 1;
        return true;
    }
    return false;
}

/* "q,k,v". */
static enum ti_status read_list(struct ti_brace *brace, const char *text,
                                struct ti_error *error) {
    const char *inside = text + brace->inside;
    size_t commas = 0, used = 0;
    for (uint32_t i = 0; i < brace->inside_bytes; i++) commas += inside[i] == ',';
    brace->items = malloc((commas + 2) * sizeof *brace->items);
    if (!brace->items) return ti_error_nomem(error);
    brace->items[used++] = brace->inside;
    for (uint32_t i = 0; i < brace->inside_bytes; i++) {
        if (inside[i] == ',') brace->items[used++] = brace->inside + i + 1;
    }
    brace->items[used] = brace->inside + brace->inside_bytes + 1;
    brace->count = commas + 1;
    return TI_OK;
}

static enum ti_status refuse(const char *what, const char *text, const char *why,
                             struct ti_error *error) {
    return ti_error_set(error, TI_EVALUE, NULL, "%s '%.200s': %s", what, text, why);
}

static enum ti_status read_inside(struct ti_brace *brace, const char *text,
                                  const char *what, struct ti_error *error) {
    const char *inside = text + brace->inside;
    if (read_range(brace, text)) return TI_OK;
    for (uint32_t i = 0; i + 1 < brace->inside_bytes; i++) {
        if (inside[i] == '.' && inside[i + 1] == '.') {
            return refuse(what, text,
                          "a range is two numbers without leading zeros, the smaller one "
                          "first, alone in its braces: {0..31}",
                          error);
        }
    }
    if (!memchr(inside, ',', brace->inside_bytes)) {
        return refuse(what, text,
                      "braces have alternatives, {q,k,v}, or a range, {0..31}; {name} is "
                      "for rules",
                      error);
    }
    return read_list(brace, text, error);
}

/* The pairs of a text whose copy is made; 'braces' can be cleared also after a failure. */
static enum ti_status read_pairs(struct ti_braces *braces, const char *what,
                                 struct ti_error *error) {
    const char *text = braces->text, *at = text;
    for (;;) {
        struct ti_brace *brace = &braces->pairs[braces->count];
        const size_t literal = strcspn(at, "{}");
        *brace = (struct ti_brace){.literal = (uint32_t)(at - text),
                                   .literal_bytes = (uint32_t)literal};
        at += literal;
        if (!*at) return TI_OK;
        const size_t inside = strcspn(at + 1, "{}");
        if (*at != '{' || at[1 + inside] != '}') {
            return refuse(what, text, "braces come in pairs and not inside each other",
                          error);
        }
        if (braces->count == TI_BRACES_MAX) {
            return refuse(what, text, "at most 16 pairs of braces", error);
        }
        brace->inside = (uint32_t)(at + 1 - text);
        brace->inside_bytes = (uint32_t)inside;
        const enum ti_status status = read_inside(brace, text, what, error);
        if (status != TI_OK) return status;
        braces->count++;
        at += inside + 2;
    }
}

static size_t count_pairs(const char *text) {
    size_t count = 0;
    while ((text = strchr(text, '{'))) text++, count++;
    return count < TI_BRACES_MAX ? count : TI_BRACES_MAX;
}

enum ti_status ti_braces_parse(const char *text, bool literal, const char *what,
                               struct ti_braces *braces, struct ti_error *error) {
    struct ti_braces made = {0};
    enum ti_status status = TI_OK;
    const size_t n = strlen(text);
    if (n > TI_BRACES_TEXT_BYTES_MAX) return refuse(what, text, "it is too long", error);
    if (!ti_text_is_utf8(text, n)) return refuse(what, text, "it is not UTF-8", error);
    /* Both in one block: a manifest may have 1,000,000 of these. */
    const size_t pairs = literal ? 1 : count_pairs(text) + 1;
    made.pairs = malloc(pairs * sizeof *made.pairs + n + 1);
    if (!made.pairs) return ti_error_nomem(error);
    made.text = (char *)(made.pairs + pairs);
    memset(made.pairs, 0, pairs * sizeof *made.pairs);
    memcpy(made.text, text, n + 1);
    if (literal) {
        made.pairs[0].literal_bytes = (uint32_t)n;
    } else {
        status = read_pairs(&made, what, error);
    }
    if (status == TI_OK) {
        *braces = made;
    } else {
        ti_braces_clear(&made);
    }
    return status;
}

void ti_braces_clear(struct ti_braces *braces) {
    for (unsigned i = 0; braces->pairs && i <= braces->count; i++) {
        free(braces->pairs[i].items);
    }
    free(braces->pairs);
}

size_t ti_braces_memory_bytes(const struct ti_braces *braces) {
    if (!braces->pairs) return 0;
    size_t bytes = (braces->count + 1) * sizeof *braces->pairs + strlen(braces->text) + 1;
    for (unsigned i = 0; i < braces->count; i++) {
        const struct ti_brace *brace = &braces->pairs[i];
        if (brace->items) bytes += (size_t)(brace->count + 1) * sizeof *brace->items;
    }
    return bytes;
}

uint64_t ti_braces_total(const struct ti_braces *braces, uint64_t max) {
    uint64_t total = 1;
    for (unsigned i = 0; i < braces->count; i++) {
        if (braces->pairs[i].count > max / total) return UINT64_MAX;
        total *= braces->pairs[i].count;
    }
    return total;
}

bool ti_braces_same_pair(const struct ti_braces *a, const struct ti_braces *b,
                         unsigned pair) {
    const struct ti_brace *left = &a->pairs[pair], *right = &b->pairs[pair];
    return left->literal_bytes == right->literal_bytes &&
           left->inside_bytes == right->inside_bytes &&
           memcmp(a->text + left->literal, b->text + right->literal,
                  left->literal_bytes) == 0 &&
           memcmp(a->text + left->inside, b->text + right->inside, left->inside_bytes) ==
               0;
}

size_t ti_braces_write(const struct ti_braces *braces, const uint64_t *choices, char *out,
                       size_t capacity) {
    size_t used = 0;
    for (unsigned i = 0; i <= braces->count; i++) {
        const struct ti_brace *brace = &braces->pairs[i];
        char number[20];
        const char *choice = number;
        size_t n = 0;
        if (i < braces->count && brace->items) {
            const uint32_t *item = &brace->items[choices[i]];
            choice = braces->text + item[0];
            n = item[1] - item[0] - 1;
        } else if (i < braces->count) {
            n = ti_text_put_u64(brace->low + choices[i], number);
        }
        if (used + brace->literal_bytes + n >= capacity) return SIZE_MAX;
        memcpy(out + used, braces->text + brace->literal, brace->literal_bytes);
        used += brace->literal_bytes;
        memcpy(out + used, choice, n);
        used += n;
    }
    out[used] = '\0';
    return used;
}
