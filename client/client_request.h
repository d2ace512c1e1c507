/* SPDX-License-Identifier: MIT */
/* The members of a request: for the files of the client library only. */
#ifndef TIC_CLIENT_REQUEST_H
#define TIC_CLIENT_REQUEST_H

#include <stdatomic.h>

#include <tensorinit/body.h>
#include <tensorinit/client.h>
#include <tensorinit/dtype.h>

#include "client/client_response.h"
#include "client/server_url.h"

struct tic_transport;

/* The largest length that a body can have. */
#define TIC_MAX_BYTES ((uint64_t)INT64_MAX)

enum tic_unit { TIC_UNIT_ALL, TIC_UNIT_BYTES, TIC_UNIT_ELEMS };

struct tic_param {
    char *name, *value;
};

struct tic_request {
    /* The servers, and the one that is in use. */
    struct tic_server_url servers[TIC_SERVERS_MAX];
    size_t server_count, server;
    struct tic_param *params;
    size_t param_count;
    /* Of another resource than a tensor, or NULL; and what is sent there with POST. */
    char *path, *post;
    size_t post_bytes;
    /* The requested part in units of 'unit'; the count may be TIC_TO_END. */
    enum tic_unit unit;
    uint64_t first, count;
    uint64_t numbers[TIC_NUMBER_COUNT];
    char *texts[TIC_TEXT_COUNT];
    /* Fields as "Name: value", or "Name;" without a value. */
    char *headers[TIC_HEADERS_MAX];
    size_t header_count;
    /* Reuse connections from one fetch to the next; the first always exists. */
    struct tic_transport *transports[TIC_JOBS_MAX];
    /* Header of the last response. */
    struct tic_response response;
    /* By tic_request_cancel(). */
    atomic_bool cancelled;
};

/* The URL at a server; NULL if memory runs out. */
char *tic_request_url_at(const struct tic_request *request, size_t server);

/* Whether the text can be the token of the request: TI_EVALUE or TI_EINAPPLICABLE. */
enum ti_status tic_request_check_token(const struct tic_request *request,
                                       const char *token, struct ti_error *error);

/* The value of a parameter; NULL if it is not set. */
const char *tic_request_get(const struct tic_request *request, const char *param);

/*
 * The requested part in bytes: 0 and TIC_TO_END for all of it. TI_EINAPPLICABLE,
 * TI_EVALUE or TI_ERANGE if elements cannot be converted to bytes.
 */
enum ti_status tic_request_part(const struct tic_request *request, uint64_t *first_byte,
                                uint64_t *count_bytes, struct ti_error *error);

/* The dtype of that name; false if this library does not know it. */
bool tic_dtype_named(const char *name, enum ti_dtype *dtype);

/* The format of the body; false if this library does not know it, and for a path. */
bool tic_request_format(const struct tic_request *request, enum ti_format *format);

#endif
