/* SPDX-License-Identifier: MIT */
/* server/http/network: which addresses a network has. */
#include "server/http/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "support/test.h"

static const char *parse(const char *text, struct tid_network *network) {
    return tid_network_parse(text, strlen(text), network);
}

static bool has(const struct tid_network_list *list, const char *address) {
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
        return tid_networks_have(list, (const struct sockaddr *)&v4);
    assert_int_equal(inet_pton(AF_INET6, address, &v6.sin6_addr), 1);
    return tid_networks_have(list, (const struct sockaddr *)&v6);
}

static void membership(void **state) {
    static const struct {
        const char *network, *address;
        bool has;
    } rows[] = {
        {"10.0.0.0/8", "10.255.255.255", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.1.2.3", "10.1.2.3", true},
        {"10.1.2.3", "10.1.2.2", false},
        {"0.0.0.0/0", "255.255.255.255", true},
        {"192.168.4.0/22", "192.168.7.255", true},
        {"192.168.4.0/22", "192.168.8.0", false},
        {"128.0.0.0/1", "200.1.1.1", true},
        {"128.0.0.0/1", "100.1.1.1", false},
        {"fd00::/8", "fdff::1", true},
        {"fd00::/8", "fe00::1", false},
        {"::/0", "2001:db8::1", true},
        {"::1", "::1", true},
        {"::1", "::2", false},
        {"2001:db8::/33", "2001:db8:7fff::", true},
        {"2001:db8::/33", "2001:db8:8000::", false},
        /* Not of one family in the other, but IPv4 on a socket of IPv6 is IPv4. */
        {"0.0.0.0/0", "::1", false},
        {"::/0", "127.0.0.1", false},
        {"10.0.0.0/8", "::ffff:10.1.2.3", true},
        {"::/0", "::ffff:10.1.2.3", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tid_network_list list = {.count = 1};
        assert_row(!parse(rows[i].network, &list.items[0]), rows[i].network);
        assert_row(has(&list, rows[i].address) == rows[i].has, rows[i].address);
        list.count = 0;
        assert_row(!has(&list, rows[i].address), rows[i].address);
    }
}

/* Clients of unix sockets have no address, and are of no network but that one. */
static void unix_sockets(void **state) {
    const struct sockaddr client = {.sa_family = AF_UNIX};
    struct tid_network_list list = {.count = 2};
    (void)state;
    assert_null(parse("0.0.0.0/0", &list.items[0]));
    assert_null(parse("::/0", &list.items[1]));
    assert_false(tid_networks_have(&list, &client));
    assert_null(parse("unix", &list.items[1]));
    assert_true(tid_networks_have(&list, &client));
    assert_true(has(&list, "127.0.0.1"));
    list.items[0] = list.items[1];
    assert_false(has(&list, "127.0.0.1"));
    assert_false(has(&list, "::1"));
}

static void errors(void **state) {
    static const char *const rows[] = {
        "",          "/8",     "10.0.0.0/",   "10.0.0.0/x",  "10.0.0.0/33",
        "10.0.0/8",  "::/129", "::/0000128",  "10.0.0.1/8",  "fd00::1/8",
        "localhost", "[::1]",  "10.0.0.0/-1", "10.0.0.0/8 ", " 10.0.0.0/8",
        "::1/127",   "unix/8", "Unix",        "unix:"};
    struct tid_network network;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_row(parse(rows[i], &network) != NULL, rows[i]);
}

static void shown(void **state) {
    static const char *const rows[] = {"10.0.0.0/8", "::1/128", "fd00::/8", "0.0.0.0/0",
                                       "unix"};
    char text[TID_NETWORK_BYTES];
    struct tid_network network;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_null(parse(rows[i], &network));
        tid_network_show(&network, text);
        assert_string_equal(text, rows[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(membership),
        cmocka_unit_test(unix_sockets),
        cmocka_unit_test(errors),
        cmocka_unit_test(shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
