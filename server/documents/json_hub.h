/* SPDX-License-Identifier: MIT */
/* Documents as the API of the Hugging Face Hub has them, as far as its clients read them. */
#ifndef TID_JSON_HUB_H
#define TID_JSON_HUB_H

#include <stddef.h>

#include "server/documents/json_model.h"

/* What is known of a repository. As all below: from malloc(), NULL if memory runs out. */
char *tid_json_hub_model(const char *repository, const char *commit,
                         const struct tid_json_file *files, size_t count);

/* A list of files; with 'expand' each has its last commit. */
char *tid_json_hub_files(const struct tid_json_file *files, size_t count,
                         const char *commit, int expand);

#endif
