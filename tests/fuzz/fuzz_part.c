/* SPDX-License-Identifier: MIT */
/*
 * The input is a query of a small tensor with permute, slice and shard. They must select
 * what docs/SPEC.md section 3, "Part", says; the oracle makes a list of places for each
 * axis, one by one as Python does. All other parameters are passed on.
 */
#include "fuzz/fuzz.h"

#define RANK_MAX 6
#define DIM_MAX 12
#define ELEMS_MAX 4096
#define FACTOR_BYTES ((size_t)64 << 10)

/* Wide enough that no sum of two numbers of 64 bits overflows. */
__extension__ typedef __int128 int128;

/* An axis of the part: the places that are left of an axis of the full tensor. */
struct axis {
    unsigned of;
    bool dropped;
    unsigned count, places[DIM_MAX];
};

struct part {
    unsigned rank, dims[RANK_MAX], axes;
    struct axis axis[RANK_MAX];
};

/* What the oracle makes of a text: it says nothing of one that is not well formed. */
enum verdict { RIGHT, WRONG, NOT_WELL_FORMED };

/* [+-] digits, from -2^63 to 2^63 - 1; moves behind it. */
static bool read_integer(const char **at, int128 *value) {
    const bool negative = **at == '-';
    const char *digit = *at + (negative || **at == '+');
    int128 number = 0;
    if (*digit < '0' || *digit > '9') return false;
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        number = number * 10 + (*digit - '0');
        if (number > (int128)INT64_MAX + negative) return false;
    }
    *value = negative ? -number : number;
    *at = digit;
    return true;
}

static bool read_count(const char **at, int128 *value) {
    *value = 0;
    if (**at < '0' || **at > '9') return false;
    for (; **at >= '0' && **at <= '9'; ++*at) {
        *value = *value * 10 + (**at - '0');
        if (*value > UINT64_MAX) return false;
    }
    return true;
}

static bool read_shape(const char *text, struct part *part) {
    unsigned elems = 1;
    if (strcmp(text, "scalar") == 0) return true;
    for (;; text++) {
        int128 dim;
        if (part->rank == RANK_MAX || !read_count(&text, &dim) || dim > DIM_MAX)
            return false;
        struct axis *axis = &part->axis[part->rank];
        axis->of = part->rank;
        axis->count = part->dims[part->rank++] = (unsigned)dim;
        for (unsigned i = 0; i < axis->count; i++) axis->places[i] = i;
        elems *= axis->count;
        if (*text != ',') break;
    }
    return *text == '\0' && elems <= ELEMS_MAX;
}

static enum verdict permute(const char *text, struct part *part) {
    struct axis moved[RANK_MAX];
    unsigned count = 0, seen = 0;
    bool right = true;
    for (;; text++) {
        int128 axis;
        if (!read_integer(&text, &axis) || count == TI_MAX_RANK) return NOT_WELL_FORMED;
        if (axis < 0) axis += part->rank;
        right &= axis >= 0 && axis < part->rank && count < part->rank;
        if (right && seen >> axis & 1) right = false;
        if (right) {
            seen |= 1u << axis;
            moved[count] = part->axis[axis];
        }
        count++;
        if (*text != ',') break;
    }
    if (*text) return NOT_WELL_FORMED;
    if (!right || count != part->rank) return WRONG;
    memcpy(part->axis, moved, count * sizeof *moved);
    return RIGHT;
}

/* Python's range(*slice(start, stop, step).indices(count)); NULL for what is left out. */
static void take_range(struct axis *axis, const int128 *start, const int128 *stop,
                       int128 step) {
    const int128 n = axis->count, lowest = step > 0 ? 0 : -1,
                 highest = step > 0 ? n : n - 1;
    int128 first = step > 0 ? lowest : highest, end = step > 0 ? highest : lowest;
    unsigned count = 0, places[DIM_MAX];
    if (start) first = *start < 0 ? *start + n : *start;
    if (stop) end = *stop < 0 ? *stop + n : *stop;
    if (first < lowest) first = lowest;
    if (first > highest) first = highest;
    if (end < lowest) end = lowest;
    if (end > highest) end = highest;
    for (int128 i = first; step > 0 ? i < end : i > end; i += step)
        places[count++] = axis->places[i];
    axis->count = count;
    memcpy(axis->places, places, count * sizeof *places);
}

