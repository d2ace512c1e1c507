/* SPDX-License-Identifier: MIT */
/*
 * What becomes of a request: the record that metrics and the access log are made of. The
 * files that send responses fill it in, mhd_request.c begins and ends it. A record belongs
 * to the worker of its connection; nothing here takes a lock or a locked instruction.
 */
#ifndef TID_REQUEST_RECORD_H
#define TID_REQUEST_RECORD_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/documents/metrics.h"
#include "server/http/response.h"

struct tid_connection;

/* Of a method that this server does not have; a longer one is cut. */
#define TID_METHOD_TEXT_BYTES 24

struct tid_request_record {
    int64_t start_ns, first_byte_ns; /* of tid_clock_ns(); 0: not yet */
    unsigned status;
    unsigned route;          /* of tid_route_find() */
    unsigned format, scheme; /* as in struct tid_response */
    bool streamed;           /* the bytes of the body are counted while they are sent */
    bool sent_directly;      /* libmicrohttpd does not know of the response */
    bool failed;             /* the rest of the body could not be made */
    bool trusted;            /* it came from a trusted proxy */
    uint64_t response_bytes; /* length of the body, or TID_STREAM_UNKNOWN */
    uint64_t sent_bytes;     /* given to libmicrohttpd so far, if streamed */
    char method[TID_METHOD_TEXT_BYTES]; /* if the server does not have it */
};

/* The header of a request has been received; its path is not known yet. */
void tid_record_begin(struct tid_connection *connection, const char *method);

/* The path of the request is known, or that it cannot be read. */
void tid_record_route(struct tid_connection *connection);

/* A response is about to be sent. */
void tid_record_response(struct tid_connection *connection,
                         const struct tid_response *response);

/* A response that was made for another request, whose record that is, is about to be sent. */
void tid_record_cached(struct tid_connection *connection,
                       const struct tid_request_record *other);

/* Its body is sent as it is made: tid_record_sent() is called for each block. */
void tid_record_stream(struct tid_connection *connection);
void tid_record_sent(struct tid_connection *connection, uint64_t bytes, int64_t now_ns);

/* A part of the body, or all of it, has been generated. */
void tid_record_generated(struct tid_connection *connection, uint64_t bytes, uint64_t ns);

/* The first byte of the response can be sent, unless that has been so before. */
void tid_record_first_byte(struct tid_connection *connection, int64_t now_ns);

/* The address of the connection as text for the log: formatting takes long, so it is stored. */
const char *tid_record_peer(struct tid_connection *connection);

/* The request has ended: counts it, and logs it if that is configured. */
void tid_record_end(struct tid_connection *connection,
                    enum MHD_RequestTerminationCode how);

#endif
