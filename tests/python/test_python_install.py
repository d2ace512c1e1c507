# SPDX-License-Identifier: MIT
"""The module reaches a machine by pip without a network, and from the daemon."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import daemon
from support import LIBRARY, MODULE, need, tensorinit


class Install(unittest.TestCase):
    def test_pip(self):
        """With no package index that answers, and no other option."""
        try:
            import pip  # noqa: F401
        except ImportError:
            need(None, "pip")
        with tempfile.TemporaryDirectory() as scratch:
            environment = {**os.environ, "PIP_INDEX_URL": "http://127.0.0.1:9/",
                           "PIP_RETRIES": "0", "PIP_NO_CACHE_DIR": "1",
                           "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
            before = sorted(MODULE.parent.iterdir())
            done = subprocess.run(
                [sys.executable, "-m", "pip", "install", "--ignore-installed", "--no-deps",
                 "--prefix", scratch, MODULE.parent],
                env=environment, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertEqual(sorted(MODULE.parent.iterdir()), before)
            installed, = pathlib.Path(scratch).rglob("tensorinit.py")
            self.assertEqual(installed.read_bytes(), MODULE.read_bytes())
            done = subprocess.run(
                [sys.executable, "-c",
                 "import importlib.metadata as m, tensorinit; "
                 "print(m.version('tensorinit'), tensorinit.backend, tensorinit.source)"],
                env={**environment, "PYTHONPATH": str(installed.parent),
                     "TENSORINIT_LIBRARY": str(LIBRARY)},
                cwd=scratch, capture_output=True, text=True)
            self.assertEqual(done.stdout, f"{tensorinit.__version__} native {LIBRARY}\n",
                             done.stderr)

    def test_served(self):
        with daemon.running() as server:
            self.assertEqual(server.get("/client/tensorinit.py")[0], MODULE.read_bytes())
