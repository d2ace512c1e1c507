#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every source file names its licence in its first lines.
set -eu

list() {
    if ! git ls-files -z --cached --others --exclude-standard 2>/dev/null; then
        find . -path ./.git -prune -o -path ./build -prune -o -type f -print0
    fi
}

# shellcheck disable=SC2016 # the inner shell expands
bad=$(list | xargs -0 sh -c '
    for file; do
        case $file in
        *.[ch] | *.def | *.inc | *.sh | *.py | *.js | *.mjs | *.awk | *.in | *.ya?ml) ;;
        *.service | *.socket | *Dockerfile | *Makefile) ;;
        *) [ -f "$file" ] && [ "$(head -c 2 "$file" | tr -d "\0")" = "#!" ] || continue ;;
        esac
        [ ! -f "$file" ] || head -n 5 "$file" | grep -q "SPDX-License-Identifier: MIT" ||
            echo "$file"
    done' sh)
[ -z "$bad" ] || { echo 'no SPDX-License-Identifier: MIT in:'; echo "$bad"; exit 1; }
