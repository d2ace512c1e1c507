#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Dependencies point one way. Each rule: files, a pattern that their #include lines must not
# match, files that may nevertheless.
set -eu

status=0
# forbid FILES PATTERN [EXCEPT [BEFORE]]: extended regular expressions; FILES and EXCEPT are
# paths, BEFORE is what may stand before PATTERN.
forbid() {
    found=$(printf '%s\n' "$includes" | grep -E "^($1)[^:]*:" |
        grep -Ev "^(${3:-no such file}):" | grep -E ":[0-9]+:.*(${4:-[<\"/]})($2)[>\"/.]" || true)
    [ -n "$found" ] || return 0
    printf '%s\n' "$found"
    printf '    %s must not include %s\n' "$1" "$2"
    status=1
}

includes=$(find core server client include -name '*.[ch]' -exec \
    grep -nHE '^[[:space:]]*#[[:space:]]*include' {} + 2>/dev/null || true)

# The parts.
forbid 'core/' 'server|client|jansson|microhttpd|curl'
forbid 'include/' 'core|server|client|jansson|microhttpd|curl'
forbid 'server/' 'core|client|curl'
forbid 'client/' 'core|server|microhttpd'
forbid 'server/' 'microhttpd' 'server/mhd/[a-z0-9_]*\.[ch]'
forbid 'server/' 'jansson' 'server/documents/(json_[a-z0-9_]*|problem)\.c'
forbid 'client/' 'jansson' 'client/json\.c'
forbid 'client/' 'curl' 'client/transport\.c'
forbid 'server/(endpoints|documents|http|work)/' 'server/mhd'

# Within the core: vec <- kernels <- isa <- dispatch <- fill <- plan <- formats. That is of its
# own headers: what <tensorinit/...> declares, any of them may implement.
above() { forbid "$1" "(core/)?($2)" '' '"'; }
above 'core/vec/' 'kernels|isa|dispatch|fill|plan|formats'
above 'core/kernels/' 'isa|dispatch|fill|plan|formats'
above 'core/isa/' 'dispatch|fill|plan|formats'
above 'core/dispatch' 'fill|plan|formats'
above 'core/fill' 'plan|formats'
above 'core/plan' 'formats'
above 'core/request/schemes/' 'vec|kernels|isa|dispatch|fill|formats'

exit $status
