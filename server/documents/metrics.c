/* SPDX-License-Identifier: MIT */
/*
 * Adds up the counters of the workers and writes them for Prometheus (exposition format
 * 0.0.4). Called by the endpoint /metrics; the adapter counts.
 */
#include "server/documents/metrics.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tensorinit/version.h>

static const unsigned codes[TID_METRICS_CODE_COUNT] = {
#define TID_CODE(code) code,
    TID_METRICS_CODES(TID_CODE)
#undef TID_CODE
};

bool tid_metrics_init(struct tid_metrics *metrics, unsigned worker_count,
                      const char *isa) {
    const size_t bytes = worker_count * sizeof(struct tid_counters);
    struct timespec now;

    memset(metrics, 0, sizeof *metrics);
    metrics->workers = aligned_alloc(_Alignof(struct tid_counters), bytes);
    if (metrics->workers == NULL) return false;
    memset(metrics->workers, 0, bytes);
    metrics->worker_count = worker_count;
    metrics->isa = isa;
    /* Not from /proc, where a sandbox may hide when the machine was started. */
    clock_gettime(CLOCK_REALTIME, &now);
    metrics->start_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    return true;
}

void tid_metrics_clear(struct tid_metrics *metrics) {
    free(metrics->workers);
    metrics->workers = NULL;
    metrics->worker_count = 0;
}

void tid_count_request(struct tid_counters *counters, unsigned route, unsigned status,
                       bool whole) {
    unsigned code = 0;

    while (code < TID_METRICS_CODE_COUNT && codes[code] != status) code++;
    tid_count(&counters->requests[route][code], 1);
    if (!whole) tid_count(&counters->cut, 1);
}

/* 'text' is NULL once memory has run out. */
struct buffer {
    char *text;
    size_t used, room;
};

__attribute__((format(printf, 2, 3))) static void put(struct buffer *buffer,
                                                      const char *format, ...) {
    va_list arguments;

    if (buffer->text == NULL) return;
    for (;;) {
        const size_t left = buffer->room - buffer->used;
        va_start(arguments, format);
        const size_t count =
            (size_t)vsnprintf(buffer->text + buffer->used, left, format, arguments);
        va_end(arguments);
        if (count < left) {
            buffer->used += count;
            return;
        }
        char *text = realloc(buffer->text, buffer->room * 2 + count);
        if (text == NULL) {
            free(buffer->text);
            buffer->text = NULL;
            return;
        }
        buffer->text = text;
        buffer->room = buffer->room * 2 + count;
    }
}

/* The value of a label, with its quotes. */
static void put_label(struct buffer *buffer, const char *value) {
    put(buffer, "\"");
    for (; *value != '\0'; value++) {
        if (*value == '\n')
            put(buffer, "\\n");
        else
            put(buffer, *value == '"' || *value == '\\' ? "\\%c" : "%c", *value);
    }
    put(buffer, "\"");
}

