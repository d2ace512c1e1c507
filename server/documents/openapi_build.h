/* SPDX-License-Identifier: MIT */
/*
 * How the files of the OpenAPI document build it: see json_openapi.h. Each builder takes
 * ownership of its arguments and returns the first one, or NULL once memory has run out,
 * so that calls can be nested and only the last result is checked.
 */
#ifndef TID_OPENAPI_BUILD_H
#define TID_OPENAPI_BUILD_H

#include <jansson.h>

#include <tensorinit/propagation.h>

#include "server/routes.h"

static inline json_t *with(json_t *object, const char *key, json_t *value) {
    if (json_object_set_new(object, key, value) == 0) return object;
    json_decref(object);
    return NULL;
}

static inline json_t *with_text(json_t *object, const char *key, const char *text) {
    return with(object, key, json_string(text));
}

static inline json_t *with_item(json_t *array, json_t *value) {
    if (json_array_append_new(array, value) == 0) return array;
    json_decref(array);
    return NULL;
}

static inline json_t *pair(const char *key, json_t *value) {
    return with(json_object(), key, value);
}

static inline json_t *text_pair(const char *key, const char *text) {
    return pair(key, json_string(text));
}

/* {"$ref": "#/components/KIND/NAME"} */
static inline json_t *reference(const char *kind, const char *name) {
    return pair("$ref", json_sprintf("#/components/%s/%s", kind, name));
}

/* {TYPE: {"schema": SCHEMA}} */
static inline json_t *content(const char *type, json_t *schema) {
    return pair(type, pair("schema", schema));
}

static inline json_t *problem_content(void) {
    return content("application/problem+json", reference("schemas", "Problem"));
}

/* The document's member "components", and the header fields of /v1/tensor. */
json_t *tid_openapi_components(void);

/* The name of a parameter of /v1/propagation there. */
#define TID_OPENAPI_KEY_BYTES 48
void tid_openapi_stack_key(const struct ti_stack_parameter *parameter,
                           char key[TID_OPENAPI_KEY_BYTES]);

/*
 * Of routes of models (openapi_models.c): what stands for each {name} of a path, added to a
 * list; the parameter 'paths'; bodies of POST; responses but those of any route.
 */
json_t *tid_openapi_path_parameters(const char *path, json_t *list);
json_t *tid_openapi_hub_paths(void);
json_t *tid_openapi_manifest_body(void);
json_t *tid_openapi_hub_paths_body(void);
json_t *tid_openapi_model_responses(enum tid_route_kind kind, bool is_post);

/* Names of header fields that /v1/tensor reads; NULL beyond the last. */
const char *tid_openapi_request_field(size_t index);

/*
 * References to the header fields of responses of these classes, by name: a set of
 * enum tid_response_class.
 */
json_t *tid_openapi_response_fields(unsigned classes);

#endif
