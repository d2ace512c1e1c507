/* SPDX-License-Identifier: MIT */
/*
 * In which line of a JSON text a member is: jansson says that of syntax errors only. The text
 * is valid; only strings and the depth of brackets have to be understood.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "manifest/json_parse.h"

struct scan {
    const char *at, *end;
    unsigned line;
};

/* Moves behind a string, whose first quote is at 'at'; returns what is between the quotes. */
static const char *skip_string(struct scan *scan, size_t *bytes) {
    const char *text = ++scan->at;
    while (scan->at < scan->end && *scan->at != '"') {
        scan->at += *scan->at == '\\' && scan->at + 1 < scan->end ? 2 : 1;
    }
    *bytes = (size_t)(scan->at - text);
    if (scan->at < scan->end) scan->at++;
    return text;
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static void skip_blanks(struct scan *scan) {
    while (scan->at < scan->end && is_blank(*scan->at)) {
        scan->line += *scan->at++ == '\n';
    }
}

/* Moves behind a value, with all that is in it. */
static void skip_value(struct scan *scan) {
    unsigned depth = 0;
    size_t bytes;
    for (;;) {
        skip_blanks(scan);
        if (scan->at >= scan->end) return;
        const char c = *scan->at;
        if (depth == 0 && (c == ',' || c == ']' || c == '}')) return;
        if (c == '"') {
            skip_string(scan, &bytes);
            continue;
        }
        if (c == '[' || c == '{') depth++;
        if (c == ']' || c == '}') depth--;
        scan->at++;
        if (depth == 0 && (c == ']' || c == '}')) return;
    }
}

static bool take(struct scan *scan, char c) {
    skip_blanks(scan);
    if (scan->at >= scan->end || *scan->at != c) return false;
    scan->at++;
    skip_blanks(scan);
    return true;
}

/* Moves to the value of the next member, or item if this is an array; false at the end. */
static bool next(struct scan *scan, bool object, const char **key, size_t *key_bytes,
                 unsigned *line) {
    skip_blanks(scan);
    if (scan->at >= scan->end || *scan->at == '}' || *scan->at == ']') return false;
    *line = scan->line;
    *key = "";
    *key_bytes = 0;
    if (object) *key = skip_string(scan, key_bytes);
    return !object || take(scan, ':');
}

static bool is(const char *key, size_t bytes, const char *text) {
    return bytes == strlen(text) && memcmp(key, text, bytes) == 0;
}

/* The line of an item of the value that begins here. */
static unsigned line_of_item(struct scan *scan, size_t index) {
    const char *key;
    size_t bytes;
    unsigned line;
    const bool object = scan->at < scan->end && *scan->at == '{';
    if (!take(scan, '{') && !take(scan, '[')) return 0;
    while (next(scan, object, &key, &bytes, &line)) {
        const bool counts = !is(key, bytes, "__metadata__");
        if (counts && index-- == 0) return line;
        skip_value(scan);
        take(scan, ',');
    }
    return 0;
}

unsigned tim_json_line(const char *json, size_t bytes, const char *member, size_t index) {
    struct scan scan = {json, json + bytes, 1};
    const char *key;
    size_t key_bytes;
    unsigned line;
    if (!take(&scan, '{')) return 0;
    while (next(&scan, true, &key, &key_bytes, &line)) {
        if (is(key, key_bytes, member)) {
            return index == SIZE_MAX ? line : line_of_item(&scan, index);
        }
        skip_value(&scan);
        take(&scan, ',');
    }
    return 0;
}
