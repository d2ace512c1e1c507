/* SPDX-License-Identifier: MIT */
/*
 * GET /v1/models: all models of --models. POST takes a manifest, and says under which URL its
 * model is: the manifest is in that URL, nothing is stored, and any replica serves it.
 */
#include <stdlib.h>
#include <string.h>

#include "server/documents/document.h"
#include "server/documents/json_model.h"
#include "server/documents/problem.h"
#include "server/endpoints/endpoints.h"
#include "server/endpoints/model_request.h"
#include "server/endpoints/tagged_document.h"

static void respond_list(const struct tid_context *context,
                         const struct tid_request *request,
                         struct tid_response *response) {
    const struct tid_model **models;
    size_t count;
    char *text = NULL;
    if (tid_models_list(context->models, &models, &count))
        text = tid_json_models(models, count, request->prefix);
    for (size_t i = 0; i < count; i++) tid_model_release(models[i]);
    free(models);
    if (!text) {
        tid_problem_no_memory(response);
        return;
    }
    /* SIGHUP may change it at any time. */
    tid_tagged_document_respond(context, request, text, strlen(text), TID_CACHE_NEVER,
                                response);
}

/* 201 with the document of the model, as GET of its Location gives it. */
static void respond_created(const struct tid_request *request,
                            const struct tid_model *model,
                            struct tid_response *response) {
    const struct tid_variant variant = tid_source_variant(model->source);
    struct tid_buffer location = {0};
    char *text = tid_json_created(model, &variant, request->prefix);
    tid_buffer_printf(&location, "%s/v1/models/%s", request->prefix, model->source->name);
    const size_t bytes = location.used_bytes;
    char *path = tid_buffer_take(&location);
    if (text && path) {
        tid_document_init(response, 201, "application/json", TID_CACHE_NEVER);
        tid_response_copy(response, "Location", path, bytes);
        tid_response_body_take(response, text, strlen(text));
    } else {
        free(text);
        tid_problem_no_memory(response);
    }
    free(path);
}

static void respond_to_manifest(const struct tid_context *context,
                                const struct tid_request *request,
                                struct tid_response *response) {
    const struct tid_model *model;
    struct ti_error error;
    if (!request->body) {
        tid_problem(response, 400, "required parameter missing",
                    "The body of the request is the manifest of a model.", "");
        return;
    }
    const enum tid_found found =
        tid_model_request_sent(context, request, &model, &error, response);
    if (found != TID_FOUND) {
        tid_model_problem(found, &error, response);
        return;
    }
    if (tid_model_is_allowed(context, model, response))
        respond_created(request, model, response);
    tid_model_release(model);
}

void tid_endpoint_models(const struct tid_context *context,
                         const struct tid_request *request,
                         struct tid_response *response) {
    if (!tid_model_has_no_query(request, response)) return;
    if (request->method == TID_METHOD_POST)
        respond_to_manifest(context, request, response);
    else
        respond_list(context, request, response);
}
