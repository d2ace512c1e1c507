/* SPDX-License-Identifier: MIT */
/* The table of schemes, from schemes.def. */
#include "core/request/schemes/schemes.h"

#include "core/request/params.h"
#include "core/request/words.h"

#define TAKES(param) ((uint64_t)1 << TI_PARAM_##param)
#define TAKES_FANS                                                                       \
    (TAKES(layout) | TAKES(groups) | TAKES(transposed) | TAKES(fan_in) |                 \
     TAKES(fan_out) | TAKES(mode) | TAKES(in_axis) | TAKES(out_axis) |                   \
     TAKES(batch_axis) | TAKES(input_axes) | TAKES(output_axes) | TAKES(icnr))
#define NUMBERS(...)                                                                     \
    { __VA_ARGS__ }

static const struct ti_scheme scheme_rows[] = {
#define TI_SCHEME(name, aliases, family, numbers, takes, formula, source, suits,         \
                  defaults)                                                              \
    {{#name, aliases, formula, source, suits, defaults},                                 \
     ti_scheme_##family,                                                                 \
     numbers,                                                                            \
     takes},
#include "core/request/schemes/schemes.def"
#undef TI_SCHEME
};

#define SCHEME_COUNT (sizeof scheme_rows / sizeof *scheme_rows)

const struct ti_scheme *ti_scheme_at(size_t index) { return &scheme_rows[index]; }

bool ti_scheme_find(const char *name, size_t name_bytes, size_t *index) {
    for (size_t i = 0; i < SCHEME_COUNT; i++) {
        if (ti_words_find(scheme_rows[i].info.name, name, name_bytes, NULL) ||
            ti_words_find(scheme_rows[i].info.aliases, name, name_bytes, NULL)) {
            *index = i;
            return true;
        }
    }
    return false;
}

bool ti_scheme_has(const struct ti_scheme *scheme, enum ti_param param) {
    const struct ti_param_info *info = ti_param_get(param);
    return info->common || (!info->framework && (scheme->takes >> param & 1));
}

size_t ti_scheme_count(void) { return SCHEME_COUNT; }

const struct ti_scheme_info *ti_scheme_get(size_t index) {
    return index < SCHEME_COUNT ? &scheme_rows[index].info : NULL;
}

bool ti_scheme_takes(size_t scheme_index, size_t param_index) {
    return scheme_index < SCHEME_COUNT && param_index < TI_PARAM_COUNT &&
           ti_scheme_has(&scheme_rows[scheme_index], (enum ti_param)param_index);
}
