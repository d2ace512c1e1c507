/* SPDX-License-Identifier: MIT */
/* The tensor that the options describe, computed here. */
#include <stdlib.h>
#include <string.h>

#include "client/cli/read_ahead.h"

int cli_tensor_open(struct cli_tensor *tensor, const struct cli_options *options) {
    struct ti_error error;
    memset(tensor, 0, sizeof *tensor);
    tensor->threads = cli_threads_usable();
    if (options->threads) {
        const int code = cli_read_count("threads", options->threads, CLI_THREADS_MAX,
                                        &tensor->threads);
        if (code != 0) return code;
    }
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

int cli_tensor_read(struct cli_tensor *tensor, cli_consumer *consume, void *state) {
    struct ti_body_cursor cursor = {0};
    int code = cli_tensor_factorize(tensor);
    if (code == 0 && tensor->threads > 1 && ti_body_bytes(tensor->body) > 0) {
        return cli_read_ahead(tensor, consume, state);
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
