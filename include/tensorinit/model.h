/* SPDX-License-Identifier: MIT */
/*
 * A model: the tensors of a manifest as the files of a checkpoint, of which any range of
 * bytes can be computed. Files are cut as huggingface_hub's save_torch_state_dict() cuts
 * them, and written as safetensors' serializer writes them.
 *
 *     ti_model_make(manifest, ti_manifest_options(manifest), &model, &place, &error);
 *     ti_model_reader_make(model, seed, &reader, &error);
 *     for (size_t file = 0; file < ti_model_file_count(model); file++)
 *         ti_model_read(reader, file, 0, ti_model_file(model, file)->bytes, out, &error);
 *
 * A model knows where each tensor lies, not its numbers: their plans (plan.h) are made one
 * at a time, when they are read.
 */
#ifndef TENSORINIT_MODEL_H
#define TENSORINIT_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include <tensorinit/manifest.h>
#include <tensorinit/plan.h>
#include <tensorinit/warnings.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Opaque, immutable: threads may share it. Pointers to what it has are valid as long as it. */
struct ti_model;

/*
 * Checks the query of each tensor, and lays out the files.
 *
 *   manifest  finished; may be freed before the model
 *   options   ti_manifest_options(), or a copy with changes; only read during the call
 *   place     may be NULL; receives what an error is about
 *
 * Returns TI_OK and '*model', which the caller frees with ti_model_free(); as ti_plan_make()
 * if the query of a tensor is refused, with the parameter in 'error' and the tensor and the
 * rule in its text; TI_EINAPPLICABLE for an options->dtype that no tensor takes, or a dtype or
 * a name of a tensor that contradicts its rule's; TI_EVALUE for an options->only that matches
 * no tensor; TI_ETOOLARGE if a file is larger than 2^63-1 bytes or has a header of more than
 * TI_MODEL_HEADER_BYTES_MAX; TI_ECANCELLED by options->go_on; TI_ENOMEM. On failure '*model' is untouched. Freeing NULL does
 * nothing.
 */
TI_API TI_MUST_USE enum ti_status ti_model_make(const struct ti_manifest *manifest,
                                                const struct ti_model_options *options,
                                                struct ti_model **model,
                                                struct ti_manifest_place *place,
                                                struct ti_error *error);
TI_API void ti_model_free(struct ti_model *model);

/* The largest header that safetensors' library reads. */
#define TI_MODEL_HEADER_BYTES_MAX 100000000

/* 32 hexadecimal digits that identify names, shapes, queries and files; not the seed. */
TI_API const char *ti_model_id(const struct ti_model *model);

/* Number of elements of all tensors, and their bytes without headers. */
TI_API uint64_t ti_model_elems(const struct ti_model *model);
TI_API uint64_t ti_model_bytes(const struct ti_model *model);

/* Memory that the model uses, its manifest included. */
TI_API size_t ti_model_memory_bytes(const struct ti_model *model);

/* Tensors ---------------------------------------------------------------------------- */

/* What tensors have in common that differ only in their name. */
struct ti_model_kind {
    /* all parameters of a request but name and seed, as the rule has them */
    const char *query;
    enum ti_dtype dtype;
    unsigned rank;
    const uint64_t *shape;
    uint64_t elems, bytes;
    /* of ti_plan_info(): informative numbers, NaN for a pattern */
    double mean, std;
    /* of ti_plan_info(): factor_peak_bytes is 0 if no factorization is needed */
    double ns_per_elem;
    size_t workspace_bytes, factor_peak_bytes;
};

struct ti_model_tensor {
    const char *name;
    /* the name that selects the stream, or NULL if it is the tensor's or the query has it */
    const char *stream_name;
    const struct ti_model_kind *kind;
    /* where its elements begin in its file, in bytes */
    uint64_t offset;
    /* index of its file; number of its rule in the manifest, from 0 */
    unsigned file, rule;
};

/* Tensors are in the order of the manifest. NULL for an index that does not exist. */
TI_API size_t ti_model_tensor_count(const struct ti_model *model);
TI_API const struct ti_model_tensor *ti_model_tensor(const struct ti_model *model,
                                                     size_t index);

/* Kinds are in the order of their first tensor. NULL for an index that does not exist. */
TI_API size_t ti_model_kind_count(const struct ti_model *model);
TI_API const struct ti_model_kind *ti_model_kind(const struct ti_model *model,
                                                 size_t index);

/*
 * Makes the plan of a tensor, in the format raw. Its query (ti_plan_info()) is the request for
 * the same elements.
 *
 * Returns TI_OK and '*plan', which the caller frees with ti_plan_free(); TI_ERANGE for an index
 * that does not exist; TI_ENOMEM. On failure '*plan' is untouched.
 */
TI_API TI_MUST_USE enum ti_status ti_model_plan(const struct ti_model *model,
                                                uint64_t seed, size_t tensor,
                                                struct ti_plan **plan,
                                                struct ti_error *error);

/* The warnings about the plan of a tensor, as ti_plan_warnings(). */
TI_API unsigned ti_model_warnings(const struct ti_model *model, size_t tensor,
                                  struct ti_warning warnings[TI_WARNINGS_MAX]);

