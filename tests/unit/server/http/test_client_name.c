/* SPDX-License-Identifier: MIT */
/* server/http/client_name: who a client is, by token, address or what a proxy says. */
#include "server/http/client_name.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "support/test.h"

/* 10.0.0.0/8 and fd00::/8 are trusted. */
static const struct {
    const char *peer, *forwarded_for, *forwarded; /* NULL: none */
    const char *name;
} rows[] = {
    {"192.0.2.1", NULL, NULL, "192.0.2.1"},
    {"::ffff:192.0.2.1", NULL, NULL, "192.0.2.1"},
    {"2001:db8:0:1:2:3:4:5", NULL, NULL, "2001:db8:0:1::/64"},
    {NULL, NULL, NULL, "unknown"},
    /* Only a trusted proxy may say it. */
    {"192.0.2.1", "198.51.100.7", "for=198.51.100.7", "192.0.2.1"},
    {"10.0.0.1", "198.51.100.7", NULL, "198.51.100.7"},
    {"10.0.0.1", NULL, "for=198.51.100.7", "198.51.100.7"},
    {"fd00::1", NULL, "For=\"[2001:db8::7]:4711\";proto=https", "2001:db8::/64"},
    {"10.0.0.1", "2001:db8::7", NULL, "2001:db8::/64"},
    {"10.0.0.1", "198.51.100.7:4711", "for=192.0.2.9", "198.51.100.7"},
    /* The last one that is not a trusted proxy's; what stands before it may be forged. */
    {"10.0.0.1", "192.0.2.9, 198.51.100.7,10.1.1.1 , 10.2.2.2", NULL, "198.51.100.7"},
    {"10.0.0.1", NULL, "for=192.0.2.9, for=198.51.100.7;by=x, for=10.2.2.2",
     "198.51.100.7"},
    {"10.0.0.1", "10.3.3.3, 10.2.2.2", NULL, "10.3.3.3"},
    /* RFC 7239 section 6: "unknown" and obfuscated identifiers; and what is none at all. */
    {"10.0.0.1", NULL, "for=unknown", "10.0.0.1"},
    {"10.0.0.1", NULL, "for=_hidden, for=10.2.2.2", "10.2.2.2"},
    {"10.0.0.1", "", NULL, "10.0.0.1"},
    {"10.0.0.1", ",,", NULL, "10.0.0.1"},
    {"10.0.0.1", "[", NULL, "10.0.0.1"},
    {"10.0.0.1", "[]", NULL, "10.0.0.1"},
    {"10.0.0.1", "198.51.100", NULL, "10.0.0.1"},
    {"10.0.0.1", "198.51.100.7.1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17", NULL,
     "10.0.0.1"},
    {"10.0.0.1", NULL, "proto=https", "10.0.0.1"},
};

static struct tid_network_list trusted_networks(void) {
    struct tid_network_list list = {.count = 2};
    assert_null(tid_network_parse("10.0.0.0/8", 10, &list.items[0]));
    assert_null(tid_network_parse("fd00::/8", 8, &list.items[1]));
    return list;
}

static const struct sockaddr *address_of(const char *text,
                                         struct sockaddr_storage *space) {
    struct sockaddr_in *v4 = (struct sockaddr_in *)space;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)space;
    memset(space, 0, sizeof *space);
    if (!text) return NULL;
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
    } else {
        memset(space, 0, sizeof *space);
        assert_int_equal(inet_pton(AF_INET6, text, &v6->sin6_addr), 1);
        v6->sin6_family = AF_INET6;
    }
    return (const struct sockaddr *)space;
}

static void addresses(void **state) {
    const struct tid_network_list trusted = trusted_networks();
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tid_request request = {0};
        struct sockaddr_storage space;
        char name[TID_CLIENT_NAME_BYTES], own[TID_CLIENT_NAME_BYTES];
        request.peer = address_of(rows[i].peer, &space);
        request.fields[TID_FIELD_X_FORWARDED_FOR] = rows[i].forwarded_for;
        request.fields[TID_FIELD_FORWARDED] = rows[i].forwarded;
        tid_client_name_of(&request, &trusted, name);
        assert_string_equal(name, rows[i].name);
        /* Without trusted proxies it is the connection's. */
        tid_client_name_of(&request, NULL, name);
        tid_client_name_of_address(request.peer, own);
        assert_string_equal(name, own);
    }
}

static void token(void **state) {
    const struct tid_network_list trusted = trusted_networks();
    struct tid_request request = {.token = "trainer"};
    struct sockaddr_storage space;
    char name[TID_CLIENT_NAME_BYTES];
    (void)state;
    request.peer = address_of("10.0.0.1", &space);
    request.fields[TID_FIELD_X_FORWARDED_FOR] = "192.0.2.1";
    tid_client_name_of(&request, &trusted, name);
    assert_string_equal(name, "token trainer");
    /* The longest name that a token may have. */
    memset(request.token, 'x', sizeof request.token - 1);
    tid_client_name_of(&request, &trusted, name);
    assert_int_equal(strlen(name), strlen("token ") + sizeof request.token - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
