/* SPDX-License-Identifier: MIT */
/* Tables of test vectors: see tsv.h. */
#include "support/tsv.h"

#include <stdlib.h>
#include <string.h>

void tsv_open(struct tsv *tsv, const char *path) {
    tsv->file = fopen(path, "r");
    if (!tsv->file) {
        perror(path);
        abort();
    }
}

bool tsv_next(struct tsv *tsv) {
    while (fgets(tsv->line, sizeof tsv->line, tsv->file)) {
        char *rest = tsv->line, *field;
        if (tsv->line[0] == '#') continue;
        tsv->fields = 0;
        while (tsv->fields < TSV_FIELDS && (field = strtok_r(rest, " \t\n", &rest))) {
            tsv->field[tsv->fields++] = field;
        }
        if (tsv->fields > 0) return true;
    }
    fclose(tsv->file);
    return false;
}
