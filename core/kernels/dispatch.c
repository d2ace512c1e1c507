/* SPDX-License-Identifier: MIT */
/* Asks the CPU and chooses a kernel table: see dispatch.h. */
#include "core/kernels/dispatch.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tensorinit/plan.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

static bool always(void) { return true; }

#if defined(__x86_64__)
/* The compiler's checks include whether the system saves the wide registers; clang's know
   nothing of F16C. */
static bool has_f16c(void) {
    unsigned a, b, c, d;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
}
static bool has_avx2(void) { return __builtin_cpu_supports("avx2") && has_f16c(); }
static bool has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}
#endif

/* Slowest first: the last one that the CPU has is taken. */
static const struct {
    const struct ti_kernels *kernels;
    bool (*runs)(void);
} isa_rows[] = {
    {&ti_kernels_portable, always},
#if defined(__x86_64__)
    {&ti_kernels_avx2, has_avx2},
    {&ti_kernels_avx512, has_avx512},
#elif defined(__aarch64__)
    {&ti_kernels_neon, always},
#endif
};

#define ISA_COUNT (sizeof isa_rows / sizeof *isa_rows)

const struct ti_kernels *ti_dispatch_at(size_t index) {
    for (size_t i = 0; i < ISA_COUNT; i++) {
        if (isa_rows[i].runs() && index-- == 0) return isa_rows[i].kernels;
    }
    return NULL;
}

const struct ti_kernels *ti_dispatch_find(const char *name) {
    const struct ti_kernels *kernels;
    for (size_t i = 0; (kernels = ti_dispatch_at(i)); i++) {
        if (strcmp(kernels->name, name) == 0) return kernels;
    }
    return NULL;
}

static enum ti_status refuse(const char *name, struct ti_error *error) {
    char list[64] = "";
    const struct ti_kernels *kernels;
    for (size_t i = 0, used = 0; (kernels = ti_dispatch_at(i)); i++) {
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "",
                                 kernels->name);
    }
    return ti_error_set(error, TI_EISA, NULL,
                        "TENSORINIT_ISA=%.32s is not available here; there are: %s", name,
                        list);
}

enum ti_status ti_dispatch(const struct ti_kernels **kernels, struct ti_error *error) {
    /* Threads that race here all come to the same answer. */
    static _Atomic(const struct ti_kernels *) chosen;
    const struct ti_kernels *found = atomic_load_explicit(&chosen, memory_order_acquire);
    if (!found) {
        const char *name = getenv("TENSORINIT_ISA");
        if (name && *name) {
            found = ti_dispatch_find(name);
            if (!found) return refuse(name, error);
        } else {
            for (size_t i = 0; ti_dispatch_at(i); i++) found = ti_dispatch_at(i);
        }
        atomic_store_explicit(&chosen, found, memory_order_release);
    }
    *kernels = found;
    return TI_OK;
}

const char *ti_isa_at(size_t index) {
    const struct ti_kernels *kernels = ti_dispatch_at(index);
    return kernels ? kernels->name : NULL;
}

const char *ti_isa_name(struct ti_error *error) {
    const struct ti_kernels *kernels;
    return ti_dispatch(&kernels, error) == TI_OK ? kernels->name : NULL;
}
