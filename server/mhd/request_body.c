/* SPDX-License-Identifier: MIT */
/* See request_body.h. */
#include "server/mhd/request_body.h"

#include <stdlib.h>
#include <string.h>

#include "server/documents/buffer.h"
#include "server/documents/json_query.h"
#include "server/documents/problem.h"

struct tid_request_body {
    enum tid_post_type type;
    char *query; /* of the request, from malloc(); NULL before it is complete */
    size_t used_bytes, capacity_bytes;
    char text[];
};

static struct tid_memory *memory_of(const struct tid_connection *connection) {
    return connection->worker->shared->context->memory;
}

bool tid_request_body_begin(struct tid_connection *connection, enum tid_post_type type,
                            uint64_t bytes, struct tid_response *response) {
    const size_t capacity = (size_t)bytes;
    if (!tid_memory_take(memory_of(connection), TID_MEMORY_RESPONSE, capacity)) {
        tid_problem_busy(response, TID_PROBLEM_MEMORY_IN_USE);
        return false;
    }
    struct tid_request_body *body = malloc(sizeof *body + capacity);
    if (!body) {
        tid_memory_give(memory_of(connection), TID_MEMORY_RESPONSE, capacity);
        tid_problem_no_memory(response);
        return false;
    }
    *body = (struct tid_request_body){.type = type, .capacity_bytes = capacity};
    connection->body = body;
    return true;
}

bool tid_request_body_add(struct tid_connection *connection, const char *bytes,
                          size_t byte_count) {
    struct tid_request_body *body = connection->body;
    if (!body || byte_count > body->capacity_bytes - body->used_bytes) return false;
    memcpy(body->text + body->used_bytes, bytes, byte_count);
    body->used_bytes += byte_count;
    return true;
}

bool tid_request_body_is_complete(const struct tid_connection *connection) {
    const struct tid_request_body *body = connection->body;
    return !body || body->used_bytes == body->capacity_bytes;
}

bool tid_request_body_end(struct tid_connection *connection,
                          struct tid_response *response) {
    struct tid_request_body *body = connection->body;
    struct tid_request *request = &connection->request;
    struct tid_buffer query = {0};
    struct ti_error error;
    if (!body || body->query) return true;
    if (body->type == TID_POST_MANIFEST) {
        request->body = body->text;
        request->body_bytes = body->used_bytes;
        return true;
    }
    /* A parameter may stand in the target as well, but each only once. */
    tid_buffer_add(&query, request->query, request->query_bytes);
    if (body->type == TID_POST_JSON) {
        const enum ti_status status =
            tid_json_query(body->text, body->used_bytes, &query, &error);
        if (status != TI_OK) {
            free(tid_buffer_take(&query));
            tid_problem_of(response, &error);
            return false;
        }
    } else {
        if (query.used_bytes > 0) tid_buffer_add(&query, "&", 1);
        tid_buffer_add(&query, body->text, body->used_bytes);
    }
    const size_t query_bytes = query.used_bytes;
    body->query = tid_buffer_take(&query);
    if (!body->query) {
        tid_problem_no_memory(response);
        return false;
    }
    request->query = body->query;
    request->query_bytes = query_bytes;
    return true;
}

void tid_request_body_clear(struct tid_connection *connection) {
    struct tid_request_body *body = connection->body;
    if (!body) return;
    tid_memory_give(memory_of(connection), TID_MEMORY_RESPONSE, body->capacity_bytes);
    free(body->query);
    free(body);
    connection->body = NULL;
}
