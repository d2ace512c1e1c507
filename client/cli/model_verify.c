/* SPDX-License-Identifier: MIT */
/* tensorinit model --verify: see model_check.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/model_check.h"
#include "client/cli/model_file.h"
#include "client/cli/progress.h"

struct comparison {
    const struct cli_model *model;
    struct cli_progress *progress;
    size_t file;
    const char *path;
    int fd;
    unsigned char *chunk; /* CLI_CHUNK_BYTES of the file */
    uint64_t offset;      /* bytes compared so far */
};

/* Reads 'count' bytes, or fewer at the end of the file; -1 if that fails. */
static ssize_t read_file(struct comparison *comparison, size_t count) {
    size_t used = 0;
    while (used < count) {
        ssize_t now = read(comparison->fd, comparison->chunk + used, count - used);
        if (now < 0 && errno == EINTR) continue;
        if (now < 0) return -1;
        if (now == 0) break;
        used += (size_t)now;
    }
    return (ssize_t)used;
}

/* Prints where the file differs; 'actual' is -1 at its end. */
static int differs(const struct comparison *comparison, size_t at, int expected,
                   int actual) {
    const uint64_t offset = comparison->offset + at;
    const struct ti_model *model = comparison->model->model;
    struct ti_model_span span;
    cli_clear_line();
    printf("%s differs at byte %" PRIu64, comparison->path, offset);
    if (ti_model_locate(model, comparison->file, offset, &span) == TI_OK) {
        if (span.tensor == SIZE_MAX) {
            printf(", in the header");
        } else {
            const struct ti_model_tensor *tensor = ti_model_tensor(model, span.tensor);
            printf(", in element %" PRIu64 " of %s",
                   (offset - span.first) / ti_dtype_bytes(tensor->kind->dtype),
                   tensor->name);
        }
    }
    if (actual < 0) {
        puts(": the file ends there");
    } else {
        printf(": 0x%02x, expected 0x%02x\n", actual, expected);
    }
    return CLI_DIFFERS;
}

static int compare(void *state, const unsigned char *bytes, size_t count) {
    struct comparison *comparison = state;
    const ssize_t available = read_file(comparison, count);
    if (available < 0) return cli_fail_io(comparison->path, "cannot read");
    const bool equal =
        (size_t)available == count && memcmp(comparison->chunk, bytes, count) == 0;
    for (size_t i = 0; !equal && i < count; i++) {
        if (i == (size_t)available) return differs(comparison, i, bytes[i], -1);
        if (comparison->chunk[i] != bytes[i]) {
            return differs(comparison, i, bytes[i], comparison->chunk[i]);
        }
    }
    comparison->offset += count;
    atomic_fetch_add(&comparison->progress->bytes, count);
    cli_progress_show(comparison->progress);
    return 0;
}

static int compare_open(struct comparison *comparison) {
    int code =
        cli_model_file_read(comparison->model, comparison->file, compare, comparison);
    if (code != 0) return code;
    const ssize_t more = read_file(comparison, 1);
    if (more < 0) return cli_fail_io(comparison->path, "cannot read");
    if (more == 0) return 0;
    cli_clear_line();
    printf("%s is longer than %" PRIu64 " bytes\n", comparison->path, comparison->offset);
    return CLI_DIFFERS;
}

static int compare_file(struct comparison *comparison) {
    comparison->offset = 0;
    comparison->fd = open(comparison->path, O_RDONLY | O_CLOEXEC);
    if (comparison->fd < 0 && errno == ENOENT) {
        cli_clear_line();
        printf("%s is missing\n", comparison->path);
        return CLI_DIFFERS;
    }
    if (comparison->fd < 0) return cli_fail_io(comparison->path, "cannot open");
    const int code = compare_open(comparison);
    close(comparison->fd);
    return code;
}

static int compare_files(struct comparison *comparison, const char *path) {
    const struct ti_model *model = comparison->model->model;
    int code = 0;
    if (cli_path_is_file(path)) {
        comparison->path = path;
        return compare_file(comparison);
    }
    for (size_t i = 0; code == 0 && i < ti_model_file_count(model); i++) {
        char *joined = cli_path_join(path, ti_model_file(model, i)->name);
        if (!joined) return cli_fail_memory();
        comparison->file = i;
        comparison->path = joined;
        code = compare_file(comparison);
        free(joined);
    }
    return code;
}

int cli_model_verify(const struct cli_model *model, const struct cli_options *options,
                     const char *path) {
    struct cli_progress progress = {.kind = CLI_PROGRESS_NONE};
    struct comparison comparison = {.model = model, .progress = &progress};
    uint64_t total = 0;
    int code = cli_progress_init(&progress, options);
    if (code != 0) return code;
    for (size_t i = 0; i < ti_model_file_count(model->model); i++) {
        total += ti_model_file(model->model, i)->bytes;
    }
    comparison.chunk = malloc(CLI_CHUNK_BYTES);
    if (!comparison.chunk) return cli_fail_memory();
    cli_progress_begin(&progress, 0, total);
    code = compare_files(&comparison, path);
    cli_progress_end(&progress, code == 0);
    free(comparison.chunk);
    if (code == 0 && !options->quiet) printf("%s has exactly the model\n", path);
    const int closed = cli_close_stdout();
    return code != 0 ? code : closed;
}
