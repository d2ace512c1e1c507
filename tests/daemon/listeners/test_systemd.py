# SPDX-License-Identifier: MIT
"""
What systemd does, done by hand: sockets from descriptor 3 on with LISTEN_PID, LISTEN_FDS and
LISTEN_FDNAMES (sd_listen_fds(3)), messages at NOTIFY_SOCKET (sd_notify(3)), the watchdog
(sd_watchdog_enabled(3)).
"""
import ctypes
import itertools
import os
import pathlib
import signal
import socket
import sys
import time
import unittest

from support import Case, ask, daemon

# Descriptors become 3, 4, ... and the variables name the process that exec() leaves.
LAUNCH = r"""
import os, sys
count, command = sys.argv[1], sys.argv[2:]
given = [int(text) for text in os.environ.pop("GIVEN").split()]
high = [os.dup2(fd, 100 + i) for i, fd in enumerate(given)]
for i, fd in enumerate(high):
    os.dup2(fd, 3 + i)
    os.close(fd)
os.environ["LISTEN_PID"] = os.environ.get("LISTEN_PID") or str(os.getpid())
os.environ["LISTEN_FDS"] = count
os.execv(command[0], command)
"""


def tcp():
    made = socket.socket()
    made.bind(("127.0.0.1", 0))
    made.listen(8)
    return made


def port_of(made):
    return made.getsockname()[1]


