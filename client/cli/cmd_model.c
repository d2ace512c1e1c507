/* SPDX-License-Identifier: MIT */
/*
 * tensorinit model: computes the files of a whole model, or describes or compares them.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <nettle/sha2.h>

#include "client/cli/model_check.h"
#include "client/cli/model_file.h"
#include "client/cli/progress.h"

/* What is done with the bytes of the files. */
struct writer {
    const struct cli_model *model;
    /* a folder, or a file; NULL if nothing is written */
    const char *path;
    bool digests;
    struct cli_progress progress;
    /* of the file that is being written */
    struct cli_output output;
    struct sha256_ctx hash;
};

static int write_chunk(void *state, const unsigned char *bytes, size_t count) {
    struct writer *writer = state;
    int code = 0;
    if (writer->path) code = cli_output_write(&writer->output, bytes, count);
    if (writer->digests) sha256_update(&writer->hash, count, bytes);
    cli_progress_add(&writer->progress, count);
    return code;
}

static void print_digest(struct writer *writer, const char *path) {
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(&writer->hash, sizeof digest, digest);
    cli_clear_line();
    cli_print_digest(digest, path);
}

static int write_file(struct writer *writer, size_t file, const char *path) {
    const uint64_t bytes = ti_model_file(writer->model->model, file)->bytes;
    int code = 0;
    sha256_init(&writer->hash);
    if (writer->path) code = cli_output_open(&writer->output, path, false);
    if (code != 0) return code;
    if (writer->path && writer->output.is_part) {
        code = cli_part_reserve(writer->output.fd, path, bytes);
    }
    if (code == 0) code = cli_model_file_read(writer->model, file, write_chunk, writer);
    if (writer->path && code == 0) {
        code = cli_output_commit(&writer->output);
    } else if (writer->path) {
        cli_output_abandon(&writer->output);
    }
    if (code == 0 && writer->digests) print_digest(writer, path);
    return code;
}

/* All tensors go to one file, if it has been named; else the index comes last. */
static int write_files(struct writer *writer) {
    const struct ti_model *model = writer->model->model;
    const bool folder = writer->path && !cli_path_is_file(writer->path);
    int code = 0;
    for (size_t i = 0; code == 0 && i < ti_model_file_count(model); i++) {
        const char *name = ti_model_file(model, i)->name;
        char *joined = folder ? cli_path_join(writer->path, name) : NULL;
        if (folder && !joined) return cli_fail_memory();
        code = write_file(writer, i,
                          joined         ? joined
                          : writer->path ? writer->path
                                         : name);
        free(joined);
    }
    return code;
}

/* Files ------------------------------------------------------------------------------ */

static bool is_checkpoint_file(const char *name) {
    return strcmp(name, CLI_INDEX_NAME) == 0 ||
           (strncmp(name, "model", 5) == 0 && cli_path_is_file(name));
}

/* Loaders would take the files of another model, or of another cut, for this one's. */
static int refuse_others(const struct ti_model *model, const char *folder) {
    DIR *entries = opendir(folder);
    const struct dirent *entry;
    int code = 0;
    if (!entries) return cli_fail_io(folder, "cannot read");
    while (code == 0 && (entry = readdir(entries))) {
        if (!is_checkpoint_file(entry->d_name) ||
            ti_model_find_file(model, entry->d_name) != SIZE_MAX) {
            continue;
        }
        fprintf(
            stderr,
            "tensorinit: %s has %s, which is not one of this model's files: remove it, "
            "or choose another folder\n",
            folder, entry->d_name);
        code = CLI_EIO;
    }
    closedir(entries);
    return code;
}

static int prepare_folder(const struct ti_model *model, const char *folder,
                          uint64_t total_bytes) {
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        return cli_fail_io(folder, "cannot make the folder");
    }
    const int code = refuse_others(model, folder);
    return code != 0 ? code : cli_space_check(folder, total_bytes);
}

static int write_model(const struct cli_model *model, struct cli_options *options) {
    struct writer writer = {
        .model = model, .path = options->model_output, .digests = options->digests};
    const uint64_t total = cli_model_files_bytes(model);
    int code = cli_progress_init(&writer.progress, options);
    if (code != 0) return code;
    if (writer.path && !cli_path_is_file(writer.path)) {
        code = prepare_folder(model->model, writer.path, total);
    }
    if (code != 0) return code;
    cli_progress_begin(&writer.progress, 0, total);
    code = write_files(&writer);
    cli_progress_end(&writer.progress, code == 0);
    const int closed = cli_close_stdout();
    return code != 0 ? code : closed;
}

static int check_usage(const struct cli_options *options) {
    const int writes = options->model_output || options->digests;
    const char *wrong = NULL;
    if (!options->file) {
        wrong = "model needs a MANIFEST: a file, a folder with manifest.json, or a name";
    } else if (writes + options->check + (options->verify_model != NULL) != 1) {
        wrong = "model needs one of -o DIR, --digests, --check and --verify DIR";
    } else if (options->model_output && strcmp(options->model_output, "-") == 0) {
        wrong = "model writes to a folder or a file: -o DIR or -o FILE.safetensors";
    }
    if (!wrong) return 0;
    fprintf(stderr, "tensorinit: %s\n", wrong);
    return CLI_USAGE;
}

int cli_model(struct cli_options *options) {
    const char *path =
        options->verify_model ? options->verify_model : options->model_output;
    struct cli_model model;
    int code = check_usage(options);
    if (code == 0) code = cli_model_open(&model, options, path && cli_path_is_file(path));
    if (code != 0) return code;
    options->output = "/dev/null"; /* only text goes to the terminal, beside progress */
    if (options->check) {
        code = cli_model_print(&model);
    } else if (options->verify_model) {
        code = cli_model_verify(&model, options, options->verify_model);
    } else {
        code = write_model(&model, options);
    }
    cli_model_close(&model);
    return code;
}
