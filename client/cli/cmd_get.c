/* SPDX-License-Identifier: MIT */
/* tensorinit get: fetches the bytes that generate would write from a daemon. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tensorinit/client.h>

#include "client/cli/get_request.h"
#include "client/cli/progress.h"

/* The state is saved after each that many bytes. */
#define SAVE_BYTES ((uint64_t)8 << 20)

struct transfer {
    const struct cli_options *options;
    struct tic_request *request;
    char *query;
    struct cli_output output;
    /* What the output has; saved beside it if 'resumable'. Several connections add to
       it, with the lock. */
    pthread_mutex_t lock;
    struct cli_part_state state;
    bool resumable;
    /* For --verify. */
    struct cli_check check;
    struct cli_progress progress;
    uint64_t next_offset;   /* for an output that is written in order */
    uint64_t unsaved_bytes; /* received since it was saved */
    /* The output is open and must be committed, kept or abandoned. */
    bool opened;
    bool warned; /* the server's warnings have been printed */
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
    if (code == 0) cli_output_survive();
    return code;
}

/* Opens the output only now: the response is the requested tensor. */
static bool begin(void *state, const struct tic_info *info) {
    struct transfer *transfer = state;
    if (!transfer->warned) print_warnings(transfer);
    transfer->warned = true;
    cli_progress_begin(&transfer->progress, cli_part_done(&transfer->state),
                       info->total_bytes);
    if (transfer->options->verify) {
        transfer->code = cli_check_begin(&transfer->check, info);
        if (transfer->code != 0) return false;
    }
    transfer->code = open_output(transfer, info);
    return transfer->code == 0;
}

static int verify(const struct transfer *transfer, uint64_t offset, const void *data,
                  size_t bytes) {
    if (!transfer->options->verify) return 0;
    return cli_check_bytes(&transfer->check, offset, data, bytes);
}

/* To an output that is not a part file, in order. */
static bool write_next(void *state, const void *data, size_t bytes) {
    struct transfer *transfer = state;
    transfer->code = verify(transfer, transfer->next_offset, data, bytes);
    transfer->next_offset += bytes;
    atomic_fetch_add(&transfer->progress.bytes, bytes);
    if (transfer->code == 0) {
        transfer->code = cli_output_write(&transfer->output, data, bytes);
    }
    return transfer->code == 0;
}

/* Notes that the part file has these bytes. */
static int add_done(struct transfer *transfer, uint64_t offset, size_t bytes) {
    int code = cli_part_add(&transfer->state, offset, offset + bytes);
    transfer->unsaved_bytes += bytes;
    if (code == 0 && transfer->unsaved_bytes >= SAVE_BYTES) code = save(transfer);
    return code;
}

/* To a part file; called by several threads. */
static bool write_at(void *state, uint64_t offset, const void *data, size_t bytes) {
    struct transfer *transfer = state;
    int code = verify(transfer, offset, data, bytes);
    if (code == 0) code = cli_output_write_at(&transfer->output, offset, data, bytes);
    atomic_fetch_add(&transfer->progress.bytes, bytes);
    pthread_mutex_lock(&transfer->lock);
    if (code == 0 && transfer->resumable) code = add_done(transfer, offset, bytes);
    if (code != 0) transfer->code = code;
    pthread_mutex_unlock(&transfer->lock);
    return code == 0;
}

static bool on_idle(void *state) {
    struct transfer *transfer = state;
    cli_progress_show(&transfer->progress);
    return true;
}

/* Says once that something has failed, not each time that it fails again. */
static bool on_retry(void *state, const struct ti_error *failure, uint64_t pause_ms) {
    struct transfer *transfer = state;
    (void)pause_ms;
    if (transfer->options->quiet || strcmp(transfer->last_failure, failure->text) == 0) {
        return true;
    }
    snprintf(transfer->last_failure, sizeof transfer->last_failure, "%s", failure->text);
    cli_progress_clear(&transfer->progress);
    cli_get_print_error(transfer->options, transfer->request, failure);
    fputs("tensorinit: trying again\n", stderr);
    return true;
}

