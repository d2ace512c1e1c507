/* SPDX-License-Identifier: MIT */
/*
 * Computing the files of a model: see model_file.h. A file is read section by section: a
 * tensor that needs a factorization, or what is between two such tensors.
 */
#include "client/cli/model_file.h"

#include "client/cli/parallel_write.h"

struct section {
    const struct cli_model *model;
    size_t file;
    uint64_t first, end;
    /* of the tensor that is the section, or NULL */
    const struct ti_factor *factor;
};

static bool open_reader(void *state, void **thread) {
    const struct section *section = state;
    struct ti_model_reader *reader;
    if (ti_model_reader_make(section->model->model, section->model->seed, &reader,
                             NULL) != TI_OK) {
        return false;
    }
    *thread = reader;
    return true;
}

static void close_reader(void *thread) { ti_model_reader_free(thread); }

static enum ti_status read_section(void *state, void *thread, uint64_t offset,
                                   size_t count, unsigned char *out) {
    const struct section *section = state;
    enum ti_status status = TI_OK;
    if (section->factor) {
        struct ti_plan *plan;
        status = ti_model_reader_plan(thread, section->file, section->first, &plan, NULL);
        if (status == TI_OK) status = ti_plan_use(plan, section->factor);
    }
    if (status != TI_OK) return status;
    return ti_model_read(thread, section->file, section->first + offset, count, out,
                         NULL);
}

/* Finds the section that begins at section->first; '*tensor' is the one that needs a
   factorization, or SIZE_MAX. */
static void find_end(struct section *section, uint64_t bytes, size_t *tensor) {
    const struct ti_model *model = section->model->model;
    struct ti_model_span span;
    *tensor = SIZE_MAX;
    section->end = section->first;
    while (section->end < bytes && *tensor == SIZE_MAX &&
           ti_model_locate(model, section->file, section->end, &span) == TI_OK) {
        const bool needs =
            span.tensor != SIZE_MAX &&
            ti_model_tensor(model, span.tensor)->kind->factor_peak_bytes > 0;
        if (needs && section->end > section->first) return;
        if (needs) *tensor = span.tensor;
        section->end = span.end;
    }
}

static int factorize(const struct cli_model *model, size_t tensor,
                     struct ti_factor **factor) {
    struct ti_plan *plan;
    struct ti_error error;
    if (ti_model_plan(model->model, model->seed, tensor, &plan, &error) != TI_OK) {
        return cli_fail(&error);
    }
    const int code = cli_factorize(plan, model->threads, factor);
    ti_plan_free(plan);
    return code;
}

/* What is done with the bytes of a section, which begins at 'first' in the file. */
typedef int use_source(const struct cli_source *source, uint64_t first, void *state);

static int use_section(struct section *section, size_t tensor, use_source *use,
                       void *state) {
    struct ti_factor *factor = NULL;
    int code = 0;
    if (tensor != SIZE_MAX) code = factorize(section->model, tensor, &factor);
    section->factor = factor;
    const struct cli_source source = {.bytes = section->end - section->first,
                                      .threads = section->model->threads,
                                      .state = section,
                                      .open = open_reader,
                                      .close = close_reader,
                                      .read = read_section};
    if (code == 0) code = use(&source, section->first, state);
    ti_factor_free(factor);
    return code;
}

static int use_file(const struct cli_model *model, size_t file, use_source *use,
                    void *state) {
    const uint64_t bytes = ti_model_file(model->model, file)->bytes;
    struct section section = {.model = model, .file = file};
    int code = 0;
    while (code == 0 && section.first < bytes) {
        size_t tensor;
        find_end(&section, bytes, &tensor);
        code = use_section(&section, tensor, use, state);
        section.first = section.end;
    }
    return code;
}

struct reading {
    cli_consumer *consume;
    void *state;
};

static int read_source(const struct cli_source *source, uint64_t first, void *state) {
    const struct reading *reading = state;
    (void)first;
    return cli_read_ahead(source, reading->consume, reading->state);
}

int cli_model_file_read(const struct cli_model *model, size_t file, cli_consumer *consume,
                        void *state) {
    struct reading reading = {consume, state};
    return use_file(model, file, read_source, &reading);
}

struct writing {
    const struct cli_output *output;
    struct cli_progress *progress;
};

static int write_source(const struct cli_source *source, uint64_t first, void *state) {
    const struct writing *writing = state;
    return cli_parallel_write(source, writing->output, first, writing->progress);
}

int cli_model_file_write(const struct cli_model *model, size_t file,
                         const struct cli_output *output, struct cli_progress *progress) {
    struct writing writing = {output, progress};
    return use_file(model, file, write_source, &writing);
}

/* Gives the tensor at an offset its factorization, if it needs one. */
static int use_factor(struct cli_model_bytes *bytes, size_t tensor, uint64_t offset) {
    const struct cli_model *model = bytes->model;
    struct ti_plan *plan;
    struct ti_error error;
    if (tensor == SIZE_MAX ||
        ti_model_tensor(model->model, tensor)->kind->factor_peak_bytes == 0) {
        return 0;
    }
    if (!bytes->factor || bytes->factor_tensor != tensor) {
        ti_factor_free(bytes->factor);
        bytes->factor = NULL;
        const int code = factorize(model, tensor, &bytes->factor);
        if (code != 0) return code;
        bytes->factor_tensor = tensor;
    }
    enum ti_status status =
        ti_model_reader_plan(bytes->reader, bytes->file, offset, &plan, &error);
    if (status != TI_OK) return cli_fail(&error);
    return ti_plan_use(plan, bytes->factor) == TI_OK ? 0 : cli_fail_memory();
}

int cli_model_bytes_read(struct cli_model_bytes *bytes, uint64_t offset, size_t count,
                         unsigned char *out) {
    const struct cli_model *model = bytes->model;
    struct ti_error error;
    if (!bytes->reader && ti_model_reader_make(model->model, model->seed, &bytes->reader,
                                               &error) != TI_OK) {
        return cli_fail(&error);
    }
    while (count > 0) {
        struct ti_model_span span = {SIZE_MAX, offset, offset + count};
        /* What is outside the file is refused below. */
        if (ti_model_locate(model->model, bytes->file, offset, &span) == TI_OK) {
            const int code = use_factor(bytes, span.tensor, offset);
            if (code != 0) return code;
        }
        const uint64_t left = span.end - offset;
        const size_t now = left < count ? (size_t)left : count;
        if (ti_model_read(bytes->reader, bytes->file, offset, now, out, &error) !=
            TI_OK) {
            return cli_fail(&error);
        }
        offset += now;
        out += now;
        count -= now;
    }
    return 0;
}

void cli_model_bytes_clear(struct cli_model_bytes *bytes) {
    ti_model_reader_free(bytes->reader);
    ti_factor_free(bytes->factor);
}

uint64_t cli_model_files_bytes(const struct cli_model *model) {
    uint64_t total = 0;
    for (size_t i = 0; i < ti_model_file_count(model->model); i++) {
        total += ti_model_file(model->model, i)->bytes;
    }
    return total;
}
