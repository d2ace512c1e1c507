/* SPDX-License-Identifier: MIT */
/*
 * A manifest: which tensors a model has, and how each is initialized. docs/MANIFEST.md
 * describes it as a JSON document; this library reads no JSON and takes its members:
 *
 *     static const uint64_t shape[] = {768, 768};
 *     const struct ti_manifest_tensor query = {
 *         .struct_bytes = sizeof query, .key = "h.{0..11}.attn.{q,k,v}.weight",
 *         .rank = 2, .shape = shape};
 *     ti_manifest_make(TI_MANIFEST_TENSORS_MAX, &manifest, &error);
 *     ti_manifest_add_tensor(manifest, &query, &error);
 *     ti_manifest_add_rule(manifest, "*.weight", "scheme=normal&std=0.02", &error);
 *     ti_manifest_finish(manifest, &place, &error);
 *
 * Afterwards the manifest is immutable, threads may share it, and models (model.h) are made
 * of it.
 */
#ifndef TENSORINIT_MANIFEST_H
#define TENSORINIT_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tensorinit/dtype.h>
#include <tensorinit/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Max number of tensors and of rules, and max bytes of all names with their NULs. */
#define TI_MANIFEST_TENSORS_MAX 1000000
#define TI_MANIFEST_RULES_MAX 1000
#define TI_MANIFEST_NAMES_BYTES_MAX ((size_t)128 << 20)

/* What huggingface_hub calls "5GB", its default. */
#define TI_MAX_SHARD_BYTES_DEFAULT UINT64_C(5000000000)

/* What a request may say in place of the manifest. Starts as ti_manifest_options(). */
struct ti_model_options {
    /* a model is the same for all seeds: what computes its bytes takes the seed */
    uint64_t seed;
    /* of the tensors that do not have one of their own; without it F32, or what their
       checkpoint has */
    bool has_dtype;
    enum ti_dtype dtype;
    /* elements of a file, in bytes, if it has more than one tensor; UINT64_MAX: one file */
    uint64_t max_shard_bytes;
    /* a pattern as in rules, NUL-terminated and borrowed: only the tensors whose name it
       matches; NULL: all */
    const char *only;
    /* NULL, or called with 'state' now and then while a model is made, which may take seconds
       for the largest: false ends that with TI_ECANCELLED */
    bool (*go_on)(void *state);
    void *state;
};

/*
 * Sets an option from text.
 *
 *   option  NUL-terminated: "seed" and "dtype" as in requests; "max_shard_size", for
 *           example "5GB", "1.5 GiB" or "123456789"
 *   value   'value_bytes' long; needs no NUL
 *
 * Returns TI_OK; TI_EPARAM for another option, TI_EVALUE. On failure 'options' is
 * untouched.
 */
TI_API TI_MUST_USE enum ti_status
ti_model_options_set(struct ti_model_options *options, const char *option,
                     const char *value, size_t value_bytes, struct ti_error *error);

/* Size of the buffer for ti_shard_size_text(), with the NUL. */
#define TI_SHARD_SIZE_TEXT_BYTES 24

/*
 * Writes the one form of a max_shard_size, NUL-terminated: an integer and the largest unit of
 * TB, GB, MB, KB (powers of 1000) without a fraction, "5GB"; or bytes, "123456789".
 */
TI_API void ti_shard_size_text(uint64_t bytes, char out[TI_SHARD_SIZE_TEXT_BYTES]);

/* Tensors of one shape, as the manifest names them. */
struct ti_manifest_tensor {
    /* must be set to sizeof(struct ti_manifest_tensor) */
    size_t struct_bytes;
    /* UTF-8, NUL-terminated. Braces are alternatives, {q,k,v} or {0..31} */
    const char *key;
    /* the key is a name as it is, braces included: from a checkpoint */
    bool literal;
    unsigned rank;
    const uint64_t *shape;
    /* as in requests, "bf16" or "torch.bfloat16", NUL-terminated; NULL: that of the options.
       'dtype_yields': a floating-point dtype is used only if the options have none */
    const char *dtype;
    bool dtype_yields;
    /* the name that selects the stream of random numbers (name= of requests), with as many
       alternatives as the key; NULL: the tensor's name */
    const char *stream_name;
};

