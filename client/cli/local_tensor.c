/* SPDX-License-Identifier: MIT */
/* The tensor that the options describe, computed here. */
#include <stdlib.h>
#include <string.h>

#include "client/cli/read_ahead.h"

int cli_tensor_open(struct cli_tensor *tensor, const struct cli_options *options) {
    struct ti_error error;
    memset(tensor, 0, sizeof *tensor);
    const int code = cli_read_threads(options, &tensor->threads);
    if (code != 0) return code;
    if (ti_plan_make(options->spec, &tensor->plan, &error) != TI_OK ||
        ti_body_make(tensor->plan, &tensor->body, &error) != TI_OK ||
        ti_workspace_make(tensor->plan, &tensor->workspace, &error) != TI_OK) {
        cli_tensor_close(tensor);
        return cli_fail(&error);
    }
    tensor->chunk = malloc(CLI_CHUNK_BYTES);
    if (!tensor->chunk) {
        cli_tensor_close(tensor);
        return cli_fail_memory();
    }
    struct ti_warning warnings[TI_WARNINGS_MAX];
    const unsigned count = ti_plan_warnings(options->spec, tensor->plan, warnings);
    for (unsigned i = 0; i < count; i++) {
        cli_note(options, warnings[i].field, warnings[i].text);
    }
    return 0;
}

void cli_tensor_close(struct cli_tensor *tensor) {
    ti_workspace_free(tensor->workspace);
    free(tensor->chunk);
    ti_body_free(tensor->body);
    ti_plan_free(tensor->plan);
    ti_factor_free(tensor->factor);
}

static bool open_thread(void *state, void **thread) {
    const struct cli_tensor *tensor = state;
    *thread = NULL;
    return ti_workspace_make(tensor->plan, thread, NULL) == TI_OK;
}

static enum ti_status read_body(void *state, void *thread, uint64_t offset, size_t count,
                                unsigned char *out) {
    const struct cli_tensor *tensor = state;
    if (ti_body_read(tensor->body, offset, count, out, thread) != TI_OK) {
        abort(); /* cannot happen: the range lies inside the body, which is factorized */
    }
    return TI_OK;
}

struct cli_source cli_tensor_source(struct cli_tensor *tensor) {
    return (struct cli_source){.bytes = ti_body_bytes(tensor->body),
                               .threads = tensor->threads,
                               .state = tensor,
                               .open = open_thread,
                               .close = ti_workspace_free,
                               .read = read_body};
}

int cli_tensor_read(struct cli_tensor *tensor, cli_consumer *consume, void *state) {
    struct ti_body_cursor cursor = {0};
    int code = cli_tensor_factorize(tensor);
    if (code == 0 && tensor->threads > 1 && ti_body_bytes(tensor->body) > 0) {
        const struct cli_source source = cli_tensor_source(tensor);
        return cli_read_ahead(&source, consume, state);
    }
    while (code == 0) {
        size_t written;
        if (ti_body_next(tensor->body, &cursor, CLI_CHUNK_BYTES, tensor->chunk, &written,
                         tensor->workspace) != TI_OK) {
            abort(); /* cannot happen: the capacity is sufficient, the cursor valid */
        }
        if (written == 0) break;
        code = consume(state, tensor->chunk, written);
    }
    return code;
}
