#!/bin/sh
# SPDX-License-Identifier: MIT
#
# One tensor by curl: its bytes go to standard output. sh fetch.sh [SERVER]
set -eu

server=${1:-http://127.0.0.1:8080}
# Continues after a broken connection; -f: an error is an exit code, not a file.
curl -fsS --retry 5 --retry-connrefused \
    "$server/v1/tensor?shape=512,784&scheme=he_normal&seed=42&name=fc1.weight"
