/* SPDX-License-Identifier: MIT */
/* See probe.h. */
#define _GNU_SOURCE /* memmem */
#include "server/http/probe.h"

#include <string.h>

static const char *const methods[] = {"GET ", "HEAD "};
static const char *const paths[] = {"/healthz", "/readyz", "/metrics"};

/* The length of the first of some words if 'text' begins with it, else 0. */
static size_t skip(const char *text, size_t bytes, const char *const *words,
                   size_t count) {
    for (size_t i = 0; i < count; i++) {
        const size_t length = strlen(words[i]);
        if (bytes >= length && memcmp(text, words[i], length) == 0) return length;
    }
    return 0;
}

bool tid_probe_is_path(const char *path, size_t bytes) {
    return bytes > 0 && skip(path, bytes, paths, 3) == bytes;
}

enum tid_probe tid_probe_find(const char *head, size_t bytes, const char *base_path) {
    const char *line_end = memmem(head, bytes, "\r\n", 2);
    if (!line_end) return TID_PROBE_INCOMPLETE;
    const size_t line_bytes = (size_t)(line_end - head);
    const size_t method = skip(head, line_bytes, methods, 2);
    const size_t base =
        base_path ? skip(head + method, line_bytes - method, &base_path, 1) : 0;
    const size_t before = method + base;
    const size_t path = skip(head + before, line_bytes - before, paths, 3);
    if (method == 0 || path == 0) return TID_PROBE_NO;
    const char next = head[before + path]; /* at most the CR */
    if (next != ' ' && next != '?') return TID_PROBE_NO;
    return memmem(head, bytes, "\r\n\r\n", 4) ? TID_PROBE_YES : TID_PROBE_INCOMPLETE;
}
