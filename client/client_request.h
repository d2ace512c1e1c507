/* SPDX-License-Identifier: MIT */
/* What a request is made of: for the files of the client library only. */
#ifndef CLIENT_REQUEST_H
#define CLIENT_REQUEST_H

#include <tensorinit/client.h>
#include <tensorinit/dtype.h>

#include "client/client_response.h"

struct tic_transport;

/* The largest length that a body can have. */
#define TIC_MAX_BYTES ((uint64_t)INT64_MAX)

enum tic_unit { TIC_UNIT_WHOLE, TIC_UNIT_BYTES, TIC_UNIT_ELEMS };

struct tic_param {
    char *name, *value;
};

/*
 *   base       the server's URL without a slash at its end
 *   first      and 'count' in units of 'unit'; count may be TIC_TO_END
 *   transport  keeps connections open from one fetch to the next
 *   answer     header of the last answer
 */
struct tic_request {
    char *base;
    struct tic_param *params;
    size_t param_count;
    enum tic_unit unit;
    uint64_t first, count;
    uint64_t numbers[TIC_NUMBER_COUNT];
    char *texts[TIC_TEXT_COUNT];
    struct tic_transport *transport;
    struct tic_answer answer;
};

/* The value of a parameter; NULL if it is not given. */
const char *tic_request_get(const struct tic_request *request, const char *param);

/*
 * The part asked for, as bytes: 0 and TIC_TO_END for all of it. TI_EINAPPLICABLE,
 * TI_EVALUE or TI_ERANGE if elements cannot be expressed so.
 */
enum ti_status tic_request_part(const struct tic_request *request, uint64_t *first_byte,
                                uint64_t *count_bytes, struct ti_error *error);

/* The dtype of that name; false if this library knows none such. */
bool tic_dtype_named(const char *name, enum ti_dtype *dtype);

/* The media type that the parameter format stands for; NULL for a format not known here.
 */
const char *tic_request_media_type(const struct tic_request *request);

#endif