static void put_head(struct buffer *buffer, const char *name, const char *type,
                     const char *help) {
    put(buffer, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_single(struct buffer *buffer, const char *name, const char *type,
                       const char *help, int64_t value) {
    if (value < 0) return;
    put_head(buffer, name, type, help);
    put(buffer, "%s %lld\n", name, (long long)value);
}

static void put_seconds(struct buffer *buffer, const char *name, const char *type,
                        const char *help, int64_t ms) {
    if (ms < 0) return;
    put_head(buffer, name, type, help);
    put(buffer, "%s %lld.%03lld\n", name, (long long)(ms / 1000), (long long)(ms % 1000));
}

/* Of the counter that lies 'offset' bytes into every worker's. */
static uint64_t sum_at(const struct tid_metrics *metrics, size_t offset) {
    uint64_t sum = 0;

    for (unsigned i = 0; i < metrics->worker_count; i++) {
        const char *counters = (const char *)&metrics->workers[i];
        sum += atomic_load_explicit(
            (const _Atomic uint64_t *)(const void *)(counters + offset),
            memory_order_relaxed);
    }
    return sum;
}

#define SUM(metrics, member) sum_at(metrics, offsetof(struct tid_counters, member))

static void put_route(struct buffer *buffer, const char *name, unsigned route) {
    put(buffer, "%s{route=", name);
    put_label(buffer, route < TID_ROUTE_COUNT ? tid_route_get(route)->path : "other");
}

/* Of the codes, 200 is always there, so that a rate of it can be taken from the start. */
static void put_requests(struct buffer *buffer, const struct tid_metrics *metrics) {
    static const char name[] = "tensorinit_requests_total";

    put_head(buffer, name, "counter", "Requests that have been answered or cut.");
    for (unsigned route = 0; route <= TID_ROUTE_COUNT; route++) {
        for (unsigned code = 0; code <= TID_METRICS_CODE_COUNT; code++) {
            const uint64_t count =
                sum_at(metrics, offsetof(struct tid_counters, requests) +
                                    sizeof(_Atomic uint64_t) *
                                        (route * (TID_METRICS_CODE_COUNT + 1) + code));
            if (count == 0 && (code != 0 || route == TID_ROUTE_COUNT)) continue;
            put_route(buffer, name, route);
            if (code < TID_METRICS_CODE_COUNT)
                put(buffer, ",code=\"%u\"} ", codes[code]);
            else
                put(buffer, ",code=\"other\"} ");
            put(buffer, "%llu\n", (unsigned long long)count);
        }
    }
}

static void put_bytes(struct buffer *buffer, const struct tid_metrics *metrics) {
    static const char name[] = "tensorinit_response_bytes_total";

    put_head(buffer, name, "counter",
             "Bytes of answers' bodies, counted while they are sent.");
    for (unsigned route = 0; route <= TID_ROUTE_COUNT; route++) {
        put_route(buffer, name, route);
        put(buffer, "} %llu\n",
            (unsigned long long)sum_at(metrics, offsetof(struct tid_counters, bytes) +
                                                    sizeof(_Atomic uint64_t) * route));
    }
}

static void put_connections(struct buffer *buffer, const struct tid_metrics *metrics) {
    const uint64_t closed = SUM(metrics, closed), opened = SUM(metrics, opened);

    put_single(buffer, "tensorinit_connections", "gauge", "Open connections.",
               opened > closed ? (int64_t)(opened - closed) : 0); /* not of one moment */
    put_single(buffer, "tensorinit_connections_refused_total", "counter",
               "Connections beyond the limit, answered with 503.",
               (int64_t)atomic_load_explicit(&metrics->refused, memory_order_relaxed));
}

static void put_compute(struct buffer *buffer, const struct tid_pool_load *load) {
    put_single(buffer, "tensorinit_compute_queue", "gauge",
               "Setups and blocks of tensors that wait for a thread that computes.",
               (int64_t)load->queued);
    put_single(buffer, "tensorinit_compute_running", "gauge",
               "Threads that compute setups and blocks now.", (int64_t)load->running);
    put_seconds(buffer, "tensorinit_compute_seconds_total", "counter",
                "Time that threads have computed setups and blocks, in seconds.",
                (int64_t)load->busy_ms);
}

static void put_setups(struct buffer *buffer, const struct tid_factor_counts *counts) {
    put_single(buffer, "tensorinit_factorizations_computed_total", "counter",
               "Setups of tensors that have been computed.", (int64_t)counts->computed);
    put_single(buffer, "tensorinit_factorizations_reused_total", "counter",
               "Requests that found their setup there, or being computed.",
               (int64_t)counts->reused);
    put_single(buffer, "tensorinit_factorizations_cancelled_total", "counter",
               "Setups given up since everybody who wanted them had gone.",
               (int64_t)counts->cancelled);
    put_single(buffer, "tensorinit_factorizations_refused_total", "counter",
               "Requests answered with 503 since too many setups waited for memory.",
               (int64_t)counts->refused);
    put_single(buffer, "tensorinit_factorizations_waiting", "gauge",
               "Setups that wait for memory.", (int64_t)counts->waiting);
    put_single(buffer, "tensorinit_factorization_memory_bytes", "gauge",
               "Memory of setups that are kept or being computed.",
               (int64_t)counts->bytes);
}

static void put_process(struct buffer *buffer, const struct tid_process *process,
                        int64_t start_ms) {
    put_seconds(buffer, "process_start_time_seconds", "gauge",
                "Start of the process, in seconds since 1970.", start_ms);
    put_seconds(buffer, "process_cpu_seconds_total", "counter",
                "Time of processors used, in seconds.", process->cpu_ms);
    put_single(buffer, "process_resident_memory_bytes", "gauge",
               "Memory that the process occupies.", process->resident_bytes);
    put_single(buffer, "process_open_fds", "gauge", "Open file descriptors.",
               process->open_fds);
    put_single(buffer, "process_max_fds", "gauge",
               "File descriptors that may be open at most.", process->max_fds);
}

char *tid_metrics_text(const struct tid_metrics *metrics,
                       const struct tid_metrics_others *others) {
    struct buffer buffer = {.text = malloc(8192), .room = 8192};

    put_head(&buffer, "tensorinit_build_info", "gauge",
             "1; the labels say what runs: version, spec of the bits, instruction set.");
    put(&buffer, "tensorinit_build_info{version=");
    put_label(&buffer, TI_VERSION_STRING);
    put(&buffer, ",spec=");
    put_label(&buffer, TI_SPEC_NAME);
    put(&buffer, ",isa=");
    put_label(&buffer, metrics->isa);
    put(&buffer, "} 1\n");
    put_requests(&buffer, metrics);
    put_bytes(&buffer, metrics);
    put_single(&buffer, "tensorinit_requests_in_flight", "gauge",
               "Requests that are being answered, this one included.",
               (int64_t)SUM(metrics, in_flight));
    put_single(&buffer, "tensorinit_requests_cut_total", "counter",
               "Transfers that client, deadline or stop ended before their time.",
               (int64_t)SUM(metrics, cut));
    put_connections(&buffer, metrics);
    put_compute(&buffer, &others->compute);
    put_setups(&buffer, &others->factor_cache);
    put_process(&buffer, &others->process, metrics->start_ms);
    return buffer.text;
}
