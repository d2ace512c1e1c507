/* SPDX-License-Identifier: MIT */
/* See model_folder.h. */
#define _DEFAULT_SOURCE /* realpath, DT_DIR */
#include "server/models/model_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Whether an open file lies within the root: where the kernel says that it is, so that no link
 * can be exchanged between the check and the opening.
 */
static bool is_within(const char *root, int fd) {
    char link[64], path[PATH_MAX];
    const size_t root_bytes = strlen(root);
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t bytes = readlink(link, path, sizeof path - 1);
    if (bytes < 0) return false;
    path[bytes] = '\0';
    return strncmp(path, root, root_bytes) == 0 &&
           (root[root_bytes - 1] == '/' || path[root_bytes] == '/' ||
            path[root_bytes] == '\0');
}

/* Reads to the end of the file, which has had 'size' bytes. */
static enum tid_folder_result read_all(int fd, size_t size, char **data, size_t *bytes) {
    char *text = malloc(size + 1);
    size_t used = 0;
    ssize_t more = 1;
    if (!text) return TID_FOLDER_FAILED;
    while (more > 0 && used <= size) {
        more = read(fd, text + used, size + 1 - used);
        if (more < 0 && errno == EINTR)
            more = 1;
        else if (more > 0)
            used += (size_t)more;
    }
    if (more < 0 || used > size) {
        free(text);
        return more < 0 ? TID_FOLDER_FAILED : TID_FOLDER_TOO_LARGE;
    }
    text[used] = '\0';
    *data = text;
    *bytes = used;
    return TID_FOLDER_READ;
}

enum tid_folder_result tid_folder_read(const char *root, const char *path,
                                       size_t max_bytes, char **data, size_t *bytes) {
    struct stat about;
    enum tid_folder_result result = TID_FOLDER_FAILED;
    /* A pipe that no one writes to must not block. */
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT || errno == ENOTDIR ? TID_FOLDER_ABSENT : result;
    if (fstat(fd, &about) == 0) {
        if (!is_within(root, fd))
            result = TID_FOLDER_OUTSIDE;
        else if (!S_ISREG(about.st_mode))
            result = TID_FOLDER_OTHER;
        else if (about.st_size > (off_t)max_bytes)
            result = TID_FOLDER_TOO_LARGE;
        else
            result = read_all(fd, (size_t)about.st_size, data, bytes);
    }
    const int error = errno;
    close(fd);
    errno = error;
    return result;
}

static int compare(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool add(char ***names, size_t *count, const char *name) {
    char **grown = realloc(*names, (*count + 1) * sizeof *grown);
    if (grown) *names = grown;
    char *copy = grown ? strdup(name) : NULL;
    if (copy) grown[(*count)++] = copy;
    return copy != NULL;
}

bool tid_folder_list(const char *root, const char *path, char ***names, size_t *count) {
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = NULL;
    *names = NULL;
    *count = 0;
    if (fd < 0) return false;
    errno = EXDEV;
    if (is_within(root, fd)) folder = fdopendir(fd);
    if (!folder) {
        const int error = errno;
        close(fd);
        errno = error;
        return false;
    }
    bool complete = true;
    const struct dirent *entry;
    while (complete && (entry = readdir(folder)))
        complete = entry->d_name[0] == '.' || add(names, count, entry->d_name);
    closedir(folder);
    if (complete) {
        if (*count > 0) qsort(*names, *count, sizeof **names, compare);
        return true;
    }
    tid_folder_list_free(*names, *count);
    errno = ENOMEM;
    return false;
}

void tid_folder_list_free(char **names, size_t count) {
    for (size_t i = 0; i < count; i++) free(names[i]);
    free(names);
}
