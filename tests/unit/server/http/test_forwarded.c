/* SPDX-License-Identifier: MIT */
/* server/http/forwarded: where clients see the server, and whom it believes. */
#include "server/http/forwarded.h"

#include "server/http/address.h"
#include "support/test.h"

#define HOST "own:80"

/* What is not trusted has no effect, which a second call of each row checks. */
static const struct {
    const char *base, *path;                       /* configured; of the request */
    const char *forwarded, *proto, *host, *prefix; /* of the proxy; NULL: absent */
    const char *origin, *seen_prefix, *path_left;  /* expected */
} rows[] = {
    {"", "/v1", NULL, NULL, NULL, NULL, "http://own:80", "", "/v1"},
    {"/b", "/b/v1", NULL, NULL, NULL, NULL, "http://own:80", "/b", "/v1"},
    {"/b", "/b", NULL, NULL, NULL, NULL, "http://own:80", "/b", "/"},
    {"/b", "/v1", NULL, NULL, NULL, NULL, "http://own:80", "/b", "/v1"},
    {"/b", "/bc/v1", NULL, NULL, NULL, NULL, "http://own:80", "/b", "/bc/v1"},
    {"", "/v1", NULL, "https", "a.example", NULL, "https://a.example", "", "/v1"},
    {"", "/v1", NULL, "HTTPS", NULL, NULL, "https://own:80", "", "/v1"},
    {"", "/v1", NULL, NULL, NULL, "/p", "http://own:80", "/p", "/v1"},
    {"", "/v1", NULL, NULL, NULL, "/p/", "http://own:80", "/p", "/v1"},
    {"/b", "/v1", NULL, NULL, NULL, "/p", "http://own:80", "/p", "/v1"},
    {"/b", "/b/v1", NULL, NULL, NULL, "/p", "http://own:80", "/p/b", "/v1"},
    /* The last element is the nearest proxy's. */
    {"", "/v1", NULL, "http, https", "evil, a.example", NULL, "https://a.example", "",
     "/v1"},
    /* RFC 7239 section 4, with examples of section 7.5. */
    {"", "/v1", "for=192.0.2.43;proto=https;host=a.example", NULL, NULL, NULL,
     "https://a.example", "", "/v1"},
    {"", "/v1", "host=evil, For=\"[2001:db8::1]\"; Proto=https ;HOST=\"a.example:8443\"",
     NULL, NULL, NULL, "https://a.example:8443", "", "/v1"},
    {"", "/v1", "proto=http;host=b", "https", "a", NULL, "https://a", "", "/v1"},
    {"", "/v1", "proto=https;host=b", NULL, "a", NULL, "https://a", "", "/v1"},
    /* Not well formed, or fit to break out of where it is written to. */
    {"", "/v1", "host=\"a'b\"", "ftp", "x'; reboot; '", "//evil", "http://own:80", "",
     "/v1"},
    {"", "/v1", "host;proto", "", "", "", "http://own:80", "", "/v1"},
    {"", "/v1", ";;=;host=", "https://", "a/b", "p", "http://own:80", "", "/v1"},
    {"", "/v1", NULL, NULL, "<script>", "/\"p", "http://own:80", "", "/v1"},
    {"", "/v1", NULL, NULL, "a b", "/a/../b c", "http://own:80", "", "/v1"},
};

static struct tid_request request_of(size_t i) {
    struct tid_request request = {.path = rows[i].path,
                                  .path_bytes = strlen(rows[i].path)};
    request.fields[TID_FIELD_HOST] = HOST;
    request.fields[TID_FIELD_FORWARDED] = rows[i].forwarded;
    request.fields[TID_FIELD_X_FORWARDED_PROTO] = rows[i].proto;
    request.fields[TID_FIELD_X_FORWARDED_HOST] = rows[i].host;
    request.fields[TID_FIELD_X_FORWARDED_PREFIX] = rows[i].prefix;
    return request;
}

