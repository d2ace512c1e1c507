/* SPDX-License-Identifier: MIT */
/*
 * tensorinit model: computes the files of a whole model, or describes or compares them; or
 * fetches them from a daemon.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nettle/sha2.h>

#include "client/cli/model_check.h"
#include "client/cli/model_fetch.h"
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

/* A digest needs the bytes in order. */
static int write_bytes(struct writer *writer, size_t file) {
    if (writer->path && writer->output.is_part && !writer->digests) {
        return cli_model_file_write(writer->model, file, &writer->output,
                                    &writer->progress);
    }
    return cli_model_file_read(writer->model, file, write_chunk, writer);
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
    if (code == 0) code = write_bytes(writer, file);
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

static int write_model(const struct cli_model *model, struct cli_options *options) {
    struct writer writer = {
        .model = model, .path = options->model_output, .digests = options->digests};
    const uint64_t total = cli_model_files_bytes(model);
    int code = cli_progress_init(&writer.progress, options);
    if (code != 0) return code;
    if (writer.path && !cli_path_is_file(writer.path)) {
        code = cli_model_folder_prepare(model->model, writer.path, total);
    }
    if (code != 0) return code;
    cli_progress_begin(&writer.progress, 0, total);
    code = write_files(&writer);
    cli_progress_end(&writer.progress, code == 0);
    const int closed = cli_close_stdout();
    return code != 0 ? code : closed;
}

/* What only a fetch uses: refused, and not ignored, if there is no server. */
static const char *fetch_option(const struct cli_options *options) {
    const struct {
        const char *name;
        bool given;
    } all[] = {
        {"continue", options->go_on},
        {"ca-file", options->ca_file != NULL},
        {"token-file", options->token_file != NULL},
        {"header", options->header.count > 0},
        {"jobs", options->jobs != NULL},
        {"retry-for", options->retry_for != NULL},
        {"timeout", options->timeout != NULL},
        {"connect-timeout", options->connect_timeout != NULL},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (all[i].given) return all[i].name;
    }
    return NULL;
}

/* What does not go together with a server. */
static const char *server_conflict(const struct cli_options *options) {
    const char *verify = options->verify_model, *output = options->model_output;
    if (options->only) {
        return "--only: a server has a model's files as a whole; leave out --server";
    }
    if (options->shapes) {
        return "--shapes: a server has the shapes of the manifest; leave out --server";
    }
    if (output && options->digests) {
        return "--digests: with --server and -o files are fetched; --verify compares them";
    }
    if (output && verify && strcmp(output, verify) != 0) {
        return "--verify: with --server and -o it is what -o is";
    }
    if (!output && options->go_on) return "--continue needs -o";
    if (!output && cli_manifest_is_here(options->file)) {
        return "--server: with a manifest that is here it is for -o";
    }
    return NULL;
}

static int check_usage(const struct cli_options *options) {
    const bool remote = options->server.count > 0;
    const bool verifies = options->verify_model && !(remote && options->model_output);
    const int writes = options->model_output || options->digests;
    const char *wrong = NULL, *fetches = remote ? NULL : fetch_option(options);
    if (!options->file) {
        wrong = "model needs a MANIFEST: a file, a folder with manifest.json, or a name";
    } else if (writes + options->check + verifies != 1) {
        wrong = "model needs one of -o DIR, --digests, --check and --verify DIR";
    } else if (options->model_output && strcmp(options->model_output, "-") == 0) {
        wrong = "model writes to a folder or a file: -o DIR or -o FILE.safetensors";
    } else if (remote) {
        wrong = server_conflict(options);
    }
    if (!wrong && !fetches) return 0;
    if (wrong) {
        fprintf(stderr, "tensorinit: %s\n", wrong);
    } else {
        fprintf(stderr, "tensorinit: --%s is for files that --server has\n", fetches);
    }
    return CLI_USAGE;
}

/* Does what the options say with the model. */
static int run(const struct cli_model *model, struct cli_options *options,
               struct cli_model_server *server) {
    options->output = "/dev/null"; /* only text goes to the terminal, beside progress */
    if (options->check) return cli_model_print(model);
    if (server && options->model_output) return cli_model_fetch(model, options, server);
    if (options->verify_model) {
        return cli_model_verify(model, options, options->verify_model);
    }
    return write_model(model, options);
}

int cli_model(struct cli_options *options) {
    const char *path =
        options->verify_model ? options->verify_model : options->model_output;
    const bool remote = options->server.count > 0;
    struct cli_model_server server = {.path = NULL};
    struct cli_model model;
    int code = check_usage(options);
    if (code == 0 && remote) code = cli_model_server_open(&server, options);
    if (code == 0) {
        code = cli_model_open(&model, options, path && cli_path_is_file(path),
                              remote ? &server : NULL);
        if (code == 0) {
            code = run(&model, options, remote ? &server : NULL);
            cli_model_close(&model);
        }
    }
    cli_model_server_close(&server);
    return code;
}
