/* SPDX-License-Identifier: MIT */
/*
 * tensorinit propagate: signals and gradients in a stack of layers, as the library computes
 * them (tensorinit/propagation.h), on a logarithmic axis.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/log_plot.h"
#include "client/cli/progress.h"

/* Between two looks at the clock. */
#define STEP_NS 5e7

/* Enough for all runs. */
static const char marks[TI_PROPAGATION_MAX_RUNS + 1] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789#@";

/* What is plotted of each layer. */
struct signal {
    const char *title;
    size_t offset; /* of its moments */
    bool backward;
};

static const struct signal signals[] = {
    {"activations after each layer", offsetof(struct ti_propagation_layer, activation),
     false},
    {"gradients at the input of each layer, backward",
     offsetof(struct ti_propagation_layer, input_gradient), true},
};

struct measure {
    const char *name, *title;
    size_t offset; /* in the moments */
};

static const struct measure measures[] = {
    {"second_moment", "Second moment", offsetof(struct ti_moments, second_moment)},
    {"std", "Standard deviation", offsetof(struct ti_moments, std)},
};

static int read_measure(const struct cli_options *options,
                        const struct measure **measure) {
    const char *name = options->measure;
    *measure = &measures[0];
    if (name && options->as_json) {
        fputs("tensorinit: --measure is for the plots; --json prints all numbers\n",
              stderr);
        return CLI_USAGE;
    }
    for (size_t i = 0; name && i < sizeof measures / sizeof *measures; i++) {
        *measure = &measures[i];
        if (strcmp(name, measures[i].name) == 0) return 0;
    }
    if (!name) return 0;
    fprintf(stderr, "tensorinit: --measure: '%s' is neither second_moment nor std\n",
            name);
    return CLI_USAGE;
}

/* Computing -------------------------------------------------------------------------- */

/* Adds the verb's own options to the parameters of the weights. */
static void add_options(struct cli_options *options) {
    const struct {
        const char *name, *value;
        bool is_flag;
    } given[] = {
        {"activation", options->activation, false},
        {"negative_slope", options->negative_slope, false},
        {"depth", options->depth, false},
        {"width", options->width, false},
        {"batch", options->batch, false},
        {"residual", options->residual, true},
        {"layer_norm", options->layer_norm, true},
    };
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        const char *value = given[i].value;
        if (!value) continue;
        if (given[i].is_flag && !*value) value = "true";
        cli_options_add(options, given[i].name, value);
    }
}

static int open_stack(struct cli_options *options, struct ti_propagation **stack) {
    struct ti_error error;
    add_options(options);
    char *query = cli_options_query(options);
    if (!query) return cli_fail_memory();
    enum ti_status status = ti_propagation_make(query, strlen(query), stack, &error);
    if (status == TI_OK) status = ti_propagation_begin(*stack, &error);
    free(query);
    return status == TI_OK ? 0 : cli_fail(&error);
}

static int compute(struct ti_propagation *stack, const struct cli_options *options) {
    const bool shows = !options->quiet && isatty(STDERR_FILENO);
    struct ti_error error;
    enum ti_status status = TI_OK;
    double shown_s = cli_now_s();
    while (status == TI_OK && !ti_propagation_done(stack)) {
        status = ti_propagation_step(stack, STEP_NS, &error);
        if (!shows || cli_now_s() - shown_s < 0.2) continue;
        shown_s = cli_now_s();
        fprintf(stderr, "\r%.0f %%\033[K", 100 * ti_propagation_progress(stack));
        cli_line_shown();
    }
    cli_clear_line();
    return status == TI_OK ? 0 : cli_fail(&error);
}

/* Curves: one for each scheme, over its seeds ---------------------------------------- */

struct curve {
    const char *scheme;
    unsigned first;  /* of its runs, one for each seed */
    double *numbers; /* three arrays: middle, low and high */
};

/* How many there are; 'curves' has space for all runs. */
static size_t find_curves(const struct ti_propagation *stack, struct curve *curves) {
    const struct ti_propagation_info *info = ti_propagation_info(stack);
    size_t count = 0;
    for (unsigned i = 0; i < info->runs; i += info->seeds) {
        const char *scheme = ti_propagation_run_at(stack, i)->scheme;
        curves[count++] = (struct curve){.scheme = scheme, .first = i};
    }
    return count;
}

static double number_at(const struct ti_propagation_layer *layer, size_t offset) {
    double value;
    memcpy(&value, (const char *)layer + offset, sizeof value);
    return isnan(value) ? INFINITY : value; /* infinities have cancelled each other */
}

