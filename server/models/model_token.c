/* SPDX-License-Identifier: MIT */
/* See model_token.h. */
#include "server/models/model_token.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <nettle/base64.h>
#include <zlib.h>

#include "manifest/manifest_json.h"

/* Of base64: four characters for three bytes. */
#define COMPRESSED_BYTES_MAX ((size_t)TID_TOKEN_CHARS_MAX / 4 * 3)

enum tid_token_result tid_token_write(const char *json, size_t bytes, char **token) {
    unsigned char compressed[COMPRESSED_BYTES_MAX];
    uLongf used = sizeof compressed;
    if (bytes > TID_MANIFEST_BYTES_MAX) return TID_TOKEN_TOO_LARGE;
    const int result = compress2(compressed, &used, (const Bytef *)json, (uLong)bytes,
                                 Z_BEST_COMPRESSION);
    if (result == Z_BUF_ERROR) return TID_TOKEN_TOO_LARGE;
    if (result != Z_OK) return TID_TOKEN_NO_MEMORY;
    char *text = malloc(BASE64_ENCODE_RAW_LENGTH(used) + BASE64_ENCODE_FINAL_LENGTH + 1);
    if (!text) return TID_TOKEN_NO_MEMORY;
    struct base64_encode_ctx base64;
    base64url_encode_init(&base64);
    size_t chars = base64_encode_update(&base64, text, used, compressed);
    chars += base64_encode_final(&base64, text + chars);
    while (chars > 0 && text[chars - 1] == '=') chars--;
    text[chars] = '\0';
    *token = text;
    return TID_TOKEN_OK;
}

enum tid_token_result tid_token_of(const char *json, size_t bytes, char **shorter,
                                   char **token) {
    char *text = tim_manifest_shorten(json, bytes);
    const enum tid_token_result result =
        text ? tid_token_write(text, strlen(text), token) : TID_TOKEN_NO_MEMORY;
    if (result == TID_TOKEN_OK)
        *shorter = text;
    else
        free(text);
    return result;
}

/* False unless it is what tid_token_write() makes of some bytes. */
static bool decode(const char *token, size_t chars, unsigned char *out, size_t *bytes) {
    struct base64_decode_ctx base64;
    /* nettle skips blanks, and takes padding. */
    for (size_t i = 0; i < chars; i++) {
        const char c = token[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
              (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return false;
    }
    base64url_decode_init(&base64);
    *bytes = COMPRESSED_BYTES_MAX + 4;
    if (!base64_decode_update(&base64, bytes, out, chars, token)) return false;
    /* The last character has bits that count for nothing: 0, so that tokens are unique. */
    return base64.bits < 6 && (base64.word & ((1u << base64.bits) - 1)) == 0;
}

/* Decompresses at most TID_MANIFEST_BYTES_MAX bytes into 'out'. */
static enum tid_token_result decompress(unsigned char *compressed, size_t bytes,
                                        char *out, size_t *out_bytes) {
    z_stream stream = {.next_in = compressed, .avail_in = (uInt)bytes};
    const int begun = inflateInit(&stream);
    if (begun != Z_OK) return TID_TOKEN_NO_MEMORY;
    stream.next_out = (Bytef *)out;
    stream.avail_out = TID_MANIFEST_BYTES_MAX;
    const int result = inflate(&stream, Z_FINISH);
    const bool complete = result == Z_STREAM_END && stream.avail_in == 0;
    *out_bytes = TID_MANIFEST_BYTES_MAX - stream.avail_out;
    const bool full = result != Z_STREAM_END && stream.avail_out == 0;
    inflateEnd(&stream);
    if (result == Z_MEM_ERROR) return TID_TOKEN_NO_MEMORY;
    if (full) return TID_TOKEN_TOO_LARGE;
    return complete ? TID_TOKEN_OK : TID_TOKEN_INVALID;
}

enum tid_token_result tid_token_read(const char *token, size_t chars, char **json,
                                     size_t *bytes) {
    unsigned char compressed[COMPRESSED_BYTES_MAX + 4];
    size_t compressed_bytes;
    if (chars > TID_TOKEN_CHARS_MAX) return TID_TOKEN_TOO_LARGE;
    if (!decode(token, chars, compressed, &compressed_bytes)) return TID_TOKEN_INVALID;
    char *text = malloc(TID_MANIFEST_BYTES_MAX + 1);
    if (!text) return TID_TOKEN_NO_MEMORY;
    const enum tid_token_result result =
        decompress(compressed, compressed_bytes, text, bytes);
    if (result != TID_TOKEN_OK) {
        free(text);
        return result;
    }
    text[*bytes] = '\0';
    /* What is not used goes back: a cached manifest has no spare memory. */
    char *smaller = realloc(text, *bytes + 1);
    *json = smaller ? smaller : text;
    return TID_TOKEN_OK;
}
