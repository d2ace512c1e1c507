/* SPDX-License-Identifier: MIT */
/*
 * The interface as an OpenAPI 3.1 document: paths from routes.def, parameters and formats
 * from the library's own tables. tests/lint/docs/openapi compares the rest, statuses and
 * header fields, with what the daemon sends.
 */
#include "server/documents/json_openapi.h"

#include <stdio.h>
#include <string.h>

#include <tensorinit/body.h>
#include <tensorinit/schemes.h>
#include <tensorinit/version.h>

#include "server/documents/json_text.h"
#include "server/documents/openapi_build.h"
#include "server/http/response.h"
#include "server/routes.h"

/* The responses of /v1/tensor. Those without its bytes are problems, except 304. */
static const struct tensor_response {
    const char *status;
    unsigned classes;
    bool is_body;
    const char *meaning;
} tensor_responses[] = {
    {"200", TID_OF_BODY, true, "The tensor."},
    {"206", TID_OF_BODY | TID_OF_PART, true,
     "The bytes of the tensor that Range requests."},
    {"304", TID_OF_UNCHANGED, false, "If-None-Match contains the tensor's entity tag."},
    {"406", TID_OF_REFUSED, false, "Accept allows no format of tensors."},
    {"412", TID_OF_FAILED, false, "If-Match does not contain the tensor's entity tag."},
    {"416", TID_OF_FAILED | TID_OF_PART, false, "The range starts after the last byte."},
};

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* The formats of a response. Texts have no known length and thus no ranges. */
static json_t *tensor_content(unsigned classes) {
    json_t *object = json_object();
    for (int i = 0; i < TI_FORMAT_COUNT; i++) {
        const bool is_text = ti_format_is_text((enum ti_format)i);
        if (is_text && (classes & TID_OF_PART) != 0) continue;
        object = with(object, ti_format_media_type((enum ti_format)i),
                      is_text ? pair("schema", json_object()) : json_object());
    }
    /* Several ranges (RFC 9110 section 14.6). */
    if ((classes & TID_OF_PART) != 0)
        object = with(object, "multipart/byteranges", json_object());
    return object;
}

static json_t *tensor_response(const struct tensor_response *response) {
    json_t *object = text_pair("description", response->meaning);
    object = with(object, "headers", tid_openapi_response_fields(response->classes));
    if (response->is_body)
        return with(object, "content", tensor_content(response->classes));
    if (response->classes == TID_OF_UNCHANGED) return object;
    return with(object, "content", problem_content());
}

static json_t *plain_response(const char *type, const char *schema) {
    return with(text_pair("description", "The document."), "content",
                content(type, text_pair("type", schema)));
}

/* A text, or of the page what browsers take. */
static json_t *text_response(enum tid_route_kind kind) {
    static const char *const text[] = {"text/plain", NULL};
    static const char *const page[] = {"text/plain", "text/html", NULL};
    static const char *const file[] = {"text/javascript", "text/css", "image/svg+xml",
                                       "text/html", NULL};
    const char *const *types = kind == TID_ROUTE_PAGE        ? page
                               : kind == TID_ROUTE_PAGE_FILE ? file
                                                             : text;
    json_t *content = json_object();
    for (; *types; types++)
        content = with(content, *types, pair("schema", text_pair("type", "string")));
    return with(text_pair("description", "The document."), "content", content);
}

