/* SPDX-License-Identifier: MIT */
/* See reload.h. */
#define _GNU_SOURCE /* environ */
#include "server/reload.h"

#include <string.h>
#include <unistd.h>

#include "server/log.h"
#include "server/sockets.h"
#include "server/work/clock.h"

static bool is_set(const struct tid_path *path) { return path->text[0] != '\0'; }

static bool open_tls(struct tid_reload *files, const struct tid_config *config, char *why,
                     size_t why_bytes) {
    const struct tid_tls_options options = {
        .certificate = config->tls_certificate.text,
        .key = config->tls_key.text,
        .client_ca = is_set(&config->tls_client_ca) ? config->tls_client_ca.text : NULL,
        .only_13 = config->tls_min == TID_TLS_13,
    };
    if (!is_set(&config->tls_certificate)) return true;
    files->tls = tid_tls_make(&options, why, why_bytes);
    return files->tls != NULL;
}

static bool open_access(struct tid_reload *files, const struct tid_config *config,
                        char *why, size_t why_bytes) {
    if (!is_set(&config->token_file) && !is_set(&config->signing_key_file)) return true;
    files->access = tid_access_make(config->token_file.text,
                                    config->signing_key_file.text, why, why_bytes);
    return files->access != NULL;
}

static bool open_models(struct tid_reload *files, const struct tid_config *config,
                        char *why, size_t why_bytes) {
    if (!is_set(&config->models)) return true;
    files->models = tid_models_open(config->models.text, why, why_bytes);
    return files->models != NULL;
}

static void note_success(struct tid_reload *files) {
    atomic_store(&files->counts.success_ms, tid_clock_since_1970_ms());
    atomic_store(&files->counts.certificate_expiry,
                 files->tls ? tid_tls_expiry(files->tls) : -1);
}

bool tid_reload_open(struct tid_reload *files, struct tid_config *config) {
    char why[TID_CONFIG_WHY_BYTES];
    memset(files, 0, sizeof *files);
    files->config = config;
    files->read = *config;
    if (open_tls(files, config, why, sizeof why) &&
        open_access(files, config, why, sizeof why) &&
        open_models(files, config, why, sizeof why)) {
        note_success(files);
        return true;
    }
    tid_log(TID_LOG_ERROR, "%s", why);
    tid_reload_close(files);
    return false;
}

void tid_reload_options(const struct tid_config *config,
                        struct tid_worker_set_options *options) {
    options->max_connections = config->max_connections;
    options->deadlines = (struct tid_deadlines){.header_ms = config->header_ms,
                                                .idle_ms = config->idle_ms,
                                                .min_rate = config->min_rate};
    options->access_log = config->access_log;
    options->access_sample = config->access_sample;
}

void tid_reload_begin(struct tid_reload *files, const struct tid_service *public,
                      const struct tid_service *admin, struct tid_limits *limits) {
    files->public = public;
    files->admin = admin;
    files->limits = limits;
    files->connection_capacity = files->config->max_connections;
}

static void log_change(const char *name, const char *before, const char *after,
                       bool reloadable) {
    if (reloadable)
        tid_log(TID_LOG_INFO, "SIGHUP: %s is %s instead of %s", name, after, before);
    else
        tid_log(TID_LOG_WARNING, "SIGHUP: %s stays %s: to make it %s needs a restart",
                name, before, after);
}

static void change(const struct tid_service *service,
                   const struct tid_worker_set_options *options) {
    tid_worker_set_change(service->workers, options);
    tid_listener_change_idle(service->listener, options->deadlines.idle_ms);
}

/* Gives the new options to what runs. */
static void apply(struct tid_reload *files) {
    struct tid_config *config = files->config;
    struct tid_worker_set_options options = {0};
    tid_log_use(config->log_format, config->log_level);
    if (!files->public) return;
    tid_limits_set(files->limits, &config->limits);
    if (config->max_connections > files->connection_capacity) {
        tid_log(TID_LOG_WARNING,
                "SIGHUP: max-connections is %u: more than at the start needs a restart",
                files->connection_capacity);
        config->max_connections = files->connection_capacity;
    }
    tid_reload_options(config, &options);
    change(files->public, &options);
    if (files->admin) {
        options.max_connections = TID_ADMIN_CONNECTIONS;
        change(files->admin, &options);
    }
}

/* Reads the configuration again. False if it is wrong. */
static bool read_config(struct tid_reload *files) {
    static struct tid_config again;
    static char why[TID_CONFIG_WHY_BYTES];
    const struct tid_config *config = files->config;
    if (tid_config_read(&again, config->argument_count, config->arguments, environ, NULL,
                        why, sizeof why) == TID_CONFIG_ERROR) {
        tid_log(TID_LOG_ERROR, "SIGHUP: everything stays as it was: %s", why);
        return false;
    }
    tid_config_update(&files->read, files->config, &again, log_change);
    apply(files);
    tid_log(TID_LOG_INFO, "SIGHUP: configuration read again");
    return true;
}

static bool log_result(const char *what, bool success, const char *why) {
    if (success)
        tid_log(TID_LOG_INFO, "SIGHUP: %s read again", what);
    else
        tid_log(TID_LOG_ERROR, "SIGHUP: %s stay as they were: %s", what, why);
    return success;
}

static bool read_again(struct tid_reload *files) {
    char why[TID_CONFIG_WHY_BYTES] = "";
    const bool has_config = is_set(&files->config->config);
    bool success = true;
    if (has_config && !read_config(files)) return false;
    if (files->tls)
        success &=
            log_result("certificates", tid_tls_reload(files->tls, why, sizeof why), why);
    if (files->access)
        success &= log_result("tokens and keys",
                              tid_access_reload(files->access, why, sizeof why), why);
    if (files->models) {
        const bool read = tid_models_reload(files->models, why, sizeof why);
        /* The others are in use. */
        success &= log_result(read ? "models" : "models that are wrong", read, why);
    }
    if (!has_config && !files->tls && !files->access && !files->models)
        tid_log(TID_LOG_INFO, "SIGHUP: there is no file to read again");
    return success;
}

void tid_reload_again(struct tid_reload *files) {
    const bool success = read_again(files);
    if (success) note_success(files);
    tid_count(success ? &files->counts.succeeded : &files->counts.failed, 1);
}

void tid_reload_close(struct tid_reload *files) {
    tid_tls_free(files->tls);
    tid_access_free(files->access);
    tid_models_close(files->models);
    files->models = NULL;
    files->tls = NULL;
    files->access = NULL;
}
