/* SPDX-License-Identifier: MIT */
/* Resolves a spec to a plan: checks the parameters against each other. */
#include "core/request/plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tensorinit/version.h>

#include "core/request/aliases.h"
#include "core/request/canonical.h"
#include "core/kernels/dispatch.h"
#include "core/orthogonal/factor.h"
#include "core/orthogonal/orthogonal_band.h"
#include "core/base/float_state.h"
#include "core/base/hash.h"
#include "core/request/params.h"
#include "core/request/words.h"

#define BODY_BYTES_MAX (((uint64_t)1 << 63) - 1)

static enum ti_status check_applicable(const struct ti_spec *spec,
                                       const struct ti_scheme *scheme,
                                       struct ti_error *error) {
    for (size_t i = 0; i < TI_PARAM_COUNT; i++) {
        if (!spec->given[i] || ti_scheme_has(scheme, (enum ti_param)i)) continue;
        const char *name = ti_param_get(i)->name;
        char takes[400] = "";
        for (size_t k = 0; k < TI_PARAM_COUNT; k++) {
            if (ti_param_get(k)->common || !ti_scheme_has(scheme, (enum ti_param)k))
                continue;
            ti_words_add(takes, sizeof takes, ti_param_get(k)->name);
        }
        return ti_error_set(error, TI_EINAPPLICABLE, name,
                            "%s does not apply to scheme=%s, which takes %s", name,
                            scheme->info.name,
                            *takes ? takes : "only the common parameters");
    }
    return TI_OK;
}

/*
 * Checks the size of the full tensor. Dims of 0 count as 1, so that all other products of
 * dims, such as fans and strides, fit 64 bits.
 */
static enum ti_status check_size(const struct ti_spec *spec, enum ti_dtype dtype,
                                 struct ti_error *error) {
    uint64_t bytes = ti_dtype_bytes(dtype);
    for (unsigned i = 0; i < spec->rank; i++) {
        uint64_t dim = spec->shape[i];
        if (dim > 0 && bytes > BODY_BYTES_MAX / dim) {
            return ti_error_set(error, TI_ETOOLARGE, "shape",
                                "a tensor of this shape is larger than 2^63-1 bytes");
        }
        if (dim > 0) bytes *= dim;
    }
    return TI_OK;
}

static enum ti_status resolve_part(const struct ti_spec *spec, struct ti_plan *plan,
                                   struct ti_error *error) {
    struct ti_plan_info *info = &plan->info;
    enum ti_status status = ti_part_resolve(spec, &plan->part, error);
    if (status != TI_OK) return status;
    info->full_rank = spec->rank;
    memcpy(info->full_shape, spec->shape, sizeof info->full_shape);
    info->rank = plan->part.view.rank;
    memcpy(info->shape, plan->part.view.shape, sizeof info->shape);
    info->elems = plan->part.view.elems;
    info->body_bytes = info->elems * ti_dtype_bytes(info->dtype);
    return TI_OK;
}

/* Stream of a name: SHA-256's first 8 bytes, little-endian; 0 for no name. */
static uint64_t stream_of(const char *name, size_t name_bytes) {
    return name_bytes == 0 ? 0 : ti_hash_u64(name, name_bytes);
}

/* docs/SPEC.md, "Entity tag": raised when a format's bytes around the elements change. */
#define FORMAT_REVISION "1"

/* The canonical query, and the entity tag, a hash of it and the version of the bits. */
static enum ti_status name_body(const struct ti_spec *spec, struct ti_plan *plan,
                                struct ti_error *error) {
    static const char prefix[] = TI_SPEC_NAME " " FORMAT_REVISION " ";
    char text[sizeof prefix + TI_CANONICAL_BYTES_MAX];
    char *query = text + sizeof prefix - 1;
    memcpy(text, prefix, sizeof prefix - 1);
    const size_t n = ti_canonical_query(spec, &plan->part, query);
    plan->query = malloc(n + 1);
    if (!plan->query) return ti_error_nomem(error);
    memcpy(plan->query, query, n + 1);
    ti_hash_text(text, sizeof prefix - 1 + n, plan->info.etag);
    plan->info.query = plan->query;
    return TI_OK;
}

