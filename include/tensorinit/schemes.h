/* SPDX-License-Identifier: MIT */
/*
 * What can be asked for: schemes and parameters, for those who list, document or check them.
 * All strings are static, plain ASCII and NUL-terminated.
 */
#ifndef TENSORINIT_SCHEMES_H
#define TENSORINIT_SCHEMES_H

#include <stdbool.h>
#include <stddef.h>

#include <tensorinit/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * One parameter of a request.
 *
 *   name      as requests spell it ("fan_in")
 *   accepts   what a value may be ("a whole number of 1 or more")
 *   meaning   what it does, one line
 *   fallback  what holds when it is absent ("oi", "required", "as the scheme")
 *   common    true if every scheme takes it
 *   framework true if only frameworks' names take it (ti_alias_get())
 *   choice    true if a value is one of the words of 'accepts', which ", " separates
 */
struct ti_param_info {
    const char *name;
    const char *accepts;
    const char *meaning;
    const char *fallback;
    bool common;
    bool framework;
    bool choice;
};

/*
 * One scheme.
 *
 *   name      canonical ("he_normal")
 *   aliases   other names of the same, comma-separated, or ""
 *   formula   distribution and its numbers ("truncated normal, std sqrt(2/fan_in)")
 *   source    the paper or framework it comes from
 *   suits     the activation it suits, or what else it is for
 *   defaults  what its own parameters are when absent, as a query ("mode=fan_in"), or ""
 */
struct ti_scheme_info {
    const char *name;
    const char *aliases;
    const char *formula;
    const char *source;
    const char *suits;
    const char *defaults;
};

/*
 * A framework's name of an initializer, which a request may have for its scheme
 * ("keras.HeNormal"): it has the framework's parameters, defaults and rule for fans, and is
 * resolved to a scheme of ours.
 *
 *   frameworks  which frameworks have it ("jax, flax")
 *   spellings   how they spell it ("HeNormal, he_normal"), comma-separated
 *   scheme      the scheme that it stands for
 *   params      its parameters, comma-separated, "stddev=std" where ours has another name;
 *               besides these the common ones and, if the scheme has fans, fan_in and fan_out
 *   defaults    of these, as a query, where they are not the scheme's
 *   fixed       what it means besides, as a query in our terms ("truncation=2"), or ""
 */
struct ti_alias_info {
    const char *frameworks;
    const char *spellings;
    const char *scheme;
    const char *params;
    const char *defaults;
    const char *fixed;
};

/*
 * A word that frameworks have for the value of a parameter that is a choice ("normal" for
 * distribution). Where a framework has any for a parameter, these are all that it takes.
 *
 *   frameworks, param  whose word it is, and for which parameter
 *   word, canonical    the word, and the one of ours that it means
 */
struct ti_word_info {
    const char *frameworks;
    const char *param;
    const char *word;
    const char *canonical;
};

/* Number of entries, and the entry 'index' in the order of the definition; NULL beyond it. */
TI_API size_t ti_param_count(void);
TI_API const struct ti_param_info *ti_param_get(size_t index);
TI_API size_t ti_scheme_count(void);
TI_API const struct ti_scheme_info *ti_scheme_get(size_t index);
TI_API size_t ti_alias_count(void);
TI_API const struct ti_alias_info *ti_alias_get(size_t index);
TI_API size_t ti_word_count(void);
TI_API const struct ti_word_info *ti_word_get(size_t index);

/* Index of a scheme by its name or an alias; false if there is none ('*index' untouched). */
TI_API bool ti_scheme_find(const char *name, size_t name_bytes, size_t *index);

/* Whether the scheme takes the parameter (both by index). Common ones: always. */
TI_API bool ti_scheme_takes(size_t scheme_index, size_t param_index);

#ifdef __cplusplus
}
#endif

#endif
