/* SPDX-License-Identifier: MIT */
/* See unix_socket.h. */
#define _DEFAULT_SOURCE /* flock */
#include "server/http/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/http/address.h"

#define WHY(...) (snprintf(why, why_bytes, __VA_ARGS__), -1)

static int open_socket(void) {
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/*
 * Locks the folder, so that no other daemon finds a socket stale that has just been bound.
 * Returns what to close; -1 if the folder cannot be read, and then there is no lock.
 */
static int lock_folder(const char *path) {
    char folder[sizeof((struct sockaddr_un *)0)->sun_path];
    snprintf(folder, sizeof folder, "%s", path);
    strrchr(folder, '/')[1] = '\0';
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) flock(fd, LOCK_EX);
    return fd;
}

/* Removes what a process has left that did not stop in order. Returns 0 if the path is free. */
static int clear_path(const char *path, const struct sockaddr_un *address,
                      socklen_t address_bytes, char *why, size_t why_bytes) {
    struct stat status;
    if (lstat(path, &status) != 0) return 0; /* bind() reports what else is wrong */
    if (!S_ISSOCK(status.st_mode))
        return WHY("cannot listen on unix:%s: the file exists and is not a socket", path);
    const int fd = open_socket();
    if (fd < 0) return WHY("cannot listen on unix:%s: %s", path, strerror(errno));
    const bool connected =
        connect(fd, (const struct sockaddr *)address, address_bytes) == 0;
    const int error = connected ? 0 : errno;
    close(fd);
    /* EAGAIN: its queue is full. */
    if (connected || error == EAGAIN)
        return WHY("cannot listen on unix:%s: another process listens there", path);
    if (error != ECONNREFUSED)
        return WHY("cannot listen on unix:%s: there is a socket, of which it is unknown "
                   "whether a process listens there: %s",
                   path, strerror(error));
    if (unlink(path) == 0 || errno == ENOENT) return 0;
    return WHY("cannot listen on unix:%s: cannot remove the socket of a process that has "
               "ended: %s",
               path, strerror(errno));
}

int tid_unix_socket_open(const char *path, struct tid_socket_file *file, char *why,
                         size_t why_bytes) {
    struct sockaddr_un address;
    struct stat status;
    int fd = -1;
    const socklen_t bytes = tid_address_unix(path, &address);
    const int lock = lock_folder(path);
    if (clear_path(path, &address, bytes, why, why_bytes) != 0) goto out;
    fd = open_socket();
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, bytes) != 0 ||
        listen(fd, SOMAXCONN) != 0 || lstat(path, &status) != 0) {
        snprintf(why, why_bytes, "cannot listen on unix:%s: %s", path, strerror(errno));
        if (fd >= 0) close(fd);
        fd = -1;
        goto out;
    }
    *file = (struct tid_socket_file){.device = status.st_dev, .inode = status.st_ino};
    memcpy(file->path, path, strlen(path) + 1);
out:
    if (lock >= 0) close(lock);
    return fd;
}

void tid_unix_socket_remove(struct tid_socket_file *file) {
    struct stat status;
    if (file->path[0] == '\0') return;
    const int lock = lock_folder(file->path);
    if (lstat(file->path, &status) == 0 && status.st_dev == file->device &&
        status.st_ino == file->inode)
        unlink(file->path);
    file->path[0] = '\0';
    if (lock >= 0) close(lock);
}
