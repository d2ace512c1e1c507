/* SPDX-License-Identifier: MIT */
/* server/http/unix_socket: whose file a path has, and who may remove it. */
#define _GNU_SOURCE /* mkdtemp */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/http/unix_socket.h"
#include "support/test.h"

static char folder[] = "/tmp/unix-socket-XXXXXX", path[64], why[300];

static int make_folder(void **state) {
    (void)state;
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/s", folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    return rmdir(folder);
}

static int open_path(struct tid_socket_file *file) {
    why[0] = '\0';
    return tid_unix_socket_open(path, file, why, sizeof why);
}

static bool exists(void) { return access(path, F_OK) == 0; }

static bool can_connect(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    const bool connected = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return connected;
}

static void opened(void **state) {
    struct tid_socket_file file;
    struct stat status;
    (void)state;
    const mode_t before = umask(0027);
    const int fd = open_path(&file);
    umask(before);
    assert_true(fd >= 0);
    assert_string_equal(file.path, path);
    assert_int_equal(stat(path, &status), 0);
    assert_true(S_ISSOCK(status.st_mode));
    assert_int_equal(status.st_mode & 0777, 0750);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_true(can_connect());
    tid_unix_socket_remove(&file);
    assert_false(exists());
    close(fd);
}

/* That of a process that has ended is replaced, and another's is not. */
static void taken(void **state) {
    struct tid_socket_file stale, file, second = {.path = "x"};
    (void)state;
    close(open_path(&stale));
    assert_true(exists());
    assert_false(can_connect());
    const int fd = open_path(&file);
    assert_true(fd >= 0);
    assert_true(can_connect());
    assert_int_equal(open_path(&second), -1);
    assert_non_null(strstr(why, path));
    assert_non_null(strstr(why, "another process listens there"));
    assert_string_equal(second.path, "x");
    assert_true(can_connect());
    tid_unix_socket_remove(&file);
    close(fd);
}

/* A file that is no socket is not touched. */
static void other_files(void **state) {
    struct tid_socket_file file;
    struct stat status;
    (void)state;
    const int fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_int_equal(write(fd, "data", 4), 4);
    close(fd);
    assert_int_equal(open_path(&file), -1);
    assert_non_null(strstr(why, "the file exists and is not a socket"));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, 4);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/dev/null", path), 0);
    assert_int_equal(open_path(&file), -1);
    assert_int_equal(unlink(path), 0);
}

static void no_folder(void **state) {
    struct tid_socket_file file;
    (void)state;
    assert_int_equal(tid_unix_socket_open("/nonexistent/s", &file, why, sizeof why), -1);
    assert_string_equal(
        why, "cannot listen on unix:/nonexistent/s: No such file or directory");
}

/* The file is by now that of the next process, which stays; so it is the second time. */
static void removed_once(void **state) {
    struct tid_socket_file first, next, again;
    (void)state;
    const int old = open_path(&first);
    assert_int_equal(unlink(path), 0);
    const int fd = open_path(&next);
    assert_true(fd >= 0);
    tid_unix_socket_remove(&first);
    assert_true(can_connect());
    close(old);
    tid_unix_socket_remove(&next);
    assert_false(exists());
    close(fd);
    const int last = open_path(&again);
    tid_unix_socket_remove(&next);
    assert_true(exists());
    tid_unix_socket_remove(&again);
    close(last);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opened),       cmocka_unit_test(taken),
        cmocka_unit_test(other_files),  cmocka_unit_test(no_folder),
        cmocka_unit_test(removed_once),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
