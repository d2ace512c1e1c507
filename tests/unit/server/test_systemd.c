/* SPDX-License-Identifier: MIT */
/* server/systemd: the variables are read once, and are not left for other processes. */
#define _DEFAULT_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/systemd.h"
#include "support/test.h"

static const char *const names[] = {"LISTEN_PID",   "LISTEN_FDS",    "LISTEN_FDNAMES",
                                    "WATCHDOG_PID", "WATCHDOG_USEC", "NOTIFY_SOCKET"};

static struct tid_systemd systemd;
static char why[256];

/* The process whose variables they are: this one, or another. */
static void set(bool own, const char *const values[6]) {
    char pid[24];
    snprintf(pid, sizeof pid, "%d", (int)getpid() + (own ? 0 : 1));
    for (int i = 0; i < 6; i++) {
        const bool is_pid = strcmp(values[i], "PID") == 0;
        assert_int_equal(setenv(names[i], is_pid ? pid : values[i], 1), 0);
    }
}

static void assert_removed(void) {
    for (int i = 0; i < 6; i++) assert_null(getenv(names[i]));
}

static void nothing(void **state) {
    static const char *const empty[6] = {"", "", "", "", "", ""};
    (void)state;
    for (int round = 0; round < 2; round++) {
        assert_true(tid_systemd_open(&systemd, why, sizeof why));
        assert_int_equal(systemd.socket_count, 0);
        assert_int_equal(systemd.watchdog_us, 0);
        assert_int_equal(systemd.notify_fd, -1);
        tid_systemd_ready(&systemd); /* nothing is sent */
        set(true, empty);
    }
    assert_true(tid_systemd_open(&systemd, why, sizeof why));
    assert_removed();
}

static void all(void **state) {
    static const char *const values[6] = {"PID", "1", "admin:x", "PID", "7000", "@x"};
    (void)state;
    /* What a process of systemd has there. */
    if (fcntl(3, F_GETFD) < 0) assert_int_equal(dup2(STDERR_FILENO, 3), 3);
    set(true, values);
    assert_true(tid_systemd_open(&systemd, why, sizeof why));
    assert_removed();
    assert_int_equal(systemd.socket_count, 1);
    assert_int_equal(systemd.sockets[0].fd, 3);
    assert_true(systemd.sockets[0].is_admin);
    assert_int_equal(fcntl(3, F_GETFD), FD_CLOEXEC);
    assert_int_equal(systemd.watchdog_us, 7000);
    assert_true(systemd.notify_fd >= 0);
    tid_systemd_close(&systemd);

    set(false, values);
    assert_true(tid_systemd_open(&systemd, why, sizeof why));
    assert_removed();
    assert_int_equal(systemd.socket_count, 0);
    assert_int_equal(systemd.watchdog_us, 0);
    tid_systemd_close(&systemd);
}

static void malformed(void **state) {
    static const char *const rows[][6] = {
        {"1x", "1", "", "", "", ""},     {"PID", "-1", "", "", "", ""},
        {"PID", "33", "", "", "", ""},   {"PID", "99999999999999999999", "", "", "", ""},
        {"", "", "", "PID", "1 ", ""},   {"", "", "", "PID", "9223372036854775807", ""},
        {"", "", "", "", "1", "x"},      {"", "", "", "", "", "@"},
        {"", "", "", "", "", "vsock:2"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        set(true, rows[i]);
        assert_false(tid_systemd_open(&systemd, why, sizeof why));
        assert_non_null(strstr(why, ": expected"));
        tid_systemd_close(&systemd);
        for (int k = 0; k < 6; k++) unsetenv(names[k]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing),
        cmocka_unit_test(all),
        cmocka_unit_test(malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
