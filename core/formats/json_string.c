/* SPDX-License-Identifier: MIT */
/* Strings in JSON: names in the header of safetensors and in the json format. */
#include <string.h>

#include "core/base/hex.h"
#include "core/formats/formats.h"

/* A character below U+0020, a quote or a backslash. */
static size_t escape(unsigned char c, char *out) {
    static const char short_forms[] = "\bb\ff\nn\rr\tt\"\"\\\\";
    for (const char *form = short_forms; *form; form += 2) {
        if (c != (unsigned char)form[0]) continue;
        out[0] = '\\';
        out[1] = form[1];
        return 2;
    }
    memcpy(out, "\\u00", 4);
    out[4] = ti_hex_lower(c >> 4);
    out[5] = ti_hex_lower(c);
    return 6;
}

size_t ti_json_string(const char *text, size_t n, char *out) {
    size_t used = 0;
    out[used++] = '"';
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c != '"' && c != '\\') {
            out[used++] = (char)c;
        } else {
            used += escape(c, out + used);
        }
    }
    out[used++] = '"';
    return used;
}
