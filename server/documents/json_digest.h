/* SPDX-License-Identifier: MIT */
#ifndef TID_JSON_DIGEST_H
#define TID_JSON_DIGEST_H

#include <tensorinit/body.h>
#include <tensorinit/plan.h>

#include "server/http/repr_digest.h"

/* The document of /v1/digest, from malloc(); NULL if memory runs out. */
char *tid_json_digest(const struct ti_plan_info *info, enum ti_format format,
                      uint64_t body_bytes, const unsigned char digest[TID_SHA256_BYTES]);

#endif
