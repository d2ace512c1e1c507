/* SPDX-License-Identifier: MIT */
/*
 * The input is, in turn, a token, a manifest that becomes one, a variant and a commit. What is
 * read is what writing it gives, so that files have one URL.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "server/models/model_token.h"
#include "server/models/model_variant.h"

static void check_token(const char *text, size_t bytes) {
    char *json, *token;
    size_t json_bytes;
    if (tid_token_read(text, bytes, &json, &json_bytes) != TID_TOKEN_OK) return;
    REQUIRE(json_bytes <= TID_MANIFEST_BYTES_MAX && json[json_bytes] == '\0');
    if (tid_token_write(json, json_bytes, &token) == TID_TOKEN_OK) free(token);
    free(json);
}

static void check_manifest(const char *text, size_t bytes) {
    char *token, *json;
    size_t json_bytes;
    if (tid_token_write(text, bytes, &token) != TID_TOKEN_OK) return;
    REQUIRE(strlen(token) <= TID_TOKEN_CHARS_MAX);
    REQUIRE(tid_token_read(token, strlen(token), &json, &json_bytes) == TID_TOKEN_OK);
    REQUIRE(json_bytes == bytes && memcmp(json, text, bytes) == 0);
    free(json);
    free(token);
}

static void check_variant(const char *text, size_t bytes) {
    struct tid_variant variant;
    struct ti_error error;
    char written[TID_VARIANT_BYTES];
    if (!tid_variant_read(text, bytes, &variant, &error)) {
        REQUIRE(error.text[0] != '\0');
        return;
    }
    tid_variant_write(&variant, written);
    REQUIRE(strlen(written) == bytes && memcmp(written, text, bytes) == 0);
}

static void check_commit(const char *text, size_t bytes) {
    struct tid_variant variant;
    char written[TID_COMMIT_DIGITS + 1];
    uint32_t check;
    if (!tid_commit_read(text, bytes, &variant, &check)) return;
    tid_commit_write(&variant, check, written);
    REQUIRE(bytes == TID_COMMIT_DIGITS && memcmp(written, text, bytes) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = fuzz_text(data, size);
    check_token(text, size);
    check_manifest(text, size);
    check_variant(text, size);
    check_commit(text, size);
    free(text);
    return 0;
}
