# SPDX-License-Identifier: MIT
"""Tensors, plans and refusals of a daemon, and the count of what is wrong with them."""
import json
import pathlib
import sys
import urllib.error
import urllib.parse

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import daemon  # noqa: E402

P_MIN = 1e-4  # all seeds are fixed: a result is always the same
TYPES = {"f32": "<f4", "f64": "<f8", "f16": "<f2", "bf16": "<u2", "i8": "i1", "i64": "<i8"}


class Service:
    def __init__(self, server):
        self.server, self.checks, self.failures = server, 0, []

    @staticmethod
    def query(scheme, shape, parameters):
        dims = ",".join(map(str, shape)) or "scalar"
        return urllib.parse.urlencode({"shape": dims, "scheme": scheme, **parameters})

    def tensor(self, scheme, shape, **parameters):
        body, _ = self.server.get("/v1/tensor?" + self.query(scheme, shape, parameters))
        return numpy.frombuffer(body, TYPES[parameters.get("dtype", "f32")]).reshape(shape)

    def plan(self, scheme, shape, **parameters):
        body, _ = self.server.get("/v1/plan?" + self.query(scheme, shape, parameters))
        return json.loads(body)

    def problem(self, scheme, shape, **parameters):
        """The problem document, or None if there is none."""
        try:
            self.plan(scheme, shape, **parameters)
        except urllib.error.HTTPError as response:
            with response:
                return json.load(response)
        return None

    def check(self, condition, *what):
        self.checks += 1
        if not condition:
            self.failures.append(" ".join(map(str, what)))

    def end(self, name):
        """Prints the sum and ends the program."""
        print(*(f"FAIL {failure}" for failure in self.failures[:40]), sep="\n", end="")
        print(f"{name}: {self.checks} checks, {len(self.failures)} failed")
        sys.exit(1 if self.failures else 0)