/* An index or start:stop:step; the axis is NULL if there is none for this item. */
static enum verdict slice_item(const char **at, struct axis *axis) {
    int128 start, stop, step = 1;
    const bool has_start = read_integer(at, &start);
    bool has_stop = false;
    if (**at != ':') {
        if (!has_start) return NOT_WELL_FORMED;
        if (!axis) return WRONG;
        if (start < 0) start += axis->count;
        if (start < 0 || start >= axis->count) return WRONG;
        axis->places[0] = axis->places[start];
        axis->count = 1;
        axis->dropped = true;
        return RIGHT;
    }
    ++*at;
    has_stop = read_integer(at, &stop);
    if (**at == ':') {
        ++*at;
        if (**at != ',' && **at != '\0' && !read_integer(at, &step))
            return NOT_WELL_FORMED;
        if (step == 0 || step == INT64_MIN) return NOT_WELL_FORMED;
    }
    if (!axis) return WRONG;
    take_range(axis, has_start ? &start : NULL, has_stop ? &stop : NULL, step);
    return RIGHT;
}

static unsigned count_items(const char *text) {
    unsigned items = 1;
    for (; *text; text++) items += *text == ',';
    return items;
}

static enum verdict slice(const char *text, struct part *part) {
    const unsigned items = count_items(text);
    const bool has_ellipsis = strstr(text, "...");
    const unsigned named = items - has_ellipsis;
    unsigned next = 0, ellipses = 0;
    enum verdict all = RIGHT;
    if (items > TI_MAX_RANK + 1) return NOT_WELL_FORMED;
    for (;; text++) {
        if (strncmp(text, "...", 3) == 0) {
            text += 3;
            if (ellipses++ > 0) return NOT_WELL_FORMED;
            if (named <= part->rank) next += part->rank - named;
        } else {
            struct axis *axis = next < part->rank ? &part->axis[next] : NULL;
            const enum verdict verdict = slice_item(&text, axis);
            if (verdict == NOT_WELL_FORMED) return verdict;
            if (verdict == WRONG) all = WRONG;
            next++;
        }
        if (*text != ',') break;
    }
    if (*text) return NOT_WELL_FORMED;
    return named > part->rank ? WRONG : all;
}

/* As torch.chunk: part 'index' of ceil(n / count) places each. */
static void take_chunk(struct axis *axis, int128 index, int128 count) {
    const int128 n = axis->count, size = (n + count - 1) / count;
    unsigned left = 0;
    for (unsigned i = 0; i < axis->count; i++) {
        if (i >= index * size && i < (index + 1) * size)
            axis->places[left++] = axis->places[i];
    }
    axis->count = left;
}

static enum verdict shard(const char *text, struct part *part) {
    enum verdict all = RIGHT;
    if (count_items(text) > 64) return NOT_WELL_FORMED;
    for (;; text++) {
        int128 axis, index, count;
        if (!read_integer(&text, &axis) || *text++ != ':') return NOT_WELL_FORMED;
        if (!read_count(&text, &index) || *text++ != '/') return NOT_WELL_FORMED;
        if (!read_count(&text, &count) || index >= count) return NOT_WELL_FORMED;
        if (axis < 0) axis += part->rank;
        if (axis < 0 || axis >= part->rank) all = WRONG;
        /* Beyond 2^63 the product in take_chunk() could overflow; the part is empty. */
        if (all == RIGHT && index > INT64_MAX) part->axis[axis].count = 0;
        if (all == RIGHT) take_chunk(&part->axis[axis], index, count);
        if (*text != ',') break;
    }
    return *text ? NOT_WELL_FORMED : all;
}

/* The request's parameters, split. */
struct request {
    const char *shape, *permute, *slice, *shard;
    struct ti_spec *full, *spec;
};

static void set(struct ti_spec *spec, const char *name, const char *value, bool *valid) {
    struct ti_error error;
    const enum ti_status status = ti_spec_set(spec, name, value, strlen(value), &error);
    if (status != TI_OK) fuzz_check_error(status, &error);
    *valid &= status == TI_OK;
}

/* '*full_valid' is about all but permute, slice and shard, '*valid' about all. */
static bool split(char *text, struct request *request, bool *full_valid, bool *valid) {
    while (text) {
        char *value = strchr(text, '='), *end = strchr(text, '&');
        const char **slot = NULL;
        if (!value || (end && end < value)) return false;
        *value++ = '\0';
        if (end) *end++ = '\0';
        if (strcmp(text, "permute") == 0) slot = &request->permute;
        if (strcmp(text, "slice") == 0) slot = &request->slice;
        if (strcmp(text, "shard") == 0) slot = &request->shard;
        if (slot && *slot) return false;
        if (slot) *slot = value;
        if (strcmp(text, "shape") == 0 && !request->shape) request->shape = value;
        if (!slot) set(request->full, text, value, full_valid);
        set(request->spec, text, value, valid);
        text = end;
    }
    return request->shape;
}

