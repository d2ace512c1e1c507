/* SPDX-License-Identifier: MIT */
/*
 * main() of a fuzz target without libFuzzer: runs it once for each file given, or for its
 * corpus, tests/fuzz/corpus/TARGET. With it 'make test' replays the inputs of past faults
 * with any compiler and sanitizer.
 */
#include <dirent.h>

#include "fuzz/fuzz.h"

#define CORPUS "tests/fuzz/corpus"

static int replay(const char *path) {
    FILE *file = fopen(path, "rb");
    static unsigned char buffer[1 << 20];
    if (!file) {
        perror(path);
        return 1;
    }
    const size_t bytes = fread(buffer, 1, sizeof buffer, file);
    fclose(file);
    /* The last line that is shown is the one that failed. */
    printf("%s\n", path);
    fflush(stdout);
    /* Of just this size, so that sanitizers see any access beyond it. */
    uint8_t *data = malloc(bytes > 0 ? bytes : 1);
    if (!data) return 1;
    memcpy(data, buffer, bytes);
    LLVMFuzzerTestOneInput(data, bytes);
    free(data);
    return 0;
}

static int replay_corpus(const char *target) {
    char folder[256], path[512];
    int failed = 0, count = 0;
    snprintf(folder, sizeof folder, "%s/%s", CORPUS, target);
    DIR *files = opendir(folder);
    if (!files) {
        perror(folder);
        return 1;
    }
    for (struct dirent *file; (file = readdir(files));) {
        if (*file->d_name == '.') continue;
        snprintf(path, sizeof path, "%s/%s", folder, file->d_name);
        failed |= replay(path);
        count++;
    }
    closedir(files);
    printf("%d inputs\n", count);
    return failed || count == 0;
}

int main(int argc, char **argv) {
    int failed = 0;
    if (argc < 2) {
        const char *slash = strrchr(argv[0], '/');
        return replay_corpus(slash ? slash + 1 : argv[0]);
    }
    for (int i = 1; i < argc; i++) failed |= replay(argv[i]);
    return failed;
}
