/* SPDX-License-Identifier: MIT */
/* Plans of a model's tensors, and reading its files: <tensorinit/model.h>. */
#include <stdlib.h>
#include <string.h>

#include <tensorinit/body.h>

#include "core/base/error.h"
#include "core/model/model_parts.h"
#include "core/request/text.h"

/* The complete request of a tensor. */
static enum ti_status make_spec(const struct ti_model *model, size_t index, uint64_t seed,
                                struct ti_spec **spec, struct ti_error *error) {
    const struct ti_model_tensor *tensor = &model->tensors[index];
    const struct ti_kind *kind = &model->kinds[model->kind_of[index]];
    const char *name = tensor->stream_name ? tensor->stream_name : tensor->name;
    const char *query = kind->info.query;
    char digits[20];
    struct ti_spec *made;
    if (ti_spec_make(&made) != TI_OK) return ti_error_nomem(error);
    enum ti_status status = ti_spec_set_query_lenient(made, query, strlen(query), error);
    if (status == TI_OK && !kind->has_name) {
        status = ti_spec_set(made, "name", name, strlen(name), error);
    }
    if (status == TI_OK) {
        status = ti_spec_set(made, "seed", digits, ti_text_put_u64(seed, digits), error);
    }
    if (status == TI_OK) {
        *spec = made;
    } else {
        ti_spec_free(made);
    }
    return status;
}

enum ti_status ti_model_plan(const struct ti_model *model, uint64_t seed, size_t tensor,
                             struct ti_plan **plan, struct ti_error *error) {
    struct ti_spec *spec = NULL;
    if (tensor >= model->tensor_count) {
        return ti_error_set(error, TI_ERANGE, NULL, "the model has no such tensor");
    }
    enum ti_status status = make_spec(model, tensor, seed, &spec, error);
    if (status != TI_OK) return status;
    status = ti_plan_make(spec, plan, error);
    ti_spec_free(spec);
    return status;
}

unsigned ti_model_warnings(const struct ti_model *model, size_t tensor,
                           struct ti_warning warnings[TI_WARNINGS_MAX]) {
    struct ti_spec *spec = NULL;
    struct ti_plan *plan;
    unsigned count = 0;
    if (tensor >= model->tensor_count ||
        make_spec(model, tensor, 0, &spec, NULL) != TI_OK) {
        return 0;
    }
    if (ti_plan_make(spec, &plan, NULL) == TI_OK) {
        count = ti_plan_warnings(spec, plan, warnings);
        ti_plan_free(plan);
    }
    ti_spec_free(spec);
    return count;
}

enum ti_status ti_model_locate(const struct ti_model *model, size_t file, uint64_t offset,
                               struct ti_model_span *span) {
    if (file >= model->file_count || offset >= model->files[file].info.bytes) {
        return TI_ERANGE;
    }
    const struct ti_model_file *info = &model->files[file].info;
    if (offset < info->header_bytes) {
        *span = (struct ti_model_span){SIZE_MAX, 0, info->header_bytes};
        return TI_OK;
    }
    /* The last tensor that begins at or before the offset: one without elements begins where
       the next one does. */
    const uint32_t *order = model->order + model->files[file].first;
    size_t low = 0, high = info->tensor_count;
    while (high - low > 1) {
        const size_t middle = (low + high) / 2;
        if (model->tensors[order[middle]].offset <= offset) {
            low = middle;
        } else {
            high = middle;
        }
    }
    const struct ti_model_tensor *tensor = &model->tensors[order[low]];
    *span = (struct ti_model_span){order[low], tensor->offset,
                                   tensor->offset + tensor->kind->bytes};
    return TI_OK;
}

/* Readers ---------------------------------------------------------------------------- */

struct ti_model_reader {
    const struct ti_model *model;
    uint64_t seed;
    /* the tensor that has the plan; SIZE_MAX for none */
    size_t tensor;
    struct ti_plan *plan;
    struct ti_body *body;
    void *workspace;
};

enum ti_status ti_model_reader_make(const struct ti_model *model, uint64_t seed,
                                    struct ti_model_reader **reader,
                                    struct ti_error *error) {
    struct ti_model_reader *made = calloc(1, sizeof *made);
    if (!made) return ti_error_nomem(error);
    made->model = model;
    made->seed = seed;
    made->tensor = SIZE_MAX;
    *reader = made;
    return TI_OK;
}

static void close_tensor(struct ti_model_reader *reader) {
    ti_workspace_free(reader->workspace);
    ti_body_free(reader->body);
    ti_plan_free(reader->plan);
    reader->workspace = NULL;
    reader->body = NULL;
    reader->plan = NULL;
    reader->tensor = SIZE_MAX;
}

