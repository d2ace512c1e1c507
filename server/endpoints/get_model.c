/* SPDX-License-Identifier: MIT */
/*
 * GET /v1/models/MODEL and /v1/models/MODEL/VARIANT: what is in the model's files, as JSON. A
 * thread of the pool writes it before it is sent, so that it has a length and an entity tag;
 * of a model with very many tensors the rest is written while it is sent.
 */
#include <stdlib.h>
#include <string.h>

#include "server/documents/document.h"
#include "server/documents/json_model.h"
#include "server/documents/problem.h"
#include "server/endpoints/endpoints.h"
#include "server/endpoints/model_body.h"
#include "server/endpoints/model_request.h"
#include "server/endpoints/tagged_document.h"
#include "server/http/deferred.h"
#include "server/work/pace.h"

/* What the line of a tensor takes: its plan and its text. */
#define TENSOR_NS 20000.0

/* Of a longer document the rest is written while it is sent: some 1,000 tensors. */
#define TAGGED_BYTES_MAX 262144

/* A document while it is written. */
struct description {
    const struct tid_model *model; /* a reference */
    uint64_t seed;
    size_t tensor; /* the next one */
    bool complete;
    struct tid_buffer buffer; /* what has been written and not sent */
    size_t sent_bytes;
};

static void description_free(void *state) {
    struct description *description = state;
    if (!description) return;
    free(tid_buffer_take(&description->buffer));
    tid_model_release(description->model);
    free(description);
}

/* Appends lines for about 'task_ns'. */
static void write_lines(struct description *description, double task_ns) {
    const size_t count = ti_model_tensor_count(description->model->model);
    struct tid_buffer *buffer = &description->buffer;
    for (; description->tensor < count && task_ns > 0; task_ns -= TENSOR_NS)
        tid_json_model_tensor(buffer, description->model, description->seed,
                              description->tensor++);
    if (description->tensor < count) return;
    tid_json_model_end(buffer);
    description->complete = true;
}

/* Before it is sent ------------------------------------------------------------------- */

struct writing {
    struct tid_deferred deferred; /* first */
    struct description *description;
};

static bool writing_run(struct tid_deferred *deferred) {
    const struct writing *writing = (struct writing *)(void *)deferred;
    struct description *description = writing->description;
    write_lines(description, TID_TASK_NS);
    return !description->complete && !description->buffer.failed &&
           description->buffer.used_bytes < TAGGED_BYTES_MAX;
}

static void writing_free(struct tid_deferred *deferred) {
    struct writing *writing = (struct writing *)(void *)deferred;
    description_free(writing->description);
    free(writing);
}

/* What has been written for the request; NULL if nothing has been yet. */
static struct description *take_written(const struct tid_request *request) {
    if (!request->deferred || request->deferred->run != writing_run) return NULL;
    struct writing *writing = (struct writing *)(void *)request->deferred;
    struct description *description = writing->description;
    writing->description = NULL;
    return description;
}

/* The beginning of the document, in which the files are. False if memory runs out. */
static bool begin(struct description *description, const struct tid_variant *variant,
                  const char *prefix) {
    size_t count;
    struct tid_json_file *files =
        tid_model_files(description->model, variant->seed, &count);
    if (!files) return false;
    tid_json_model_begin(&description->buffer, description->model, variant, prefix, files,
                         count);
    free(files);
    return !description->buffer.failed;
}

/* Takes the reference to the model. NULL if memory runs out. */
static struct writing *writing_make(const struct tid_model_request *found,
                                    const char *prefix) {
    struct writing *writing = calloc(1, sizeof *writing);
    struct description *description = calloc(1, sizeof *description);
    if (!writing || !description) {
        tid_model_release(found->model);
        free(description);
        free(writing);
        return NULL;
    }
    *writing = (struct writing){{.run = writing_run, .free = writing_free}, description};
    atomic_init(&writing->deferred.abandoned, false);
    description->model = found->model;
    description->seed = found->variant.seed;
    if (begin(description, &found->variant, prefix)) return writing;
    writing_free(&writing->deferred);
    return NULL;
}

/* While it is sent -------------------------------------------------------------------- */

static enum tid_next description_next(void *state, double task_ns, size_t capacity_bytes,
                                      void *out, size_t *written) {
    struct description *description = state;
    struct tid_buffer *buffer = &description->buffer;
    *written = 0;
    if (description->sent_bytes == buffer->used_bytes) {
        if (description->complete) return TID_NEXT_END;
        free(tid_buffer_take(buffer));
        description->sent_bytes = 0;
        write_lines(description, task_ns);
    }
    if (buffer->failed) return TID_NEXT_FAILED;
    *written = buffer->used_bytes - description->sent_bytes;
    if (*written > capacity_bytes) *written = capacity_bytes;
    memcpy(out, buffer->text + description->sent_bytes, *written);
    description->sent_bytes += *written;
    return TID_NEXT_MORE;
}

/* Sends what has been written, which then belongs to the response. */
static void respond(const struct tid_context *context, const struct tid_request *request,
                    struct description *description, struct tid_response *response) {
    if (description->buffer.failed) {
        description_free(description);
        tid_problem_no_memory(response);
        return;
    }
    if (description->complete) {
        const size_t bytes = description->buffer.used_bytes;
        char *text = tid_buffer_take(&description->buffer);
        description_free(description);
        tid_tagged_document_respond(context, request, text, bytes, TID_CACHE_HOUR,
                                    response);
        return;
    }
    tid_document_init(response, 200, "application/json", TID_CACHE_HOUR);
    tid_response_body_stream(response, (struct tid_stream){.bytes = TID_STREAM_UNKNOWN,
                                                           .computes = true,
                                                           .next = description_next,
                                                           .free = description_free,
                                                           .state = description});
}

void tid_endpoint_model(const struct tid_context *context,
                        const struct tid_request *request,
                        struct tid_response *response) {
    struct tid_model_request found;
    struct description *description = take_written(request);
    if (description) {
        respond(context, request, description, response);
        return;
    }
    if (!tid_model_request_find(context, request, &found, response)) return;
    struct writing *writing = writing_make(&found, request->prefix);
    if (writing)
        tid_response_defer(response, &writing->deferred);
    else
        tid_problem_no_memory(response);
}
