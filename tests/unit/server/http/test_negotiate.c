/* SPDX-License-Identifier: MIT */
/*
 * server/http/negotiate: which format an Accept field chooses. The rules and the shape of
 * the examples are those of RFC 9110 section 12.5.1, with the media types of the formats.
 */
#include "server/http/negotiate.h"
#include "support/test.h"

#define RAW TI_FORMAT_RAW
#define NPY TI_FORMAT_NPY
#define SAFETENSORS TI_FORMAT_SAFETENSORS
#define JSON TI_FORMAT_JSON
#define NOT_ACCEPTABLE TI_FORMAT_COUNT

static const struct {
    const char *accept;
    enum ti_format format;
} rows[] = {
    /* Without the field, or with an empty one, everything is acceptable. */
    {NULL, RAW},
    {"", RAW},
    {" , ,", RAW},

    {"application/octet-stream", RAW},
    {"application/x-npy", NPY},
    {"application/x-safetensors", SAFETENSORS},
    {"application/json", JSON},
    {"*/*", RAW},
    {"application/*", RAW},
    {"text/html", NOT_ACCEPTABLE},
    {"text/*", NOT_ACCEPTABLE},
    {"audio/*; q=0.2, audio/basic", NOT_ACCEPTABLE},

    /* The larger weight is preferred, in whichever order; the default weight is 1. */
    {"application/x-npy; q=0.2, application/json", JSON},
    {"application/json, application/x-npy; q=0.2", JSON},
    {"text/plain; q=0.5, text/html, application/json; q=0.8, application/x-npy", NPY},
    {"application/json;q=0.5, application/x-safetensors;q=0.9, */*;q=0.1", SAFETENSORS},
    {"text/html,application/xhtml+xml,*/*;q=0.8", RAW},
    {"application/x-npy;q=0.001, text/html", NPY},
    /* Equal weights: the first of the server's formats. */
    {"application/json, application/x-npy", NPY},
    {"application/json;q=0.5, application/x-safetensors;q=0.5", SAFETENSORS},

    /* The most specific range decides over the weight of a type. */
    {"application/*;q=0.3, application/json;q=0.7, */*;q=0.5", JSON},
    {"application/json;q=0.7, application/*;q=0.3, */*;q=0.5", JSON},
    {"*/*, application/*;q=0.5, application/octet-stream;q=0.1", NPY},
    {"application/*, application/octet-stream;q=0", NPY},
    {"*/*;q=0, application/json;q=0.1", JSON},
    {"*/*, application/*;q=0", NOT_ACCEPTABLE},

    /* Section 12.4.2: 0 means not acceptable; up to three decimals count. */
    {"application/json;q=0", NOT_ACCEPTABLE},
    {"application/json;q=0.000", NOT_ACCEPTABLE},
    {"*/*;q=0", NOT_ACCEPTABLE},
    {"application/json;q=0.", NOT_ACCEPTABLE},
    {"application/json;q=0.123, application/x-npy;q=0.122", JSON},
    {"application/json;q=0.21, application/x-npy;q=0.2", JSON},
    {"application/json;q=1.000, application/x-npy;q=0.999", JSON},
    {"application/json;q=1, application/x-npy;q=0.999", JSON},
    /* No valid weight counts as 1. */
    {"application/x-npy;q=0.9, application/json;q=high", JSON},
    {"application/x-npy;q=0.9, application/json;q=", JSON},
    {"application/x-npy;q=0.9, application/json;q=2", JSON},

    /* Types, subtypes and parameter names are case-insensitive (section 8.3.1). */
    {"Application/JSON", JSON},
    {"APPLICATION/*;Q=0.5, application/octet-stream;q=0.4", NPY},

    /* Blanks around ';' and ',' (sections 5.6.1 and 5.6.6), and other parameters. */
    {"application/x-npy ; q=0.2 ,\tapplication/json\t;\tq=0.3", JSON},
    {"application/json;charset=utf-8;q=0.1, application/x-npy;q=0.2", NPY},
    {"application/json;q=0.3;level=1, application/x-npy;q=0.2", JSON},

    /* Not media ranges of a format. */
    {"json", NOT_ACCEPTABLE},
    {"application", NOT_ACCEPTABLE},
    {"application/", NOT_ACCEPTABLE},
    {"*", NOT_ACCEPTABLE},
    {"*/json", NOT_ACCEPTABLE},
    {"application/jsonx", NOT_ACCEPTABLE},
    {"application/jso", NOT_ACCEPTABLE},
    {";q=1", NOT_ACCEPTABLE},
};

static void formats(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *row = rows[i].accept ? rows[i].accept : "no field";
        enum ti_format format = TI_FORMAT_COUNT;
        const bool acceptable = tid_negotiate(rows[i].accept, &format);
        assert_row(acceptable == (rows[i].format != NOT_ACCEPTABLE), row);
        assert_row(format == rows[i].format, row); /* untouched if not acceptable */
    }
}

/* Every format can be chosen by its media type, whatever formats there are. */
static void each_media_type(void **state) {
    (void)state;
    for (int i = 0; i < TI_FORMAT_COUNT; i++) {
        enum ti_format format = TI_FORMAT_COUNT;
        const char *media_type = ti_format_media_type((enum ti_format)i);
        assert_row(tid_negotiate(media_type, &format), media_type);
        assert_row(format == (enum ti_format)i, media_type);
    }
}

static const struct {
    const char *accept;
    bool html;
} html_rows[] = {
    /* Chromium's and Firefox's; curl's; others. */
    {"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
     true},
    {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true},
    {"*/*", false},
    {NULL, false},
    {"", false},
    {"text/*", false},
    {"text/html", true},
    {"TEXT/HTML;Q=0.1", true},
    {"text/html, text/plain", false},
    {"text/html;q=0.5, text/plain;q=0.4", true},
    {"text/html;q=0, */*", false},
    {"application/json", false},
};

static void prefers_html(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(html_rows); i++) {
        if (tid_prefers_html(html_rows[i].accept) != html_rows[i].html)
            fail_msg("%s", html_rows[i].accept ? html_rows[i].accept : "(none)");
    }
}

static const struct {
    const char *accept_encoding;
    bool gzip;
} gzip_rows[] = {
    {"gzip, deflate, br, zstd", true},
    {"br, GZIP;q=0.001", true},
    {"*", true},
    {"identity;q=1, *;q=0.1", true},
    {NULL, false},
    {"", false},
    {"identity", false},
    {"gzip;q=0", false},
    {"gzip;q=0, *", false},
    {"*, gzip;q=0", false},
    {"*;q=0", false},
    {"*;q=0, gzip", true},
    {"gzipped, xgzip", false},
};

static void accepts_gzip(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(gzip_rows); i++) {
        if (tid_accepts_gzip(gzip_rows[i].accept_encoding) != gzip_rows[i].gzip)
            fail_msg("%s", gzip_rows[i].accept_encoding ? gzip_rows[i].accept_encoding
                                                        : "(none)");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats),
        cmocka_unit_test(each_media_type),
        cmocka_unit_test(prefers_html),
        cmocka_unit_test(accepts_gzip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
