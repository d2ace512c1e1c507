/* SPDX-License-Identifier: MIT */
/* Output files, written so that a reader never sees an incomplete one. */
#define _XOPEN_SOURCE 700 /* realpath(); without it some builds lack its declaration */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/cli/cli.h"

/* The part file that a signal's handler removes, or NULL. */
static const char *volatile current_part;

static void remove_part(int signal_number) {
    if (current_part) unlink(current_part);
    raise(signal_number); /* SA_RESETHAND: this time it terminates the process */
}

static const int signals[] = {SIGHUP, SIGINT, SIGTERM};

static void remove_part_on_signals(void) {
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction action;
        if (sigaction(signals[i], NULL, &action) != 0 || action.sa_handler != SIG_DFL)
            continue; /* ignored, for example by nohup */
        action.sa_handler = remove_part;
        action.sa_flags = (int)SA_RESETHAND;
        sigaction(signals[i], &action, NULL);
    }
}

/* The longest name of a file on common file systems, and what is appended to it. */
#define NAME_BYTES 255
#define PART_SUFFIX ".part"
#define STATE_SUFFIX ".part.json"

/*
 * The target's path with another name: a name that would be too long is cut. To be freed
 * with free(); NULL if memory runs out.
 */
static char *path_beside(const char *target, const char *suffix) {
    const char *slash = strrchr(target, '/');
    const size_t directory = slash ? (size_t)(slash - target) + 1 : 0;
    const size_t max = NAME_BYTES - strlen(STATE_SUFFIX);
    size_t name = strlen(target + directory);
    if (name > max) name = max;
    char *path = malloc(directory + name + strlen(suffix) + 1);
    if (!path) return NULL;
    memcpy(path, target, directory + name);
    strcpy(path + directory + name, suffix);
    return path;
}

/*
 * Opens the part file and locks it, so that no two commands write to it. It may be renamed
 * or removed by the other command before this one gets the lock.
 */
