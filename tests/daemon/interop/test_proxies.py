# SPDX-License-Identifier: MIT
"""Behind nginx, which removes a prefix, caches slices and says that clients use TLS, behind
Varnish and behind haproxy, which checks health: the same bytes, hits where hits are due, and
URLs as clients see them."""
import contextlib
import csv
import hashlib
import os
import re
import shutil
import socket
import subprocess
import time
import unittest
import urllib.error
import urllib.request

from support import daemon, need, program, target

TENSOR = {"shape": "300,400", "seed": "4", "name": "w", "format": "npy"}
NGINX = """
daemon off;
user root;
pid {folder}/pid;
error_log {folder}/error.log;
events {}
http {
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    proxy_cache_path {folder}/cache keys_zone=tensors:1m;
    server {
        listen 127.0.0.1:{port};
        location /ml/ {
            proxy_pass {upstream}/;
            proxy_http_version 1.1;
            slice 64k;
            proxy_cache tensors;
            proxy_cache_key $uri$is_args$args$slice_range;
            proxy_set_header Range $slice_range;
            proxy_set_header X-Forwarded-Proto https;
            proxy_set_header X-Forwarded-Host tensors.example;
            proxy_set_header X-Forwarded-Prefix /ml;
            proxy_set_header Forwarded "";
            add_header X-Cache $upstream_cache_status;
        }
    }
}
"""

# Two servers, of which it takes those that are ready. A connection that a server closes just
# when a request goes out on it is no one's fault: the request is sent again (RFC 9110, 9.2.2).
HAPROXY = """
global
    stats socket {folder}/socket mode 600
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    retries 3
    option redispatch
    retry-on conn-failure empty-response
listen tensors
    bind 127.0.0.1:{port}
    option http-restrict-req-hdr-names reject
    balance roundrobin
    option httpchk GET /readyz
    http-check expect status 200
    default-server check inter 100ms fall 1 rise 1
    server a 127.0.0.1:{a}
    server b 127.0.0.1:{b}
"""


