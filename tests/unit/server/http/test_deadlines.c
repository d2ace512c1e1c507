/* SPDX-License-Identifier: MIT */
/* server/http/deadlines: which connections are ended, and when. */
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/work/clock.h"
#include "server/http/deadlines.h"
#include "support/test.h"

struct pair {
    struct tid_watch watch;
    int other;
};

static struct tid_watches watches;
static const struct tid_deadlines deadlines = {.header_ms = 1000, .idle_ms = 5000};

static void open_hurried(struct pair *pair, bool is_hurried) {
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    pair->other = fds[1];
    tid_watch_add(&watches, &pair->watch, fds[0], is_hurried);
}

static void open_pair(struct pair *pair) { open_hurried(pair, false); }

static void close_pair(struct pair *pair) {
    tid_watch_remove(&watches, &pair->watch);
    close(pair->watch.fd);
    close(pair->other);
}

/* Whether the connection was shut down: the other end sees the end of the stream. */
static bool ended(const struct pair *pair) {
    char c;
    return recv(pair->other, &c, 1, 0) == 0;
}

static int watches_make(void **state) {
    (void)state;
    tid_watches_init(&watches);
    return 0;
}

static int watches_free(void **state) {
    (void)state;
    tid_watches_clear(&watches);
    return 0;
}

static void phases(void **state) {
    static const struct {
        enum tid_phase phase;
        int64_t limit_ms;
    } rows[] = {
        {TID_PHASE_NEW, 1000},
        {TID_PHASE_HEADER, 1000},
        {TID_PHASE_IDLE, 5000},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct pair pair;
        open_pair(&pair);
        tid_watch_enter(&pair.watch, rows[i].phase);
        int64_t now_ms = tid_clock_ms();
        tid_watches_reap(&watches, &deadlines, now_ms);
        assert_false(ended(&pair));
        tid_watches_reap(&watches, &deadlines, now_ms + rows[i].limit_ms - 100);
        assert_false(ended(&pair));
        tid_watches_reap(&watches, &deadlines, now_ms + rows[i].limit_ms);
        assert_true(ended(&pair));
        close_pair(&pair);
    }
}

/* Computing has no deadline; the next phase has its own. */
static void computing(void **state) {
    struct pair pair;
    (void)state;
    open_pair(&pair);
    tid_watch_enter(&pair.watch, TID_PHASE_COMPUTE);
    tid_watches_reap(&watches, &deadlines, tid_clock_ms() + 1000000000);
    assert_false(ended(&pair));
    assert_int_equal(tid_watches_shut_down_idle(&watches, tid_clock_ms() + 1000000000),
                     1);
    assert_false(ended(&pair));
    assert_false(atomic_load(&pair.watch.read_shut_down));
    tid_watch_enter(&pair.watch, TID_PHASE_RESPONSE);
    /* It has taken all there is: the server is late, not the client. */
    tid_watches_reap(&watches, &deadlines, tid_clock_ms() + 1000000000);
    assert_false(ended(&pair));
    tid_watch_enter(&pair.watch, TID_PHASE_IDLE);
    tid_watches_shut_down_idle(&watches, tid_clock_ms() + TID_WATCH_IDLE_GRACE_MS + 100);
    assert_true(atomic_load(&pair.watch.read_shut_down));
    close_pair(&pair);
}

static void no_limit(void **state) {
    static const struct tid_deadlines none = {0};
    struct pair pair;
    (void)state;
    open_pair(&pair);
    tid_watches_reap(&watches, &none, tid_clock_ms() + 1000000000);
    assert_false(ended(&pair));
    close_pair(&pair);
}

/* Each phase has its own start. */
static void each_phase_starts_anew(void **state) {
    struct pair pair;
    (void)state;
    open_pair(&pair);
    tid_watch_enter(&pair.watch, TID_PHASE_IDLE);
    tid_watches_reap(&watches, &deadlines, tid_clock_ms() + 4000);
    assert_false(ended(&pair));
    tid_watch_enter(&pair.watch, TID_PHASE_HEADER);
    tid_watches_reap(&watches, &deadlines, tid_clock_ms() + 900);
    assert_false(ended(&pair));
    tid_watches_reap(&watches, &deadlines, tid_clock_ms() + 1100);
    assert_true(ended(&pair));
    close_pair(&pair);
}

