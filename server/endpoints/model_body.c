/* SPDX-License-Identifier: MIT */
/* See model_body.h. */
#include "server/endpoints/model_body.h"

#include <stdlib.h>
#include <string.h>

#include <tensorinit/body.h>
#include <tensorinit/factor.h>

#include "server/documents/document.h"
#include "server/documents/problem.h"
#include "server/endpoints/admitted.h"
#include "server/http/selection.h"
#include "server/work/block_budget.h"
#include "server/work/factor_cache.h"
#include "server/work/turn.h"

/* A block has no more tensors, since each takes some microseconds to plan... */
#define BLOCK_TENSORS_MAX 32
/* ... nor more of a header, which is written entry by entry. */
#define BLOCK_TEXT_BYTES_MAX 131072
/* Of more tensors it is not looked up what each costs. */
#define COST_TENSORS_MAX 1024

#define NO_TENSOR SIZE_MAX

/* A file while it is sent. */
struct sending {
    const struct tid_model *model; /* a reference */
    size_t file;
    const struct tid_beside *beside;
    uint64_t first;                  /* byte of the file that the response starts with */
    struct tid_multipart *multipart; /* NULL unless the response has several ranges */
    struct tid_factor_cache *factor_cache;
    struct tid_admitted admitted;
    struct ti_model_reader *reader; /* NULL of a file beside the manifest */
    /* The tensor whose factorization is leased, and its plan, which the reader has; no other
       one is read until the lease is released. */
    size_t tensor;
    struct ti_plan *plan;
    struct tid_lease *lease;
};

/* Bytes ------------------------------------------------------------------------------ */

static void release_lease(struct sending *sending) {
    tid_lease_release(sending->lease);
    sending->lease = NULL;
    sending->plan = NULL;
    sending->tensor = NO_TENSOR;
}

/* Gives the plan its factorization, each time: it may have been computed again. */
static bool use_factor(struct sending *sending) {
    if (!sending->lease) return true;
    const struct ti_factor *factor = tid_lease_get(sending->lease);
    return factor && ti_plan_use(sending->plan, factor) == TI_OK;
}

static bool read_beside(const struct tid_beside *beside, uint64_t offset,
                        size_t count_bytes, void *out) {
    if (offset > beside->bytes || count_bytes > beside->bytes - offset) return false;
    memcpy(out, beside->data + offset, count_bytes);
    return true;
}

/* Reads of the file. */
static bool read_file(void *state, uint64_t offset, size_t count_bytes, void *out) {
    struct sending *sending = state;
    if (sending->beside) return read_beside(sending->beside, offset, count_bytes, out);
    return use_factor(sending) && ti_model_read(sending->reader, sending->file, offset,
                                                count_bytes, out, NULL) == TI_OK;
}

/* Prepares bytes of the file: those of the tensor that has the lease. */
static bool prepare_file(void *state, uint64_t offset, uint64_t count_bytes,
                         double task_ns, uint64_t *ready_bytes) {
    struct sending *sending = state;
    return use_factor(sending) &&
           ti_model_prepare(sending->reader, sending->file, offset, count_bytes, task_ns,
                            ready_bytes, NULL) == TI_OK;
}

/* Streams ---------------------------------------------------------------------------- */

static bool read_range(void *state, uint64_t offset, size_t count_bytes, void *out) {
    const struct sending *sending = state;
    return read_file(state, sending->first + offset, count_bytes, out);
}

static bool read_ranges(void *state, uint64_t offset, size_t count_bytes, void *out) {
    const struct sending *sending = state;
    return tid_multipart_read(sending->multipart, offset, count_bytes, out, read_file,
                              state);
}

static bool prepare_range(void *state, uint64_t offset, uint64_t count_bytes,
                          double task_ns, uint64_t *ready_bytes) {
    const struct sending *sending = state;
    return prepare_file(state, sending->first + offset, count_bytes, task_ns,
                        ready_bytes);
}