/* 206, 304 and 416 are for GET and HEAD only. */
static json_t *responses(enum tid_route_kind kind, bool is_post) {
    const unsigned other = is_post ? TID_OF_PART | TID_OF_UNCHANGED : 0;
    const bool has_models = tid_route_kind_has_models(kind);
    json_t *object =
        has_models ? tid_openapi_model_responses(kind, is_post) : json_object();
    if (kind == TID_ROUTE_TENSOR) {
        for (size_t i = 0; i < COUNT_OF(tensor_responses); i++) {
            if ((tensor_responses[i].classes & other) != 0) continue;
            object = with(object, tensor_responses[i].status,
                          tensor_response(&tensor_responses[i]));
        }
    } else if (kind == TID_ROUTE_ABOUT_TENSOR) {
        json_t *response = plain_response("application/json", "object");
        object = with(object, "200",
                      with_text(response, "description",
                                "The document. Integers up to 2^53 are numbers, larger "
                                "ones and the seed are strings."));
    } else if (kind == TID_ROUTE_JSON || kind == TID_ROUTE_STACK) {
        object = with(object, "200", plain_response("application/json", "object"));
    } else if (!has_models) {
        object = with(object, "200", text_response(kind));
    }
    if (!is_post && !json_object_get(object, "304"))
        object = with(object, "304",
                      text_pair("description", "If-None-Match is *, or has its tag."));
    if (is_post) {
        object = with(object, "411", reference("responses", "Problem"));
        object = with(object, "413", reference("responses", "Problem"));
        object = with(object, "415", reference("responses", "Problem"));
    }
    if (tid_route_kind_computes(kind)) {
        object = with(object, "400", reference("responses", "Problem"));
        object = with(object, "429", reference("responses", "Problem"));
    }
    if (kind == TID_ROUTE_NAMED_TEXT || kind == TID_ROUTE_PAGE_FILE)
        object = with(object, "404", reference("responses", "Problem"));
    if (kind == TID_ROUTE_READY)
        object = with(object, "503", reference("responses", "Problem"));
    object = with(object, "4XX", reference("responses", "Problem"));
    return with(object, "5XX", reference("responses", "Problem"));
}

/* The last segment of a path. */
static json_t *name_parameter(enum tid_route_kind kind) {
    const bool is_file = kind == TID_ROUTE_PAGE_FILE;
    json_t *object = with_text(text_pair("name", "name"), "in", "path");
    object = with(object, "required", json_true());
    object = with_text(object, "description",
                       is_file ? "a file that the page names"
                               : "the last segment of a problem's type");
    object = with_text(object, "example", is_file ? "app.js" : "not-found");
    return with(object, "schema", text_pair("type", "string"));
}

/* Its own, and those of the weights that are about their values. */
static json_t *stack_parameters(json_t *list) {
    struct ti_stack_parameter parameter;
    for (size_t i = 0; ti_stack_parameter_at(i, &parameter); i++) {
        char key[TID_OPENAPI_KEY_BYTES];
        tid_openapi_stack_key(&parameter, key);
        list = with_item(list, reference("parameters", key));
    }
    for (size_t i = 0; i < ti_param_count(); i++) {
        const char *name = ti_param_get(i)->name;
        if (ti_stack_takes(i) && !ti_stack_has(name))
            list = with_item(list, reference("parameters", name));
    }
    return list;
}

static json_t *parameters_of(const struct tid_route_info *route, bool in_body) {
    const enum tid_route_kind kind = route->kind;
    json_t *list = json_array();
    if (tid_route_kind_has_models(kind)) {
        list = tid_openapi_path_parameters(route->path, list);
        if (kind == TID_ROUTE_HUB_PATHS && !in_body)
            list = with_item(list, tid_openapi_hub_paths());
        return list;
    }
    if (kind == TID_ROUTE_NAMED_TEXT || kind == TID_ROUTE_PAGE_FILE)
        return with_item(list, name_parameter(kind));
    if (kind == TID_ROUTE_STACK) return stack_parameters(list);
    if (kind != TID_ROUTE_TENSOR && kind != TID_ROUTE_ABOUT_TENSOR) return list;
    for (size_t i = 0; !in_body && i < ti_param_count(); i++)
        list = with_item(list, reference("parameters", ti_param_get(i)->name));
    if (in_body || kind != TID_ROUTE_TENSOR) return list;
    for (size_t i = 0; tid_openapi_request_field(i); i++)
        list = with_item(list, reference("parameters", tid_openapi_request_field(i)));
    return list;
}

static json_t *body_of(enum tid_route_kind kind) {
    if (kind == TID_ROUTE_MODELS) return tid_openapi_manifest_body();
    if (kind == TID_ROUTE_HUB_PATHS) return tid_openapi_hub_paths_body();
    return reference("requestBodies", "Parameters");
}

/* "/v1/tensor" -> "get_v1_tensor" */
static json_t *operation_id(const char *method, const char *path) {
    char id[96];
    size_t used = (size_t)snprintf(id, sizeof id, "%s", method);
    for (const char *at = path[1] != '\0' ? path : "/root";
         *at != '\0' && used + 1 < sizeof id; at++)
        id[used++] = strchr("/.{}", *at) ? '_' : *at;
    return json_stringn(id, used);
}

