/* SPDX-License-Identifier: MIT */
/* See json_hub.h. */
#include "server/documents/json_hub.h"

#include <jansson.h>

#include "server/documents/json_text.h"

/* Nothing here has a date: the same request has the same response for ever. */
#define DATE "2020-01-01T00:00:00.000Z"

char *tid_json_hub_model(const char *repository, const char *commit,
                         const struct tid_json_file *files, size_t count) {
    json_t *siblings = json_array();
    char *text = NULL;
    bool complete = siblings != NULL;
    for (size_t i = 0; complete && i < count; i++)
        complete = json_array_append_new(
                       siblings, json_pack("{s:s}", "rfilename", files[i].name)) == 0;
    json_t *object = json_pack(
        "{s:s#, s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:i, s:i, s:[s,s], s:s, s:o}", "_id",
        commit, 24, "id", repository, "modelId", repository, "author", "tensorinit",
        "sha", commit, "private", 0, "gated", 0, "disabled", 0, "downloads", 0, "likes",
        0, "tags", "safetensors", "tensorinit", "lastModified", DATE, "siblings",
        siblings);
    if (complete && object) text = tid_json_text(object);
    json_decref(object);
    return text;
}

static json_t *file(const struct tid_json_file *of, const char *commit, int expand) {
    json_t *object = json_object();
    /* Of 40 digits, as a blob of git has: those of the entity tag, and its first ones. */
    const bool complete =
        tid_json_set_text(object, "type", "file") &&
        tid_json_set_text(object, "path", of->name) &&
        json_object_set_new(object, "size", json_integer((json_int_t)of->bytes)) == 0 &&
        json_object_set_new(object, "oid", json_sprintf("%s%.8s", of->etag, of->etag)) ==
            0 &&
        (!expand ||
         json_object_set_new(object, "lastCommit",
                             json_pack("{s:s, s:s, s:s}", "id", commit, "title",
                                       "computed by tensorinit", "date", DATE)) == 0);
    if (complete) return object;
    json_decref(object);
    return NULL;
}

char *tid_json_hub_files(const struct tid_json_file *files, size_t count,
                         const char *commit, int expand) {
    json_t *list = json_array();
    char *text = NULL;
    bool complete = list != NULL;
    for (size_t i = 0; complete && i < count; i++)
        complete = json_array_append_new(list, file(&files[i], commit, expand)) == 0;
    if (complete) text = json_dumps(list, JSON_COMPACT);
    json_decref(list);
    return text;
}
