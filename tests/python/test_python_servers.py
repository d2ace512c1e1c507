# SPDX-License-Identifier: MIT
"""
The way over HTTP, with servers that fail: the right bytes come, or an error; never the bytes
of another tensor.
"""
import contextlib
import http.server
import json
import pathlib
import socket
import tempfile
import threading
import time
import unittest

import daemon
from support import generated, numpy, tensorinit

TENSOR = {"name": "w", "shape": "300,200", "seed": "9"}
RIGHT = generated(**TENSOR)


class Faulty(http.server.BaseHTTPRequestHandler):
    """
    Passes requests on to 'upstream' and does one fault of 'faults' to each response from
    'faulty_path', in order.
    """
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        server = self.server
        server.requests.append((self.path, dict(self.headers), self.client_address))
        with contextlib.closing(daemon.Connection(server.upstream)) as connection:
            forwarded = {name: value for name, value in self.headers.items()
                     if name in ("Range", "If-Match")}
            response = connection.get(self.path, **forwarded)
        status, body = response.status, response.body
        headers = {name: response.headers[name] for name in (
            "Content-Type", "Content-Range", "ETag", "Tensor-Dtype") if name in response.headers}
        if server.plan and "/v1/plan" in self.path:
            body = json.dumps({**json.loads(body), **server.plan}).encode()
        fault = server.faults.pop(0) if server.faults and server.faulty_path in self.path else None
        cut = None
        if fault == "cut":
            cut = len(body) // 3
        elif fault == "close":
            self.close_connection = True
            return
        elif fault == "stall":
            cut = len(body) // 3
        elif fault == "busy":
            status, headers, body = 503, {"Retry-After": "1"}, b"wait"
        elif fault == "failed":
            status, headers, body = 500, {}, b"broken"
        elif fault == "other tag":
            headers["ETag"] = '"00000000000000000000000000000000"'
        elif fault == "other part":
            headers["Content-Range"] = "bytes 0-7/240000"
        elif fault == "all":
            status, body = 200, RIGHT
            headers.pop("Content-Range")
        elif fault == "longer":
            body += b"x"
        elif fault == "redirect":
            status, headers, body = 307, {"Location": "http://elsewhere/"}, b""
        elif fault == "page":
            status, headers, body = 200, {"Content-Type": "text/html"}, b"<html>"
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:cut])
        if fault == "stall":
            self.wfile.flush()
            server.released.wait(30)
        if cut is not None:
            self.close_connection = True


class QuietServer(http.server.ThreadingHTTPServer):
    def handle_error(self, request, address):
        """The client closes connections after faults."""


@contextlib.contextmanager
def faulty(upstream, *faults):
    server = QuietServer(("127.0.0.1", 0), Faulty)
    server.daemon_threads = True
    server.upstream, server.faults, server.requests = upstream, list(faults), []
    server.released, server.plan, server.faulty_path = threading.Event(), {}, "/v1/tensor"
    server.url = "http://127.0.0.1:%d" % server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))  # shutdown() waits as long
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


