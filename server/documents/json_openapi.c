/* SPDX-License-Identifier: MIT */
/*
 * The interface as an OpenAPI 3.1 document: paths from routes.def, parameters and formats
 * from the library's own tables. tests/lint/docs/openapi compares the rest, statuses and
 * header fields, with what the daemon sends.
 */
#include "server/documents/json_openapi.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tensorinit/body.h>
#include <tensorinit/schemes.h>
#include <tensorinit/version.h>

#include "server/documents/json_text.h"
#include "server/http/response.h"
#include "server/routes.h"

/* Header fields of requests that endpoints read; OpenAPI forbids to list Accept. */
static const struct field {
    const char *name, *meaning;
} request_fields[] = {
    {"Range", "ranges of bytes, at most 16; ignored for text formats"},
    {"If-Range", "an entity tag: Range is ignored unless it is the tensor's"},
    {"If-Match", "entity tags or *: 412 unless the tensor's is among them"},
    {"Want-Repr-Digest", "sha-256=10 requests Repr-Digest, which small tensors have"},
    {"If-None-Match", "entity tags or *: 304 if the tensor's is among them"},
};

static const struct response_field {
    const char *name;
    unsigned classes; /* of the responses that have it: enum tid_response_class */
    const char *meaning;
} response_fields[] = {
#define TID_RESPONSE_FIELD(name, classes, meaning) {name, classes, meaning},
#include "server/http/response_fields.def"
#undef TID_RESPONSE_FIELD
};

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

/* Parameters of a first request. */
static const struct {
    const char *name, *value;
} examples[] = {{"shape", "512,784"},
                {"scheme", "he_normal"},
                {"seed", "42"},
                {"name", "fc1.weight"},
                {"format", "npy"}};

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])
#define PROBLEM_TYPE "application/problem+json"

/*
 * Builders. Each takes ownership of its arguments and returns the first one, or NULL once
 * memory has run out, so that calls can be nested and only the last result is checked.
 */
static json_t *with(json_t *object, const char *key, json_t *value) {
    if (json_object_set_new(object, key, value) == 0) return object;
    json_decref(object);
    return NULL;
}

static json_t *with_text(json_t *object, const char *key, const char *text) {
    return with(object, key, json_string(text));
}

static json_t *with_item(json_t *array, json_t *value) {
    if (json_array_append_new(array, value) == 0) return array;
    json_decref(array);
    return NULL;
}

static json_t *pair(const char *key, json_t *value) {
    return with(json_object(), key, value);
}

static json_t *text_pair(const char *key, const char *text) {
    return pair(key, json_string(text));
}

/* {"$ref": "#/components/KIND/NAME"} */
static json_t *reference(const char *kind, const char *name) {
    return pair("$ref", json_sprintf("#/components/%s/%s", kind, name));
}

/* {TYPE: {"schema": SCHEMA}} */
static json_t *content(const char *type, json_t *schema) {
    return pair(type, pair("schema", schema));
}

static json_t *problem_content(void) {
    return content(PROBLEM_TYPE, reference("schemas", "Problem"));
}

static bool list_has(const json_t *list, const char *text) {
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (strcmp(json_string_value(json_array_get(list, i)), text) == 0) return true;
    }
    return false;
}

/* Whether the default is a value that a request may give; others are descriptions. */
static bool fallback_is_value(const struct ti_param_info *param, const json_t *words) {
    size_t scheme;
    char *end;
    if (ti_scheme_find(param->fallback, strlen(param->fallback), &scheme)) return true;
    if (param->choice) return list_has(words, param->fallback);
    strtod(param->fallback, &end);
    return end != param->fallback && *end == '\0';
}

/* The names of the schemes that take a parameter. */
static json_t *schemes_with(size_t param) {
    json_t *list = json_array();
    for (size_t i = 0; i < ti_scheme_count(); i++) {
        if (ti_scheme_takes(i, param))
            list = with_item(list, json_string(ti_scheme_get(i)->name));
    }
    return list;
}

/* The words of a choice: the canonical ones and those of frameworks. */
static json_t *words_of(const struct ti_param_info *param) {
    json_t *list = tid_json_list(param->accepts);
    for (size_t i = 0; i < ti_word_count(); i++) {
        const struct ti_word_info *word = ti_word_get(i);
        if (strcmp(word->param, param->name) == 0 && !list_has(list, word->word))
            list = with_item(list, json_string(word->word));
    }
    return list;
}

