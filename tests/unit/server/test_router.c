/* SPDX-License-Identifier: MIT */
/* server/router and the endpoints, called with requests made by hand. */
#include <stdio.h>
#include <stdlib.h>

#include "server/documents/json_openapi.h"
#include "server/documents/json_schemes.h"
#include "server/documents/metrics.h"
#include "server/http/deferred.h"
#include "server/models/model_making.h"
#include "server/router.h"
#include "server/routes.h"
#include "server/work/factor_cache.h"
#include "support/test.h"
#include "support/wait.h"

static struct tid_context context;
static struct tid_memory memory;
static struct tid_metrics metrics;
static char *schemes, *openapi;

static int context_make(void **state) {
    (void)state;
    context.isa = ti_isa_name(NULL);
    schemes = tid_json_schemes();
    openapi = tid_json_openapi(TID_SCOPE_ALL);
    if (!context.isa || !schemes || !openapi) return -1;
    if (!tid_metrics_init(&metrics, 1, context.isa)) return -1;
    context.schemes = schemes;
    context.schemes_bytes = strlen(schemes);
    context.openapi = openapi;
    context.openapi_bytes = strlen(openapi);
    context.metrics = &metrics;
    context.pool = tid_pool_start(1);
    context.clients = tid_clients_make();
    tid_memory_init(&memory, 16 << 20);
    context.memory = &memory;
    context.model_cache = tid_model_cache_make(&memory);
    if (!context.pool || !context.clients || !context.model_cache) return -1;
    context.factor_cache = tid_factor_cache_make(&(struct tid_factor_options){
        context.pool, &memory, 0, TID_FACTOR_KEEP_MS, &tid_factor_functions});
    return context.factor_cache ? 0 : -1;
}

static int context_free(void **state) {
    (void)state;
    tid_pool_stop(context.pool);
    tid_factor_cache_free(context.factor_cache);
    tid_model_cache_free(context.model_cache);
    tid_clients_free(context.clients);
    tid_memory_clear(&memory);
    tid_metrics_clear(&metrics);
    free(openapi);
    free(schemes);
    return 0;
}

/* Does what has been deferred, as a thread of the pool does, and routes again. */
static void settle(struct tid_request *request, struct tid_response *response) {
    assert_int_equal(response->body, TID_BODY_DEFERRED);
    /* The document of a model is written after the model has been made. */
    for (int i = 0; i < 2 && response->body == TID_BODY_DEFERRED; i++) {
        struct tid_deferred *deferred = tid_response_take_deferred(response);
        while (deferred->run(deferred)) continue;
        request->deferred = deferred;
        tid_route(&context, tid_route_find(request), request, response);
        request->deferred = NULL;
        deferred->free(deferred);
    }
    assert_int_not_equal(response->body, TID_BODY_DEFERRED);
}

static void respond(enum tid_method method, const char *path, const char *query,
                    struct tid_response *response) {
    struct tid_request request = {.method = method,
                                  .path = path,
                                  .path_bytes = strlen(path),
                                  .query = query,
                                  .query_bytes = strlen(query)};
    tid_route(&context, tid_route_find(&request), &request, response);
    if (response->body == TID_BODY_DEFERRED) settle(&request, response);
    assert_false(response->overflow);
}

/* A manifest in a URL: four orthogonal matrices. */
#define MODEL                                                                            \
    "~eNqrVipJzSvOLypWsqpWStSrNtDTM65Vsoo20TGJrdVRKirNSQVKRUcraSnpKBUnZ6TmptrmF5Vk5Kfn5yXmKMXG1gIAwAYVnw"

