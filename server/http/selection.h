/* SPDX-License-Identifier: MIT */
/*
 * What a response sends of a representation of known length: conditions and ranges, in the
 * order of RFC 9110 section 13.2.2. For all that has a strong entity tag: tensors and files of
 * models.
 */
#ifndef TID_SELECTION_H
#define TID_SELECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "server/http/multipart.h"
#include "server/http/request.h"
#include "server/http/response.h"

struct tid_representation {
    /* without quotes: 32 hexadecimal digits, a hash of all that the bytes depend on */
    const char *etag;
    uint64_t bytes;
    const char *media_type; /* static */
    const char *what;       /* in problems: "tensor" */
};

struct tid_selection {
    unsigned status; /* 200, 206 or 304 */
    struct tid_ranges ranges;
    uint64_t bytes; /* of the response's body */
    struct tid_multipart
        *multipart; /* from malloc(); NULL unless there are several ranges */
};

/*
 * Evaluates the request's fields. False if the response is another, 412, 416 or 503, which is
 * then in '*response'; 'selection' is freed by its owner's free(selection->multipart).
 */
bool tid_selection_make(const struct tid_request *request,
                        const struct tid_representation *representation,
                        struct tid_selection *selection, struct tid_response *response);

/*
 * Adds ETag and Accept-Ranges, by which caches and clients that resume recognize the bytes
 * that they have. They are the same for 200, 206, 304, 412 and 416 (RFC 9110 sections 15.3.7
 * and 15.4.5).
 */
void tid_validators_add(struct tid_response *response,
                        const struct tid_representation *representation);

/*
 * Adds the fields of 206: Content-Range for one range (section 15.3.7.1), for several the
 * type of the body (section 15.3.7.2), in place of the representation's, which the response
 * has.
 */
void tid_selection_add_range(struct tid_response *response,
                             const struct tid_representation *representation,
                             const struct tid_selection *selection);

#endif