static int open_locked(struct cli_output *output) {
    struct stat named, opened;
    for (;;) {
        output->fd =
            open(output->part_path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (output->fd < 0) return cli_fail_io(output->path, "cannot write");
        if (flock(output->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
            fprintf(stderr, "tensorinit: %s is being written by another process\n",
                    output->part_path);
            close(output->fd);
            output->fd = -1;
            return CLI_EIO;
        }
        if (stat(output->part_path, &named) == 0 && fstat(output->fd, &opened) == 0 &&
            named.st_dev == opened.st_dev && named.st_ino == opened.st_ino) {
            return 0;
        }
        close(output->fd);
        output->fd = -1;
    }
}

/* open_locked(). If 'goes', a signal removes the part file, from its first moment on. */
static int open_to_remove(struct cli_output *output, bool goes) {
    sigset_t blocked, old;
    sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaddset(&blocked, signals[i]);
    sigprocmask(SIG_BLOCK, &blocked, &old);
    const int code = open_locked(output);
    if (code == 0 && goes) {
        remove_part_on_signals();
        current_part = output->part_path;
    }
    sigprocmask(SIG_SETMASK, &old, NULL);
    return code;
}

/* Opens the part file, with the permissions that the target will have. */
static int open_part(struct cli_output *output, const struct stat *old, bool go_on) {
    output->part_path = path_beside(output->target, PART_SUFFIX);
    output->state_path = path_beside(output->target, STATE_SUFFIX);
    int code = output->part_path && output->state_path ? open_to_remove(output, !go_on)
                                                       : cli_fail_memory();
    if (code != 0) {
        cli_output_abandon(output);
        return code;
    }
    output->is_part = true;
    if (!go_on) unlink(output->state_path);
    if (!go_on && ftruncate(output->fd, 0) != 0) {
        code = cli_fail_io(output->path, "cannot write");
        cli_output_abandon(output);
    } else if (old && fchmod(output->fd, old->st_mode & 07777) != 0) {
        code = cli_fail_io(output->path, "cannot set the permissions of");
        if (go_on)
            cli_output_keep(output);
        else
            cli_output_abandon(output);
    }
    return code;
}

int cli_close_stdout(void) {
    /* Nothing may be left to write after one that has failed. */
    const bool has_failed = ferror(stdout) != 0;
    if (fclose(stdout) == 0 && !has_failed) return 0;
    return cli_fail_io("standard output", "cannot write");
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

/* Whether the file that exists is a regular one with a name: /dev/stdout of a redirected
   command has no name for rename(). */
static bool is_replaceable(const struct stat *old) {
    struct stat out;
    return S_ISREG(old->st_mode) &&
           (fstat(STDOUT_FILENO, &out) != 0 || out.st_dev != old->st_dev ||
            out.st_ino != old->st_ino);
}

/* The target of a symbolic link is replaced, not the link. To be freed. */
static char *target_of(const char *path, bool exists) {
    return exists ? realpath(path, NULL) : strdup(path);
}

bool cli_output_is_part(const char *path) {
    struct stat old;
    return !is_stdout(path) && (stat(path, &old) != 0 || is_replaceable(&old));
}

int cli_output_open(struct cli_output *output, const char *path, bool go_on) {
    struct stat old;
    memset(output, 0, sizeof *output);
    if (is_stdout(path)) {
        output->path = "standard output";
        output->fd = STDOUT_FILENO;
        return 0;
    }
    output->path = path;
    bool exists = stat(path, &old) == 0;
    if (!exists || is_replaceable(&old)) {
        output->target = target_of(path, exists);
        if (!output->target) return cli_fail_io(path, "cannot open");
        return open_part(output, exists ? &old : NULL, go_on);
    }
    if (S_ISREG(old.st_mode)) {
        output->fd = STDOUT_FILENO;
        return 0;
    }
    output->fd = open(path, O_WRONLY | O_CLOEXEC);
    return output->fd >= 0 ? 0 : cli_fail_io(path, "cannot open");
}

void cli_output_survive(void) { current_part = NULL; }

bool cli_output_put_at(const struct cli_output *output, uint64_t offset, const void *data,
                       size_t bytes) {
    for (const char *at = data; bytes > 0;) {
        ssize_t now = pwrite(output->fd, at, bytes, (off_t)offset);
        if (now < 0 && errno == EINTR) continue;
        if (now < 0) return false;
        at += now;
        offset += (uint64_t)now;
        bytes -= (size_t)now;
    }
    return true;
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

bool cli_output_has_state(const char *path) {
    struct stat old;
    if (!cli_output_is_part(path)) return false;
    char *target = target_of(path, stat(path, &old) == 0);
    char *state = target ? path_beside(target, STATE_SUFFIX) : NULL;
    const bool has = state && access(state, F_OK) == 0;
    free(state);
    free(target);
    return has;
}

static void clear(struct cli_output *output) {
    if (output->fd >= 0 && output->fd != STDOUT_FILENO) close(output->fd);
    current_part = NULL;
    free(output->part_path);
    free(output->state_path);
    free(output->target);
    memset(output, 0, sizeof *output);
    output->fd = -1;
}

/*
 * Some file systems report a failed write only when a descriptor is closed. The lock stays
 * with the other descriptor.
 */
static bool close_copy(int fd) {
    const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return copy >= 0 && close(copy) == 0;
}

/* The state file goes first: one without a part file could not be continued. */
static bool rename_part(const struct cli_output *output) {
    unlink(output->state_path);
    return rename(output->part_path, output->target) == 0;
}

int cli_output_commit(struct cli_output *output) {
    int code = 0;
    if (output->fd != STDOUT_FILENO &&
        (!close_copy(output->fd) || (output->is_part && !rename_part(output)))) {
        code = cli_fail_io(output->path, "cannot write");
        cli_output_abandon(output);
    } else {
        current_part = NULL; /* it has another name, while its lock is still held */
        clear(output);
    }
    return code;
}

void cli_output_abandon(struct cli_output *output) {
    if (output->is_part) {
        unlink(output->part_path);
        unlink(output->state_path);
    }
    clear(output);
}

void cli_output_keep(struct cli_output *output) { clear(output); }
