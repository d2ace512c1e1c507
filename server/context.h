/* SPDX-License-Identifier: MIT */
/*
 * What every endpoint may know besides its request: made by main before the first
 * request, and from then on only read, so that workers share it without locks; 'stopping'
 * alone changes.
 */
#ifndef TID_CONTEXT_H
#define TID_CONTEXT_H

#include <stdatomic.h>
#include <stddef.h>

struct tid_pool;
struct tid_metrics;
struct tid_factor_cache;

/*
 *   isa       instruction set that fills tensors
 *   schemes   document of /v1/schemes
 *   openapi   document of /openapi.json
 *   metrics   what the workers count
 *   compute   the threads that compute what takes long
 *   setups    what requests have them compute once, and share
 *   stopping  true once the server has been asked to stop; NULL: never
 */
struct tid_context {
    const char *isa;
    const char *schemes;
    size_t schemes_bytes;
    const char *openapi;
    size_t openapi_bytes;
    const struct tid_metrics *metrics;
    struct tid_pool *pool;
    struct tid_factor_cache *factor_cache;
    const atomic_bool *stopping;
};

#endif
