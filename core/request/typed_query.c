/* SPDX-License-Identifier: MIT */
/*
 * Queries as people type them: lists given item by item, and the spellings of
 * spellings.def, are rewritten to plain pairs, which are then read strictly.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/request/hints.h"
#include "core/request/near_match.h"
#include "core/request/params.h"
#include "core/request/query.h"
#include "core/request/spec.h"
#include "core/request/spellings.h"

struct typed_pair {
    /* decoded and NUL-terminated */
    const char *name;
    const char *value;
    size_t value_bytes;
    /* the value before it was rewritten */
    const char *typed;
    size_t typed_bytes;
    enum ti_param param;
    bool known;
    /* of an item of a list: that of shape[0]=; no_index for shape[]=, not_item if it is
       none */
    int index;
    /* joined to an earlier pair, or without meaning: not set */
    bool dropped;
    /* could not be set */
    bool refused;
};

enum { not_item = -2, no_index = -1 };

/* Enough for most queries; longer ones are read in memory from the heap. */
#define SMALL_PAIRS 32
#define SMALL_BYTES 1024

struct typed_query {
    struct typed_pair *pairs;
    size_t count;
    /* decoded pairs, then lists that are joined, then values that are rewritten */
    char *text;
    struct typed_pair small_pairs[SMALL_PAIRS + 1];
    char small_text[3 * SMALL_BYTES + (SMALL_PAIRS + 2) * (TI_SPELLING_GROWTH + 1)];
    void *heap;
};

static void clear(struct typed_query *query) { free(query->heap); }

/* Memory for the pairs, for one more, and for their decoded and rewritten texts. */
static enum ti_status reserve(struct typed_query *query, const char *text, size_t n,
                              struct ti_error *error) {
    size_t pairs = 1;
    for (size_t i = 0; i < n; i++) pairs += text[i] == '&';
    query->count = 0;
    query->heap = NULL;
    query->pairs = query->small_pairs;
    query->text = query->small_text;
    if (pairs <= SMALL_PAIRS && n <= SMALL_BYTES) return TI_OK;
    const size_t pair_bytes = (pairs + 1) * sizeof *query->pairs;
    const size_t text_bytes = 3 * n + (pairs + 2) * (TI_SPELLING_GROWTH + 1);
    query->heap = malloc(pair_bytes + text_bytes);
    if (!query->heap) return ti_error_nomem(error);
    query->pairs = query->heap;
    query->text = (char *)query->heap + pair_bytes;
    return TI_OK;
}

/* Finds the parameter of a name; shape[] and shape[0] name items of a list. */
static void find_param(struct typed_pair *pair) {
    const size_t n = strlen(pair->name), base = strcspn(pair->name, "[");
    uint64_t index;
    pair->index = not_item;
    pair->known = ti_param_find(pair->name, base, &pair->param);
    if (!pair->known || base == n) return;
    pair->known = ti_spelling_is_list(pair->param) && pair->name[n - 1] == ']';
    if (!pair->known) return;
    pair->index = no_index;
    if (base + 2 == n) return;
    pair->known = ti_text_u64(pair->name + base + 1, n - base - 2, &index) && index < 100;
    if (pair->known) pair->index = (int)index;
}

/* Decodes all pairs; empty ones, as a trailing '&' makes them, are nothing. */
static enum ti_status read_pairs(struct typed_query *query, const char *text, size_t n,
                                 struct ti_error *error) {
    struct ti_text_list list = {text, text + n};
    struct ti_text_pair pair, decoded = {0};
    while (ti_text_next_pair(&list, &pair)) {
        if (pair.name_bytes == 0 && !pair.value) continue;
        char *name = query->text;
        enum ti_status status = ti_query_decode(&pair, name, &decoded, error);
        if (status != TI_OK) return status;
        struct typed_pair *typed = &query->pairs[query->count++];
        *typed = (struct typed_pair){
            .name = name, .value = decoded.value, .value_bytes = decoded.value_bytes};
        find_param(typed);
        query->text += decoded.name_bytes + 1 + decoded.value_bytes;
    }
    return TI_OK;
}

/* Joining lists ---------------------------------------------------------------------- */

/* Whether both are items of the same list, in the same notation. */
static bool follows(const struct typed_pair *first, const struct typed_pair *pair) {
    return pair->known && pair->param == first->param &&
           (pair->index < 0 ? pair->index == first->index : first->index >= 0);
}

/*
 * Whether the pairs from 'first' on are the items of a list, in order. With several
 * pairs each must be one item: shape=2,3 twice is a mistake, as are several notations.
 */
static bool is_joinable(const struct typed_query *query, const struct typed_pair *first) {
    int items = 0;
    bool commas = false;
    for (const struct typed_pair *pair = query->pairs; pair < query->pairs + query->count;
         pair++) {
        if (!pair->known || pair->param != first->param) continue;
        if (pair < first || !follows(first, pair)) return false;
        if (pair->index >= 0 && pair->index != items) return false;
        commas |= memchr(pair->value, ',', pair->value_bytes) != NULL;
        items++;
    }
    return (items > 1 && !commas) || (items == 1 && first->index != not_item);
}

