/* SPDX-License-Identifier: MIT */
/* tensorinitd: reads options, starts listener and workers, waits for a signal, drains. */
#define _GNU_SOURCE /* environ */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <tensorinit/plan.h>
#include <tensorinit/version.h>

#include "server/config.h"
#include "server/context.h"
#include "server/documents/json_openapi.h"
#include "server/documents/json_query.h"
#include "server/documents/json_schemes.h"
#include "server/documents/metrics.h"
#include "server/health.h"
#include "server/http/listener.h"
#include "server/log.h"
#include "server/mhd/worker_set.h"
#include "server/reload.h"
#include "server/work/clock.h"
#include "server/work/cgroup.h"
#include "server/work/cpus.h"
#include "server/work/descriptors.h"
#include "server/work/factor_cache.h"
#include "server/work/memory.h"
#include "server/work/pool.h"

/* EX_USAGE and EX_OSERR of sysexits.h, which not every system has. */
#define EXIT_USAGE 64
#define EXIT_SYSTEM 71

/*
 * Blocks SIGTERM, SIGINT and SIGHUP in all threads; the main thread waits for them. The
 * first two are those that 'signals' has: they stop the daemon. Signals that mean nothing
 * here are ignored, instead of ending all transfers.
 */
static void block_signals(sigset_t *signals) {
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t blocked;
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGUSR1, &ignore, NULL);
    sigaction(SIGUSR2, &ignore, NULL);
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    blocked = *signals;
    sigaddset(&blocked, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &blocked, NULL);
}

/* Returns at the first signal that stops the daemon. */
static void wait_for_stop(const sigset_t *signals, struct tid_reload *files) {
    sigset_t awaited = *signals;
    int received;
    sigaddset(&awaited, SIGHUP);
    while (sigwait(&awaited, &received) != 0 || received == SIGHUP)
        tid_reload_again(files);
}

/* Of a worker: three for its events, and a file that /metrics reads. Of the listener: two. */
#define WORKER_DESCRIPTORS 4
#define LISTENER_DESCRIPTORS 2

/* Fewer connections, if fewer files may be open. The listener's sockets are. */
static bool fit_descriptors(struct tid_config *config, struct tid_descriptors *shares) {
    const unsigned worker_count =
        config->workers > 0 ? config->workers : tid_cpus_usable();
    unsigned long long allowed;
    struct tid_process process;
    tid_process_read(&process);
    const unsigned open = process.open_fds > 0 ? (unsigned)process.open_fds : 8;
    const unsigned other =
        open + WORKER_DESCRIPTORS * worker_count + LISTENER_DESCRIPTORS;
    *shares = tid_descriptors_wanted(config->max_connections);
    if (!tid_descriptors_fit(other, shares, &allowed)) {
        tid_log("only %llu open files are allowed; at least %u are needed", allowed,
                other + 8);
        return false;
    }
    if (shares->served < config->max_connections)
        tid_log("only %llu open files are allowed: --max-connections is %u instead of %u",
                allowed, shares->served, config->max_connections);
    config->max_connections = shares->served;
    return true;
}

static int open_listener(struct tid_listener *listener, const struct tid_config *config) {
    char why[512];
    for (unsigned i = 0; i < config->listen.count; i++) {
        if (tid_listener_open(listener, &config->listen.items[i], why, sizeof why) != 0) {
            tid_log("%s", why);
            tid_listener_close(listener);
            return -1;
        }
    }
    return 0;
}

/* Waits until all responses are sent, drain_ms have passed or a second signal arrives. */
static void drain(struct tid_worker_set *workers, const sigset_t *signals,
                  int64_t drain_ms) {
    const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    const int64_t start_ms = tid_clock_ms();
    bool logged = false;
    unsigned open;

    tid_worker_set_begin_drain(workers);
    while ((open = tid_worker_set_drain(workers)) > 0) {
        if (!logged) tid_log("stopping; %u connections are open", open);
        logged = true;
        const bool late = drain_ms > 0 && tid_clock_ms() - start_ms >= drain_ms;
        if (late || sigtimedwait(signals, NULL, &pause) > 0) {
            tid_log("cutting %u connections: %s", open,
                    late ? "drain timeout" : "second signal");
            break;
        }
    }
}