class Faults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        running = daemon.running()
        cls.server = running.__enter__()
        cls.addClassCleanup(running.__exit__, None, None, None)
        cls.addClassCleanup(tensorinit.use, None)

    def fetch(self, *urls, **options):
        options = {"retry_for": 20, "timeout": 20, **options}
        tensorinit.use(tensorinit.Servers(urls, **options))
        array = tensorinit.fill_(numpy.zeros((300, 200), "f4"), "w", seed=9)
        self.assertEqual(array.tobytes(), RIGHT)

    def test_passing_faults(self):
        for faults in (["cut"] * 2, ["close"] * 2, ["busy"]):
            with faulty(self.server.port, *faults) as server:
                self.fetch(server.url)
                self.assertEqual(server.faults, [])

    def test_plan_is_cut(self):
        with faulty(self.server.port, "cut", "close") as server:
            server.faulty_path = "/v1/plan"
            self.fetch(server.url)
            self.assertEqual(server.faults, [])

    def test_continues(self):
        """After a cut only the rest is requested, and of the same tensor."""
        with faulty(self.server.port, "cut", "cut") as server:
            self.fetch(server.url)
            ranges = [(headers["Range"], headers["If-Match"]) for path, headers, _ in
                      server.requests if path.startswith("/v1/tensor")]
        starts = [0, 80000, 80000 + 53333]
        self.assertEqual([text for text, _ in ranges],
                         [f"bytes={start}-239999" for start in starts])
        self.assertEqual(len({tag for _, tag in ranges}), 1)

    def test_retry_after(self):
        with faulty(self.server.port, "busy") as server:
            started = time.monotonic()
            self.fetch(server.url)
            self.assertGreaterEqual(time.monotonic() - started, 1)

    def test_ends(self):
        """With the server's reason, when nothing has come for retry_for seconds."""
        with faulty(self.server.port, *["busy"] * 50) as server:
            started = time.monotonic()
            with self.assertRaisesRegex(tensorinit.NetworkError, "503") as caught:
                self.fetch(server.url, retry_for=2)
            self.assertLess(time.monotonic() - started, 30)
        self.assertEqual(caught.exception.field, "server")
        with self.assertRaises(tensorinit.NetworkError) as caught:
            self.fetch("http://127.0.0.1:9", retry_for=0.5)
        self.assertIsInstance(caught.exception, ConnectionError)

    def test_silence(self):
        with faulty(self.server.port, "stall") as server:
            self.fetch(server.url, timeout=1)
            self.assertEqual(server.faults, [])

    def test_first_server_does_not_respond(self):
        """Another one gets the request in 5 s."""
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url, started = "http://127.0.0.1:%d" % silent.getsockname()[1], time.monotonic()
            for timeout in (60, None):
                self.fetch(url, self.server.url, timeout=timeout, retry_for=300)
            self.assertGreater(time.monotonic() - started, 9.9)
            self.assertLess(time.monotonic() - started, 60)

    def test_lasting_faults(self):
        for fault, error in (("failed", tensorinit.NetworkError),
                             ("other tag", tensorinit.MismatchError),
                             ("other part", tensorinit.MismatchError),
                             ("longer", tensorinit.MismatchError),
                             ("redirect", tensorinit.NetworkError),
                             ("page", tensorinit.MismatchError)):
            with faulty(self.server.port, fault) as server, self.assertRaises(error):
                self.fetch(server.url)

    def test_wrong_plans(self):
        """What is no plan is an error of this module, at once."""
        for wrong in ({"shape": ["-300", "-200"]}, {"shape": [1e999]}, {"shape": "300"},
                      {"elems": "7"}, {"etag": "a\r\nb"}, {"etag": "\u20ac"}, {"query": "a b"},
                      {"query": "\u20ac"}, {"query": 5}, {"dtype": []}, {"warnings": 5}):
            with self.subTest(wrong), faulty(self.server.port) as server:
                server.plan = wrong
                with self.assertRaisesRegex(tensorinit.MismatchError, "no plan"):
                    self.fetch(server.url)

    def test_documents_that_are_none(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *arguments):
                pass

            def do_GET(self):
                self.send_response(self.server.status)
                self.send_header("Retry-After", "9" * 5000)
                self.end_headers()
                self.wfile.write(b"[" * 100000)

        with QuietServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            self.addCleanup(thread.join)
            self.addCleanup(server.shutdown)
            for server.status, error in ((200, tensorinit.MismatchError),
                                         (400, tensorinit.ParameterError),
                                         (503, tensorinit.NetworkError)):
                with self.assertRaises(error):
                    self.fetch("http://127.0.0.1:%d" % server.server_address[1])

    def test_without_ranges(self):
        """A cache in front may send everything."""
        with faulty(self.server.port, "all") as server:
            self.fetch(server.url)

    def test_several(self):
        """One that is away and one that cuts: the others send the rest."""
        with faulty(self.server.port, *["cut"] * 3) as server:
            self.fetch("http://127.0.0.1:9", server.url, self.server.url)

    def test_other_server(self):
        """The second server has other bytes under this query."""
        with faulty(self.server.port, "cut") as first, \
                faulty(self.server.port, "other tag") as second:
            with self.assertRaises(tensorinit.MismatchError):
                self.fetch(first.url, second.url)

    def test_connection_is_reused(self):
        with faulty(self.server.port) as server:
            tensorinit.use(tensorinit.Servers(server.url))
            for _ in range(3):
                tensorinit.fill_(numpy.zeros((300, 200), "f4"), "w", seed=9)
            self.assertEqual(len({address for _, _, address in server.requests}), 1)
            # The server ends it while it is idle: not an error, no wait.
            for source in tensorinit._used._servers[0].free:
                source.sock.shutdown(2)
            self.assertEqual(len(tensorinit.tensor("w", (3, 4))), 3)

    def test_unix_socket(self):
        """Alone, in a list, reused, and when no one listens there."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "d@1.sock"
            encoded = str(path).replace("/", "%2F").replace("@", "%40")
            with daemon.running("--listen", f"unix:{path}"):
                for url in (f"unix:{path}", f"http+unix://{encoded}", f"http+unix://{encoded}/"):
                    self.fetch(url)
                self.fetch("http://127.0.0.1:9", f"unix:{path}")
                used = tensorinit.Servers(f"http://127.0.0.1:9,unix:{path}")
                self.assertEqual(used.source, f"http://127.0.0.1:9,unix:{path}")
            with self.assertRaisesRegex(tensorinit.NetworkError, f"unix:{path}: "):
                self.fetch(f"unix:{path}", retry_for=0)

    def test_token(self):
        with faulty(self.server.port) as server:
            self.fetch(server.url, token="abc")
            self.assertTrue(all(headers["Authorization"] == "Bearer abc"
                                for _, headers, _ in server.requests))

    def test_wrong_urls(self):
        for url in ("", "localhost:8080", "ftp://host", "http://", "http://host:x",
                    "http://host/?q=1", "http://user:secret@host", "http://host/a b",
                    "unix:", "unix:relative", "unix:/", "http+unix://", "http+unix://%2Fa/?x"):
            with self.assertRaises(tensorinit.ParameterError) as caught:
                tensorinit.Servers(url)
            self.assertEqual(caught.exception.field, "server")
            self.assertNotIn("secret", str(caught.exception))

    def test_wrong_token(self):
        with self.assertRaises(tensorinit.ParameterError) as caught:
            tensorinit.Servers(token="a\r\nb: c")
        self.assertEqual(caught.exception.field, "token")


class Daemon(unittest.TestCase):
    def test_base_path_and_token(self):
        """Behind a prefix, and where tokens are required."""
        with tempfile.TemporaryDirectory() as scratch:
            path = pathlib.Path(scratch, "tokens")
            path.write_text("worker = 0123456789abcdef0123456789abcdef\n", encoding="utf-8")
            path.chmod(0o600)
            with daemon.running("--base-path", "/ml", "--token-file", str(path)) as server:
                self.addCleanup(tensorinit.use, None)
                tensorinit.use(tensorinit.Servers(server.url + "/ml/", retry_for=0,
                                                  token="0123456789abcdef0123456789abcdef"))
                array = tensorinit.tensor("w", (300, 200), seed=9)
                self.assertEqual(array.tobytes(), RIGHT)
                model = tensorinit.model({"tensors": {"a": [2]}, "rules": [["*", "scheme=ones"]]},
                                         dtype="f32")
                self.assertEqual(model["a"].tolist(), [1, 1])
                tensorinit.use(tensorinit.Servers(server.url + "/ml", retry_for=0))
                with self.assertRaises(tensorinit.NetworkError):
                    tensorinit.tensor("w", (300, 200), seed=9)
