/* SPDX-License-Identifier: MIT */
/* Requests: URLs, parameters, parts. */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/client_request.h"

static struct tic_request *make(const char *url) {
    struct tic_request *request = NULL;
    struct ti_error error;
    if (tic_request_make(url, &request, &error) != TI_OK) fail_msg("%s", error.text);
    return request;
}

static void expect_url(const struct tic_request *request, const char *wanted) {
    char *url;
    assert_int_equal(tic_request_url(request, &url, NULL), TI_OK);
    assert_string_equal(url, wanted);
    free(url);
}

static void wants_a_servers_url(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "",
        "127.0.0.1:8080",
        "localhost:8080",
        "ftp://host",
        "file:///etc/passwd",
        "http://",
        "http://h/?a=1",
        "http://h?",
        "http://h/#x",
        "http://h:99999",
        "/x",
        "http//h",
        "https:/",
        "http://h:80x",
        "http://[::1",
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct tic_request *request = NULL;
        struct ti_error error;
        assert_row(tic_request_make(wrong[i], &request, &error) == TI_EVALUE, wrong[i]);
        assert_string_equal(error.field, "server");
        assert_null(request);
    }
    static const char *const right[] = {"http://127.0.0.1:8080",
                                        "http://127.0.0.1:8080///", "HTTPS://host",
                                        "http://[::1]:80/a/b/"};
    static const char *const urls[] = {"http://127.0.0.1:8080", "http://127.0.0.1:8080",
                                       "HTTPS://host", "http://[::1]:80/a/b"};
    for (size_t i = 0; i < COUNT_OF(right); i++) {
        char wanted[64];
        struct tic_request *request = make(right[i]);
        snprintf(wanted, sizeof wanted, "%s/v1/tensor", urls[i]);
        expect_url(request, wanted);
        tic_request_free(request);
    }
    tic_request_free(NULL);
}

/* Errors do not quote a URL, which may contain a password. */
static void hides_credentials(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "user:secret@host",         "http://user:secret@",      "http//user:secret@host",
        "http://user:secret@h:80x", "http://user:sec/secret@h", "http://user:secret",
        "ftp://user:secret@host",   "http://user:secret@h/?a",  "://user:secret@h",
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct tic_request *request = NULL;
        struct ti_error error;
        assert_row(tic_request_make(wrong[i], &request, &error) == TI_EVALUE, wrong[i]);
        assert_row(!strstr(error.text, "secret") && !strstr(error.text, "user"),
                   error.text);
    }
}

static void takes_unix_sockets(void **state) {
    (void)state;
    static const struct {
        const char *url, *base, *socket;
    } right[] = {
        {"unix:/run/a%2F b", "http://localhost", "/run/a%2F b"},
        {"UNIX:///run/a/", "http://localhost", "///run/a"},
        {"http+unix://%2Frun%2fa%20b", "http://localhost", "/run/a b"},
        {"http+unix://%2Fa/tensors//", "http://localhost/tensors", "/a"},
    };
    static const char *const wrong[] = {
        "unix:",
        "unix:a",
        "unix:/",
        "http+unix://",
        "http+unix:///a",
        "http+unix://%2",
        "http+unix://%2Fa%0",
        "http+unix://%2Fa%00b",
        "http+unix://%2Fa%xx",
        "http+unix://%2Fa?b",
        "http+unix://%2Fa/b#c",
        "https+unix://%2Fa",
        "unix:/12345678901234567890123456789012345678901234567890123456789012345678901234567"
        "89012345678901234567890123456789",
    };
    for (size_t i = 0; i < COUNT_OF(right); i++) {
        struct tic_request *request = make(right[i].url);
        assert_string_equal(request->servers[0].base, right[i].base);
        assert_string_equal(request->servers[0].socket, right[i].socket);
        tic_request_free(request);
    }
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct tic_request *request = NULL;
        struct ti_error error;
        assert_row(tic_request_make(wrong[i], &request, &error) == TI_EVALUE, wrong[i]);
        assert_string_equal(error.field, "server");
    }
}

