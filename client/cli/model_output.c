/* SPDX-License-Identifier: MIT */
/* The folder that the files of a model are written to: see model_file.h. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "client/cli/model_file.h"

static bool is_checkpoint_file(const char *name) {
    return strcmp(name, CLI_INDEX_NAME) == 0 ||
           (strncmp(name, "model", 5) == 0 && cli_path_is_file(name));
}

int cli_model_folder_other(const struct ti_model *model, const char *folder,
                           char name[CLI_FILE_NAME_BYTES]) {
    DIR *entries = opendir(folder);
    const struct dirent *entry;
    name[0] = '\0';
    if (!entries) return cli_fail_io(folder, "cannot read");
    while (name[0] == '\0' && (entry = readdir(entries))) {
        if (is_checkpoint_file(entry->d_name) &&
            ti_model_find_file(model, entry->d_name) == SIZE_MAX) {
            snprintf(name, CLI_FILE_NAME_BYTES, "%s", entry->d_name);
        }
    }
    closedir(entries);
    return 0;
}

static int refuse_others(const struct ti_model *model, const char *folder) {
    char name[CLI_FILE_NAME_BYTES];
    const int code = cli_model_folder_other(model, folder, name);
    if (code != 0 || name[0] == '\0') return code;
    fprintf(
        stderr,
        "tensorinit: %s has %s, which is not one of this model's files: remove it, or "
        "choose another folder\n",
        folder, name);
    return CLI_EIO;
}

int cli_model_folder_prepare(const struct ti_model *model, const char *folder,
                             uint64_t new_bytes) {
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        return cli_fail_io(folder, "cannot make the folder");
    }
    const int code = refuse_others(model, folder);
    return code != 0 ? code : cli_space_check(folder, new_bytes);
}
