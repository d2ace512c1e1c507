/* SPDX-License-Identifier: MIT */
/* See hub_request.h. */
#include "server/endpoints/hub_request.h"

#include <string.h>

#include "server/documents/document.h"
#include "server/documents/problem.h"
#include "server/endpoints/model_request.h"
#include "server/routes.h"

void tid_hub_problem(struct tid_response *response, const char *code, const char *detail,
                     const char *commit) {
    tid_problem(response, 404, "not found", detail, "");
    tid_response_static(response, "X-Error-Code", code);
    tid_response_copy(response, "X-Error-Message", detail, strlen(detail));
    if (commit) tid_response_copy(response, "X-Repo-Commit", commit, strlen(commit));
}

/* The name of a model: "--" stands for the slash of a repository. False if it is too long. */
static bool model_name(struct tid_path_part repo, char name[TID_MODEL_NAME_MAX + 1]) {
    size_t used = 0;
    for (size_t i = 0; i < repo.bytes; i++) {
        const bool slash = repo.text[i] == '/';
        if (used + (slash ? 2 : 1) > TID_MODEL_NAME_MAX) return false;
        name[used++] = slash ? '-' : repo.text[i];
        if (slash) name[used++] = '-';
    }
    name[used] = '\0';
    return true;
}

/* The model of a repository; its variant is the manifest's. */
static bool find_repository(const struct tid_context *context,
                            const struct tid_request *request,
                            struct tid_hub_request *hub, struct tid_response *response) {
    const struct tid_path_part repo = tid_route_part(request, "repo");
    char name[TID_MODEL_NAME_MAX + 1];
    hub->model = NULL;
    if (model_name(repo, name))
        hub->model = tid_models_get(context->models, name, strlen(name));
    if (!hub->model) {
        tid_hub_problem(response, "RepoNotFound",
                        "There is no model of that name; GET /v1/models lists them.",
                        NULL);
        return false;
    }
    memcpy(hub->repository, repo.text, repo.bytes);
    hub->repository[repo.bytes] = '\0';
    hub->variant = tid_source_variant(hub->model->source);
    return true;
}

static bool is_main(struct tid_path_part revision) {
    return !revision.text ||
           (revision.bytes == 4 && memcmp(revision.text, "main", 4) == 0);
}

/* Replaces the model by that of the revision. */
static bool find_revision(const struct tid_context *context,
                          const struct tid_request *request, struct tid_hub_request *hub,
                          struct tid_response *response) {
    const struct tid_path_part revision = tid_route_part(request, "revision");
    const struct tid_model *model;
    struct ti_error error;
    uint32_t check = 0;
    if (is_main(revision)) return true;
    const bool is_commit =
        tid_commit_read(revision.text, revision.bytes, &hub->variant, &check);
    if (!is_commit &&
        !tid_variant_read(revision.text, revision.bytes, &hub->variant, &error)) {
        tid_hub_problem(response, "RevisionNotFound", error.text, NULL);
        return false;
    }
    const char *name = hub->model->source->name;
    const enum tid_found found = tid_model_request_make(
        context, request, name, strlen(name), &hub->variant, &model, &error, response);
    if (found == TID_FOUND_NO_VARIANT || found == TID_FOUND_NO_MODEL) {
        tid_hub_problem(response, "RevisionNotFound", error.text, NULL);
        return false;
    }
    if (found != TID_FOUND) {
        tid_model_problem(found, &error, response);
        return false;
    }
    tid_model_release(hub->model);
    hub->model = model;
    if (!is_commit || check == model->check) return true;
    tid_hub_problem(response, "RevisionNotFound",
                    "This commit is of another manifest, or of other files beside it.",
                    NULL);
    return false;
}

bool tid_hub_request_find(const struct tid_context *context,
                          const struct tid_request *request, struct tid_hub_request *hub,
                          struct tid_response *response) {
    if (!find_repository(context, request, hub, response)) return false;
    if (!find_revision(context, request, hub, response)) {
        tid_model_release(hub->model);
        return false;
    }
    tid_commit_write(&hub->variant, hub->model->check, hub->commit);
    return true;
}

void tid_hub_respond(const struct tid_hub_request *hub, char *text,
                     struct tid_response *response) {
    if (!text) {
        tid_problem_no_memory(response);
        return;
    }
    /* A revision may mean other files after SIGHUP. */
    tid_document_init(response, 200, "application/json", TID_CACHE_NEVER);
    tid_response_copy(response, "X-Repo-Commit", hub->commit, TID_COMMIT_DIGITS);
    tid_response_body_take(response, text, strlen(text));
}