static const struct {
    enum tid_method method;
    const char *path, *query;
    unsigned status;
} rows[] = {
    {TID_METHOD_GET, "/", "", 200},
    {TID_METHOD_HEAD, "/", "", 200},
    {TID_METHOD_GET, "/healthz", "", 200},
    {TID_METHOD_GET, "/v1/schemes", "", 200},
    {TID_METHOD_GET, "/openapi.json", "", 200},
    {TID_METHOD_GET, "/client/tensorinit.py", "", 200},
    {TID_METHOD_GET, "/client/", "", 404},
    {TID_METHOD_GET, "/page/app.js", "", 200},
    {TID_METHOD_HEAD, "/page/chart.min.js", "", 200},
    {TID_METHOD_GET, "/page/", "", 404},
    {TID_METHOD_GET, "/page/app", "", 404},
    {TID_METHOD_GET, "/page/app.js/", "", 404},
    {TID_METHOD_GET, "/readyz", "", 200},
    {TID_METHOD_GET, "/metrics", "", 200},
    {TID_METHOD_HEAD, "/metrics", "", 200},
    {TID_METHOD_GET, "/problems", "", 200},
    {TID_METHOD_GET, "/problems/not-found", "", 200},
    {TID_METHOD_GET, "/problems/", "", 404},
    {TID_METHOD_GET, "/problems/not-foun", "", 404},
    {TID_METHOD_GET, "/problems/not-found/", "", 404},
    {TID_METHOD_GET, "/v1/tensor", "shape=2,3", 200},
    {TID_METHOD_HEAD, "/v1/tensor", "shape=2,3", 200},
    {TID_METHOD_GET, "/v1/plan", "shape=2,3", 200},
    {TID_METHOD_GET, "/v1/tensor", "", 400},
    {TID_METHOD_GET, "/v1/plan", "shape=2,x", 400},
    {TID_METHOD_GET, "/v1/tensor/", "shape=2,3", 404},
    {TID_METHOD_GET, "/v1/tenso", "shape=2,3", 404},
    {TID_METHOD_GET, "/v1%2ftensor", "shape=2,3", 404},
    {TID_METHOD_GET, "", "", 404},
    {TID_METHOD_GET, "*", "", 404},
    {TID_METHOD_OPTIONS, "*", "", 204},
    {TID_METHOD_OPTIONS, "/v1/tensor", "", 204},
    {TID_METHOD_OPTIONS, "/nothing", "", 404},
    {TID_METHOD_POST, "/v1/tensor", "shape=2,3", 200},
    {TID_METHOD_POST, "/v1/plan", "shape=2,3", 200},
    {TID_METHOD_POST, "/v1/schemes", "", 405},
    {TID_METHOD_GET, "/v1/models", "", 200},
    {TID_METHOD_GET, "/v1/models", "seed=1", 400},
    {TID_METHOD_POST, "/v1/models", "", 400},
    {TID_METHOD_GET, "/v1/models/gpt2", "", 404},
    {TID_METHOD_GET, "/v1/models/" MODEL, "", 200},
    {TID_METHOD_POST, "/v1/models/" MODEL, "", 405},
    {TID_METHOD_GET, "/v1/models/" MODEL "/seed-1-bf16", "", 200},
    {TID_METHOD_GET, "/v1/models/" MODEL "/seed-01", "", 404},
    {TID_METHOD_GET, "/v1/models/" MODEL "/seed-1/model.safetensors", "", 200},
    {TID_METHOD_HEAD, "/v1/models/" MODEL "/seed-1/manifest.json", "", 200},
    {TID_METHOD_GET, "/v1/models/" MODEL "/seed-1/x", "", 404},
    {TID_METHOD_GET, "/v1/models/" MODEL "/seed-1/x/y", "", 404},
    {TID_METHOD_GET, "/v1/models/~x", "", 404},
    {TID_METHOD_GET, "/gpt2/resolve/main/model.safetensors", "", 404},
    {TID_METHOD_GET, "/a/gpt2/raw/main/model.safetensors", "", 404},
    {TID_METHOD_GET, "/api/models/gpt2", "", 404},
    {TID_METHOD_POST, "/api/models/gpt2/paths-info/main", "paths=a", 404},
    {TID_METHOD_POST, "/nothing", "", 404},
    {TID_METHOD_OTHER, "/v1/tensor", "shape=2,3", 405},
    {TID_METHOD_OTHER, "/nothing", "", 404},
    {TID_METHOD_UNKNOWN, "/v1/tensor", "", 501},
    {TID_METHOD_UNKNOWN, "/nothing", "", 501},
};

