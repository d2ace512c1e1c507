/* SPDX-License-Identifier: MIT */
/* Reading a manifest: see model_load.h. */
#include "client/cli/model_load.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "manifest/json_memory.h"
#include "manifest/manifest_json.h"

#define MANIFEST_BYTES_MAX ((size_t)256 << 20)

/* Where manifests are installed, from the folder of the command. */
#define INSTALLED_MODELS "../share/tensorinit/models"

static bool is_folder(const char *path) {
    struct stat file;
    return stat(path, &file) == 0 && S_ISDIR(file.st_mode);
}

/* The folder of installed manifests: to be freed, or NULL. */
static char *models_folder(void) {
    char path[4096];
    const char *chosen = getenv("TENSORINIT_MODELS");
    if (chosen && *chosen) return strdup(chosen);
    const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0) return NULL;
    path[n] = '\0';
    char *slash = strrchr(path, '/');
    if (!slash) return NULL;
    *slash = '\0';
    return cli_path_join(path, INSTALLED_MODELS);
}

#define MODELS_MAX 64

/* Says that there is no such manifest, and which installed one may have been meant. */
static int fail_unknown(const char *name, const char *models) {
    char *names[MODELS_MAX];
    size_t count = 0;
    DIR *folder = models ? opendir(models) : NULL;
    const struct dirent *entry;
    while (folder && count < MODELS_MAX && (entry = readdir(folder))) {
        if (entry->d_name[0] != '.' && (names[count] = strdup(entry->d_name))) count++;
    }
    if (folder) closedir(folder);
    fprintf(stderr, "tensorinit: '%s' is neither a manifest here nor a model in %s", name,
            models ? models : INSTALLED_MODELS);
    cli_print_near(name, (const char *const *)names, count, "");
    fputc('\n', stderr);
    while (count > 0) free(names[--count]);
    return CLI_EIO;
}

/*
 * Finds the manifest's file, '*path' to be freed. A folder has it as manifest.json; a name that
 * no file has is that of an installed one.
 */
static int find_manifest(const char *name, char **path) {
    int code = 0;
    if (cli_manifest_is_here(name)) {
        *path = is_folder(name) ? cli_path_join(name, CLI_MANIFEST_NAME) : strdup(name);
        return *path ? 0 : cli_fail_memory();
    }
    char *models = models_folder();
    char *folder = models ? cli_path_join(models, name) : NULL;
    if (folder && *name && *name != '.' && is_folder(folder)) {
        *path = cli_path_join(folder, CLI_MANIFEST_NAME);
        if (!*path) code = cli_fail_memory();
    } else {
        code = fail_unknown(name, models);
    }
    free(models);
    free(folder);
    return code;
}

/* Puts the values of the options in place of the manifest's. */
static int read_options(const struct cli_options *options, bool one_file,
                        struct ti_model_options *model) {
    const struct {
        const char *name, *value;
    } given[] = {
        {"seed", options->model_seed},
        {"dtype", options->model_dtype},
        {"max_shard_size", options->max_shard_size},
    };
    struct ti_error error;
    if (one_file && options->max_shard_size) {
        fputs("tensorinit: --max-shard-size is for a folder with several files\n",
              stderr);
        return CLI_USAGE;
    }
    if (one_file) model->max_shard_bytes = UINT64_MAX;
    model->only = options->only;
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        if (given[i].value &&
            ti_model_options_set(model, given[i].name, given[i].value,
                                 strlen(given[i].value), &error) != TI_OK) {
            return cli_fail(&error);
        }
    }
    return 0;
}

static void print_warnings(const struct cli_options *options,
                           const struct ti_model *model) {
    size_t kind = 0;
    const struct ti_model_tensor *tensor;
    if (options->quiet) return;
    for (size_t i = 0; (tensor = ti_model_tensor(model, i)); i++) {
        struct ti_warning warnings[TI_WARNINGS_MAX];
        if (tensor->kind != ti_model_kind(model, kind)) continue;
        kind++; /* this is the first of its kind */
        const unsigned count = ti_model_warnings(model, i, warnings);
        for (unsigned k = 0; k < count; k++) {
            fprintf(stderr, "tensorinit: note: %s: %s: %s\n", tensor->name,
                    warnings[k].field, warnings[k].text);
        }
    }
}

/* Makes manifest and model of the text, which is from 'path'. */
static int make(struct cli_model *model, const struct cli_options *options, bool one_file,
                const struct tim_checkpoint *checkpoint, const char *path) {
    struct ti_manifest_place place;
    struct ti_error error;
    if (tim_manifest_read(model->json, model->json_bytes, TI_MANIFEST_TENSORS_MAX,
                          checkpoint, &model->manifest, &error) != TI_OK) {
        return cli_fail_in(path, &error);
    }
    model->options = *ti_manifest_options(model->manifest);
    const int code = read_options(options, one_file, &model->options);
    if (code != 0) return code;
    model->seed = model->options.seed;
    if (ti_model_make(model->manifest, &model->options, &model->model, &place, &error) !=
        TI_OK) {
        tim_manifest_explain(model->json, model->json_bytes, &place, &error);
        return cli_fail_in(path, &error);
    }
    print_warnings(options, model->model);
    return 0;
}

static int read_and_make(struct cli_model *model, const struct cli_options *options,
                         bool one_file, const struct tim_checkpoint *checkpoint,
                         struct cli_model_server *server) {
    const bool is_remote = server && !cli_manifest_is_here(options->file);
    char *path = NULL;
    int code = 0;
    if (!is_remote) {
        code = find_manifest(options->file, &path);
    } else if (!(path = strdup(options->file))) {
        code = cli_fail_memory();
    }
    if (code != 0) return code;
    code =
        is_remote
            ? cli_model_server_manifest(server, path, &model->json, &model->json_bytes)
            : cli_file_read(path, MANIFEST_BYTES_MAX, &model->json, &model->json_bytes);
    if (code == 0) code = make(model, options, one_file, checkpoint, path);
    free(path);
    return code;
}

int cli_model_open(struct cli_model *model, const struct cli_options *options,
                   bool one_file, struct cli_model_server *server) {
    struct tim_checkpoint *checkpoint = NULL;
    memset(model, 0, sizeof *model);
    tim_json_memory_init();
    int code = cli_read_threads(options, &model->threads);
    if (code == 0 && options->shapes) {
        code = cli_checkpoint_read(options->shapes, &checkpoint);
    }
    if (code == 0) code = read_and_make(model, options, one_file, checkpoint, server);
    tim_checkpoint_free(checkpoint);
    if (code != 0) cli_model_close(model);
    return code;
}

void cli_model_close(struct cli_model *model) {
    ti_model_free(model->model);
    ti_manifest_free(model->manifest);
    free(model->json);
}
