/* SPDX-License-Identifier: MIT */
/* server/documents/metrics: sums over workers, and Prometheus' text format 0.0.4. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/documents/metrics_text.h"
#include "support/test.h"

static const struct tid_limits limits = {.refused = {[TID_LIMIT_computations] = 32}};

static const struct tid_metrics_others others = {
    .pool = {3, 2, 1500},
    .factors = {.computed = 11,
                .reused = 12,
                .evicted = 29,
                .cancelled = 13,
                .refused = 14,
                .expired = 25,
                .revoked = 26,
                .waiting = 15,
                .bytes = 16},
    .clients = {.clients = 31, .computations = 30},
    .limits = &limits,
    .memory_limit_bytes = 28,
    .response_bytes = 27,
    .process = {1234, 4096, 8192, 7, 100},
};

/* The route of a path. */
static unsigned route_of(const char *path) {
    struct tid_request request = {.path = path, .path_bytes = strlen(path)};
    return tid_route_find(&request);
}

static char *text_of(const struct tid_metrics *metrics,
                     const struct tid_metrics_others *of) {
    char *text = tid_metrics_text(metrics, of);
    assert_non_null(text);
    return text;
}

static void assert_line(const char *text, const char *line) {
    char with_ends[256];
    snprintf(with_ends, sizeof with_ends, "\n%s\n", line);
    assert_row(strstr(text, with_ends) != NULL, line);
}

static void count(struct tid_counters *counters, unsigned route, unsigned format,
                  unsigned status, bool complete) {
    tid_count_request(counters, &(struct tid_counted_request){.route = route,
                                                              .format = format,
                                                              .status = status,
                                                              .complete = complete,
                                                              .duration_ns = 1000000,
                                                              .first_byte_ns = -1});
}

static void sums(void **state) {
    const unsigned tensor = route_of("/v1/tensor"), other = route_of("/nothing");
    struct tid_metrics metrics;
    (void)state;

    assert_true(tid_metrics_init(&metrics, 3, "portable"));
    for (unsigned i = 0; i < 3; i++) {
        struct tid_counters *counters = &metrics.workers[i];
        tid_count(&counters->opened, 5);
        tid_count(&counters->closed, i);
        tid_count(&counters->in_flight, 2);
        tid_count(&counters->in_flight, UINT64_MAX);
        tid_count(&counters->bytes[tensor], UINT64_C(1) << 40);
        count(counters, tensor, TI_FORMAT_NPY, 206, i != 1);
        count(counters, other, TI_FORMAT_COUNT, 404, true);
        count(counters, other, TI_FORMAT_COUNT, 299, true);
        tid_count_generated(&counters->generated[i], 1000, 1500000000);
    }
    tid_count(&metrics.refused, 9);
    tid_count(&metrics.workers[0].ended[TID_ENDED_SLOW], 2);
    tid_count(&metrics.workers[2].ended[TID_ENDED_SLOW], 1);
    tid_count(&metrics.ended[TID_ENDED_NO_DESCRIPTOR], 5);
    char *text = text_of(&metrics, &others);
    assert_line(
        text,
        "tensorinit_requests_total{route=\"/v1/tensor\",format=\"npy\",code=\"206\"} 3");
    assert_line(
        text,
        "tensorinit_requests_total{route=\"/v1/tensor\",format=\"raw\",code=\"200\"} 0");
    assert_line(
        text,
        "tensorinit_requests_total{route=\"other\",format=\"none\",code=\"404\"} 3");
    assert_line(
        text,
        "tensorinit_requests_total{route=\"other\",format=\"none\",code=\"other\"} 3");
    assert_line(text,
                "tensorinit_response_bytes_total{route=\"/v1/tensor\"} 3298534883328");
    assert_line(text, "tensorinit_requests_in_flight 3");
    assert_line(text, "tensorinit_requests_cut_total 1");
    assert_line(text, "tensorinit_connections 12");
    assert_line(text, "tensorinit_connections_refused_total 9");
    assert_line(text, "tensorinit_connections_ended_total{reason=\"slow\"} 3");
    assert_line(text, "tensorinit_connections_ended_total{reason=\"no_descriptor\"} 5");
    assert_line(text, "tensorinit_connections_ended_total{reason=\"stalled\"} 0");
    assert_line(text, "process_cpu_seconds_total 1.234");
    assert_line(text, "process_resident_memory_bytes 4096");
    assert_line(text, "process_virtual_memory_bytes 8192");
    assert_line(text, "process_open_fds 7");
    assert_line(text, "tensorinit_factorizations_evicted_total 29");
    /* Schemes 0, 1 and 2, one by each worker. */
    assert_line(text, "tensorinit_generated_bytes_total{scheme=\"he_normal\"} 1000");
    assert_line(text,
                "tensorinit_generation_seconds_total{scheme=\"he_uniform\"} 1.500000000");
    assert_line(text, "tensorinit_generated_bytes_total{scheme=\"lecun_normal\"} 0");
    assert_line(text, "tensorinit_computations 30");
    assert_line(text, "tensorinit_clients 31");
    assert_line(text, "tensorinit_limit_refusals_total{limit=\"computations\"} 32");
    assert_line(text, "tensorinit_limit_refusals_total{limit=\"json_elems\"} 0");
    assert_line(text, "tensorinit_compute_queue 3");
    assert_line(text, "tensorinit_compute_running 2");
    assert_line(text, "tensorinit_compute_seconds_total 1.500");
    assert_line(text, "tensorinit_factorizations_computed_total 11");
    assert_line(text, "tensorinit_factorizations_reused_total 12");
    assert_line(text, "tensorinit_factorizations_cancelled_total 13");
    assert_line(text, "tensorinit_factorizations_refused_total 14");
    assert_line(text, "tensorinit_factorizations_waiting 15");
    assert_line(text, "tensorinit_factorizations_expired_total 25");
    assert_line(text, "tensorinit_factorizations_revoked_total 26");
    assert_line(text, "tensorinit_response_memory_bytes 27");
    assert_line(text, "tensorinit_memory_limit_bytes 28");
    assert_line(text, "tensorinit_factorization_memory_bytes 16");
    free(text);
    tid_metrics_clear(&metrics);
}

