/* SPDX-License-Identifier: MIT */
/*
 * Patterns of tensor names: see name_pattern.h. Matching tries each token at each place of the
 * name at most once, so that no pattern takes exponential time.
 */
#include "core/model/name_pattern.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/request/text.h"

static bool is_ident_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

size_t ti_name_pattern_ident_bytes(const char *text) {
    size_t n = 0;
    while (is_ident_start(text[n]) || (n > 0 && text[n] >= '0' && text[n] <= '9')) n++;
    return n;
}

int ti_name_pattern_ident(const struct ti_name_pattern *pattern, const char *ident,
                          size_t bytes) {
    for (unsigned i = 0; i < pattern->count; i++) {
        const struct ti_token *token = &pattern->tokens[i];
        if (token->kind == TI_TOKEN_IDENT && token->bytes == bytes &&
            memcmp(pattern->text + token->first, ident, bytes) == 0) {
            return token->ident;
        }
    }
    return -1;
}

static enum ti_status refuse(const char *text, const char *why, struct ti_error *error) {
    return ti_error_set(error, TI_EVALUE, NULL, "pattern '%.200s': %s", text, why);
}

/* Reads the token at '*at' and moves behind it. */
static enum ti_status read_token(struct ti_name_pattern *pattern, const char **at,
                                 struct ti_token *token, struct ti_error *error) {
    const char *text = pattern->text;
    const char c = **at;
    token->first = (uint16_t)(*at - text);
    token->bytes = 1;
    if (c == '*' || c == '?') {
        token->kind = c == '*' ? TI_TOKEN_ANY : TI_TOKEN_ONE;
    } else if (c == '{') {
        const size_t n = ti_name_pattern_ident_bytes(*at + 1);
        token->kind = TI_TOKEN_IDENT;
        if (n == 0 || (*at)[1 + n] != '}') {
            return refuse(
                text,
                "braces in a rule have an identifier, {layer}, which stands for "
                "characters without a dot; alternatives need a rule each",
                error);
        }
        if (ti_name_pattern_ident(pattern, *at + 1, n) >= 0) {
            return refuse(text, "it has an identifier twice", error);
        }
        if (pattern->ident_count == TI_PATTERN_IDENTS_MAX) {
            return refuse(text, "it has more than 16 identifiers", error);
        }
        token->ident = (uint16_t)pattern->ident_count++;
        token->first++;
        token->bytes = (uint16_t)n;
        *at += n + 1;
    } else {
        const size_t n = strcspn(*at, "*?{}");
        token->kind = TI_TOKEN_LITERAL;
        if (n == 0) return refuse(text, "a '}' has no '{'", error);
        token->bytes = (uint16_t)n;
        *at += n - 1;
    }
    ++*at;
    return TI_OK;
}

enum ti_status ti_name_pattern_parse(const char *text, struct ti_name_pattern *pattern,
                                     struct ti_error *error) {
    struct ti_name_pattern made = {0};
    enum ti_status status = TI_OK;
    const size_t n = strlen(text);
    if (n == 0) return refuse(text, "it is empty; * matches every name", error);
    if (n > 2 * TI_MAX_NAME_BYTES) return refuse(text, "it is too long", error);
    if (!ti_text_is_utf8(text, n)) return refuse(text, "it is not UTF-8", error);
    made.text = malloc(n + 1);
    if (!made.text) return ti_error_nomem(error);
    memcpy(made.text, text, n + 1);
    for (const char *at = made.text; *at && status == TI_OK;) {
        struct ti_token token = {0};
        if (made.count == TI_PATTERN_TOKENS_MAX) {
            status = refuse(text, "it has more than 64 parts", error);
            break;
        }
        status = read_token(&made, &at, &token, error);
        /* Two stars in a row match what one does. */
        if (token.kind == TI_TOKEN_ANY && made.count > 0 &&
            made.tokens[made.count - 1].kind == TI_TOKEN_ANY) {
            continue;
        }
        made.tokens[made.count++] = token;
    }
    if (status == TI_OK) {
        *pattern = made;
    } else {
        free(made.text);
    }
    return status;
}

void ti_name_pattern_clear(struct ti_name_pattern *pattern) { free(pattern->text); }

/* Matching --------------------------------------------------------------------------- */

