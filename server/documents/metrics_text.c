/* SPDX-License-Identifier: MIT */
/*
 * Adds up the counters of the workers and writes them in Prometheus' exposition format
 * 0.0.4: see metrics_text.h. The metrics of one number are in metrics.def, those with
 * labels here.
 */
#include "server/documents/metrics_text.h"

#include <inttypes.h>

#include <tensorinit/schemes.h>
#include <tensorinit/version.h>

#include "server/documents/exposition.h"
#include "server/log.h"

static const char *const code_texts[TID_METRICS_CODE_COUNT + 1] = {
#define TID_CODE(code) #code,
    TID_METRICS_CODES(TID_CODE)
#undef TID_CODE
        "other"};

static const char *const bucket_texts[TID_METRICS_BUCKET_COUNT + 1] = {
#define TID_BUCKET(ns, text) text,
    TID_METRICS_BUCKETS(TID_BUCKET)
#undef TID_BUCKET
        "+Inf"};

static uint64_t load(const _Atomic uint64_t *counter) {
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* The sum, over all workers, of the counter at this place of the first one's counters. */
static uint64_t sum(const struct tid_metrics *metrics, const _Atomic uint64_t *first) {
    const ptrdiff_t offset = (const char *)first - (const char *)metrics->workers;
    uint64_t total = 0;
    for (unsigned i = 0; i < metrics->worker_count; i++) {
        const char *counters = (const char *)&metrics->workers[i];
        total += load((const _Atomic uint64_t *)(const void *)(counters + offset));
    }
    return total;
}

#define SUM(member) sum(metrics, &metrics->workers->member)

/* The two sums are not of the same moment. */
static uint64_t connections(const struct tid_metrics *metrics) {
    const uint64_t closed = SUM(closed), opened = SUM(opened);
    return opened > closed ? opened - closed : 0;
}

static void put_singles(struct tid_buffer *buffer, const struct tid_metrics *metrics,
                        const struct tid_metrics_others *others) {
#define TID_METRIC(name, type, unit, value, help)                                        \
    tid_exposition_single(buffer, name, type, help, TID_METRIC_##unit, (int64_t)(value));
#include "server/documents/metrics.def"
#undef TID_METRIC
}

static const char *route_text(unsigned route) {
    return route < TID_ROUTE_COUNT ? tid_route_get(route)->path : "other";
}

static const char *format_text(unsigned format) {
    return format < TI_FORMAT_COUNT ? ti_format_name((enum ti_format)format) : "none";
}

static void put_build(struct tid_buffer *buffer, const char *isa) {
    static const char name[] = "tensorinit_build_info";
    tid_exposition_head(
        buffer, name, "gauge",
        "Always 1; labels: version, version of the bits, instruction set.");
    tid_buffer_printf(buffer, "%s{version=", name);
    tid_exposition_label(buffer, TI_VERSION_STRING);
    tid_buffer_printf(buffer, ",spec=");
    tid_exposition_label(buffer, TI_SPEC_NAME);
    tid_buffer_printf(buffer, ",isa=");
    tid_exposition_label(buffer, isa);
    tid_buffer_printf(buffer, "} 1\n");
}

/*
 * What has not occurred is left out, but for responses of status 200, so that the rate of
 * each route is defined from the start.
 */
static void put_requests(struct tid_buffer *buffer, const struct tid_metrics *metrics) {
    static const char name[] = "tensorinit_requests_total";
    tid_exposition_head(buffer, name, "counter", "Requests that were answered or cut.");
    for (unsigned route = 0; route <= TID_ROUTE_COUNT; route++) {
        const bool is_tensor =
            route < TID_ROUTE_COUNT && tid_route_get(route)->kind == TID_ROUTE_TENSOR;
        for (unsigned format = 0; format <= TI_FORMAT_COUNT; format++) {
            const bool usual =
                route < TID_ROUTE_COUNT && (format < TI_FORMAT_COUNT) == is_tensor;
            for (unsigned code = 0; code <= TID_METRICS_CODE_COUNT; code++) {
                const uint64_t count = SUM(requests[route][format][code]);
                if (count == 0 && (code != 0 || !usual)) continue;
                tid_buffer_printf(
                    buffer, "%s{route=\"%s\",format=\"%s\",code=\"%s\"} %" PRIu64 "\n",
                    name, route_text(route), format_text(format), code_texts[code],
                    count);
            }
        }
    }
}

static void put_bytes(struct tid_buffer *buffer, const struct tid_metrics *metrics) {
    static const char name[] = "tensorinit_response_bytes_total";
    tid_exposition_head(buffer, name, "counter",
                        "Bytes of response bodies, counted as they are sent.");
    for (unsigned route = 0; route <= TID_ROUTE_COUNT; route++)
        tid_buffer_printf(buffer, "%s{route=\"%s\"} %" PRIu64 "\n", name,
                          route_text(route), SUM(bytes[route]));
}

/* The histogram of a route, at this place of the first worker's; nothing if it is empty. */
static void put_histogram(struct tid_buffer *buffer, const struct tid_metrics *metrics,
                          const char *name, unsigned route,
                          const struct tid_histogram *first) {
    uint64_t counts[TID_METRICS_BUCKET_COUNT + 1], total = 0;
    for (unsigned i = 0; i <= TID_METRICS_BUCKET_COUNT; i++)
        counts[i] = total += sum(metrics, &first->buckets[i]);
    if (total == 0) return;
    for (unsigned i = 0; i <= TID_METRICS_BUCKET_COUNT; i++)
        tid_buffer_printf(buffer, "%s_bucket{route=\"%s\",le=\"%s\"} %" PRIu64 "\n", name,
                          route_text(route), bucket_texts[i], counts[i]);
    tid_buffer_printf(buffer, "%s_sum{route=\"%s\"} ", name, route_text(route));
    tid_exposition_ns(buffer, sum(metrics, &first->sum_ns));
    tid_buffer_printf(buffer, "%s_count{route=\"%s\"} %" PRIu64 "\n", name,
                      route_text(route), total);
}

static void put_times(struct tid_buffer *buffer, const struct tid_metrics *metrics) {
    static const char durations[] = "tensorinit_request_duration_seconds";
    static const char first_bytes[] = "tensorinit_request_first_byte_seconds";
    tid_exposition_head(buffer, durations, "histogram",
                        "Time from the header of a request to the end of its response.");
    for (unsigned i = 0; i <= TID_ROUTE_COUNT; i++)
        put_histogram(buffer, metrics, durations, i, &metrics->workers->durations[i]);
    tid_exposition_head(buffer, first_bytes, "histogram",
                        "Time from the header of a request to the first byte of the body "
                        "of its response.");
    for (unsigned i = 0; i <= TID_ROUTE_COUNT; i++)
        put_histogram(buffer, metrics, first_bytes, i, &metrics->workers->first_bytes[i]);
}

struct generated {
    uint64_t bytes, ns;
};

/* Of a scheme, by all workers. */
static struct generated sum_generated(const struct tid_metrics *metrics, size_t scheme) {
    struct generated total = {0};
    for (unsigned i = 0; i < metrics->worker_count; i++) {
        const struct tid_generated *one = &metrics->workers[i].generated[scheme];
        total.bytes += load(&one->bytes);
        total.ns += load(&one->ns);
    }
    return total;
}

/* Two counters by scheme, whose quotient is the rate of generation. */
static void put_generated(struct tid_buffer *buffer, const struct tid_metrics *metrics) {
    static const char bytes[] = "tensorinit_generated_bytes_total";
    static const char seconds[] = "tensorinit_generation_seconds_total";
    tid_exposition_head(buffer, bytes, "counter",
                        "Bytes of tensors that were generated for responses.");
    for (size_t i = 0; i < ti_scheme_count(); i++)
        tid_buffer_printf(buffer, "%s{scheme=\"%s\"} %" PRIu64 "\n", bytes,
                          ti_scheme_get(i)->name, sum_generated(metrics, i).bytes);
    tid_exposition_head(buffer, seconds, "counter",
                        "Time that took, in seconds, without factorizations.");
    for (size_t i = 0; i < ti_scheme_count(); i++) {
        tid_buffer_printf(buffer, "%s{scheme=\"%s\"} ", seconds, ti_scheme_get(i)->name);
        tid_exposition_ns(buffer, sum_generated(metrics, i).ns);
    }
}

static void put_ended(struct tid_buffer *buffer, const struct tid_metrics *metrics) {
    static const char *const labels[] = {
#define TID_ENDED(id, label) label,
        TID_METRICS_ENDED(TID_ENDED)
#undef TID_ENDED
    };
    static const char name[] = "tensorinit_connections_ended_total";
    tid_exposition_head(
        buffer, name, "counter",
        "Connections that ended by a deadline, or before a request was read.");
    for (unsigned i = 0; i < TID_ENDED_COUNT; i++)
        tid_buffer_printf(buffer, "%s{reason=\"%s\"} %" PRIu64 "\n", name, labels[i],
                          SUM(ended[i]) + load(&metrics->ended[i]));
}

static void put_reloads(struct tid_buffer *buffer,
                        const struct tid_reload_counts *reloads) {
    static const char name[] = "tensorinit_reloads_total";
    if (!reloads) return;
    tid_exposition_head(buffer, name, "counter",
                        "SIGHUPs after which all files were read, or some were wrong.");
    tid_buffer_printf(buffer, "%s{result=\"succeeded\"} %" PRIu64 "\n", name,
                      load(&reloads->succeeded));
    tid_buffer_printf(buffer, "%s{result=\"failed\"} %" PRIu64 "\n", name,
                      load(&reloads->failed));
}

static void put_limits(struct tid_buffer *buffer, const struct tid_limits *limits) {
    static const char name[] = "tensorinit_limit_refusals_total";
    tid_exposition_head(buffer, name, "counter",
                        "Requests and connections that were refused because of a limit.");
    for (int i = 0; i < TID_LIMIT_COUNT; i++) {
        const enum tid_limit limit = (enum tid_limit)i;
        tid_buffer_printf(buffer, "%s{limit=\"%s\"} %" PRIu64 "\n", name,
                          tid_limit_get(limit)->name, tid_limit_refused(limits, limit));
    }
}

char *tid_metrics_text(const struct tid_metrics *metrics,
                       const struct tid_metrics_others *others) {
    struct tid_buffer buffer = {0};
    put_build(&buffer, metrics->isa);
    put_requests(&buffer, metrics);
    put_bytes(&buffer, metrics);
    put_times(&buffer, metrics);
    put_generated(&buffer, metrics);
    put_ended(&buffer, metrics);
    put_limits(&buffer, others->limits);
    put_reloads(&buffer, others->reloads);
    put_singles(&buffer, metrics, others);
    return tid_buffer_take(&buffer);
}
