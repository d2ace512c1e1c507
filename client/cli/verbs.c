/* SPDX-License-Identifier: MIT */
/* The table of verbs: what each is called, has and runs. */
#include "client/cli/verbs.h"

#include <stdio.h>
#include <string.h>

const struct cli_verb cli_verbs[] = {
    {
        .name = "generate",
        .about = "computes a tensor and writes it",
        .also = "create make init write",
        .example = "generate --shape 512,784 --name fc1.weight --seed 42 -o fc1.npy",
        .tensor = true,
        .run = cli_generate,
    },
    {
        .name = "get",
        .about = "fetches a tensor from a tensorinitd",
        .also = "fetch download pull curl",
        .example = "get --server http://host:8080 --shape 4096,4096 --name q -o q.npy",
        .tensor = true,
        .remote = true,
        .run = cli_get,
    },
    {
        .name = "verify",
        .about = "compares files with their tensors, byte by byte",
        .also = "check compare diff cmp",
        .example = "verify --shape 512,784 --name fc1.weight --seed 42 fc1.npy",
        .file = "FILE",
        .many = true,
        .tensor = true,
        .run = cli_verify,
    },
    {
        .name = "digest",
        .about = "prints the SHA-256 of what generate would write",
        .also = "hash sha256 sha256sum checksum",
        .example = "digest --shape 512,784 --name fc1 --as fc1.npy | sha256sum -c",
        .tensor = true,
        .run = cli_digest,
    },
    {
        .name = "plan",
        .about = "prints what would be generated",
        .also = "explain info describe show dry-run",
        .example = "plan --shape 512,784 --scheme keras.HeNormal",
        .tensor = true,
        .run = cli_plan,
    },
    {
        .name = "stats",
        .about = "prints statistics and a histogram of the values",
        .also = "statistics histogram summary",
        .example = "stats --shape 512,784 --scheme xavier_uniform --name fc1.weight",
        .tensor = true,
        .run = cli_stats,
    },
    {
        .name = "model",
        .about = "computes the files of a whole model",
        .also = "checkpoint manifest init_model",
        .example = "model gpt2 --seed 42 -o gpt2.safetensors",
        .file = "MANIFEST",
        .run = cli_model,
    },
    {
        .name = "propagate",
        .about = "plots what weights do to signals in a deep network",
        .also = "propagation signals gradients simulate",
        .example = "propagate --scheme he_normal,xavier_normal --mode fan_in",
        .tensor = true,
        .stack = true,
        .run = cli_propagate,
    },
    {
        .name = "schemes",
        .about = "lists the schemes, or describes one in full",
        .also = "list ls initializers",
        .example = "schemes keras.HeNormal",
        .file = "SCHEME",
        .run = cli_schemes,
    },
};

const size_t cli_verb_count = sizeof cli_verbs / sizeof *cli_verbs;

const struct cli_verb *cli_verb_find(const char *name) {
    for (size_t i = 0; i < cli_verb_count; i++) {
        if (strcmp(name, cli_verbs[i].name) == 0) return &cli_verbs[i];
    }
    return NULL;
}

/* The verb that has the word among its other words; NULL if there is none. */
static const struct cli_verb *verb_for(const char *word) {
    const size_t n = strlen(word);
    for (size_t i = 0; i < cli_verb_count; i++) {
        for (const char *at = cli_verbs[i].also; *at; at += strspn(at, " ")) {
            const size_t length = strcspn(at, " ");
            if (length == n && memcmp(at, word, n) == 0) return &cli_verbs[i];
            at += length;
        }
    }
    return NULL;
}

int cli_verb_unknown(const char *name) {
    const char *names[sizeof cli_verbs / sizeof *cli_verbs];
    const struct cli_verb *meant = verb_for(name);
    for (size_t i = 0; i < cli_verb_count; i++) names[i] = cli_verbs[i].name;
    fprintf(stderr, "tensorinit: unknown verb '%s'", name);
    if (meant) {
        fprintf(stderr, "; did you mean %s?", meant->name);
    } else {
        cli_print_near(name, names, cli_verb_count, "");
    }
    fputc('\n', stderr);
    return CLI_USAGE;
}