struct match {
    const struct ti_name_pattern *pattern;
    const char *name;
    size_t bytes;
    struct ti_capture *captures;
    uint64_t steps;
    /* a bit for each token and place where the rest of the pattern does not match */
    unsigned char *failed;
    size_t row_bytes;
};

static bool is_inside_character(const struct match *match, size_t at) {
    return at < match->bytes && ((unsigned char)match->name[at] & 0xc0) == 0x80;
}

static bool match_from(struct match *match, unsigned index, size_t at);

/* Whether the next token can begin at a place: this is quick, and usually false. */
static bool may_follow(const struct match *match, unsigned index, size_t at) {
    const struct ti_token *next = &match->pattern->tokens[index];
    if (index == match->pattern->count) return at == match->bytes;
    if (next->kind != TI_TOKEN_LITERAL) return !is_inside_character(match, at);
    return at < match->bytes && match->name[at] == match->pattern->text[next->first];
}

/* A token of any length from 'min' on, up to a dot if it is an ident. */
static bool match_run(struct match *match, unsigned index, size_t at, size_t min) {
    const struct ti_token *token = &match->pattern->tokens[index];
    for (size_t end = at;; end++) {
        match->steps++;
        if (end >= at + min && may_follow(match, index + 1, end) &&
            match_from(match, index + 1, end)) {
            if (token->kind == TI_TOKEN_IDENT) {
                match->captures[token->ident] =
                    (struct ti_capture){match->name + at, end - at};
            }
            return true;
        }
        if (end == match->bytes) return false;
        if (token->kind == TI_TOKEN_IDENT && match->name[end] == '.') return false;
    }
}

static bool match_token(struct match *match, unsigned index, size_t at) {
    const struct ti_token *token = &match->pattern->tokens[index];
    const size_t left = match->bytes - at;
    size_t n = token->bytes;
    switch (token->kind) {
    case TI_TOKEN_LITERAL:
        if (n > left ||
            memcmp(match->name + at, match->pattern->text + token->first, n) != 0) {
            return false;
        }
        break;
    case TI_TOKEN_ONE:
        if (left == 0) return false;
        while (is_inside_character(match, at + n)) n++;
        break;
    case TI_TOKEN_ANY:
        if (index + 1 == match->pattern->count) return true;
        return match_run(match, index, at, 0);
    case TI_TOKEN_IDENT:
        return match_run(match, index, at, 1);
    }
    return match_from(match, index + 1, at + n);
}

static bool match_from(struct match *match, unsigned index, size_t at) {
    match->steps++;
    if (index == match->pattern->count) return at == match->bytes;
    unsigned char *failed = &match->failed[index * match->row_bytes + at / 8];
    const unsigned char bit = (unsigned char)(1u << at % 8);
    if (*failed & bit) return false;
    if (match_token(match, index, at)) return true;
    *failed |= bit;
    return false;
}

/* Whether the literal text at one end of the pattern is at that end of the name. */
static bool match_end(const struct ti_name_pattern *pattern, const char *name,
                      size_t bytes, bool last) {
    const struct ti_token *token = &pattern->tokens[last ? pattern->count - 1 : 0];
    if (token->kind != TI_TOKEN_LITERAL) return true;
    return token->bytes <= bytes &&
           memcmp(name + (last ? bytes - token->bytes : 0), pattern->text + token->first,
                  token->bytes) == 0;
}

bool ti_name_pattern_match(const struct ti_name_pattern *pattern, const char *name,
                           size_t name_bytes,
                           struct ti_capture captures[TI_PATTERN_IDENTS_MAX],
                           uint64_t *steps) {
    unsigned char failed[TI_PATTERN_TOKENS_MAX * (TI_MAX_NAME_BYTES / 8 + 1)];
    struct match match = {.pattern = pattern,
                          .name = name,
                          .bytes = name_bytes,
                          .captures = captures,
                          .failed = failed,
                          .row_bytes = name_bytes / 8 + 1};
    ++*steps;
    /* Most patterns do not match most names, and this says so. */
    if (!match_end(pattern, name, name_bytes, true) ||
        !match_end(pattern, name, name_bytes, false)) {
        return false;
    }
    memset(failed, 0, pattern->count * match.row_bytes);
    const bool matches = match_from(&match, 0, 0);
    *steps += match.steps + pattern->count;
    return matches;
}