/* A value is in the buckets whose bound it does not exceed. */
static void histograms(void **state) {
    static const int64_t values_ns[] = {0,           500000,      500001,      1000000,
                                        59999999999, 60000000001, 300000000001};
    const unsigned route = route_of("/v1/tensor");
    struct tid_metrics metrics;
    (void)state;

    assert_true(tid_metrics_init(&metrics, 2, "portable"));
    for (size_t i = 0; i < sizeof values_ns / sizeof *values_ns; i++)
        tid_count_request(&metrics.workers[i % 2],
                          &(struct tid_counted_request){.route = route,
                                                        .format = TI_FORMAT_RAW,
                                                        .status = 200,
                                                        .complete = true,
                                                        .duration_ns = values_ns[i],
                                                        .first_byte_ns = -1});
    char *text = text_of(&metrics, &others);
#define NAME "tensorinit_request_duration_seconds"
#define ROUTE "{route=\"/v1/tensor\""
    assert_line(text, NAME "_bucket" ROUTE ",le=\"0.0005\"} 2");
    assert_line(text, NAME "_bucket" ROUTE ",le=\"0.001\"} 4");
    assert_line(text, NAME "_bucket" ROUTE ",le=\"30\"} 4");
    assert_line(text, NAME "_bucket" ROUTE ",le=\"60\"} 5");
    assert_line(text, NAME "_bucket" ROUTE ",le=\"300\"} 6");
    assert_line(text, NAME "_bucket" ROUTE ",le=\"+Inf\"} 7");
    assert_line(text, NAME "_sum" ROUTE "} 420.002000002");
    assert_line(text, NAME "_count" ROUTE "} 7");
    assert_null(strstr(text, "\ntensorinit_request_first_byte_seconds_"));
    free(text);
    tid_metrics_clear(&metrics);
}

