/* SPDX-License-Identifier: MIT */
/* Reads and compares tokens and keys: see secrets.h. */
#include "server/access/secrets.h"

#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/pairs_file.h"

#define TOKEN_MIN_BYTES 16
#define KEY_MIN_BYTES 16
#define HASH_PREFIX "sha256:"

struct reading {
    struct tid_secrets *secrets;
    char *why;
    size_t why_bytes;
};

#define WHY(...) (snprintf(reading->why, reading->why_bytes, __VA_ARGS__), false)

static int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Reads hexadecimal digits. Returns how many bytes they are; 0 if they are something else. */
static size_t read_hex(const char *text, unsigned char *data, size_t capacity) {
    const size_t length = strlen(text);
    if (length % 2 != 0 || length / 2 > capacity) return 0;
    for (size_t i = 0; i < length; i += 2) {
        const int high = digit_of(text[i]), low = digit_of(text[i + 1]);
        if (high < 0 || low < 0) return 0;
        data[i / 2] = (unsigned char)(high << 4 | low);
    }
    return length / 2;
}

/* An entry to fill, or NULL; the name is checked and set. */
static struct tid_secret *add(struct reading *reading, const char *label,
                              const char *name) {
    struct tid_secrets *secrets = reading->secrets;
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    if (name[0] == '\0' || name[strspn(name, allowed)] != '\0' ||
        strlen(name) >= TID_SECRET_NAME_BYTES) {
        snprintf(reading->why, reading->why_bytes,
                 "%s: a name has 1 to %d letters, digits, '.', '_' and '-'", label,
                 TID_SECRET_NAME_BYTES - 1);
        return NULL;
    }
    struct tid_secret *list = realloc(secrets->list, (secrets->count + 1) * sizeof *list);
    if (!list) {
        snprintf(reading->why, reading->why_bytes, "out of memory");
        return NULL;
    }
    secrets->list = list;
    struct tid_secret *secret = &list[secrets->count++];
    memset(secret, 0, sizeof *secret);
    memcpy(secret->name, name, strlen(name));
    return secret;
}

static void hash(const char *text, size_t bytes,
                 unsigned char digest[SHA256_DIGEST_SIZE]) {
    struct sha256_ctx context;
    sha256_init(&context);
    sha256_update(&context, bytes, (const uint8_t *)text);
    sha256_digest(&context, SHA256_DIGEST_SIZE, digest);
}

/* The characters of a token (RFC 6750 section 2.1). */
static bool is_token(const char *text) {
    static const char characters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        "0123456789-._~+/";
    const size_t length = strspn(text, characters);
    return length >= TOKEN_MIN_BYTES && text[length + strspn(text + length, "=")] == '\0';
}

/* Secrets are not shown: an error names only their place. */
static bool take_token(void *reader, const char *label, const char *name,
                       const char *value) {
    struct reading *reading = reader;
    const size_t prefix = sizeof HASH_PREFIX - 1;
    struct tid_secret *secret = add(reading, label, name);
    if (!secret) return false;
    secret->bytes = SHA256_DIGEST_SIZE;
    if (strncmp(value, HASH_PREFIX, prefix) == 0) {
        if (read_hex(value + prefix, secret->data, SHA256_DIGEST_SIZE) ==
            SHA256_DIGEST_SIZE)
            return true;
        return WHY("%s: expected " HASH_PREFIX " and %d hexadecimal digits", label,
                   2 * SHA256_DIGEST_SIZE);
    }
    if (!is_token(value))
        return WHY("%s: expected a token of at least %d letters, digits and any of "
                   "-._~+/, or its hash, " HASH_PREFIX "HEX",
                   label, TOKEN_MIN_BYTES);
    hash(value, strlen(value), secret->data);
    return true;
}

static bool take_key(void *reader, const char *label, const char *name,
                     const char *value) {
    struct reading *reading = reader;
    for (size_t i = 0; i < reading->secrets->count; i++) {
        if (strcmp(reading->secrets->list[i].name, name) == 0)
            return WHY("%s: there are two keys of this name", label);
    }
    struct tid_secret *secret = add(reading, label, name);
    if (!secret) return false;
    secret->bytes = read_hex(value, secret->data, TID_KEY_MAX_BYTES);
    if (secret->bytes >= KEY_MIN_BYTES) return true;
    return WHY("%s: expected %d to %d hexadecimal digits, as 'openssl rand -hex 32' "
               "prints",
               label, 2 * KEY_MIN_BYTES, 2 * TID_KEY_MAX_BYTES);
}

static bool read_file(struct tid_secrets *secrets, const char *path,
                      tid_pair_function *take, char *why, size_t why_bytes) {
    struct reading reading = {secrets, why, why_bytes};
    *secrets = (struct tid_secrets){0};
    if (path[0] == '\0') return true;
    if (tid_pairs_file_read(path, take, &reading, why, why_bytes)) {
        if (secrets->count > 0) return true;
        snprintf(why, why_bytes, "%s: has no line NAME = VALUE", path);
    }
    tid_secrets_clear(secrets);
    return false;
}

bool tid_tokens_read(struct tid_secrets *secrets, const char *path, char *why,
                     size_t why_bytes) {
    return read_file(secrets, path, take_token, why, why_bytes);
}

bool tid_keys_read(struct tid_secrets *secrets, const char *path, char *why,
                   size_t why_bytes) {
    return read_file(secrets, path, take_key, why, why_bytes);
}

void tid_secrets_clear(struct tid_secrets *secrets) {
    if (secrets->list) memset(secrets->list, 0, secrets->count * sizeof *secrets->list);
    free(secrets->list);
    *secrets = (struct tid_secrets){0};
}

const char *tid_tokens_find(const struct tid_secrets *tokens, const char *text,
                            size_t bytes) {
    unsigned char digest[SHA256_DIGEST_SIZE];
    const char *found = NULL;
    hash(text, bytes, digest);
    for (size_t i = 0; i < tokens->count; i++) {
        if (memeql_sec(tokens->list[i].data, digest, sizeof digest) != 0)
            found = tokens->list[i].name;
    }
    return found;
}

bool tid_keys_sign(const struct tid_secrets *keys, const char *name, size_t name_bytes,
                   const char *query, const char *expires, size_t expires_bytes,
                   char signature[TID_SIGNATURE_DIGITS + 1]) {
    unsigned char digest[SHA256_DIGEST_SIZE];
    struct hmac_sha256_ctx context;
    const struct tid_secret *key = NULL;
    for (size_t i = 0; i < keys->count; i++) {
        if (strlen(keys->list[i].name) == name_bytes &&
            memcmp(keys->list[i].name, name, name_bytes) == 0)
            key = &keys->list[i];
    }
    if (!key) return false;
    hmac_sha256_set_key(&context, key->bytes, key->data);
    hmac_sha256_update(&context, strlen(query), (const uint8_t *)query);
    hmac_sha256_update(&context, 1, (const uint8_t *)"\n");
    hmac_sha256_update(&context, expires_bytes, (const uint8_t *)expires);
    hmac_sha256_digest(&context, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(signature + 2 * i, 3, "%02x", digest[i]);
    return true;
}