/* Set at the first signal: /readyz fails from then on. */
static atomic_bool stopping;

/* Gives load balancers that poll /readyz time to react before the listener closes. */
static void announce_stop(const struct tid_config *config, const sigset_t *signals) {
    const struct timespec delay = {config->shutdown_delay_ms / 1000,
                                   config->shutdown_delay_ms % 1000 * 1000000};
    atomic_store(&stopping, true);
    if (config->shutdown_delay_ms == 0) return;
    tid_log("stopping; the listener closes in %lld ms",
            (long long)config->shutdown_delay_ms);
    /* A second signal ends the delay. */
    sigtimedwait(signals, NULL, &delay);
}

static int serve(struct tid_listener *listener, const struct tid_config *config,
                 struct tid_reload *files, const struct tid_context *context,
                 struct tid_metrics *metrics, const sigset_t *signals) {
    char address[TID_ADDRESS_BYTES];
    struct tid_worker_set_options options = {
        .context = context,
        .metrics = metrics,
        .max_connections = config->max_connections,
        .reserved_connections = config->reserved_connections,
        .deadlines = {.header_ms = config->header_ms,
                      .idle_ms = config->idle_ms,
                      .min_rate = config->min_rate},
        .access_log = config->access_log,
        .tls = files->tls,
    };
    struct tid_worker_set *workers = tid_worker_set_start(&options);
    if (!workers) {
        tid_log("cannot start workers: %s", strerror(errno));
        tid_listener_close(listener);
        return EXIT_SYSTEM;
    }
    const unsigned socket_count = listener->count;
    listener->refused_count = &metrics->refused;
    listener->dropped_count = &metrics->ended[TID_ENDED_NO_DESCRIPTOR];
    const int error = tid_listener_start(listener, tid_worker_set_take, workers);
    if (error != 0) {
        tid_log("cannot start the listener: %s", strerror(error));
        tid_listener_close(listener);
        tid_worker_set_stop(workers);
        return EXIT_SYSTEM;
    }
    for (unsigned i = 0; i < socket_count; i++) {
        tid_listener_show(listener, i, address);
        tid_log("listening on %s://%s", files->tls ? "https" : "http", address);
    }

    wait_for_stop(signals, files);
    announce_stop(config, signals);
    tid_listener_stop(listener);
    drain(workers, signals, config->drain_ms);
    tid_worker_set_stop(workers);
    tid_log("stopped");
    return EXIT_SUCCESS;
}

/* Says in the log what the limit is, and where it comes from. */
static size_t memory_limit(const struct tid_config *config) {
    const uint64_t cgroup_bytes = tid_cgroup_memory(&tid_cgroup_tree);
    const bool configured = config->memory_bytes > 0;
    const size_t bytes =
        configured ? config->memory_bytes : tid_memory_default(cgroup_bytes);
    const char *origin = "default";
    if (configured)
        origin = "--memory";
    else if (cgroup_bytes != UINT64_MAX)
        origin = "a quarter of the control group's limit";
    tid_log("memory for requests: %zu MiB (%s)", bytes >> 20, origin);
    return bytes;
}

/* Starts the pool and the cache of factorizations, and serves. */
static int pool_and_serve(struct tid_listener *listener, const struct tid_config *config,
                          struct tid_reload *files, struct tid_context *context,
                          struct tid_metrics *metrics) {
    const unsigned thread_count =
        config->compute_threads > 0 ? config->compute_threads : tid_cpus_usable();
    struct tid_memory memory;
    sigset_t signals;
    int status = EXIT_SYSTEM;

    block_signals(&signals);
    tid_log_start();
    tid_memory_init(&memory, memory_limit(config));
    context->memory = &memory;
    context->pool = tid_pool_start(thread_count);
    if (context->pool) {
        const struct tid_factor_options options = {context->pool, &memory,
                                                   config->wait_ms, TID_FACTOR_KEEP_MS,
                                                   &tid_factor_functions};
        context->factor_cache = tid_factor_cache_make(&options);
    }
    if (context->factor_cache) {
        status = serve(listener, config, files, context, metrics, &signals);
    } else {
        tid_log("cannot start compute threads: %s", strerror(errno));
        tid_listener_close(listener);
    }
    tid_pool_stop(context->pool);
    tid_factor_cache_free(context->factor_cache);
    tid_memory_clear(&memory);
    return status;
}

