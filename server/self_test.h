/* SPDX-License-Identifier: MIT */
/*
 * 'tensorinitd --self-test': whether this build computes the right bits on this machine,
 * with each instruction set that it has.
 */
#ifndef TID_SELF_TEST_H
#define TID_SELF_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A query, and the SHA-256 of its body in hexadecimal digits. */
struct tid_known_digest {
    const char *query, *sha256;
};

#define TID_SELF_TEST_KNOWN_MAX 32

/* Digests of docs/conformance.tsv, from self_test.def. */
extern const struct tid_known_digest tid_known_digests[];
extern const size_t tid_known_digest_count;

/*
 * Compares, for each instruction set, the digests of some tensors with the known ones, and
 * those of tensors with a random seed with what the portable kernels compute. Each runs in
 * a process of its own: one process uses one instruction set (TENSORINIT_ISA). So this
 * must be called before there are threads, and before the first plan is made.
 *
 *   known  at most TID_SELF_TEST_KNOWN_MAX
 *   file   gets a line for each instruction set
 *
 * Returns whether all are right.
 */
bool tid_self_test(const struct tid_known_digest *known, size_t known_count, FILE *file);

#endif
