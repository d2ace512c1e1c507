/* SPDX-License-Identifier: MIT */
/* See reload.h. */
#include "server/reload.h"

#include "server/log.h"

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

bool tid_reload_open(struct tid_reload *files, const struct tid_config *config) {
    char why[TID_CONFIG_WHY_BYTES];
    *files = (struct tid_reload){0};
    if (open_tls(files, config, why, sizeof why) &&
        open_access(files, config, why, sizeof why))
        return true;
    tid_log("%s", why);
    tid_reload_close(files);
    return false;
}

static void log_result(const char *what, bool success, const char *why) {
    if (success)
        tid_log("SIGHUP: %s read again", what);
    else
        tid_log("SIGHUP: %s stay as they were: %s", what, why);
}

void tid_reload_again(struct tid_reload *files) {
    char why[TID_CONFIG_WHY_BYTES] = "";
    if (files->tls)
        log_result("certificates", tid_tls_reload(files->tls, why, sizeof why), why);
    if (files->access)
        log_result("tokens and keys", tid_access_reload(files->access, why, sizeof why),
                   why);
    if (!files->tls && !files->access) tid_log("SIGHUP: there is no file to read again");
}

void tid_reload_close(struct tid_reload *files) {
    tid_tls_free(files->tls);
    tid_access_free(files->access);
    *files = (struct tid_reload){0};
}
