#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Each public header compiles alone, as C++17.
set -eu

for cxx in c++ g++ clang++; do
    ! command -v "$cxx" >/dev/null || break
done
command -v "$cxx" >/dev/null || { echo 'no C++ compiler'; exit 77; }

for header in include/tensorinit/*.h; do
    echo "${header##*/}"
    # A header may hold nothing but macros; ISO C wants a declaration.
    printf '#include <tensorinit/%s>\nextern int unused;\n' "${header##*/}" |
        "$cxx" -std=c++17 -pedantic -Wall -Wextra -Wundef -Werror -Iinclude \
            -fsyntax-only -xc++ -
done