/* The request line, byte by byte, is within the time for the header. */
static void header_begins_before_its_line(void **state) {
    struct pair pair;
    (void)state;
    open_pair(&pair);
    const int64_t now_ms = tid_clock_ms();
    atomic_store(&pair.watch.activity, (now_ms - 900) * 8 + TID_PHASE_NEW);
    tid_watch_enter(&pair.watch, TID_PHASE_HEADER);
    tid_watches_reap(&watches, &deadlines, now_ms + 90);
    assert_false(ended(&pair));
    tid_watches_reap(&watches, &deadlines, now_ms + 110);
    assert_true(ended(&pair));
    close_pair(&pair);
}

/* Another client waits for the place. */
static void hurried(void **state) {
    static const int64_t header_ms[] = {0, 10000, 1000};
    static const int64_t limit_ms[] = {TID_WATCH_HURRIED_MS, TID_WATCH_HURRIED_MS, 1000};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(header_ms); i++) {
        const struct tid_deadlines some = {.header_ms = header_ms[i]};
        struct pair pair;
        open_hurried(&pair, true);
        const int64_t now_ms = tid_watch_since_ms(&pair.watch);
        tid_watches_reap(&watches, &some, now_ms + limit_ms[i] - 1);
        assert_false(ended(&pair));
        tid_watches_reap(&watches, &some, now_ms + limit_ms[i]);
        assert_true(ended(&pair));
        close_pair(&pair);
    }
}

static void list(void **state) {
    struct pair pairs[3];
    (void)state;
    for (size_t i = 0; i < 3; i++) open_pair(&pairs[i]);
    close_pair(&pairs[1]); /* in the middle, at the end, alone */
    tid_watch_enter(&pairs[0].watch, TID_PHASE_RESPONSE);
    tid_watches_reap(&watches, &deadlines, tid_clock_ms() + 2000);
    assert_false(ended(&pairs[0]));
    assert_true(ended(&pairs[2]));
    close_pair(&pairs[0]);
    close_pair(&pairs[2]);
    assert_true(LIST_EMPTY(&watches.list));
}

static void drain(void **state) {
    struct pair busy, fresh, idle;
    char c;
    (void)state;
    open_pair(&busy);
    open_pair(&fresh);
    open_pair(&idle);
    tid_watch_enter(&busy.watch, TID_PHASE_RESPONSE);
    tid_watch_enter(&idle.watch, TID_PHASE_IDLE);
    int64_t now_ms = tid_clock_ms();
    /* Not at once: the next request may be on its way. */
    assert_int_equal(tid_watches_shut_down_idle(&watches, now_ms), 3);
    assert_int_equal(recv(idle.watch.fd, &c, 1, 0), -1);
    /* A request that has arrived can still be read; then the stream ends. */
    assert_int_equal(send(idle.other, "x", 1, 0), 1);
    assert_int_equal(tid_watches_shut_down_idle(&watches, now_ms + 1000), 3);
    assert_int_equal(recv(idle.watch.fd, &c, 1, 0), 1);
    assert_int_equal(recv(idle.watch.fd, &c, 1, 0), 0);
    /* The first request has more time. */
    assert_int_equal(recv(fresh.watch.fd, &c, 1, 0), -1);
    assert_int_equal(
        tid_watches_shut_down_idle(&watches, now_ms + TID_WATCH_NEW_GRACE_MS + 100), 3);
    assert_int_equal(recv(fresh.watch.fd, &c, 1, 0), 0);
    assert_int_equal(recv(busy.watch.fd, &c, 1, 0), -1);
    close_pair(&busy);
    close_pair(&fresh);
    close_pair(&idle);
}

/* A connection over TCP whose client reads nothing; its small buffers are full. */
struct tcp_pair {
    struct tid_watch watch;
    int other;
};

