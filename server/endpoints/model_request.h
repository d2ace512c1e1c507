/* SPDX-License-Identifier: MIT */
/* From the path of a request to the model that it is about. */
#ifndef TID_MODEL_REQUEST_H
#define TID_MODEL_REQUEST_H

#include "server/context.h"
#include "server/http/request.h"
#include "server/http/response.h"
#include "server/models/model_cache.h"

struct tid_model_request {
    const struct tid_model *model; /* to be released */
    struct tid_variant variant;
};

/*
 * Finds the model of {model} and {variant} in the path; without a variant the manifest's seed,
 * dtype and size of files. False, with the problem in '*response', if there is none.
 */
bool tid_model_request_find(const struct tid_context *context,
                            const struct tid_request *request,
                            struct tid_model_request *found,
                            struct tid_response *response);

/* Whether the request has no query, which models have no use for; else the problem. */
bool tid_model_has_no_query(const struct tid_request *request,
                            struct tid_response *response);

/*
 * Whether the limits of this server allow the tensors of a model: those of a manifest in a
 * URL, since an operator's models may be larger. If not, the problem is in '*response'.
 */
bool tid_model_is_allowed(const struct tid_context *context,
                          const struct tid_model *model, struct tid_response *response);

/*
 * The model of a name and variant, as tid_model_find(), for an endpoint. On TID_FOUND_UNMADE the
 * response has been deferred, and the endpoint is called again when the model has been made.
 */
enum tid_found tid_model_request_make(const struct tid_context *context,
                                      const struct tid_request *request, const char *name,
                                      size_t name_bytes,
                                      const struct tid_variant *variant,
                                      const struct tid_model **model,
                                      struct ti_error *error,
                                      struct tid_response *response);

/* The same of the manifest that the request has as its body. */
enum tid_found tid_model_request_sent(const struct tid_context *context,
                                      const struct tid_request *request,
                                      const struct tid_model **model,
                                      struct ti_error *error,
                                      struct tid_response *response);

/* The problem that a model was not found, unless the response has been deferred. */
void tid_model_problem(enum tid_found found, const struct ti_error *error,
                       struct tid_response *response);

#endif
