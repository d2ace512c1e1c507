/* SPDX-License-Identifier: MIT */
/*
 * Finds the folders of this process' control groups and reads their files: see cgroup.h.
 *
 * In a container without a cgroup namespace /proc/self/cgroup names a path of the host,
 * while the mounted tree begins at the container's own cgroup. The folder is then missing
 * and the root has the limits, so the walk does not stop at folders that do not exist.
 */
#include "server/work/cgroup.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct tid_cgroup_tree tid_cgroup_tree = {"/proc/self/cgroup", "/sys/fs/cgroup"};

/* Whether a list of words, separated by commas, has 'word'. It ends with the ':' at 'end'. */
static bool has_word(const char *list, const char *end, const char *word) {
    const size_t length = strlen(word);
    while (list <= end) {
        const size_t bytes = strcspn(list, ",:");
        if (bytes == length && memcmp(list, word, length) == 0) return true;
        list += bytes + 1;
    }
    return false;
}

/*
 * The path in a line "ID:CONTROLLERS:/PATH" of /proc/self/cgroup if the line is about the
 * controller, else NULL. Version 2 has no controllers there, and "" finds it.
 */
static const char *path_of_line(char *line, const char *controller) {
    char *list = strchr(line, ':');
    char *path = list ? strchr(list + 1, ':') : NULL;
    if (!path || path[1] != '/' || !has_word(list + 1, path, controller)) return NULL;
    path[strcspn(path, "\n")] = '\0';
    return path + 1;
}

/* The path of this process' cgroup, "/" being the root; false if it has none. */
static bool own_path(const struct tid_cgroup_tree *tree, const char *controller,
                     char *path, size_t path_bytes) {
    char line[1024];
    bool found = false;
    FILE *file = fopen(tree->membership, "re");
    if (!file) return false;
    while (!found && fgets(line, sizeof line, file)) {
        const char *own = path_of_line(line, controller);
        found = own && snprintf(path, path_bytes, "%s", own) < (int)path_bytes;
    }
    fclose(file);
    return found;
}

static bool read_line(const char *folder, const char *path, const char *name, char *line,
                      size_t line_bytes) {
    char full[1400];
    if (snprintf(full, sizeof full, "%s%s/%s", folder, path, name) >= (int)sizeof full)
        return false;
    FILE *file = fopen(full, "re");
    if (!file) return false;
    const bool read = fgets(line, (int)line_bytes, file) != NULL;
    fclose(file);
    return read;
}

/* tid_cgroup_visit() for the tree that is mounted at 'folder'; 'own' begins with '/'. */
static void visit_tree(const char *folder, const char *own, const char *name,
                       void (*visit)(const char *line, void *argument), void *argument) {
    char path[1024], line[128];
    size_t length = strcmp(own, "/") == 0 ? 0 : strlen(own);
    memcpy(path, own, length);
    for (;;) {
        path[length] = '\0';
        if (read_line(folder, path, name, line, sizeof line)) visit(line, argument);
        if (length == 0) return;
        length = (size_t)(strrchr(path, '/') - path);
    }
}

void tid_cgroup_visit(const struct tid_cgroup_tree *tree, const char *controller,
                      const char *name, void (*visit)(const char *line, void *argument),
                      void *argument) {
    char path[1024], folder[256];
    if (!own_path(tree, controller, path, sizeof path)) return;
    if (controller[0] != '\0') {
        snprintf(folder, sizeof folder, "%s/%s", tree->root, controller);
        visit_tree(folder, path, name, visit, argument);
        return;
    }
    visit_tree(tree->root, path, name, visit, argument);
    /* Where systemd mounts version 2 beside version 1. */
    snprintf(folder, sizeof folder, "%s/unified", tree->root);
    visit_tree(folder, path, name, visit, argument);
}

/* What version 1 says without a limit is the largest number of whole pages. */
#define NO_LIMIT_V1 (UINT64_C(1) << 62)

/* A line of memory.max ("max": no limit) or memory.limit_in_bytes. */
static void take_lower(const char *line, void *argument) {
    uint64_t *lowest = argument;
    char *end;
    errno = 0;
    const unsigned long long limit = strtoull(line, &end, 10);
    if (end == line || errno != 0 || limit >= NO_LIMIT_V1) return;
    if (limit < *lowest) *lowest = limit;
}

uint64_t tid_cgroup_memory(const struct tid_cgroup_tree *tree) {
    uint64_t lowest = UINT64_MAX;
    tid_cgroup_visit(tree, "", "memory.max", take_lower, &lowest);
    tid_cgroup_visit(tree, "memory", "memory.limit_in_bytes", take_lower, &lowest);
    return lowest;
}
