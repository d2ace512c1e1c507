/* SPDX-License-Identifier: MIT */
/* A rule of a manifest: a pattern, and a query with places for what its idents stand for. */
#ifndef TI_RULE_H
#define TI_RULE_H

#include "core/model/name_pattern.h"

/* Max bytes of a rule's query, before and after the idents are replaced. */
#define TI_RULE_QUERY_BYTES_MAX 16384

/* An ident in a query: {ident} of 'bytes' bytes from 'first' on. */
struct ti_rule_place {
    uint16_t first, bytes, ident;
};

struct ti_rule {
    struct ti_name_pattern pattern;
    char *query;
    size_t query_bytes;
    struct ti_rule_place *places;
    size_t place_count;
    /* the query has these parameters */
    bool has_dtype, has_name;
};

/*
 * Parses a rule, of which it makes copies. Returns as ti_manifest_add_rule() ('rule' is
 * untouched).
 */
enum ti_status ti_rule_parse(const char *pattern, const char *query, struct ti_rule *rule,
                             struct ti_error *error);
void ti_rule_clear(struct ti_rule *rule);

/* Memory that it uses, besides the struct itself. */
size_t ti_rule_memory_bytes(const struct ti_rule *rule);

/*
 * Writes the query with what the idents stand for, percent-encoded, to 'out'. Returns its
 * length; SIZE_MAX if it does not fit.
 */
size_t ti_rule_write(const struct ti_rule *rule, const struct ti_capture *captures,
                     char *out, size_t capacity);

#endif
