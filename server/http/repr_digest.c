/* SPDX-License-Identifier: MIT */
/* See repr_digest.h. */
#include "server/http/repr_digest.h"

#include <string.h>

#include <nettle/base64.h>

bool tid_wants_sha256(const char *value) {
    static const char key[] = "sha-256=";
    bool wants = false;
    if (!value) return false;
    /* Of several members of the same key the last one counts (RFC 8941 section 3.2). */
    for (value += strspn(value, " \t,"); *value != '\0'; value += strspn(value, " \t,")) {
        const char *digits = value + sizeof key - 1;
        if (strncmp(value, key, sizeof key - 1) == 0) {
            /* From 0, not acceptable, to 10. */
            const size_t count = strcspn(digits, " \t,;");
            wants = (count == 1 && *digits >= '1' && *digits <= '9') ||
                    (count == 2 && strncmp(digits, "10", 2) == 0);
        }
        value += strcspn(value, ",");
    }
    return wants;
}

void tid_repr_digest(const unsigned char digest[TID_SHA256_BYTES],
                     char text[TID_REPR_DIGEST_BYTES]) {
    static const char before[] = "sha-256=:";
    const size_t used = sizeof before - 1;
    const size_t digits = BASE64_ENCODE_RAW_LENGTH(TID_SHA256_BYTES);
    memcpy(text, before, used);
    base64_encode_raw(text + used, TID_SHA256_BYTES, digest);
    memcpy(text + used + digits, ":", 2);
}
