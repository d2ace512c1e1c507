/* SPDX-License-Identifier: MIT */
/*
 * The query component of a URL (RFC 3986, section 3.4) as form data: pairs, with '+' for
 * a space and %XX.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/hex.h"
#include "core/request/query.h"
#include "core/request/spec.h"

/* Decodes to 'out' (at most n bytes); false for a '%' without two hexadecimal digits. */
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

/* The unreserved characters of RFC 3986, section 2.3. */
#define UNRESERVED "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/* 'plain' has the characters that stay. */
static char *encode(const char *text, size_t n, const char *plain, char *out) {
    const size_t plain_count = strlen(plain);
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (memchr(plain, c, plain_count)) {
            *out++ = (char)c;
        } else {
            *out++ = '%';
            *out++ = ti_hex_upper(c >> 4);
            *out++ = ti_hex_upper(c);
        }
    }
    return out;
}

char *ti_query_encode(const char *text, size_t n, char *out) {
    return encode(text, n, UNRESERVED ",:/", out);
}

char *ti_query_encode_all(const char *text, size_t n, char *out) {
    return encode(text, n, UNRESERVED, out);
}

enum ti_status ti_query_decode(const struct ti_text_pair *pair, char *scratch,
                               struct ti_text_pair *decoded, struct ti_error *error) {
    size_t name_bytes, value_bytes;
    if (!decode(pair->name, pair->name_bytes, scratch, &name_bytes) ||
        memchr(scratch, 0, name_bytes)) {
        char shown[TI_SHOWN_BYTES];
        ti_text_show(pair->name, pair->name_bytes, shown, sizeof shown);
        return ti_error_set(error, TI_EPARAM, "query", "'%s' is not a parameter's name",
                            shown);
    }
    if (name_bytes == 0) {
        return ti_error_set(error, TI_EPARAM, "query",
                            "a pair has no parameter's name; write name=value");
    }
    scratch[name_bytes] = '\0';
    if (!pair->value) {
        return ti_error_set(error, TI_EVALUE, scratch,
                            "'%.64s' needs a value: write %.64s=value", scratch, scratch);
    }
    char *value = scratch + name_bytes + 1;
    if (!decode(pair->value, pair->value_bytes, value, &value_bytes)) {
        return ti_error_set(
            error, TI_EVALUE, scratch,
            "the value of %.64s has a '%%' without two hexadecimal digits; "
            "write %%25 for a percent sign",
            scratch);
    }
    *decoded = (struct ti_text_pair){scratch, name_bytes, value, value_bytes};
    return TI_OK;
}

enum ti_status ti_spec_set_query(struct ti_spec *spec, const char *query,
                                 size_t query_bytes, struct ti_error *error) {
    /* Decoding only shortens, so a pair and its NUL fit; most queries need no heap. */
    char small[1024], *scratch = small;
    struct ti_text_list list = {query, query + query_bytes};
    struct ti_text_pair pair, decoded = {0};
    enum ti_status status = TI_OK;
    if (query_bytes == 0) return TI_OK;
    if (query_bytes >= sizeof small && !(scratch = malloc(query_bytes + 1))) {
        return ti_error_nomem(error);
    }
    while (status == TI_OK && ti_text_next_pair(&list, &pair)) {
        status = ti_query_decode(&pair, scratch, &decoded, error);
        if (status != TI_OK) break;
        status =
            ti_spec_set(spec, decoded.name, decoded.value, decoded.value_bytes, error);
    }
    if (scratch != small) free(scratch);
    return status;
}
