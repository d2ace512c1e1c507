/* SPDX-License-Identifier: MIT */
/*
 * The text at the start of each file: the header of safetensors, byte for byte what its
 * serializer writes, and the index, byte for byte what huggingface_hub writes by
 * json.dump(index, indent=2). Nothing of it is stored but where each entry begins.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <nettle/sha2.h>

#include "core/base/dtype.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/hex.h"
#include "core/formats/formats.h"
#include "core/model/model_parts.h"
#include "core/request/text.h"

/* Of an entry with a name of 1,024 bytes, 6 for each, and 32 dims. */
#define ENTRY_BYTES 8192

#define HEADER_PREFIX "{\"__metadata__\":{\"format\":\"pt\"}"
#define INDEX_SUFFIX "\n  }\n}"

/* Entries of a header ---------------------------------------------------------------- */

static size_t write_header_entry(const struct ti_model_tensor *tensor,
                                 uint64_t header_bytes, char *out) {
    const struct ti_model_kind *kind = tensor->kind;
    const uint64_t offset = tensor->offset - header_bytes;
    size_t used = ti_text_put(",", out);
    used += ti_json_string(tensor->name, strlen(tensor->name), out + used);
    used += ti_text_put(":{\"dtype\":\"", out + used);
    used += ti_text_put(ti_dtype_safetensors(kind->dtype), out + used);
    used += ti_text_put("\",\"shape\":[", out + used);
    used += ti_text_put_list(kind->shape, kind->rank, out + used);
    used += ti_text_put("],\"data_offsets\":[", out + used);
    used += ti_text_put_u64(offset, out + used);
    out[used++] = ',';
    used += ti_text_put_u64(offset + kind->bytes, out + used);
    return used + ti_text_put("]}", out + used);
}

/* Entries of the index --------------------------------------------------------------- */

/* The code point at '*at', which is well-formed UTF-8, and moves behind it. */
static uint32_t next_code_point(const unsigned char **at) {
    const unsigned char first = *(*at)++;
    unsigned more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    uint32_t code = more == 0 ? first : first & (0x3fu >> more);
    for (; more > 0; more--) code = code << 6 | (*(*at)++ & 0x3f);
    return code;
}

static size_t put_utf16(uint32_t unit, char *out) {
    size_t used = ti_text_put("\\u", out);
    for (int shift = 12; shift >= 0; shift -= 4) {
        out[used++] = ti_hex_lower(unit >> shift);
    }
    return used;
}

/* A JSON string in ASCII, as Python's json writes it. */
static size_t write_ascii_string(const char *text, char *out) {
    size_t used = ti_text_put("\"", out);
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        const unsigned char byte = *at;
        if (byte < 0x7f) {
            char quoted[16];
            const size_t n = ti_json_string((const char *)at++, 1, quoted);
            memcpy(out + used, quoted + 1, n - 2);
            used += n - 2;
            continue;
        }
        const uint32_t code = next_code_point(&at);
        if (code < 0x10000) {
            used += put_utf16(code, out + used);
        } else {
            used += put_utf16(0xd800 + ((code - 0x10000) >> 10), out + used);
            used += put_utf16(0xdc00 + (code & 0x3ff), out + used);
        }
    }
    return used + ti_text_put("\"", out + used);
}

static size_t write_index_entry(const struct ti_model *model,
                                const struct ti_model_tensor *tensor, bool first,
                                char *out) {
    size_t used = ti_text_put(first ? "\n    " : ",\n    ", out);
    used += write_ascii_string(tensor->name, out + used);
    used += ti_text_put(": \"", out + used);
    used += ti_text_put(model->files[tensor->file].info.name, out + used);
    return used + ti_text_put("\"", out + used);
}

/* Texts ------------------------------------------------------------------------------ */

/* What a file's text has: a start, an entry for each of 'count' tensors, an end. */
struct text {
    const struct ti_model *model;
    const struct ti_file *file;
    const uint32_t *tensors, *at;
    size_t count;
};

static struct text text_of(const struct ti_model *model, size_t index) {
    const struct ti_file *file = &model->files[index];
    if (file->is_index) {
        return (struct text){model, file, model->index_order, model->index_at,
                             model->tensor_count};
    }
    return (struct text){model, file, model->order + file->first,
                         model->entry_at + file->first, file->info.tensor_count};
}

static size_t write_start(const struct text *text, char *out) {
    if (text->file->is_index) {
        return (size_t)snprintf(out, ENTRY_BYTES,
                                "{\n  \"metadata\": {\n    \"total_size\": %" PRIu64
                                "\n  },\n  \"weight_map\": {",
                                text->model->bytes);
    }
    /* Both lengths are not known while the model is being made; this one has 8 bytes. */
    const uint64_t length = text->file->info.header_bytes - 8;
    for (int i = 0; i < 8; i++) out[i] = (char)(length >> 8 * i & 0xff);
    return 8 + ti_text_put(HEADER_PREFIX, out + 8);
}

static size_t write_entry(const struct text *text, size_t i, char *out) {
    const struct ti_model_tensor *tensor = &text->model->tensors[text->tensors[i]];
    if (text->file->is_index) return write_index_entry(text->model, tensor, i == 0, out);
    return write_header_entry(tensor, text->file->info.header_bytes, out);
}

/* 'used': bytes before the end. The header's elements are aligned to 8 bytes. */
static size_t write_end(const struct text *text, uint64_t used, char *out) {
    if (text->file->is_index) return ti_text_put(INDEX_SUFFIX, out);
    size_t n = ti_text_put("}", out);
    while ((used + n) % 8 != 0) out[n++] = ' ';
    return n;
}