static unsigned char *fill(struct ti_plan *plan, uint64_t cut) {
    const struct ti_plan_info *info = ti_plan_info(plan);
    const size_t bytes = ti_dtype_bytes(info->dtype);
    const uint64_t count = info->elems;
    unsigned char *out = malloc((size_t)info->body_bytes + 1);
    void *workspace;
    struct ti_factor *factor;
    if (!out || ti_workspace_make(plan, &workspace, NULL) != TI_OK) exit(1);
    if (ti_factor_make(plan, &factor, NULL) != TI_OK) exit(1);
    ti_factor_run_all(factor);
    REQUIRE(ti_plan_use(plan, factor) == TI_OK);
    if (count > 0) cut %= count;
    if (count == 0) cut = 0;
    REQUIRE(ti_plan_fill(plan, 0, cut, out, workspace) == TI_OK);
    REQUIRE(ti_plan_fill(plan, cut, count - cut, out + cut * bytes, workspace) == TI_OK);
    REQUIRE(ti_plan_use(plan, NULL) == TI_OK);
    ti_factor_free(factor);
    ti_workspace_free(workspace);
    return out;
}

static uint64_t part_elems(const struct part *part) {
    uint64_t elems = 1;
    for (unsigned i = 0; i < part->rank; i++) elems *= part->axis[i].count;
    return elems;
}

static void check_shape(const struct part *part, const struct ti_plan_info *info) {
    unsigned rank = 0;
    for (unsigned i = 0; i < part->rank; i++) {
        if (part->axis[i].dropped) continue;
        REQUIRE(rank < info->rank && info->shape[rank] == part->axis[i].count);
        rank++;
    }
    REQUIRE(rank == info->rank && part_elems(part) == info->elems);
}

/* The number in the full tensor of element 'elem' of the part. */
static size_t place_of(const struct part *part, uint64_t elem) {
    unsigned at[RANK_MAX] = {0};
    size_t place = 0;
    for (unsigned i = part->rank; i-- > 0;) {
        at[part->axis[i].of] = part->axis[i].places[elem % part->axis[i].count];
        elem /= part->axis[i].count;
    }
    for (unsigned i = 0; i < part->rank; i++) place = place * part->dims[i] + at[i];
    return place;
}

static void compare(struct ti_plan *full, struct ti_plan *plan, const struct part *part,
                    uint64_t where) {
    const struct ti_plan_info *info = ti_plan_info(plan);
    const size_t bytes = ti_dtype_bytes(info->dtype);
    check_shape(part, info);
    if (ti_plan_info(full)->factor_peak_bytes > FACTOR_BYTES) return;
    unsigned char *all = fill(full, where), *taken = fill(plan, where >> 12);
    for (uint64_t i = 0; i < info->elems; i++) {
        REQUIRE(memcmp(taken + i * bytes, all + place_of(part, i) * bytes, bytes) == 0);
    }
    free(taken);
    free(all);
}

static enum verdict apply(const struct request *request, struct part *part) {
    enum verdict verdict = RIGHT;
    if (request->permute) verdict = permute(request->permute, part);
    if (request->slice && verdict == RIGHT) verdict = slice(request->slice, part);
    if (request->shard && verdict == RIGHT) verdict = shard(request->shard, part);
    return verdict == RIGHT && request->slice && request->shard ? WRONG : verdict;
}

static void check(const struct request *request, uint64_t where, bool valid) {
    struct ti_plan *full = NULL, *plan = NULL;
    struct part part = {0};
    struct ti_error error;
    if (!read_shape(request->shape, &part)) return;
    if (ti_plan_make(request->full, &full, NULL) != TI_OK) return;
    const enum verdict verdict = apply(request, &part);
    enum ti_status status = TI_EVALUE;
    if (valid) status = ti_plan_make(request->spec, &plan, &error);
    if (valid && status != TI_OK) fuzz_check_error(status, &error);
    if (verdict != NOT_WELL_FORMED) REQUIRE((verdict == RIGHT) == (status == TI_OK));
    if (verdict == RIGHT) compare(full, plan, &part, where);
    ti_plan_free(plan);
    ti_plan_free(full);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct request request = {0};
    char *text = fuzz_text(data, size);
    bool full_valid = true, valid = true;
    if (ti_spec_make(&request.full) != TI_OK || ti_spec_make(&request.spec) != TI_OK)
        exit(1);
    if (split(text, &request, &full_valid, &valid) && full_valid)
        check(&request, fuzz_hash(FUZZ_HASH_START, data, size), valid);
    ti_spec_free(request.spec);
    ti_spec_free(request.full);
    free(text);
    return 0;
}
