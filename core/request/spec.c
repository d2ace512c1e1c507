/* SPDX-License-Identifier: MIT */
/* Setting the parameters of a spec, each checked by itself. */
#include "core/request/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/request/aliases.h"
#include "core/base/error.h"
#include "core/base/float_state.h"
#include "core/request/kinds.h"
#include "core/request/params.h"
#include "core/request/schemes/schemes.h"
#include "core/request/text.h"

enum ti_status ti_spec_make(struct ti_spec **spec) {
    struct ti_spec *made = calloc(1, sizeof *made);
    if (!made) return TI_ENOMEM;
    *spec = made;
    return TI_OK;
}

void ti_spec_free(struct ti_spec *spec) { free(spec); }

/* Errors for invalid values that begin with the words of PyTorch and Keras. */
static const struct {
    enum ti_param param;
    const char *words;
} refusals[] = {
    {TI_PARAM_nonlinearity, "Unsupported nonlinearity"},
    {TI_PARAM_mode, "Invalid `mode` argument:"},
    {TI_PARAM_distribution, "Invalid `distribution` argument:"},
};

/* shard=0:auto, which a client resolves. */
static bool is_auto_shard(enum ti_param param, const char *value, size_t value_bytes) {
    static const char end[] = ":auto";
    const size_t n = sizeof end - 1;
    for (size_t i = 0; param == TI_PARAM_shard && i + n <= value_bytes; i++) {
        if (memcmp(value + i, end, n) == 0) return true;
    }
    return false;
}

/* A number that rounds to infinity, of a parameter that takes numbers. */
static bool is_too_large(enum ti_param param, const char *value, size_t value_bytes) {
    ti_value_reader *const read = ti_param_kind(param)->read;
    double number;
    return (read == ti_read_number || read == ti_read_bound ||
            read == ti_read_constant) &&
           ti_text_is_number(value, value_bytes) &&
           !ti_text_number(value, value_bytes, &number);
}

static enum ti_status refuse_size(const struct ti_spec *spec, enum ti_param param,
                                  const char *shown, struct ti_error *error) {
    const bool constant = ti_param_kind(param)->read == ti_read_constant;
    const enum ti_dtype dtype =
        (enum ti_dtype)ti_spec_choice(spec, TI_PARAM_dtype, TI_DTYPE_F32);
    return ti_error_set(
        error, TI_EVALUE, ti_param_get(param)->name,
        "%s=%s is too large for %s; it takes %s", ti_param_get(param)->name, shown,
        constant ? ti_dtype_name(dtype) : "binary64", ti_param_get(param)->accepts);
}

static enum ti_status refuse(const struct ti_spec *spec, enum ti_param param,
                             const char *value, size_t value_bytes,
                             struct ti_error *error) {
    const struct ti_param_info *info = ti_param_get(param);
    char words[64], accepts[400], shown[TI_SHOWN_BYTES];
    ti_text_show(value, value_bytes, shown, sizeof shown);
    if (is_auto_shard(param, value, value_bytes)) {
        return ti_error_set(error, TI_EVALUE, info->name,
                            "auto is the rank of a process, which only its client knows: "
                            "tensorinit and libtensorinit-client replace it, other "
                            "clients send the numbers; it takes %s",
                            info->accepts);
    }
    if (is_too_large(param, value, value_bytes)) {
        return refuse_size(spec, param, shown, error);
    }
    snprintf(words, sizeof words, "%s does not take", info->name);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        if (refusals[i].param != param) continue;
        snprintf(words, sizeof words, "%s", refusals[i].words);
    }
    const struct ti_alias *alias = spec->given[TI_PARAM_scheme] ? spec->alias : NULL;
    ti_alias_list_words(alias, param, accepts, sizeof accepts);
    /* torch's a and b: infinite only where they cut a normal */
    if (ti_param_kind(param)->read == ti_read_bound && alias &&
        strcmp(alias->info.scheme, "truncated_normal") != 0) {
        snprintf(accepts, sizeof accepts, "a number");
    }
    return ti_error_set(error, TI_EVALUE, info->name, "%s '%s'; it takes %s%s%s", words,
                        shown, ti_param_is_choice(param) ? "one of " : "", accepts,
                        ti_alias_has_words(param) && !spec->alias
                            ? "; with a framework's name, the framework's words"
                            : "");
}

enum ti_status ti_spec_set(struct ti_spec *spec, const char *param, const char *value,
                           size_t value_bytes, struct ti_error *error) {
    enum ti_param which;
    if (value_bytes == 0) value = ""; /* an empty std::string_view has NULL */
    if (!ti_param_find(param, strlen(param), &which)) {
        return ti_error_set(error, TI_EPARAM, param,
                            "unknown parameter '%.64s'; parameters are: %s", param,
                            ti_param_names());
    }
    if (spec->given[which]) {
        return ti_error_set(error, TI_EDUPLICATE, param, "%s is given more than once",
                            param);
    }
    const struct ti_float_state state = ti_float_enter();
    const bool read = ti_param_kind(which)->read(spec, which, value, value_bytes);
    ti_float_leave(state);
    if (!read) return refuse(spec, which, value, value_bytes, error);
    spec->given[which] = true;
    return TI_OK;
}