/* Makes documents and counters, which must outlive the workers, and serves. */
static int prepare_and_serve(struct tid_listener *listener,
                             const struct tid_config *config, struct tid_reload *files,
                             const char *isa) {
    const unsigned worker_count =
        config->workers > 0 ? config->workers : tid_cpus_usable();
    struct tid_metrics metrics;
    tid_json_query_init();
    char *schemes = tid_json_schemes();
    char *openapi = tid_json_openapi();
    int status = EXIT_SYSTEM;

    if (!tid_metrics_init(&metrics, worker_count, isa) || !schemes || !openapi) {
        tid_log("out of memory");
        tid_listener_close(listener);
    } else {
        struct tid_context context = {
            .isa = isa,
            .schemes = schemes,
            .schemes_bytes = strlen(schemes),
            .openapi = openapi,
            .openapi_bytes = strlen(openapi),
            .metrics = &metrics,
            .cors = config->cors.text,
            .access = files->access,
            .base_path = config->base_path.text,
            .trusted_proxies = &config->trusted_proxies,
            .stopping = &stopping,
        };
        status = pool_and_serve(listener, config, files, &context, &metrics);
    }
    tid_metrics_clear(&metrics);
    free(openapi);
    free(schemes);
    return status;
}

/* A text that could not be written, for example to a full disk, is a failure. */
static int close_stdout(void) {
    if (fclose(stdout) == 0) return EXIT_SUCCESS;
    tid_log("cannot write to standard output: %s", strerror(errno));
    return EXIT_SYSTEM;
}

int main(int argc, char **argv) {
    struct tid_config config;
    struct tid_listener listener = {0};
    struct tid_reload files;
    struct ti_error error;
    struct tid_config_sources sources;
    char why[TID_CONFIG_WHY_BYTES];

    switch (tid_config_read(&config, argc, argv, environ, &sources, why, sizeof why)) {
    case TID_CONFIG_HELP:
        tid_config_help(stdout);
        return close_stdout();
    case TID_CONFIG_VERSION:
        printf("tensorinitd %s (spec %s)\n", TI_VERSION_STRING, TI_SPEC_NAME);
        return close_stdout();
    case TID_CONFIG_PRINT:
        tid_config_print(stdout, &config, &sources);
        return close_stdout();
    case TID_CONFIG_HEALTH:
        if (tid_health_check(&config, why, sizeof why)) return EXIT_SUCCESS;
        tid_log("%s", why);
        return EXIT_FAILURE;
    case TID_CONFIG_CHECK:
        if (!tid_reload_open(&files, &config)) return EXIT_USAGE;
        tid_reload_close(&files);
        tid_log("the configuration is valid");
        return EXIT_SUCCESS;
    case TID_CONFIG_ERROR:
        tid_log("%s", why);
        fprintf(stderr, "Try 'tensorinitd --help'.\n");
        return EXIT_USAGE;
    case TID_CONFIG_RUN:
        break;
    }

    const char *isa = ti_isa_name(&error);
    if (!isa) {
        tid_log("%s", error.text);
        return ti_status_exit_code(error.code);
    }
    if (!tid_reload_open(&files, &config)) return EXIT_USAGE;
    struct tid_descriptors shares;
    listener.idle_ms = config.idle_ms;
    listener.has_tls = files.tls != NULL;
    int status = EXIT_SYSTEM;
    if (open_listener(&listener, &config) == 0) {
        if (fit_descriptors(&config, &shares)) {
            listener.refused.max = shares.refused;
            config.reserved_connections = shares.reserved;
            status = prepare_and_serve(&listener, &config, &files, isa);
        } else {
            tid_listener_close(&listener);
        }
    }
    tid_reload_close(&files);
    tid_log_stop();
    return status;
}