static void join(struct typed_query *query, struct typed_pair *first) {
    char *out = query->text;
    for (struct typed_pair *pair = first; pair < query->pairs + query->count; pair++) {
        if (!follows(first, pair)) continue;
        const char *item = pair->value;
        size_t n = pair->value_bytes;
        ti_spelling_trim(&item, &n);
        if (pair != first) *out++ = ',';
        memcpy(out, item, n);
        out += n;
        pair->dropped = pair != first;
    }
    first->name = ti_param_get(first->param)->name;
    first->index = not_item;
    first->value = query->text;
    first->value_bytes = (size_t)(out - query->text);
    query->text = out;
}

static void join_lists(struct typed_query *query) {
    for (struct typed_pair *pair = query->pairs; pair < query->pairs + query->count;
         pair++) {
        if (!pair->known || pair->dropped || !ti_spelling_is_list(pair->param)) continue;
        if (is_joinable(query, pair)) join(query, pair);
    }
}

/* Rewriting -------------------------------------------------------------------------- */

/* Replaces the pair's value by its plain form. */
static void rewrite(struct typed_query *query, struct typed_pair *pair,
                    const struct ti_spelling_context *context) {
    pair->typed = pair->value;
    pair->typed_bytes = pair->value_bytes;
    const size_t n = ti_spelling_rewrite(pair->param, pair->value, pair->value_bytes,
                                         context, query->text);
    pair->value = query->text;
    pair->value_bytes = n;
    query->text += n;
}

static struct typed_pair *find(struct typed_query *query, enum ti_param param) {
    for (size_t i = 0; i < query->count; i++) {
        struct typed_pair *pair = &query->pairs[i];
        if (pair->known && pair->param == param && !pair->dropped) return pair;
    }
    return NULL;
}

static bool has_value(const struct typed_pair *pair, const char *value) {
    return pair && ti_text_is(pair->value, pair->value_bytes, value);
}

/* low=-inf and high=inf of a truncated normal: no bound, which is said by leaving the
   parameter out, or by truncation=none. */
static void drop_infinite(struct typed_query *query) {
    struct typed_pair *low = find(query, TI_PARAM_low);
    struct typed_pair *high = find(query, TI_PARAM_high);
    const bool no_low = has_value(low, "-inf"), no_high = has_value(high, "inf");
    if (!has_value(find(query, TI_PARAM_scheme), "truncated_normal")) return;
    if (no_low) low->dropped = true;
    if (no_high) high->dropped = true;
    if ((!no_low && !no_high) || (low && !no_low) || (high && !no_high) ||
        find(query, TI_PARAM_truncation)) {
        return;
    }
    query->pairs[query->count++] = (struct typed_pair){.name = "truncation",
                                                       .value = "none",
                                                       .value_bytes = 4,
                                                       .param = TI_PARAM_truncation,
                                                       .index = not_item,
                                                       .known = true};
}

static void rewrite_values(struct typed_query *query) {
    static const enum ti_param first[] = {TI_PARAM_scheme, TI_PARAM_dtype};
    struct ti_spelling_context context = {NULL, false};
    for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
        struct typed_pair *pair = find(query, first[i]);
        if (pair) rewrite(query, pair, &context);
    }
    const struct typed_pair *scheme = find(query, TI_PARAM_scheme);
    if (scheme) context.alias = ti_alias_find(scheme->value, scheme->value_bytes);
    context.is_bool = has_value(find(query, TI_PARAM_dtype), "bool");
    for (size_t i = 0; i < query->count; i++) {
        struct typed_pair *pair = &query->pairs[i];
        if (!pair->known || pair->dropped || pair->param == TI_PARAM_scheme ||
            pair->param == TI_PARAM_dtype) {
            continue;
        }
        rewrite(query, pair, &context);
    }
    drop_infinite(query);
}

/* Fills 'query', which the caller ends with clear(), with plain pairs. */
static enum ti_status prepare(struct typed_query *query, const char *text, size_t n,
                              struct ti_error *error) {
    enum ti_status status = reserve(query, text, n, error);
    if (n == 0) return TI_OK;
    if (status == TI_OK) status = read_pairs(query, text, n, error);
    if (status != TI_OK) return status;
    join_lists(query);
    rewrite_values(query);
    return TI_OK;
}

/* ------------------------------------------------------------------------------------ */

/* As ti_spec_set(); an item that has not been joined to a list cannot be set. */
static enum ti_status set_pair(struct ti_spec *spec, const struct typed_pair *pair,
                               struct ti_error *error) {
    if (pair->known && pair->index != not_item) {
        const char *list = ti_param_get(pair->param)->name;
        return ti_error_set(error, TI_EPARAM, pair->name,
                            "'%.64s': expected %s[0]=, %s[1]=, ... in order, or %s[]= or "
                            "%s= for each item, without commas; not several of these",
                            pair->name, list, list, list, list);
    }
    return ti_spec_set(spec, pair->name, pair->value, pair->value_bytes, error);
}

