/* SPDX-License-Identifier: MIT */
/* Comparing files with those of a model: see model_check.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/cli/file_compare.h"
#include "client/cli/model_check.h"
#include "client/cli/model_file.h"

/* A file while it is compared. */
struct verification {
    const struct cli_model *model;
    struct cli_progress *progress; /* or NULL */
    size_t file;
    struct cli_comparison comparison;
};

static void print_place(FILE *out, const void *state, uint64_t offset) {
    const struct verification *verification = state;
    const struct ti_model *model = verification->model->model;
    struct ti_model_span span;
    if (ti_model_locate(model, verification->file, offset, &span) != TI_OK) return;
    if (span.tensor == SIZE_MAX) {
        fputs(", in the header", out);
    } else {
        const struct ti_model_tensor *tensor = ti_model_tensor(model, span.tensor);
        fprintf(out, ", in element %" PRIu64 " of %s",
                (offset - span.first) / ti_dtype_bytes(tensor->kind->dtype),
                tensor->name);
    }
}

static int compare(void *state, const unsigned char *bytes, size_t count) {
    struct verification *verification = state;
    const int code = cli_compare_next(&verification->comparison, bytes, count);
    if (code == 0 && verification->progress) {
        cli_progress_add(verification->progress, count);
    }
    return code;
}

static int compare_all(struct verification *verification) {
    struct cli_comparison *comparison = &verification->comparison;
    comparison->print_place = print_place;
    comparison->state = verification;
    comparison->chunk = malloc(CLI_CHUNK_BYTES);
    if (!comparison->chunk) return cli_fail_memory();
    int code = cli_model_file_read(verification->model, verification->file, compare,
                                   verification);
    if (code == 0) code = cli_compare_end(comparison, "");
    free(comparison->chunk);
    return code;
}

int cli_model_compare_received(const struct cli_model *model, size_t file, int fd,
                               const char *path) {
    struct verification verification = {
        .model = model,
        .file = file,
        .comparison = {
            .path = path, .fd = fd, .out = stderr, .prefix = "tensorinit: --verify: "}};
    const int code = compare_all(&verification);
    return code == CLI_DIFFERS ? CLI_EMISMATCH : code;
}

static int compare_file(const struct cli_model *model, size_t file, const char *path,
                        struct cli_progress *progress) {
    struct verification verification = {
        .model = model,
        .progress = progress,
        .file = file,
        .comparison = {.path = path,
                       .fd = open(path, O_RDONLY | O_CLOEXEC),
                       .out = stdout,
                       .prefix = ""}};
    const int fd = verification.comparison.fd;
    if (fd < 0 && errno == ENOENT) {
        cli_clear_line();
        printf("%s is missing\n", path);
        return CLI_DIFFERS;
    }
    if (fd < 0) return cli_fail_io(path, "cannot open");
    const int code = compare_all(&verification);
    close(fd);
    return code;
}

/* All that differs is printed: what to fetch again. */
static int compare_folder(const struct cli_model *model, const char *folder,
                          struct cli_progress *progress) {
    char other[CLI_FILE_NAME_BYTES];
    bool differs = false;
    const int failed = cli_model_folder_other(model->model, folder, other);
    if (failed != 0) return failed;
    for (size_t i = 0; i < ti_model_file_count(model->model); i++) {
        char *path = cli_path_join(folder, ti_model_file(model->model, i)->name);
        if (!path) return cli_fail_memory();
        const int code = compare_file(model, i, path, progress);
        free(path);
        if (code != 0 && code != CLI_DIFFERS) return code;
        if (code == CLI_DIFFERS) differs = true;
    }
    if (other[0] != '\0') {
        cli_clear_line();
        printf("%s has %s, which is not one of this model's files\n", folder, other);
        differs = true;
    }
    return differs ? CLI_DIFFERS : 0;
}

int cli_model_verify(const struct cli_model *model, const struct cli_options *options,
                     const char *path) {
    struct cli_progress progress = {.begun = false};
    int code = cli_progress_init(&progress, options);
    if (code != 0) return code;
    cli_progress_begin(&progress, 0, cli_model_files_bytes(model));
    code = cli_path_is_file(path) ? compare_file(model, 0, path, &progress)
                                  : compare_folder(model, path, &progress);
    cli_progress_end(&progress, code == 0);
    if (code == 0 && !options->quiet) printf("%s has exactly the model\n", path);
    const int closed = cli_close_stdout();
    return code != 0 ? code : closed;
}
