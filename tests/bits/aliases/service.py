# SPDX-License-Identifier: MIT
"""Tensors, plans and refusals of a daemon, and the count of what is wrong with them."""
import json
import pathlib
import sys

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import daemon  # noqa: E402
from dtypes import DTYPES  # noqa: E402

P_MIN = 1e-4  # all seeds are fixed: a result is always the same


class Service:
    def __init__(self, client):
        self.client, self.checks, self.failures = client, 0, []

    def get(self, path, scheme, shape, parameters):
        dims = ",".join(map(str, shape)) or "scalar"
        return self.client.get(daemon.target(path, {"shape": dims, "scheme": scheme,
                                                    **parameters}))

    def tensor(self, scheme, shape, **parameters):
        status, _, body = self.get("/v1/tensor", scheme, shape, parameters)
        assert status == 200, (scheme, shape, parameters, body)
        dtype = DTYPES[parameters.get("dtype", "f32")]
        return numpy.frombuffer(body, dtype.numpy).reshape(shape)

    def plan(self, scheme, shape, **parameters):
        status, _, body = self.get("/v1/plan", scheme, shape, parameters)
        assert status == 200, (scheme, shape, parameters, body)
        return json.loads(body)

    def problem(self, scheme, shape, **parameters):
        """The problem document, or None if there is none."""
        status, _, body = self.get("/v1/plan", scheme, shape, parameters)
        return json.loads(body) if status >= 400 else None

    def check(self, condition, *what):
        self.checks += 1
        if not condition:
            self.failures.append(" ".join(map(str, what)))

    def end(self, name):
        """Prints the sum and ends the program."""
        print(*(f"FAIL {failure}" for failure in self.failures[:40]), sep="\n", end="")
        print(f"{name}: {self.checks} checks, {len(self.failures)} failed")
        sys.exit(1 if self.failures else 0)
