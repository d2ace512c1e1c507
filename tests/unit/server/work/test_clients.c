/* SPDX-License-Identifier: MIT */
/* server/work/clients: one entry a name, limits, and memory that does not grow. */
#include <pthread.h>
#include <stdio.h>

#include "server/work/clients.h"
#include "support/test.h"

static void one_of_a_name(void **state) {
    struct tid_clients *clients = tid_clients_make();
    (void)state;

    struct tid_client *a = tid_clients_get(clients, "a"),
                      *b = tid_clients_get(clients, "b");
    assert_ptr_not_equal(a, b);
    assert_ptr_equal(tid_clients_get(clients, "a"), a);
    assert_ptr_equal(tid_client_keep(b), b);
    assert_string_equal(tid_client_name(b), "b");
    assert_int_equal(tid_client_counts(clients).clients, 2);
    tid_client_release(a);
    tid_client_release(a);
    assert_int_equal(tid_client_counts(clients).clients, 1);
    /* It has used time, and comes again. */
    tid_client_share(a)->used_ns = 17;
    struct tid_client *again = tid_clients_get(clients, "a");
    assert_ptr_equal(again, a);
    assert_int_equal(tid_client_share(again)->used_ns, 17);
    tid_client_release(again);
    tid_client_release(b);
    tid_client_release(b);
    tid_client_release(tid_client_keep(NULL));
    assert_null(tid_client_share(NULL));
    assert_int_equal(tid_client_counts(clients).clients, 0);
    tid_clients_free(clients);
    tid_clients_free(NULL);
}

static void limits(void **state) {
    struct tid_clients *clients = tid_clients_make();
    const enum tid_client_use use = TID_CLIENT_COMPUTATIONS;
    (void)state;

    struct tid_client *a = tid_clients_get(clients, "a"),
                      *b = tid_clients_get(clients, "b");
    assert_int_equal(tid_client_begin(a, use, 2, 3), TID_ADMITTED);
    assert_int_equal(tid_client_begin(a, use, 2, 3), TID_ADMITTED);
    assert_int_equal(tid_client_begin(a, use, 2, 3), TID_CLIENT_FULL);
    assert_int_equal(tid_client_begin(b, use, 2, 3), TID_ADMITTED);
    assert_int_equal(tid_client_begin(b, use, 2, 3), TID_ALL_FULL);
    assert_int_equal(tid_client_begin(b, TID_CLIENT_CONNECTIONS, 1, 1), TID_ADMITTED);
    assert_int_equal(tid_client_counts(clients).computations, 3);
    tid_client_end(a, use);
    assert_int_equal(tid_client_begin(b, use, 2, 3), TID_ADMITTED);
    assert_int_equal(tid_client_begin(b, use, 0, 0), TID_ADMITTED); /* no limit */
    for (int i = 0; i < 3; i++) tid_client_end(b, use);
    tid_client_end(b, TID_CLIENT_CONNECTIONS);
    tid_client_end(a, use);
    assert_int_equal(tid_client_counts(clients).computations, 0);
    tid_client_release(a);
    tid_client_release(b);
    tid_clients_free(clients);
}

/* Of clients that have gone, the last ones stay, and no more. */
static void bounded(void **state) {
    struct tid_clients *clients = tid_clients_make();
    struct tid_client *client;
    char name[TID_CLIENT_NAME_BYTES];
    unsigned known = 0;
    (void)state;

    for (unsigned i = 0; i < 3 * TID_CLIENTS_IDLE_MAX; i++) {
        snprintf(name, sizeof name, "client %u", i);
        client = tid_clients_get(clients, name);
        assert_int_equal(tid_client_share(client)->used_ns, 0);
        tid_client_share(client)->used_ns = i + 1;
        tid_client_release(client);
    }
    /* From the last: to look for one that is unknown adds it, and forgets another. */
    for (unsigned i = 3 * TID_CLIENTS_IDLE_MAX; i-- > TID_CLIENTS_IDLE_MAX;) {
        snprintf(name, sizeof name, "client %u", i);
        client = tid_clients_get(clients, name);
        known += tid_client_share(client)->used_ns == i + 1;
        tid_client_release(client);
    }
    assert_int_equal(known, TID_CLIENTS_IDLE_MAX);
    tid_clients_free(clients);
}

/* Threads that come and go under few names. */
static void *storm_run(void *argument) {
    struct tid_clients *clients = argument;
    for (unsigned i = 0; i < 20000; i++) {
        const char name[] = {(char)('a' + i % 5), '\0'};
        struct tid_client *client = tid_clients_get(clients, name);
        if (!client) return argument;
        if (tid_client_begin(client, TID_CLIENT_COMPUTATIONS, 3, 9) == TID_ADMITTED)
            tid_client_end(client, TID_CLIENT_COMPUTATIONS);
        tid_client_release(client);
    }
    return NULL;
}

static void at_the_same_time(void **state) {
    struct tid_clients *clients = tid_clients_make();
    pthread_t threads[4];
    void *failed;
    (void)state;

    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, storm_run, clients), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    assert_int_equal(tid_client_counts(clients).clients, 0);
    assert_int_equal(tid_client_counts(clients).computations, 0);
    tid_clients_free(clients);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_of_a_name),
        cmocka_unit_test(limits),
        cmocka_unit_test(bounded),
        cmocka_unit_test(at_the_same_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