/* Sets the pairs that can be set; of the others the first is '*failed', unless there is one. */
static void set_pairs(struct ti_spec *spec, struct typed_query *query, bool first,
                      const struct typed_pair **failed, struct ti_error *error) {
    for (size_t i = 0; i < query->count; i++) {
        struct typed_pair *pair = &query->pairs[i];
        const bool is_first = pair->known && (pair->param == TI_PARAM_scheme ||
                                              pair->param == TI_PARAM_dtype);
        if (pair->dropped || is_first != first) continue;
        pair->refused = set_pair(spec, pair, *failed ? NULL : error) != TI_OK;
        if (pair->refused && !*failed) *failed = pair;
    }
}

/* Adds hints for a pair that was refused with 'error'. */
static unsigned add_hints(struct ti_spec *spec, const struct typed_pair *pair,
                          struct ti_hint_request *request, unsigned max,
                          struct ti_error *error) {
    struct ti_error typed;
    /* The same error, about what was typed. */
    if (error->code == TI_EVALUE && pair->typed &&
        ti_spec_set(spec, pair->name, pair->typed, pair->typed_bytes, &typed) != TI_OK) {
        *error = typed;
    }
    return ti_hints_for_pair(spec, pair->name, pair->value, pair->value_bytes, request,
                             max, error);
}

/*
 * Hints of the pairs that were refused, of three at most; 'error' is about the first. Each
 * may have one, and the earlier ones those that are left.
 */
static void hint_pairs(struct ti_spec *spec, const struct typed_query *query,
                       const struct typed_pair *first,
                       const struct ti_other_params *others, struct ti_error *error) {
    const struct typed_pair *refused[TI_NEAR_MAX] = {first};
    struct ti_hint_request request = {.others = others};
    unsigned count = 1, left = TI_NEAR_MAX;
    for (size_t i = 0; i < query->count && count < TI_NEAR_MAX; i++) {
        if (query->pairs[i].refused && &query->pairs[i] != first)
            refused[count++] = &query->pairs[i];
    }
    left -= add_hints(spec, first, &request, TI_NEAR_MAX + 1 - count, error);
    if (first->known && first->param == TI_PARAM_scheme) {
        /* The others are judged with the scheme that may be meant, or not at all. */
        if (!*request.offered || !ti_hints_apply(spec, request.offered, NULL)) return;
        request.keeps_scheme = true;
    }
    for (unsigned i = 1; i < count; i++) {
        const struct typed_pair *pair = refused[i];
        struct ti_error other;
        if (set_pair(spec, pair, &other) == TI_OK) continue;
        const unsigned found =
            add_hints(spec, pair, &request, left - (count - 1 - i), &other);
        if (found > 0) ti_hints_add_error(error, &other);
        left -= found;
    }
}

enum ti_status ti_spec_set_query_among(struct ti_spec *spec, const char *query,
                                       size_t query_bytes,
                                       const struct ti_other_params *others,
                                       struct ti_error *error) {
    struct typed_query typed;
    struct ti_error own;
    enum ti_status status = prepare(&typed, query, query_bytes, &own);
    if (status == TI_OK) {
        const struct typed_pair *failed = NULL;
        /* Errors about other parameters name the words of scheme and dtype. */
        set_pairs(spec, &typed, true, &failed, &own);
        set_pairs(spec, &typed, false, &failed, &own);
        if (failed) {
            hint_pairs(spec, &typed, failed, others, &own);
            status = own.code;
        }
    }
    clear(&typed);
    if (status != TI_OK && error) *error = own;
    return status;
}

enum ti_status ti_spec_set_query_lenient(struct ti_spec *spec, const char *query,
                                         size_t query_bytes, struct ti_error *error) {
    return ti_spec_set_query_among(spec, query, query_bytes, NULL, error);
}

enum ti_status ti_query_plain(const char *query, size_t query_bytes, char **plain,
                              struct ti_error *error) {
    struct typed_query typed;
    size_t capacity = 1;
    enum ti_status status = prepare(&typed, query, query_bytes, error);
    for (size_t i = 0; status == TI_OK && i < typed.count; i++) {
        capacity += 3 * (strlen(typed.pairs[i].name) + typed.pairs[i].value_bytes) + 2;
    }
    char *made = status == TI_OK ? malloc(capacity) : NULL, *out = made;
    if (status == TI_OK && !made) status = ti_error_nomem(error);
    for (size_t i = 0; status == TI_OK && i < typed.count; i++) {
        const struct typed_pair *pair = &typed.pairs[i];
        if (pair->dropped) continue;
        if (out > made) *out++ = '&';
        out = ti_query_encode(pair->name, strlen(pair->name), out);
        *out++ = '=';
        out = ti_query_encode(pair->value, pair->value_bytes, out);
    }
    if (made) *out = '\0';
    clear(&typed);
    if (status == TI_OK) *plain = made;
    return status;
}
