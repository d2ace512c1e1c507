/* SPDX-License-Identifier: MIT */
/*
 * What endpoints share. main makes it before the first request; afterwards it is only
 * read, so that workers need no lock. Only 'stopping' changes.
 */
#ifndef TID_CONTEXT_H
#define TID_CONTEXT_H

#include <stdatomic.h>
#include <stddef.h>

struct tid_access;
struct tid_clients;
struct tid_limits;
struct tid_pool;
struct tid_metrics;
struct tid_model_cache;
struct tid_model_directory;
struct tid_factor_cache;
struct tid_memory;
struct tid_reload_counts;
struct tid_network_list;

/* Which routes a listener serves. */
enum tid_scope {
    TID_SCOPE_ALL,
    TID_SCOPE_PUBLIC, /* metrics are served by the admin listener */
    TID_SCOPE_ADMIN,  /* only what probe.h lists */
};

struct tid_context {
    enum tid_scope scope;
    const char *isa;     /* the instruction set that fills tensors */
    const char *schemes; /* the document of /v1/schemes */
    size_t schemes_bytes;
    const char *openapi; /* the document of /openapi.json */
    size_t openapi_bytes;
    const struct tid_metrics *metrics; /* what the workers count */
    struct tid_pool *pool;             /* threads for computations that take long */
    struct tid_factor_cache *factor_cache;
    const char *cors;      /* who may read responses: http/cors.h; NULL: no one */
    const char *base_path; /* http/forwarded.h; NULL: none */
    const struct tid_network_list *trusted_proxies; /* NULL: none */
    struct tid_access *access;               /* who may request tensors; NULL: everyone */
    struct tid_clients *clients;             /* who has computations */
    struct tid_limits *limits;               /* of what may be requested; NULL: none */
    struct tid_memory *memory;               /* what --memory allows */
    struct tid_model_directory *models;      /* of --models; NULL: none */
    struct tid_model_cache *model_cache;     /* what was made of them, and of URLs */
    const struct tid_reload_counts *reloads; /* what SIGHUP has done; NULL: unknown */
    const atomic_bool *stopping; /* the server has been asked to stop; NULL: never */
};

#endif
