# SPDX-License-Identifier: MIT
"""What the tests of interoperation share: a daemon, tensors of every dtype, and what numpy
makes of their bytes."""
import os
import pathlib
import shutil
import sys
import tempfile
import unittest
import urllib.parse

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import daemon  # noqa: E402

REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"

# Of the types that numpy has not: the bits.
NUMPY_TYPES = {"f32": "<f4", "f64": "<f8", "f16": "<f2", "bf16": "<u2", "f8_e4m3": "u1",
               "f8_e5m2": "u1", "i8": "i1", "i16": "<i2", "i32": "<i4", "i64": "<i8",
               "u8": "u1", "u16": "<u2", "u32": "<u4", "u64": "<u8", "bool": "?"}
FLOATS = [dtype for dtype in NUMPY_TYPES if "f" in dtype]
WHOLE = [dtype for dtype in NUMPY_TYPES if dtype not in FLOATS]

# As few values of a bool or a narrow type as there are, they are all of interest.
EDGES = {"i8": ["-128", "127"], "i16": ["-32768", "32767"],
         "i32": ["-2147483648", "2147483647"],
         "i64": ["-9223372036854775808", "9223372036854775807"], "u8": ["255"],
         "u16": ["65535"], "u32": ["4294967295"], "u64": ["18446744073709551615"],
         "bool": ["0", "1"]}


def need(found, what):
    """Skips a test for what this machine lacks, unless all is required."""
    if not found:
        if REQUIRE_ALL:
            raise AssertionError(f"missing, but all is required: {what}")
        raise unittest.SkipTest(f"no {what}")


def program(name):
    need(shutil.which(name), name)
    return shutil.which(name)


def target(parameters):
    return "/v1/tensor?" + urllib.parse.urlencode(parameters)


def random_tensor(dtype, **more):
    """Drawn values of a float type."""
    return {"shape": "5,3,7", "scheme": "normal", "seed": "3", "name": "w", "dtype": dtype,
            **more}


def tensors():
    """Parameters of tensors of every dtype: random ones, and integer ones at the edges."""
    for dtype in FLOATS:
        for shape in ("5,3,7", "scalar", "0,4", "9"):
            yield random_tensor(dtype, shape=shape)
    for dtype in WHOLE:
        for value in EDGES[dtype]:
            yield {"shape": "2,3", "scheme": "constant", "value": value, "dtype": dtype}


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        running = daemon.running()
        cls.server = running.__enter__()
        cls.addClassCleanup(running.__exit__, None, None, None)

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)

    def get(self, parameters, **more):
        return self.server.get(target({**parameters, **more}))[0]

    def raw(self, parameters):
        """The elements as numpy has them, in the tensor's shape."""
        body, headers = self.server.get(target({**parameters, "format": "raw"}))
        shape = headers["Tensor-Shape"]
        shape = [] if shape in ("", "scalar") else [int(dim) for dim in shape.split(",")]
        return numpy.frombuffer(body, NUMPY_TYPES[parameters["dtype"]]).reshape(shape)
