/* SPDX-License-Identifier: MIT */
/* Hints for names of schemes. See hints.h. */
#include "core/request/hints.h"

#include <stdio.h>
#include <string.h>

#include "core/request/aliases.h"
#include "core/request/near_match.h"
#include "core/request/schemes/schemes.h"
#include "core/request/words.h"

/* A name that is near, and how near. */
struct near_scheme {
    char name[TI_MAX_SCHEME_BYTES];
    unsigned score;
};

/* The nearest names, the nearest first. */
#define NEAREST_MAX 10

struct nearest {
    struct near_scheme scheme[NEAREST_MAX];
    size_t count;
};

static void insert(struct nearest *nearest, const char *framework, size_t framework_bytes,
                   const char *name, size_t n, unsigned score) {
    size_t at = nearest->count;
    while (at > 0 && nearest->scheme[at - 1].score > score) at--;
    if (at == NEAREST_MAX) return;
    if (nearest->count < NEAREST_MAX) nearest->count++;
    for (size_t i = nearest->count - 1; i > at; i--) {
        nearest->scheme[i] = nearest->scheme[i - 1];
    }
    struct near_scheme *made = &nearest->scheme[at];
    made->score = score;
    snprintf(made->name, sizeof made->name, "%.*s%s%.*s", (int)framework_bytes, framework,
             framework_bytes > 0 ? "." : "", (int)n, name);
}

/*
 * Scores: plain names first, then those of frameworks that are spelled like the typed
 * one, then others by distance.
 */
static void add_plain(struct nearest *nearest, const struct ti_scheme_info *info,
                      const char *typed, size_t typed_bytes) {
    const char *list = info->aliases, *name, *best = info->name;
    size_t n, best_bytes = strlen(best);
    unsigned distance = ti_near_distance(typed, typed_bytes, best, best_bytes);
    while (ti_words_next(&list, &name, &n)) {
        const unsigned other = ti_near_distance(typed, typed_bytes, name, n);
        if (other >= distance) continue;
        distance = other, best = name, best_bytes = n;
    }
    if (distance != TI_NEAR_NONE) {
        insert(nearest, "", 0, best, best_bytes, 4 * distance);
    }
}

/* The score of a framework's spelling of a name. */
static unsigned score_of(const char *typed, size_t typed_bytes, const char *name,
                         size_t n) {
    const unsigned distance = ti_near_distance(typed, typed_bytes, name, n);
    if (n == typed_bytes && memcmp(name, typed, n) == 0) return 1;
    return distance == TI_NEAR_NONE ? TI_NEAR_NONE : 4 * distance + 2;
}

/* The best spelling of a row for each framework of a list, or for all if it is "". */
static void add_framework(struct nearest *nearest, const struct ti_alias_info *info,
                          const char *only, const char *typed, size_t typed_bytes,
                          unsigned penalty) {
    const char *frameworks = info->frameworks, *framework, *name, *best = NULL;
    const char *list = info->spellings;
    size_t framework_bytes, n, best_bytes = 0;
    unsigned score = TI_NEAR_NONE;
    while (ti_words_next(&list, &name, &n)) {
        unsigned other = score_of(typed, typed_bytes, name, n);
        /* Another name was typed: the first spelling that is near will do. */
        if (other == 1 && penalty > 0) other = 2;
        if (other < score) score = other, best = name, best_bytes = n;
    }
    while (best && ti_words_next(&frameworks, &framework, &framework_bytes)) {
        unsigned found;
        if (*only && !ti_words_find(only, framework, framework_bytes, &found)) continue;
        insert(nearest, framework, framework_bytes, best, best_bytes, score + penalty);
    }
}

static void add_meanings(struct nearest *nearest, const char *typed, size_t n) {
    static const struct {
        const char *typed, *schemes;
    } rows[] = {
#define TI_SCHEME_MEANING(typed, schemes) {typed, schemes},
#include "core/request/meanings.def"
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *list = rows[i].schemes, *name;
        size_t name_bytes;
        if (!ti_near_same(typed, n, rows[i].typed, strlen(rows[i].typed))) continue;
        while (ti_words_next(&list, &name, &name_bytes)) {
            insert(nearest, "", 0, name, name_bytes, 0);
        }
    }
}

/*
 * What stands before the dot: frameworks, or a word for some. The list, "keras, tfjs"; ""
 * if it is neither.
 */
