/* SPDX-License-Identifier: MIT */
/*
 * The canonical query of a plan: one spelling for all requests of the same bytes, as far as
 * parameters tell. docs/SPEC.md, "Canonical query", says how it is made.
 */
#ifndef TI_CANONICAL_H
#define TI_CANONICAL_H

#include "core/request/part.h"
#include "core/request/schemes/schemes.h"

/* Most bytes, with the NUL: a name of 1,024 bytes, each percent-encoded, and all the rest. */
#define TI_CANONICAL_BYTES_MAX 8192

/*
 * Writes the query, NUL-terminated, to 'out' and returns its length. 'part' is the spec's,
 * resolved.
 */
size_t ti_canonical_query(const struct ti_spec *spec, const struct ti_part *part,
                          char out[TI_CANONICAL_BYTES_MAX]);

#endif