static enum ti_status resolve_format(const struct ti_spec *spec, struct ti_plan *plan,
                                     struct ti_error *error) {
    struct ti_format_options *options = &plan->options;
    plan->format = (enum ti_format)ti_spec_choice(spec, TI_PARAM_format, TI_FORMAT_RAW);
    options->json = (enum ti_json)ti_spec_choice(spec, TI_PARAM_json, TI_JSON_NESTED);
    options->metadata =
        (enum ti_metadata)ti_spec_choice(spec, TI_PARAM_metadata, TI_METADATA_NONE);
    if (plan->format == TI_FORMAT_SAFETENSORS &&
        strcmp(spec->name, "__metadata__") == 0) {
        return ti_error_set(error, TI_EVALUE, "name",
                            "safetensors files reserve the name __metadata__");
    }
    if (spec->given[TI_PARAM_json] && plan->format != TI_FORMAT_JSON) {
        return ti_error_set(error, TI_EINAPPLICABLE, "json", "json requires format=json");
    }
    if (spec->given[TI_PARAM_metadata] && plan->format != TI_FORMAT_SAFETENSORS) {
        return ti_error_set(error, TI_EINAPPLICABLE, "metadata",
                            "metadata requires format=safetensors");
    }
    return TI_OK;
}

static enum ti_status resolve(const struct ti_spec *spec, struct ti_plan *plan,
                              struct ti_error *error) {
    struct ti_plan_info *info = &plan->info;
    const struct ti_scheme *scheme = ti_scheme_at(spec->scheme);
    struct ti_fans fans = {0};
    struct ti_dist dist = {0};
    enum ti_status status;
    info->scheme = scheme->info.name;
    info->dtype = (enum ti_dtype)ti_spec_choice(spec, TI_PARAM_dtype, TI_DTYPE_F32);
    plan->layout = (enum ti_layout)ti_spec_choice(spec, TI_PARAM_layout, TI_LAYOUT_OI);
    if ((status = resolve_format(spec, plan, error)) != TI_OK) return status;
    if ((status = check_applicable(spec, scheme, error)) != TI_OK) return status;
    if ((status = ti_alias_refuse_words(spec, error)) != TI_OK) return status;
    if (!spec->given[TI_PARAM_shape]) {
        return ti_error_set(error, TI_EMISSING, "shape", "shape= is required: %s",
                            ti_param_get(TI_PARAM_shape)->accepts);
    }
    if ((status = check_size(spec, info->dtype, error)) != TI_OK) return status;
    if ((status = resolve_part(spec, plan, error)) != TI_OK) return status;
    if (ti_scheme_has(scheme, TI_PARAM_mode)) {
        enum ti_mode mode =
            (enum ti_mode)ti_spec_choice(spec, TI_PARAM_mode, scheme->numbers.mode);
        if ((status = ti_fans_resolve(spec, mode, &fans, error)) != TI_OK) return status;
        info->has_fan_in = fans.has_in;
        info->has_fan_out = fans.has_out;
        info->fan_in = fans.in;
        info->fan_out = fans.out;
    }
    if ((status = scheme->resolve(spec, scheme, &fans, &dist, error)) != TI_OK)
        return status;
    if ((status = ti_dist_padding(spec, &dist, error)) != TI_OK) return status;
    ti_dist_icnr(spec, &fans, &dist);
    if (ti_scheme_gain_is_factor(scheme)) {
        if ((status = ti_dist_gain(spec, &dist, error)) != TI_OK) return status;
    }
    ti_plan_describe(&dist, info);
    plan->dist = dist;
    memcpy(plan->name, spec->name, spec->name_bytes);
    info->name = plan->name;
    memcpy(plan->framework_name, spec->framework_name, sizeof plan->framework_name);
    info->framework_name = plan->framework_name;
    info->seed = spec->seed;
    info->stream = stream_of(spec->name, spec->name_bytes);
    status = ti_sampler_make(&dist, info->dtype, info->seed, info->stream, &plan->sampler,
                             error);
    if (status != TI_OK) return status;
    ti_sampler_bounds(&plan->sampler, &dist, &info->low, &info->high);
    status = ti_plan_factor(plan, error);
    if (status == TI_OK) status = ti_dispatch(&plan->kernels, error);
    return status == TI_OK ? name_body(spec, plan, error) : status;
}

/* A request with a framework's name is translated into a canonical one first. */
static enum ti_status resolve_alias(const struct ti_spec *spec, struct ti_plan *plan,
                                    struct ti_error *error) {
    struct ti_spec *canonical = malloc(sizeof *canonical);
    if (!canonical) return ti_error_nomem(error);
    enum ti_status status = ti_alias_resolve(spec, canonical, error);
    if (status == TI_OK) {
        status = resolve(canonical, plan, error);
        if (status != TI_OK) ti_alias_explain(spec, error);
    }
    free(canonical);
    return status;
}

