/* SPDX-License-Identifier: MIT */
/*
 * The input is the head of a request, for the router, the endpoints and their documents.
 * The response must be one that HTTP allows (sections: RFC 9110), its fields printable,
 * its JSON well formed, whatever of the request they repeat.
 */
#define _DEFAULT_SOURCE /* mkdtemp */
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/server/request_head.h"
#include "server/documents/json_openapi.h"
#include "server/documents/json_schemes.h"
#include "server/documents/metrics.h"
#include "server/documents/problem.h"
#include "server/http/deferred.h"
#include "server/models/model_cache.h"
#include "server/router.h"
#include "server/routes.h"
#include "server/work/factor_cache.h"

/* Bodies of larger tensors are not read. */
#define ELEMS_MAX 1024
/* What a stream may compute at once. */
#define TASK_NS 1e6

/* A model with a file beside it, in a folder that is read once. */
static void models_open(struct tid_context *context) {
    static char folder[] = "/tmp/fuzz_route.XXXXXX";
    static const char *const files[][2] = {
        {"manifest.json", "{\"tensors\": {\"a.{0..3}\": [4, 4], \"b\": [3]}, "
                          "\"rules\": [[\"*\", \"scheme=normal\"]]}"},
        {"config.json", "{}"}};
    char path[128], why[1024];
    if (!mkdtemp(folder)) exit(1);
    snprintf(path, sizeof path, "%s/m", folder);
    if (mkdir(path, 0700) != 0) exit(1);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/m/%s", folder, files[i][0]);
        FILE *file = fopen(path, "w");
        if (!file || fputs(files[i][1], file) < 0 || fclose(file) != 0) exit(1);
    }
    context->models = tid_models_open(folder, why, sizeof why);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/m/%s", folder, files[i][0]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/m", folder);
    rmdir(path);
    rmdir(folder);
    if (!context->models) exit(1);
}

static const struct tid_context *context_get(void) {
    static struct tid_context context;
    static struct tid_metrics metrics;
    static struct tid_memory memory;
    if (context.isa) return &context;
    context.isa = ti_isa_name(NULL);
    context.schemes = tid_json_schemes();
    context.openapi = tid_json_openapi(TID_SCOPE_ALL);
    context.pool = tid_pool_start(1);
    context.clients = tid_clients_make();
    if (!context.isa || !context.schemes || !context.openapi || !context.pool ||
        !context.clients)
        exit(1);
    if (!tid_metrics_init(&metrics, 1, context.isa)) exit(1);
    context.schemes_bytes = strlen(context.schemes);
    context.openapi_bytes = strlen(context.openapi);
    context.metrics = &metrics;
    tid_memory_init(&memory, (size_t)16 << 20);
    context.memory = &memory;
    context.model_cache = tid_model_cache_make(&memory);
    if (!context.model_cache) exit(1);
    models_open(&context);
    context.factor_cache = tid_factor_cache_make(&(struct tid_factor_options){
        .pool = context.pool, .memory = &memory, .functions = &tid_factor_functions});
    if (!context.factor_cache) exit(1);
    return &context;
}

/* Whether the query's tensor is small and its elements need no factorization. */
static bool is_small(const struct tid_request *request) {
    struct ti_spec *spec;
    struct ti_plan *plan = NULL;
    if (ti_spec_make(&spec) != TI_OK) exit(1);
    if (ti_spec_set_query(spec, request->query, request->query_bytes, NULL) == TI_OK)
        (void)!ti_plan_make(spec, &plan, NULL);
    const bool is = plan && ti_plan_info(plan)->elems <= ELEMS_MAX &&
                    ti_plan_info(plan)->factor_bytes == 0;
    ti_plan_free(plan);
    ti_spec_free(spec);
    return is;
}

static bool is_json(const struct tid_response *response) {
    const char *type = tid_response_field(response, "Content-Type");
    return type && (strcmp(type, "application/json") == 0 ||
                    strcmp(type, "application/problem+json") == 0);
}

/* Outside of strings brackets match; inside there is no control character. */
static void check_json(const char *text, size_t bytes) {
    bool in_string = false;
    long depth = 0;
    for (size_t i = 0; i < bytes; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (in_string) {
            REQUIRE(c >= 0x20);
            if (c == '\\') i++;
            in_string = c != '"';
            continue;
        }
        in_string = c == '"';
        depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        REQUIRE(depth >= 0);
    }
    REQUIRE(!in_string && depth == 0);
}

static void check_fields(const struct tid_response *response) {
    for (unsigned i = 0; i < response->field_count; i++) {
        const char *value = response->fields[i].value;
        /* RFC 9110 section 5.5, and no blanks around it. */
        for (const char *c = value; *c; c++) REQUIRE(*c >= 0x20 && *c <= 0x7e);
        REQUIRE(*value && *value != ' ' && value[strlen(value) - 1] != ' ');
        /* One line for each warning (section 5.3: a list), for others one in all. */
        if (strcmp(response->fields[i].name, "Tensor-Warning") == 0) continue;
        for (unsigned k = 0; k < i; k++)
            REQUIRE(strcmp(response->fields[i].name, response->fields[k].name) != 0);
    }
}

