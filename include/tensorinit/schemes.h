/* SPDX-License-Identifier: MIT */
/*
 * The tables of parameters, schemes and frameworks' names, for programs that list,
 * document or check requests. All rows and strings are static, never change and may be
 * read by any thread; strings are plain ASCII and NUL-terminated. Lists are separated by
 * ", ".
 */
#ifndef TENSORINIT_SCHEMES_H
#define TENSORINIT_SCHEMES_H

#include <stdbool.h>
#include <stddef.h>

#include <tensorinit/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One parameter of a request. */
struct ti_param_info {
    /* in requests: "fan_in" */
    const char *name;
    /* valid values: "an integer of 1 or more", or the list of words if 'choice' */
    const char *accepts;
    /* one line for users */
    const char *meaning;
    /* the default: "oi"; or "required", or where it comes from: "as the scheme" */
    const char *fallback;
    /* every scheme takes it */
    bool common;
    /* only frameworks' names take it: struct ti_alias_info */
    bool framework;
    /* a value is one of the words of 'accepts' */
    bool choice;
};

/* One scheme. */
struct ti_scheme_info {
    /* canonical: "he_normal" */
    const char *name;
    /* other names of the same scheme, a list or "" */
    const char *aliases;
    /* the distribution and its numbers: "truncated normal at +-2 sigma, std sqrt(2/n)" */
    const char *formula;
    /* the paper or framework that it comes from */
    const char *source;
    /* the activation or layer that it is for */
    const char *suits;
    /* defaults of its parameters, as a query: "mode=fan_in"; or "" */
    const char *defaults;
};

/*
 * A framework's name of an initializer, such as keras.HeNormal. It is a valid value of
 * scheme=, has the framework's parameters, defaults and rule for fans, and resolves to a
 * scheme.
 */
struct ti_alias_info {
    /* the frameworks that have it, a list: "jax, flax" */
    const char *frameworks;
    /* its spellings, a list: "HeNormal, he_normal" */
    const char *spellings;
    /* the scheme that it resolves to */
    const char *scheme;
    /* its parameters, a list; "stddev=std" where the framework's name differs from the
       canonical one. It also takes the common parameters and, if the scheme has fans,
       fan_in and fan_out */
    const char *params;
    /* the framework's defaults where they differ from the scheme's, as a query, or "" */
    const char *defaults;
    /* canonical parameters that the name implies, as a query: "truncation=2"; or "" */
    const char *fixed;
};

/*
 * A framework's word for the value of a parameter: keras says "normal" for
 * distribution=truncated_normal. A framework that has any word for a parameter takes only
 * its own words for it.
 */
struct ti_word_info {
    /* the frameworks that use it, a list */
    const char *frameworks;
    /* the parameter, a choice */
    const char *param;
    const char *word;
    /* the word of that parameter's 'accepts' that it means */
    const char *canonical;
};

/*
 * For each table the number of rows, and row 'index' in the order of the definition; NULL
 * from the number of rows on.
 */
TI_API size_t ti_param_count(void);
TI_API const struct ti_param_info *ti_param_get(size_t index);
TI_API size_t ti_scheme_count(void);
TI_API const struct ti_scheme_info *ti_scheme_get(size_t index);
TI_API size_t ti_alias_count(void);
TI_API const struct ti_alias_info *ti_alias_get(size_t index);
TI_API size_t ti_word_count(void);
TI_API const struct ti_word_info *ti_word_get(size_t index);

/*
 * Finds a scheme by its name or one of its aliases, not by a framework's name. 'name'
 * needs no NUL. Returns false if there is none ('*index' is untouched).
 */
TI_API bool ti_scheme_find(const char *name, size_t name_bytes, size_t *index);

/* The same for a framework's name, "keras.HeNormal": an index for ti_alias_get(). */
TI_API bool ti_alias_find_name(const char *name, size_t name_bytes, size_t *index);

/*
 * Whether the scheme takes the parameter, both given by index; true for common
 * parameters, false for an index that does not exist.
 */
TI_API bool ti_scheme_takes(size_t scheme_index, size_t param_index);

#ifdef __cplusplus
}
#endif

#endif
