/* SPDX-License-Identifier: MIT */
/* Reading and writing the values of each kind of parameter (kinds.def). */
#ifndef TI_KINDS_H
#define TI_KINDS_H

#include "core/request/part.h"
#include "core/request/spec.h"

struct ti_scheme;

/* A resolved request, from which its canonical query is written. */
struct ti_canonical_source {
    const struct ti_spec *spec;
    const struct ti_scheme *scheme;
    const struct ti_part *part;
};

/* Stores the value of 'text', 'n' bytes long; false if it is not valid (spec is
   untouched). */
typedef bool ti_value_reader(struct ti_spec *spec, enum ti_param param, const char *text,
                             size_t n);

/*
 * Writes the canonical text of the value, without a NUL, and returns its length; 0 if the
 * canonical query leaves the parameter out.
 */
typedef size_t ti_value_writer(const struct ti_canonical_source *from,
                               enum ti_param param, char *out);

struct ti_param_kind {
    ti_value_reader *read;
    ti_value_writer *write;
    /* the canonical query leaves the parameter out if it has its default value */
    bool has_default;
};

const struct ti_param_kind *ti_param_kind(enum ti_param param);

#define TI_KIND(name, has_default)                                                       \
    ti_value_reader ti_read_##name;                                                      \
    ti_value_writer ti_write_##name;
#include "core/request/kinds.def"
#undef TI_KIND

#endif
