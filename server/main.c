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
#include <time.h>
#include <unistd.h>

#include <tensorinit/plan.h>
#include <tensorinit/version.h>

#include "manifest/json_memory.h"
#include "server/config.h"
#include "server/context.h"
#include "server/documents/json_openapi.h"
#include "server/documents/json_schemes.h"
#include "server/documents/metrics.h"
#include "server/health.h"
#include "server/log.h"
#include "server/mhd/worker_set.h"
#include "server/models/model_cache.h"
#include "server/reload.h"
#include "server/self_test.h"
#include "server/service.h"
#include "server/sockets.h"
#include "server/startup_log.h"
#include "server/systemd.h"
#include "server/watchdog.h"
#include "server/work/clients.h"
#include "server/work/clock.h"
#include "server/work/cpus.h"
#include "server/work/factor_cache.h"
#include "server/work/memory.h"
#include "server/work/pool.h"

/* EX_USAGE and EX_OSERR of sysexits.h, which not every system has. */
#define EXIT_USAGE 64
#define EXIT_SYSTEM 71

/* What main() has opened before anything is started. */
struct startup {
    struct tid_config config;
    struct tid_sockets sockets;
    struct tid_systemd systemd;
    struct tid_reload files;
    const char *isa;
};

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
static void wait_for_stop(const sigset_t *signals, struct startup *startup) {
    sigset_t awaited = *signals;
    int received;
    sigaddset(&awaited, SIGHUP);
    while (sigwait(&awaited, &received) != 0 || received == SIGHUP) {
        tid_systemd_reloading(&startup->systemd);
        tid_reload_again(&startup->files);
        tid_systemd_ready(&startup->systemd);
    }
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
        if (!logged) tid_log(TID_LOG_INFO, "stopping; %u connections are open", open);
        logged = true;
        const bool late = drain_ms > 0 && tid_clock_ms() - start_ms >= drain_ms;
        if (late || sigtimedwait(signals, NULL, &pause) > 0) {
            tid_log(TID_LOG_WARNING, "cutting %u connections: %s", open,
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
    tid_log(TID_LOG_INFO, "stopping; the listener closes in %lld ms",
            (long long)config->shutdown_delay_ms);
    /* A second signal ends the delay. */
    sigtimedwait(signals, NULL, &delay);
}

static bool start_admin(struct startup *startup, struct tid_service *admin,
                        const struct tid_worker_set_options *public,
                        struct tid_context *context, struct tid_metrics *metrics) {
    struct tid_worker_set_options options = *public;
    /* No tokens; nothing that pages of other origins need. */
    *context = *public->context;
    context->scope = TID_SCOPE_ADMIN;
    context->access = NULL;
    context->cors = NULL;
    context->base_path = NULL;
    options.context = context;
    options.counters = metrics->workers + public->count;
    options.count = 1;
    options.max_connections = TID_ADMIN_CONNECTIONS;
    options.reserved_connections = TID_ADMIN_RESERVED;
    options.tls = NULL;
    return tid_service_start(admin, &startup->sockets.admin, &options, metrics);
}

/* Until the public service is stopped; its listener and workers run. */
static void run(struct startup *startup, struct tid_service *public,
                const sigset_t *signals) {
    const struct tid_config *config = &startup->config;
    tid_sockets_log(&startup->sockets);
    tid_systemd_ready(&startup->systemd);
    wait_for_stop(signals, startup);
    tid_systemd_stopping(&startup->systemd);
    announce_stop(config, signals);
    tid_listener_stop(public->listener);
    drain(public->workers, signals, config->drain_ms);
}

static int serve(struct startup *startup, const struct tid_context *context,
                 struct tid_metrics *metrics, const sigset_t *signals) {
    const struct tid_config *config = &startup->config;
    const bool has_admin = tid_sockets_have_admin(&startup->sockets);
    struct tid_worker_set_options options = {
        .context = context,
        .counters = metrics->workers,
        .count = metrics->worker_count - (has_admin ? 1 : 0),
        .reserved_connections = config->reserved_connections,
        .tls = startup->files.tls,
    };
    struct tid_context admin_context;
    struct tid_service public, admin;
    struct tid_watchdog watchdog;
    tid_reload_options(config, &options);
    if (!tid_service_start(&public, &startup->sockets.public, &options, metrics)) {
        tid_listener_close(&startup->sockets.admin);
        return EXIT_SYSTEM;
    }
    if (has_admin && !start_admin(startup, &admin, &options, &admin_context, metrics)) {
        tid_service_stop(&public);
        return EXIT_SYSTEM;
    }
    struct tid_worker_set *const sets[] = {public.workers,
                                           has_admin ? admin.workers : NULL};
    const int error =
        tid_watchdog_start(&watchdog, &startup->systemd, sets, has_admin ? 2 : 1);
    if (error != 0)
        tid_log(TID_LOG_ERROR, "cannot start the watchdog: %s", strerror(error));
    tid_reload_begin(&startup->files, &public, has_admin ? &admin : NULL,
                     context->limits);
    run(startup, &public, signals);
    tid_watchdog_stop(&watchdog);
    tid_worker_set_stop(public.workers);
    /* Last, so that the end can be watched. */
    if (has_admin) tid_service_stop(&admin);
    tid_log(TID_LOG_INFO, "stopped");
    return EXIT_SUCCESS;
}

/* Starts the pool and the cache of factorizations, and serves. */
static int pool_and_serve(struct startup *startup, struct tid_context *context,
                          struct tid_metrics *metrics) {
    const struct tid_config *config = &startup->config;
    const unsigned thread_count = tid_cpus_threads(config->compute_threads);
    struct tid_startup_facts facts = {
        .config = config,
        .sockets = &startup->sockets,
        .isa = startup->isa,
        .workers =
            metrics->worker_count - (tid_sockets_have_admin(&startup->sockets) ? 1 : 0),
        .compute_threads = thread_count,
    };
    struct tid_memory memory;
    struct tid_limits limits = {0};
    sigset_t signals;
    int status = EXIT_SYSTEM;

    block_signals(&signals);
    tid_log_start();
    facts.memory_bytes = tid_startup_memory(config, &facts.memory_origin);
    tid_startup_log(&facts);
    tid_memory_init(&memory, facts.memory_bytes);
    context->memory = &memory;
    tid_limits_set(&limits, &config->limits);
    context->limits = &limits;
    context->clients = tid_clients_make();
    context->model_cache = tid_model_cache_make(&memory);
    context->pool = tid_pool_start(thread_count);
    if (context->pool && context->clients && context->model_cache) {
        const struct tid_factor_options options = {context->pool, &memory,
                                                   config->wait_ms, TID_FACTOR_KEEP_MS,
                                                   &tid_factor_functions};
        context->factor_cache = tid_factor_cache_make(&options);
    }
    if (context->factor_cache) {
        status = serve(startup, context, metrics, &signals);
    } else {
        tid_log(TID_LOG_ERROR, "cannot start compute threads: %s", strerror(errno));
        tid_sockets_close(&startup->sockets);
    }
    tid_pool_stop(context->pool);
    tid_factor_cache_free(context->factor_cache);
    tid_model_cache_free(context->model_cache);
    tid_clients_free(context->clients);
    tid_memory_clear(&memory);
    return status;
}

/* Makes documents and counters, which must outlive the workers, and serves. */
static int prepare_and_serve(struct startup *startup) {
    const struct tid_config *config = &startup->config;
    const bool has_admin = tid_sockets_have_admin(&startup->sockets);
    const enum tid_scope scope = has_admin ? TID_SCOPE_PUBLIC : TID_SCOPE_ALL;
    const unsigned worker_count = tid_cpus_threads(config->workers);
    struct tid_metrics metrics;
    char *schemes = tid_json_schemes();
    char *openapi = tid_json_openapi(scope);
    int status = EXIT_SYSTEM;

    if (!tid_metrics_init(&metrics, worker_count + has_admin, startup->isa) || !schemes ||
        !openapi) {
        tid_log(TID_LOG_ERROR, "out of memory");
        tid_sockets_close(&startup->sockets);
    } else {
        struct tid_context context = {
            .scope = scope,
            .isa = startup->isa,
            .schemes = schemes,
            .schemes_bytes = strlen(schemes),
            .openapi = openapi,
            .openapi_bytes = strlen(openapi),
            .metrics = &metrics,
            .cors = config->cors.text,
            .access = startup->files.access,
            .models = startup->files.models,
            .base_path = config->base_path.text,
            .trusted_proxies = &config->trusted_proxies,
            .reloads = &startup->files.counts,
            .stopping = &stopping,
        };
        status = pool_and_serve(startup, &context, &metrics);
    }
    tid_metrics_clear(&metrics);
    free(openapi);
    free(schemes);
    return status;
}

/* A text that could not be written, for example to a full disk, is a failure. */
static int close_stdout(void) {
    if (fclose(stdout) == 0) return EXIT_SUCCESS;
    tid_log(TID_LOG_ERROR, "cannot write to standard output: %s", strerror(errno));
    return EXIT_SYSTEM;
}

/* Opens what the configuration and systemd name, and serves. */
static int start(struct startup *startup) {
    char why[TID_CONFIG_WHY_BYTES];
    struct ti_error error;
    int status = EXIT_SYSTEM;
    startup->isa = ti_isa_name(&error);
    if (!startup->isa) {
        tid_log(TID_LOG_ERROR, "%s", error.text);
        return ti_status_exit_code(error.code);
    }
    if (!tid_systemd_open(&startup->systemd, why, sizeof why)) {
        tid_log(TID_LOG_ERROR, "%s", why);
        return EXIT_USAGE;
    }
    if (!tid_reload_open(&startup->files, &startup->config)) return EXIT_USAGE;
    if (tid_sockets_open(&startup->sockets, &startup->config, &startup->systemd)) {
        if (tid_sockets_fit(&startup->sockets, &startup->config))
            status = prepare_and_serve(startup);
        else
            tid_sockets_close(&startup->sockets);
    }
    tid_reload_close(&startup->files);
    tid_systemd_close(&startup->systemd);
    tid_log_stop();
    return status;
}

int main(int argc, char **argv) {
    struct startup startup;
    struct tid_config *config = &startup.config;
    struct tid_config_sources sources;
    char why[TID_CONFIG_WHY_BYTES];

    tim_json_memory_init();
    switch (tid_config_read(config, argc, argv, environ, &sources, why, sizeof why)) {
    case TID_CONFIG_HELP:
        tid_config_help(stdout);
        return close_stdout();
    case TID_CONFIG_VERSION:
        printf("tensorinitd %s (spec %s)\n", TI_VERSION_STRING, TI_SPEC_NAME);
        return close_stdout();
    case TID_CONFIG_PRINT:
        tid_config_print(stdout, config, &sources);
        return close_stdout();
    case TID_CONFIG_SELF_TEST:
        return tid_self_test(tid_known_digests, tid_known_digest_count, stdout)
                   ? close_stdout()
                   : EXIT_FAILURE;
    case TID_CONFIG_HEALTH:
        if (tid_health_check(config, why, sizeof why)) return EXIT_SUCCESS;
        tid_log(TID_LOG_ERROR, "%s", why);
        return EXIT_FAILURE;
    case TID_CONFIG_CHECK:
        if (!tid_reload_open(&startup.files, config)) return EXIT_USAGE;
        tid_reload_close(&startup.files);
        tid_log(TID_LOG_INFO, "the configuration is valid");
        return EXIT_SUCCESS;
    case TID_CONFIG_ERROR:
        tid_log(TID_LOG_ERROR, "%s", why);
        fprintf(stderr, "Try 'tensorinitd --help'.\n");
        return EXIT_USAGE;
    case TID_CONFIG_RUN:
        tid_log_use(config->log_format, config->log_level);
        break;
    }
    return start(&startup);
}
