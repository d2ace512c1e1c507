/* SPDX-License-Identifier: MIT */
/*
 * GET /v1/models/MODEL and /v1/models/MODEL/VARIANT: what is in the model's files, as JSON. It
 * may be long, so it is written while it is sent.
 */
#include <stdlib.h>
#include <string.h>

#include "server/documents/document.h"
#include "server/documents/json_model.h"
#include "server/documents/problem.h"
#include "server/endpoints/endpoints.h"
#include "server/endpoints/model_body.h"
#include "server/endpoints/model_request.h"

/* What the line of a tensor takes: its plan and its text. */
#define TENSOR_NS 20000.0

/* A document while it is sent. */
struct describing {
    const struct tid_model *model; /* a reference */
    uint64_t seed;
    size_t tensor; /* the next one */
    bool complete;
    struct tid_buffer buffer; /* what has been written and not sent */
    size_t sent_bytes;
};

static void describing_free(void *state) {
    struct describing *describing = state;
    free(tid_buffer_take(&describing->buffer));
    tid_model_release(describing->model);
    free(describing);
}

/* Writes lines for about 'task_ns', after what has been sent. */
static void write_lines(struct describing *describing, double task_ns) {
    const size_t count = ti_model_tensor_count(describing->model->model);
    struct tid_buffer *buffer = &describing->buffer;
    free(tid_buffer_take(buffer));
    describing->sent_bytes = 0;
    for (; describing->tensor < count && task_ns > 0; task_ns -= TENSOR_NS)
        tid_json_model_tensor(buffer, describing->model, describing->seed,
                              describing->tensor++);
    if (describing->tensor < count) return;
    tid_json_model_end(buffer);
    describing->complete = true;
}

static enum tid_next describing_next(void *state, double task_ns, size_t capacity_bytes,
                                     void *out, size_t *written) {
    struct describing *describing = state;
    struct tid_buffer *buffer = &describing->buffer;
    *written = 0;
    if (describing->sent_bytes == buffer->used_bytes) {
        if (describing->complete) return TID_NEXT_END;
        write_lines(describing, task_ns);
    }
    if (buffer->failed) return TID_NEXT_FAILED;
    *written = buffer->used_bytes - describing->sent_bytes;
    if (*written > capacity_bytes) *written = capacity_bytes;
    memcpy(out, buffer->text + describing->sent_bytes, *written);
    describing->sent_bytes += *written;
    return TID_NEXT_MORE;
}

/* The beginning of the document, in which the files are. False if memory runs out. */
static bool begin(struct describing *describing, const struct tid_variant *variant,
                  const char *prefix) {
    size_t count;
    struct tid_json_file *files =
        tid_model_files(describing->model, variant->seed, &count);
    if (!files) return false;
    tid_json_model_begin(&describing->buffer, describing->model, variant, prefix, files,
                         count);
    free(files);
    return !describing->buffer.failed;
}

void tid_endpoint_model(const struct tid_context *context,
                        const struct tid_request *request,
                        struct tid_response *response) {
    struct tid_model_request found;
    if (!tid_model_request_find(context, request, &found, response)) return;
    struct describing *describing = calloc(1, sizeof *describing);
    if (!describing) {
        tid_model_release(found.model);
        tid_problem_no_memory(response);
        return;
    }
    describing->model = found.model;
    describing->seed = found.variant.seed;
    if (!begin(describing, &found.variant, request->prefix)) {
        describing_free(describing);
        tid_problem_no_memory(response);
        return;
    }
    tid_document_init(response, 200, "application/json", TID_CACHE_HOUR);
    tid_response_body_stream(response, (struct tid_stream){.bytes = TID_STREAM_UNKNOWN,
                                                           .computes = true,
                                                           .next = describing_next,
                                                           .free = describing_free,
                                                           .state = describing});
}
