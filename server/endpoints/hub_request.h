/* SPDX-License-Identifier: MIT */
/*
 * Requests of clients of the Hugging Face Hub: a repository is a model of --models, a revision
 * is "main", as the manifest says, a variant ("seed-42-bf16") or a commit.
 */
#ifndef TID_HUB_REQUEST_H
#define TID_HUB_REQUEST_H

#include "server/context.h"
#include "server/http/request.h"
#include "server/http/response.h"
#include "server/models/model_cache.h"

struct tid_hub_request {
    const struct tid_model *model; /* to be released */
    struct tid_variant variant;
    char repository[TID_MODEL_NAME_MAX + 1]; /* as in the path */
    char commit[TID_COMMIT_DIGITS + 1];
};

/* Finds what the path is about. False, with a problem of that protocol, if there is none. */
bool tid_hub_request_find(const struct tid_context *context,
                          const struct tid_request *request, struct tid_hub_request *hub,
                          struct tid_response *response);

/* 404 as its clients know it: "EntryNotFound", with the commit unless that is NULL. */
void tid_hub_problem(struct tid_response *response, const char *code, const char *detail,
                     const char *commit);

/* Responds with a document, or without memory if 'text' is NULL. */
void tid_hub_respond(const struct tid_hub_request *hub, char *text,
                     struct tid_response *response);

#endif