static const char *frameworks_of(const char *typed, size_t n) {
    static const struct {
        const char *typed, *frameworks;
    } rows[] = {
#define TI_FRAMEWORK_MEANING(typed, frameworks) {typed, frameworks},
#include "core/request/meanings.def"
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (ti_near_same(typed, n, rows[i].typed, strlen(rows[i].typed))) {
            return rows[i].frameworks;
        }
    }
    for (size_t i = 0; i < ti_alias_count(); i++) {
        const char *list = ti_alias_get(i)->frameworks, *word;
        size_t word_bytes;
        while (ti_words_next(&list, &word, &word_bytes)) {
            if (ti_near_same(typed, n, word, word_bytes)) {
                return ti_alias_get(i)->frameworks;
            }
        }
    }
    return "";
}

static bool starts_with(const char *text, const char *prefix) {
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/*
 * The name with the other word for its method, "kaimingnormal" for "he_normal"; only
 * letters and digits count for nearness.
 */
static bool other_name(const char *typed, size_t typed_bytes,
                       char out[TI_MAX_SCHEME_BYTES]) {
    static const struct {
        const char *typed, *other;
    } rows[] = {
#define TI_METHOD_NAMES(one, other) {one, other}, {other, one},
#include "core/request/meanings.def"
    };
    char small[TI_MAX_SCHEME_BYTES];
    size_t n = 0;
    for (size_t i = 0; i < typed_bytes && n + 1 < sizeof small; i++) {
        const char c = typed[i];
        if (c == '_') continue;
        small[n++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    small[n] = '\0';
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!starts_with(small, rows[i].typed)) continue;
        const size_t cut = strlen(rows[i].typed), other = strlen(rows[i].other);
        if (other + n - cut >= TI_MAX_SCHEME_BYTES) return false;
        memcpy(out, rows[i].other, other);
        memcpy(out + other, small + cut, n - cut + 1);
        return true;
    }
    return false;
}

/* Names that are near, of some frameworks, or all names if 'frameworks' is "". */
static struct nearest find_near(const char *typed, size_t n, const char *frameworks) {
    struct nearest nearest = {.count = 0};
    char other[TI_MAX_SCHEME_BYTES];
    const bool has_other = *frameworks && other_name(typed, n, other);
    if (!*frameworks) {
        for (size_t i = 0; i < ti_scheme_count(); i++) {
            add_plain(&nearest, ti_scheme_get(i), typed, n);
        }
        add_meanings(&nearest, typed, n);
    }
    for (size_t i = 0; i < ti_alias_count(); i++) {
        add_framework(&nearest, ti_alias_get(i), frameworks, typed, n, 0);
        if (has_other) {
            add_framework(&nearest, ti_alias_get(i), frameworks, other, strlen(other), 4);
        }
    }
    return nearest;
}

/* Offers them, and keeps why the first was refused if all were. */
static void offer_nearest(struct ti_hints *hints, const struct nearest *nearest) {
    for (size_t i = 0; i < nearest->count; i++) {
        const char *name = nearest->scheme[i].name;
        /* Next to a name that is written otherwise, others are beside the point. */
        if (nearest->scheme[i].score > 7 && nearest->scheme[0].score <= 7) break;
        if (ti_hints_offer(hints, name, NULL, NULL) || !*hints->refusal || *hints->near) {
            continue;
        }
        snprintf(hints->near, sizeof hints->near, "%s is near, but: %.900s", name,
                 hints->refusal);
    }
}

void ti_hints_schemes(struct ti_hints *hints, const char *name) {
    /* What code gives to the initializer is not its name. */
    const size_t name_bytes = strcspn(name, "(");
    const char *rest = name;
    for (const char *at = name; at < name + name_bytes; at++) {
        if (*at == '.') rest = at + 1;
    }
    const size_t n = name_bytes - (size_t)(rest - name);
    const char *frameworks = rest > name ? frameworks_of(name, strcspn(name, ".")) : "";
    struct nearest nearest = find_near(rest, n, frameworks);
    offer_nearest(hints, &nearest);
    if (hints->count > 0 || !*frameworks) return;
    /* The framework has nothing of the kind: others may. */
    nearest = find_near(rest, n, "");
    offer_nearest(hints, &nearest);
}