static void sets_fields_and_token(void **state) {
    (void)state;
    static const struct {
        const char *name, *value;
        enum ti_status code;
    } rows[] = {
        {"X-A", " 1", TI_OK},
        {"x-a", "2", TI_EDUPLICATE},
        {"X-B", "", TI_OK},
        {"X-C", NULL, TI_OK},
        {"", "secret", TI_EVALUE},
        {"a:", "secret", TI_EVALUE},
        {"a b", "secret", TI_EVALUE},
        {"A", "secret\n", TI_EVALUE},
        {"A", "secret\rB: c", TI_EVALUE},
        {"rAnge", "secret", TI_EINAPPLICABLE},
        {"Transfer-Encoding", "secret", TI_EINAPPLICABLE},
    };
    static const char *const wrong[] = {"", "=", "a b", "a\r\nb", "a=b", "a,b", "\xff"};
    struct tic_request *request = make("http://h");
    struct ti_error error;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        enum ti_status code =
            tic_request_header(request, rows[i].name, rows[i].value, &error);
        assert_row(code == rows[i].code, rows[i].name);
        if (code == TI_OK) continue;
        assert_string_equal(error.field, "header");
        assert_null(strstr(error.text, "secret"));
    }
    assert_int_equal(request->header_count, 2);
    assert_string_equal(request->headers[0], "X-A: 1");
    assert_string_equal(request->headers[1], "X-B;");
    assert_int_equal(tic_request_header(request, "x-a", NULL, &error), TI_OK);
    assert_int_equal(request->header_count, 1);
    assert_string_equal(request->headers[0], "X-B;");
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_row(tic_request_text(request, TIC_TOKEN, wrong[i], &error) == TI_EVALUE,
                   wrong[i]);
        assert_string_equal(error.field, "token");
    }
    assert_int_equal(tic_request_text(request, TIC_TOKEN, "aZ09-._~+/==", &error), TI_OK);
    assert_int_equal(tic_request_header(request, "authorization", "x", &error),
                     TI_EINAPPLICABLE);
    assert_int_equal(tic_request_text(request, TIC_TOKEN, NULL, &error), TI_OK);
    assert_int_equal(tic_request_header(request, "authorization", "x", &error), TI_OK);
    assert_int_equal(tic_request_text(request, TIC_TOKEN, "a", &error), TI_EINAPPLICABLE);
    assert_int_equal(tic_request_header(NULL, "A", "x", &error), TI_EVALUE);
    assert_int_equal(tic_request_header(request, NULL, "x", &error), TI_EVALUE);
    for (int i = 2; i < TIC_HEADERS_MAX; i++) {
        char name[16];
        snprintf(name, sizeof name, "N%d", i);
        assert_int_equal(tic_request_header(request, name, "x", &error), TI_OK);
    }
    assert_int_equal(tic_request_header(request, "One-More", "x", &error), TI_ETOOLARGE);
    tic_request_free(request);
}

static void sets_and_removes(void **state) {
    (void)state;
    struct tic_request *request = make("http://h");
    struct ti_error error;
    assert_int_equal(tic_request_set(request, "a", "1", &error), TI_OK);
    assert_int_equal(tic_request_set(request, "b", "", &error), TI_OK);
    assert_int_equal(tic_request_set(request, "c", "-._~,:", &error), TI_OK);
    assert_int_equal(tic_request_set(request, "a", "2", &error), TI_EDUPLICATE);
    assert_string_equal(error.field, "a");
    assert_int_equal(tic_request_set(request, "", "2", NULL), TI_EPARAM);
    expect_url(request, "http://h/v1/tensor?a=1&b=&c=-._~,:");
    assert_int_equal(tic_request_set(request, "a", NULL, &error), TI_OK);
    assert_int_equal(tic_request_set(request, "x", NULL, &error), TI_OK);
    assert_int_equal(tic_request_set(request, "a", "2\n\"", &error), TI_OK);
    expect_url(request, "http://h/v1/tensor?b=&c=-._~,:&a=2%0A%22");
    tic_request_free(request);
}

