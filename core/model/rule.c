/* SPDX-License-Identifier: MIT */
/* Rules of a manifest: see rule.h. */
#include "core/model/rule.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/request/query.h"
#include "core/request/text.h"

/* Parameters of a request that a rule does not have, and where they are instead. */
static const struct {
    const char *param, *why;
} refused[] = {
    {"shape", "shapes are those of the tensors"},
    {"seed", "all tensors have the model's seed"},
    {"spec", "the manifest has the spec, as its member \"spec\""},
    {"format", "files are safetensors"},
    {"json", "files are safetensors"},
    {"metadata", "files are safetensors"},
    {"permute", "files have tensors as they are"},
    {"slice", "files have full tensors"},
    {"shard", "files have full tensors"},
};

static enum ti_status check_param(struct ti_rule *rule, const char *param,
                                  struct ti_error *error) {
    const size_t n = strcspn(param, "[");
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        if (!ti_text_is(param, n, refused[i].param)) continue;
        return ti_error_set(error, TI_EINAPPLICABLE, refused[i].param,
                            "a rule has no %s=: %s", refused[i].param, refused[i].why);
    }
    rule->has_dtype |= ti_text_is(param, n, "dtype");
    rule->has_name |= ti_text_is(param, n, "name");
    return TI_OK;
}

static enum ti_status check_params(struct ti_rule *rule, struct ti_error *error) {
    char scratch[TI_RULE_QUERY_BYTES_MAX + 1];
    struct ti_text_list list = {rule->query, rule->query + rule->query_bytes};
    struct ti_text_pair pair, decoded = {0};
    enum ti_status status = TI_OK;
    while (status == TI_OK && ti_text_next_pair(&list, &pair)) {
        if (pair.name_bytes == 0 && !pair.value) continue;
        status = ti_query_decode(&pair, scratch, &decoded, error);
        if (status == TI_OK) status = check_param(rule, decoded.name, error);
    }
    return status;
}

static size_t count_places(const char *query) {
    size_t count = 0;
    for (; *query; query++) count += *query == '{';
    return count;
}

static enum ti_status find_places(struct ti_rule *rule, struct ti_error *error) {
    const char *query = rule->query;
    rule->places = calloc(count_places(query) + 1, sizeof *rule->places);
    if (!rule->places) return ti_error_nomem(error);
    for (const char *at = query; *(at += strcspn(at, "{}")); at++) {
        const size_t n = *at == '{' ? ti_name_pattern_ident_bytes(at + 1) : 0;
        if (n == 0 || at[1 + n] != '}') {
            return ti_error_set(error, TI_EVALUE, NULL,
                                "query '%.200s': braces have an identifier of the "
                                "pattern, {layer}; other ones are written %%7B and %%7D",
                                query);
        }
        const int ident = ti_name_pattern_ident(&rule->pattern, at + 1, n);
        if (ident < 0) {
            return ti_error_set(error, TI_EVALUE, NULL,
                                "query '%.200s': the pattern '%.200s' has no {%.*s}",
                                query, rule->pattern.text, n > 64 ? 64 : (int)n, at + 1);
        }
        rule->places[rule->place_count++] = (struct ti_rule_place){
            (uint16_t)(at - query), (uint16_t)(n + 2), (uint16_t)ident};
        at += n + 1;
    }
    return TI_OK;
}

enum ti_status ti_rule_parse(const char *pattern, const char *query, struct ti_rule *rule,
                             struct ti_error *error) {
    struct ti_rule made = {.query_bytes = strlen(query)};
    if (made.query_bytes >= TI_RULE_QUERY_BYTES_MAX) {
        return ti_error_set(error, TI_EVALUE, NULL, "query '%.100s...' is too long",
                            query);
    }
    enum ti_status status = ti_name_pattern_parse(pattern, &made.pattern, error);
    if (status != TI_OK) return status;
    made.query = malloc(made.query_bytes + 1);
    if (made.query) {
        memcpy(made.query, query, made.query_bytes + 1);
        status = find_places(&made, error);
    } else {
        status = ti_error_nomem(error);
    }
    if (status == TI_OK) status = check_params(&made, error);
    if (status == TI_OK) {
        *rule = made;
    } else {
        ti_rule_clear(&made);
    }
    return status;
}

void ti_rule_clear(struct ti_rule *rule) {
    ti_name_pattern_clear(&rule->pattern);
    free(rule->query);
    free(rule->places);
}

size_t ti_rule_memory_bytes(const struct ti_rule *rule) {
    return strlen(rule->pattern.text) + 1 + rule->query_bytes + 1 +
           (rule->place_count + 1) * sizeof *rule->places;
}

size_t ti_rule_write(const struct ti_rule *rule, const struct ti_capture *captures,
                     char *out, size_t capacity) {
    size_t used = 0, from = 0;
    for (size_t i = 0; i <= rule->place_count; i++) {
        const struct ti_rule_place *place =
            i < rule->place_count ? &rule->places[i] : NULL;
        const size_t end = place ? place->first : rule->query_bytes;
        const struct ti_capture *capture = place ? &captures[place->ident] : NULL;
        if (used + (end - from) + (capture ? 3 * capture->bytes : 0) > capacity) {
            return SIZE_MAX;
        }
        memcpy(out + used, rule->query + from, end - from);
        used += end - from;
        if (!place) break;
        used = (size_t)(ti_query_encode_all(capture->text, capture->bytes, out + used) -
                        out);
        from = end + place->bytes;
    }
    return used;
}
