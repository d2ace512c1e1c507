#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A test script without its x bit would silently not be run.
set -eu

bad=$(find tests scripts .ci -type f ! -perm -100 -exec grep -lE -m 1 '^#!' {} + |
    while IFS= read -r file; do
        case $(head -c 2 "$file") in '#!') echo "$file" ;; esac
    done)
[ -z "$bad" ] || { echo 'not executable, but begins with #!:'; echo "$bad"; exit 1; }
