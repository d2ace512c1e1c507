#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every source file names its licence in its first lines.
set -eu

licence='SPDX-License-Identifier: MIT'
sources='\.([ch]|def|inc|sh|py|js|mjs|awk|in|ya?ml|service|socket)$|(Dockerfile|Makefile)$'

list() {
    if ! git ls-files -z --cached --others --exclude-standard 2>/dev/null; then
        find . -path ./.git -prune -o -path ./build -prune -o -type f -print0
    fi
}

# Files without it, of which programs and sources matter; and files that have it further down.
without=$(list | xargs -0 grep -Ls "$licence" || true)
bad=$(
    printf '%s\n' "$without" | grep -E "$sources" || true
    printf '%s\n' "$without" | xargs -d '\n' grep -Hns -m 1 '^#!' | sed -n 's/:1:#!.*//p'
    list | xargs -0 grep -HnsI -m 1 "$licence" | awk -F : '$2 > 5 { print $1 }'
)
[ -z "$bad" ] || { echo "no $licence in the first lines of:"; echo "$bad"; exit 1; }
