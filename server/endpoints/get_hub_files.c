/* SPDX-License-Identifier: MIT */
/*
 * GET /api/models/REPOSITORY/tree/REVISION: all files; with a path, that one. POST .../paths-info/REVISION: those that
 * the parameter 'paths' lists. All are in one folder, and on one page.
 */
#include <stdlib.h>
#include <string.h>

#include <tensorinit/spellings.h>

#include "server/documents/json_hub.h"
#include "server/documents/problem.h"
#include "server/endpoints/endpoints.h"
#include "server/endpoints/hub_request.h"
#include "server/endpoints/model_body.h"
#include "server/routes.h"

/*
 * The next value of a parameter in a query, [*at, end), and moves '*at' behind it. Names of
 * files need no encoding.
 */
static bool next_value(const char **at, const char *end, const char *name,
                       const char **value, size_t *bytes) {
    const size_t name_bytes = strlen(name);
    while (*at < end) {
        const char *pair = *at;
        const char *stop = memchr(pair, '&', (size_t)(end - pair));
        if (!stop) stop = end;
        *at = stop < end ? stop + 1 : end;
        if ((size_t)(stop - pair) <= name_bytes || pair[name_bytes] != '=' ||
            memcmp(pair, name, name_bytes) != 0)
            continue;
        *value = pair + name_bytes + 1;
        *bytes = (size_t)(stop - *value);
        return true;
    }
    return false;
}

static bool is_expanded(const struct tid_request *request) {
    const char *at = request->query, *end = request->query + request->query_bytes;
    const char *value;
    size_t bytes;
    if (request->query_bytes == 0) return false;
    while (next_value(&at, end, "expand", &value, &bytes)) {
        if (bytes == 1 ? *value == '1' : bytes == 4 && (*value == 't' || *value == 'T'))
            return true;
    }
    return false;
}

/* Whether a value, "a,b", has a name in it. */
static bool list_has(const char *value, size_t bytes, const char *name) {
    const size_t name_bytes = strlen(name);
    const char *end = value + bytes;
    while (value < end) {
        const char *comma = memchr(value, ',', (size_t)(end - value));
        const char *stop = comma ? comma : end;
        if ((size_t)(stop - value) == name_bytes && memcmp(value, name, name_bytes) == 0)
            return true;
        value = comma ? comma + 1 : end;
    }
    return false;
}

/* Whether the parameter 'paths' has a file. */
static bool is_listed(const struct tid_request *request, const char *path) {
    const char *at = request->query, *end = request->query + request->query_bytes;
    const char *value;
    size_t bytes;
    while (request->query_bytes > 0 && next_value(&at, end, "paths", &value, &bytes)) {
        if (list_has(value, bytes, path)) return true;
    }
    return false;
}

/* Whether the tree that a path selects has a file. */
static bool is_in_tree(const struct tid_request *request, const char *path) {
    const struct tid_path_part part = tid_route_part(request, "path");
    return !part.text ||
           (strlen(path) == part.bytes && memcmp(path, part.text, part.bytes) == 0);
}

static void respond(const struct tid_request *request, const struct tid_hub_request *hub,
                    bool (*is_wanted)(const struct tid_request *request,
                                      const char *path),
                    struct tid_response *response) {
    size_t all = 0, count = 0;
    char *text = NULL;
    struct tid_json_file *files = tid_model_files(hub->model, hub->variant.seed, &all);
    for (size_t i = 0; files && i < all; i++) {
        if (is_wanted(request, files[i].name)) files[count++] = files[i];
    }
    if (files) text = tid_json_hub_files(files, count, hub->commit, is_expanded(request));
    free(files);
    tid_hub_respond(hub, text, response);
}

void tid_endpoint_hub_tree(const struct tid_context *context,
                           const struct tid_request *request,
                           struct tid_response *response) {
    struct tid_hub_request hub;
    if (!tid_hub_request_find(context, request, &hub, response)) return;
    const struct tid_path_part path = tid_route_part(request, "path");
    struct tid_model_file file;
    if (path.text &&
        !tid_model_file_find(hub.model, hub.variant.seed, path.text, path.bytes, &file))
        tid_hub_problem(response, "EntryNotFound",
                        "The model has no such file, and no folders.", hub.commit);
    else
        respond(request, &hub, is_in_tree, response);
    tid_model_release(hub.model);
}

void tid_endpoint_hub_paths(const struct tid_context *context,
                            const struct tid_request *request,
                            struct tid_response *response) {
    struct tid_hub_request hub;
    struct ti_error error;
    const char *value;
    size_t bytes;
    char *plain;
    if (!tid_hub_request_find(context, request, &hub, response)) return;
    /* In it a comma is a comma, and only what names of files do not have is encoded. */
    const char *query = request->query_bytes > 0 ? request->query : "";
    if (ti_query_plain(query, request->query_bytes, &plain, &error) == TI_OK) {
        struct tid_request decoded = *request;
        decoded.query = plain;
        decoded.query_bytes = strlen(plain);
        const char *at = plain, *end = plain + decoded.query_bytes;
        if (next_value(&at, end, "paths", &value, &bytes))
            respond(&decoded, &hub, is_listed, response);
        else
            tid_problem(response, 400, "required parameter missing",
                        "paths lists files of the model: paths=config.json,manifest.json",
                        "paths");
        free(plain);
    } else {
        tid_problem_of(response, &error);
    }
    tid_model_release(hub.model);
}
