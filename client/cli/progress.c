/* SPDX-License-Identifier: MIT */
/*
 * Progress on standard error. All but the count of bytes belongs to one thread at a time.
 */
#include "client/cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Time over which the rate is smoothed. */
#define SMOOTH_S 3.0

double cli_now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Whether the tensor itself goes to the terminal. */
static bool is_output_on_terminal(const struct cli_options *options) {
    const bool to_stdout = !options->output || strcmp(options->output, "-") == 0;
    return to_stdout && isatty(STDOUT_FILENO);
}

static int init(struct cli_progress *progress, const struct cli_options *options,
                bool on_terminal) {
    const char *how = options->progress;
    if (how && strcmp(how, "json") != 0 && strcmp(how, "none") != 0) {
        fprintf(stderr, "tensorinit: --progress: '%s' is neither json nor none\n", how);
        return CLI_USAGE;
    }
    if (how) {
        progress->kind = *how == 'j' ? CLI_PROGRESS_JSON : CLI_PROGRESS_NONE;
    } else if (options->quiet) {
        progress->kind = CLI_PROGRESS_NONE;
    } else if (on_terminal && isatty(STDERR_FILENO)) {
        progress->kind = CLI_PROGRESS_TERMINAL;
    } else if (options->verbose) {
        progress->kind = CLI_PROGRESS_LINES;
    }
    return 0;
}

int cli_progress_init(struct cli_progress *progress, const struct cli_options *options) {
    return init(progress, options, !is_output_on_terminal(options));
}

int cli_progress_init_reader(struct cli_progress *progress,
                             const struct cli_options *options) {
    return init(progress, options, true);
}

void cli_progress_begin(struct cli_progress *progress, uint64_t bytes,
                        uint64_t total_bytes) {
    progress->total_bytes = total_bytes;
    if (progress->begun) return;
    progress->begun = true;
    atomic_store(&progress->bytes, bytes);
    progress->start_bytes = progress->shown_bytes = bytes;
    progress->start_s = progress->shown_s = cli_now_s();
}

void cli_progress_skip(struct cli_progress *progress, uint64_t bytes) {
    atomic_fetch_add(&progress->bytes, bytes);
    progress->start_bytes += bytes;
    progress->shown_bytes += bytes;
}

/* Size: "1.5 GiB". */
static const char *size_text(double bytes, char out[32]) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    size_t unit = 0;
    for (; bytes >= 1024 && unit + 1 < sizeof units / sizeof *units; unit++) {
        bytes /= 1024;
    }
    snprintf(out, 32, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
    return out;
}

/* Seconds that are left; -1 if that is not known. */
static double left_s(const struct cli_progress *progress, uint64_t bytes) {
    if (progress->total_bytes == UINT64_MAX || progress->rate < 1) return -1;
    if (bytes >= progress->total_bytes) return 0;
    return (double)(progress->total_bytes - bytes) / progress->rate;
}

static void print_text(const struct cli_progress *progress, uint64_t bytes) {
    char done[32], total[32], rate[32];
    const double left = left_s(progress, bytes);
    fputs(size_text((double)bytes, done), stderr);
    if (progress->total_bytes != UINT64_MAX && progress->total_bytes > 0) {
        fprintf(stderr, " of %s, %.0f %%",
                size_text((double)progress->total_bytes, total),
                100 * (double)bytes / (double)progress->total_bytes);
    }
    fprintf(stderr, ", %s/s", size_text(progress->rate, rate));
    if (left >= 0 && left < 1e9) {
        const uint64_t seconds = (uint64_t)(left + 0.5);
        fprintf(stderr, ", %" PRIu64 ":%02" PRIu64 ":%02" PRIu64 " left", seconds / 3600,
                seconds / 60 % 60, seconds % 60);
    }
}

static void print_json(const struct cli_progress *progress, uint64_t bytes, bool done) {
    const double left = left_s(progress, bytes);
    fprintf(stderr, "{\"bytes\":%" PRIu64, bytes);
    if (progress->total_bytes != UINT64_MAX) {
        fprintf(stderr, ",\"total_bytes\":%" PRIu64, progress->total_bytes);
    }
    fprintf(stderr, ",\"bytes_per_s\":%.0f", progress->rate);
    if (left >= 0) fprintf(stderr, ",\"seconds_left\":%.1f", left);
    fprintf(stderr, ",\"done\":%s}\n", done ? "true" : "false");
}

void cli_progress_show(struct cli_progress *progress) {
    if (!progress->begun || progress->kind == CLI_PROGRESS_NONE) return;
    const double now = cli_now_s(), passed = now - progress->shown_s;
    if (passed < (progress->kind == CLI_PROGRESS_TERMINAL ? 0.2 : 1)) return;
    const uint64_t bytes = atomic_load(&progress->bytes);
    const double rate = (double)(bytes - progress->shown_bytes) / passed;
    const bool first = progress->shown_s <= progress->start_s;
    progress->rate +=
        (rate - progress->rate) * (first ? 1 : passed / (passed + SMOOTH_S));
    progress->shown_s = now;
    progress->shown_bytes = bytes;
    if (progress->kind == CLI_PROGRESS_JSON) {
        print_json(progress, bytes, false);
    } else if (progress->kind == CLI_PROGRESS_LINES) {
        fputs("tensorinit: ", stderr);
        print_text(progress, bytes);
        fputc('\n', stderr);
    } else {
        fputc('\r', stderr);
        print_text(progress, bytes);
        fputs("\033[K", stderr); /* ECMA-48: erase the rest of the line */
        cli_line_shown();
    }
}

void cli_progress_add(struct cli_progress *progress, size_t bytes) {
    atomic_fetch_add(&progress->bytes, bytes);
    cli_progress_show(progress);
}

void cli_progress_end(struct cli_progress *progress, bool success) {
    cli_clear_line();
    if (!progress->begun || !success) return;
    const uint64_t bytes = atomic_load(&progress->bytes);
    const double passed = cli_now_s() - progress->start_s;
    progress->rate = (double)(bytes - progress->start_bytes) / (passed > 0 ? passed : 1);
    if (progress->kind == CLI_PROGRESS_JSON) print_json(progress, bytes, true);
    if (progress->kind == CLI_PROGRESS_LINES) {
        char done[32], rate[32];
        fprintf(stderr, "tensorinit: %s in %.1f s, %s/s\n",
                size_text((double)(bytes - progress->start_bytes), done), passed,
                size_text(progress->rate, rate));
    }
}

/* A consumer with progress. */
struct reading {
    struct cli_progress *progress;
    cli_consumer *consume;
    void *state;
};

static int consume(void *state, const unsigned char *bytes, size_t count) {
    const struct reading *reading = state;
    const int code = reading->consume(reading->state, bytes, count);
    if (code == 0) cli_progress_add(reading->progress, count);
    return code;
}

int cli_progress_read(struct cli_progress *progress, struct cli_tensor *tensor,
                      cli_consumer *consumer, void *state) {
    struct reading reading = {progress, consumer, state};
    const bool has_length = ti_body_has_length(tensor->body);
    cli_progress_begin(progress, 0,
                       has_length ? ti_body_bytes(tensor->body) : UINT64_MAX);
    const int code = cli_tensor_read(tensor, consume, &reading);
    cli_progress_end(progress, code == 0);
    return code;
}
