/* SPDX-License-Identifier: MIT */
/* What the operations refer to: parameters, header fields, schemas, ways to be admitted. */
#include "server/documents/openapi_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tensorinit/schemes.h>

#include "server/documents/json_text.h"
#include "server/http/response.h"

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

/* Parameters of a first request. */
static const struct {
    const char *name, *value;
} examples[] = {{"shape", "512,784"},
                {"scheme", "he_normal"},
                {"seed", "42"},
                {"name", "fc1.weight"},
                {"format", "npy"}};

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

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

/* Of /v1/propagation; the names of two are also those of parameters of tensors. */
static json_t *stack_parameter(const struct ti_stack_parameter *parameter) {
    json_t *schema =
        with_text(text_pair("type", "string"), "default", parameter->fallback);
    json_t *object = with_text(text_pair("name", parameter->name), "in", "query");
    object = with(object, "description",
                  json_sprintf("%s. Takes: %s. Default: %s.", parameter->meaning,
                               parameter->accepts, parameter->fallback));
    return with(object, "schema", schema);
}

static json_t *request_field(const struct field *field) {
    json_t *object = with_text(text_pair("name", field->name), "in", "header");
    object = with_text(object, "description", field->meaning);
    return with(object, "schema", text_pair("type", "string"));
}

const char *tid_openapi_request_field(size_t index) {
    return index < COUNT_OF(request_fields) ? request_fields[index].name : NULL;
}

void tid_openapi_stack_key(const struct ti_stack_parameter *parameter,
                           char key[TID_OPENAPI_KEY_BYTES]) {
    snprintf(key, TID_OPENAPI_KEY_BYTES, "propagation.%s", parameter->name);
}

static json_t *parameters(void) {
    json_t *object = json_object();
    for (size_t i = 0; i < ti_param_count(); i++)
        object = with(object, ti_param_get(i)->name, query_parameter(i));
    for (size_t i = 0; i < COUNT_OF(request_fields); i++)
        object = with(object, request_fields[i].name, request_field(&request_fields[i]));
    struct ti_stack_parameter parameter;
    for (size_t i = 0; ti_stack_parameter_at(i, &parameter); i++) {
        char key[TID_OPENAPI_KEY_BYTES];
        tid_openapi_stack_key(&parameter, key);
        object = with(object, key, stack_parameter(&parameter));
    }
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

json_t *tid_openapi_response_fields(unsigned classes) {
    json_t *object = json_object();
    for (size_t i = 0; i < COUNT_OF(response_fields); i++) {
        const char *name = response_fields[i].name;
        if ((response_fields[i].classes & classes) != 0)
            object = with(object, name, reference("headers", name));
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

static json_t *query_key(const char *name, const char *meaning) {
    json_t *object = with_text(text_pair("type", "apiKey"), "in", "query");
    return with_text(with_text(object, "name", name), "description", meaning);
}

/* The parameters of a signed URL are needed together: see server/access/. */
static json_t *security_schemes(void) {
    json_t *token = with_text(text_pair("type", "http"), "scheme", "bearer");
    token = with_text(token, "description", "A token of the server's --token-file.");
    json_t *object = pair("token", token);
    object = with(object, "expires",
                  query_key("expires", "Of a signed URL: seconds since 1970."));
    object = with(object, "key", query_key("key", "Of a signed URL: the key's name."));
    return with(object, "signature",
                query_key("signature", "HMAC-SHA256 of the canonical query and expires, "
                                       "64 hexadecimal digits."));
}

json_t *tid_openapi_components(void) {
    json_t *problem = text_pair(
        "description", "An error: what is wrong and what would be accepted instead.");
    json_t *object = pair("parameters", parameters());
    object = with(object, "headers", response_headers());
    object = with(object, "requestBodies", pair("Parameters", request_body()));
    object = with(object, "securitySchemes", security_schemes());
    object = with(object, "responses",
                  pair("Problem", with(problem, "content", problem_content())));
    return with(
        object, "schemas",
        with(pair("Problem", problem_schema()), "Parameters", parameters_schema()));
}
