/* SPDX-License-Identifier: MIT */
/* tensorinit model --verify: see model_check.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/cli/file_compare.h"
#include "client/cli/model_check.h"
#include "client/cli/model_file.h"
#include "client/cli/progress.h"

struct verification {
    const struct cli_model *model;
    struct cli_progress progress;
    size_t file;
    struct cli_comparison comparison;
};

static void print_place(const void *state, uint64_t offset) {
    const struct verification *verification = state;
    const struct ti_model *model = verification->model->model;
    struct ti_model_span span;
    if (ti_model_locate(model, verification->file, offset, &span) != TI_OK) return;
    if (span.tensor == SIZE_MAX) {
        printf(", in the header");
    } else {
        const struct ti_model_tensor *tensor = ti_model_tensor(model, span.tensor);
        printf(", in element %" PRIu64 " of %s",
               (offset - span.first) / ti_dtype_bytes(tensor->kind->dtype), tensor->name);
    }
}

static int compare(void *state, const unsigned char *bytes, size_t count) {
    struct verification *verification = state;
    const int code = cli_compare_next(&verification->comparison, bytes, count);
    if (code == 0) cli_progress_add(&verification->progress, count);
    return code;
}

static int compare_file(struct verification *verification, size_t file,
                        const char *path) {
    struct cli_comparison *comparison = &verification->comparison;
    verification->file = file;
    comparison->path = path;
    comparison->offset = 0;
    comparison->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (comparison->fd < 0 && errno == ENOENT) {
        cli_clear_line();
        printf("%s is missing\n", path);
        return CLI_DIFFERS;
    }
    if (comparison->fd < 0) return cli_fail_io(path, "cannot open");
    int code = cli_model_file_read(verification->model, file, compare, verification);
    if (code == 0) code = cli_compare_end(comparison, "");
    close(comparison->fd);
    return code;
}

static int compare_files(struct verification *verification, const char *path) {
    const struct ti_model *model = verification->model->model;
    int code = 0;
    if (cli_path_is_file(path)) return compare_file(verification, 0, path);
    for (size_t i = 0; code == 0 && i < ti_model_file_count(model); i++) {
        char *joined = cli_path_join(path, ti_model_file(model, i)->name);
        if (!joined) return cli_fail_memory();
        code = compare_file(verification, i, joined);
        free(joined);
    }
    return code;
}

int cli_model_verify(const struct cli_model *model, const struct cli_options *options,
                     const char *path) {
    struct verification verification = {.model = model};
    verification.comparison.print_place = print_place;
    verification.comparison.state = &verification;
    int code = cli_progress_init(&verification.progress, options);
    if (code != 0) return code;
    verification.comparison.chunk = malloc(CLI_CHUNK_BYTES);
    if (!verification.comparison.chunk) return cli_fail_memory();
    cli_progress_begin(&verification.progress, 0, cli_model_files_bytes(model));
    code = compare_files(&verification, path);
    cli_progress_end(&verification.progress, code == 0);
    free(verification.comparison.chunk);
    if (code == 0 && !options->quiet) printf("%s has exactly the model\n", path);
    const int closed = cli_close_stdout();
    return code != 0 ? code : closed;
}
