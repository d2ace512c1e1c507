/* SPDX-License-Identifier: MIT */
/*
 * The canonical query: parameters in the order of params.def, each value in one form, no
 * defaults, a shard as its slice.
 */
#include "core/request/canonical.h"

#include <string.h>

#include "core/request/kinds.h"
#include "core/request/params.h"
#include "core/request/text.h"

/* Whether the text is the parameter's default: that of the scheme, else that of
   params.def. */
static bool is_default(const struct ti_scheme *scheme, const struct ti_param_info *param,
                       const char *text, size_t n) {
    struct ti_text_list pairs = ti_text_list(scheme->info.defaults);
    struct ti_text_pair pair;
    while (ti_text_next_pair(&pairs, &pair)) {
        if (ti_text_is(pair.name, pair.name_bytes, param->name)) {
            return pair.value_bytes == n && memcmp(pair.value, text, n) == 0;
        }
    }
    return ti_text_is(text, n, param->fallback);
}

size_t ti_canonical_query(const struct ti_spec *spec, const struct ti_part *part,
                          char out[TI_CANONICAL_BYTES_MAX]) {
    const struct ti_canonical_source from = {spec, ti_scheme_at(spec->scheme), part};
    size_t used = 0;
    for (size_t i = 0; i < TI_PARAM_COUNT; i++) {
        const enum ti_param param = (enum ti_param)i;
        const struct ti_param_info *info = ti_param_get(i);
        const struct ti_param_kind *kind = ti_param_kind(param);
        const bool always = param == TI_PARAM_scheme;
        const bool shard = param == TI_PARAM_slice && spec->given[TI_PARAM_shard];
        if (!spec->given[i] && !always && !shard) continue;
        size_t start = used;
        if (used > 0) out[used++] = '&';
        used += ti_text_put(info->name, out + used);
        out[used++] = '=';
        const char *text = out + used;
        const size_t n = kind->write(&from, param, out + used);
        const bool left_out =
            n == 0 || (kind->has_default && is_default(from.scheme, info, text, n));
        used = left_out ? start : used + n;
    }
    out[used] = '\0';
    return used;
}
