/* SPDX-License-Identifier: MIT */
/* The table of parameters, from params.def. */
#include "core/request/params.h"

#include <tensorinit/version.h>

#include "core/request/kinds.h"
#include "core/request/text.h"

enum kind {
#define TI_KIND(name, has_default) KIND_##name,
#include "core/request/kinds.def"
#undef TI_KIND
};

enum group { group_common, group_own, group_framework };

/* Those of frameworks come last, and no scheme takes them. */
_Static_assert(TI_PARAM_stddev <= 64, "struct ti_scheme has one bit for each parameter");

/* The names of a list's rows, "f32, f64, ...", without the first comma. */
#define DTYPE_WORD(id, name, ...) ", " name
#define TI_DTYPE_WORDS (&(TI_DTYPES(DTYPE_WORD))[2])
#define FORMAT_WORD(id, name, ...) ", " name
#define TI_FORMAT_WORDS (&(TI_FORMATS(FORMAT_WORD))[2])

static const struct ti_param_info param_rows[TI_PARAM_COUNT] = {
#define TI_PARAM(name, kind, group, accepts, fallback, meaning)                          \
    {#name,                                                                              \
     accepts,                                                                            \
     meaning,                                                                            \
     fallback,                                                                           \
     group_##group == group_common,                                                      \
     group_##group == group_framework,                                                   \
     KIND_##kind == KIND_choice || KIND_##kind == KIND_flag},
#include "core/request/params.def"
#undef TI_PARAM
};

size_t ti_param_count(void) { return TI_PARAM_COUNT; }

const struct ti_param_info *ti_param_get(size_t index) {
    return index < TI_PARAM_COUNT ? &param_rows[index] : NULL;
}

bool ti_param_find(const char *name, size_t name_bytes, enum ti_param *param) {
    for (size_t i = 0; i < TI_PARAM_COUNT; i++) {
        if (ti_text_is(name, name_bytes, param_rows[i].name)) {
            *param = (enum ti_param)i;
            return true;
        }
    }
    return false;
}

bool ti_param_is_choice(enum ti_param param) { return param_rows[param].choice; }

static const enum kind param_kinds[TI_PARAM_COUNT] = {
#define TI_PARAM(name, kind, group, accepts, fallback, meaning) KIND_##kind,
#include "core/request/params.def"
#undef TI_PARAM
};

static const struct ti_param_kind kind_rows[] = {
#define TI_KIND(name, has_default) {ti_read_##name, ti_write_##name, has_default},
#include "core/request/kinds.def"
#undef TI_KIND
};

const struct ti_param_kind *ti_param_kind(enum ti_param param) {
    return &kind_rows[param_kinds[param]];
}

bool ti_param_has_words(enum ti_param param) { return param_kinds[param] == KIND_choice; }

const char *ti_param_names(void) {
#define LIST_common(name) ", " #name
#define LIST_own(name) ", " #name
#define LIST_framework(name)
    static const char names[] =
#define TI_PARAM(name, kind, group, accepts, fallback, meaning) LIST_##group(name)
#include "core/request/params.def"
#undef TI_PARAM
        ;
    return names + 2;
}

bool ti_truncation_is_valid(struct ti_truncation cut) {
    return cut.low <= 6 && cut.high >= -6 && cut.high - cut.low >= 1e-6;
}