static bool prepare_ranges(void *state, uint64_t offset, uint64_t count_bytes,
                           double task_ns, uint64_t *ready_bytes) {
    const struct sending *sending = state;
    return tid_multipart_prepare(sending->multipart, offset, count_bytes, task_ns,
                                 ready_bytes, prepare_file, state);
}

/* Leases the factorization of the tensor at an offset. */
static bool lease_tensor(struct sending *sending, size_t tensor, uint64_t offset) {
    if (sending->lease && sending->tensor == tensor) return true;
    release_lease(sending);
    if (ti_model_reader_plan(sending->reader, sending->file, offset, &sending->plan,
                             NULL) != TI_OK)
        return false;
    sending->tensor = tensor;
    const struct ti_plan_info *info = ti_plan_info(sending->plan);
    const struct tid_factor_need need = {sending->plan, info->factor_key,
                                         info->factor_bytes, info->factor_peak_bytes,
                                         sending->admitted.client};
    return tid_factor_cache_lease(sending->factor_cache, &need, &sending->lease) ==
           TID_LEASE_MADE;
}

static bool needs_factor(const struct sending *sending, size_t tensor) {
    const struct ti_model_kind *kind =
        ti_model_tensor(sending->model->model, tensor)->kind;
    return kind->factor_peak_bytes > 0 && kind->bytes > 0;
}

/* How much of the file may be read at once: one tensor with a factorization, or others. */
static size_t enter_file(struct sending *sending, uint64_t offset, size_t max_bytes) {
    const struct ti_model_file *file =
        ti_model_file(sending->model->model, sending->file);
    const uint64_t begin = offset;
    const uint64_t left = file->bytes - offset;
    const uint64_t end = offset + (left < max_bytes ? left : max_bytes);
    for (unsigned i = 0; i < BLOCK_TENSORS_MAX && offset < end; i++) {
        struct ti_model_span span;
        if (ti_model_locate(sending->model->model, sending->file, offset, &span) != TI_OK)
            return 0;
        if (span.tensor == NO_TENSOR) {
            const uint64_t text = span.end - offset;
            offset += text < BLOCK_TEXT_BYTES_MAX ? text : BLOCK_TEXT_BYTES_MAX;
            break;
        }
        const bool leased = needs_factor(sending, span.tensor);
        if (leased && offset > begin) break;
        if (leased && !lease_tensor(sending, span.tensor, offset)) return 0;
        offset = span.end;
        if (leased) break;
    }
    return (size_t)((offset < end ? offset : end) - begin);
}

static size_t enter(void *state, uint64_t offset, size_t max_bytes,
                    struct tid_lease **lease) {
    struct sending *sending = state;
    uint64_t first = sending->first + offset;
    bool between = false; /* parts */
    if (sending->beside) return max_bytes;
    if (sending->multipart) {
        uint64_t left = tid_multipart_find(sending->multipart, offset, &first);
        between = left == 0;
        if (between) left = first;
        if (left < max_bytes) max_bytes = (size_t)left;
    }
    const size_t bytes = between ? max_bytes : enter_file(sending, first, max_bytes);
    *lease = NULL;
    /* One that is not needed for this block is not kept. */
    if (sending->lease) {
        struct ti_model_span span;
        const bool needed = !between &&
                            ti_model_locate(sending->model->model, sending->file, first,
                                            &span) == TI_OK &&
                            span.tensor == sending->tensor;
        if (needed)
            *lease = sending->lease;
        else
            release_lease(sending);
    }
    return bytes;
}

static void sending_free(void *state) {
    struct sending *sending = state;
    /* First: the lease has a pointer to the reader's plan. */
    release_lease(sending);
    ti_model_reader_free(sending->reader);
    tid_admitted_clear(&sending->admitted);
    tid_model_release(sending->model);
    free(sending->multipart);
    free(sending);
}

/* What it takes ---------------------------------------------------------------------- */

struct cost {
    bool elements; /* the ranges reach beyond the header */
    double ns_per_byte;
    size_t workspace_bytes, factor_peak_bytes;
};