static void trusted(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tid_request request = request_of(i);
        tid_forwarded_apply(&request, rows[i].base, false, true);
        assert_string_equal(request.origin, rows[i].origin);
        assert_string_equal(request.prefix, rows[i].seen_prefix);
        assert_int_equal(request.path_bytes, strlen(rows[i].path_left));
        assert_memory_equal(request.path, rows[i].path_left, request.path_bytes);
    }
}

static void not_trusted(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tid_request request = request_of(i);
        tid_forwarded_apply(&request, rows[i].base, i % 2 == 1, false);
        assert_string_equal(request.origin,
                            i % 2 == 1 ? "https://" HOST : "http://" HOST);
        assert_string_equal(request.prefix, rows[i].base);
    }
}

/* A Host that a shell could execute is none. */
static void hosts(void **state) {
    static const char *const bad[] = {"",         "x'; reboot; '", "x y",   "a\tb",
                                      "<script>", "$(reboot)",     "x%s%n", "`x`"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct tid_request request = {.path = "/", .path_bytes = 1};
        request.fields[TID_FIELD_HOST] = bad[i];
        tid_forwarded_apply(&request, "", true, false);
        assert_row(request.origin[0] == '\0', bad[i]);
    }
}

/* The client, by the proxies 10.0.0.0/8 and fd00::/8; NULL: none is named. */
static const struct {
    const char *x_for, *forwarded, *client;
} clients[] = {
    {NULL, NULL, NULL},
    {"192.0.2.1", NULL, "192.0.2.1"},
    {"192.0.2.1:4711", NULL, "192.0.2.1"},
    {"2001:db8::1", NULL, "2001:db8::1"},
    {"[2001:db8::1]:80", NULL, "2001:db8::1"},
    /* The client may have sent the first; the last untrusted one is what a proxy saw. */
    {"203.0.113.9, 192.0.2.1, 10.1.1.1", NULL, "192.0.2.1"},
    {"10.0.0.1, fd00::2", NULL, "10.0.0.1"},
    {"junk, 10.0.0.1", NULL, "10.0.0.1"},
    {"junk", NULL, NULL},
    {"", NULL, NULL},
    {"[::1", NULL, NULL},
    {"1.2.3.4.5", NULL, NULL},
    {"192.0.2.1\n", NULL, NULL},
    {NULL, "for=192.0.2.1;proto=https", "192.0.2.1"},
    {NULL, "For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"},
    {NULL, "for=192.0.2.43, for=10.0.0.3", "192.0.2.43"},
    {NULL, "for=unknown", NULL},
    {NULL, "for=_hidden, for=10.0.0.3", "10.0.0.3"},
    {NULL, "proto=https", NULL},
    {"192.0.2.1", "for=192.0.2.2", "192.0.2.1"},
};

static void names_the_client(void **state) {
    static const char *const networks[] = {"10.0.0.0/8", "fd00::/8"};
    struct tid_network_list trusted = {.count = 2};
    (void)state;
    for (unsigned i = 0; i < 2; i++)
        assert_null(
            tid_network_parse(networks[i], strlen(networks[i]), &trusted.items[i]));
    for (size_t i = 0; i < sizeof clients / sizeof *clients; i++) {
        struct tid_request request = {.path = "/", .path_bytes = 1};
        struct sockaddr_storage address;
        char client[TID_HOST_BYTES];
        request.fields[TID_FIELD_X_FORWARDED_FOR] = clients[i].x_for;
        request.fields[TID_FIELD_FORWARDED] = clients[i].forwarded;
        const bool found = tid_forwarded_client(&request, &trusted, &address);
        assert_int_equal(found, clients[i].client != NULL);
        if (!found) continue;
        tid_address_show_host((const struct sockaddr *)&address, client);
        assert_string_equal(client, clients[i].client);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_the_client),
        cmocka_unit_test(trusted),
        cmocka_unit_test(not_trusted),
        cmocka_unit_test(hosts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
