/* SPDX-License-Identifier: MIT */
/* Reading the headers of a checkpoint's files: see model_load.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "client/cli/model_load.h"

#define INDEX_BYTES_MAX ((size_t)256 << 20)

/* The JSON text at the start of a safetensors file. */
static int read_header(const char *path, char **json, size_t *bytes) {
    unsigned char length[8];
    FILE *stream = fopen(path, "rb");
    uint64_t n = 0;
    int code = 0;
    if (!stream) return cli_fail_io(path, "cannot open");
    const bool complete = fread(length, 1, sizeof length, stream) == sizeof length;
    for (int i = 7; complete && i >= 0; i--) n = n << 8 | length[i];
    *json = complete && n <= TI_MODEL_HEADER_BYTES_MAX ? malloc((size_t)n + 1) : NULL;
    if (!complete || n > TI_MODEL_HEADER_BYTES_MAX) {
        fprintf(stderr, "tensorinit: %s is not a safetensors file\n", path);
        code = CLI_EVALUE;
    } else if (!*json) {
        code = cli_fail_memory();
    } else if (fread(*json, 1, (size_t)n, stream) != n) {
        fprintf(stderr,
                "tensorinit: %s is not a safetensors file: it ends in its header\n",
                path);
        code = CLI_EVALUE;
    }
    fclose(stream);
    *bytes = (size_t)n;
    if (code == 0) return 0;
    free(*json);
    return code;
}

static int add_file(struct tim_checkpoint *checkpoint, const char *path) {
    struct ti_error error;
    char *json = NULL;
    size_t bytes = 0;
    int code = read_header(path, &json, &bytes);
    if (code != 0) return code;
    if (tim_checkpoint_header(checkpoint, path, json, bytes, &error) != TI_OK) {
        fprintf(stderr, "tensorinit: %s\n", error.text);
        code = ti_status_exit_code(error.code);
    }
    free(json);
    return code;
}

/* Files are beside the index, and nowhere else. */
static int add_files(struct tim_checkpoint *checkpoint, const char *index_path) {
    const char *slash = strrchr(index_path, '/'), *name;
    int code = 0;
    char *folder = strdup(slash ? index_path : ".");
    if (!folder) return cli_fail_memory();
    if (slash) folder[slash - index_path] = '\0';
    for (size_t i = 0; code == 0 && (name = tim_checkpoint_file(checkpoint, i)); i++) {
        if (strchr(name, '/')) {
            fprintf(stderr, "tensorinit: %s: '%s' is not the name of a file\n",
                    index_path, name);
            code = CLI_EVALUE;
            break;
        }
        char *path = cli_path_join(slash && !*folder ? "/" : folder, name);
        code = path ? add_file(checkpoint, path) : cli_fail_memory();
        free(path);
    }
    free(folder);
    return code;
}

static int add_index(struct tim_checkpoint *checkpoint, const char *path) {
    struct ti_error error;
    char *json = NULL;
    size_t bytes = 0;
    int code = cli_file_read(path, INDEX_BYTES_MAX, &json, &bytes);
    if (code != 0) return code;
    if (tim_checkpoint_index(checkpoint, json, bytes, &error) != TI_OK) {
        code = cli_fail_in(path, &error);
    }
    free(json);
    return code == 0 ? add_files(checkpoint, path) : code;
}

static bool exists(const char *path) {
    struct stat file;
    return stat(path, &file) == 0;
}

/* A folder has an index, or one file. */
static int add_folder(struct tim_checkpoint *checkpoint, const char *folder) {
    char *index = cli_path_join(folder, CLI_INDEX_NAME);
    char *single = cli_path_join(folder, "model.safetensors");
    int code;
    if (!index || !single) {
        code = cli_fail_memory();
    } else if (exists(index)) {
        code = add_index(checkpoint, index);
    } else if (exists(single)) {
        code = add_file(checkpoint, single);
    } else {
        fprintf(stderr,
                "tensorinit: %s has neither " CLI_INDEX_NAME " nor model.safetensors\n",
                folder);
        code = CLI_EIO;
    }
    free(index);
    free(single);
    return code;
}

int cli_checkpoint_read(const char *path, struct tim_checkpoint **checkpoint) {
    struct stat file;
    int code;
    struct tim_checkpoint *made = tim_checkpoint_make();
    if (!made) return cli_fail_memory();
    if (stat(path, &file) != 0) {
        code = cli_fail_io(path, "cannot open");
    } else if (S_ISDIR(file.st_mode)) {
        code = add_folder(made, path);
    } else if (strlen(path) >= 5 && strcmp(path + strlen(path) - 5, ".json") == 0) {
        code = add_index(made, path);
    } else {
        code = add_file(made, path);
    }
    if (code == 0) {
        *checkpoint = made;
    } else {
        tim_checkpoint_free(made);
    }
    return code;
}
