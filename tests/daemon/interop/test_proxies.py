# SPDX-License-Identifier: MIT
"""Behind nginx, which removes a prefix, caches slices and says that clients use TLS: the same
bytes, hits where hits are due, and URLs as clients see them."""
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
CONFIG = """
daemon off;
user root;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    proxy_cache_path {folder}/cache keys_zone=tensors:1m;
    server {{
        listen 127.0.0.1:{port};
        location /ml/ {{
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
        }}
    }}
}}
"""


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Nginx(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        nginx = program("nginx")
        built = subprocess.run([nginx, "-V"], capture_output=True, text=True, check=True)
        need("http_slice_module" in built.stderr, "nginx with the slice module")
        running = daemon.running("--trusted-proxies", "127.0.0.1")
        cls.server = running.__enter__()
        cls.addClassCleanup(running.__exit__, None, None, None)
        cls.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        folder = daemon.BUILD / f"nginx-{os.getpid()}"
        folder.mkdir()
        cls.addClassCleanup(shutil.rmtree, folder)
        port = free_port()
        cls.url = f"http://127.0.0.1:{port}/ml"
        config = folder / "nginx.conf"
        config.write_text(CONFIG.format(folder=folder, port=port, upstream=cls.server.url))
        process = subprocess.Popen([nginx, "-p", folder, "-c", config],
                                   stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(process.wait)
        cls.addClassCleanup(process.terminate)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except ConnectionRefusedError:
                time.sleep(0.1)

    def ask(self, path, data=None, **fields):
        request = urllib.request.Request(
            self.url + path, data, {k.replace("_", "-"): v for k, v in fields.items()})
        try:
            with self.opener.open(request, timeout=60) as response:
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as response:
            return response.code, response.headers, response.read()

    def test_cached_in_slices(self):
        path = target(TENSOR)
        whole = self.server.get(path)[0]
        for cache in ("MISS", "HIT"):
            status, headers, body = self.ask(path)
            self.assertEqual((status, headers["X-Cache"]), (200, cache))
            self.assertEqual(hashlib.sha256(body).digest(), hashlib.sha256(whole).digest())
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

    def test_post(self):
        status, _, body = self.ask("/v1/tensor", b'{"shape": [2], "scheme": "ones"}',
                                   Content_Type="application/json")
        self.assertEqual((status, body), (200, b"\0\0\x80\x3f" * 2))