/* Section 14.4 and 15.3.7: what a partial response says it has. */
static void check_partial(const struct tid_response *response) {
    const char *range = tid_response_field(response, "Content-Range");
    unsigned long long first, last, total;
    if (response->status == 416) REQUIRE(range && strncmp(range, "bytes */", 8) == 0);
    if (response->status != 206) return;
    const char *type = tid_response_field(response, "Content-Type");
    /* Section 15.3.7.2: parts have their own Content-Range. */
    if (strncmp(type, "multipart/byteranges; boundary=", 31) == 0) {
        REQUIRE(!range);
        return;
    }
    REQUIRE(range && sscanf(range, "bytes %llu-%llu/%llu", &first, &last, &total) == 3);
    REQUIRE(first <= last && last < total);
    REQUIRE(tid_response_bytes(response) == last - first + 1);
}

/* Reads a body whose length is known in pieces, else to its end. */
static void check_stream(struct tid_response *response) {
    static char out[1 << 20], block[1 << 20];
    const struct tid_stream *stream = &response->stream;
    const uint64_t bytes = stream->bytes;
    size_t used = 0, written = 0;
    if (bytes != TID_STREAM_UNKNOWN) {
        REQUIRE(bytes <= sizeof out);
        REQUIRE(stream->read(stream->state, 0, (size_t)bytes, out));
        REQUIRE(
            stream->read(stream->state, bytes / 2, (size_t)(bytes - bytes / 2), block));
        REQUIRE(memcmp(out + bytes / 2, block, (size_t)(bytes - bytes / 2)) == 0);
        if (response->status == 200)
            REQUIRE(!stream->read(stream->state, bytes, 1, block));
        if (response->status == 200 && is_json(response)) check_json(out, (size_t)bytes);
        return;
    }
    for (enum tid_next next = TID_NEXT_MORE; next != TID_NEXT_END; used += written) {
        written = 0;
        next = stream->next(stream->state, TASK_NS, TID_STREAM_CAPACITY_MIN, out + used,
                            &written);
        REQUIRE(next != TID_NEXT_FAILED && written <= TID_STREAM_CAPACITY_MIN);
        REQUIRE(used + written <= sizeof out - TID_STREAM_CAPACITY_MIN);
    }
    if (is_json(response)) check_json(out, used);
}

/* The kind is one that /problems/ explains. */
static void check_problem(const struct tid_response *response) {
    unsigned i = 0;
    const char *title = strstr(response->bytes, "\"title\": \"") + 10;
    while (i < TID_PROBLEM_COUNT && (strncmp(title, tid_problem_get(i)->title,
                                             strlen(tid_problem_get(i)->title)) ||
                                     title[strlen(tid_problem_get(i)->title)] != '"'))
        i++;
    REQUIRE(i < TID_PROBLEM_COUNT && tid_problem_get(i)->status == response->status);
}

static void check_response(const struct tid_request *request,
                           struct tid_response *response) {
    const unsigned status = response->status;
    const char *type = tid_response_field(response, "Content-Type");
    REQUIRE(!response->overflow);
    REQUIRE(status == 200 || status == 204 || status == 206 || status == 304 ||
            (status >= 400 && status <= 416) || status == 501 || status == 503);
    check_fields(response);
    check_partial(response);
    if (status >= 400) check_problem(response);
    REQUIRE((status >= 400) == (type && strcmp(type, "application/problem+json") == 0));
    if (status == 204) REQUIRE(response->body == TID_BODY_EMPTY);
    if (response->body == TID_BODY_STREAM) {
        if (request->method == TID_METHOD_GET && status != 304 && is_small(request))
            check_stream(response);
    } else if (is_json(response)) {
        check_json(response->bytes, response->byte_count);
    }
}

/* Does what has been deferred, as mhd/ does, and routes again. */
static void settle(const struct tid_context *context, struct tid_request *request,
                   struct tid_response *response) {
    struct tid_deferred *deferred = tid_response_take_deferred(response);
    while (deferred->run(deferred)) continue;
    request->deferred = deferred;
    tid_route(context, tid_route_find(request), request, response);
    request->deferred = NULL;
    deferred->free(deferred);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct tid_context *context = context_get();
    struct fuzz_head head;
    struct tid_request request;
    struct tid_response response;
    fuzz_head_make(&head, data, size);
    if (fuzz_head_check(&head, &request).status == 0 &&
        !tid_target_split(head.target, head.target_bytes, &request)) {
        tid_route(context, tid_route_find(&request), &request, &response);
        while (response.body == TID_BODY_DEFERRED) settle(context, &request, &response);
        check_response(&request, &response);
        tid_response_clear(&response);
    }
    free(head.text);
    return 0;
}