/* The texts are those of /v1/schemes, word for word. */
static json_t *query_parameter(size_t index) {
    const struct ti_param_info *param = ti_param_get(index);
    json_t *schema = text_pair("type", "string");
    json_t *words = words_of(param);
    const bool has_default = fallback_is_value(param, words);
    if (param->choice)
        schema = with(schema, "enum", words);
    else
        json_decref(words);
    if (has_default) schema = with_text(schema, "default", param->fallback);
    json_t *object = with_text(text_pair("name", param->name), "in", "query");
    object = with(object, "description",
                  json_sprintf("%s. Takes: %s. Default: %s.", param->meaning,
                               param->accepts, param->fallback));
    if (param->common && strcmp(param->fallback, "required") == 0)
        object = with(object, "required", json_true());
    object = with(object, "schema", schema);
    for (size_t i = 0; i < COUNT_OF(examples); i++) {
        if (strcmp(examples[i].name, param->name) == 0)
            object = with_text(object, "example", examples[i].value);
    }
    return param->common ? object : with(object, "x-schemes", schemes_with(index));
}

static json_t *request_field(const struct field *field) {
    json_t *object = with_text(text_pair("name", field->name), "in", "header");
    object = with_text(object, "description", field->meaning);
    return with(object, "schema", text_pair("type", "string"));
}

static json_t *parameters(void) {
    json_t *object = json_object();
    for (size_t i = 0; i < ti_param_count(); i++)
        object = with(object, ti_param_get(i)->name, query_parameter(i));
    for (size_t i = 0; i < COUNT_OF(request_fields); i++)
        object = with(object, request_fields[i].name, request_field(&request_fields[i]));
    return object;
}

static json_t *response_headers(void) {
    json_t *object = json_object();
    for (size_t i = 0; i < COUNT_OF(response_fields); i++) {
        if (response_fields[i].classes == 0) continue;
        json_t *header = with(text_pair("description", response_fields[i].meaning),
                              "schema", text_pair("type", "string"));
        object = with(object, response_fields[i].name, header);
    }
    return object;
}

static json_t *typed(const char *type, const char *description) {
    return with_text(text_pair("type", type), "description", description);
}

/* The parameters as members of an object: the query's, in more types than text. */
static json_t *parameters_schema(void) {
    json_t *members = json_object();
    for (size_t i = 0; i < ti_param_count(); i++) {
        const struct ti_param_info *param = ti_param_get(i);
        json_t *member = pair("type", tid_json_list("string, number, boolean, array"));
        member = with(member, "items", pair("type", tid_json_list("string, number")));
        member = with(member, "description",
                      json_sprintf("%s. Takes: %s. Default: %s.", param->meaning,
                                   param->accepts, param->fallback));
        members = with(members, param->name, member);
    }
    json_t *schema = typed("object", "The parameters of the query, as members.");
    schema = with(schema, "properties", members);
    return with(schema, "additionalProperties", json_false());
}

static json_t *request_body(void) {
    json_t *form =
        content("application/x-www-form-urlencoded", reference("schemas", "Parameters"));
    json_t *object = with_text(json_object(), "description",
                               "The parameters; a part of them may be in the query.");
    object = with(object, "required", json_false());
    json_t *json = pair("schema", reference("schemas", "Parameters"));
    json =
        with(json, "example",
             json_pack("{s:[i,i], s:s, s:i, s:s, s:s}", "shape", 512, 784, "scheme",
                       "he_normal", "seed", 42, "name", "fc1.weight", "format", "npy"));
    return with(object, "content", with(form, "application/json", json));
}

static json_t *problem_schema(void) {
    json_t *members =
        pair("type", typed("string", "/problems/ and the words of the title: a URL that "
                                     "explains it"));
    members = with(members, "title", typed("string", "the kind of problem"));
    members = with(members, "status", typed("integer", "the HTTP status"));
    members = with(members, "detail", typed("string", "what is wrong with this request"));
    members = with(members, "field",
                   typed("string", "the parameter at fault, if one of them is"));
    members =
        with(members, "request_id",
             typed("string", "the request's X-Request-Id, which the log has as well"));
    json_t *schema = typed("object", "A problem document, RFC 9457.");
    schema = with(schema, "required", tid_json_list("type, title, status"));
    return with(schema, "properties", members);
}

static json_t *components(void) {
    json_t *problem = text_pair(
        "description", "An error: what is wrong and what would be accepted instead.");
    json_t *object = pair("parameters", parameters());
    object = with(object, "headers", response_headers());
    object = with(object, "responses",
                  pair("Problem", with(problem, "content", problem_content())));
    return with(
        object, "schemas",
        with(pair("Problem", problem_schema()), "Parameters", parameters_schema()));
}

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
    json_t *headers = json_object();
    for (size_t i = 0; i < COUNT_OF(response_fields); i++) {
        const char *name = response_fields[i].name;
        if ((response_fields[i].classes & response->classes) != 0)
            headers = with(headers, name, reference("headers", name));
    }
    object = with(object, "headers", headers);
    if (response->is_body)
        return with(object, "content", tensor_content(response->classes));
    if (response->classes == TID_OF_UNCHANGED) return object;
    return with(object, "content", problem_content());
}