void ti_model_reader_free(struct ti_model_reader *reader) {
    if (!reader) return;
    close_tensor(reader);
    free(reader);
}

/* Makes what a tensor needs to be read, unless it is the one that was read last. */
static enum ti_status open_tensor(struct ti_model_reader *reader, size_t tensor,
                                  struct ti_error *error) {
    if (reader->tensor == tensor) return TI_OK;
    close_tensor(reader);
    enum ti_status status =
        ti_model_plan(reader->model, reader->seed, tensor, &reader->plan, error);
    if (status == TI_OK) status = ti_body_make(reader->plan, &reader->body, error);
    if (status == TI_OK) {
        status = ti_workspace_make(reader->plan, &reader->workspace, error);
    }
    if (status == TI_OK) {
        reader->tensor = tensor;
    } else {
        close_tensor(reader);
    }
    return status;
}

static enum ti_status outside(struct ti_error *error) {
    return ti_error_set(error, TI_ERANGE, NULL, "the range leaves the file");
}

enum ti_status ti_model_reader_plan(struct ti_model_reader *reader, size_t file,
                                    uint64_t offset, struct ti_plan **plan,
                                    struct ti_error *error) {
    struct ti_model_span span;
    enum ti_status status = ti_model_locate(reader->model, file, offset, &span);
    if (status != TI_OK) return outside(error);
    if (span.tensor == SIZE_MAX) {
        *plan = NULL;
        return TI_OK;
    }
    status = open_tensor(reader, span.tensor, error);
    if (status == TI_OK) *plan = reader->plan;
    return status;
}

static enum ti_status no_factor(const struct ti_model_reader *reader, size_t tensor,
                                enum ti_status status, struct ti_error *error) {
    return ti_error_set(error, status, NULL, "tensor '%.200s' needs its factorization",
                        reader->model->tensors[tensor].name);
}

/* Whether a range lies in a file. */
static bool is_inside(const struct ti_model_reader *reader, size_t file, uint64_t offset,
                      uint64_t count_bytes) {
    const struct ti_model_file *info = ti_model_file(reader->model, file);
    return info && offset <= info->bytes && count_bytes <= info->bytes - offset;
}

enum ti_status ti_model_prepare(struct ti_model_reader *reader, size_t file,
                                uint64_t offset, uint64_t count_bytes, double task_ns,
                                uint64_t *ready_bytes, struct ti_error *error) {
    struct ti_model_span span;
    if (!is_inside(reader, file, offset, count_bytes)) return outside(error);
    if (count_bytes == 0) {
        *ready_bytes = 0;
        return TI_OK;
    }
    enum ti_status status = ti_model_locate(reader->model, file, offset, &span);
    if (status != TI_OK) return outside(error);
    const uint64_t left = span.end - offset;
    const uint64_t count = count_bytes < left ? count_bytes : left;
    if (span.tensor == SIZE_MAX) {
        *ready_bytes = count;
        return TI_OK;
    }
    status = open_tensor(reader, span.tensor, error);
    if (status != TI_OK) return status;
    const uint64_t first = offset - span.first;
    status = ti_body_prepare(reader->body, first, first + count, task_ns,
                             reader->workspace, ready_bytes);
    return status == TI_OK ? TI_OK : no_factor(reader, span.tensor, status, error);
}

static enum ti_status read_tensor(struct ti_model_reader *reader, size_t tensor,
                                  uint64_t offset, size_t count_bytes, void *out,
                                  struct ti_error *error) {
    enum ti_status status = open_tensor(reader, tensor, error);
    if (status != TI_OK) return status;
    status = ti_body_read(reader->body, offset, count_bytes, out, reader->workspace);
    return status == TI_OK ? TI_OK : no_factor(reader, tensor, status, error);
}

enum ti_status ti_model_read(struct ti_model_reader *reader, size_t file, uint64_t offset,
                             size_t count_bytes, void *out, struct ti_error *error) {
    enum ti_status status = TI_OK;
    if (!is_inside(reader, file, offset, count_bytes)) return outside(error);
    for (char *to = out; status == TI_OK && count_bytes > 0;) {
        struct ti_model_span span;
        status = ti_model_locate(reader->model, file, offset, &span);
        if (status != TI_OK) return outside(error);
        const uint64_t left = span.end - offset;
        const size_t now = left < count_bytes ? (size_t)left : count_bytes;
        if (span.tensor == SIZE_MAX) {
            status = ti_model_text(reader->model, file, offset, now, to);
        } else {
            status =
                read_tensor(reader, span.tensor, offset - span.first, now, to, error);
        }
        to += now, offset += now, count_bytes -= now;
    }
    return status;
}