/* Sums of counters that are not of one moment: never a negative gauge. */
static void more_closed_than_opened(void **state) {
    struct tid_metrics metrics;
    (void)state;

    assert_true(tid_metrics_init(&metrics, 1, "portable"));
    tid_count(&metrics.workers[0].closed, 1);
    char *text = text_of(&metrics, &others);
    assert_line(text, "tensorinit_connections 0");
    free(text);
    tid_metrics_clear(&metrics);
}

static void unknown_is_left_out(void **state) {
    const struct tid_metrics_others unknown = {.process = {-1, -1, -1, -1, -1}};
    struct tid_metrics metrics;
    (void)state;

    assert_true(tid_metrics_init(&metrics, 1, "portable"));
    char *text = text_of(&metrics, &unknown);
    assert_non_null(strstr(text, "\nprocess_start_time_seconds "));
    assert_null(strstr(text, "process_cpu_seconds_total"));
    assert_null(strstr(text, "process_resident_memory_bytes"));
    assert_null(strstr(text, "_fds"));
    free(text);
    tid_metrics_clear(&metrics);
}

static void labels_are_escaped(void **state) {
    struct tid_metrics metrics;
    (void)state;

    assert_true(tid_metrics_init(&metrics, 1, "a\"b\\c\nd"));
    char *text = text_of(&metrics, &others);
    assert_non_null(strstr(text, ",isa=\"a\\\"b\\\\c\\nd\"} 1\n"));
    free(text);
    tid_metrics_clear(&metrics);
}

static size_t name_length(const char *line) {
    size_t length = 0;
    while (isalnum((unsigned char)line[length]) || line[length] == '_') length++;
    return length;
}

/* Each metric: HELP, TYPE, then its samples and no others; counters end in _total. */
static void format(void **state) {
    struct tid_metrics metrics;
    char name[128] = "", seen[8192] = "\n";
    (void)state;

    assert_true(tid_metrics_init(&metrics, 2, "portable"));
    char *text = text_of(&metrics, &others);
    assert_int_equal(text[strlen(text) - 1], '\n');
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (strncmp(line, "# HELP ", 7) == 0) {
            size_t length = name_length(line + 7);
            snprintf(name, sizeof name, "\n%.*s\n", (int)length, line + 7);
            assert_row(length > 0 && strstr(seen, name) == NULL, line);
            strcat(seen, name + 1);
            snprintf(name, sizeof name, "%.*s", (int)length, line + 7);
            assert_row(line[7 + length] == ' ' && line[8 + length] != '\0', line);
            char type[160];
            snprintf(type, sizeof type, "# TYPE %s ", name);
            line = strtok(NULL, "\n");
            assert_row(strncmp(line, type, strlen(type)) == 0, line);
            const char *kind = line + strlen(type);
            bool total = strstr(name, "_total") != NULL;
            const bool histogram =
                strncmp(name, "tensorinit_request_", 19) == 0 && !total;
            assert_row(strcmp(kind, total       ? "counter"
                                    : histogram ? "histogram"
                                                : "gauge") == 0,
                       line);
            continue;
        }
        size_t length = name_length(line);
        assert_row(length == strlen(name) && memcmp(line, name, length) == 0, line);
        const char *value = strrchr(line, ' ');
        assert_row(value != NULL && isdigit((unsigned char)value[1]), line);
        char *end;
        strtod(value + 1, &end);
        assert_row(*end == '\0', line);
        const char *before = value - 1;
        assert_row(line[length] == '{' ? *before == '}' : line + length == value, line);
    }
    free(text);
    tid_metrics_clear(&metrics);
}

/* On any system what is known of this process is plausible. */
static void this_process(void **state) {
    struct tid_process now;
    (void)state;

    tid_process_read(&now);
    assert_true(now.cpu_ms >= 0);
    assert_true(now.resident_bytes == -1 || now.resident_bytes > 100000);
    assert_true(now.open_fds == -1 || now.open_fds >= 1);
    assert_true(now.max_fds == -1 || now.max_fds >= now.open_fds);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums),
        cmocka_unit_test(histograms),
        cmocka_unit_test(more_closed_than_opened),
        cmocka_unit_test(unknown_is_left_out),
        cmocka_unit_test(labels_are_escaped),
        cmocka_unit_test(format),
        cmocka_unit_test(this_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
