/* SPDX-License-Identifier: MIT */
/* Bearer tokens and signed URLs: see access.h. */
#include "server/access/access.h"

#include <nettle/memops.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <tensorinit/plan.h>
#include <tensorinit/spec.h>

#include "server/access/secrets.h"
#include "server/documents/problem.h"
#include "server/routes.h"

struct tid_access {
    const char *token_path, *key_path;
    pthread_rwlock_t lock; /* of the secrets */
    struct tid_secrets tokens, keys;
};

/* The last three parameters of a signed query, in this order. */
struct signed_query {
    const char *query;
    size_t query_bytes; /* without them */
    const char *expires, *key, *signature;
    size_t expires_bytes, key_bytes, signature_bytes;
};

static bool read_secrets(const struct tid_access *access, struct tid_secrets *tokens,
                         struct tid_secrets *keys, char *why, size_t why_bytes) {
    if (!tid_tokens_read(tokens, access->token_path, why, why_bytes)) return false;
    if (tid_keys_read(keys, access->key_path, why, why_bytes)) return true;
    tid_secrets_clear(tokens);
    return false;
}

struct tid_access *tid_access_make(const char *token_path, const char *key_path,
                                   char *why, size_t why_bytes) {
    struct tid_access *access = calloc(1, sizeof *access);
    if (!access) {
        snprintf(why, why_bytes, "out of memory");
        return NULL;
    }
    access->token_path = token_path;
    access->key_path = key_path;
    if (!read_secrets(access, &access->tokens, &access->keys, why, why_bytes)) {
        free(access);
        return NULL;
    }
    pthread_rwlock_init(&access->lock, NULL);
    return access;
}

bool tid_access_reload(struct tid_access *access, char *why, size_t why_bytes) {
    struct tid_secrets tokens, keys;
    if (!read_secrets(access, &tokens, &keys, why, why_bytes)) return false;
    pthread_rwlock_wrlock(&access->lock);
    struct tid_secrets old_tokens = access->tokens, old_keys = access->keys;
    access->tokens = tokens;
    access->keys = keys;
    pthread_rwlock_unlock(&access->lock);
    tid_secrets_clear(&old_tokens);
    tid_secrets_clear(&old_keys);
    return true;
}

void tid_access_free(struct tid_access *access) {
    if (!access) return;
    tid_secrets_clear(&access->tokens);
    tid_secrets_clear(&access->keys);
    pthread_rwlock_destroy(&access->lock);
    free(access);
}

/*
 * Takes "&NAME=VALUE" off the end of a query, where the name is that; false if it does not
 * end so.
 */
static bool take_last(struct signed_query *rest, const char *name, const char **value,
                      size_t *value_bytes) {
    const size_t name_bytes = strlen(name);
    size_t start = rest->query_bytes;
    while (start > 0 && rest->query[start - 1] != '&') start--;
    const char *parameter = rest->query + start;
    const size_t bytes = rest->query_bytes - start;
    if (start == 0 || bytes <= name_bytes || memcmp(parameter, name, name_bytes) != 0 ||
        parameter[name_bytes] != '=')
        return false;
    *value = parameter + name_bytes + 1;
    *value_bytes = bytes - name_bytes - 1;
    rest->query_bytes = start - 1;
    return true;
}

static bool is_signed(const struct tid_request *request, struct signed_query *query) {
    *query = (struct signed_query){.query = request->query,
                                   .query_bytes = request->query_bytes};
    return request->query &&
           take_last(query, "signature", &query->signature, &query->signature_bytes) &&
           take_last(query, "key", &query->key, &query->key_bytes) &&
           take_last(query, "expires", &query->expires, &query->expires_bytes);
}

static bool is_expired(const struct signed_query *query) {
    uint64_t expires = 0;
    for (size_t i = 0; i < query->expires_bytes; i++) {
        const char c = query->expires[i];
        if (c < '0' || c > '9' || expires > UINT64_MAX / 10 - 1) return true;
        expires = expires * 10 + (uint64_t)(c - '0');
    }
    return (uint64_t)time(NULL) >= expires;
}

/* The plan of the tensor which a query requests. */
static enum ti_status plan_of(const struct signed_query *query, struct ti_plan **plan) {
    struct ti_spec *spec;
    enum ti_status status = ti_spec_make(&spec);
    if (status != TI_OK) return status;
    status = ti_spec_set_query(spec, query->query, query->query_bytes, NULL);
    if (status == TI_OK) status = ti_plan_make(spec, plan, NULL);
    ti_spec_free(spec);
    return status;
}

enum verdict { RIGHT, WRONG, UNKNOWN };

