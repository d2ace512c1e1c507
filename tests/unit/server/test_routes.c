/* SPDX-License-Identifier: MIT */
/* server/routes and the endpoints, called with requests made by hand. */
#include <stdlib.h>

#include "server/json_openapi.h"
#include "server/json_schemes.h"
#include "server/metrics.h"
#include "server/routes.h"
#include "server/setups.h"
#include "support/test.h"

static struct tid_context context;
static struct tid_metrics metrics;
static char *schemes, *openapi;

static int context_make(void **state) {
    (void)state;
    context.isa = ti_isa_name(NULL);
    schemes = tid_json_schemes();
    openapi = tid_json_openapi();
    if (context.isa == NULL || schemes == NULL || openapi == NULL) return -1;
    if (!tid_metrics_init(&metrics, 1, context.isa)) return -1;
    context.schemes = schemes;
    context.schemes_bytes = strlen(schemes);
    context.openapi = openapi;
    context.openapi_bytes = strlen(openapi);
    context.metrics = &metrics;
    context.compute = tid_compute_start(1);
    if (context.compute == NULL) return -1;
    context.setups = tid_setups_make(context.compute, 16 << 20, &tid_setup_functions);
    return context.setups != NULL ? 0 : -1;
}

static int context_free(void **state) {
    (void)state;
    tid_compute_stop(context.compute);
    tid_setups_free(context.setups);
    tid_metrics_clear(&metrics);
    free(openapi);
    free(schemes);
    return 0;
}

static void answer(enum tid_method method, const char *path, const char *query,
                   struct tid_reply *reply) {
    struct tid_request request = {.method = method,
                                  .path = path,
                                  .path_bytes = strlen(path),
                                  .query = query,
                                  .query_bytes = strlen(query)};
    tid_route(&context, &request, reply);
    assert_false(reply->overflow);
}

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
    {TID_METHOD_GET, "/readyz", "", 200},
    {TID_METHOD_GET, "/metrics", "", 200},
    {TID_METHOD_HEAD, "/metrics", "", 200},
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
    {TID_METHOD_OTHER, "/v1/tensor", "shape=2,3", 405},
    {TID_METHOD_OTHER, "/nothing", "", 404},
    {TID_METHOD_UNKNOWN, "/v1/tensor", "", 501},
    {TID_METHOD_UNKNOWN, "/nothing", "", 501},
};

static void statuses(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tid_reply reply;
        answer(rows[i].method, rows[i].path, rows[i].query, &reply);
        if (reply.status != rows[i].status) {
            fail_msg("%s?%s: %u", rows[i].path, rows[i].query, reply.status);
        }
        bool allows = reply.status == 204 || reply.status == 405;
        assert_row((tid_reply_field(&reply, "Allow") != NULL) == allows, rows[i].path);
        const char *cache = tid_reply_field(&reply, "Cache-Control");
        bool stored = cache != NULL && strcmp(cache, "no-store") != 0;
        assert_row(reply.status < 400 || !stored, rows[i].path);
        const char *type = tid_reply_field(&reply, "Content-Type");
        bool problem = type != NULL && strcmp(type, "application/problem+json") == 0;
        assert_row(problem == (reply.status >= 400), rows[i].path);
        tid_reply_clear(&reply);
    }
}

/* What the stream gives in pieces of any size is what the library gives at once. */
static void stream(void **state) {
    const char *query = "shape=33,7&seed=5&name=w&format=npy";
    struct ti_plan *plan = test_plan(query);
    struct ti_body *body;
    struct tid_reply reply;
    (void)state;

    assert_int_equal(ti_body_make(plan, &body, NULL), TI_OK);
    size_t bytes = (size_t)ti_body_bytes(body);
    unsigned char *whole = malloc(bytes), *pieces = malloc(bytes);
    assert_int_equal(ti_body_read(body, 0, bytes, whole, NULL), TI_OK);

    answer(TID_METHOD_GET, "/v1/tensor", query, &reply);
    assert_int_equal(reply.body, TID_REPLY_STREAM);
    assert_int_equal(tid_reply_bytes(&reply), bytes);
    for (size_t piece = 1; piece < bytes; piece = piece * 3 + 1) {
        memset(pieces, 0xa5, bytes);
        for (size_t at = 0; at < bytes; at += piece) {
            size_t count = bytes - at < piece ? bytes - at : piece;
            assert_true(reply.stream.read(reply.stream.state, at, count, pieces + at));
        }
        assert_memory_equal(whole, pieces, bytes);
    }
    assert_false(reply.stream.read(reply.stream.state, bytes, 1, pieces));
    tid_reply_clear(&reply);
    free(pieces);
    free(whole);
    ti_body_free(body);
    ti_plan_free(plan);
}