class Activation(Case):
    def launch(self, sockets, *options, names=None, count=None, environment=None):
        """A daemon that gets these sockets."""
        fds = [made.fileno() for made in sockets]
        launcher = self.scratch / "launch.py"
        launcher.write_text(LAUNCH)
        wrapper = self.scratch / "launch.sh"
        wrapper.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "{launcher}" '
                           f'{len(fds) if count is None else count} "{daemon.DAEMON}" "$@"\n')
        wrapper.chmod(0o755)
        given = {"GIVEN": " ".join(map(str, fds)), **(environment or {})}
        if names is not None:
            given["LISTEN_FDNAMES"] = names
        real, daemon.DAEMON = daemon.DAEMON, wrapper
        try:
            return self.start(*options, environment=given, pass_fds=fds)
        finally:
            daemon.DAEMON = real

    def socket(self, make=tcp):
        made = make()
        self.addCleanup(made.close)
        return made

    def unix(self):
        made = socket.socket(socket.AF_UNIX)
        made.bind(str(self.path))
        made.listen(8)
        return made

    def test_sockets(self):
        """TCP and unix; they take the place of the default address, and stay."""
        one, two = self.socket(), self.socket(self.unix)
        server = self.launch([one, two], names="http.socket:unix.socket").ready()
        self.assertEqual(ask(port_of(one), "/healthz").status, 200)
        self.assertEqual(ask(self.path, "/metrics").status, 200)
        self.assertEqual(server.stop(), 0)
        listening = [line for line in server.log if line and "listening on" in line]
        self.assertEqual(len(listening), 2, server.log)
        self.assertTrue(self.path.exists())

    def test_none_is_lost_at_a_restart(self):
        """Connections that come while no daemon runs are answered by the next one."""
        made = self.socket()
        for _ in range(3):
            server = self.launch([made]).ready()
            self.assertEqual(ask(port_of(made), "/healthz").status, 200)
            self.assertEqual(server.stop(), 0)
            waiting = [socket.create_connection(("127.0.0.1", port_of(made)))
                       for _ in range(4)]
            for client in waiting:
                client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            server = self.launch([made]).ready()
            for client in waiting:
                self.assertTrue(client.recv(99).startswith(b"HTTP/1.1 200 "))
                client.close()
            self.assertEqual(server.stop(), 0)

    def test_besides_explicit_ones(self):
        made = self.socket()
        server = self.launch([made], "--listen", f"unix:{self.path}").ready()
        server.wait_for(r"listening on http://unix:")
        self.assertEqual(ask(port_of(made), "/healthz").status, 200)
        self.assertEqual(ask(self.path, "/healthz").status, 200)

    def test_admin(self):
        """One that is named so is an admin listener; the rest is public."""
        admin, public = self.socket(), self.socket()
        self.launch([admin, public], names="admin:other").ready()
        self.assertEqual(ask(port_of(admin), "/metrics").status, 200)
        self.assertEqual(ask(port_of(admin), "/v1/schemes").status, 404)
        self.assertEqual(ask(port_of(public), "/metrics").status, 404)
        self.assertEqual(ask(port_of(public), "/v1/schemes").status, 200)

    def test_admin_alone(self):
        """Then the configured addresses stay."""
        made = self.socket()
        server = self.launch([made], "--listen", "127.0.0.1:0", names="admin").ready()
        self.assertEqual(ask(port_of(made), "/metrics").status, 200)
        self.assertEqual(ask(server.port, "/v1/schemes").status, 200)

    def test_another_process(self):
        """Variables of a parent are not for this process."""
        made = self.socket()
        server = self.launch([made], "--listen", "127.0.0.1:0",
                             environment={"LISTEN_PID": "1"}).ready()
        self.assertEqual(sum("listening" in line for line in server.log if line), 1)

    def test_wrong_ones(self):
        datagrams = self.socket(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        idle = self.socket(lambda: socket.socket(socket.AF_UNIX))
        with open(os.devnull, "rb") as null:
            for given, count, says in (([datagrams], None, "neither a TCP nor a unix stream"),
                                       ([idle], None, "does not listen"),
                                       ([null], None, "is not a socket"),
                                       ([], 1, "descriptor 3 is not open"),
                                       ([], "x", "LISTEN_FDS: 'x': expected an integer"),
                                       ([], 33, "expected an integer from 0 to 32")):
                server = self.launch(given, count=count)
                self.assertIn(server.exit(), (64, 71))
                self.assertRegex("\n".join(filter(None, server.log)), says)


class Messages(Case):
    """What systemd would read."""

    def setUp(self):
        super().setUp()
        self.inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.inbox.close)
        self.inbox.settimeout(30)

    def open(self, abstract=False):
        name = f"@tensorinitd-test-{os.getpid()}" if abstract else str(self.scratch / "notify")
        self.inbox.bind(name.replace("@", "\0") if abstract else name)
        return {"NOTIFY_SOCKET": name}

    def message(self, skip="WATCHDOG"):
        while True:
            text = self.inbox.recv(4096).decode()
            fields = dict(line.split("=", 1) for line in text.splitlines())
            if skip not in fields:
                return fields

    def messages(self, abstract):
        server = self.start("--listen", "127.0.0.1:0", "--shutdown-delay", "0.1",
                            environment=self.open(abstract))
        ready = self.message()
        self.assertEqual(ready["READY"], "1")
        self.assertIn("STATUS", ready)
        # It listens already.
        self.assertEqual(ask(server.port, "/healthz").status, 200)

        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        server.send(signal.SIGHUP)
        reloading = self.message()
        self.assertEqual(reloading["RELOADING"], "1")
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self.assertTrue(before <= int(reloading["MONOTONIC_USEC"]) <= now)
        self.assertEqual(self.message()["READY"], "1")

        server.send(signal.SIGTERM)
        stopping = self.message()
        self.assertEqual(stopping["STOPPING"], "1")
        self.assertEqual(server.exit(), 0)
        self.inbox.setblocking(False)
        self.assertRaises(BlockingIOError, self.inbox.recv, 99)

    def test_messages(self):
        self.messages(abstract=False)

    def test_abstract_socket(self):
        self.messages(abstract=True)

    def test_no_reader(self):
        """A socket that is gone, or that is not read, stops nothing."""
        server = self.start("--listen", "127.0.0.1:0", environment={
            "NOTIFY_SOCKET": str(self.scratch / "nonesuch"), "WATCHDOG_USEC": "40000"})
        self.assertEqual(ask(server.port, "/healthz").status, 200)
        self.assertEqual(server.stop(), 0)

    def test_wrong_ones(self):
        for name, value, says in (("NOTIFY_SOCKET", "relative", "expected an absolute path"),
                                  ("NOTIFY_SOCKET", "/" + 200 * "x", "NOTIFY_SOCKET"),
                                  ("WATCHDOG_USEC", "soon", "WATCHDOG_USEC: 'soon': expected"),
                                  ("WATCHDOG_PID", "-1", "WATCHDOG_PID: '-1': expected")):
            self.fails(64, says, "--listen", "127.0.0.1:0", environment={name: value})

    def pings(self, seconds):
        """How many arrive in that time."""
        count, until = 0, time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.inbox.settimeout(left)
            try:
                count += self.inbox.recv(4096) == b"WATCHDOG=1\n"
            except TimeoutError:
                break
        return count

    def ping(self):
        """Waits for the next one."""
        self.inbox.settimeout(30)
        self.assertEqual(self.inbox.recv(4096), b"WATCHDOG=1\n")

    def watched(self, period_ms, **more):
        server = self.start("--listen", "127.0.0.1:0", "--workers", "3", "--admin-listen",
                            f"unix:{self.path}", environment=self.open() | {
                                "WATCHDOG_USEC": str(period_ms * 1000), **more})
        server.ready()
        self.message()
        return server

    def test_watchdog(self):
        """At least two pings in its period, of a daemon that does nothing."""
        self.watched(200)
        times = []
        for _ in range(16):
            self.ping()
            times.append(time.monotonic())
        # Most of them: the machine may stand still.
        between = sorted(after - before for before, after in itertools.pairwise(times))
        self.assertLess(between[10], 0.125)

    def test_watchdog_of_another_process(self):
        self.watched(40, WATCHDOG_PID="1")
        self.assertEqual(self.pings(0.3), 0)

    def test_stuck_worker(self):
        """No ping while one worker does not run, the public or the admin listener's; the tracer
        stops only its thread."""
        server = self.watched(200)
        self.ping()  # each thread has run, and has its name
        pid = server.process.pid
        workers = [int(task.name) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()
                   if (task / "comm").read_text() == "worker\n"]
        self.assertEqual(len(workers), 4)
        for worker in (min(workers), max(workers)):
            self.ping()
            with stopped_thread(worker):
                # Some may have been on their way.
                self.assertIn(0, (self.pings(0.4) for _ in range(3)))
        self.ping()


class stopped_thread:
    """A thread of a process that we have started does not run (ptrace(2))."""

    SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17

    def __init__(self, thread):
        self.thread = thread
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.libc.ptrace.restype = ctypes.c_long
        self.libc.ptrace.argtypes = [ctypes.c_long] + [ctypes.c_void_p] * 3

    def ptrace(self, what):
        if self.libc.ptrace(what, self.thread, None, None) != 0:
            raise unittest.SkipTest(f"no ptrace: {os.strerror(ctypes.get_errno())}")

    def __enter__(self):
        self.ptrace(self.SEIZE)
        self.ptrace(self.INTERRUPT)
        os.waitpid(self.thread, 0x40000000)  # __WALL

    def __exit__(self, *unused):
        self.ptrace(self.DETACH)
