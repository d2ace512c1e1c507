/* SPDX-License-Identifier: MIT */
/*
 * What a path says of a model besides its name: "seed-42", "seed-42-bf16-5GB". In this order,
 * each part in one form, so that the same files have one URL. As a commit of a Hugging Face
 * repository it is 40 hexadecimal digits, from which it can be read back.
 */
#ifndef TID_MODEL_VARIANT_H
#define TID_MODEL_VARIANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tensorinit/manifest.h>

struct tid_variant {
    uint64_t seed;
    bool has_dtype;
    enum ti_dtype dtype;
    /* of files; 0: the manifest's */
    uint64_t max_shard_bytes;
};

/* Max of the text, with its NUL: "seed-", 20 digits, "-f8_e4m3" and the size. */
#define TID_VARIANT_BYTES 72

/* Files may be as large as 64 PiB. */
#define TID_VARIANT_SHARD_BYTES_MAX ((UINT64_C(1) << 56) - 1)

/*
 * Reads a text; only tid_variant_write()'s form counts. On failure false and, in 'error', what
 * is wrong; '*variant' is then untouched.
 */
bool tid_variant_read(const char *text, size_t bytes, struct tid_variant *variant,
                      struct ti_error *error);

/* Writes the text, NUL-terminated. */
void tid_variant_write(const struct tid_variant *variant, char text[TID_VARIANT_BYTES]);

#define TID_COMMIT_DIGITS 40

/*
 * Writes a commit, NUL-terminated. 'check' is that of a model's content (model_source.h): a
 * commit does not outlive a change of it.
 */
void tid_commit_write(const struct tid_variant *variant, uint32_t check,
                      char commit[TID_COMMIT_DIGITS + 1]);

/* False if the text is not such a commit. */
bool tid_commit_read(const char *text, size_t bytes, struct tid_variant *variant,
                     uint32_t *check);

#endif
