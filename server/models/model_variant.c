/* SPDX-License-Identifier: MIT */
/* See model_variant.h. */
#include "server/models/model_variant.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "seed-"
#define FORM                                                                             \
    "seed-42, or seed-42-bf16, seed-42-5GB, seed-42-bf16-5GB with another dtype and "    \
    "max_shard_size than the manifest's"

static bool fail(struct ti_error *error, const char *field, const char *text) {
    *error = (struct ti_error){.code = TI_EVALUE};
    snprintf(error->field, sizeof error->field, "%s", field);
    snprintf(error->text, sizeof error->text, "%s", text);
    return false;
}

/* Takes the text up to the next '-' off the beginning of another. */
static size_t take_part(const char **text, size_t *bytes) {
    const char *dash = memchr(*text, '-', *bytes);
    const size_t part = dash ? (size_t)(dash - *text) : *bytes;
    *text += part + (dash ? 1 : 0);
    *bytes -= part + (dash ? 1 : 0);
    return part;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool tid_variant_read(const char *text, size_t bytes, struct tid_variant *variant,
                      struct ti_error *error) {
    struct ti_model_options options = {.seed = 0};
    struct tid_variant read = {0};
    char form[TID_VARIANT_BYTES];
    const char *rest = text + sizeof PREFIX - 1;
    size_t left = bytes - (sizeof PREFIX - 1);
    if (bytes < sizeof PREFIX || memcmp(text, PREFIX, sizeof PREFIX - 1) != 0)
        return fail(error, "seed", "expected " FORM);
    const char *part = rest;
    size_t part_bytes = take_part(&rest, &left);
    if (ti_model_options_set(&options, "seed", part, part_bytes, error) != TI_OK)
        return false;
    part = rest;
    part_bytes = take_part(&rest, &left);
    if (part_bytes > 0 && !is_digit(part[0])) {
        if (ti_model_options_set(&options, "dtype", part, part_bytes, error) != TI_OK)
            return false;
        read.has_dtype = true;
        part = rest;
        part_bytes = take_part(&rest, &left);
    }
    if (part_bytes > 0 && ti_model_options_set(&options, "max_shard_size", part,
                                               part_bytes, error) != TI_OK)
        return false;
    if (left > 0) return fail(error, "max_shard_size", "expected " FORM);
    if (part_bytes > 0) read.max_shard_bytes = options.max_shard_bytes;
    read.seed = options.seed;
    read.dtype = options.dtype;
    if (read.max_shard_bytes > TID_VARIANT_SHARD_BYTES_MAX)
        return fail(error, "max_shard_size",
                    "files of at most 72057594037927935 bytes are served");
    tid_variant_write(&read, form);
    if (strlen(form) != bytes || memcmp(form, text, bytes) != 0) {
        *error = (struct ti_error){.code = TI_EVALUE, .field = "seed"};
        snprintf(error->text, sizeof error->text,
                 "files have one URL, with '%s' at this place", form);
        return false;
    }
    *variant = read;
    return true;
}

void tid_variant_write(const struct tid_variant *variant, char text[TID_VARIANT_BYTES]) {
    char size[TI_SHARD_SIZE_TEXT_BYTES] = "";
    if (variant->max_shard_bytes > 0) ti_shard_size_text(variant->max_shard_bytes, size);
    snprintf(text, TID_VARIANT_BYTES, PREFIX "%" PRIu64 "%s%s%s%s", variant->seed,
             variant->has_dtype ? "-" : "",
             variant->has_dtype ? ti_dtype_name(variant->dtype) : "",
             size[0] != '\0' ? "-" : "", size);
}

/* Commits: seed, dtype and size of files, then what tells of another content. ----------- */

#define NO_DTYPE 255

void tid_commit_write(const struct tid_variant *variant, uint32_t check,
                      char commit[TID_COMMIT_DIGITS + 1]) {
    const unsigned dtype = variant->has_dtype ? (unsigned)variant->dtype : NO_DTYPE;
    snprintf(commit, TID_COMMIT_DIGITS + 1, "%016" PRIx64 "%02x%014" PRIx64 "%08" PRIx32,
             variant->seed, dtype, variant->max_shard_bytes & TID_VARIANT_SHARD_BYTES_MAX,
             check);
}

/* False if there is another character than a lower-case hexadecimal digit. */
static bool read_hex(const char *text, size_t digits, uint64_t *value) {
    *value = 0;
    for (size_t i = 0; i < digits; i++) {
        const char *all = "0123456789abcdef";
        const char *digit = text[i] != '\0' ? strchr(all, text[i]) : NULL;
        if (!digit) return false;
        *value = *value << 4 | (uint64_t)(digit - all);
    }
    return true;
}

bool tid_commit_read(const char *text, size_t bytes, struct tid_variant *variant,
                     uint32_t *check) {
    uint64_t seed, dtype, shard, rest;
    if (bytes != TID_COMMIT_DIGITS || !read_hex(text, 16, &seed) ||
        !read_hex(text + 16, 2, &dtype) || !read_hex(text + 18, 14, &shard) ||
        !read_hex(text + 32, 8, &rest) || (dtype >= TI_DTYPE_COUNT && dtype != NO_DTYPE))
        return false;
    *variant = (struct tid_variant){.seed = seed, .max_shard_bytes = shard};
    variant->has_dtype = dtype != NO_DTYPE;
    if (variant->has_dtype) variant->dtype = (enum ti_dtype)dtype;
    *check = (uint32_t)rest;
    return true;
}