static void open_tcp(struct tcp_pair *pair) {
    static char block[1 << 16];
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof address;
    const int small = 4096, listening = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listening, (struct sockaddr *)&address, bytes), 0);
    assert_int_equal(listen(listening, 1), 0);
    assert_int_equal(getsockname(listening, (struct sockaddr *)&address, &bytes), 0);
    pair->other = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(pair->other, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    assert_int_equal(connect(pair->other, (struct sockaddr *)&address, bytes), 0);
    const int fd = accept(listening, NULL, NULL);
    assert_true(fd >= 0);
    close(listening);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    while (send(fd, block, sizeof block, MSG_DONTWAIT) > 0) continue;
    poll(NULL, 0, 50); /* the client's side has acknowledged what it takes */
    tid_watch_add(&watches, &pair->watch, fd, false);
}

/* Closes both sides; whether the client saw a reset, not an end. */
static bool close_tcp(struct tcp_pair *pair) {
    static char block[1 << 16];
    ssize_t count;
    tid_watch_remove(&watches, &pair->watch);
    close(pair->watch.fd);
    while ((count = recv(pair->other, block, sizeof block, 0)) > 0) continue;
    close(pair->other);
    return count < 0 && errno == ECONNRESET;
}

/* What the client has not taken does not stay in the kernel. */
static void cut_responses_are_reset(void **state) {
    static const struct {
        enum tid_phase phase;
        bool resets;
    } rows[] = {
        {TID_PHASE_RESPONSE, true},
        {TID_PHASE_IDLE, true}, /* the rest of a response that was sent to its end */
        {TID_PHASE_NEW, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tcp_pair pair;
        open_tcp(&pair);
        tid_watch_enter(&pair.watch, rows[i].phase);
        const int64_t now_ms = tid_clock_ms();
        tid_watches_reap(&watches, &deadlines, now_ms); /* what has been acknowledged */
        tid_watches_reap(&watches, &deadlines, now_ms + 6000);
        assert_int_equal(close_tcp(&pair), rows[i].resets);
    }
}

static bool is_cut(const struct tcp_pair *pair) {
    char c;
    return recv(pair->watch.fd, &c, 1, MSG_DONTWAIT) == 0;
}

/* The client takes all that it was sent, and the server knows. */
static void take_all(const struct tcp_pair *pair) {
    static char block[1 << 16];
    int unsent = 1;
    for (int tries = 0; unsent > 0 && tries < 500; tries++) {
        while (recv(pair->other, block, sizeof block, MSG_DONTWAIT) > 0) continue;
        poll(NULL, 0, 10);
        assert_int_equal(ioctl(pair->watch.fd, SIOCOUTQ, &unsent), 0);
    }
    assert_int_equal(unsent, 0);
}

/* So it is for the second request of a connection. */
static void second_header_begins_before_its_line(void **state) {
    static const struct {
        bool is_seen; /* the reaper looks before and after the first byte comes */
        int64_t limit_ms;
    } rows[] = {{true, 600}, {false, 1000}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tcp_pair pair;
        open_tcp(&pair);
        take_all(&pair);
        const int64_t now_ms = tid_clock_ms();
        atomic_store(&pair.watch.activity, (now_ms - 1000) * 8 + TID_PHASE_IDLE);
        if (rows[i].is_seen) tid_watches_reap(&watches, &deadlines, now_ms - 500);
        assert_int_equal(send(pair.other, "G", 1, 0), 1);
        for (int tries = 0; tries < 500 && !tid_watch_has_received(&pair.watch); tries++)
            poll(NULL, 0, 10);
        if (rows[i].is_seen) tid_watches_reap(&watches, &deadlines, now_ms - 400);
        tid_watch_enter(&pair.watch, TID_PHASE_HEADER);
        const int64_t entered_ms = tid_watch_since_ms(&pair.watch);
        tid_watches_reap(&watches, &deadlines, now_ms + rows[i].limit_ms - 10);
        assert_int_equal(atomic_load(&pair.watch.cut), TID_CUT_NONE);
        tid_watches_reap(&watches, &deadlines,
                         rows[i].is_seen ? now_ms + rows[i].limit_ms
                                         : entered_ms + rows[i].limit_ms);
        assert_int_equal(atomic_load(&pair.watch.cut), TID_CUT_HEADER);
        close_tcp(&pair);
    }
}

/*
 * The time counts from the last byte that the client took, and no longer. While a
 * response is sent, it does not count if the client has taken all.
 */
static void progress_renews(void **state) {
    static const enum tid_phase phases[] = {TID_PHASE_RESPONSE, TID_PHASE_IDLE};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(phases); i++) {
        struct tcp_pair pair;
        open_tcp(&pair);
        tid_watch_enter(&pair.watch, phases[i]);
        const int64_t now_ms = tid_clock_ms();
        tid_watches_reap(&watches, &deadlines, now_ms + 1000); /* the first look */
        take_all(&pair);
        tid_watches_reap(&watches, &deadlines, now_ms + 4900);
        tid_watches_reap(&watches, &deadlines, now_ms + 9800);
        assert_false(is_cut(&pair));
        tid_watches_reap(&watches, &deadlines, now_ms + 9900);
        assert_int_equal(is_cut(&pair), phases[i] == TID_PHASE_IDLE);
        close_tcp(&pair);
    }
}

