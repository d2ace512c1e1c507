#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The shared library exports what the public headers mark TI_API, and nothing else.
set -eu

library=${BUILD:-build/release}/libtensorinit.so.0
[ -e "$library" ] || { echo "$library: not built"; exit 1; }

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

nm -D --defined-only "$library" | awk '$3 !~ /^__/ { print $3 }' | sort >"$tmp/exported"
# Without macros and comments, lines joined up to the ';': the name stands before '(' or '['.
grep -hvE '^[[:space:]]*#' include/tensorinit/*.h | tr '\n' ' ' |
    sed -E 's:/\*([^*]|\*+[^*/])*\*+/::g' | grep -oE 'TI_API [^;]*;' |
    sed -E 's/[[(].*//; s/ *;//; s/.*[ *]//' | sort -u >"$tmp/declared"

grep -vE '^ti_' "$tmp/exported" >"$tmp/other" || true
if [ -s "$tmp/other" ] || [ ! -s "$tmp/exported" ]; then
    echo 'only ti_ names are to be exported, but there are:'
    cat "$tmp/other"
    exit 1
fi
if ! diff "$tmp/declared" "$tmp/exported" >"$tmp/diff"; then
    echo 'declared TI_API in the headers (<) and exported by the library (>) differ:'
    cat "$tmp/diff"
    exit 1
fi
