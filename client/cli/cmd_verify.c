/* SPDX-License-Identifier: MIT */
/* tensorinit verify: compares a file with the tensor, byte by byte. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/file_compare.h"
#include "client/cli/file_header.h"
#include "client/cli/progress.h"

/* Where the elements of the tensor are in the file. */
struct layout {
    uint64_t header_bytes; /* before the first element */
    size_t elem_bytes;     /* 0 for text */
};

static void print_place(FILE *out, const void *state, uint64_t offset) {
    const struct layout *layout = state;
    if (offset < layout->header_bytes) {
        fputs(", in the header", out);
    } else if (layout->elem_bytes > 0) {
        fprintf(out, ", in element %" PRIu64,
                (offset - layout->header_bytes) / layout->elem_bytes);
    }
}

static int compare(void *state, const unsigned char *bytes, size_t count) {
    return cli_compare_next(state, bytes, count);
}

/* The header at the start of a file; empty for a pipe. */
static int read_header(const struct cli_comparison *comparison,
                       struct cli_file_header *header) {
    unsigned char *bytes = malloc(CLI_HEADER_BYTES);
    if (!bytes) return cli_fail_memory();
    const ssize_t count = pread(comparison->fd, bytes, CLI_HEADER_BYTES, 0);
    if (count < 0 && errno != ESPIPE) {
        free(bytes);
        return cli_fail_io(comparison->path, "cannot read");
    }
    cli_file_header_read(header, bytes, count > 0 ? (size_t)count : 0);
    free(bytes);
    return 0;
}

static int differs_in(const struct cli_comparison *comparison, const char *what,
                      const char *actual, const char *expected) {
    if (strcmp(actual, expected) == 0) return 0;
    printf("%s has the %s %s, expected %s\n", comparison->path, what, actual, expected);
    return CLI_DIFFERS;
}

/* What the headers say differently is said as such, and not as the difference of a byte. */
static int compare_headers(const struct cli_comparison *comparison,
                           const struct cli_tensor *tensor,
                           const struct cli_file_header *actual) {
    const uint64_t bytes = ti_body_header_bytes(tensor->body);
    struct cli_file_header expected;
    if (!*actual->dtype || bytes == 0 || bytes > CLI_CHUNK_BYTES ||
        ti_body_read(tensor->body, 0, (size_t)bytes, tensor->chunk, tensor->workspace) !=
            TI_OK) {
        return 0;
    }
    cli_file_header_read(&expected, tensor->chunk, (size_t)bytes);
    int code = differs_in(comparison, "shape", actual->shape, expected.shape);
    if (code == 0) code = differs_in(comparison, "dtype", actual->dtype, expected.dtype);
    if (code == 0) {
        code = differs_in(comparison, "metadata", actual->query ? "full" : "none",
                          expected.query ? "full" : "none");
    }
    if (code == 0 && actual->query) {
        code = differs_in(comparison, "query", actual->query, expected.query);
    }
    cli_file_header_clear(&expected);
    return code;
}

static int compare_body(struct cli_comparison *comparison, struct cli_tensor *tensor,
                        const struct cli_options *options) {
    struct cli_progress progress = {.begun = false};
    struct layout layout = {.elem_bytes = 0};
    const struct ti_plan_info *info = ti_plan_info(tensor->plan);
    if (ti_body_has_length(tensor->body)) {
        layout.elem_bytes = ti_dtype_bytes(info->dtype);
        layout.header_bytes = ti_body_bytes(tensor->body) - info->body_bytes;
    }
    comparison->print_place = print_place;
    comparison->state = &layout;
    int code = cli_progress_init_reader(&progress, options);
    if (code == 0) code = cli_progress_read(&progress, tensor, compare, comparison);
    return code != 0 ? code : cli_compare_end(comparison, "the tensor, which has ");
}

/* Makes the spec of what the file itself says. */
static int make_spec(struct cli_options *options, const struct cli_comparison *comparison,
                     const struct cli_file_header *header) {
    struct ti_error error;
    if (!header->query) {
        fprintf(stderr,
                "tensorinit: %s does not say which tensor it has, as safetensors with "
                "--metadata=full does: give the parameters\n",
                comparison->path);
        return CLI_USAGE;
    }
    if (strcmp(header->spec, TI_SPEC_NAME) != 0) {
        fprintf(stderr, "tensorinit: %s has the spec '%s', this command %s\n",
                comparison->path, header->spec, TI_SPEC_NAME);
        return CLI_EMISMATCH;
    }
    ti_spec_free(options->spec);
    options->spec = NULL;
    if (ti_spec_make(&options->spec) != TI_OK) return cli_fail_memory();
    if (ti_spec_set_query(options->spec, header->query, strlen(header->query), &error) ==
        TI_OK) {
        return 0;
    }
    fprintf(stderr, "tensorinit: %s: its query is not valid: %s\n", comparison->path,
            error.text);
    return CLI_EMISMATCH;
}

static int verify_open(struct cli_options *options, struct cli_comparison *comparison,
                       const struct cli_file_header *header) {
    struct cli_tensor tensor;
    int code = 0;
    if (options->param_count == 0) code = make_spec(options, comparison, header);
    if (code != 0) return code;
    if (options->param_count > 0) cli_options_set_format(options, comparison->path);
    if ((code = cli_tensor_open(&tensor, options)) != 0) return code;
    code = compare_headers(comparison, &tensor, header);
    if (code == 0) code = compare_body(comparison, &tensor, options);
    cli_tensor_close(&tensor);
    return code;
}

static int verify(struct cli_options *options, const char *path, unsigned char *chunk) {
    const bool from_stdin = strcmp(path, "-") == 0;
    struct cli_comparison comparison = {
        .path = path, .chunk = chunk, .out = stdout, .prefix = ""};
    struct cli_file_header header = {.query = NULL};
    comparison.fd = from_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (comparison.fd < 0) return cli_fail_io(path, "cannot open");
    int code = read_header(&comparison, &header);
    if (code == 0) code = verify_open(options, &comparison, &header);
    if (code == 0 && !options->quiet) printf("%s is exactly the tensor\n", path);
    cli_file_header_clear(&header);
    if (!from_stdin) close(comparison.fd);
    return code;
}

/* Verifies each file; the exit code is that of the first that failed. */
int cli_verify(struct cli_options *options) {
    int code = 0;
    if (options->file_count == 0) {
        fputs("tensorinit: verify needs a FILE; - is standard input\n", stderr);
        return CLI_USAGE;
    }
    if (options->file_count > 1 && options->param_count > 0) {
        fputs("tensorinit: the parameters are those of one tensor: verify one FILE, or "
              "give none for files that say themselves what they have\n",
              stderr);
        return CLI_USAGE;
    }
    unsigned char *chunk = malloc(CLI_CHUNK_BYTES);
    if (!chunk) return cli_fail_memory();
    for (size_t i = 0; i < options->file_count; i++) {
        const int now = verify(options, options->files[i], chunk);
        if (code == 0) code = now;
    }
    free(chunk);
    const int closed = cli_close_stdout();
    return code != 0 ? code : closed;
}
