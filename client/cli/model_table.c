/* SPDX-License-Identifier: MIT */
/* The table of tensorinit model --check: see model_check.h. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "client/cli/model_check.h"

/* "50257,768"; 32 dims of 20 digits fit. */
#define SHAPE_BYTES (21 * TI_MAX_RANK + 8)

static void write_shape(const struct ti_model_kind *kind, char out[SHAPE_BYTES]) {
    size_t used = 0;
    strcpy(out, "scalar");
    for (unsigned i = 0; i < kind->rank; i++) {
        used += (size_t)snprintf(out + used, SHAPE_BYTES - used,
                                 i ? ",%" PRIu64 : "%" PRIu64, kind->shape[i]);
    }
}

/* A name in one line of the terminal. */
static void print_name(const char *name, size_t width) {
    size_t n = 0;
    for (; name[n]; n++) {
        const unsigned char c = (unsigned char)name[n];
        putchar(c < 0x20 || c == 0x7f ? '?' : c);
    }
    printf("%*s", (int)(width > n ? width - n : 0), "");
}

static void print_std(double std) {
    if (isnan(std)) {
        printf("  %12s", "-");
    } else {
        printf("  %12.6g", std);
    }
}

static void measure(const struct ti_model *model, size_t *name, size_t *shape) {
    const struct ti_model_tensor *tensor;
    *name = strlen("name");
    *shape = strlen("shape");
    for (size_t i = 0; (tensor = ti_model_tensor(model, i)); i++) {
        char text[SHAPE_BYTES];
        write_shape(tensor->kind, text);
        const size_t n = strlen(tensor->name), m = strlen(text);
        if (n > *name) *name = n;
        if (m > *shape) *shape = m;
    }
}

int cli_model_print(const struct cli_model *model) {
    const struct ti_model_tensor *tensor;
    size_t name, shape;
    measure(model->model, &name, &shape);
    printf("%-*s  %-*s  %-7s  %12s  %14s  rule\n", (int)name, "name", (int)shape, "shape",
           "dtype", "std", "bytes");
    for (size_t i = 0; (tensor = ti_model_tensor(model->model, i)); i++) {
        const struct ti_model_kind *kind = tensor->kind;
        char text[SHAPE_BYTES];
        write_shape(kind, text);
        print_name(tensor->name, name);
        printf("  %-*s  %-7s", (int)shape, text, ti_dtype_name(kind->dtype));
        print_std(kind->std);
        printf("  %14" PRIu64 "  %u\n", kind->bytes, tensor->rule + 1);
    }
    const struct ti_model_file *file;
    size_t i;
    for (i = 0; (file = ti_model_file(model->model, i)); i++) {
        printf("%s%-40s %20" PRIu64 " bytes\n", i == 0 ? "\n" : "", file->name,
               file->bytes);
    }
    const size_t tensors = ti_model_tensor_count(model->model);
    printf("\n%zu tensor%s, %" PRIu64 " parameters, %" PRIu64 " bytes, %zu file%s\n",
           tensors, cli_plural(tensors), ti_model_elems(model->model),
           ti_model_bytes(model->model), i, cli_plural(i));
    return cli_close_stdout();
}
