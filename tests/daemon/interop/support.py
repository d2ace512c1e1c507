# SPDX-License-Identifier: MIT
"""What the tests of interoperation share: a daemon, tensors of every dtype, and what numpy
makes of their bytes."""
import pathlib
import shutil
import sys
import tempfile
import unittest

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import daemon  # noqa: E402
import dtypes  # noqa: E402
from daemon import REQUIRE_ALL, need  # noqa: E402, F401
from dtypes import DTYPES, FLOATS, INTEGERS  # noqa: E402


def program(name):
    need(shutil.which(name), name)
    return shutil.which(name)


def target(parameters):
    return daemon.target("/v1/tensor", parameters)


def random_tensor(dtype, **more):
    """Drawn values of a float type."""
    return {"shape": "5,3,7", "scheme": "normal", "seed": "3", "name": "w", "dtype": dtype,
            **more}


def tensors():
    """Parameters of tensors of every dtype: drawn ones, and integers at the edges."""
    for dtype in FLOATS:
        for shape in ("5,3,7", "scalar", "0,4", "9"):
            yield random_tensor(dtype, shape=shape)
    for name in INTEGERS:
        for value in (DTYPES[name].smallest, DTYPES[name].largest):
            yield {"shape": "2,3", "scheme": "constant", "value": str(value), "dtype": name}


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        running = daemon.running()
        cls.server = running.__enter__()
        cls.addClassCleanup(running.__exit__, None, None, None)
        dtypes.of(cls.server)

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
        return numpy.frombuffer(body, DTYPES[parameters["dtype"]].numpy).reshape(shape)