static void takes_queries(void **state) {
    (void)state;
    static const struct {
        const char *query;
        enum ti_status code;
        const char *url;
    } rows[] = {
        {"", TI_OK, "http://h/v1/tensor"},
        {"shape=2,3&name=a+b%2Bc", TI_OK, "http://h/v1/tensor?shape=2,3&name=a%20b%2Bc"},
        {"%73hape=2%2c3", TI_OK, "http://h/v1/tensor?shape=2,3"},
        {"a==", TI_OK, "http://h/v1/tensor?a=%3D"},
        {"a=1&a=2", TI_EDUPLICATE, "http://h/v1/tensor?a=1"},
        {"a=1&b=%", TI_EVALUE, "http://h/v1/tensor"},
        {"a=%4", TI_EVALUE, "http://h/v1/tensor"},
        {"a=%4&b=%41", TI_EVALUE, "http://h/v1/tensor"},
        {"a=%g0", TI_EVALUE, "http://h/v1/tensor"},
        {"a=%00", TI_EVALUE, "http://h/v1/tensor"},
        {"a=1&", TI_OK, "http://h/v1/tensor?a=1"},
        {"&a=1", TI_OK, "http://h/v1/tensor?a=1"},
        {"shape=(2,%203)&dtype=torch.float32&name=(2, 3)", TI_OK,
         "http://h/v1/tensor?shape=2,3&dtype=f32&name=%282,%203%29"},
        {"shape=2&shape=3&scheme=tfjs.varianceScaling&mode=FAN_IN", TI_OK,
         "http://h/v1/tensor?shape=2,3&scheme=tfjs.varianceScaling&mode=fanIn"},
        {"shape", TI_EVALUE, "http://h/v1/tensor"},
        {"=1", TI_EPARAM, "http://h/v1/tensor"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tic_request *request = make("http://h");
        assert_row(tic_request_set_query(request, rows[i].query, NULL) == rows[i].code,
                   rows[i].query);
        expect_url(request, rows[i].url);
        tic_request_free(request);
    }
}

static const char *const variables[] = {
    "RANK",
    "WORLD_SIZE",
    "OMPI_COMM_WORLD_RANK",
    "OMPI_COMM_WORLD_SIZE",
    "SLURM_PROCID",
    "SLURM_NTASKS",
    "PMI_RANK",
    "PMI_SIZE",
};

/* Sets the variables to the words of 'values', "-" for one that is not set. */
static void set_variables(const char *values) {
    char copy[128], *word;
    snprintf(copy, sizeof copy, "%s", values);
    word = strtok(copy, " ");
    for (size_t i = 0; i < COUNT_OF(variables); i++, word = strtok(NULL, " ")) {
        if (strcmp(word, "-") == 0) {
            unsetenv(variables[i]);
        } else {
            setenv(variables[i], word, 1);
        }
    }
}

static void takes_the_rank_from_the_environment(void **state) {
    (void)state;
    static const struct {
        const char *values, *shard, *sent;
    } right[] = {
        {"3 8 - - - - - -", "0:auto", "0:3/8"},
        {"- - 0 1 - - - -", "-1:auto", "-1:0/1"},
        {"- - - - 07 10 - -", "0:1/2,1:auto", "0:1/2,1:7/10"},
        {"- - - - - - 1 2", "1:auto,0:5/8", "1:1/2,0:5/8"},
        {"3 8 3 8 3 8 3 8", "(0:auto, 1:0/2)", "0:3/8,1:0/2"},
        {"x - - 0 - - - -", "0:1/2", "0:1/2"},
        /* The server refuses these. */
        {"3 8 - - - - - -", "0:automatic", "0:automatic"},
        {"3 8 - - - - - -", "auto", "auto"},
    };
    for (size_t i = 0; i < COUNT_OF(right); i++) {
        struct tic_request *request = make("http://h");
        set_variables(right[i].values);
        assert_int_equal(tic_request_set(request, "shard", right[i].shard, NULL), TI_OK);
        assert_string_equal(tic_request_get(request, "shard"), right[i].sent);
        tic_request_free(request);
    }
    static const struct {
        const char *values, *named[4];
    } wrong[] = {
        {"- - - - - - - -", {"RANK and WORLD_SIZE", "SLURM_NTASKS", "PMI_SIZE", "OMPI"}},
        {"3 - - - - - - -", {"has RANK but not WORLD_SIZE"}},
        {"- - - 8 - - - -", {"has OMPI_COMM_WORLD_SIZE but not OMPI_COMM_WORLD_RANK"}},
        {"8 8 - - - - - -", {"RANK=8 is not below WORLD_SIZE=8"}},
        {"- - - - 0 0 - -", {"SLURM_PROCID=0 is not below SLURM_NTASKS=0"}},
        {"x 8 - - - - - -", {"RANK='x' is not an integer"}},
        {"0 8x - - - - - -", {"WORLD_SIZE='8x'"}},
        {"-1 8 - - - - - -", {"RANK='-1'"}},
        {"0 99999999999999999999 - - - - - -", {"WORLD_SIZE='99999999999999999999'"}},
        {"3 8 - - 0 1 - -",
         {"RANK=3", "WORLD_SIZE=8", "SLURM_PROCID=0", "SLURM_NTASKS=1"}},
        {"3 8 - - 3 8 3 -", {"has PMI_RANK but not PMI_SIZE"}},
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct tic_request *request = make("http://h");
        struct ti_error error;
        set_variables(wrong[i].values);
        assert_row(tic_request_set_query(request, "shard=0:auto", &error) == TI_EVALUE,
                   wrong[i].values);
        assert_string_equal(error.field, "shard");
        for (size_t k = 0; k < 4 && wrong[i].named[k]; k++) {
            assert_row(strstr(error.text, wrong[i].named[k]), error.text);
        }
        expect_url(request, "http://h/v1/tensor");
        tic_request_free(request);
    }
    struct tic_request *request = make("http://h");
    set_variables("3 8 - - - - - -");
    assert_int_equal(tic_request_set(request, "shard", "0:auto,1:auto", NULL), TI_EVALUE);
    tic_request_free(request);
}

static void counts_elements(void **state) {
    (void)state;
    struct tic_request *request = make("http://h");
    struct ti_error error;
    uint64_t first, count;
    assert_int_equal(tic_request_part(request, &first, &count, &error), TI_OK);
    assert_true(first == 0 && count == TIC_TO_END);
    assert_int_equal(tic_request_elems(request, 3, 5, &error), TI_OK);
    assert_int_equal(tic_request_part(request, &first, &count, &error), TI_OK);
    assert_true(first == 12 && count == 20);
    assert_int_equal(tic_request_set(request, "dtype", "f64", &error), TI_OK);
    assert_int_equal(tic_request_part(request, &first, &count, &error), TI_OK);
    assert_true(first == 24 && count == 40);
    assert_int_equal(tic_request_elems(request, INT64_MAX, 1, &error), TI_ERANGE);
    assert_int_equal(tic_request_elems(request, UINT64_MAX, TIC_TO_END, &error),
                     TI_ERANGE);
    assert_int_equal(tic_request_elems(request, 0, UINT64_MAX - 1, &error), TI_ERANGE);
    assert_int_equal(tic_request_elems(request, (uint64_t)1 << 60, 0, &error), TI_OK);
    assert_int_equal(tic_request_part(request, &first, &count, &error), TI_ERANGE);
    assert_int_equal(tic_request_set(request, "format", "npy", &error), TI_OK);
    assert_int_equal(tic_request_part(request, &first, &count, &error), TI_EINAPPLICABLE);
    assert_string_equal(error.field, "format");
    assert_int_equal(tic_request_bytes(request, 3, TIC_TO_END, &error), TI_OK);
    assert_int_equal(tic_request_part(request, &first, &count, &error), TI_OK);
    assert_true(first == 3 && count == TIC_TO_END);
    assert_int_equal(tic_request_set(request, "format", NULL, &error), TI_OK);
    assert_int_equal(tic_request_set(request, "dtype", NULL, &error), TI_OK);
    assert_int_equal(tic_request_set(request, "dtype", "c128", &error), TI_OK);
    assert_int_equal(tic_request_elems(request, 0, 1, &error), TI_OK);
    assert_int_equal(tic_request_part(request, &first, &count, &error), TI_EVALUE);
    tic_request_free(request);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wants_a_servers_url),
        cmocka_unit_test(hides_credentials),
        cmocka_unit_test(takes_unix_sockets),
        cmocka_unit_test(sets_fields_and_token),
        cmocka_unit_test(sets_and_removes),
        cmocka_unit_test(takes_queries),
        cmocka_unit_test(counts_elements),
        cmocka_unit_test(takes_the_rank_from_the_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
