/* SPDX-License-Identifier: MIT */
/* See model_request.h. */
#include "server/endpoints/model_request.h"

#include "server/documents/problem.h"
#include "server/http/limit_problem.h"
#include "server/models/model_making.h"
#include "server/routes.h"

/* What has been made for the request. */
static enum tid_found take_made(const struct tid_request *request,
                                const struct tid_model **model, struct ti_error *error) {
    struct tid_model_making *making =
        (struct tid_model_making *)(void *)request->deferred;
    *model = making->model;
    *error = making->error;
    making->model = NULL;
    return making->found;
}

static enum tid_found defer(struct tid_model_making *making,
                            struct tid_response *response) {
    if (!making) return TID_FOUND_NO_MEMORY;
    tid_response_defer(response, &making->deferred);
    return TID_FOUND_UNMADE;
}

enum tid_found tid_model_request_make(const struct tid_context *context,
                                      const struct tid_request *request, const char *name,
                                      size_t name_bytes,
                                      const struct tid_variant *variant,
                                      const struct tid_model **model,
                                      struct ti_error *error,
                                      struct tid_response *response) {
    static const struct tid_variant own;
    const struct tid_source *source;
    if (request->deferred) return take_made(request, model, error);
    const enum tid_found found =
        tid_model_find(context->model_cache, context->models, name, name_bytes, variant,
                       model, &source, error);
    if (found != TID_FOUND_UNMADE) return found;
    return defer(tid_model_making_make(context->model_cache, name, name_bytes,
                                       variant ? variant : &own, source),
                 response);
}

enum tid_found tid_model_request_sent(const struct tid_context *context,
                                      const struct tid_request *request,
                                      const struct tid_model **model,
                                      struct ti_error *error,
                                      struct tid_response *response) {
    if (request->deferred) return take_made(request, model, error);
    return defer(
        tid_model_making_of(context->model_cache, request->body, request->body_bytes),
        response);
}

void tid_model_problem(enum tid_found found, const struct ti_error *error,
                       struct tid_response *response) {
    switch (found) {
    case TID_FOUND:
    case TID_FOUND_UNMADE:
        break;
    case TID_FOUND_TOO_LARGE:
        tid_problem(response, 413, "content too large", error->text, "");
        break;
    case TID_FOUND_NO_MODEL:
    case TID_FOUND_NO_VARIANT:
        tid_problem(response, 404, "not found", error->text, error->field);
        break;
    case TID_FOUND_REFUSED:
        tid_problem_of(response, error);
        break;
    case TID_FOUND_BUSY:
        tid_problem_busy(response, TID_PROBLEM_MEMORY_IN_USE);
        break;
    case TID_FOUND_NO_MEMORY:
        tid_problem_no_memory(response);
        break;
    }
}

bool tid_model_is_allowed(const struct tid_context *context,
                          const struct tid_model *model, struct tid_response *response) {
    const struct ti_model_kind *kind;
    if (model->source->name[0] != '~') return true;
    for (size_t i = 0; (kind = ti_model_kind(model->model, i)); i++) {
        if (tid_refuse_beyond(context, TID_LIMIT_tensor_elems, kind->elems, response) ||
            tid_refuse_beyond(context, TID_LIMIT_tensor_bytes, kind->bytes, response))
            return false;
    }
    return true;
}

bool tid_model_has_no_query(const struct tid_request *request,
                            struct tid_response *response) {
    if (request->query_bytes == 0) return true;
    tid_problem(response, 400, "unknown parameter",
                "Models have no parameters in the query: seed, dtype and size of files "
                "stand in the path, as in seed-42-bf16-5GB.",
                "");
    return false;
}

bool tid_model_request_find(const struct tid_context *context,
                            const struct tid_request *request,
                            struct tid_model_request *found,
                            struct tid_response *response) {
    const struct tid_path_part name = tid_route_part(request, "model");
    const struct tid_path_part variant = tid_route_part(request, "variant");
    struct ti_error error;
    if (!tid_model_has_no_query(request, response)) return false;
    if (variant.text &&
        !tid_variant_read(variant.text, variant.bytes, &found->variant, &error)) {
        tid_model_problem(TID_FOUND_NO_VARIANT, &error, response);
        return false;
    }
    const enum tid_found result = tid_model_request_make(
        context, request, name.text, name.bytes, variant.text ? &found->variant : NULL,
        &found->model, &error, response);
    if (result != TID_FOUND) {
        tid_model_problem(result, &error, response);
        return false;
    }
    if (!variant.text) found->variant = tid_source_variant(found->model->source);
    if (tid_model_is_allowed(context, found->model, response)) return true;
    tid_model_release(found->model);
    return false;
}
