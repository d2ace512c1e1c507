/* SPDX-License-Identifier: MIT */
/* The options of a model as text: seed, dtype and max_shard_size. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <tensorinit/manifest.h>
#include <tensorinit/schemes.h>
#include <tensorinit/spellings.h>

#include "core/base/error.h"
#include "core/base/float_state.h"
#include "core/model/model_parts.h"
#include "core/request/spec.h"
#include "core/request/text.h"

#define SIZE_ACCEPTS "a number of bytes, 1 or more, or one with KB, MB, GB or TB, as 5GB"

static bool read_dtype(const char *text, size_t n, enum ti_dtype *dtype) {
    char plain[64 + TI_SPELLING_GROWTH];
    if (n > 64) return false;
    const size_t plain_bytes = ti_spelling_plain("dtype", text, n, plain);
    for (int i = 0; i < TI_DTYPE_COUNT; i++) {
        if (!ti_text_is(plain, plain_bytes, ti_dtype_name((enum ti_dtype)i))) continue;
        *dtype = (enum ti_dtype)i;
        return true;
    }
    return false;
}

/* As huggingface_hub and transformers have them; upper and lower case are the same. */
static const struct {
    const char *name;
    uint64_t bytes;
} units[] = {
    {"TB", 1000000000000},      {"GB", 1000000000}, {"MB", 1000000},  {"KB", 1000},
    {"TiB", UINT64_C(1) << 40}, {"GiB", 1 << 30},   {"MiB", 1 << 20}, {"KiB", 1 << 10},
};

static bool ends_with(const char *text, size_t n, const char *unit) {
    const size_t unit_bytes = strlen(unit);
    if (n <= unit_bytes) return false;
    for (size_t i = 0; i < unit_bytes; i++) {
        if ((text[n - unit_bytes + i] | 0x20) != (unit[i] | 0x20)) return false;
    }
    return true;
}

/* Whole bytes of 'number' units; a fraction as Python's int(float(number) * unit). */
static bool multiply(const char *number, size_t n, uint64_t unit, uint64_t *bytes) {
    double value;
    uint64_t integer;
    if (ti_text_u64(number, n, &integer)) {
        if (integer > UINT64_MAX / unit) return false;
        *bytes = integer * unit;
        return true;
    }
    const struct ti_float_state state = ti_float_enter();
    const bool valid = unit > 1 && ti_text_number(number, n, &value) &&
                       (value *= (double)unit) < 0x1p63 && value >= 1;
    if (valid) *bytes = (uint64_t)value;
    ti_float_leave(state);
    return valid;
}

static bool read_size(const char *text, size_t n, uint64_t *bytes) {
    uint64_t unit = 1, read;
    for (size_t i = 0; i < sizeof units / sizeof *units && unit == 1; i++) {
        if (!ends_with(text, n, units[i].name)) continue;
        unit = units[i].bytes;
        n -= strlen(units[i].name);
    }
    while (unit > 1 && n > 0 && text[n - 1] == ' ') n--;
    if (!multiply(text, n, unit, &read) || read == 0) return false;
    *bytes = read;
    return true;
}

void ti_shard_size_text(uint64_t bytes, char out[TI_SHARD_SIZE_TEXT_BYTES]) {
    for (size_t i = 0; i < 4; i++) {
        if (bytes == 0 || bytes % units[i].bytes != 0) continue;
        snprintf(out, TI_SHARD_SIZE_TEXT_BYTES, "%" PRIu64 "%s", bytes / units[i].bytes,
                 units[i].name);
        return;
    }
    snprintf(out, TI_SHARD_SIZE_TEXT_BYTES, "%" PRIu64, bytes);
}

enum ti_status ti_model_go_on(const struct ti_model_options *options,
                              struct ti_error *error) {
    if (!options->go_on || options->go_on(options->state)) return TI_OK;
    return ti_error_set(error, TI_ECANCELLED, NULL, "cancelled");
}

enum ti_status ti_model_options_set(struct ti_model_options *options, const char *option,
                                    const char *value, size_t value_bytes,
                                    struct ti_error *error) {
    const char *accepts;
    bool valid;
    if (value_bytes == 0) value = "";
    if (strcmp(option, "seed") == 0) {
        valid = ti_text_seed(value, value_bytes, &options->seed);
        accepts = ti_param_get(TI_PARAM_seed)->accepts;
    } else if (strcmp(option, "dtype") == 0) {
        valid = read_dtype(value, value_bytes, &options->dtype);
        options->has_dtype |= valid;
        accepts = ti_param_get(TI_PARAM_dtype)->accepts;
    } else if (strcmp(option, "max_shard_size") == 0) {
        valid = read_size(value, value_bytes, &options->max_shard_bytes);
        accepts = SIZE_ACCEPTS;
    } else {
        return ti_error_set(error, TI_EPARAM, option,
                            "unknown option '%.64s'; a model has seed, dtype and "
                            "max_shard_size",
                            option);
    }
    if (valid) return TI_OK;
    char shown[TI_SHOWN_BYTES];
    ti_text_show(value, value_bytes, shown, sizeof shown);
    return ti_error_set(error, TI_EVALUE, option, "%s does not take '%s'; it takes %s",
                        option, shown, accepts);
}
