#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Each public header compiles alone, as C11.
set -eu

for header in include/tensorinit/*.h; do
    echo "${header##*/}"
    # A header may hold nothing but macros; ISO C wants a declaration.
    printf '#include <tensorinit/%s>\nextern int unused;\n' "${header##*/}" |
        "${CC:-cc}" -std=c11 -pedantic -Wall -Wextra -Wundef -Wstrict-prototypes -Werror \
            -Iinclude -fsyntax-only -xc -
done
