/* SPDX-License-Identifier: MIT */
/*
 * What people type: other spellings of values, as docs/SPELLINGS.md lists them, and names
 * that are near to a mistyped one. ti_spec_set_query_lenient() (spec.h) uses both; these
 * functions are for programs that pass requests on, or have names of their own.
 */
#ifndef TENSORINIT_SPELLINGS_H
#define TENSORINIT_SPELLINGS_H

#include <stddef.h>

#include <tensorinit/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Max number of bytes by which a plain value is longer than the typed one. */
#define TI_SPELLING_GROWTH 8

/*
 * Writes the plain form of a parameter's value to 'plain': "f32" for dtype=torch.float32.
 *
 *   param         the parameter's name, NUL-terminated
 *   value         its value, 'value_bytes' long; needs no NUL
 *   plain         caller's; value_bytes + TI_SPELLING_GROWTH bytes
 *
 * Returns the length, without a NUL. Copied as it is: a value that has no other form,
 * whose words depend on the scheme (mode, distribution), or whose parameter does not exist.
 * Nothing is checked.
 */
TI_API size_t ti_spelling_plain(const char *param, const char *value, size_t value_bytes,
                                char *plain);

/*
 * Writes the plain form of a query: values as above, and a list that is given item by
 * item (shape=512&shape=784, shape[]=512&shape[]=784) as one pair.
 *
 * Returns TI_OK and a NUL-terminated query in '*plain', which the caller frees with
 * free(); TI_EPARAM or TI_EVALUE for a pair without a name, without a '=' or with an
 * invalid percent-encoding; TI_ENOMEM. On failure '*plain' is untouched.
 */
TI_API TI_MUST_USE enum ti_status ti_query_plain(const char *query, size_t query_bytes,
                                                 char **plain, struct ti_error *error);

/* Max number of near names. */
#define TI_NEAR_MAX 3

/*
 * Finds the names that are nearest to a mistyped one, the nearest first; one that differs in
 * case and signs only is the only one.
 *
 *   typed   NUL-terminated
 *   names   'count' names, NUL-terminated
 *   near    receives pointers from 'names'
 *
 * Returns their number, 0 if no name is near.
 */
TI_API size_t ti_near_names(const char *typed, const char *const *names, size_t count,
                            const char *near[TI_NEAR_MAX]);

#ifdef __cplusplus
}
#endif

#endif
