/* SPDX-License-Identifier: MIT */
/* Patterns of tensor names: '*', '?' and {ident}. Rules and options->only have them. */
#ifndef TI_NAME_PATTERN_H
#define TI_NAME_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tensorinit/spec.h>
#include <tensorinit/status.h>

/* Max number of tokens (runs of literal text and special ones) and of idents. */
#define TI_PATTERN_TOKENS_MAX 64
#define TI_PATTERN_IDENTS_MAX 16

enum ti_token_kind { TI_TOKEN_LITERAL, TI_TOKEN_ANY, TI_TOKEN_ONE, TI_TOKEN_IDENT };

/* A part of the pattern's text: 'bytes' bytes from 'first' on. Of an ident its name. */
struct ti_token {
    enum ti_token_kind kind;
    uint16_t first, bytes;
    uint16_t ident;
};

struct ti_name_pattern {
    char *text;
    unsigned count, ident_count;
    struct ti_token tokens[TI_PATTERN_TOKENS_MAX];
};

/* What an ident stands for: a part of the name. */
struct ti_capture {
    const char *text;
    size_t bytes;
};

/*
 * Parses a pattern, of which it makes a copy. Returns TI_OK, TI_EVALUE or TI_ENOMEM ('pattern'
 * is untouched).
 */
enum ti_status ti_name_pattern_parse(const char *text, struct ti_name_pattern *pattern,
                                     struct ti_error *error);
void ti_name_pattern_clear(struct ti_name_pattern *pattern);

/* The index of an ident, or -1. */
int ti_name_pattern_ident(const struct ti_name_pattern *pattern, const char *ident,
                          size_t bytes);

/* The length of an ident at the start of the text: a letter or '_', then also digits. */
size_t ti_name_pattern_ident_bytes(const char *text);

/*
 * Whether the pattern matches all of a name. Where it does so in several ways, each token
 * takes as little as it can, the first one first.
 *
 *   name      at most TI_MAX_NAME_BYTES
 *   captures  receives what the idents stand for; without meaning if it does not match
 *   steps     the time that it took is added: a multiple of it
 */
bool ti_name_pattern_match(const struct ti_name_pattern *pattern, const char *name,
                           size_t name_bytes,
                           struct ti_capture captures[TI_PATTERN_IDENTS_MAX],
                           uint64_t *steps);

#endif