/* The members of a manifest that an error is about; SIZE_MAX for none. */
struct ti_manifest_place {
    /* which of the tensors that were added, and which of the rules, from 0 */
    size_t tensor, rule;
};

/* Opaque. One thread at a time until ti_manifest_finish() has succeeded. */
struct ti_manifest;

/*
 * Makes a manifest without tensors and rules.
 *
 *   max_tensors  how many it may have, at most TI_MANIFEST_TENSORS_MAX; it also bounds the
 *                time of ti_manifest_finish()
 *
 * Returns TI_OK and '*manifest', which the caller frees with ti_manifest_free(), even while
 * there are models of it; TI_ENOMEM ('*manifest' is untouched). Freeing NULL does nothing.
 */
TI_API TI_MUST_USE enum ti_status ti_manifest_make(size_t max_tensors,
                                                   struct ti_manifest **manifest,
                                                   struct ti_error *error);
TI_API void ti_manifest_free(struct ti_manifest *manifest);

/* Sets what the manifest says itself, as ti_model_options_set(). */
TI_API TI_MUST_USE enum ti_status ti_manifest_set(struct ti_manifest *manifest,
                                                  const char *option, const char *value,
                                                  size_t value_bytes,
                                                  struct ti_error *error);

/*
 * Adds tensors. Texts and shape are copied.
 *
 * Returns TI_OK; TI_EVALUE for a key, dtype or stream name that is not well formed;
 * TI_ETOOLARGE if these are more tensors than the manifest may have, which is found without
 * making the names; TI_ENOMEM. On failure the manifest is unchanged.
 */
TI_API TI_MUST_USE enum ti_status
ti_manifest_add_tensor(struct ti_manifest *manifest,
                       const struct ti_manifest_tensor *tensor, struct ti_error *error);

/*
 * Adds a rule: the tensors whose name the pattern matches, and no earlier pattern does, are
 * initialized as the query says.
 *
 *   pattern  UTF-8, NUL-terminated. '*' stands for any characters, '?' for one, {ident} for
 *            one or more but a dot; all else for itself
 *   query    that of a request without shape, seed, format and parts, NUL-terminated, in
 *            which {ident} is what the pattern's {ident} stands for:
 *            "scheme=depth_scaled&std=0.02&layer={l}"
 *
 * Returns TI_OK; TI_EVALUE for a pattern that is not well formed, or an {ident} in the query
 * that the pattern lacks; TI_EINAPPLICABLE for a parameter that rules do not take;
 * TI_ETOOLARGE for too many rules; TI_ENOMEM. On failure the manifest is unchanged. Other
 * errors in the query are found by ti_model_make().
 */
TI_API TI_MUST_USE enum ti_status ti_manifest_add_rule(struct ti_manifest *manifest,
                                                       const char *pattern,
                                                       const char *query,
                                                       struct ti_error *error);

/*
 * Makes the names of all tensors and finds the rule of each.
 *
 *   place  may be NULL; receives what an error is about
 *
 * Returns TI_OK; TI_EMISSING for a manifest without tensors, or a tensor without a rule;
 * TI_EDUPLICATE for a name that two tensors have; TI_EVALUE for a name that is too long, and
 * a rule that is the first for no tensor; TI_ETOOLARGE if all names are too long together, or
 * the patterns take too many steps to match; TI_ENOMEM. After a failure the manifest can only
 * be freed.
 */
TI_API TI_MUST_USE enum ti_status ti_manifest_finish(struct ti_manifest *manifest,
                                                     struct ti_manifest_place *place,
                                                     struct ti_error *error);

/* What the manifest says of seed, dtype and max_shard_size, or the defaults. */
TI_API const struct ti_model_options *
ti_manifest_options(const struct ti_manifest *manifest);

#ifdef __cplusplus
}
#endif

#endif
