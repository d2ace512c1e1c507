# SPDX-License-Identifier: MIT
"""One tensor in Python: its bytes go to standard output. python3 fetch.py [SERVER]"""
import sys

import tensorinit

if len(sys.argv) > 1:
    tensorinit.use(tensorinit.Servers(sys.argv[1]))
weights = tensorinit.tensor("fc1.weight", (512, 784), scheme="he_normal", seed=42)
print(tensorinit.backend, weights.dtype, weights.shape, weights.std(), file=sys.stderr)
sys.stdout.buffer.write(weights.tobytes())