/* A client that takes a little now and then: the minimum rate, over the idle time. */
static void minimum_rate(void **state) {
    static const struct {
        int64_t min_rate;
        enum tid_cut cut;
    } rows[] = {{0, TID_CUT_NONE}, {1, TID_CUT_NONE}, {1000000, TID_CUT_SLOW}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct tid_deadlines with_rate = {.idle_ms = 5000,
                                                .min_rate = rows[i].min_rate};
        struct tcp_pair pair;
        open_tcp(&pair);
        tid_watch_enter(&pair.watch, TID_PHASE_RESPONSE);
        const int64_t now_ms = tid_clock_ms();
        for (int second = 0; second <= 6; second++) {
            /* Progress each second, but never all. */
            pair.watch.acked_bytes--;
            tid_watches_reap(&watches, &with_rate, now_ms + 1000 * second);
            if (second < 5) assert_int_equal(atomic_load(&pair.watch.cut), TID_CUT_NONE);
            /* In the second row more than a byte a second has been taken. */
            pair.watch.rate_bytes -= second == 0 ? 100 : 0;
        }
        assert_int_equal(atomic_load(&pair.watch.cut), rows[i].cut);
        close_tcp(&pair);
    }
}

/* After a pause of the process all deadlines begin again. */
static void restart(void **state) {
    static const enum tid_phase phases[] = {TID_PHASE_NEW, TID_PHASE_HEADER,
                                            TID_PHASE_IDLE, TID_PHASE_RESPONSE};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(phases); i++) {
        struct tcp_pair pair;
        open_tcp(&pair);
        tid_watch_enter(&pair.watch, phases[i]);
        const int64_t now_ms = tid_clock_ms();
        tid_watches_reap(&watches, &deadlines, now_ms);
        tid_watches_restart(&watches, now_ms + 100000);
        assert_int_equal(tid_watch_phase(&pair.watch), phases[i]);
        tid_watches_reap(&watches, &deadlines, now_ms + 100900);
        assert_int_equal(atomic_load(&pair.watch.cut), TID_CUT_NONE);
        tid_watches_reap(&watches, &deadlines, now_ms + 106000);
        assert_int_not_equal(atomic_load(&pair.watch.cut), TID_CUT_NONE);
        close_tcp(&pair);
    }
}

static void thread(void **state) {
    struct tid_watches *const list_of[] = {&watches};
    struct tid_reaper reaper;
    struct pair pair;
    (void)state;
    open_pair(&pair);
    assert_int_equal(
        tid_reaper_start(&reaper, list_of, 1, (struct tid_deadlines){.header_ms = 40}),
        0);
    for (int i = 0; i < 1000 && !ended(&pair); i++) poll(NULL, 0, 5);
    assert_true(ended(&pair));
    tid_reaper_stop(&reaper);
    close_pair(&pair);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phases),
        cmocka_unit_test(computing),
        cmocka_unit_test(no_limit),
        cmocka_unit_test(each_phase_starts_anew),
        cmocka_unit_test(header_begins_before_its_line),
        cmocka_unit_test(hurried),
        cmocka_unit_test(second_header_begins_before_its_line),
        cmocka_unit_test(list),
        cmocka_unit_test(drain),
        cmocka_unit_test(thread),
        cmocka_unit_test(cut_responses_are_reset),
        cmocka_unit_test(progress_renews),
        cmocka_unit_test(minimum_rate),
        cmocka_unit_test(restart),
    };
    return cmocka_run_group_tests(tests, watches_make, watches_free);
}
