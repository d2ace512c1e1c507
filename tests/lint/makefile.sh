#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Reading the Makefile runs no compiler and no pkg-config: 'make run' and 'make test' may have
# to install them first.
set -eu

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

for tool in cc gcc clang pkg-config; do
    printf '#!/bin/sh\necho "%s was run" >>%s/ran\nexit 1\n' "$tool" "$tmp" >"$tmp/$tool"
    chmod +x "$tmp/$tool"
done
for config in release fuzz; do
    PATH=$tmp:$PATH "${MAKE:-make}" CONFIG=$config help >"$tmp/out" || status=$?
    if [ "${status:-0}" -ne 0 ] || [ -e "$tmp/ran" ]; then
        echo "make help CONFIG=$config: exit ${status:-0}"
        cat "$tmp/ran"
        exit 1
    fi
done
