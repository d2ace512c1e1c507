/* SPDX-License-Identifier: MIT */
/*
 * What an element costs: see sampler.h. Numbers are nanoseconds of one core of a Zen 4 at
 * about 2.5 GHz, measured by filling 64 KiB at a time; only their size matters, to choose
 * how many elements to compute at a time.
 */
#include "core/values/sampler.h"

/* A normal by a kernel, times the lanes: 9.5 portable, 1.8 AVX2, 0.7 AVX-512. */
#define KERNEL_NS 12.0

/* Values or tails in binary64 cost as many times as much as in binary32: 1.3 ns by AVX-512, 4.2
   by AVX2. */
#define F64_TIMES 3.0

/* Rounding to a narrow type or to integers. */
#define NARROW_NS 0.3

/* Comparing an element's key with the threshold of its column, besides making the key: of
   elements a row of which is contiguous, and of any others. */
#define COMPARE_NS 0.5
#define COMPARE_APART_NS 3.0

/* Finding an element of a strided view in its block; the same for the 4 of a pattern. */
#define PICK_NS 2.5
#define PICK_PATTERN_NS 4.0

/* Going on to the next run of neighbours or of elements a stride apart. */
#define RUN_NS 12.0

static double kernel_ns(const struct ti_kernels *kernels) {
    return KERNEL_NS / kernels->lanes;
}

static double pattern_ns(const struct ti_pattern *pattern) {
    if (pattern->kind >= TI_PATTERN_LOG_ARANGE) return 25.0;
    return pattern->kind == TI_PATTERN_BILINEAR ? 3.0 : 1.0;
}

/* Of an element whose neighbours are computed as well. */
static double value_ns(const struct ti_sampler *sampler, const struct ti_kernels *kernels,
                       bool contiguous) {
    double ns = kernel_ns(kernels);
    if (sampler->class == &ti_sampler_constant) return 0.2;
    if (sampler->class == &ti_sampler_pattern)
        ns = pattern_ns(&sampler->pattern);
    else if (sampler->class == &ti_sampler_mapped)
        ns += 20;
    else if (sampler->dtype == TI_DTYPE_F64 || sampler->kernel == TI_KERNEL_mirrored ||
             sampler->kernel == TI_KERNEL_sided)
        ns *= F64_TIMES;
    if (sampler->dtype != TI_DTYPE_F32 && sampler->dtype != TI_DTYPE_F64) ns += NARROW_NS;
    if (sampler->masked)
        ns += (contiguous ? COMPARE_NS : COMPARE_APART_NS) + kernel_ns(kernels);
    return ns;
}

double ti_sampler_ns_per_elem(const struct ti_sampler *sampler,
                              const struct ti_kernels *kernels,
                              const struct ti_view *view) {
    const bool contiguous = ti_view_is_run(view);
    const double ns = value_ns(sampler, kernels, contiguous);
    const struct ti_copies *copies = &sampler->copies;
    if (sampler->class == &ti_sampler_constant) return ns;
    if (contiguous && copies->count == 0) return ns;
    const int64_t stride = view->rank > 0 ? view->stride[view->rank - 1] : 1;
    double length = view->rank > 0 ? (double)view->shape[view->rank - 1] : 1;
    if (copies->count > 0) {
        const double run =
            (double)(copies->alternate ? copies->outputs / copies->count : copies->unit);
        if (stride != 1) return 4 * ns + PICK_NS + RUN_NS;
        if (run < length) length = run;
    }
    /* A block of 4 elements is computed whole: here a run has 3 more than it needs. */
    if (stride == 1) return ns * (length + 3) / length + RUN_NS / length;
    const uint64_t apart = stride < 0 ? 0 - (uint64_t)stride : (uint64_t)stride;
    const double pick_ns =
        sampler->class == &ti_sampler_pattern ? PICK_NS + PICK_PATTERN_NS : PICK_NS;
    return ns * (apart < 4 ? (double)apart : 4) + pick_ns + RUN_NS / length;
}