/* Whether the signature is that of the tensor which the rest of the query requests. */
static enum verdict check_signature(const struct tid_access *access,
                                    const struct signed_query *query) {
    char expected[TID_SIGNATURE_DIGITS + 1];
    struct ti_plan *plan = NULL;
    const enum ti_status status = plan_of(query, &plan);
    const bool right = status == TI_OK &&
                       query->signature_bytes == TID_SIGNATURE_DIGITS &&
                       tid_keys_sign(&access->keys, query->key, query->key_bytes,
                                     ti_plan_info(plan)->query, query->expires,
                                     query->expires_bytes, expected) &&
                       memeql_sec(expected, query->signature, TID_SIGNATURE_DIGITS) != 0;
    ti_plan_free(plan);
    if (status == TI_ENOMEM) return UNKNOWN;
    return right ? RIGHT : WRONG;
}

/* The token of "Bearer TOKEN" (RFC 6750 section 2.1); NULL if it is something else. */
static const char *bearer_token(const char *authorization) {
    if (!authorization || strncasecmp(authorization, "Bearer ", 7) != 0) return NULL;
    return authorization + 7 + strspn(authorization + 7, " ");
}

/* Documents about the server, and probes, are for everyone. */
enum need {
    NEED_NOTHING,
    NEED_TOKEN,
    NEED_TOKEN_OR_SIGNATURE,
};

static enum need need_of(unsigned route, enum tid_method method) {
    const struct tid_route_info *info = tid_route_get(route);
    if (!info || method == TID_METHOD_OPTIONS) return NEED_NOTHING;
    if (tid_route_kind_computes(info->kind)) return NEED_TOKEN_OR_SIGNATURE;
    return info->kind == TID_ROUTE_MEASURES || tid_route_kind_has_models(info->kind)
               ? NEED_TOKEN
               : NEED_NOTHING;
}

static bool refuse(struct tid_response *response, unsigned status, const char *title,
                   const char *detail, const char *challenge) {
    tid_problem(response, status, title, detail, "");
    if (challenge) tid_response_static(response, "WWW-Authenticate", challenge);
    return false;
}

/* Why a request with neither a right token nor a signature is not served. */
static bool refuse_unknown(const struct tid_access *access, enum need need,
                           bool has_token, struct tid_response *response) {
    if (has_token)
        return refuse(response, 401, "authorization required",
                      "The token of the Authorization field is not valid here.",
                      "Bearer realm=\"tensorinitd\", error=\"invalid_token\"");
    return refuse(response, 401, "authorization required",
                  access->keys.count == 0 || need == NEED_TOKEN
                      ? "This needs a token, in the field Authorization: Bearer TOKEN."
                      : "This needs a token, in the field Authorization: Bearer TOKEN, "
                        "or a URL that ends with expires, key and signature.",
                  "Bearer realm=\"tensorinitd\"");
}

/*
 * Either a token or a signature is enough: clients may have a token for all requests,
 * those of URLs that were signed for them included, and it may be another server's.
 */
static bool check(const struct tid_access *access, enum need need,
                  struct tid_request *request, struct tid_response *response) {
    const char *token = bearer_token(request->fields[TID_FIELD_AUTHORIZATION]);
    struct signed_query query;
    /* Where there are only keys, no client could have a token. */
    if (need == NEED_TOKEN && access->tokens.count == 0) return true;
    const bool has_signature = need == NEED_TOKEN_OR_SIGNATURE &&
                               access->keys.count > 0 && is_signed(request, &query);
    const char *name =
        token ? tid_tokens_find(&access->tokens, token, strlen(token)) : NULL;
    if (!name && !has_signature)
        return refuse_unknown(access, need, token != NULL, response);
    if (has_signature) request->query_bytes = query.query_bytes;
    if (name) {
        memcpy(request->token, name, strlen(name) + 1);
        return true;
    }
    const enum verdict verdict = check_signature(access, &query);
    if (verdict == UNKNOWN) {
        tid_problem_no_memory(response);
        return false;
    }
    if (verdict == WRONG)
        return refuse(response, 403, "signature not valid",
                      "The signature is not that of this tensor, expiry and key.", NULL);
    if (is_expired(&query))
        return refuse(response, 403, "signature expired",
                      "The URL was valid until the time that expires gives.", NULL);
    return true;
}

bool tid_access_check(struct tid_access *access, unsigned route,
                      struct tid_request *request, struct tid_response *response) {
    if (!access) return true;
    const enum need need = need_of(route, request->method);
    if (need == NEED_NOTHING) return true;
    pthread_rwlock_rdlock(&access->lock);
    request->is_private = check(access, need, request, response);
    pthread_rwlock_unlock(&access->lock);
    return request->is_private;
}

void tid_access_make_private(struct tid_response *response) {
    static const char hour[] = "private, max-age=3600";
    const char *now = tid_response_field(response, "Cache-Control");
    if (now && strncmp(now, "public", 6) == 0)
        tid_response_replace(response, "Cache-Control", hour, sizeof hour - 1);
}
