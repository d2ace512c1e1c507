/* SPDX-License-Identifier: MIT */
/* The query component of a URL (RFC 3986, section 3.4) as form data: pairs, '+', %XX. */
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/request/spec.h"
#include "core/request/text.h"

/* Decodes into 'out' (n bytes suffice); false for a '%' without two hexadecimal digits. */
static bool decode(const char *text, size_t n, char *out, size_t *out_bytes) {
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '%') {
            int high = i + 2 < n ? ti_text_hex(text[i + 1]) : -1;
            int low = i + 2 < n ? ti_text_hex(text[i + 2]) : -1;
            if (high < 0 || low < 0) return false;
            out[used++] = (char)(high << 4 | low);
            i += 2;
        } else {
            out[used++] = text[i] == '+' ? ' ' : text[i];
        }
    }
    *out_bytes = used;
    return true;
}

/* One pair. 'scratch' has room for it, decoded, and a NUL. */
static enum ti_status set_pair(struct ti_spec *spec, const char *pair, size_t n,
                               char *scratch, struct ti_error *error) {
    const char *equals = memchr(pair, '=', n);
    size_t key_length = equals ? (size_t)(equals - pair) : n, key_bytes, value_bytes;
    if (!decode(pair, key_length, scratch, &key_bytes) || memchr(scratch, 0, key_bytes)) {
        return ti_error_set(error, TI_EPARAM, "query", "'%.*s' is no parameter's name",
                            key_length > 64 ? 64 : (int)key_length, pair);
    }
    if (key_bytes == 0) {
        return ti_error_set(
            error, TI_EPARAM, "query",
            "there is a pair without a parameter's name; write name=value");
    }
    scratch[key_bytes] = '\0';
    if (!equals) {
        return ti_error_set(error, TI_EVALUE, scratch,
                            "'%.64s' needs a value: write %.64s=value", scratch, scratch);
    }
    char *value = scratch + key_bytes + 1;
    if (!decode(equals + 1, n - key_length - 1, value, &value_bytes)) {
        return ti_error_set(error, TI_EVALUE, scratch,
                            "%.64s has a '%%' that two hexadecimal digits do not follow; "
                            "a percent sign itself is %%25",
                            scratch);
    }
    return ti_spec_set(spec, scratch, value, value_bytes, error);
}

enum ti_status ti_spec_set_query(struct ti_spec *spec, const char *query,
                                 size_t query_bytes, struct ti_error *error) {
    /* Decoding only shortens, so a pair and its NUL fit; most queries need no heap. */
    char small[1024], *scratch = small;
    enum ti_status status = TI_OK;
    if (query_bytes == 0) return TI_OK;
    if (query_bytes >= sizeof small && !(scratch = malloc(query_bytes + 1))) {
        return ti_error_nomem(error);
    }
    for (const char *pair = query, *end = query + query_bytes; status == TI_OK;) {
        const char *ampersand = memchr(pair, '&', (size_t)(end - pair));
        size_t n = (size_t)((ampersand ? ampersand : end) - pair);
        status = set_pair(spec, pair, n, scratch, error);
        if (!ampersand) break;
        pair = ampersand + 1;
    }
    if (scratch != small) free(scratch);
    return status;
}
