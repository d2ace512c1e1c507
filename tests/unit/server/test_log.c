/* SPDX-License-Identifier: MIT */
/* server/log: what a line looks like, and a reader that does not read. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/log.h"
#include "support/test.h"

/* Standard error during a test: a pipe, whose other end is returned. */
static int stderr_before;

static int redirect(void) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    stderr_before = dup(STDERR_FILENO);
    assert_true(stderr_before >= 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    close(ends[1]);
    return ends[0];
}

static void restore(void) {
    assert_true(dup2(stderr_before, STDERR_FILENO) >= 0);
    close(stderr_before);
}

static size_t read_all(int fd, char *text, size_t capacity) {
    size_t used = 0;
    ssize_t count;
    while ((count = read(fd, text + used, capacity - 1 - used)) > 0)
        used += (size_t)count;
    text[used] = '\0';
    return used;
}

static void escapes(void **state) {
    char text[10000];
    (void)state;
    const int reader = redirect();
    tid_log(TID_LOG_INFO, "a\nb\r\x1b[2J\x7f\\ \xc2\x9b %s%%", "\xe2\x80\xae");
    tid_log(TID_LOG_INFO, "%5000d", 1);
    restore();
    read_all(reader, text, sizeof text);
    close(reader);
    const char *end = strchr(text, '\n');
    assert_non_null(end);
    assert_int_equal(strncmp(text,
                             "tensorinitd: a\\x0ab\\x0d\\x1b[2J\\x7f\\x5c \\xc2\\x9b "
                             "\\xe2\\x80\\xae%\n",
                             (size_t)(end + 1 - text)),
                     0);
    /* A long line is cut, and ends. */
    assert_ptr_equal(strchr(end + 1, '\n'), text + strlen(text) - 1);
    assert_in_range(strlen(end + 1), 4000, 4200);
}

/* Lines of a log that are numbers, in order, and those that it says were dropped. */
static void count_lines(const char *text, int *lines, int *dropped) {
    int last = -1, number;
    *lines = *dropped = 0;
    for (const char *end; (end = strchr(text, '\n')); text = end + 1) {
        if (sscanf(text, "tensorinitd: line %d of a log that is not read\n", &number) ==
            1) {
            assert_true(number > last);
            last = number;
            ++*lines;
        } else {
            assert_int_equal(
                sscanf(text, "tensorinitd: %d lines of the log were dropped", &number),
                1);
            *dropped += number;
        }
    }
}

/*
 * 20,000 lines that are not read, far more than pipe and queue hold: no call waits, and
 * those that come out are complete, in order, and the dropped ones are counted.
 */
static void not_read(void **state) {
    enum { LINES = 20000, BYTES = 4 << 20 };
    char *text = malloc(BYTES);
    int lines = 0, announced = 0;
    (void)state;
    assert_non_null(text);
    text[0] = '\0';
    const uint64_t before = tid_log_dropped();
    const int reader = redirect();
    assert_int_equal(tid_log_start(), 0);
    for (int i = 0; i < LINES; i++)
        tid_log(TID_LOG_INFO, "line %d of a log that is not read", i);
    const uint64_t dropped = tid_log_dropped() - before;
    assert_in_range(dropped, LINES / 2, LINES - 1000);
    tid_log_stop(); /* does not wait for the reader either */
    assert_int_equal(fcntl(reader, F_SETFL, O_NONBLOCK), 0);

    size_t used = 0;
    for (int tries = 0; tries < 500 && lines + announced < LINES; tries++) {
        const ssize_t count = read(reader, text + used, BYTES - 1 - used);
        if (count > 0) used += (size_t)count;
        text[used] = '\0';
        count_lines(text, &lines, &announced);
        poll(NULL, 0, 10);
    }
    restore();
    close(reader);
    assert_int_equal(announced, dropped);
    assert_int_equal(lines, LINES - announced);
    free(text);
}

/* Messages of a lower level than the one that is configured are not written. */
static void levels(void **state) {
    char text[2000];
    (void)state;
    const int reader = redirect();
    tid_log(TID_LOG_DEBUG, "0 %d", 0);
    tid_log_use(TID_LOG_LOGFMT, TID_LOG_WARNING);
    tid_log(TID_LOG_ERROR, "1");
    tid_log(TID_LOG_WARNING, "2");
    tid_log(TID_LOG_INFO, "3");
    tid_log_use(TID_LOG_PLAIN, TID_LOG_DEBUG);
    tid_log(TID_LOG_DEBUG, "4\n");
    assert_true(tid_log_has(TID_LOG_DEBUG));
    tid_log_use(TID_LOG_PLAIN, TID_LOG_INFO);
    assert_false(tid_log_has(TID_LOG_DEBUG));
    restore();
    read_all(reader, text, sizeof text);
    close(reader);
    assert_null(strstr(text, "0 0"));
    assert_non_null(strstr(text, "Z level=error msg=1\ntime="));
    assert_non_null(strstr(text, "Z level=warning msg=2\ntensorinitd: 4\n"));
}

/* A standard error that is closed: lines are counted, and nothing waits or ends. */
static void closed(void **state) {
    (void)state;
    const uint64_t before = tid_log_dropped();
    const int stderr_was = dup(STDERR_FILENO);
    assert_int_equal(tid_log_start(), 0);
    close(STDERR_FILENO);
    for (int i = 0; i < 10; i++) tid_log(TID_LOG_INFO, "line %d", i);
    tid_log_stop();
    assert_true(dup2(stderr_was, STDERR_FILENO) >= 0);
    close(stderr_was);
    assert_int_equal(tid_log_dropped(), before + 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes),
        cmocka_unit_test(levels),
        cmocka_unit_test(closed),
        cmocka_unit_test(not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
