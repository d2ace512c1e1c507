/* SPDX-License-Identifier: MIT */
/*
 * Adds up the counters of the workers and writes them in Prometheus' exposition format
 * 0.0.4. The workers count; /metrics calls tid_metrics_text().
 */
#include "server/documents/metrics.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tensorinit/version.h>

#include "server/documents/buffer.h"
#include "server/log.h"

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
    if (!metrics->workers) return false;
    memset(metrics->workers, 0, bytes);
    metrics->worker_count = worker_count;
    metrics->isa = isa;
    /* Not from /proc: it counts from the boot time, which a sandbox may hide. */
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
                       bool complete) {
    unsigned code = 0;
    while (code < TID_METRICS_CODE_COUNT && codes[code] != status) code++;
    tid_count(&counters->requests[route][code], 1);
    if (!complete) tid_count(&counters->cut, 1);
}

/* The value of a label, with its quotes. */
static void put_label(struct tid_buffer *buffer, const char *value) {
    tid_buffer_printf(buffer, "\"");
    for (; *value != '\0'; value++) {
        if (*value == '\n')
            tid_buffer_printf(buffer, "\\n");
        else
            tid_buffer_printf(buffer, *value == '"' || *value == '\\' ? "\\%c" : "%c",
                              *value);
    }
    tid_buffer_printf(buffer, "\"");
}

