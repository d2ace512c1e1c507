/* SPDX-License-Identifier: MIT */
/* The key of a rank: which one comes at place 'rank' in ascending order. */
#ifndef TI_SPARSE_SELECT_H
#define TI_SPARSE_SELECT_H

#include <stddef.h>
#include <stdint.h>

/* Of 'count' different keys, whose order it changes; 'rank' is less than 'count'. */
uint64_t ti_sparse_select(uint64_t *keys, size_t count, size_t rank);

#endif