static void statuses(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tid_response response;
        respond(rows[i].method, rows[i].path, rows[i].query, &response);
        if (response.status != rows[i].status) {
            fail_msg("%s?%s: %u", rows[i].path, rows[i].query, response.status);
        }
        bool allows = response.status == 204 || response.status == 405;
        assert_row((tid_response_field(&response, "Allow") != NULL) == allows,
                   rows[i].path);
        const char *cache = tid_response_field(&response, "Cache-Control");
        bool stored = cache != NULL && strcmp(cache, "no-store") != 0;
        assert_row(response.status < 400 || !stored, rows[i].path);
        const char *type = tid_response_field(&response, "Content-Type");
        bool problem = type != NULL && strcmp(type, "application/problem+json") == 0;
        assert_row(problem == (response.status >= 400), rows[i].path);
        tid_response_clear(&response);
    }
    /* What it has cached is no memory of the tests that follow. */
    tid_model_cache_free(context.model_cache);
    context.model_cache = tid_model_cache_make(&memory);
    assert_non_null(context.model_cache);
}

/* The stream, read in parts of any size, is what the library returns at once. */
static void stream(void **state) {
    const char *query = "shape=33,7&seed=5&name=w&format=npy";
    struct ti_plan *plan = test_plan(query);
    struct ti_body *body;
    struct tid_response response;
    (void)state;

    assert_int_equal(ti_body_make(plan, &body, NULL), TI_OK);
    size_t bytes = (size_t)ti_body_bytes(body);
    unsigned char *expected = malloc(bytes), *parts = malloc(bytes);
    assert_int_equal(ti_body_read(body, 0, bytes, expected, NULL), TI_OK);

    respond(TID_METHOD_GET, "/v1/tensor", query, &response);
    assert_int_equal(response.body, TID_BODY_STREAM);
    assert_int_equal(tid_response_bytes(&response), bytes);
    for (size_t step = 1; step < bytes; step = step * 3 + 1) {
        memset(parts, 0xa5, bytes);
        for (size_t at = 0; at < bytes; at += step) {
            size_t count = bytes - at < step ? bytes - at : step;
            assert_true(
                response.stream.read(response.stream.state, at, count, parts + at));
        }
        assert_memory_equal(expected, parts, bytes);
    }
    assert_false(response.stream.read(response.stream.state, bytes, 1, parts));
    tid_response_clear(&response);
    free(parts);
    free(expected);
    ti_body_free(body);
    ti_plan_free(plan);
}

/*
 * Slow tensors say so, and lease their factorization unless nothing is computed. Buffers
 * and workspaces count as memory until the response is freed.
 */
