/* SPDX-License-Identifier: MIT */
/* See json_memory.h. */
#include "manifest/json_memory.h"

#include <jansson.h>
#include <stdlib.h>

static _Thread_local bool failed;

static void *noting_malloc(size_t bytes) {
    void *memory = malloc(bytes);
    if (!memory) failed = true;
    return memory;
}

void tim_json_memory_init(void) { json_set_alloc_funcs(noting_malloc, free); }
void tim_json_memory_begin(void) { failed = false; }
bool tim_json_memory_failed(void) { return failed; }
