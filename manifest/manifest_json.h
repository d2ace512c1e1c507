/* SPDX-License-Identifier: MIT */
/*
 * Manifests as JSON (docs/MANIFEST.md), for the daemon and the command, which compile this
 * folder each.
 *
 *     tim_manifest_read(json, bytes, TI_MANIFEST_TENSORS_MAX, NULL, &manifest, &error);
 *     if (ti_model_make(manifest, ti_manifest_options(manifest), &model, &place, &error) !=
 *         TI_OK)
 *         tim_manifest_explain(json, bytes, &place, &error);
 */
#ifndef TIM_MANIFEST_JSON_H
#define TIM_MANIFEST_JSON_H

#include <stddef.h>

#include <tensorinit/manifest.h>

#include "manifest/checkpoint.h"

/*
 * Reads a manifest.
 *
 *   max_tensors  as for ti_manifest_make(): what a manifest of a stranger may cost
 *   checkpoint   has the tensors, if the manifest has none; or NULL
 *
 * Returns TI_OK and '*manifest', finished, which the caller frees with ti_manifest_free().
 * Otherwise '*manifest' is untouched, and 'error' begins with the line; TI_EPARAM for an
 * unknown key, TI_EDUPLICATE for one that is there twice, TI_EMISSING, TI_EVALUE, and as the
 * functions of <tensorinit/manifest.h>.
 */
TI_MUST_USE enum ti_status tim_manifest_read(const char *json, size_t bytes,
                                             size_t max_tensors,
                                             const struct tim_checkpoint *checkpoint,
                                             struct ti_manifest **manifest,
                                             struct ti_error *error);

/* Puts the line of a place before the text of an error. */
void tim_manifest_explain(const char *json, size_t bytes,
                          const struct ti_manifest_place *place, struct ti_error *error);

/*
 * The text of a manifest, which has been read without an error, without what has no meaning:
 * blanks, $schema, description and sources. To be freed with free(); NULL if memory runs out.
 */
char *tim_manifest_shorten(const char *json, size_t bytes);

#endif