static void put_head(struct tid_buffer *buffer, const char *name, const char *type,
                     const char *help) {
    tid_buffer_printf(buffer, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_single(struct tid_buffer *buffer, const char *name, const char *type,
                       const char *help, int64_t value) {
    if (value < 0) return;
    put_head(buffer, name, type, help);
    tid_buffer_printf(buffer, "%s %lld\n", name, (long long)value);
}

static void put_seconds(struct tid_buffer *buffer, const char *name, const char *type,
                        const char *help, int64_t ms) {
    if (ms < 0) return;
    put_head(buffer, name, type, help);
    tid_buffer_printf(buffer, "%s %lld.%03lld\n", name, (long long)(ms / 1000),
                      (long long)(ms % 1000));
}

/* The sum, over all workers, of the counter at this offset of struct tid_counters. */
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

static void put_route(struct tid_buffer *buffer, const char *name, unsigned route) {
    tid_buffer_printf(buffer, "%s{route=", name);
    put_label(buffer, route < TID_ROUTE_COUNT ? tid_route_get(route)->path : "other");
}

/* Code 200 is always present, so that its rate is defined from the start. */
static void put_requests(struct tid_buffer *buffer, const struct tid_metrics *metrics) {
    static const char name[] = "tensorinit_requests_total";
    put_head(buffer, name, "counter", "Requests that were answered or cut.");
    for (unsigned route = 0; route <= TID_ROUTE_COUNT; route++) {
        for (unsigned code = 0; code <= TID_METRICS_CODE_COUNT; code++) {
            const uint64_t count =
                sum_at(metrics, offsetof(struct tid_counters, requests) +
                                    sizeof(_Atomic uint64_t) *
                                        (route * (TID_METRICS_CODE_COUNT + 1) + code));
            if (count == 0 && (code != 0 || route == TID_ROUTE_COUNT)) continue;
            put_route(buffer, name, route);
            if (code < TID_METRICS_CODE_COUNT)
                tid_buffer_printf(buffer, ",code=\"%u\"} ", codes[code]);
            else
                tid_buffer_printf(buffer, ",code=\"other\"} ");
            tid_buffer_printf(buffer, "%llu\n", (unsigned long long)count);
        }
    }
}

static void put_bytes(struct tid_buffer *buffer, const struct tid_metrics *metrics) {
    static const char name[] = "tensorinit_response_bytes_total";
    put_head(buffer, name, "counter",
             "Bytes of response bodies, counted as they are sent.");
    for (unsigned route = 0; route <= TID_ROUTE_COUNT; route++) {
        put_route(buffer, name, route);
        tid_buffer_printf(
            buffer, "} %llu\n",
            (unsigned long long)sum_at(metrics, offsetof(struct tid_counters, bytes) +
                                                    sizeof(_Atomic uint64_t) * route));
    }
}

static void put_connections(struct tid_buffer *buffer,
                            const struct tid_metrics *metrics) {
    /* The two sums are not of the same moment. */
    const uint64_t closed = SUM(metrics, closed), opened = SUM(metrics, opened);
    put_single(buffer, "tensorinit_connections", "gauge", "Open connections.",
               opened > closed ? (int64_t)(opened - closed) : 0);
    put_single(buffer, "tensorinit_connections_refused_total", "counter",
               "Connections beyond the limit, answered with 503.",
               (int64_t)atomic_load_explicit(&metrics->refused, memory_order_relaxed));
}

static void put_ended(struct tid_buffer *buffer, const struct tid_metrics *metrics) {
    static const char *const labels[] = {
#define TID_ENDED(id, label) label,
        TID_METRICS_ENDED(TID_ENDED)
#undef TID_ENDED
    };
    static const char name[] = "tensorinit_connections_ended_total";
    put_head(buffer, name, "counter",
             "Connections that ended by a deadline, or before a request was read.");
    for (unsigned i = 0; i < TID_ENDED_COUNT; i++) {
        const uint64_t count =
            sum_at(metrics,
                   offsetof(struct tid_counters, ended) + sizeof(_Atomic uint64_t) * i) +
            atomic_load_explicit(&metrics->ended[i], memory_order_relaxed);
        tid_buffer_printf(buffer, "%s{reason=\"%s\"} %llu\n", name, labels[i],
                          (unsigned long long)count);
    }
}

static void put_pool(struct tid_buffer *buffer, const struct tid_pool_load *load) {
    put_single(buffer, "tensorinit_compute_queue", "gauge",
               "Factorizations and blocks of tensors that wait for a compute thread.",
               (int64_t)load->queued);
    put_single(buffer, "tensorinit_compute_running", "gauge",
               "Compute threads that are busy now.", (int64_t)load->running);
    put_seconds(buffer, "tensorinit_compute_seconds_total", "counter",
                "Processor time that compute threads have used for tasks, in seconds.",
                (int64_t)load->busy_ms);
}

static void put_factors(struct tid_buffer *buffer,
                        const struct tid_factor_counts *counts) {
    put_single(buffer, "tensorinit_factorizations_computed_total", "counter",
               "Factorizations that were completed.", (int64_t)counts->computed);
    put_single(buffer, "tensorinit_factorizations_reused_total", "counter",
               "Requests whose factorization was cached or being computed already.",
               (int64_t)counts->reused);
    put_single(buffer, "tensorinit_factorizations_cancelled_total", "counter",
               "Factorizations that were cancelled because all their clients had left.",
               (int64_t)counts->cancelled);
    put_single(
        buffer, "tensorinit_factorizations_refused_total", "counter",
        "Requests answered with 503 because too many factorizations waited for memory.",
        (int64_t)counts->refused);
    put_single(buffer, "tensorinit_factorizations_expired_total", "counter",
               "Factorizations that waited too long for memory; their requests were "
               "answered with 503, or cut.",
               (int64_t)counts->expired);
    put_single(buffer, "tensorinit_factorizations_revoked_total", "counter",
               "Factorizations whose memory went to others while clients were reading.",
               (int64_t)counts->revoked);
    put_single(buffer, "tensorinit_factorizations_waiting", "gauge",
               "Factorizations that wait for memory.", (int64_t)counts->waiting);
    put_single(buffer, "tensorinit_factorization_memory_bytes", "gauge",
               "Memory of factorizations that are cached or being computed.",
               (int64_t)counts->bytes);
}

static void put_limits(struct tid_buffer *buffer, const struct tid_limits *limits) {
    static const char name[] = "tensorinit_limit_refusals_total";
    put_head(buffer, name, "counter",
             "Requests and connections that were refused because of a limit.");
    for (int i = 0; i < TID_LIMIT_COUNT; i++)
        tid_buffer_printf(
            buffer, "%s{limit=\"%s\"} %llu\n", name,
            tid_limit_get((enum tid_limit)i)->name,
            (unsigned long long)tid_limit_refused(limits, (enum tid_limit)i));
}

static void put_process(struct tid_buffer *buffer, const struct tid_process *process,
                        int64_t start_ms) {
    put_seconds(buffer, "process_start_time_seconds", "gauge",
                "Start of the process, in seconds since 1970.", start_ms);
    put_seconds(buffer, "process_cpu_seconds_total", "counter",
                "Processor time used, in seconds.", process->cpu_ms);
    put_single(buffer, "process_resident_memory_bytes", "gauge",
               "Physical memory of the process.", process->resident_bytes);
    put_single(buffer, "process_open_fds", "gauge", "Open file descriptors.",
               process->open_fds);
    put_single(buffer, "process_max_fds", "gauge", "Limit of open file descriptors.",
               process->max_fds);
}

char *tid_metrics_text(const struct tid_metrics *metrics,
                       const struct tid_metrics_others *others) {
    struct tid_buffer buffer = {0};
    put_head(&buffer, "tensorinit_build_info", "gauge",
             "Always 1; labels: version, version of the bits, instruction set.");
    tid_buffer_printf(&buffer, "tensorinit_build_info{version=");
    put_label(&buffer, TI_VERSION_STRING);
    tid_buffer_printf(&buffer, ",spec=");
    put_label(&buffer, TI_SPEC_NAME);
    tid_buffer_printf(&buffer, ",isa=");
    put_label(&buffer, metrics->isa);
    tid_buffer_printf(&buffer, "} 1\n");
    put_requests(&buffer, metrics);
    put_bytes(&buffer, metrics);
    put_single(&buffer, "tensorinit_requests_in_flight", "gauge",
               "Requests that are being answered, including this one.",
               (int64_t)SUM(metrics, in_flight));
    put_single(&buffer, "tensorinit_requests_cut_total", "counter",
               "Transfers ended early by the client, a deadline or a stop of the server.",
               (int64_t)SUM(metrics, cut));
    put_connections(&buffer, metrics);
    put_ended(&buffer, metrics);
    put_single(&buffer, "tensorinit_log_lines_dropped_total", "counter",
               "Lines of the log that were dropped, because they were not read in time.",
               (int64_t)tid_log_dropped());
    put_pool(&buffer, &others->pool);
    put_single(&buffer, "tensorinit_computations", "gauge",
               "Requests that the compute threads work for now.",
               (int64_t)others->clients.computations);
    put_single(&buffer, "tensorinit_clients", "gauge",
               "Clients, by token or address, that compute threads work for now or whose "
               "connections are counted.",
               (int64_t)others->clients.clients);
    put_limits(&buffer, others->limits);
    put_factors(&buffer, &others->factors);
    put_single(&buffer, "tensorinit_response_memory_bytes", "gauge",
               "Memory of blocks of responses and of statistics.",
               (int64_t)others->response_bytes);
    put_single(&buffer, "tensorinit_memory_limit_bytes", "gauge",
               "Limit of the memory for responses and factorizations together.",
               (int64_t)others->memory_limit_bytes);
    put_process(&buffer, &others->process, metrics->start_ms);
    return tid_buffer_take(&buffer);
}