/* A part of the text, of the start (0), an entry or the end; and where it begins. */
static size_t write_part(const struct text *text, size_t part, uint64_t begin,
                         char *out) {
    if (part == 0) return write_start(text, out);
    if (part <= text->count) return write_entry(text, part - 1, out);
    return write_end(text, begin, out);
}

/* The last part that begins at or before an offset, if it is an entry; else the start. */
static size_t find_part(const struct text *text, uint64_t offset) {
    size_t low = 0, high = text->count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (text->at[middle] <= offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

enum ti_status ti_model_text(const struct ti_model *model, size_t file, uint64_t offset,
                             size_t count_bytes, void *out) {
    char part[ENTRY_BYTES];
    if (file >= model->file_count) return TI_ERANGE;
    const struct text text = text_of(model, file);
    const uint64_t total = text.file->info.header_bytes;
    if (offset > total || count_bytes > total - offset) return TI_ERANGE;
    size_t index = find_part(&text, offset);
    uint64_t begin = index == 0 ? 0 : text.at[index - 1];
    for (char *to = out; count_bytes > 0; index++) {
        const size_t n = write_part(&text, index, begin, part);
        if (begin + n > offset) {
            const size_t skip = (size_t)(offset - begin);
            const size_t now = n - skip < count_bytes ? n - skip : count_bytes;
            memcpy(to, part + skip, now);
            to += now, offset += now, count_bytes -= now;
        }
        begin += n;
    }
    return TI_OK;
}

/* Making them ------------------------------------------------------------------------ */

static void add_hash(struct sha256_ctx *hash, const char *text, size_t n) {
    sha256_update(hash, n, (const uint8_t *)text);
}

/* What a tensor's elements depend on, besides its name and the seed. */
static void add_tensor(struct sha256_ctx *hash, const struct ti_model *model,
                       uint32_t index) {
    const struct ti_model_tensor *tensor = &model->tensors[index];
    const struct ti_kind *kind = &model->kinds[model->kind_of[index]];
    add_hash(hash, kind->etag, sizeof kind->etag);
    if (tensor->stream_name) {
        add_hash(hash, tensor->stream_name, strlen(tensor->stream_name));
    }
    add_hash(hash, "", 1);
}

/* Sets the length of a file's text, where its entries begin, and the digest. */
static enum ti_status measure(struct ti_model *model, size_t index,
                              const struct ti_model_options *options,
                              struct ti_error *error) {
    struct ti_file *file = &model->files[index];
    const struct text text = text_of(model, index);
    uint32_t *at = file->is_index ? model->index_at : model->entry_at + file->first;
    char part[ENTRY_BYTES];
    struct sha256_ctx hash;
    uint64_t used = 0;
    sha256_init(&hash);
    for (size_t i = 0; i <= text.count + 1; i++) {
        const enum ti_status status =
            i % 1024 == 0 ? ti_model_go_on(options, error) : TI_OK;
        if (status != TI_OK) return status;
        if (i > 0 && i <= text.count) at[i - 1] = (uint32_t)used;
        const size_t n = write_part(&text, i, used, part);
        /* Without the 8 bytes of the length, which is not known yet. */
        const size_t skip = i == 0 && !file->is_index ? 8 : 0;
        add_hash(&hash, part + skip, n - skip);
        used += n;
        if (used > UINT32_MAX || (!file->is_index && used > TI_MODEL_HEADER_BYTES_MAX)) {
            return ti_error_set(error, TI_ETOOLARGE, "max_shard_size",
                                "%s would have a header of more than %d bytes, which "
                                "safetensors does not read: choose a smaller "
                                "max_shard_size",
                                file->info.name, TI_MODEL_HEADER_BYTES_MAX);
        }
    }
    for (size_t i = 0; !file->is_index && i < text.count; i++) {
        add_tensor(&hash, model, text.tensors[i]);
    }
    ti_hash_digits(&hash, file->digest);
    file->info.header_bytes = used;
    return TI_OK;
}

/* Adds the header to a file's length, and to the places of its tensors. */
static enum ti_status add_header(struct ti_model *model, size_t index,
                                 struct ti_error *error) {
    struct ti_file *file = &model->files[index];
    const struct text text = text_of(model, index);
    if (file->info.header_bytes > INT64_MAX - file->info.bytes) {
        return ti_error_set(error, TI_ETOOLARGE, "tensors",
                            "%s would be larger than 2^63-1 bytes", file->info.name);
    }
    file->info.bytes += file->info.header_bytes;
    for (size_t i = 0; !file->is_index && i < text.count; i++) {
        model->tensors[text.tensors[i]].offset += file->info.header_bytes;
    }
    return TI_OK;
}

enum ti_status ti_model_make_texts(struct ti_model *model,
                                   const struct ti_model_options *options,
                                   struct ti_error *error) {
    enum ti_status status = TI_OK;
    struct sha256_ctx hash;
    sha256_init(&hash);
    for (size_t i = 0; status == TI_OK && i < model->file_count; i++) {
        status = measure(model, i, options, error);
        if (status == TI_OK) status = add_header(model, i, error);
        add_hash(&hash, model->files[i].digest, sizeof model->files[i].digest);
    }
    if (status == TI_OK) ti_hash_digits(&hash, model->id);
    return status;
}

void ti_model_etag(const struct ti_model *model, size_t file, uint64_t seed,
                   char etag[33]) {
    char text[64];
    if (file >= model->file_count) {
        etag[0] = '\0';
        return;
    }
    /* The index is the same for all seeds. */
    size_t n = ti_text_put(model->files[file].digest, text);
    text[n++] = ' ';
    n += ti_text_put_u64(model->files[file].is_index ? 0 : seed, text + n);
    ti_hash_text(text, n, etag);
}
