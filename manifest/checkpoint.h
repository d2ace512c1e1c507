/* SPDX-License-Identifier: MIT */
/*
 * Tensors of a checkpoint that exists: names, shapes and dtypes of the headers of its
 * safetensors files. Reads no files: the caller has the headers.
 */
#ifndef TIM_CHECKPOINT_H
#define TIM_CHECKPOINT_H

#include <stddef.h>

#include <tensorinit/manifest.h>

/* Opaque; one thread at a time. */
struct tim_checkpoint;

/* NULL if memory runs out. To be freed with tim_checkpoint_free(), which takes NULL. */
struct tim_checkpoint *tim_checkpoint_make(void);
void tim_checkpoint_free(struct tim_checkpoint *checkpoint);

/*
 * Sets the index (model.safetensors.index.json), before any header: tensors are then in its
 * order. Returns TI_OK, TI_EVALUE, TI_EDUPLICATE or TI_ENOMEM.
 */
TI_MUST_USE enum ti_status tim_checkpoint_index(struct tim_checkpoint *checkpoint,
                                                const char *json, size_t bytes,
                                                struct ti_error *error);

/* The name of a file of the index, each once; NULL beyond the last. */
const char *tim_checkpoint_file(const struct tim_checkpoint *checkpoint, size_t index);

/*
 * Adds the tensors of a file.
 *
 *   file   its name, for errors
 *   json   its header, without the length
 *
 * Returns as tim_checkpoint_index().
 */
TI_MUST_USE enum ti_status tim_checkpoint_header(struct tim_checkpoint *checkpoint,
                                                 const char *file, const char *json,
                                                 size_t bytes, struct ti_error *error);

/*
 * Adds all tensors to a manifest. Returns as ti_manifest_add_tensor(); TI_EMISSING for a tensor
 * of the index that no header has.
 */
TI_MUST_USE enum ti_status tim_checkpoint_add(const struct tim_checkpoint *checkpoint,
                                              struct ti_manifest *manifest,
                                              struct ti_error *error);

#endif