static bool is_orthogonal(const struct ti_plan *plan) {
    return plan->sampler.class == &ti_sampler_orthogonal;
}

/* What elements cost, and the memory for what they share. */
static void resolve_cost(struct ti_plan *plan) {
    struct ti_plan_info *info = &plan->info;
    const struct ti_view *view = &plan->part.view;
    if (!is_orthogonal(plan)) {
        info->ns_per_elem = ti_sampler_ns_per_elem(&plan->sampler, plan->kernels, view);
        return;
    }
    plan->cost = ti_orthogonal_cost(&plan->sampler, plan->kernels, view);
    info->ns_per_elem = plan->cost.ns_per_elem;
    if (info->elems > 0)
        info->workspace_bytes = ti_orthogonal_workspace_bytes(info->dtype, &plan->cost);
}

enum ti_status ti_plan_resolve(const struct ti_spec *spec, struct ti_plan **plan,
                               struct ti_error *error) {
    struct ti_plan *made = calloc(1, sizeof *made);
    if (!made) return ti_error_nomem(error);
    const struct ti_float_state state = ti_float_enter();
    enum ti_status status =
        spec->alias ? resolve_alias(spec, made, error) : resolve(spec, made, error);
    ti_float_leave(state);
    if (status != TI_OK) {
        ti_plan_free(made);
        return status;
    }
    ti_view_simplify(&made->part.view);
    resolve_cost(made);
    *plan = made;
    return TI_OK;
}

void ti_plan_free(struct ti_plan *plan) {
    if (!plan) return;
    free(plan->query);
    free(plan);
}

const struct ti_plan_info *ti_plan_info(const struct ti_plan *plan) {
    return &plan->info;
}

static struct ti_orthogonal orthogonal_of(const struct ti_plan *plan) {
    return (struct ti_orthogonal){&plan->sampler,
                                  (const struct ti_orthogonal_factor *)plan->factor,
                                  plan->kernels, &plan->part.view};
}

static bool lacks_factor(const struct ti_plan *plan) {
    return plan->info.factor_bytes > 0 && !plan->factor;
}

enum ti_status ti_plan_prepare(const struct ti_plan *plan, uint64_t first_elem,
                               uint64_t end_elem, double max_ns, void *workspace,
                               uint64_t *count_elems) {
    if (first_elem > end_elem || end_elem > plan->info.elems) return TI_ERANGE;
    *count_elems = end_elem - first_elem;
    if (first_elem == end_elem) return TI_OK;
    if (lacks_factor(plan)) return TI_EFACTOR;
    if (!is_orthogonal(plan)) return TI_OK;
    const struct ti_orthogonal orthogonal = orthogonal_of(plan);
    const struct ti_float_state state = ti_float_enter();
    *count_elems = ti_orthogonal_prepare(&orthogonal, &plan->cost, first_elem, end_elem,
                                         max_ns, workspace);
    ti_float_leave(state);
    return TI_OK;
}

enum ti_status ti_plan_fill(const struct ti_plan *plan, uint64_t first_elem,
                            uint64_t count_elems, void *out, void *workspace) {
    if (first_elem > plan->info.elems || count_elems > plan->info.elems - first_elem) {
        return TI_ERANGE;
    }
    if (count_elems == 0) return TI_OK; /* 'workspace' may be NULL */
    if (lacks_factor(plan)) return TI_EFACTOR;
    const struct ti_float_state state = ti_float_enter();
    if (is_orthogonal(plan)) {
        const struct ti_orthogonal orthogonal = orthogonal_of(plan);
        ti_orthogonal_fill(&orthogonal,
                           (struct ti_orthogonal_range){first_elem, count_elems, out},
                           workspace);
    } else {
        ti_sampler_fill(&plan->sampler, plan->kernels, &plan->part.view, first_elem,
                        count_elems, out);
    }
    ti_float_leave(state);
    return TI_OK;
}

enum ti_status ti_workspace_make(const struct ti_plan *plan, void **workspace,
                                 struct ti_error *error) {
    const size_t bytes = (plan->info.workspace_bytes + 63) / 64 * 64;
    void *made = NULL;
    if (bytes > 0) {
        if (!(made = aligned_alloc(64, bytes))) return ti_error_nomem(error);
        ti_orthogonal_workspace_init(made);
    }
    *workspace = made;
    return TI_OK;
}

void ti_workspace_free(void *workspace) { free(workspace); }
