/* SPDX-License-Identifier: MIT */
/*
 * GET /v1/models: all models of --models. POST takes a manifest, and says under which URL its
 * model is: the manifest is in that URL, nothing is stored, and any replica serves it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manifest/manifest_json.h"
#include "server/documents/document.h"
#include "server/documents/json_model.h"
#include "server/documents/problem.h"
#include "server/endpoints/endpoints.h"
#include "server/endpoints/model_request.h"
#include "server/models/model_token.h"

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
    tid_document_init(response, 200, "application/json", TID_CACHE_NEVER);
    tid_response_body_take(response, text, strlen(text));
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

/* Refuses a manifest that is right, but does not fit a URL. */
static void respond_too_large(struct tid_response *response) {
    char detail[256];
    snprintf(
        detail, sizeof detail,
        "The manifest does not fit a URL: compressed it has more than %d characters. "
        "Braces as in layers.{0..31} make it shorter; the server's option --models "
        "serves it as it is.",
        TID_TOKEN_CHARS_MAX);
    tid_problem(response, 413, "content too large", detail, "");
}

/* The path segment of a manifest, "~TOKEN", from malloc(). False, with the problem. */
static bool write_name(const struct tid_request *request, char **name,
                       struct tid_response *response) {
    struct tid_buffer buffer = {0};
    char *token = NULL;
    char *json = tid_json_manifest(request->body, request->body_bytes);
    const enum tid_token_result result =
        json ? tid_token_write(json, strlen(json), &token) : TID_TOKEN_NO_MEMORY;
    free(json);
    if (result == TID_TOKEN_TOO_LARGE) {
        respond_too_large(response);
        return false;
    }
    if (result == TID_TOKEN_OK) tid_buffer_printf(&buffer, "~%s", token);
    free(token);
    *name = tid_buffer_take(&buffer);
    if (!*name) tid_problem_no_memory(response);
    return *name != NULL;
}

/* Whether the manifest can be read: its errors name the lines of what was sent. */
static bool check_manifest(const struct tid_request *request,
                           struct tid_response *response) {
    struct ti_manifest *manifest = NULL;
    struct ti_model *model = NULL;
    struct ti_manifest_place place;
    struct ti_error error;
    enum ti_status status =
        tim_manifest_read(request->body, request->body_bytes, TID_TOKEN_TENSORS_MAX, NULL,
                          &manifest, &error);
    if (status == TI_OK) {
        status = ti_model_make(manifest, ti_manifest_options(manifest), &model, &place,
                               &error);
        if (status != TI_OK)
            tim_manifest_explain(request->body, request->body_bytes, &place, &error);
    }
    if (status != TI_OK) tid_problem_of(response, &error);
    ti_model_free(model);
    ti_manifest_free(manifest);
    return status == TI_OK;
}

static void respond_to_manifest(const struct tid_context *context,
                                const struct tid_request *request,
                                struct tid_response *response) {
    const struct tid_model *model;
    struct ti_error error;
    char *name;
    if (!request->body) {
        tid_problem(response, 400, "required parameter missing",
                    "The body of the request is the manifest of a model.", "");
        return;
    }
    if (!check_manifest(request, response) || !write_name(request, &name, response))
        return;
    const enum tid_found found = tid_model_find(context->model_cache, context->models,
                                                name, strlen(name), NULL, &model, &error);
    if (found == TID_FOUND) {
        if (tid_model_is_allowed(context, model, response))
            respond_created(request, model, response);
        tid_model_release(model);
    } else {
        tid_model_problem(found, &error, response);
    }
    free(name);
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