static void computing(void **state) {
    static const struct {
        enum tid_method method;
        const char *path, *query;
        bool computes, leases, takes;
    } cases[] = {
        {TID_METHOD_GET, "/v1/tensor", "shape=9,9", false, false, false},
        {TID_METHOD_GET, "/v1/tensor", "shape=9,9&scheme=orthogonal", true, true, true},
        {TID_METHOD_GET, "/v1/tensor", "shape=9,9&scheme=orthogonal&format=json", true,
         true, true},
        {TID_METHOD_GET, "/v1/stats", "shape=9,9", true, false, true},
        {TID_METHOD_GET, "/v1/stats", "shape=9,9&scheme=orthogonal", true, true, true},
        {TID_METHOD_HEAD, "/v1/tensor", "shape=9,9&scheme=orthogonal", true, false,
         false},
        {TID_METHOD_HEAD, "/v1/stats", "shape=9,9&scheme=orthogonal", true, false, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct tid_response response;
        respond(cases[i].method, cases[i].path, cases[i].query, &response);
        assert_row(response.body == TID_BODY_STREAM, cases[i].query);
        assert_row(response.stream.computes == cases[i].computes, cases[i].query);
        assert_row((response.stream.lease != NULL) == cases[i].leases, cases[i].query);
        const bool takes = tid_memory_used(&memory, TID_MEMORY_RESPONSE) > 0;
        assert_row(takes == (cases[i].takes && cases[i].method == TID_METHOD_GET),
                   cases[i].query);
        tid_response_clear(&response);
        assert_row(tid_memory_used(&memory, TID_MEMORY_RESPONSE) == 0, cases[i].query);
    }
}

/* A tensor that never fits is refused by every endpoint and method. */
static void too_large(void **state) {
    static const char query[] = "shape=3000,3000&scheme=orthogonal";
    struct tid_response response;
    (void)state;
    respond(TID_METHOD_GET, "/v1/tensor", query, &response);
    assert_int_equal(response.status, 400);
    assert_non_null(
        strstr(response.bytes, "this server allows 12 MiB, of 16 MiB in all"));
    assert_non_null(strstr(response.bytes, "\"shape\""));
    tid_response_clear(&response);
    respond(TID_METHOD_HEAD, "/v1/tensor", query, &response);
    assert_int_equal(response.status, 400);
    tid_response_clear(&response);
    respond(TID_METHOD_GET, "/v1/stats", query, &response);
    assert_int_equal(response.status, 400);
    tid_response_clear(&response);
    respond(TID_METHOD_GET, "/v1/plan", query, &response);
    assert_int_equal(response.status, 400);
    tid_response_clear(&response);
}

/* Without memory for its buffers a request may come again; without any need it is served. */
static void memory_in_use(void **state) {
    const size_t all = tid_memory_max(&memory, TID_MEMORY_RESPONSE);
    struct tid_response response;
    (void)state;
    /* What earlier tests have left may still be computed. */
    assert_soon(tid_memory_take(&memory, TID_MEMORY_RESPONSE, all));
    respond(TID_METHOD_GET, "/v1/stats", "shape=9,9", &response);
    assert_int_equal(response.status, 503);
    assert_string_equal(tid_response_field(&response, "Retry-After"), "10");
    tid_response_clear(&response);
    respond(TID_METHOD_HEAD, "/v1/stats", "shape=9,9", &response);
    assert_int_equal(response.status, 200);
    tid_response_clear(&response);
    respond(TID_METHOD_GET, "/v1/plan", "shape=9,9&scheme=orthogonal", &response);
    assert_int_equal(response.status, 200);
    tid_response_clear(&response);
    tid_memory_give(&memory, TID_MEMORY_RESPONSE, all);
    respond(TID_METHOD_GET, "/v1/stats", "shape=9,9", &response);
    assert_int_equal(response.status, 200);
    tid_response_clear(&response);
}

/* As many tensors as a manifest in a URL may have, each with a query of its own. */
static const char many[] = "{\"tensors\":{\"a{0..4095}\":[2]},"
                           "\"rules\":[[\"a{i}\",\"scheme=constant&value={i}\"]]}";

static void post(const char *body, struct tid_request *request,
                 struct tid_response *response) {
    static const char path[] = "/v1/models";
    *request = (struct tid_request){.method = TID_METHOD_POST,
                                    .path = path,
                                    .path_bytes = sizeof path - 1,
                                    .body = body,
                                    .body_bytes = strlen(body)};
    tid_route(&context, tid_route_find(request), request, response);
}

/* The thread that polls connections neither reads a manifest nor plans its tensors. */
static void model_is_made_elsewhere(void **state) {
    struct tid_request request;
    struct tid_response response, created;
    (void)state;
    post(many, &request, &created);
    assert_int_equal(created.body, TID_BODY_DEFERRED);
    settle(&request, &created);
    assert_int_equal(created.status, 201);
    const char *location = tid_response_field(&created, "Location");
    char path[8192];
    snprintf(path, sizeof path, "%s/seed-1/model.safetensors", location);
    request = (struct tid_request){
        .method = TID_METHOD_GET, .path = path, .path_bytes = strlen(path)};
    /* Now it is in memory: made once, for POST as well. */
    tid_route(&context, tid_route_find(&request), &request, &response);
    assert_int_equal(response.status, 200);
    assert_int_equal(response.body, TID_BODY_STREAM);
    tid_response_clear(&response);
    /* Its document is written elsewhere; of that many tensors the rest while it is sent. */
    request = (struct tid_request){
        .method = TID_METHOD_GET, .path = location, .path_bytes = strlen(location)};
    tid_route(&context, tid_route_find(&request), &request, &response);
    settle(&request, &response);
    assert_int_equal(response.status, 200);
    assert_true(tid_response_bytes(&response) == TID_STREAM_UNKNOWN);
    tid_response_clear(&response);
    /* The same with another size of files is another model. */
    snprintf(path, sizeof path, "%s/seed-1-1KB/model.safetensors.index.json", location);
    request = (struct tid_request){
        .method = TID_METHOD_GET, .path = path, .path_bytes = strlen(path)};
    tid_route(&context, tid_route_find(&request), &request, &response);
    assert_int_equal(response.body, TID_BODY_DEFERRED);
    settle(&request, &response);
    assert_int_equal(response.status, 200);
    tid_response_clear(&response);
    tid_response_clear(&created);
}

/* A client that leaves ends it, also while the tensors are planned. */
static void making_ends_when_abandoned(void **state) {
    struct tid_request request;
    struct tid_response response;
    (void)state;
    post("{\"tensors\":{\"b{0..4095}\":[2]},"
         "\"rules\":[[\"b{i}\",\"scheme=constant&value={i}\"]]}",
         &request, &response);
    assert_int_equal(response.body, TID_BODY_DEFERRED);
    struct tid_deferred *deferred = tid_response_take_deferred(&response);
    assert_true(deferred->run(deferred));
    const struct tid_model_making *making = (struct tid_model_making *)(void *)deferred;
    assert_non_null(making->source);
    atomic_store(&deferred->abandoned, true);
    assert_false(deferred->run(deferred));
    assert_null(making->model);
    assert_int_equal(making->error.code, TI_ECANCELLED);
    deferred->free(deferred);
}

/* Errors name the lines of what was sent. */
static void manifest_that_is_wrong(void **state) {
    struct tid_request request;
    struct tid_response response;
    (void)state;
    static const char *const bodies[][2] = {
        {"{\"tensors\":\n{\"a\":[2]},\n\"rules\":\n[[\"*\",\"scheme=norml\"]]}",
         "line 4: "},
        {"{\"description\": \"x\",\n\n\"tensors\": [", "line 3"},
        {"{\"tensors\":{\"a{0..4096}\":[2]},\"rules\":[[\"*\",\"scheme=ones\"]]}",
         "4096"}};
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        post(bodies[i][0], &request, &response);
        assert_int_equal(response.body, TID_BODY_DEFERRED);
        settle(&request, &response);
        assert_int_equal(response.status, 400);
        const char *text = (const char *)response.bytes;
        assert_non_null(strstr(text, bodies[i][1]));
        tid_response_clear(&response);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(model_is_made_elsewhere),
        cmocka_unit_test(making_ends_when_abandoned),
        cmocka_unit_test(manifest_that_is_wrong),
        cmocka_unit_test(statuses),
        cmocka_unit_test(stream),
        cmocka_unit_test(computing),
        cmocka_unit_test(too_large),
        cmocka_unit_test(memory_in_use),
    };
    return cmocka_run_group_tests(tests, context_make, context_free);
}
