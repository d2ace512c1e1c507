# SPDX-License-Identifier: MIT
"""
Clients that send a body without asking first, and read only then, get the error all the same,
and not a reset connection (RFC 9112 section 9.6).
"""
import http.client
import socket
import threading
import time
import unittest

from support import daemon

MANY = 12_000_000  # more than sockets buffer
JSON = {"Content-Type": "application/json"}


class RefusedBodies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        running = daemon.running("--workers", "1")
        cls.server = running.__enter__()
        cls.addClassCleanup(running.__exit__, None, None, None)

    def status(self, method, target, body, headers):
        client = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        self.addCleanup(client.close)
        client.request(method, target, body, headers)
        response = client.getresponse()
        self.assertIn(b'"status"', response.read())
        return response.status

    def test_statuses(self):
        body = bytes(MANY)
        for method, target, headers, status in (
                ("POST", "/v1/tensor", JSON, 413),
                ("POST", "/v1/models", JSON, 413),
                ("POST", "/v1/tensor", {**JSON, "Transfer-Encoding": "chunked"}, 411),
                ("PUT", "/v1/tensor?shape=3", {}, 405),
                ("POST", "/healthz", {}, 405),
                ("POST", "/v1/tensor", {**JSON, "Host": "a b"}, 400)):
            if "Transfer-Encoding" in headers:
                sent = (body[at:at + 65536] for at in range(0, MANY, 65536))
            else:
                sent = body
            self.assertEqual(self.status(method, target, sent, headers), status, headers)

    def test_long_header(self):
        """libmicrohttpd answers these."""
        for target, fields, status in (("/" + MANY // 10 * "a", "", b"414"),
                                       ("/healthz", MANY // 100 * "A: b\r\n", b"431")):
            with socket.create_connection(("127.0.0.1", self.server.port), 60) as client:
                client.sendall(f"GET {target} HTTP/1.1\r\nHost: a\r\n{fields}\r\n".encode())
                self.assertEqual(client.recv(12)[9:], status)

    def sender(self, port):
        """A thread that sends for ever, and ends when it cannot."""
        def send():
            with socket.create_connection(("127.0.0.1", port), 60) as client:
                client.sendall(b"POST /v1/models HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999"
                               b"\r\nContent-Type: application/json\r\n\r\n")
                begun.release()
                try:
                    while True:
                        client.sendall(bytes(65536))
                except (BrokenPipeError, ConnectionResetError):
                    pass

        begun = threading.Semaphore(0)
        thread = threading.Thread(target=send)
        thread.start()
        begun.acquire()
        return thread

    def test_ends(self):
        """Though a client sends for ever; others are served meanwhile."""
        senders = [self.sender(self.server.port) for _ in range(3)]
        began = time.monotonic()
        while any(sender.is_alive() for sender in senders):
            self.assertEqual(len(self.server.get("/v1/tensor?shape=1000&scheme=ones")[0]), 4000)
            self.assertLess(time.monotonic() - began, 60)
        self.assertGreater(time.monotonic() - began, 3)

    def refused(self, server, target, address="127.0.0.1"):
        """A connection with an error, that the client keeps open."""
        client = socket.create_connection(("127.0.0.1", server.port), 60, (address, 0))
        self.addCleanup(client.close)
        client.sendall(f"GET {target} HTTP/1.1\r\nHost: a b\r\n\r\n".encode())
        return client.recv(12)[9:].decode()

    def test_places_of_probes(self):
        """They are free again at once, or a full server would not answer its own probes."""
        with daemon.running("--max-connections", "1", "--workers", "1") as server, \
                server.connect() as held:
            held.get("/healthz")
            for _ in range(20):
                self.assertEqual(self.refused(server, "/healthz"), "400")
            self.assertEqual(server.get("/healthz")[0], b"ok\n")

    def test_limit_of_a_client(self):
        with daemon.running("--max-client-connections", "2") as server:
            self.assertEqual([self.refused(server, "/v1/plan") for _ in range(3)],
                             ["400", "400", "429"])
            self.assertEqual(self.refused(server, "/v1/plan", "127.0.0.2"), "400")

    def test_stop(self):
        """It does not wait for such clients."""
        with daemon.running() as server:
            sender = self.sender(server.port)
            server.get("/healthz")
            began = time.monotonic()
        sender.join(60)
        self.assertFalse(sender.is_alive())
        self.assertLess(time.monotonic() - began, 4)


if __name__ == "__main__":
    unittest.main()
