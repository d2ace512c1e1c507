/* SPDX-License-Identifier: MIT */
/*
 * The canonical query of a plan: one spelling for all requests whose parameters select
 * the same bytes. docs/SPEC.md, "Canonical query", defines it.
 */
#ifndef TI_CANONICAL_H
#define TI_CANONICAL_H

#include "core/request/part.h"
#include "core/request/schemes/schemes.h"

/* Max bytes with the NUL: a name of 1,024 percent-encoded bytes, and the other
   parameters. */
#define TI_CANONICAL_BYTES_MAX 8192

/*
 * Writes the query, NUL-terminated, to 'out' and returns its length. 'part' is the
 * resolved part of the spec.
 */
size_t ti_canonical_query(const struct ti_spec *spec, const struct ti_part *part,
                          char out[TI_CANONICAL_BYTES_MAX]);

#endif
