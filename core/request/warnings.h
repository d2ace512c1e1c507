/* SPDX-License-Identifier: MIT */
/* The files warnings*.c share this. */
#ifndef TI_WARNINGS_H
#define TI_WARNINGS_H

#include <tensorinit/warnings.h>

#include "core/request/plan.h"
#include "core/request/spec.h"

struct ti_warnings {
    const struct ti_spec *spec;
    const struct ti_plan *plan;
    struct ti_warning *list; /* TI_WARNINGS_MAX */
    unsigned count;
};

/* Adds a warning with an empty text. */
static inline struct ti_warning *ti_warning_add(struct ti_warnings *warnings,
                                                const char *field) {
    struct ti_warning *added = &warnings->list[warnings->count++];
    added->field = field;
    added->text[0] = '\0';
    return added;
}

/* Adds at most one: the shape suggests other fans, or another matrix, than are used. */
void ti_warn_fans(struct ti_warnings *warnings);

#endif
