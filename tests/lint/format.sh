#!/bin/sh
# SPDX-License-Identifier: MIT
#
# C files are as 'make format' writes them. Versions of clang-format differ in their taste;
# 14 is Debian 12's.
set -eu

for tool in clang-format-14 clang-format; do
    case $("$tool" --version 2>/dev/null) in
    *'version 14.'*)
        find core manifest server client include tests -name '*.[ch]' -print0 2>/dev/null |
            xargs -0 "$tool" --dry-run --Werror
        exit
        ;;
    esac
done
echo 'no clang-format 14'
exit 77