/* Opens the part file of an earlier transfer and checks it. */
static int open_earlier(struct transfer *transfer) {
    struct cli_output *output = &transfer->output;
    struct cli_part_state *state = &transfer->state;
    int code = cli_output_open(output, transfer->options->output, true);
    if (code != 0) return code;
    transfer->opened = transfer->resumable = true;
    if ((code = cli_part_load(state, output->state_path)) != 0) return code;
    if (strcmp(state->query, transfer->query) != 0) {
        fprintf(stderr,
                "tensorinit: %s is of another tensor (%s): remove it, or get the tensor "
                "without --continue\n",
                output->part_path, state->query);
        return CLI_EMISMATCH;
    }
    /* Then all of it is computed again, and not a sample. */
    if (transfer->check.all) state->same_boot = false;
    return cli_part_check(transfer->options, output, state);
}

/* Fetches a range of the body: bytes ['first', 'end'). */
static enum ti_status fetch_range(struct transfer *transfer, const struct tic_sink *sink,
                                  uint64_t first, uint64_t end, struct ti_error *error) {
    enum ti_status status =
        tic_request_bytes(transfer->request, first, end - first, error);
    return status == TI_OK ? tic_fetch(transfer->request, sink, NULL, error) : status;
}

/* Fetches what the part file of an earlier transfer does not have. */
static enum ti_status fetch_rest(struct transfer *transfer, const struct tic_sink *sink,
                                 struct ti_error *error) {
    struct cli_part_state *state = &transfer->state;
    enum ti_status status =
        tic_request_text(transfer->request, TIC_EXPECT_ETAG, state->etag, error);
    /* Even if nothing is missing, the server has to have the same tensor. */
    if (status == TI_OK && cli_part_done(state) == state->total_bytes) {
        return fetch_range(transfer, sink, 0, 0, error);
    }
    /* Each fetch closes the first gap. */
    while (status == TI_OK && cli_part_done(state) < state->total_bytes) {
        const size_t next = state->done_count > 0 && state->done[0].first == 0;
        const uint64_t first = next ? state->done[0].end : 0;
        const uint64_t end =
            next < state->done_count ? state->done[next].first : state->total_bytes;
        status = fetch_range(transfer, sink, first, end, error);
    }
    return status;
}

static enum ti_status fetch(struct transfer *transfer, struct ti_error *error) {
    const bool is_part = cli_output_is_part(transfer->options->output);
    const struct tic_sink sink = {
        .struct_bytes = sizeof sink,
        .begin = begin,
        .write = write_next,
        .state = transfer,
        .idle = on_idle,
        .retry = on_retry,
        .write_at = is_part ? write_at : NULL,
    };
    const enum ti_status status = transfer->resumable
                                      ? fetch_rest(transfer, &sink, error)
                                      : tic_fetch(transfer->request, &sink, NULL, error);
    cli_progress_end(&transfer->progress, status == TI_OK);
    return status;
}

/* Keeps what has been received, if it can be used later. */
static void keep_part(struct transfer *transfer) {
    struct cli_output *output = &transfer->output;
    const uint64_t done_bytes = cli_part_done(&transfer->state);
    if (!transfer->resumable || done_bytes == 0) {
        cli_output_abandon(output);
        return;
    }
    /* The state that was saved before says less, but nothing wrong. */
    if (save(transfer) != 0) {
        cli_output_keep(output);
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
    int code =
        cli_get_make_request(transfer->options, transfer->query, &transfer->request);
    if (code != 0) return code;
    if (transfer->options->go_on && cli_output_has_state(path) &&
        (code = open_earlier(transfer)) != 0) {
        if (transfer->opened) cli_output_keep(&transfer->output);
        return code;
    }
    if (fetch(transfer, &error) == TI_OK) return finish(transfer);
    code = transfer->code;
    if (code == 0) {
        cli_get_print_error(transfer->options, transfer->request, &error);
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
    cli_output_handle_sigpipe();
    transfer.query = cli_options_query(options);
    pthread_mutex_init(&transfer.lock, NULL);
    code = cli_progress_init(&transfer.progress, options);
    if (code == 0 && options->verify) code = cli_check_open(&transfer.check, options);
    if (code == 0) code = run(&transfer);
    cli_check_close(&transfer.check);
    pthread_mutex_destroy(&transfer.lock);
    free(transfer.query);
    cli_part_clear(&transfer.state);
    tic_request_free(transfer.request);
    return code;
}
