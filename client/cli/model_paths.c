/* SPDX-License-Identifier: MIT */
/* Paths and files of a model: see model_load.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/cli/model_load.h"

char *cli_path_join(const char *folder, const char *name) {
    const size_t n = strlen(folder);
    const char *slash = n > 0 && folder[n - 1] == '/' ? "" : "/";
    char *path = malloc(n + strlen(name) + 2);
    if (path) sprintf(path, "%s%s%s", folder, slash, name);
    return path;
}

bool cli_path_is_file(const char *path) {
    static const char extension[] = ".safetensors";
    const size_t n = strlen(path);
    return n >= sizeof extension &&
           strcmp(path + n - (sizeof extension - 1), extension) == 0;
}

static bool is_folder(const char *path) {
    struct stat file;
    return stat(path, &file) == 0 && S_ISDIR(file.st_mode);
}

/* A folder may have the model's name because its files have been written there. */
bool cli_manifest_is_here(const char *name) {
    if (strcmp(name, "-") == 0 || strchr(name, '/')) return true;
    if (!is_folder(name)) return access(name, F_OK) == 0;
    char *path = cli_path_join(name, CLI_MANIFEST_NAME);
    const bool has = path && access(path, F_OK) == 0;
    free(path);
    return has;
}

/* Reads to the end of the stream, at most max + 1 bytes. */
static int read_stream(FILE *stream, const char *path, size_t max, char **bytes,
                       size_t *count) {
    size_t capacity = 65536, used = 0;
    char *buffer = malloc(capacity + 1);
    while (buffer && used <= max) {
        const size_t now = fread(buffer + used, 1, capacity - used, stream);
        used += now;
        if (now == 0) break;
        if (used < capacity) continue;
        capacity *= 2;
        char *larger = realloc(buffer, capacity + 1);
        if (!larger) free(buffer);
        buffer = larger;
    }
    if (!buffer) return cli_fail_memory();
    if (ferror(stream)) {
        free(buffer);
        return cli_fail_io(path, "cannot read");
    }
    if (used > max) {
        fprintf(stderr, "tensorinit: %s is larger than %zu bytes\n", path, max);
        free(buffer);
        return CLI_EVALUE;
    }
    buffer[used] = '\0';
    *bytes = buffer;
    *count = used;
    return 0;
}

int cli_file_read(const char *path, size_t max, char **bytes, size_t *count) {
    const bool from_stdin = strcmp(path, "-") == 0;
    FILE *stream = from_stdin ? stdin : fopen(path, "rb");
    if (!stream) return cli_fail_io(path, "cannot open");
    const int code = read_stream(stream, path, max, bytes, count);
    if (!from_stdin) fclose(stream);
    return code;
}
