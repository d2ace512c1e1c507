/* SPDX-License-Identifier: MIT */
/* How the values of a kind of parameter (kinds.def) are read and written. */
#ifndef TI_KINDS_H
#define TI_KINDS_H

#include "core/request/part.h"
#include "core/request/spec.h"

struct ti_scheme;

/* What a canonical query is written from. */
struct ti_canonical_source {
    const struct ti_spec *spec;
    const struct ti_scheme *scheme;
    const struct ti_part *part;
};

/* Returns true, and stores the value, if the text is of the kind; else changes nothing. */
typedef bool ti_value_reader(struct ti_spec *spec, enum ti_param param, const char *text,
                             size_t n);

/* Writes the value's text, without a NUL; returns its length, 0 to leave the parameter out. */
typedef size_t ti_value_writer(const struct ti_canonical_source *from,
                               enum ti_param param, char *out);

struct ti_param_kind {
    ti_value_reader *read;
    ti_value_writer *write;
    bool has_default;
};

const struct ti_param_kind *ti_param_kind(enum ti_param param);

#define TI_KIND(name, has_default)                                                       \
    ti_value_reader ti_read_##name;                                                      \
    ti_value_writer ti_write_##name;
#include "core/request/kinds.def"
#undef TI_KIND

#endif
