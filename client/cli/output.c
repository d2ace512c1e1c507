/* SPDX-License-Identifier: MIT */
/* Writing files so that a reader never sees half of one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/cli/cli.h"

/* A file beside the one to come, with the permissions that it would have been made with. */
static int open_temporary(struct cli_output *output, const struct stat *old) {
    size_t room = strlen(output->path) + sizeof ".XXXXXX";
    output->temporary_path = malloc(room);
    if (!output->temporary_path) return cli_fail_io(output->path, "cannot write");
    snprintf(output->temporary_path, room, "%s.XXXXXX", output->path);
    output->fd = mkstemp(output->temporary_path);
    if (output->fd < 0) {
        int code = cli_fail_io(output->path, "cannot write");
        free(output->temporary_path);
        return code;
    }
    output->temporary = true;
    mode_t mask = umask(0);
    umask(mask);
    mode_t mode = old ? old->st_mode & 07777 : 0666 & ~mask;
    if (fchmod(output->fd, mode) != 0) {
        int code = cli_fail_io(output->path, "cannot set the permissions of");
        cli_output_abandon(output);
        return code;
    }
    return 0;
}

int cli_output_open(struct cli_output *output, const char *path) {
    struct stat old;
    memset(output, 0, sizeof *output);
    if (!path || strcmp(path, "-") == 0) {
        output->path = "standard output";
        output->fd = STDOUT_FILENO;
        return 0;
    }
    output->path = path;
    bool exists = stat(path, &old) == 0;
    if (!exists || S_ISREG(old.st_mode))
        return open_temporary(output, exists ? &old : NULL);
    output->fd = open(path, O_WRONLY);
    return output->fd >= 0 ? 0 : cli_fail_io(path, "cannot open");
}

int cli_output_write(struct cli_output *output, const void *data, size_t bytes) {
    for (const char *at = data; bytes > 0;) {
        ssize_t now = write(output->fd, at, bytes);
        if (now < 0 && errno == EINTR) continue;
        if (now < 0) return cli_fail_io(output->path, "cannot write");
        at += now;
        bytes -= (size_t)now;
    }
    return 0;
}

int cli_output_commit(struct cli_output *output) {
    if (output->fd == STDOUT_FILENO) return 0;
    if (close(output->fd) != 0) {
        int code = cli_fail_io(output->path, "cannot write");
        output->fd = -1;
        cli_output_abandon(output);
        return code;
    }
    output->fd = -1;
    if (output->temporary && rename(output->temporary_path, output->path) != 0) {
        int code = cli_fail_io(output->path, "cannot write");
        cli_output_abandon(output);
        return code;
    }
    free(output->temporary_path);
    return 0;
}

void cli_output_abandon(struct cli_output *output) {
    if (output->fd >= 0 && output->fd != STDOUT_FILENO) close(output->fd);
    if (output->temporary) unlink(output->temporary_path);
    free(output->temporary_path);
}
