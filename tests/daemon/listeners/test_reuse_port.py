# SPDX-License-Identifier: MIT
"""--reuse-port: another daemon takes over a port, and no client notices."""
import collections
import socket
import threading

from support import Case, connect

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
LARGE = b"GET /v1/tensor?shape=6000,1000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


class Clients:
    """Threads that connect again and again, until end(), which says what they saw."""

    def __init__(self, port, count=3):
        self.port = port
        self.seen = collections.Counter()
        self.stopping = False
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def request(self):
        try:
            with connect(self.port) as client:
                client.sendall(REQUEST)
                received = b"".join(iter(lambda: client.recv(65536), b""))
            return received[:12].decode()
        except OSError as error:
            return repr(error)

    def run(self):
        while not self.stopping:
            result = self.request()
            with self.lock:
                self.seen[result] += 1

    def end(self):
        self.stopping = True
        for thread in self.threads:
            thread.join()
        return self.seen


class ReusePort(Case):
    def another(self, address):
        return self.start("--listen", address, "--reuse-port", "--workers", "1")

    def check(self, seen):
        self.assertEqual(set(seen), {"HTTP/1.1 200"}, seen)

    def hand_over(self, host):
        """Each daemon starts while the one before serves, which then stops."""
        first = self.another(f"{host}:0")
        port = first.port
        clients = Clients(port)
        old = first
        for _ in range(4):
            new = self.another(f"{host}:{port}").ready()
            self.assertEqual(old.stop(), 0)
            old = new
        self.check(clients.end())

    def test_rolling_restart(self):
        self.hand_over("127.0.0.1")

    def test_rolling_restart_of_a_wildcard(self):
        self.hand_over("0.0.0.0")

    def test_the_newer_one_stops(self):
        """As when a new version is rolled back."""
        old = self.another("127.0.0.1:0")
        port = old.port
        clients = Clients(port)
        for _ in range(3):
            self.assertEqual(self.another(f"127.0.0.1:{port}").ready().stop(), 0)
        self.check(clients.end())

    def test_several(self):
        """One of three stops, whichever; the next one to start takes part again."""
        daemons = [self.another("127.0.0.1:0")]
        port = daemons[0].port
        daemons += [self.another(f"127.0.0.1:{port}").ready() for _ in range(2)]
        clients = Clients(port)
        for place in (1, 2, 0):
            self.assertEqual(daemons.pop(place).stop(), 0)
            daemons.append(self.another(f"127.0.0.1:{port}").ready())
        self.check(clients.end())

    def test_transfers_finish(self):
        """What the old one has begun it sends to the end, while the new one serves."""
        old = self.another("127.0.0.1:0")
        client = connect(old.port)
        client.sendall(LARGE)
        received = len(client.recv(100))
        new = self.another(f"127.0.0.1:{old.port}").ready()
        old.send(15)
        old.wait_for("stopping; 1 connections")
        self.assertEqual(Clients(new.port, 1).end().keys() - {"HTTP/1.1 200"}, set())
        while data := client.recv(1 << 20):
            received += len(data)
        client.close()
        self.assertGreater(received, 24_000_000)
        self.assertEqual(old.exit(), 0)

    def test_alone(self):
        """The last one refuses connections once it has stopped."""
        only = self.another("127.0.0.1:0")
        port = only.port
        self.assertEqual(only.stop(), 0)
        self.assertRaises(ConnectionRefusedError, connect, port)

    def test_only_with_the_option(self):
        first = self.another("127.0.0.1:0")
        self.fails(71, "another process uses this port", "--listen", f"127.0.0.1:{first.port}")
        second = self.start("--listen", "127.0.0.1:0")
        self.fails(71, "another process uses this port", "--listen",
                   f"127.0.0.1:{second.port}", "--reuse-port")

    def test_other_kinds_of_sockets(self):
        """The option concerns TCP only."""
        with socket.socket():
            server = self.start("--listen", f"unix:{self.path}", "--reuse-port").ready()
            self.assertEqual(server.stop(), 0)