static json_t *plain_response(const char *type, const char *schema) {
    return with(text_pair("description", "The document."), "content",
                content(type, text_pair("type", schema)));
}

/* 206, 304 and 416 are for GET and HEAD only. */
static json_t *responses(enum tid_route_kind kind, bool is_post) {
    const unsigned other = is_post ? TID_OF_PART | TID_OF_UNCHANGED : 0;
    json_t *object = json_object();
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
    } else if (kind == TID_ROUTE_JSON) {
        object = with(object, "200", plain_response("application/json", "object"));
    } else {
        object = with(object, "200", plain_response("text/plain", "string"));
    }
    if (is_post) {
        object = with(object, "411", reference("responses", "Problem"));
        object = with(object, "413", reference("responses", "Problem"));
        object = with(object, "415", reference("responses", "Problem"));
    }
    if (kind == TID_ROUTE_TENSOR || kind == TID_ROUTE_ABOUT_TENSOR)
        object = with(object, "400", reference("responses", "Problem"));
    if (kind == TID_ROUTE_NAMED_TEXT)
        object = with(object, "404", reference("responses", "Problem"));
    if (kind == TID_ROUTE_READY)
        object = with(object, "503", reference("responses", "Problem"));
    object = with(object, "4XX", reference("responses", "Problem"));
    return with(object, "5XX", reference("responses", "Problem"));
}

/* The last segment of a path. */
static json_t *name_parameter(void) {
    json_t *object = with_text(text_pair("name", "name"), "in", "path");
    object = with(object, "required", json_true());
    object = with_text(object, "description", "the last segment of a problem's type");
    object = with_text(object, "example", "not-found");
    return with(object, "schema", text_pair("type", "string"));
}

static json_t *parameters_of(enum tid_route_kind kind, bool in_body) {
    json_t *list = json_array();
    if (kind == TID_ROUTE_NAMED_TEXT) return with_item(list, name_parameter());
    if (kind != TID_ROUTE_TENSOR && kind != TID_ROUTE_ABOUT_TENSOR) return list;
    for (size_t i = 0; !in_body && i < ti_param_count(); i++)
        list = with_item(list, reference("parameters", ti_param_get(i)->name));
    for (size_t i = 0;
         !in_body && kind == TID_ROUTE_TENSOR && i < COUNT_OF(request_fields); i++)
        list = with_item(list, reference("parameters", request_fields[i].name));
    return list;
}

/* "/v1/tensor" -> "get_v1_tensor" */
static json_t *operation_id(const char *method, const char *path) {
    char id[64];
    size_t used = (size_t)snprintf(id, sizeof id, "%s", method);
    for (const char *at = path[1] != '\0' ? path : "/root";
         *at != '\0' && used + 1 < sizeof id; at++)
        id[used++] = strchr("/.{}", *at) ? '_' : *at;
    return json_stringn(id, used);
}

/* What generated clients group operations by. */
static const char *tag(enum tid_route_kind kind) {
    return kind == TID_ROUTE_TENSOR || kind == TID_ROUTE_ABOUT_TENSOR ? "tensors"
                                                                      : "service";
}

static json_t *tags(void) {
    json_t *tensors = text_pair("name", "tensors"),
           *service = text_pair("name", "service");
    tensors = with_text(tensors, "description", "Tensors, and what is known about one.");
    service = with_text(service, "description", "The server and its interface.");
    return with_item(with_item(json_array(), tensors), service);
}

static json_t *operation(const struct tid_route_info *route, const char *method) {
    json_t *object = text_pair("summary", route->summary);
    object = with(object, "operationId", operation_id(method, route->path));
    const bool is_post = strcmp(method, "post") == 0;
    const bool is_head = strcmp(method, "head") == 0;
    object = with(object, "tags", with_item(json_array(), json_string(tag(route->kind))));
    object = with(object, "description",
                  json_sprintf("%s returns %s.",
                               is_head   ? "The header that GET"
                               : is_post ? "With the parameters in its body, POST"
                                         : "GET",
                               route->summary));
    if (is_post) object = with(object, "requestBody", request_body());
    object = with(object, "parameters", parameters_of(route->kind, is_post));
    return with(object, "responses", responses(route->kind, is_post));
}

static json_t *paths(enum tid_scope scope) {
    json_t *object = json_object();
    for (unsigned i = 0; i < TID_ROUTE_COUNT; i++) {
        const struct tid_route_info *route = tid_route_get(i);
        if (!tid_route_is_served(i, scope)) continue;
        json_t *path =
            with(pair("get", operation(route, "get")), "head", operation(route, "head"));
        if (tid_route_takes_body(i)) path = with(path, "post", operation(route, "post"));
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
    object = with(object, "components", components());
    char *text = object ? tid_json_text(object) : NULL;
    json_decref(object);
    return text;
}
