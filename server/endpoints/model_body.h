/* SPDX-License-Identifier: MIT */
/*
 * A file of a model as the body of a response: what /v1/models and the routes of the Hugging
 * Face Hub share. Its tensors are generated while they are sent, as /v1/tensor's are; the plan
 * of one is in memory at a time, and its factorization is leased when it is reached.
 */
#ifndef TID_MODEL_BODY_H
#define TID_MODEL_BODY_H

#include "server/context.h"
#include "server/documents/json_model.h"
#include "server/http/request.h"
#include "server/http/response.h"
#include "server/models/model_source.h"

/* A file: one of the model's own, or one beside the manifest. */
struct tid_model_file {
    const struct tid_model *model; /* borrowed */
    uint64_t seed;
    size_t index;                    /* of ti_model_file(), unless it is beside */
    const struct tid_beside *beside; /* or NULL */
    uint64_t bytes;
    const char *media_type; /* static */
    char etag[33];
};

/* The file of a name; false if the model has none. */
bool tid_model_file_find(const struct tid_model *model, uint64_t seed, const char *name,
                         size_t name_bytes, struct tid_model_file *file);

/* All files, those beside the manifest last: an array from malloc(); NULL without memory. */
struct tid_json_file *tid_model_files(const struct tid_model *model, uint64_t seed,
                                      size_t *count);

/*
 * Responds to GET and HEAD: 200, 206, 304, 412 and 416, with fields that any cache and client
 * needs; the caller may add others if the response is not a problem.
 */
void tid_model_file_respond(const struct tid_context *context,
                            const struct tid_request *request,
                            const struct tid_model_file *file,
                            struct tid_response *response);

#endif