/* What takes long says so, and claims its setup, unless nothing is to be computed. */
static void computing(void **state) {
    static const struct {
        enum tid_method method;
        const char *path, *query;
        bool computes, claims;
    } takes[] = {
        {TID_METHOD_GET, "/v1/tensor", "shape=9,9", false, false},
        {TID_METHOD_GET, "/v1/tensor", "shape=9,9&scheme=orthogonal", true, true},
        {TID_METHOD_GET, "/v1/tensor", "shape=9,9&scheme=orthogonal&format=json", true,
         true},
        {TID_METHOD_GET, "/v1/stats", "shape=9,9", false, false},
        {TID_METHOD_GET, "/v1/stats", "shape=9,9&scheme=orthogonal", true, true},
        {TID_METHOD_HEAD, "/v1/tensor", "shape=9,9&scheme=orthogonal", true, false},
        {TID_METHOD_HEAD, "/v1/stats", "shape=9,9&scheme=orthogonal", true, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(takes); i++) {
        struct tid_reply reply;
        answer(takes[i].method, takes[i].path, takes[i].query, &reply);
        assert_row(reply.body == TID_REPLY_STREAM, takes[i].query);
        assert_row(reply.stream.computes == takes[i].computes, takes[i].query);
        assert_row((reply.stream.claim != NULL) == takes[i].claims, takes[i].query);
        tid_reply_clear(&reply);
    }
}

/* What would never fit is refused alike, however it is asked for. */
static void too_large(void **state) {
    static const char query[] = "shape=3000,3000&scheme=orthogonal";
    struct tid_reply reply;
    (void)state;
    answer(TID_METHOD_GET, "/v1/tensor", query, &reply);
    assert_int_equal(reply.status, 400);
    assert_non_null(strstr(reply.bytes, "this server allows 16 MiB"));
    assert_non_null(strstr(reply.bytes, "\"shape\""));
    tid_reply_clear(&reply);
    answer(TID_METHOD_HEAD, "/v1/tensor", query, &reply);
    assert_int_equal(reply.status, 400);
    tid_reply_clear(&reply);
    answer(TID_METHOD_GET, "/v1/stats", query, &reply);
    assert_int_equal(reply.status, 400);
    tid_reply_clear(&reply);
    answer(TID_METHOD_GET, "/v1/plan", query, &reply);
    assert_int_equal(reply.status, 400);
    tid_reply_clear(&reply);
}

/* A hostile Host does not reach the page. */
static void host(void **state) {
    static const char *const hosts[] = {"",         "x'; reboot; '", "x y",   "a\tb",
                                        "<script>", "$(reboot)",     "x%s%n", "`x`"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        struct tid_request request = {.path = "/", .path_bytes = 1, .query = ""};
        struct tid_reply reply;
        request.fields[TID_FIELD_HOST] = hosts[i];
        tid_route(&context, &request, &reply);
        assert_int_equal(reply.status, 200);
        const char *text = reply.bytes;
        assert_row(strstr(text, "'http://127.0.0.1:8080/v1/tensor?") != NULL, hosts[i]);
        assert_row(text[reply.byte_count - 1] == '\n', hosts[i]);
        tid_reply_clear(&reply);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses),  cmocka_unit_test(stream),
        cmocka_unit_test(computing), cmocka_unit_test(too_large),
        cmocka_unit_test(host),
    };
    return cmocka_run_group_tests(tests, context_make, context_free);
}
