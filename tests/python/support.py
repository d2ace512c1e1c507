# SPDX-License-Identifier: MIT
"""What the tests of tensorinit.py share: the module, both of its ways, the right bytes."""
import pathlib
import subprocess
import unittest

import daemon
import numpy
import tensorinit
from daemon import need

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODULE = ROOT / "client/python/tensorinit.py"

LIBRARY = daemon.BUILD / "libtensorinit.so.0"

try:
    import torch
except ImportError:
    torch = None


def generated(**parameters):
    """The bytes as the command generates them."""
    options = [f"--{name}={value}" for name, value in parameters.items()]
    done = subprocess.run([daemon.COMMAND, "generate", "--format=raw", *options],
                          stdin=subprocess.DEVNULL, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def same(array, **parameters):
    """Whether a numpy array has these bytes in row-major order."""
    return numpy.ascontiguousarray(array).tobytes() == generated(**parameters)


class Native(unittest.TestCase):
    """Tests run by the library; subclasses that are also of Http run by a server."""
    way = "native"

    @classmethod
    def setUpClass(cls):
        need(LIBRARY.exists(), LIBRARY.name)
        tensorinit.use(tensorinit.Library(str(LIBRARY)))
        cls.addClassCleanup(tensorinit.use, None)

    def test_way(self):
        self.assertEqual(tensorinit.backend, self.way)

    def refused(self, field, function, *arguments, **parameters):
        with self.assertRaises(tensorinit.ParameterError) as caught:
            function(*arguments, **parameters)
        self.assertEqual(caught.exception.field, field, caught.exception)
        return caught.exception


class Http(Native):
    way = "http"
    options = ()  # of the daemon

    @classmethod
    def setUpClass(cls):
        running = daemon.running(*cls.options)
        cls.server = running.__enter__()
        cls.addClassCleanup(running.__exit__, None, None, None)
        tensorinit.use(tensorinit.Servers(cls.server.url, retry_for=5))
        cls.addClassCleanup(tensorinit.use, None)
