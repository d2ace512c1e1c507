/* SPDX-License-Identifier: MIT */
/* What the OpenAPI document says of the routes of models. */
#include "server/documents/openapi_build.h"

#include <stdio.h>
#include <string.h>

/* What stands for a {name} of a path. */
static const struct {
    const char *name, *meaning, *example;
} parts[] = {
    {"model", "a model that GET /v1/models lists, or ~ and what POST /v1/models writes",
     "gpt2"},
    {"variant",
     "seed, then dtype and max_shard_size if they are not the manifest's: seed-42-bf16-5GB",
     "seed-42"},
    {"file", "a file that the document of the model lists", "manifest.json"},
    {"repo",
     "the name of a model; a slash, which need not be encoded, stands for -- in it",
     "gpt2"},
    {"revision", "main, a variant as seed-42-bf16, or a commit", "seed-42"},
    {"path", "a file of the model", "manifest.json"},
};

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

json_t *tid_openapi_path_parameters(const char *path, json_t *list) {
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        const char *brace = strchr(path, '{');
        const size_t bytes = strlen(parts[i].name);
        while (brace &&
               (strncmp(brace + 1, parts[i].name, bytes) != 0 || brace[1 + bytes] != '}'))
            brace = strchr(brace + 1, '{');
        if (!brace) continue;
        json_t *object = with_text(text_pair("name", parts[i].name), "in", "path");
        object = with(object, "required", json_true());
        object = with_text(object, "description", parts[i].meaning);
        object = with_text(object, "example", parts[i].example);
        list = with_item(list, with(object, "schema", text_pair("type", "string")));
    }
    return list;
}

json_t *tid_openapi_hub_paths(void) {
    json_t *object = with_text(text_pair("name", "paths"), "in", "query");
    object = with_text(object, "description",
                       "files, separated by commas; POST has them in its body");
    object = with_text(object, "example", "manifest.json");
    object = with(object, "required", json_true());
    return with(object, "schema", text_pair("type", "string"));
}

json_t *tid_openapi_manifest_body(void) {
    json_t *example =
        json_pack("{s:{s:[i,i]}, s:[[s,s]]}", "tensors", "layers.{0..1}.weight", 16, 16,
                  "rules", "*", "scheme=normal&std=0.02");
    json_t *json = with(pair("schema", text_pair("type", "object")), "example", example);
    json_t *object =
        text_pair("description", "A manifest (docs/MANIFEST.md), at most 131072 bytes.");
    object = with(object, "required", json_true());
    return with(object, "content", pair("application/json", json));
}

json_t *tid_openapi_hub_paths_body(void) {
    json_t *example = json_pack("{s:[s]}", "paths", "manifest.json");
    json_t *json = with(pair("schema", text_pair("type", "object")), "example", example);
    json_t *form =
        content("application/x-www-form-urlencoded", text_pair("type", "object"));
    json_t *object = text_pair("description", "The files.");
    object = with(object, "required", json_true());
    return with(object, "content", with(form, "application/json", json));
}

static json_t *problem(void) { return reference("responses", "Problem"); }

static json_t *document(const char *description) {
    return with(text_pair("description", description), "content",
                content("application/json", json_object()));
}

/* Whatever may be beside a manifest. */
static json_t *file(const char *description, bool part) {
    static const char *const types[] = {"application/x-safetensors", "application/json",
                                        "application/octet-stream", "text/plain"};
    json_t *all = json_object();
    for (size_t i = 0; i < COUNT_OF(types); i++) all = with(all, types[i], json_object());
    if (part) all = with(all, "multipart/byteranges", json_object());
    return with(text_pair("description", description), "content", all);
}

/* What conditions and ranges make of a response with an entity tag. */
static json_t *with_selection(json_t *object, const char *what, json_t *part) {
    char text[80];
    snprintf(text, sizeof text, "If-None-Match contains the entity tag of the %s.", what);
    object = with(object, "206", part);
    object = with(object, "304", text_pair("description", text));
    object = with(object, "412", problem());
    return with(object, "416", problem());
}

json_t *tid_openapi_model_responses(enum tid_route_kind kind, bool is_post) {
    static const char part[] = "The bytes that Range requests.";
    json_t *object = json_object();
    if (kind == TID_ROUTE_MODEL_FILE || kind == TID_ROUTE_HUB_FILE) {
        object = with(object, "200", file("The file.", false));
        object = with_selection(object, "file", file(part, true));
    } else if (kind == TID_ROUTE_MODELS && is_post) {
        object = with(object, "201", document("The document."));
    } else {
        object = with(object, "200", document("The document."));
    }
    if (kind == TID_ROUTE_MODEL || (kind == TID_ROUTE_MODELS && !is_post)) {
        json_t *types = content("application/json", json_object());
        types = with(types, "multipart/byteranges", json_object());
        object = with_selection(object, "document",
                                with(text_pair("description", part), "content", types));
    }
    if (kind == TID_ROUTE_MODELS || kind == TID_ROUTE_MODEL ||
        kind == TID_ROUTE_MODEL_FILE || kind == TID_ROUTE_HUB_PATHS)
        object = with(object, "400", problem());
    return kind == TID_ROUTE_MODELS ? object : with(object, "404", problem());
}