/* What generated clients group operations by. */
static const char *tag(enum tid_route_kind kind) {
    if (tid_route_kind_has_models(kind)) return "models";
    return tid_route_kind_computes(kind) ? "tensors" : "service";
}

static json_t *tags(void) {
    json_t *tensors = text_pair("name", "tensors"), *models = text_pair("name", "models"),
           *service = text_pair("name", "service");
    models = with_text(models, "description",
                       "Checkpoints of models, also as the Hugging Face Hub has them.");
    tensors = with_text(tensors, "description", "Tensors, and what is known about one.");
    service = with_text(service, "description", "The server and its interface.");
    return with_item(with_item(with_item(json_array(), tensors), models), service);
}

/*
 * How requests are admitted: freely, by a token, or by a signed URL, as the server is
 * configured (docs/ACCESS.md).
 */
static json_t *security(enum tid_route_kind kind) {
    json_t *list = with_item(json_array(), json_object());
    list = with_item(list, pair("token", json_array()));
    if (kind == TID_ROUTE_MEASURES || tid_route_kind_has_models(kind)) return list;
    json_t *signed_url = pair("expires", json_array());
    signed_url = with(with(signed_url, "key", json_array()), "signature", json_array());
    return with_item(list, signed_url);
}

static json_t *operation(const struct tid_route_info *route, const char *method) {
    json_t *object = text_pair("summary", route->summary);
    object = with(object, "operationId", operation_id(method, route->path));
    const bool is_post = strcmp(method, "post") == 0;
    const bool is_head = strcmp(method, "head") == 0;
    object = with(object, "tags", with_item(json_array(), json_string(tag(route->kind))));
    object = with(object, "description",
                  json_sprintf("%s returns %s.",
                               is_head ? "The header that GET"
                               : is_post && route->kind != TID_ROUTE_MODELS
                                   ? "With the parameters in its body, POST"
                               : is_post ? "With a manifest in its body, POST"
                                         : "GET",
                               is_post && route->kind == TID_ROUTE_MODELS
                                   ? "where its model is"
                                   : route->summary));
    if (is_post) object = with(object, "requestBody", body_of(route->kind));
    object = with(object, "parameters", parameters_of(route, is_post));
    if (tid_route_kind_computes(route->kind) || route->kind == TID_ROUTE_MEASURES ||
        tid_route_kind_has_models(route->kind))
        object = with(object, "security", security(route->kind));
    return with(object, "responses", responses(route->kind, is_post));
}

static json_t *paths(enum tid_scope scope) {
    json_t *object = json_object();
    for (unsigned i = 0; i < TID_ROUTE_COUNT; i++) {
        const struct tid_route_info *route = tid_route_get(i);
        if (!tid_route_is_served(i, scope)) continue;
        json_t *path =
            with(pair("get", operation(route, "get")), "head", operation(route, "head"));
        if (tid_route_body(i) != TID_ROUTE_NO_BODY)
            path = with(path, "post", operation(route, "post"));
        object = with(object, route->path, path);
    }
    return object;
}

static json_t *info(void) {
    json_t *license = with_text(text_pair("name", "MIT"), "identifier", "MIT");
    json_t *object =
        with_text(text_pair("title", "tensorinit"), "version", TI_VERSION_STRING);
    object =
        with_text(object, "description",
                  "Initialized tensors over HTTP: a pure function of shape, scheme, "
                  "seed and name. Version of the bits: " TI_SPEC_NAME ". A parameter "
                  "that is unknown, repeated or not taken by the scheme is an error.");
    return with(object, "license", license);
}

char *tid_json_openapi(enum tid_scope scope) {
    json_t *object = with(text_pair("openapi", "3.1.0"), "info", info());
    object = with(object, "servers", with_item(json_array(), text_pair("url", "/")));
    object = with(object, "security", json_array());
    object = with(object, "tags", tags());
    object = with(object, "paths", paths(scope));
    object = with(object, "components", tid_openapi_components());
    char *text = object ? tid_json_text(object) : NULL;
    json_decref(object);
    return text;
}
