/* SPDX-License-Identifier: MIT */
/* See startup_log.h. */
#include "server/startup_log.h"

#include <tensorinit/version.h>

#include "server/log.h"
#include "server/work/cgroup.h"
#include "server/work/heap.h"
#include "server/work/memory.h"

size_t tid_startup_memory(const struct tid_config *config, const char **origin) {
    const uint64_t cgroup_bytes = tid_cgroup_memory(&tid_cgroup_tree);
    const uint64_t address_bytes = tid_heap_address_space();
    *origin = "default";
    if (config->memory_bytes > 0) {
        *origin = "--memory";
        return config->memory_bytes;
    }
    if (address_bytes < cgroup_bytes) {
        *origin = "a quarter of RLIMIT_AS";
        return tid_memory_default(address_bytes);
    }
    if (cgroup_bytes != UINT64_MAX) *origin = "a quarter of the control group's limit";
    return tid_memory_default(cgroup_bytes);
}

static void log_facts(const struct tid_startup_facts *facts) {
    struct tid_log_line line;
    if (!tid_log_has(TID_LOG_INFO)) return;
    tid_log_begin(&line, TID_LOG_INFO, "starting");
    tid_log_line_string(&line, "version", TI_VERSION_STRING);
    tid_log_line_string(&line, "spec", TI_SPEC_NAME);
    tid_log_line_string(&line, "isa", facts->isa);
    tid_log_line_number(&line, "workers", facts->workers);
    tid_log_line_number(&line, "compute_threads", facts->compute_threads);
    tid_log_line_number(&line, "memory_bytes", facts->memory_bytes);
    tid_log_line_string(&line, "memory_origin", facts->memory_origin);
    tid_log_line_number(&line, "max_connections", facts->config->max_connections);
    tid_log_end(&line);
}

static void warn_if_open(const struct tid_startup_facts *facts) {
    const struct tid_config *config = facts->config;
    char address[TID_ADDRESS_BYTES];
    if (config->token_file.text[0] != '\0' || config->signing_key_file.text[0] != '\0' ||
        config->tls_client_ca.text[0] != '\0' ||
        !tid_sockets_find_remote(facts->sockets, address))
        return;
    tid_log(TID_LOG_WARNING,
            "every client that reaches %s may request tensors of any size; "
            "--token-file, --signing-key-file and --tls-client-ca restrict who may, "
            "--listen 127.0.0.1:PORT or unix:PATH from where",
            address);
}

void tid_startup_log(const struct tid_startup_facts *facts) {
    log_facts(facts);
    warn_if_open(facts);
}
