/* SPDX-License-Identifier: MIT */
/* Patterns of tensor names. */
#include "support/test.h"

#include <stdio.h>

#include "core/model/name_pattern.h"

static struct ti_name_pattern parse(const char *text) {
    struct ti_name_pattern pattern;
    struct ti_error error;
    if (ti_name_pattern_parse(text, &pattern, &error) != TI_OK) {
        fail_msg("%s: %s", text, error.text);
    }
    return pattern;
}

/*
 * Matches and writes what the idents stand for, "a|b"; "no" if it does not match.
 */
static void expect(const char *text, const char *name, const char *expected) {
    struct ti_capture captures[TI_PATTERN_IDENTS_MAX];
    struct ti_name_pattern pattern = parse(text);
    char found[256] = "";
    uint64_t steps = 0;
    if (ti_name_pattern_match(&pattern, name, strlen(name), captures, &steps)) {
        for (unsigned i = 0; i < pattern.ident_count; i++) {
            const size_t used = strlen(found);
            snprintf(found + used, sizeof found - used, "%s%.*s", i ? "|" : "",
                     (int)captures[i].bytes, captures[i].text);
        }
    } else {
        strcpy(found, "no");
    }
    if (strcmp(found, expected) != 0) {
        fail_msg("%s on %s: %s, expected %s", text, name, found, expected);
    }
    assert_true(steps > 0);
    ti_name_pattern_clear(&pattern);
}

static void matches(void **state) {
    (void)state;
    expect("a", "a", "");
    expect("a", "ab", "no");
    expect("a", "ba", "no");
    expect("ab", "a", "no");
    expect("*", "anything.at.all", "");
    expect("**", "x", "");
    expect("*norm.weight", "model.norm.weight", "");
    expect("*norm.weight", "norm.weight", "");
    expect("*norm.weight", "norm.weights", "no");
    expect("model.*", "model.", "");
    expect("model.*", "model", "no");
    expect("*a*b*c*", "xaybzc", "");
    expect("*a*b*c*", "xaybz", "no");
    expect("ln_?.w", "ln_1.w", "");
    expect("ln_?.w", "ln_.w", "no");
    expect("ln_?.w", "ln_12.w", "no");
    expect("?", "\xc3\xa9", ""); /* a character of two bytes */
    expect("??", "\xc3\xa9", "no");
    expect("?x", "\xf0\x9f\x98\x80x", "");
}

static void idents(void **state) {
    (void)state;
    expect("h.{l}.w", "h.11.w", "11");
    expect("h.{l}.w", "h..w", "no");
    expect("h.{l}.w", "h.1.2.w", "no");
    expect("*.{l}.*", "model.layers.3.mlp.w", "layers");
    expect("*layers.{l}.*", "model.layers.3.mlp.w", "3");
    expect("*.{block}.{l}.*_proj.{what}", "t.h.3.q_proj.bias", "h|3|bias");
    expect("{a}_{b}", "q_proj_x", "q|proj_x");
    expect("{a}*", "\xc3\xa9xy", "\xc3\xa9"); /* no half characters */
    expect("*{l}", "a.12", "12");
    expect("{l}", "a.b", "no");
    expect("{l}{m}", "abc", "a|bc");
}

/* Nothing takes exponential time. */
static void steps_are_few(void **state) {
    struct ti_capture captures[TI_PATTERN_IDENTS_MAX];
    char name[1001], text[200] = "";
    uint64_t steps = 0;
    (void)state;
    memset(name, 'a', 1000);
    name[1000] = '\0';
    for (int i = 0; i < 30; i++) strcat(text, "*a");
    strcat(text, "*b?");
    struct ti_name_pattern pattern = parse(text);
    assert_false(ti_name_pattern_match(&pattern, name, 1000, captures, &steps));
    assert_true(steps < 64 * 1000 * 1000);
    ti_name_pattern_clear(&pattern);
}

static void refused_patterns(void **state) {
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"", "empty"},
        {"{}", "identifier"},
        {"{q,k}", "identifier"},
        {"{0..3}", "identifier"},
        {"{l", "identifier"},
        {"l}", "no '{'"},
        {"{l}.{l}", "twice"},
        {"{a}{b}{c}{d}{e}{f}{g}{h}{i}{j}{k}{l}{m}{n}{o}{p}{q}", "16"},
        {"a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a", "64"},
        {"\xc0\x80", "UTF-8"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ti_name_pattern pattern;
        struct ti_error error;
        assert_row(ti_name_pattern_parse(rows[i].text, &pattern, &error) == TI_EVALUE,
                   rows[i].text);
        assert_row(strstr(error.text, rows[i].why), error.text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches),
        cmocka_unit_test(idents),
        cmocka_unit_test(steps_are_few),
        cmocka_unit_test(refused_patterns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
