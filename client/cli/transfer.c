/* SPDX-License-Identifier: MIT */
/* Fetching a body to an output: see transfer.h. */
#include "client/cli/transfer.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/get_request.h"

/* The state is saved after each that many bytes. */
#define SAVE_BYTES ((uint64_t)8 << 20)

/* A transfer while it runs. */
struct running {
    const struct cli_transfer *transfer;
    struct cli_output output;
    /* What the output has; saved beside it if 'resumable'. Several connections add to
       it, with the lock. */
    pthread_mutex_t lock;
    struct cli_part_state part;
    bool resumable;
    uint64_t next_offset;   /* for an output that is written in order */
    uint64_t unsaved_bytes; /* received since it was saved */
    /* The output is open and must be committed, kept or abandoned. */
    bool opened;
    bool begun; /* a first response has come */
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

static void print_warnings(const struct cli_transfer *transfer) {
    const char *warning;
    for (size_t i = 0;
         (warning = tic_response_field_at(transfer->request, "Tensor-Warning", i)); i++) {
        print_warning(transfer->options, warning);
    }
}

static int save(struct running *running) {
    running->unsaved_bytes = 0;
    return cli_part_save(&running->part, running->output.state_path);
}

/*
 * Opens the output, unless this continues a transfer, and reserves its space. It can be
 * continued later if the length is known and the entity tag names the bytes.
 */
static int open_output(struct running *running, const struct tic_info *info) {
    struct cli_output *output = &running->output;
    int code = 0;
    if (!running->opened) {
        code = cli_output_open(output, running->transfer->path, false);
        running->opened = code == 0;
    }
    if (code != 0 || !output->is_part || info->total_bytes == TIC_UNKNOWN) return code;
    code = cli_part_reserve(output->fd, output->path, info->total_bytes);
    if (code != 0 || !*info->etag || running->resumable) return code;
    running->resumable = true;
    code = cli_part_make(&running->part, running->transfer->query, info->etag, info->spec,
                         info->total_bytes);
    if (code == 0) code = save(running);
    if (code == 0) cli_output_survive();
    return code;
}

static void begin_progress(struct running *running, uint64_t total_bytes) {
    struct cli_progress *progress = running->transfer->progress;
    const uint64_t done_bytes = cli_part_done(&running->part);
    if (progress->begun) {
        cli_progress_skip(progress, done_bytes);
    } else {
        cli_progress_begin(progress, done_bytes, total_bytes);
    }
}

/* Opens the output only now: the response is the requested one. */
static bool begin(void *state, const struct tic_info *info) {
    struct running *running = state;
    const struct cli_transfer *transfer = running->transfer;
    if (!running->begun) {
        print_warnings(transfer);
        begin_progress(running, info->total_bytes);
    }
    running->begun = true;
    running->code = transfer->begin ? transfer->begin(transfer->state, info) : 0;
    if (running->code == 0) running->code = open_output(running, info);
    return running->code == 0;
}

static int check(const struct running *running, uint64_t offset, const void *data,
                 size_t bytes) {
    const struct cli_transfer *transfer = running->transfer;
    return transfer->check ? transfer->check(transfer->state, offset, data, bytes) : 0;
}

/* To an output that is not a part file, in order. */
static bool write_next(void *state, const void *data, size_t bytes) {
    struct running *running = state;
    running->code = check(running, running->next_offset, data, bytes);
    running->next_offset += bytes;
    atomic_fetch_add(&running->transfer->progress->bytes, bytes);
    if (running->code == 0) {
        running->code = cli_output_write(&running->output, data, bytes);
    }
    return running->code == 0;
}

/* Notes that the part file has these bytes. */
static int add_done(struct running *running, uint64_t offset, size_t bytes) {
    int code = cli_part_add(&running->part, offset, offset + bytes);
    running->unsaved_bytes += bytes;
    if (code == 0 && running->unsaved_bytes >= SAVE_BYTES) code = save(running);
    return code;
}

/* A full disk is said once, not by each connection. Called with the lock. */
static int fail_to_write(const struct running *running, int reason) {
    if (running->code != 0) return running->code;
    errno = reason;
    return cli_fail_io(running->output.path, "cannot write");
}

/* To a part file; called by several threads. */
static bool write_at(void *state, uint64_t offset, const void *data, size_t bytes) {
    struct running *running = state;
    int code = check(running, offset, data, bytes);
    const bool written =
        code == 0 && cli_output_put_at(&running->output, offset, data, bytes);
    const int reason = errno;
    atomic_fetch_add(&running->transfer->progress->bytes, bytes);
    pthread_mutex_lock(&running->lock);
    if (code == 0 && !written) code = fail_to_write(running, reason);
    if (code == 0 && running->resumable) code = add_done(running, offset, bytes);
    if (code != 0) running->code = code;
    pthread_mutex_unlock(&running->lock);
    return code == 0;
}

static bool on_idle(void *state) {
    const struct running *running = state;
    cli_progress_show(running->transfer->progress);
    return true;
}

/* Says once that something has failed, not each time that it fails again. */
static bool on_retry(void *state, const struct ti_error *failure, uint64_t pause_ms) {
    struct running *running = state;
    const struct cli_transfer *transfer = running->transfer;
    (void)pause_ms;
    cli_get_print_retry(transfer->options, transfer->request, failure,
                        running->last_failure);
    return true;
}

/* Opens the part file of an earlier transfer and checks it. */
static int open_earlier(struct running *running) {
    const struct cli_transfer *transfer = running->transfer;
    struct cli_output *output = &running->output;
    struct cli_part_state *part = &running->part;
    int code = cli_output_open(output, transfer->path, true);
    if (code != 0) return code;
    running->opened = running->resumable = true;
    if ((code = cli_part_load(part, output->state_path)) != 0) return code;
    if (strcmp(part->query, transfer->query) != 0 ||
        (transfer->etag && strcmp(part->etag, transfer->etag) != 0)) {
        cli_clear_line();
        fprintf(stderr,
                "tensorinit: %s is of another %s (%s): remove it, or get the %s without "
                "--continue\n",
                output->part_path, transfer->what, part->query, transfer->what);
        return CLI_EMISMATCH;
    }
    return transfer->check_part(transfer->state, output, part);
}

/* The time of --timeout is for all ranges of the transfer. */
static void set_rest_of_time(const struct cli_transfer *transfer) {
    if (transfer->deadline_s <= 0) return;
    const double rest_ms = (transfer->deadline_s - cli_now_s()) * 1000;
    /* 0 would be no limit. */
    tic_request_number(transfer->request, TIC_TIMEOUT_MS,
                       rest_ms > 1 ? (uint64_t)rest_ms : 1);
}

/* Fetches a range of the body: bytes ['first', 'end'). */
static enum ti_status fetch_range(struct running *running, const struct tic_sink *sink,
                                  uint64_t first, uint64_t end, struct ti_error *error) {
    struct tic_request *request = running->transfer->request;
    enum ti_status status = tic_request_bytes(request, first, end - first, error);
    set_rest_of_time(running->transfer);
    return status == TI_OK ? tic_fetch(request, sink, NULL, error) : status;
}

/* Fetches what the part file of an earlier transfer does not have. */
static enum ti_status fetch_rest(struct running *running, const struct tic_sink *sink,
                                 struct ti_error *error) {
    struct cli_part_state *part = &running->part;
    enum ti_status status =
        tic_request_text(running->transfer->request, TIC_EXPECT_ETAG, part->etag, error);
    /* Even if nothing is missing, the server has to have the same body. */
    if (status == TI_OK && cli_part_done(part) == part->total_bytes) {
        return fetch_range(running, sink, 0, 0, error);
    }
    /* Each fetch closes the first gap. */
    while (status == TI_OK && cli_part_done(part) < part->total_bytes) {
        const size_t next = part->done_count > 0 && part->done[0].first == 0;
        const uint64_t first = next ? part->done[0].end : 0;
        const uint64_t end =
            next < part->done_count ? part->done[next].first : part->total_bytes;
        status = fetch_range(running, sink, first, end, error);
    }
    return status;
}

/* Fetches all of the body. */
static enum ti_status fetch_all(struct running *running, const struct tic_sink *sink,
                                struct ti_error *error) {
    struct tic_request *request = running->transfer->request;
    enum ti_status status = tic_request_bytes(request, 0, TIC_TO_END, error);
    if (status == TI_OK) {
        status =
            tic_request_text(request, TIC_EXPECT_ETAG, running->transfer->etag, error);
    }
    set_rest_of_time(running->transfer);
    return status == TI_OK ? tic_fetch(request, sink, NULL, error) : status;
}

static enum ti_status fetch(struct running *running, struct ti_error *error) {
    const bool is_part = cli_output_is_part(running->transfer->path);
    const struct tic_sink sink = {
        .struct_bytes = sizeof sink,
        .begin = begin,
        .write = write_next,
        .state = running,
        .idle = on_idle,
        .retry = on_retry,
        .write_at = is_part ? write_at : NULL,
    };
    return (running->resumable ? fetch_rest : fetch_all)(running, &sink, error);
}

/* Keeps what has been received, if it can be used later. */
static void keep_part(struct running *running) {
    struct cli_output *output = &running->output;
    const uint64_t done_bytes = cli_part_done(&running->part);
    if (!running->resumable || done_bytes == 0) {
        cli_output_abandon(output);
        return;
    }
    /* The state that was saved before says less, but nothing wrong. */
    if (save(running) != 0) {
        cli_output_keep(output);
        return;
    }
    cli_clear_line();
    fprintf(stderr,
            "tensorinit: %s has %" PRIu64 " of %" PRIu64 " bytes; --continue goes on\n",
            output->part_path, done_bytes, running->part.total_bytes);
    cli_output_keep(output);
}

/* Something may have been appended to the part file of an earlier transfer. */
static int cut_to_length(const struct running *running) {
    const struct cli_output *output = &running->output;
    if (!running->resumable ||
        ftruncate(output->fd, (off_t)running->part.total_bytes) == 0) {
        return 0;
    }
    return cli_fail_io(output->path, "cannot write");
}

static int finish(struct running *running) {
    const struct cli_transfer *transfer = running->transfer;
    struct cli_output *output = &running->output;
    int code = cut_to_length(running);
    if (code == 0 && transfer->finish) code = transfer->finish(transfer->state, output);
    if (code == CLI_EMISMATCH) {
        /* It has wrong bytes that its state does not know of. */
        cli_output_abandon(output);
        return code;
    }
    if (code == 0) return cli_output_commit(output);
    cli_output_keep(output);
    return code;
}

/* An earlier part that does not fit stays as it is; the message says what can be done. */
static int run(struct running *running) {
    const struct cli_transfer *transfer = running->transfer;
    struct ti_error error;
    int code = 0;
    if (transfer->options->go_on && cli_output_has_state(transfer->path) &&
        (code = open_earlier(running)) != 0) {
        if (running->opened) cli_output_keep(&running->output);
        return code;
    }
    if (fetch(running, &error) == TI_OK) return finish(running);
    code = running->code;
    if (code == 0) {
        cli_clear_line();
        cli_get_print_error(transfer->options, transfer->request, &error);
        code = ti_status_exit_code(error.code);
    }
    if (running->opened) keep_part(running);
    return code;
}

int cli_transfer_run(const struct cli_transfer *transfer) {
    struct running running = {.transfer = transfer};
    pthread_mutex_init(&running.lock, NULL);
    const int code = run(&running);
    pthread_mutex_destroy(&running.lock);
    cli_part_clear(&running.part);
    return code;
}

int cli_transfer_set_deadline(struct cli_transfer *transfer) {
    const char *timeout = transfer->options->timeout;
    uint64_t ms = 0;
    const int code = timeout ? cli_read_seconds("timeout", timeout, &ms) : 0;
    if (ms > 0) transfer->deadline_s = cli_now_s() + (double)ms / 1000;
    return code;
}