/* Files ------------------------------------------------------------------------------ */

/* Max bytes of a file's name, with the NUL. */
#define TI_MODEL_FILE_NAME_BYTES 64

struct ti_model_file {
    /* "model.safetensors" of a single file; else "model-00001-of-00003.safetensors", and
       at last "model.safetensors.index.json" */
    char name[TI_MODEL_FILE_NAME_BYTES];
    /* of the file, and those before the first element: all of an index */
    uint64_t bytes, header_bytes;
    /* of an index: 0 */
    size_t tensor_count;
};

/* NULL for an index that does not exist. */
TI_API size_t ti_model_file_count(const struct ti_model *model);
TI_API const struct ti_model_file *ti_model_file(const struct ti_model *model,
                                                 size_t index);

/* The index of a file by its name; SIZE_MAX if there is none. */
TI_API size_t ti_model_find_file(const struct ti_model *model, const char *name);

/*
 * Writes 32 hexadecimal digits that identify a file's bytes, the same for every build and
 * replica, NUL-terminated: for an entity tag.
 */
TI_API void ti_model_etag(const struct ti_model *model, size_t file, uint64_t seed,
                          char etag[33]);

/* Bytes -------------------------------------------------------------------------------- */

/* The part of a file around an offset: a tensor, or the text before the first one. */
struct ti_model_span {
    /* index of the tensor; SIZE_MAX for the text */
    size_t tensor;
    /* where the tensor, or the text, begins and ends in the file */
    uint64_t first, end;
};

/*
 * Finds what is at an offset of a file.
 *
 * Returns TI_OK and '*span', with first <= offset < end; TI_ERANGE at the end of the file or
 * beyond, and for a file that does not exist.
 */
TI_API TI_MUST_USE enum ti_status ti_model_locate(const struct ti_model *model,
                                                  size_t file, uint64_t offset,
                                                  struct ti_model_span *span);

/*
 * Writes bytes [offset, offset + count_bytes) of a file's text, that is its first header_bytes,
 * to 'out'.
 *
 * Returns TI_OK; TI_ERANGE if the range leaves the text ('out' is untouched). Allocates
 * nothing.
 */
TI_API TI_MUST_USE enum ti_status ti_model_text(const struct ti_model *model, size_t file,
                                                uint64_t offset, size_t count_bytes,
                                                void *out);

/*
 * Reads files from any offset: with ti_model_locate(), ti_model_plan(), ti_body_read() and
 * ti_model_text(). Has the plan of one tensor at a time, with its workspace.
 *
 * Opaque; one thread at a time, each its own. Keeps a pointer to the model, which must
 * outlive it.
 */
struct ti_model_reader;

/*
 * Returns TI_OK and '*reader', which the caller frees with ti_model_reader_free(); TI_ENOMEM
 * ('*reader' is untouched). Freeing NULL does nothing.
 */
TI_API TI_MUST_USE enum ti_status ti_model_reader_make(const struct ti_model *model,
                                                       uint64_t seed,
                                                       struct ti_model_reader **reader,
                                                       struct ti_error *error);
TI_API void ti_model_reader_free(struct ti_model_reader *reader);

/*
 * The plan of the tensor at an offset, for ti_plan_use(): it stays the reader's, until another
 * tensor is read. A factorization that it is given must outlive that.
 *
 * Returns TI_OK, and in '*plan' the plan or NULL if the offset is in the text; as
 * ti_model_locate() and ti_model_plan() otherwise ('*plan' is untouched).
 */
TI_API TI_MUST_USE enum ti_status ti_model_reader_plan(struct ti_model_reader *reader,
                                                       size_t file, uint64_t offset,
                                                       struct ti_plan **plan,
                                                       struct ti_error *error);

/*
 * Computes for about 'task_ns' what bytes [offset, offset + count_bytes) of a file need, as
 * ti_body_prepare() does: for reading in tasks of some milliseconds a tensor that is slow, or
 * that has a factorization. Only looks at the tensor at the offset.
 *
 *   ready_bytes  receives how many bytes from 'offset' on ti_model_read() need only copy by
 *                now; 0 if they are not complete, so that the next call goes on
 *
 * Returns TI_OK; as ti_model_read() otherwise ('*ready_bytes' is untouched).
 */
TI_API TI_MUST_USE enum ti_status ti_model_prepare(struct ti_model_reader *reader,
                                                   size_t file, uint64_t offset,
                                                   uint64_t count_bytes, double task_ns,
                                                   uint64_t *ready_bytes,
                                                   struct ti_error *error);

/*
 * Writes bytes [offset, offset + count_bytes) of a file to 'out'. The range may begin and
 * end anywhere.
 *
 * Returns TI_OK; TI_ERANGE if the range leaves the file; TI_EFACTOR if a tensor needs a
 * factorization and has none: ti_model_reader_plan() gives it one; TI_ENOMEM. On failure
 * 'out' has no meaning.
 */
TI_API TI_MUST_USE enum ti_status ti_model_read(struct ti_model_reader *reader,
                                                size_t file, uint64_t offset,
                                                size_t count_bytes, void *out,
                                                struct ti_error *error);

#ifdef __cplusplus
}
#endif

#endif
