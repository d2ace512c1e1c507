# SPDX-License-Identifier: MIT
"""Shared by the tests of the tensorinit command."""
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import daemon  # noqa: E402
import dtypes  # noqa: E402, F401
import fault_proxy  # noqa: E402, F401

OK, DIFFERS, USAGE, UNAVAILABLE, IO_ERROR, MISMATCH = 0, 1, 64, 69, 74, 76

SMALL = ("--shape", "3,5", "--name", "a")
HUGE = ("--shape", f"{2**59}", "--scheme", "normal", "--name", "a")
# It fits a disk, and takes minutes.
SLOW = ("--shape", "32768,16384", "--scheme", "sparse", "--sparsity", "0.5", "--permute", "1,0",
        "--dtype", "f8_e5m2", "--name", "a", "-q")


def tensorinit(*arguments, **options):
    """The completed process; standard output and error are bytes."""
    options.setdefault("stdout", subprocess.PIPE)
    return subprocess.run([daemon.COMMAND, *arguments], stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, timeout=60, **options)


def generate(*arguments, **options):
    return tensorinit("generate", *arguments, **options)


def raw(*arguments):
    """The raw bytes of a tensor."""
    done = generate("-q", *arguments)
    assert done.returncode == OK, done.stderr
    return done.stdout


def limit_file(size):
    """For a child process: limits the size of its files."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def shown_on(master, terminal):
    """All that has been written to a terminal, whose descriptors these are, until no process
    has it any more."""
    os.close(terminal)
    shown = b""
    while True:
        try:
            shown += os.read(master, 65536)
        except OSError:
            return shown


def with_jobs(arguments):
    """Four connections, unless the test says how many: to this machine the default may be one."""
    said = any(str(argument).startswith(("-j", "--jobs")) for argument in arguments)
    return [*arguments, *([] if said else ["-j4"])]


class Case(unittest.TestCase):
    def setUp(self):
        self.use_scratch()

    def use_scratch(self, parent=None):
        scratch = tempfile.TemporaryDirectory(dir=parent)
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)
        self.out = self.scratch / "out.bin"

    def in_memory(self):
        """The scratch folder is where no space is reserved, so that writing can fail later."""
        daemon.need(os.path.isdir("/dev/shm"), "/dev/shm")
        self.use_scratch("/dev/shm")

    def fails(self, code, message, done):
        """Expects the exit code, a line with the message, and no output."""
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertRegex(done.stderr.decode(), f"^tensorinit: .*{message}")
        self.assertFalse(done.stdout)

    def succeeds(self, done):
        self.assertEqual(done.returncode, OK, done.stderr)

    def only_file(self, path):
        self.assertEqual(os.listdir(self.scratch), [path.name])

    def half_way(self, *arguments):
        """A process that is writing a tensor to self.out, and far from its end."""
        self.out.write_bytes(b"old")
        process = subprocess.Popen([daemon.COMMAND, *arguments, *SLOW, "-o", self.out],
                                   preexec_fn=lambda: limit_file(1 << 30),
                                   stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        while not (temporary := [p for p in self.scratch.iterdir() if p != self.out]):
            self.assertIsNone(process.poll())
            time.sleep(0.001)
        self.assertEqual(self.out.read_bytes(), b"old")
        self.assertEqual(len(temporary), 1)
        return process

    def interrupted(self, number, *arguments):
        """Expects that the signal ends it and the old file is unchanged."""
        process = self.half_way(*arguments)
        process.send_signal(number)
        self.assertEqual(process.wait(60), -number)
        self.assertEqual(self.out.read_bytes(), b"old")

    def link(self, target):
        link = self.scratch / "link"
        link.symlink_to(target)
        return link