/* Geometric mean, smallest and largest number of the seeds, of each layer. */
static void fill_curve(const struct ti_propagation *stack, const struct curve *curve,
                       size_t offset) {
    const struct ti_propagation_info *info = ti_propagation_info(stack);
    const uint32_t depth = info->depth;
    double *middle = curve->numbers, *low = middle + depth, *high = low + depth;
    for (uint32_t i = 0; i < depth; i++) {
        double logs = 0;
        low[i] = INFINITY, high[i] = 0;
        for (unsigned k = 0; k < info->seeds; k++) {
            const double number =
                number_at(&ti_propagation_layers(stack, curve->first + k)[i], offset);
            low[i] = fmin(low[i], number);
            high[i] = fmax(high[i], number);
            logs += log(number) / info->seeds;
        }
        middle[i] = low[i] == high[i] ? low[i] : isnan(logs) ? INFINITY : exp(logs);
    }
}

/* Printing --------------------------------------------------------------------------- */

static void print_stack(const struct ti_propagation *stack) {
    const struct ti_propagation_info *info = ti_propagation_info(stack);
    char text[256];
    int used = snprintf(
        text, sizeof text, "%u layer%s of %u unit%s, %s%s%s; %u input sample%s",
        info->depth, cli_plural(info->depth), info->width, cli_plural(info->width),
        ti_activation_name(info->activation), info->residual ? ", residual" : "",
        info->layer_norm ? ", layer norm" : "", info->batch, cli_plural(info->batch));
    if (info->seeds > 1) {
        snprintf(text + used, sizeof text - (size_t)used,
                 "; %u seeds: their geometric mean, and dots from the smallest to the "
                 "largest",
                 info->seeds);
    }
    cli_print_wrapped(text, 0);
}

/* A curve's two ends, in the direction of the signal, and what a layer multiplies it by. */
static void print_legend(const struct curve *curve, char mark, uint32_t depth,
                         bool backward) {
    const double first = curve->numbers[backward ? depth - 1 : 0];
    const double last = curve->numbers[backward ? 0 : depth - 1];
    char text[512];
    size_t used = (size_t)snprintf(text, sizeof text, "%s: %s%.4g", curve->scheme,
                                   depth > 1 ? "from " : "", first);
    if (depth > 1) {
        used += (size_t)snprintf(text + used, sizeof text - used, " to %.4g", last);
    }
    if (depth > 1 && first > 0 && last > 0 && isfinite(first) && isfinite(last)) {
        snprintf(text + used, sizeof text - used, ", times %.4g a layer",
                 exp((log(last) - log(first)) / (depth - 1)));
    }
    printf("%5c  ", mark);
    cli_print_wrapped(text, 7);
}

static int print_signal(const struct ti_propagation *stack, const struct curve *curves,
                        size_t count, const struct measure *measure,
                        const struct signal *signal) {
    const uint32_t depth = ti_propagation_info(stack)->depth;
    struct cli_curve shown[TI_PROPAGATION_MAX_RUNS];
    char title[128];
    for (size_t i = 0; i < count; i++) {
        const double *numbers = curves[i].numbers;
        fill_curve(stack, &curves[i], signal->offset + measure->offset);
        shown[i] = (struct cli_curve){numbers, numbers + depth,
                                      numbers + 2 * (size_t)depth, marks[i]};
    }
    snprintf(title, sizeof title, "%s of the %s", measure->title, signal->title);
    putchar('\n');
    cli_print_wrapped(title, 0);
    putchar('\n');
    const int code = cli_log_plot(shown, count, depth, "layer");
    if (code != 0) return code;
    putchar('\n');
    for (size_t i = 0; i < count; i++) {
        print_legend(&curves[i], marks[i], depth, signal->backward);
    }
    if (count > 1) printf("%5c  several of them\n", '*');
    return 0;
}

static int print_plots(const struct ti_propagation *stack,
                       const struct measure *measure) {
    struct curve curves[TI_PROPAGATION_MAX_RUNS];
    const size_t count = find_curves(stack, curves);
    const size_t depth = ti_propagation_info(stack)->depth;
    double *numbers = calloc(count * depth, 3 * sizeof *numbers);
    int code = 0;
    if (!numbers) return cli_fail_memory();
    for (size_t i = 0; i < count; i++) curves[i].numbers = numbers + 3 * depth * i;
    print_stack(stack);
    for (size_t i = 0; code == 0 && i < sizeof signals / sizeof *signals; i++) {
        code = print_signal(stack, curves, count, measure, &signals[i]);
    }
    free(numbers);
    return code;
}

static void print_json(const struct ti_propagation *stack) {
    static char text[4 * TI_PROPAGATION_JSON_BYTES];
    uint64_t part = 0;
    size_t bytes;
    while ((bytes = ti_propagation_json(stack, &part, sizeof text, text)) > 0) {
        fwrite(text, 1, bytes, stdout);
    }
}

int cli_propagate(struct cli_options *options) {
    const struct measure *measure;
    struct ti_propagation *stack = NULL;
    int code = read_measure(options, &measure);
    if (code == 0) code = open_stack(options, &stack);
    if (code == 0) code = compute(stack, options);
    if (code == 0 && options->as_json) {
        print_json(stack);
    } else if (code == 0) {
        code = print_plots(stack, measure);
    }
    ti_propagation_free(stack);
    const int closed = cli_close_stdout();
    return code != 0 ? code : closed;
}
