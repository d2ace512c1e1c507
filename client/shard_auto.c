/* SPDX-License-Identifier: MIT */
/* Resolves shard=axis:auto: the rank of this process, from its launcher. */
#include <tensorinit/client.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/client_error.h"

#define AUTO ":auto"
/* Max bytes of ":INDEX/COUNT" with the NUL. */
#define NUMBERS_BYTES 43

/* What launchers set for each process: its rank, and how many processes there are. */
static const struct launcher {
    const char *rank, *size;
} launchers[] = {
    {"RANK", "WORLD_SIZE"},                           /* torchrun */
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"}, /* Open MPI */
    {"SLURM_PROCID", "SLURM_NTASKS"},                 /* srun */
    {"PMI_RANK", "PMI_SIZE"},                         /* MPICH, Intel MPI */
};

#define LAUNCHER_COUNT (sizeof launchers / sizeof *launchers)

struct world {
    uint64_t rank, size;
};

static enum ti_status read_number(const char *variable, uint64_t *number,
                                  struct ti_error *error) {
    const char *text = getenv(variable), *at = text;
    uint64_t value = 0;
    for (; *at >= '0' && *at <= '9' && value <= UINT64_MAX / 10 - 1; at++) {
        value = value * 10 + (uint64_t)(*at - '0');
    }
    if (at == text || *at != '\0') {
        return tic_fail(error, TI_EVALUE, "shard",
                        "auto takes the rank from the environment, but %s='%.64s' is not "
                        "an integer of 0 or more",
                        variable, text);
    }
    *number = value;
    return TI_OK;
}

/* A launcher's pair, of which at least one is set. */
static enum ti_status read_pair(const struct launcher *launcher, struct world *world,
                                struct ti_error *error) {
    const bool has_rank = getenv(launcher->rank) != NULL;
    if (!has_rank || !getenv(launcher->size)) {
        return tic_fail(error, TI_EVALUE, "shard",
                        "auto takes the rank from the environment, which has %s but not "
                        "%s; set both or neither",
                        has_rank ? launcher->rank : launcher->size,
                        has_rank ? launcher->size : launcher->rank);
    }
    enum ti_status status = read_number(launcher->rank, &world->rank, error);
    if (status == TI_OK) status = read_number(launcher->size, &world->size, error);
    if (status != TI_OK || world->rank < world->size) return status;
    return tic_fail(error, TI_EVALUE, "shard",
                    "auto takes the rank from the environment, but %s=%" PRIu64
                    " is not below %s=%" PRIu64,
                    launcher->rank, world->rank, launcher->size, world->size);
}

static enum ti_status fail_differ(const struct launcher *a, const struct world *of_a,
                                  const struct launcher *b, const struct world *of_b,
                                  struct ti_error *error) {
    return tic_fail(error, TI_EVALUE, "shard",
                    "auto takes the rank from the environment, where %s=%" PRIu64
                    " and %s=%" PRIu64 " differ from %s=%" PRIu64 " and %s=%" PRIu64
                    "; unset the pair that does not count, or give the numbers as "
                    "axis:index/count",
                    a->rank, of_a->rank, a->size, of_a->size, b->rank, of_b->rank,
                    b->size, of_b->size);
}

static enum ti_status fail_absent(struct ti_error *error) {
    char names[256] = "";
    size_t used = 0;
    for (size_t i = 0; i < LAUNCHER_COUNT; i++) {
        used +=
            (size_t)snprintf(names + used, sizeof names - used, "%s%s and %s",
                             i == 0 ? "" : ", or ", launchers[i].rank, launchers[i].size);
    }
    return tic_fail(error, TI_EVALUE, "shard",
                    "auto takes the rank and the number of ranks from the environment, "
                    "which has neither; it takes %s; or give the numbers as "
                    "axis:index/count",
                    names);
}

/* All launchers whose variables are set have to agree. */
static enum ti_status read_world(struct world *world, struct ti_error *error) {
    const struct launcher *found = NULL;
    for (size_t i = 0; i < LAUNCHER_COUNT; i++) {
        const struct launcher *launcher = &launchers[i];
        struct world own = {0};
        if (!getenv(launcher->rank) && !getenv(launcher->size)) continue;
        enum ti_status status = read_pair(launcher, &own, error);
        if (status != TI_OK) return status;
        if (found && (own.rank != world->rank || own.size != world->size)) {
            return fail_differ(found, world, launcher, &own, error);
        }
        found = launcher;
        *world = own;
    }
    return found ? TI_OK : fail_absent(error);
}

/* The end of an item: what may follow "axis:auto". */
static bool ends_item(char c) { return c == '\0' || strchr(", )]", c) != NULL; }

/* The first ":auto" that ends an item, or NULL. */
static const char *find_auto(const char *text) {
    for (const char *at = text; (at = strstr(at, AUTO)); at++) {
        if (ends_item(at[strlen(AUTO)])) return at;
    }
    return NULL;
}

enum ti_status tic_shard_resolve(const char *value, char **resolved,
                                 struct ti_error *error) {
    struct world world = {0};
    if (!value) return tic_missing(error, "value");
    if (!resolved) return tic_missing(error, "resolved");
    const char *at = find_auto(value);
    if (!at) {
        *resolved = NULL;
        return TI_OK;
    }
    const char *rest = at + strlen(AUTO);
    if (find_auto(rest)) {
        return tic_fail(error, TI_EVALUE, "shard",
                        "auto is given for several axes, but a rank is a part of one; "
                        "give the others as axis:index/count");
    }
    enum ti_status status = read_world(&world, error);
    if (status != TI_OK) return status;
    const size_t capacity = strlen(value) + NUMBERS_BYTES;
    char *made = malloc(capacity);
    if (!made) return tic_out_of_memory(error);
    snprintf(made, capacity, "%.*s:%" PRIu64 "/%" PRIu64 "%s", (int)(at - value), value,
             world.rank, world.size, rest);
    *resolved = made;
    return TI_OK;
}
