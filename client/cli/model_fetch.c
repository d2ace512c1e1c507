/* SPDX-License-Identifier: MIT */
/* Fetching the files of a model: see model_fetch.h. */
#include "client/cli/model_fetch.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/cli/get_request.h"
#include "client/cli/model_check.h"
#include "client/cli/model_file.h"
#include "client/cli/transfer.h"

/* "seed-42-bf16-5GB" */
#define VARIANT_BYTES 96

struct fetching {
    const struct cli_model *model;
    const struct cli_options *options;
    struct cli_model_server *server;
    struct cli_progress progress;
    char variant[VARIANT_BYTES];
    /* The file that is being fetched. */
    size_t file;
    struct cli_transfer transfer;
};

/* Variants ---------------------------------------------------------------------------- */

/* Whether the model's dtype is what it would have without --dtype: a server's URLs leave that
   out. */
static int is_own_dtype(const struct cli_model *model, bool *own) {
    const struct ti_model_options *manifest = ti_manifest_options(model->manifest);
    struct ti_model_options options = model->options;
    struct ti_model *without;
    struct ti_error error;
    *own = options.has_dtype == manifest->has_dtype && options.dtype == manifest->dtype;
    if (*own || manifest->has_dtype || options.dtype != TI_DTYPE_F32) return 0;
    /* f32 is the default, but not of tensors that a checkpoint has as something else. */
    options.has_dtype = false;
    if (ti_model_make(model->manifest, &options, &without, NULL, &error) != TI_OK) {
        return cli_fail(&error);
    }
    *own = strcmp(ti_model_id(without), ti_model_id(model->model)) == 0;
    ti_model_free(without);
    return 0;
}

/* The size of files to request of a server, or 0: one file is any size that is
   large enough. */
static uint64_t shard_bytes(const struct cli_model *model) {
    const uint64_t terabyte = 1000000000000;
    const uint64_t own = ti_manifest_options(model->manifest)->max_shard_bytes;
    const uint64_t bytes = ti_model_bytes(model->model);
    if (model->options.max_shard_bytes == own) return 0;
    if (model->options.max_shard_bytes != UINT64_MAX)
        return model->options.max_shard_bytes;
    return bytes <= own ? 0 : (bytes / terabyte + 1) * terabyte;
}

/* What the path of the files says of seed, dtype and size of files, beside the manifest. */
static int write_variant(const struct cli_model *model, char out[VARIANT_BYTES]) {
    char size[TI_SHARD_SIZE_TEXT_BYTES] = "";
    const uint64_t max_bytes = shard_bytes(model);
    bool own;
    const int code = is_own_dtype(model, &own);
    if (code != 0) return code;
    if (max_bytes > 0) ti_shard_size_text(max_bytes, size);
    snprintf(out, VARIANT_BYTES, "seed-%" PRIu64 "%s%s%s%s", model->seed, own ? "" : "-",
             own ? "" : ti_dtype_name(model->options.dtype), *size ? "-" : "", size);
    return 0;
}

/* Files ------------------------------------------------------------------------------- */

static int read_expected(void *state, uint64_t offset, size_t count, unsigned char *out) {
    return cli_model_bytes_read(state, offset, count, out);
}

/* Compares what a file has with the model. */
static int compare(const struct fetching *fetching, int fd, const char *path,
                   const struct cli_part_state *part) {
    const struct cli_model *model = fetching->model;
    struct cli_model_bytes bytes = {.model = model, .file = fetching->file};
    const struct cli_expected expected = {
        .what = "model",
        .total_bytes = ti_model_file(model->model, fetching->file)->bytes,
        .read = read_expected,
        .state = &bytes};
    const int code = cli_part_compare(fd, path, part, &expected);
    cli_model_bytes_clear(&bytes);
    return code;
}

/* The entity tag says what the file is, but a proxy may have cut it. */
static int check_length(void *state, const struct tic_info *info) {
    const struct fetching *fetching = state;
    const struct ti_model_file *file =
        ti_model_file(fetching->model->model, fetching->file);
    struct ti_error error = {.code = TI_EMISMATCH};
    if (info->total_bytes == file->bytes) return 0;
    if (info->total_bytes == TIC_UNKNOWN) {
        snprintf(error.text, sizeof error.text,
                 "the response does not say how long %s is", file->name);
    } else {
        snprintf(error.text, sizeof error.text,
                 "%s has %" PRIu64 " bytes, expected %" PRIu64, file->name,
                 info->total_bytes, file->bytes);
    }
    cli_clear_line();
    cli_get_print_error(fetching->options, fetching->server->request, &error);
    return CLI_EMISMATCH;
}

