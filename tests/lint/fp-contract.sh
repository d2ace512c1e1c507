#!/bin/sh
# SPDX-License-Identifier: MIT
#
# No object of the core holds a fused multiply-add: it would round once where the bit
# contract rounds twice. gcc fuses by default, even intrinsics. BUILD and OBJDUMP say what
# to look at.
set -eu

objects=${BUILD:-build/release}/obj/core
[ -d "$objects" ] || { echo "$objects: nothing built"; exit 1; }

fused='vfn?m(add|sub)|fn?m(add|sub)|fml[as]|bfml'
find_fused() { grep -E "^ *[0-9a-f]+:[[:space:]]+($fused)"; }

# The pattern must find what it is to find.
printf '   0:\tvfmadd213ps %%ymm0,%%ymm1,%%ymm2\n' | find_fused >/dev/null
printf '   4:\tfmla\tv0.4s, v1.4s, v2.4s\n' | find_fused >/dev/null

status=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
find "$objects" -name '*.o' >"$tmp/objects"
while IFS= read -r object; do
    "${OBJDUMP:-objdump}" -d --no-show-raw-insn "$object" >"$tmp/code"
    if find_fused <"$tmp/code" >"$tmp/fused"; then
        echo "$object:"
        head -n 5 "$tmp/fused"
        status=1
    fi
done <"$tmp/objects"
exit $status