class Proxy(unittest.TestCase):
    """'url' is where clients see the daemon."""

    @classmethod
    def start(cls, name, command, settings, port):
        """Starts command(folder), with the settings in a file of its folder."""
        folder = daemon.BUILD / f"{name}-{os.getpid()}"
        folder.mkdir()
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        (folder / "settings").write_text(settings.replace("{folder}", str(folder)))
        process = subprocess.Popen(command(folder), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(process.wait)
        cls.addClassCleanup(process.terminate)
        cls.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        end = time.monotonic() + 60
        while time.monotonic() < end and process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except ConnectionRefusedError:
                time.sleep(0.1)
        raise AssertionError(f"{name} did not start")

    @classmethod
    def run_daemon(cls, *options):
        running = daemon.running(*options)
        server = running.__enter__()
        cls.addClassCleanup(running.__exit__, None, None, None)
        return server

    def ask(self, path, data=None, **fields):
        request = urllib.request.Request(
            self.url + path, data, {k.replace("_", "-"): v for k, v in fields.items()})
        try:
            with self.opener.open(request, timeout=60) as response:
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as response:
            return response.code, response.headers, response.read()

    def statuses(self, data):
        """Of the responses to these bytes, until the proxy closes."""
        port = int(self.url.split(":")[2].split("/")[0])
        received = b""
        with socket.create_connection(("127.0.0.1", port), 60) as client:
            client.sendall(data)
            with contextlib.suppress(ConnectionResetError):
                while block := client.recv(65536):
                    received += block
        return [int(status) for status in re.findall(rb"^HTTP/1\.1 (\d+)", received, re.M)]

    def hostile(self, prefix, expected):
        """The requests of docs/OPERATIONS.md that the daemon leaves to a proxy."""
        fields = "HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
        get = f"GET {prefix}/healthz {fields}".encode()
        post = (f"POST {prefix}/v1/plan {fields}Content-Length: 9\r\nContent-Type: "
                "application/x-www-form-urlencoded\r\n").encode()
        sent = {"empty lines": b"\r\n" + get + b"\r\n", "a bare LF": b"\n" + get + b"\r\n",
                "an underscore": post + b"Content_Length: 2\r\n\r\nshape=8,8",
                "no colon": get + b"colon\r\n\r\n", "another protocol": b"SSH-2.0-x\r\n\r\n",
                "two slashes": get.replace(b"/healthz", b"//healthz") + b"\r\n",
                "a dot": get.replace(b"/healthz", b"/./healthz") + b"\r\n",
                "a slash as %2F": post.replace(b"v1/", b"v1%2F") + b"\r\nshape=8,8"}
        self.assertEqual({name: self.statuses(data) for name, data in sent.items()},
                         {name: [status] for name, status in zip(sent, expected)})

    def same(self, body, right):
        self.assertEqual(hashlib.sha256(body).hexdigest(), hashlib.sha256(right).hexdigest())


class Nginx(Proxy):
    @classmethod
    def setUpClass(cls):
        nginx = program("nginx")
        built = subprocess.run([nginx, "-V"], capture_output=True, text=True, check=True)
        need("http_slice_module" in built.stderr, "nginx with the slice module")
        cls.server = cls.run_daemon("--trusted-proxies", "127.0.0.1")
        port = daemon.free_port()
        cls.url = f"http://127.0.0.1:{port}/ml"
        settings = NGINX.replace("{port}", str(port)).replace("{upstream}", cls.server.url)
        cls.start("nginx", lambda folder: [nginx, "-p", folder, "-c", folder / "settings"],
                  settings, port)

    def test_cached_in_slices(self):
        path = target(TENSOR)
        whole = self.server.get(path)[0]
        for cache in ("MISS", "HIT"):
            status, headers, body = self.ask(path)
            self.assertEqual((status, headers["X-Cache"]), (200, cache))
            self.same(body, whole)
        self.assertEqual(headers["Content-Location"],
                         "/ml/v1/tensor?shape=300,400&scheme=he_normal&seed=4&name=w&format=npy")
        status, headers, body = self.ask(path, Range="bytes=100000-200000")
        self.assertEqual((status, headers["X-Cache"]), (206, "HIT"))
        self.assertEqual(body, whole[100000:200001])
        self.assertEqual(self.ask(path, If_None_Match=headers["ETag"])[0], 304)

    def test_urls(self):
        page = self.ask("/")[2].decode()
        self.assertIn("'https://tensors.example/ml/v1/tensor?", page)
        self.assertIn(b'{"url": "/ml"}', self.ask("/openapi.json")[2])
        status, _, problem = self.ask("/nothing")
        self.assertEqual(status, 404)
        kind = re.search(r'"type": "/ml(/problems/.*?)"', problem.decode())[1]
        self.assertEqual(self.ask(kind)[0], 200)

    def test_hostile(self):
        # With a path in proxy_pass, nginx passes on what it has normalised.
        self.hostile("/ml", (200, 200, 200, 200, 400, 200, 200, 200))

    def test_post(self):
        status, _, body = self.ask("/v1/tensor", b'{"shape": [2], "scheme": "ones"}',
                                   Content_Type="application/json")
        self.assertEqual((status, body), (200, b"\0\0\x80\x3f" * 2))


class Varnish(Proxy):
    @classmethod
    def setUpClass(cls):
        varnishd = program("varnishd")
        cls.server = cls.run_daemon()
        port = daemon.free_port()
        cls.url = f"http://127.0.0.1:{port}"
        cls.start("varnish", lambda folder: [
            varnishd, "-F", "-j", "none", "-n", folder / "work", "-s", "malloc,64m",
            "-a", f"127.0.0.1:{port}", "-b", f"127.0.0.1:{cls.server.port}"], "", port)

    def ask_cache(self, path, **fields):
        """Status, whether it came out of the cache (two ids in X-Varnish), fields, body."""
        status, headers, body = self.ask(path, **fields)
        return status, len(headers["X-Varnish"].split()) == 2, headers, body

    def test_whole_and_ranges(self):
        path = target(TENSOR)
        whole = self.server.get(path)[0]
        for hit in (False, True):
            status, was_hit, headers, body = self.ask_cache(path)
            self.assertEqual((status, was_hit), (200, hit))
            self.same(body, whole)
        for text, part in (("100-70000", whole[100:70001]), ("-9", whole[-9:]),
                           ("400000-", whole[400000:])):
            status, was_hit, _, body = self.ask_cache(path, Range=f"bytes={text}")
            self.assertEqual((status, was_hit), (206, True))
            self.same(body, part)
        self.assertEqual(self.ask_cache(path, If_None_Match=headers["ETag"])[:2], (304, True))

    def test_range_first(self):
        """It fetches all, and sends the part."""
        path = target({**TENSOR, "name": "range first"})
        whole = self.server.get(path)[0]
        for hit in (False, True):
            status, was_hit, _, body = self.ask_cache(path, Range="bytes=5-400005")
            self.assertEqual((status, was_hit), (206, hit))
            self.same(body, whole[5:400006])

    def test_errors_are_not_cached(self):
        for _ in range(2):
            status, was_hit, _, _ = self.ask_cache("/v1/tensor?shape=2&dtype=x")
            self.assertEqual((status, was_hit), (400, False))


class Haproxy(Proxy):
    @classmethod
    def setUpClass(cls):
        haproxy = program("haproxy")
        cls.servers = [daemon.start([daemon.DAEMON, "--listen", "127.0.0.1:0"])
                       for _ in range(2)]
        for server in cls.servers:
            cls.addClassCleanup(server.wait)
            cls.addClassCleanup(server.terminate)
        ports = [daemon.listening_port(server) for server in cls.servers]
        port = daemon.free_port()
        cls.url = f"http://127.0.0.1:{port}"
        settings = HAPROXY
        for name, value in zip(("port", "a", "b"), (port, *ports)):
            settings = settings.replace("{%s}" % name, str(value))
        cls.start("haproxy", lambda folder: [haproxy, "-db", "-f", folder / "settings"],
                  settings, port)
        cls.socket = str(daemon.BUILD / f"haproxy-{os.getpid()}" / "socket")

    def states(self):
        """Of the servers, as the health checks see them."""
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(self.socket)
            client.sendall(b"show stat\n")
            text = b"".join(iter(lambda: client.recv(1 << 16), b"")).decode()
        rows = list(csv.DictReader(text.splitlines()))
        return {row["svname"]: row["status"] for row in rows if row["svname"] in ("a", "b")}

    def wait_for(self, states):
        end = time.monotonic() + 30
        while self.states() != states and time.monotonic() < end:
            time.sleep(0.05)
        self.assertEqual(self.states(), states)

    def test_hostile(self):
        self.hostile("", (200, 200, 403, 400, 400, 404, 404, 404))

    def test_one_of_two_stops(self):
        """Clients notice nothing, also before a health check does."""
        path = target(TENSOR)
        self.wait_for({"a": "UP", "b": "UP"})
        whole = self.ask(path)[2]
        for number in range(60):
            if number == 20:
                self.servers[0].terminate()
            status, _, body = self.ask(path, Range="bytes=7-300000")
            self.assertEqual(status, 206)
            self.same(body, whole[7:300001])
        self.assertEqual(self.servers[0].wait(60), 0)
        self.wait_for({"a": "DOWN", "b": "UP"})
        self.same(self.ask(path)[2], whole)
