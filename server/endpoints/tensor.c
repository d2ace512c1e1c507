/* SPDX-License-Identifier: MIT */
/*
 * GET /v1/tensor: the weights. The tensor is made while it is sent, so its size costs no
 * memory.
 */
#include <stdlib.h>

#include <tensorinit/body.h>

#include "endpoints.h"
#include "headers.h"
#include "planned.h"
#include "problem.h"

/* What a body needs while it is sent. */
struct tensor {
    struct tid_planned planned;
    void *workspace;
};

static bool tensor_read(void *state, uint64_t offset, size_t count_bytes, void *out)
{
    const struct tensor *tensor = state;

    return ti_body_read(tensor->planned.body, offset, count_bytes, out, tensor->workspace) ==
           TI_OK;
}

static void tensor_free(void *state)
{
    struct tensor *tensor = state;

    tid_planned_clear(&tensor->planned);
    free(tensor->workspace);
    free(tensor);
}

/* For HEAD nothing is computed, so nothing is set aside. */
static enum ti_status tensor_make(const struct tid_request *request, struct tensor **made,
                                  struct ti_error *error)
{
    struct tensor *tensor = calloc(1, sizeof *tensor);
    if (tensor == NULL)
        return tid_out_of_memory(error);

    enum ti_status status = tid_planned_make(request, &tensor->planned, error);
    if (status != TI_OK)
        goto fail;
    size_t bytes = ti_plan_info(tensor->planned.plan)->workspace_bytes;
    if (bytes > 0 && request->method != TID_METHOD_HEAD) {
        tensor->workspace = aligned_alloc(64, (bytes + 63) / 64 * 64);
        if (tensor->workspace == NULL) {
            status = tid_out_of_memory(error);
            goto fail;
        }
    }
    *made = tensor;
    return TI_OK;

fail:
    tensor_free(tensor);
    return status;
}

void tid_endpoint_tensor(const struct tid_context *context,
                         const struct tid_request *request, struct tid_reply *reply)
{
    struct ti_error error;
    struct tensor *tensor = NULL;

    (void)context;
    if (tensor_make(request, &tensor, &error) != TI_OK) {
        tid_problem_of(reply, &error);
        return;
    }

    const struct ti_body *body = tensor->planned.body;
    tid_reply_init(reply, 200);
    tid_headers_add(reply, ti_plan_info(tensor->planned.plan), ti_body_format(body));
    tid_reply_static(reply, "Cache-Control", "public, max-age=3600");
    tid_reply_static(reply, "X-Content-Type-Options", "nosniff");
    tid_reply_body_stream(reply, (struct tid_stream){.bytes = ti_body_bytes(body),
                                                     .read = tensor_read,
                                                     .free = tensor_free,
                                                     .state = tensor});
}
