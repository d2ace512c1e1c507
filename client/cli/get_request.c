/* SPDX-License-Identifier: MIT */
/* What is requested, and where: the servers, limits and credentials of the options. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/cli/get_request.h"

#define DEFAULT_SERVER "http://127.0.0.1:8080"

/*
 * Prints a valid URL without its user and password. Everything before the last '@' is
 * dropped: libcurl accepts URLs in which a '/' is not the end of the host
 * ("http:/u:p@h").
 */
static void print_server(const char *server) {
    const char *at = strrchr(server, '@');
    if (at && strncasecmp(server, "http:", 5) != 0 &&
        strncasecmp(server, "https:", 6) != 0) {
        at = NULL; /* in the path of a unix socket */
    }
    if (at) {
        fprintf(stderr, "%.*s://%s", (int)strcspn(server, ":"), server, at + 1);
    } else {
        fputs(server, stderr);
    }
}

void cli_get_print_error(const struct cli_options *options,
                         const struct tic_request *request,
                         const struct ti_error *error) {
    const bool remote = error->code == TI_ENETWORK || error->code == TI_ESERVER ||
                        error->code == TI_EMISMATCH;
    const char *server = tic_response_server(request);
    if (strcmp(error->field, "server") == 0 && options->server.count == 0) {
        fprintf(stderr, "tensorinit: TENSORINIT_SERVER: %s\n", error->text);
    } else if (!*error->field && remote && server) {
        fputs("tensorinit: ", stderr);
        print_server(server);
        fprintf(stderr, ": %s\n", error->text);
    } else {
        cli_fail(error);
    }
}

void cli_get_print_retry(const struct cli_options *options,
                         const struct tic_request *request,
                         const struct ti_error *failure, char last[TI_ERROR_TEXT_BYTES]) {
    if (options->quiet || strcmp(last, failure->text) == 0) return;
    snprintf(last, TI_ERROR_TEXT_BYTES, "%s", failure->text);
    cli_clear_line();
    cli_get_print_error(options, request, failure);
    fputs("tensorinit: trying again\n", stderr);
}

static enum ti_status add_server(struct tic_request **request, const char *url,
                                 struct ti_error *error) {
    if (!*request) return tic_request_make(url, request, error);
    return tic_request_add_server(*request, url, error);
}

/* Adds the servers of a list with commas, and perhaps spaces; overwrites it. */
static enum ti_status add_list(struct tic_request **request, char *list,
                               struct ti_error *error) {
    enum ti_status status = TI_OK;
    while (list && status == TI_OK) {
        char *url = list + strspn(list, " ");
        list = strchr(url, ',');
        if (list) *list++ = '\0';
        for (char *end = url + strlen(url); end > url && end[-1] == ' ';) *--end = '\0';
        status = add_server(request, url, error);
    }
    return status;
}

/* Those of the options, or of TENSORINIT_SERVER, or the default one. */
static int add_servers(const struct cli_options *options, struct tic_request **request) {
    const struct cli_list *servers = &options->server;
    const char *list = getenv("TENSORINIT_SERVER");
    struct ti_error error;
    enum ti_status status = TI_OK;
    for (size_t i = 0; i < servers->count && status == TI_OK; i++) {
        status = add_server(request, servers->items[i], &error);
    }
    if (servers->count == 0) {
        char *copy = strdup(list && *list ? list : DEFAULT_SERVER);
        if (!copy) return cli_fail_memory();
        status = add_list(request, copy, &error);
        free(copy);
    }
    if (status == TI_OK) return 0;
    cli_get_print_error(options, *request, &error);
    return ti_status_exit_code(error.code);
}

/* Sets what the options say in numbers. */
static int set_numbers(const struct cli_options *options, struct tic_request *request) {
    const struct {
        enum tic_number number;
        const char *name, *text;
    } times[] = {
        {TIC_RETRY_FOR_MS, "retry-for", options->retry_for},
        {TIC_TIMEOUT_MS, "timeout", options->timeout},
        {TIC_CONNECT_TIMEOUT_MS, "connect-timeout", options->connect_timeout},
    };
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        uint64_t ms;
        if (!times[i].text) continue;
        const int code = cli_read_seconds(times[i].name, times[i].text, &ms);
        if (code != 0) return code;
        tic_request_number(request, times[i].number, ms);
    }
    if (options->jobs) {
        unsigned jobs;
        const int code = cli_read_count("jobs", options->jobs, TIC_JOBS_MAX, &jobs);
        if (code != 0) return code;
        tic_request_number(request, TIC_JOBS, jobs);
    }
    return 0;
}

static int set_texts(const struct cli_options *options, struct tic_request *request) {
    struct ti_error error;
    const struct {
        enum tic_text which;
        const char *value;
    } texts[] = {
        {TIC_EXPECT_SPEC, options->expect_spec},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (texts[i].value &&
            tic_request_text(request, texts[i].which, texts[i].value, &error) != TI_OK) {
            return cli_fail(&error);
        }
    }
    return 0;
}

int cli_get_make_request(const struct cli_options *options, const char *query,
                         struct tic_request **request) {
    struct ti_error error;
    struct tic_request *made = NULL;
    int code = add_servers(options, &made);
    if (code == 0 && query && tic_request_set_query(made, query, &error) != TI_OK) {
        code = cli_fail(&error);
    }
    if (code == 0) code = set_numbers(options, made);
    if (code == 0) code = set_texts(options, made);
    if (code == 0) code = cli_get_set_access(options, made);
    if (code == 0) {
        *request = made;
    } else {
        tic_request_free(made);
    }
    return code;
}
