/* SPDX-License-Identifier: MIT */
/* The digest of a body, in hexadecimal digits and as Repr-Digest has it. */
#include "server/documents/json_digest.h"

#include <jansson.h>
#include <stdio.h>

#include <tensorinit/version.h>

#include "server/documents/json_text.h"

char *tid_json_digest(const struct ti_plan_info *info, enum ti_format format,
                      uint64_t body_bytes, const unsigned char digest[TID_SHA256_BYTES]) {
    char hex[2 * TID_SHA256_BYTES + 1], repr_digest[TID_REPR_DIGEST_BYTES];
    json_t *object = json_object();
    char *text = NULL;
    for (unsigned i = 0; i < TID_SHA256_BYTES; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    tid_repr_digest(digest, repr_digest);
    if (tid_json_set_text(object, "spec", TI_SPEC_NAME) &&
        tid_json_set_text(object, "query", info->query) &&
        tid_json_set_text(object, "format", ti_format_name(format)) &&
        tid_json_set_u64(object, "bytes", body_bytes) &&
        tid_json_set_text(object, "sha256", hex) &&
        tid_json_set_text(object, "repr_digest", repr_digest))
        text = tid_json_text(object);
    json_decref(object);
    return text;
}