static void add_cost(struct cost *cost, double ns_per_byte, size_t workspace_bytes,
                     size_t factor_peak_bytes) {
    if (ns_per_byte > cost->ns_per_byte) cost->ns_per_byte = ns_per_byte;
    if (workspace_bytes > cost->workspace_bytes) cost->workspace_bytes = workspace_bytes;
    if (factor_peak_bytes > cost->factor_peak_bytes)
        cost->factor_peak_bytes = factor_peak_bytes;
}

/* The maxima of the tensors that the ranges touch. */
static struct cost cost_of(const struct tid_model_file *file,
                           const struct tid_ranges *ranges) {
    const struct tid_model *model = file->model;
    struct cost cost = {.elements = false};
    unsigned tensors = 0;
    if (file->beside) return cost;
    for (unsigned i = 0; i < ranges->count; i++) {
        uint64_t offset = ranges->list[i].first;
        const uint64_t end = offset + ranges->list[i].count_bytes;
        while (offset < end && tensors < COST_TENSORS_MAX) {
            struct ti_model_span span;
            if (ti_model_locate(model->model, file->index, offset, &span) != TI_OK) break;
            offset = span.end;
            if (span.tensor == NO_TENSOR) continue;
            const struct ti_model_kind *kind =
                ti_model_tensor(model->model, span.tensor)->kind;
            cost.elements = true;
            add_cost(&cost, tid_kind_ns_per_byte(kind), kind->workspace_bytes,
                     kind->factor_peak_bytes);
            tensors++;
        }
    }
    if (tensors == COST_TENSORS_MAX)
        add_cost(&cost, model->ns_per_byte, model->workspace_bytes,
                 model->factor_peak_bytes);
    return cost;
}

/* Gets what is needed to send elements. False, with the problem, if it is not available. */
static bool prepare(struct sending *sending, const struct tid_context *context,
                    const struct tid_request *request, const struct cost *cost,
                    uint64_t bytes, struct tid_response *response) {
    const struct tid_memory_words words = {.title = ti_status_title(TI_ETOOLARGE),
                                           .field = "",
                                           .what = "computing a tensor of this file",
                                           .advice = ""};
    struct tid_lease *lease;
    const bool dear = TID_BLOCK_BYTES_MIN * cost->ns_per_byte > TID_TURN_BLOCK_NS;
    if (!tid_check_memory(context->memory, cost->workspace_bytes, cost->factor_peak_bytes,
                          &words, response))
        return false;
    if ((dear || cost->factor_peak_bytes > 0) &&
        !tid_admit_computation(&sending->admitted, context, request, response))
        return false;
    if (!tid_admit_memory(&sending->admitted, context, cost->workspace_bytes, response))
        return false;
    /* So that the status still says if the first tensor has to wait too long. */
    const size_t first =
        bytes < TID_BLOCK_BYTES_MIN ? (size_t)bytes : TID_BLOCK_BYTES_MIN;
    if (enter(sending, 0, first, &lease) > 0) return true;
    tid_problem_busy(response, TID_PROBLEM_MEMORY_IN_USE);
    return false;
}

/* Responses -------------------------------------------------------------------------- */

static void describe_own(struct tid_model_file *file) {
    const struct ti_model *model = file->model->model;
    const struct ti_model_file *info = ti_model_file(model, file->index);
    ti_model_etag(model, file->index, file->seed, file->etag);
    file->bytes = info->bytes;
    file->media_type = info->tensor_count > 0
                           ? ti_format_media_type(TI_FORMAT_SAFETENSORS)
                           : "application/json";
}

static void describe_beside(struct tid_model_file *file) {
    memcpy(file->etag, file->beside->etag, sizeof file->etag);
    file->bytes = file->beside->bytes;
    file->media_type = file->beside->media_type;
}

