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

int cli_model_folder_prepare(const struct ti_model *model, const char *folder,
                             uint64_t new_bytes) {
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        return cli_fail_io(folder, "cannot make the folder");
    }
    const int code = refuse_others(model, folder);
    return code != 0 ? code : cli_space_check(folder, new_bytes);
}