static int check_part(void *state, const struct cli_output *output,
                      struct cli_part_state *part) {
    const struct fetching *fetching = state;
    /* Then all of it is compared at the end. */
    if (fetching->options->verify_model) return 0;
    return compare(fetching, output->fd, output->part_path, part);
}

static int verify(void *state, const struct cli_output *output) {
    const struct fetching *fetching = state;
    return cli_model_compare_received(fetching->model, fetching->file, output->fd,
                                      output->part_path);
}

/* With --continue: a file that is there already and has what it should is not fetched again. */
static int check_complete(struct fetching *fetching, const char *path, bool *complete) {
    struct stat file;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    *complete = fd >= 0 && fstat(fd, &file) == 0 && S_ISREG(file.st_mode);
    if (!*complete) {
        if (fd >= 0) close(fd);
        return 0;
    }
    struct cli_range all = {0, (uint64_t)file.st_size};
    const struct cli_part_state part = {.total_bytes = all.end,
                                        .done = &all,
                                        .done_count = 1,
                                        /* A sample, unless all is to be compared. */
                                        .same_boot = !fetching->options->verify_model};
    const int code = compare(fetching, fd, path, &part);
    close(fd);
    if (code == 0) cli_progress_skip(&fetching->progress, all.end);
    return code;
}

static int set_path(const struct fetching *fetching, const char *name) {
    const struct cli_model_server *server = fetching->server;
    struct ti_error error;
    char *path =
        malloc(strlen(server->path) + sizeof fetching->variant + strlen(name) + 3);
    if (!path) return cli_fail_memory();
    sprintf(path, "%s/%s/%s", server->path, fetching->variant, name);
    const enum ti_status status = tic_request_path(server->request, path, &error);
    free(path);
    return status == TI_OK ? 0 : cli_fail(&error);
}

static int fetch_file(struct fetching *fetching, size_t file, const char *path) {
    const struct ti_model *model = fetching->model->model;
    const char *name = ti_model_file(model, file)->name;
    struct cli_transfer *transfer = &fetching->transfer;
    char digits[33], etag[sizeof digits + 2];
    bool complete = false;
    int code = 0;
    fetching->file = file;
    if (fetching->options->go_on && !cli_output_has_state(path)) {
        code = check_complete(fetching, path, &complete);
    }
    if (code != 0 || complete) return code;
    ti_model_etag(model, file, fetching->model->seed, digits);
    snprintf(etag, sizeof etag, "\"%s\"", digits);
    transfer->path = path;
    transfer->query = name;
    transfer->etag = etag;
    code = set_path(fetching, name);
    return code == 0 ? cli_transfer_run(transfer) : code;
}

static int fetch_files(struct fetching *fetching, const char *path) {
    const struct ti_model *model = fetching->model->model;
    int code = 0;
    if (cli_path_is_file(path)) return fetch_file(fetching, 0, path);
    for (size_t i = 0; code == 0 && i < ti_model_file_count(model); i++) {
        char *joined = cli_path_join(path, ti_model_file(model, i)->name);
        if (!joined) return cli_fail_memory();
        code = fetch_file(fetching, i, joined);
        free(joined);
    }
    return code;
}

static int prepare(struct fetching *fetching) {
    const struct cli_model *model = fetching->model;
    const char *path = fetching->options->model_output;
    struct cli_model_server *server = fetching->server;
    int code = cli_progress_init(&fetching->progress, fetching->options);
    if (code == 0 && !cli_path_is_file(path)) {
        /* Parts have their space already. */
        code = cli_model_folder_prepare(
            model->model, path,
            fetching->options->go_on ? 0 : cli_model_files_bytes(model));
    }
    if (code == 0) code = write_variant(model, fetching->variant);
    if (code == 0 && !server->path) {
        code = cli_model_server_send(server, model->json, model->json_bytes);
    }
    return code;
}

int cli_model_fetch(const struct cli_model *model, const struct cli_options *options,
                    struct cli_model_server *server) {
    struct fetching fetching = {
        .model = model,
        .options = options,
        .server = server,
        .transfer = {.options = options,
                     .request = server->request,
                     .what = "model",
                     .progress = &fetching.progress,
                     .begin = check_length,
                     .check_part = check_part,
                     .finish = options->verify_model ? verify : NULL,
                     .state = &fetching},
    };
    int code = cli_transfer_set_deadline(&fetching.transfer);
    if (code == 0) code = prepare(&fetching);
    if (code != 0) return code;
    cli_progress_begin(&fetching.progress, 0, cli_model_files_bytes(model));
    code = fetch_files(&fetching, options->model_output);
    cli_progress_end(&fetching.progress, code == 0);
    return code;
}