bool tid_model_file_find(const struct tid_model *model, uint64_t seed, const char *name,
                         size_t name_bytes, struct tid_model_file *file) {
    char text[TI_MODEL_FILE_NAME_BYTES];
    *file = (struct tid_model_file){.model = model, .seed = seed, .index = SIZE_MAX};
    if (name_bytes < sizeof text) {
        memcpy(text, name, name_bytes);
        text[name_bytes] = '\0';
        file->index = ti_model_find_file(model->model, text);
    }
    if (file->index != SIZE_MAX) {
        describe_own(file);
        return true;
    }
    file->beside = tid_source_find(model->source, name, name_bytes);
    if (file->beside) describe_beside(file);
    return file->beside != NULL;
}

struct tid_json_file *tid_model_files(const struct tid_model *model, uint64_t seed,
                                      size_t *count) {
    const size_t own = ti_model_file_count(model->model);
    *count = own + model->source->file_count;
    struct tid_json_file *files = malloc(*count * sizeof *files);
    for (size_t i = 0; files && i < *count; i++) {
        struct tid_json_file *item = &files[i];
        if (i < own) {
            const struct ti_model_file *info = ti_model_file(model->model, i);
            *item = (struct tid_json_file){.name = info->name, .bytes = info->bytes};
            ti_model_etag(model->model, i, seed, item->etag);
        } else {
            const struct tid_beside *beside = &model->source->files[i - own];
            *item = (struct tid_json_file){.name = beside->name, .bytes = beside->bytes};
            memcpy(item->etag, beside->etag, sizeof item->etag);
        }
    }
    return files;
}

static void add_fields(struct tid_response *response, const struct tid_model_file *file,
                       const struct tid_representation *representation,
                       const struct tid_selection *selection) {
    tid_document_init(response, selection->status, file->media_type, TID_CACHE_HOUR);
    tid_validators_add(response, representation);
    tid_selection_add_range(response, representation, selection);
    if (!file->beside && strcmp(file->media_type, "application/json") != 0)
        response->format = TI_FORMAT_SAFETENSORS;
}

/* NULL if memory runs out. */
static struct sending *sending_make(const struct tid_context *context,
                                    const struct tid_model_file *file) {
    struct sending *sending = calloc(1, sizeof *sending);
    if (!sending) return NULL;
    if (!file->beside && ti_model_reader_make(file->model->model, file->seed,
                                              &sending->reader, NULL) != TI_OK) {
        free(sending);
        return NULL;
    }
    sending->model = tid_model_share(file->model);
    sending->file = file->index;
    sending->beside = file->beside;
    sending->factor_cache = context->factor_cache;
    sending->tensor = NO_TENSOR;
    return sending;
}

void tid_model_file_respond(const struct tid_context *context,
                            const struct tid_request *request,
                            const struct tid_model_file *file,
                            struct tid_response *response) {
    const struct tid_representation representation = {.etag = file->etag,
                                                      .bytes = file->bytes,
                                                      .media_type = file->media_type,
                                                      .what = "file"};
    struct tid_selection selection;
    struct sending *sending = sending_make(context, file);
    if (!sending) {
        tid_problem_no_memory(response);
        return;
    }
    if (!tid_selection_make(request, &representation, &selection, response)) {
        sending_free(sending);
        return;
    }
    sending->multipart = selection.multipart;
    if (!sending->multipart) sending->first = selection.ranges.list[0].first;
    const bool headers_only = request->method == TID_METHOD_HEAD ||
                              selection.status == 304 || selection.bytes == 0;
    const struct cost cost = headers_only ? (struct cost){.elements = false}
                                          : cost_of(file, &selection.ranges);
    if (cost.elements &&
        !prepare(sending, context, request, &cost, selection.bytes, response)) {
        sending_free(sending);
        return;
    }
    add_fields(response, file, &representation, &selection);
    tid_response_body_stream(
        response, (struct tid_stream){
                      .bytes = selection.bytes,
                      .computes = cost.factor_peak_bytes > 0,
                      .ns_per_byte = cost.ns_per_byte,
                      .lease = sending->lease,
                      .enter = enter,
                      .read = sending->multipart ? read_ranges : read_range,
                      .prepare = sending->multipart ? prepare_ranges : prepare_range,
                      .free = sending_free,
                      .state = sending});
}
