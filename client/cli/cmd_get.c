/* SPDX-License-Identifier: MIT */
/* tensorinit get: fetches the bytes that generate would write from a daemon. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tensorinit/client.h>

#include "client/cli/cli.h"

#define DEFAULT_SERVER "http://127.0.0.1:8080"

/* The state is saved after each that many bytes. */
#define SAVE_BYTES ((uint64_t)16 << 20)

/* The options that are times, in the order of read_times(). */
#define TIME_COUNT 3
static const enum tic_number times[TIME_COUNT] = {TIC_RETRY_FOR_MS, TIC_TIMEOUT_MS,
                                                  TIC_CONNECT_TIMEOUT_MS};

struct transfer {
    uint64_t times_ms[TIME_COUNT];
    bool has_time[TIME_COUNT];
    const struct cli_options *options;
    struct tic_request *request;
    char *query;
    struct cli_output output;
    /* What the output has; saved beside it if 'resumable'. */
    struct cli_part_state state;
    bool resumable;
    /* The next byte that arrives, and how many came since the state was saved. */
    uint64_t offset, unsaved_bytes;
    /* The output is open and must be committed, kept or abandoned. */
    bool opened;
    char last_failure[TI_ERROR_TEXT_BYTES];
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

static void print_warnings(const struct transfer *transfer) {
    const char *warning;
    for (size_t i = 0;
         (warning = tic_response_field_at(transfer->request, "Tensor-Warning", i)); i++) {
        print_warning(transfer->options, warning);
    }
}

static int save(struct transfer *transfer) {
    transfer->unsaved_bytes = 0;
    return cli_part_save(&transfer->state, transfer->output.state_path);
}

/*
 * Opens the output, unless this continues a transfer, and reserves its space. It can be
 * continued later if the length is known and the entity tag names the bytes.
 */
static int open_output(struct transfer *transfer, const struct tic_info *info) {
    struct cli_output *output = &transfer->output;
    int code = 0;
    if (!transfer->opened) {
        code = cli_output_open(output, transfer->options->output, false);
        transfer->opened = code == 0;
    }
    if (code != 0 || !output->is_part || info->total_bytes == TIC_UNKNOWN) return code;
    code = cli_part_reserve(output->fd, output->path, info->total_bytes);
    if (code != 0 || !*info->etag || transfer->resumable) return code;
    transfer->resumable = true;
    code = cli_part_make(&transfer->state, transfer->query, info->etag, info->spec,
                         info->total_bytes);
    if (code == 0) code = save(transfer);
    if (code == 0) cli_output_survive(output);
    return code;
}

/* Opens the output only now: the response is the requested tensor. */
static bool begin(void *state, const struct tic_info *info) {
    struct transfer *transfer = state;
    print_warnings(transfer);
    transfer->code = open_output(transfer, info);
    return transfer->code == 0;
}

static bool write_chunk(void *state, const void *data, size_t bytes) {
    struct transfer *transfer = state;
    struct cli_output *output = &transfer->output;
    if (!output->is_part) {
        transfer->code = cli_output_write(output, data, bytes);
        return transfer->code == 0;
    }
    transfer->code = cli_output_write_at(output, transfer->offset, data, bytes);
    if (transfer->code == 0 && transfer->resumable) {
        transfer->code =
            cli_part_add(&transfer->state, transfer->offset, transfer->offset + bytes);
        transfer->unsaved_bytes += bytes;
    }
    transfer->offset += bytes;
    if (transfer->code == 0 && transfer->unsaved_bytes >= SAVE_BYTES) {
        transfer->code = save(transfer);
    }
    return transfer->code == 0;
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

/* Prints an error; those that name no parameter are about the server. */
static void print_error(const struct transfer *transfer, const struct ti_error *error) {
    const bool remote = error->code == TI_ENETWORK || error->code == TI_ESERVER ||
                        error->code == TI_EMISMATCH;
    const char *server = tic_response_server(transfer->request);
    if (strcmp(error->field, "server") == 0 && transfer->options->server.count == 0) {
        fprintf(stderr, "tensorinit: TENSORINIT_SERVER: %s\n", error->text);
    } else if (!*error->field && remote && server) {
        fputs("tensorinit: ", stderr);
        print_server(server);
        fprintf(stderr, ": %s\n", error->text);
    } else {
        cli_fail(error);
    }
}

/* Says once that something has failed, not each time that it fails again. */
static bool on_retry(void *state, const struct ti_error *failure, uint64_t pause_ms) {
    struct transfer *transfer = state;
    (void)pause_ms;
    if (transfer->options->quiet || strcmp(transfer->last_failure, failure->text) == 0) {
        return true;
    }
    snprintf(transfer->last_failure, sizeof transfer->last_failure, "%s", failure->text);
    print_error(transfer, failure);
    fputs("tensorinit: trying again\n", stderr);
    return true;
}

static enum ti_status out_of_memory(struct ti_error *error) {
    *error = (struct ti_error){.code = TI_ENOMEM, .text = "out of memory"};
    return TI_ENOMEM;
}

static enum ti_status add_server(struct tic_request **request, const char *url,
                                 struct ti_error *error) {
    if (!*request) return tic_request_make(url, request, error);
    return tic_request_add_server(*request, url, error);
}

/* Those of the options, or of TENSORINIT_SERVER, or the default one. */
static enum ti_status add_servers(struct transfer *transfer, struct ti_error *error) {
    const struct cli_list *servers = &transfer->options->server;
    const char *variable = getenv("TENSORINIT_SERVER");
    enum ti_status status = TI_OK;
    for (size_t i = 0; i < servers->count && status == TI_OK; i++) {
        status = add_server(&transfer->request, servers->items[i], error);
    }
    if (servers->count > 0) return status;
    if (!variable || !*variable) variable = DEFAULT_SERVER;
    char *copy = strdup(variable), *rest = copy;
    if (!copy) return out_of_memory(error);
    while (rest && status == TI_OK) {
        char *url = rest;
        rest = strchr(rest, ',');
        if (rest) *rest++ = '\0';
        status = add_server(&transfer->request, url, error);
    }
    free(copy);
    return status;
}

static enum ti_status make_request(struct transfer *transfer, struct ti_error *error) {
    const struct cli_options *options = transfer->options;
    enum ti_status status = add_servers(transfer, error);
    struct tic_request *request = transfer->request;
    if (status == TI_OK && !transfer->query) status = out_of_memory(error);
    if (status == TI_OK) status = tic_request_set_query(request, transfer->query, error);
    if (status == TI_OK && options->expect_spec) {
        status = tic_request_text(request, TIC_EXPECT_SPEC, options->expect_spec, error);
    }
    for (size_t i = 0; i < TIME_COUNT && status == TI_OK; i++) {
        if (transfer->has_time[i]) {
            tic_request_number(request, times[i], transfer->times_ms[i]);
        }
    }
    return status;
}

/* Reads the options that are times. Returns an exit code. */
static int read_times(struct transfer *transfer) {
    const struct cli_options *options = transfer->options;
    const struct {
        const char *name, *text;
    } rows[TIME_COUNT] = {
        {"retry-for", options->retry_for},
        {"timeout", options->timeout},
        {"connect-timeout", options->connect_timeout},
    };
    int code = 0;
    for (size_t i = 0; i < TIME_COUNT && code == 0; i++) {
        transfer->has_time[i] = rows[i].text != NULL;
        code = cli_read_seconds(rows[i].name, rows[i].text, &transfer->times_ms[i]);
    }
    return code;
}

/* Opens the part file of an earlier transfer and checks it. */
static int open_earlier(struct transfer *transfer) {
    struct cli_output *output = &transfer->output;
    struct cli_part_state *state = &transfer->state;
    int code = cli_output_open(output, transfer->options->output, true);
    if (code != 0) return code;
    transfer->opened = transfer->resumable = true;
    if ((code = cli_part_load(state, output->state_path)) != 0) return code;
    if (!transfer->query) return cli_fail_memory();
    if (strcmp(state->query, transfer->query) != 0) {
        fprintf(stderr,
                "tensorinit: %s is of another tensor (%s): remove it, or get the tensor "
                "without --continue\n",
                output->part_path, state->query);
        return CLI_EMISMATCH;
    }
    return cli_part_check(transfer->options, output, state);
}

/* Fetches what the output does not have yet. */
static enum ti_status fetch(struct transfer *transfer, struct ti_error *error) {
    const struct tic_sink sink = {sizeof sink, begin,    write_chunk,
                                  NULL,        transfer, on_retry};
    const struct cli_part_state *state = &transfer->state;
    if (!transfer->resumable) return tic_fetch(transfer->request, &sink, NULL, error);
    if (state->done_count > 0 && state->done[0].first == 0) {
        transfer->offset = state->done[0].end;
    }
    enum ti_status status =
        tic_request_text(transfer->request, TIC_EXPECT_ETAG, state->etag, error);
    if (status == TI_OK) {
        const uint64_t rest_bytes =
            transfer->offset == state->total_bytes ? 0 : TIC_TO_END;
        status =
            tic_request_bytes(transfer->request, transfer->offset, rest_bytes, error);
    }
    return status == TI_OK ? tic_fetch(transfer->request, &sink, NULL, error) : status;
}

/* Keeps what has been received, if it can be used later. */
static void keep_part(struct transfer *transfer) {
    struct cli_output *output = &transfer->output;
    const uint64_t done_bytes = cli_part_done(&transfer->state);
    if (!transfer->resumable || done_bytes == 0 || save(transfer) != 0) {
        cli_output_abandon(output);
        return;
    }
    fprintf(stderr,
            "tensorinit: %s has %" PRIu64 " of %" PRIu64 " bytes; --continue goes on\n",
            output->part_path, done_bytes, transfer->state.total_bytes);
    cli_output_keep(output);
}

static int finish(struct transfer *transfer) {
    struct cli_output *output = &transfer->output;
    int code = transfer->resumable ? cli_output_sync(output) : 0;
    if (code == 0) return cli_output_commit(output);
    cli_output_keep(output);
    return code;
}

/* An earlier part that does not fit stays as it is; the message says what can be done. */
static int run(struct transfer *transfer) {
    struct ti_error error;
    const char *path = transfer->options->output;
    if (transfer->options->go_on && cli_output_has_state(path)) {
        const int code = open_earlier(transfer);
        if (code != 0) {
            if (transfer->opened) cli_output_keep(&transfer->output);
            return code;
        }
    }
    enum ti_status status = make_request(transfer, &error);
    if (status == TI_OK) status = fetch(transfer, &error);
    if (status == TI_OK) return finish(transfer);
    int code = transfer->code;
    if (code == 0) {
        print_error(transfer, &error);
        code = ti_status_exit_code(error.code);
    }
    if (transfer->opened) keep_part(transfer);
    return code;
}

int cli_get(struct cli_options *options) {
    struct transfer transfer = {.options = options};
    cli_options_set_format(options, options->output);
    int code = cli_output_check(options->output, cli_options_text(options));
    if (code != 0) return code;
    if (options->go_on && (!options->output || strcmp(options->output, "-") == 0)) {
        fputs("tensorinit: --continue needs -o FILE\n", stderr);
        return CLI_USAGE;
    }
    if ((code = read_times(&transfer)) != 0) return code;
    cli_output_handle_sigpipe();
    transfer.query = cli_options_query(options);
    code = run(&transfer);
    free(transfer.query);
    cli_part_clear(&transfer.state);
    tic_request_free(transfer.request);
    return code;
}
