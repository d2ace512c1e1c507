/* SPDX-License-Identifier: MIT */
/* See refusal.h. */
#define _GNU_SOURCE /* memmem */
#include "server/http/refusal.h"

#include <string.h>

#include "server/documents/problem.h"
#include "server/http/completion.h"
#include "server/http/forwarded.h"
#include "server/http/limit_problem.h"
#include "server/http/network.h"
#include "server/http/plain_response.h"
#include "server/http/request.h"
#include "server/http/request_id.h"

/* Ends the next line with a NUL instead of its CR LF, and moves '*at' behind it; NULL if
   the line is not complete. */
static char *next_line(char **at, char *end) {
    char *line = *at;
    char *stop = memmem(line, (size_t)(end - line), "\r\n", 2);
    if (!stop) return NULL;
    *stop = '\0';
    *at = stop + 2;
    return line;
}

/* Method and path, as far as they can be read; otherwise the request stays without. */
static void read_request_line(char *line, struct tid_request *request) {
    char *target = strchr(line, ' ');
    if (!target) return;
    *target++ = '\0';
    request->method = tid_method_find(line);
    const char *wrong = tid_target_split(target, strcspn(target, " "), request);
    (void)wrong;
}

static void read_field(char *line, struct tid_request *request) {
    const size_t name_bytes = strcspn(line, ":");
    const enum tid_field field = tid_field_find(line, name_bytes);
    if (line[name_bytes] == '\0' || field == TID_FIELD_COUNT) return;
    char *value = line + name_bytes + 1;
    value += strspn(value, " \t");
    for (size_t bytes = strlen(value); bytes > 0 && strchr(" \t", value[bytes - 1]);)
        value[--bytes] = '\0';
    /* Without memory the first line of the field counts. */
    (void)tid_request_add_field(request, field, value);
}

static void read_head(char *head, size_t head_bytes, struct tid_request *request) {
    char *at = head, *end = head + head_bytes;
    char *line = next_line(&at, end);
    if (line) read_request_line(line, request);
    while (line && (line = next_line(&at, end)) && line[0] != '\0')
        read_field(line, request);
}

void tid_refusal_make(const struct tid_context *context, enum tid_take why,
                      struct tid_response *response) {
    if (why == TID_TAKE_CLIENT_FULL)
        tid_limit_problem(context, TID_LIMIT_client_connections, response);
    else
        tid_problem(response, 503, "too many connections",
                    "The server has reached its maximum number of connections.", "");
    /* Connections end all the time. */
    tid_response_replace(response, "Retry-After", "1", 1);
}

void tid_refusal_send(const struct tid_context *context, int fd,
                      const struct sockaddr *address, enum tid_take why, char *head,
                      size_t head_bytes) {
    struct tid_request request = {.method = TID_METHOD_UNKNOWN, .path = ""};
    struct tid_response response;
    const bool is_trusted = tid_networks_have(context->trusted_proxies, address);
    read_head(head, head_bytes, &request);
    tid_request_identify(&request);
    tid_forwarded_apply(&request, context->base_path ? context->base_path : "", false,
                        is_trusted);
    tid_refusal_make(context, why, &response);
    tid_response_complete(context, &request, &response);
    tid_plain_response_send(fd, &response, request.method == TID_METHOD_HEAD);
    tid_response_clear(&response);
    tid_request_clear(&request);
}
