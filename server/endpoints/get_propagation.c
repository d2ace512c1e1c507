/* SPDX-License-Identifier: MIT */
/*
 * GET /v1/propagation: how signals and gradients spread through layers whose weights are
 * those of a scheme. Takes parameters of its own (tensorinit/propagation.h) and the scheme's.
 */
#include <stdlib.h>

#include <tensorinit/propagation.h>

#include "server/documents/problem.h"
#include "server/endpoints/admitted.h"
#include "server/endpoints/computed_document.h"
#include "server/endpoints/endpoints.h"
#include "server/http/limit_problem.h"

/* A response while it is computed. */
struct running {
    struct ti_propagation *stack;
    struct tid_admitted admitted;
    struct tid_computed_document document;
    uint64_t part; /* of the document, that is sent next */
};

static void running_free(void *state) {
    struct running *running = state;
    ti_propagation_free(running->stack);
    tid_admitted_clear(&running->admitted);
    free(running);
}

static enum tid_next running_next(void *state, double task_ns, size_t capacity_bytes,
                                  void *out, size_t *written) {
    struct running *running = state;
    if (!ti_propagation_done(running->stack)) {
        if (ti_propagation_step(running->stack, task_ns, NULL) != TI_OK)
            return TID_NEXT_FAILED;
        return tid_computed_document_wait(&running->document, out, written);
    }
    *written = ti_propagation_json(running->stack, &running->part, capacity_bytes, out);
    return *written > 0 ? TID_NEXT_MORE : TID_NEXT_END;
}

/* Whether the limits of this server allow it. */
static bool is_allowed(const struct tid_context *context,
                       const struct ti_propagation_info *info,
                       struct tid_response *response) {
    const uint64_t layers_bytes =
        (uint64_t)info->depth * info->runs * sizeof(struct ti_propagation_layer);
    const bool is_deep = layers_bytes > info->peak_bytes / 2;
    const struct tid_memory_words words = {.title = "network too large",
                                           .field = is_deep ? "depth" : "width",
                                           .what = "this network",
                                           .advice = ""};
    return !tid_refuse_beyond(context, TID_LIMIT_propagation_products, info->products,
                              response) &&
           tid_check_memory(context->memory, (size_t)info->peak_bytes, 0, &words,
                            response);
}

/* Gets what the computation needs. */
static bool prepare(struct running *running, const struct tid_context *context,
                    const struct tid_request *request, struct tid_response *response) {
    const size_t bytes = (size_t)ti_propagation_info(running->stack)->peak_bytes;
    if (!tid_admit_computation(&running->admitted, context, request, response) ||
        !tid_admit_memory(&running->admitted, context, bytes, response))
        return false;
    if (ti_propagation_begin(running->stack, NULL) == TI_OK) return true;
    tid_problem_no_memory(response);
    return false;
}

void tid_endpoint_propagation(const struct tid_context *context,
                              const struct tid_request *request,
                              struct tid_response *response) {
    struct ti_error error;
    struct running *running = calloc(1, sizeof *running);
    if (!running) {
        tid_problem_no_memory(response);
        return;
    }
    if (ti_propagation_make(request->query, request->query_bytes, &running->stack,
                            &error) != TI_OK) {
        running_free(running);
        tid_problem_of(response, &error);
        return;
    }
    if (!is_allowed(context, ti_propagation_info(running->stack), response) ||
        (request->method != TID_METHOD_HEAD &&
         !prepare(running, context, request, response))) {
        running_free(running);
        return;
    }
    tid_computed_document_respond(response, NULL, running_next, running_free, running);
}
