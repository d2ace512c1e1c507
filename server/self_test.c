/* SPDX-License-Identifier: MIT */
/* See self_test.h. */
#define _DEFAULT_SOURCE /* getentropy */
#include "server/self_test.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nettle/sha2.h>
#include <tensorinit/body.h>
#include <tensorinit/factor.h>
#include <tensorinit/plan.h>
#include <tensorinit/spec.h>

const struct tid_known_digest tid_known_digests[] = {
#define TID_KNOWN(query, sha256) {query, sha256},
#include "server/self_test.def"
#undef TID_KNOWN
};
const size_t tid_known_digest_count =
    sizeof tid_known_digests / sizeof *tid_known_digests;

/* Compared with the portable kernels; a seed is appended. Long ones: every tile. */
static const char *const compared[] = {
    "shape=300007&scheme=normal",
    "shape=300007&scheme=normal&dtype=f64",
    "shape=300007&scheme=normal&dtype=f16",
    "shape=300007&scheme=normal&dtype=bf16",
    "shape=300007&scheme=normal&dtype=f8_e4m3",
    "shape=300007&scheme=normal&dtype=f8_e5m2",
    "shape=300007&scheme=uniform&low=-1.5",
    "shape=300007&scheme=uniform&low=-1.5&dtype=f64",
    "shape=300007&scheme=truncated_normal",
    "shape=300007&scheme=truncated_normal&truncation=-1,3&dtype=f64",
    "shape=300007&scheme=truncated_normal&truncation=3,inf&dtype=f16",
    "shape=501,403&scheme=he_normal&slice=::3,7:&permute=1,0",
    "shape=150,131&scheme=orthogonal",
    "shape=150,131&scheme=orthogonal&dtype=f64",
    "shape=300,70&scheme=sparse&sparsity=0.3",
};

#define COMPARED_COUNT (sizeof compared / sizeof *compared)
#define DIGESTS_MAX (TID_SELF_TEST_KNOWN_MAX + COMPARED_COUNT)

typedef unsigned char digest[SHA256_DIGEST_SIZE];

struct task {
    const struct tid_known_digest *known;
    size_t known_count;
    uint64_t seed;
};

static void query_of(const struct task *task, size_t index, char query[256]) {
    if (index < task->known_count)
        snprintf(query, 256, "%s", task->known[index].query);
    else
        snprintf(query, 256, "%s&seed=%" PRIu64, compared[index - task->known_count],
                 task->seed);
}

/* Gives a plan its factorization, if it needs one. */
static bool factorize(struct ti_plan *plan, struct ti_factor **factor) {
    if (ti_plan_info(plan)->factor_bytes == 0) return true;
    if (ti_factor_make(plan, factor, NULL) != TI_OK) return false;
    ti_factor_run_all(*factor);
    return ti_plan_use(plan, *factor) == TI_OK;
}

/* False if anything fails; the instruction set of this process computes. */
static bool hash(const char *query, digest out) {
    struct ti_spec *spec = NULL;
    struct ti_plan *plan = NULL;
    struct ti_body *body = NULL;
    struct ti_factor *factor = NULL;
    void *workspace = NULL, *bytes = NULL;
    struct sha256_ctx sha256;
    bool done = false;
    if (ti_spec_make(&spec) != TI_OK ||
        ti_spec_set_query(spec, query, strlen(query), NULL) != TI_OK ||
        ti_plan_make(spec, &plan, NULL) != TI_OK || !factorize(plan, &factor) ||
        ti_body_make(plan, &body, NULL) != TI_OK ||
        ti_workspace_make(plan, &workspace, NULL) != TI_OK)
        goto out;
    const size_t count = (size_t)ti_body_bytes(body);
    bytes = malloc(count);
    if (!bytes || ti_body_read(body, 0, count, bytes, workspace) != TI_OK) goto out;
    sha256_init(&sha256);
    sha256_update(&sha256, count, bytes);
    sha256_digest(&sha256, SHA256_DIGEST_SIZE, out);
    done = true;
out:
    free(bytes);
    ti_workspace_free(workspace);
    ti_body_free(body);
    ti_plan_free(plan);
    ti_factor_free(factor);
    ti_spec_free(spec);
    return done;
}

/* Writes the digests, in their order, up to the first that fails. */
static void compute(const struct task *task, const char *isa, int fd) {
    char query[256];
    digest out;
    if (setenv("TENSORINIT_ISA", isa, 1) != 0) return;
    for (size_t i = 0; i < task->known_count + COMPARED_COUNT; i++) {
        query_of(task, i, query);
        if (!hash(query, out) || write(fd, out, sizeof out) != sizeof out) return;
    }
}

/* In a process of its own. Returns the number of digests. */
static size_t compute_apart(const struct task *task, const char *isa, digest *digests) {
    const size_t wanted = (task->known_count + COMPARED_COUNT) * sizeof *digests;
    size_t read_bytes = 0;
    int ends[2], status;
    if (pipe(ends) != 0) return 0;
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        compute(task, isa, ends[1]);
        _exit(0);
    }
    close(ends[1]);
    for (ssize_t more = 1; child > 0 && more > 0 && read_bytes < wanted;) {
        more = read(ends[0], (unsigned char *)digests + read_bytes, wanted - read_bytes);
        if (more > 0) read_bytes += (size_t)more;
    }
    close(ends[0]);
    if (child > 0) waitpid(child, &status, 0);
    return read_bytes / sizeof *digests;
}

static bool is_known(const char *sha256, const digest actual) {
    char text[2 * SHA256_DIGEST_SIZE + 1];
    for (size_t i = 0; i < SHA256_DIGEST_SIZE; i++)
        snprintf(text + 2 * i, 3, "%02x", actual[i]);
    return strcmp(text, sha256) == 0;
}

/* The index of the first digest that is missing or wrong. */
static size_t first_wrong(const struct task *task, const digest *digests, size_t count,
                          const digest *portable) {
    size_t i = 0;
    while (i < count &&
           (i < task->known_count ? is_known(task->known[i].sha256, digests[i])
                                  : memcmp(digests[i], portable[i], sizeof(digest)) == 0))
        i++;
    return i;
}

bool tid_self_test(const struct tid_known_digest *known, size_t known_count, FILE *file) {
    static digest portable[DIGESTS_MAX], digests[DIGESTS_MAX];
    struct task task = {.known = known, .known_count = known_count};
    const char *isa;
    bool right = true;
    /* Any seed will do, were there no random numbers. */
    if (getentropy(&task.seed, sizeof task.seed) != 0) task.seed = (uint64_t)getpid();
    for (size_t k = 0; (isa = ti_isa_at(k)); k++) {
        digest *out = k == 0 ? portable : digests;
        const size_t count = compute_apart(&task, isa, out);
        const size_t wrong = first_wrong(&task, out, count, portable);
        if (wrong == known_count + COMPARED_COUNT) {
            fprintf(file, "%s: right; %zu known digests", isa, known_count);
            if (k > 0)
                fprintf(file,
                        ", %zu tensors as portable computes them (seed %" PRIu64 ")",
                        COMPARED_COUNT, task.seed);
            fputc('\n', file);
        } else {
            char query[256];
            query_of(&task, wrong, query);
            fprintf(file, "%s: WRONG; %s: %s\n", isa, query,
                    wrong == count        ? "could not be computed"
                    : wrong < known_count ? "the digest is not the known one"
                                          : "the bytes are not those of portable");
            right = false;
        }
    }
    return right;
}
