/* SPDX-License-Identifier: MIT */
/* tensorinit get: fetches the bytes that generate would write from a daemon. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tensorinit/client.h>

#include "client/cli/cli.h"

#define DEFAULT_SERVER "http://127.0.0.1:8080"

struct transfer {
    const struct cli_options *options;
    struct tic_request *request;
    struct cli_output output;
    /* The output is open and must be committed or abandoned. */
    bool opened;
    /* Exit code of the output; its message has been printed. */
    int code;
};

/* "name: No name is given: ..." */
static void print_warning(const struct cli_options *options, const char *warning) {
    char field[TI_ERROR_FIELD_BYTES];
    const size_t n = strcspn(warning, ":");
    snprintf(field, sizeof field, "%.*s", (int)(n < sizeof field ? n : 0), warning);
    cli_note(options, field, warning + n + strspn(warning + n, ": "));
}

/* Opens the output only now: the response is the requested tensor. */
static bool begin(void *state, const struct tic_info *info) {
    struct transfer *transfer = state;
    const char *warning;
    (void)info;
    for (size_t i = 0;
         (warning = tic_response_field_at(transfer->request, "Tensor-Warning", i)); i++) {
        print_warning(transfer->options, warning);
    }
    transfer->code = cli_output_open(&transfer->output, transfer->options->output);
    return transfer->opened = transfer->code == 0;
}

static bool write_chunk(void *state, const void *data, size_t bytes) {
    struct transfer *transfer = state;
    transfer->code = cli_output_write(&transfer->output, data, bytes);
    return transfer->code == 0;
}

static const char *server_of(const struct cli_options *options) {
    const char *server = getenv("TENSORINIT_SERVER");
    if (options->server) return options->server;
    return server && *server ? server : DEFAULT_SERVER;
}

/*
 * Prints a valid URL without its user and password. Everything before the last '@' is
 * dropped: libcurl accepts URLs in which a '/' is not the end of the host
 * ("http:/u:p@h").
 */
static void print_server(const char *server) {
    const char *at = strrchr(server, '@');
    if (at) {
        fprintf(stderr, "%.*s://%s", (int)strcspn(server, ":"), server, at + 1);
    } else {
        fputs(server, stderr);
    }
}

/* As cli_fail(); errors that name no parameter are about the server. */
static int fail(const struct cli_options *options, const struct ti_error *error) {
    const bool remote = error->code == TI_ENETWORK || error->code == TI_ESERVER ||
                        error->code == TI_EMISMATCH;
    if (strcmp(error->field, "server") == 0 && !options->server) {
        fprintf(stderr, "tensorinit: TENSORINIT_SERVER: %s\n", error->text);
    } else if (!*error->field && remote) {
        fputs("tensorinit: ", stderr);
        print_server(server_of(options));
        fprintf(stderr, ": %s\n", error->text);
    } else {
        return cli_fail(error);
    }
    return ti_status_exit_code(error->code);
}

static enum ti_status out_of_memory(struct ti_error *error) {
    *error = (struct ti_error){.code = TI_ENOMEM, .text = "out of memory"};
    return TI_ENOMEM;
}

static enum ti_status make_request(const struct cli_options *options,
                                   struct tic_request **request, struct ti_error *error) {
    enum ti_status status = tic_request_make(server_of(options), request, error);
    if (status == TI_OK) {
        char *query = cli_options_query(options);
        status =
            query ? tic_request_set_query(*request, query, error) : out_of_memory(error);
        free(query);
    }
    if (status != TI_OK || !options->expect_spec) return status;
    return tic_request_text(*request, TIC_EXPECT_SPEC, options->expect_spec, error);
}

int cli_get(struct cli_options *options) {
    struct transfer transfer = {.options = options};
    const struct tic_sink sink = {sizeof sink, begin, write_chunk, NULL, &transfer};
    struct ti_error error;
    cli_options_set_format(options, options->output);
    int code = cli_output_check(options->output, cli_options_text(options));
    if (code != 0) return code;
    cli_output_handle_sigpipe();
    enum ti_status status = make_request(options, &transfer.request, &error);
    if (status == TI_OK) status = tic_fetch(transfer.request, &sink, NULL, &error);
    if (status == TI_OK) {
        code = cli_output_commit(&transfer.output);
    } else {
        if (transfer.opened) cli_output_abandon(&transfer.output);
        code = transfer.code != 0 ? transfer.code : fail(options, &error);
    }
    tic_request_free(transfer.request);
    return code;
}
