/* SPDX-License-Identifier: MIT */
/* Output files, written so that a reader never sees an incomplete one. */
#define _XOPEN_SOURCE 700 /* realpath(); without it some builds lack its declaration */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/cli/cli.h"

/* The current temporary file, for the signal handler. */
static const char *volatile current_temporary;

static void remove_temporary(int signal_number) {
    if (current_temporary) unlink(current_temporary);
    raise(signal_number); /* SA_RESETHAND: this time it terminates the process */
}

static void remove_temporary_on_signals(void) {
    static const int signals[] = {SIGHUP, SIGINT, SIGTERM};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction action;
        if (sigaction(signals[i], NULL, &action) != 0 || action.sa_handler != SIG_DFL)
            continue; /* ignored, for example by nohup */
        action.sa_handler = remove_temporary;
        action.sa_flags = (int)SA_RESETHAND;
        sigaction(signals[i], &action, NULL);
    }
}

/*
 * Creates a file in the directory of the target, with the permissions that the target
 * will have. Its name does not contain the target's, which may have the maximum length.
 */
static int open_temporary(struct cli_output *output, const struct stat *old) {
    static const char name[] = ".tensorinit-XXXXXX";
    const char *slash = strrchr(output->target, '/');
    size_t directory = slash ? (size_t)(slash - output->target) + 1 : 0;
    output->temporary_path = malloc(directory + sizeof name);
    if (!output->temporary_path) return cli_fail_memory();
    memcpy(output->temporary_path, output->target, directory);
    memcpy(output->temporary_path + directory, name, sizeof name);
    remove_temporary_on_signals();
    current_temporary = output->temporary_path; /* before the file is created */
    output->fd = mkstemp(output->temporary_path);
    if (output->fd < 0) {
        int code = cli_fail_io(output->path, "cannot write");
        cli_output_abandon(output);
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

int cli_close_stdout(void) {
    return fclose(stdout) == 0 ? 0 : cli_fail_io("standard output", "cannot write");
}

static bool is_stdout(const char *path) { return !path || strcmp(path, "-") == 0; }

int cli_output_check(const char *path, bool text) {
    if (text || !is_stdout(path) || !isatty(STDOUT_FILENO)) return 0;
    fputs("tensorinit: the output is binary: use -o FILE or redirect it\n", stderr);
    return CLI_USAGE;
}

static bool raise_sigpipe;

void cli_output_handle_sigpipe(void) {
    struct sigaction action;
    if (sigaction(SIGPIPE, NULL, &action) != 0 || action.sa_handler != SIG_DFL) return;
    action.sa_handler = SIG_IGN;
    raise_sigpipe = sigaction(SIGPIPE, &action, NULL) == 0;
}

int cli_output_open(struct cli_output *output, const char *path) {
    struct stat old, out;
    memset(output, 0, sizeof *output);
    if (is_stdout(path)) {
        output->path = "standard output";
        output->fd = STDOUT_FILENO;
        return 0;
    }
    output->path = path;
    bool exists = stat(path, &old) == 0;
    if (!exists || S_ISREG(old.st_mode)) {
        /* /dev/stdout of a redirected command: it has no name for rename(). */
        if (exists && fstat(STDOUT_FILENO, &out) == 0 && out.st_dev == old.st_dev &&
            out.st_ino == old.st_ino) {
            output->fd = STDOUT_FILENO;
            return 0;
        }
        /* The target of a symbolic link is replaced, not the link. */
        output->target = exists ? realpath(path, NULL) : strdup(path);
        if (!output->target) return cli_fail_io(path, "cannot open");
        return open_temporary(output, exists ? &old : NULL);
    }
    output->fd = open(path, O_WRONLY);
    return output->fd >= 0 ? 0 : cli_fail_io(path, "cannot open");
}

int cli_output_write(struct cli_output *output, const void *data, size_t bytes) {
    for (const char *at = data; bytes > 0;) {
        ssize_t now = write(output->fd, at, bytes);
        if (now < 0 && errno == EINTR) continue;
        if (now < 0 && errno == EPIPE && raise_sigpipe) {
            signal(SIGPIPE, SIG_DFL);
            raise(SIGPIPE);
        }
        if (now < 0) return cli_fail_io(output->path, "cannot write");
        at += now;
        bytes -= (size_t)now;
    }
    return 0;
}

static void clear(struct cli_output *output) {
    current_temporary = NULL;
    free(output->temporary_path);
    free(output->target);
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
    if (output->temporary && rename(output->temporary_path, output->target) != 0) {
        int code = cli_fail_io(output->path, "cannot write");
        cli_output_abandon(output);
        return code;
    }
    clear(output);
    return 0;
}

void cli_output_abandon(struct cli_output *output) {
    if (output->fd >= 0 && output->fd != STDOUT_FILENO) close(output->fd);
    if (output->temporary) unlink(output->temporary_path);
    clear(output);
}
