# SPDX-License-Identifier: MIT
"""A daemon with any listeners, its log, and requests to an address of any family."""
import http.client
import os
import pathlib
import re
import signal
import socket
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import credentials  # noqa: E402, F401
import daemon  # noqa: E402

PATIENCE = 30  # seconds


def connect(address):
    """To a port of this machine, or to the path of a unix socket."""
    if isinstance(address, int):
        return socket.create_connection(("127.0.0.1", address), PATIENCE)
    made = socket.socket(socket.AF_UNIX)
    made.settimeout(PATIENCE)
    made.connect(str(address))
    return made


def ask(address, target, method="GET", **headers):
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection("localhost", timeout=PATIENCE)
    connection.sock = connect(address)
    try:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, target, headers=headers)
        response = connection.getresponse()
        return daemon.Response(response.status, response.headers, response.read())
    finally:
        connection.close()


class Daemon:
    """Started with exactly these options; 'port' and 'admin_port' are the first of TCP."""

    def __init__(self, *options, environment=None, **more):
        clean = {name: value for name, value in os.environ.items()
                 if not name.startswith(("TENSORINIT", "LISTEN_", "NOTIFY_", "WATCHDOG_"))}
        self.process = daemon.start([daemon.DAEMON, *map(str, options)],
                                    env=clean | (environment or {}), **more)
        self.log = []
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stderr:
            with self.changed:
                self.log.append(line.rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.log.append(None)
            self.changed.notify_all()

    def wait_for(self, pattern):
        """The first line of the log in which the pattern is found; None if it ends."""
        def found():
            for line in self.log:
                if line is None or re.search(pattern, line):
                    return True
            return False
        with self.changed:
            if not self.changed.wait_for(found, PATIENCE):
                raise AssertionError(f"no {pattern!r} in {self.log}")
            for line in self.log:
                if line is not None and re.search(pattern, line):
                    return line
        return None

    def ready(self):
        """It listens for everyone: the last lines of its start."""
        if self.wait_for(r'listening on https?://\S+"$') is None:
            raise AssertionError(f"it did not start: {self.log}")
        return self

    @property
    def port(self):
        self.ready()
        line = self.wait_for(r'listening on https?://[^/]+:\d+"$')
        return int(re.search(r':(\d+)"$', line)[1])

    @property
    def admin_port(self):
        self.ready()
        line = self.wait_for(r"listening on http://[^/]+:\d+ for probes")
        return int(re.search(r":(\d+) for", line)[1])

    def send(self, number):
        self.process.send_signal(number)

    def exit(self):
        status = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        self.process.stderr.close()
        return status

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.send(number)
        return self.exit()


class Case(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)
        self.path = self.scratch / "d.sock"

    def start(self, *options, **more):
        """A daemon that is stopped, with status 0, at the end of the test."""
        started = Daemon(*options, **more)

        def end():
            if started.process.returncode is None:
                self.assertEqual(started.stop(), 0, started.log)
        self.addCleanup(end)
        return started

    def fails(self, status, pattern, *options, **more):
        started = Daemon(*options, **more)
        self.assertEqual(started.exit(), status, started.log)
        self.assertRegex("\n".join(filter(None, started.log)), pattern)

    def until(self, what, happens):
        until = time.monotonic() + PATIENCE
        while not happens():
            self.assertLess(time.monotonic(), until, what)
            time.sleep(0.01)
