/* SPDX-License-Identifier: MIT */
/* How near a mistyped word is to one that exists. */
#ifndef TI_NEAR_MATCH_H
#define TI_NEAR_MATCH_H

#include <tensorinit/spellings.h>

/* The result for words that are not near. */
#define TI_NEAR_NONE 100

/*
 * The number of letters that differ: left out, added, exchanged or swapped with the next
 * (optimal string alignment). Only letters and digits count, and upper and lower case are
 * the same, so "HeNormal" is 0 from "he_normal". A word that the other one starts with is
 * 1 from it. TI_NEAR_NONE if too many differ for the length of the words.
 */
unsigned ti_near_distance(const char *typed, size_t typed_bytes, const char *word,
                          size_t word_bytes);

/* Whether the distance is 0. */
int ti_near_same(const char *typed, size_t typed_bytes, const char *word,
                 size_t word_bytes);

#endif
