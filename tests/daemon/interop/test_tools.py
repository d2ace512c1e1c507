# SPDX-License-Identifier: MIT
"""What download tools make of a tensor: pieces, and files that were cut off and resumed,
have the whole's digest."""
import email
import hashlib
import random
import socket
import subprocess
import threading

from support import Case, daemon, program, target

# Several MiB, so that aria2 fetches it by several connections.
TENSOR = {"shape": "1500,1000", "scheme": "normal", "seed": "4", "name": "w", "dtype": "f32"}


def run(*command):
    done = subprocess.run(command, capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


class Tools(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bodies = {name: cls.server.get(target({**TENSOR, "format": name}))[0]
                      for name in cls.server.words("format")}
        # A text's length is not known beforehand, so that it has no byte ranges.
        cls.ranged = [name for name, body in cls.bodies.items()
                      if body.endswith(cls.bodies["raw"])]

    def setUp(self):
        super().setUp()
        self.rng = random.Random(9)
        self.out = self.scratch / "out"

    def url(self, name):
        return self.server.url + target({**TENSOR, "format": name})

    def same(self, name, data):
        self.assertEqual(hashlib.sha256(data).hexdigest(),
                         hashlib.sha256(self.bodies[name]).hexdigest(), name)

    def cut_off(self, name):
        """The file as an interrupted transfer leaves it."""
        body = self.bodies[name]
        self.out.write_bytes(body[:self.rng.choice([0, 1, 77, 4097, len(body) // 3,
                                                     len(body) - 1])])

    def test_curl_ranges(self):
        curl = program("curl")
        for name in self.ranged:
            length = len(self.bodies[name])
            cuts = [0, 50, *sorted(self.rng.sample(range(51, length), 4)), length]
            parts = [run(curl, "-sSf", "-r", f"{first}-{end - 1}", self.url(name))
                      for first, end in zip(cuts, cuts[1:])]
            self.same(name, b"".join(parts))
            last = run(curl, "-sSf", "-r", "-1000", self.url(name))
            self.assertEqual(last, self.bodies[name][-1000:])

    def test_several_ranges(self):
        """As Python's parser of e-mail reads them, by RFC 2046."""
        curl = program("curl")
        for name in self.ranged:
            body = self.bodies[name]
            wanted = [(5, 9), (1000, 70000), (len(body) - 8, len(body) - 1)]
            ranges = ",".join(f"{first}-{last}" for first, last in wanted)
            message = email.message_from_bytes(
                run(curl, "-sSf", "-i", "-r", ranges, self.url(name)).partition(b"\r\n")[2])
            self.assertEqual(message.get_content_type(), "multipart/byteranges")
            self.assertEqual(message.defects, [])
            parts = message.get_payload()
            self.assertEqual([part["Content-Range"] for part in parts],
                             [f"bytes {first}-{last}/{len(body)}" for first, last in wanted])
            self.assertEqual([part.get_payload(decode=True) for part in parts],
                             [body[first:last + 1] for first, last in wanted])

    def test_curl_resumes(self):
        curl = program("curl")
        for name in self.ranged:
            for _ in range(3):
                self.cut_off(name)
                run(curl, "-sSf", "-C", "-", "-o", self.out, self.url(name))
                self.same(name, self.out.read_bytes())

    def test_curl_compressed_and_http_1_0(self):
        curl = program("curl")
        for name in self.bodies:
            for option in ("--compressed", "--http1.0"):
                self.same(name, run(curl, "-sSf", option, self.url(name)))

    def test_curl_retries(self):
        """A crowd has all places: 503 with Retry-After, and curl comes again."""
        curl = program("curl")
        with daemon.running("--max-connections", "2") as full:
            held = [socket.create_connection(("127.0.0.1", full.port)) for _ in range(2)]
            for client in held:
                client.sendall(b"GET /v1/tensor?shape=100000,1000 HTTP/1.1\r\nHost: x\r\n\r\n")
                client.recv(100)
            timer = threading.Timer(0.5, lambda: [client.close() for client in held])
            timer.start()
            body = run(curl, "-sSf", "--retry", "9", full.url + target(TENSOR))
            timer.join()
        self.same("raw", body)

    def test_wget_resumes(self):
        wget = program("wget")
        for name in self.ranged:
            self.cut_off(name)
            run(wget, "-q", "--no-proxy", "-c", "-O", self.out, self.url(name))
            self.same(name, self.out.read_bytes())

    def test_aria2_splits_and_resumes(self):
        aria2 = program("aria2c")
        command = [aria2, "-q", "--no-conf", "--all-proxy=", "-d", self.scratch, "-o", "out"]
        for name in self.ranged:
            self.out.unlink(missing_ok=True)
            run(*command, "-x", "16", "-s", "16", "-k", "1M", self.url(name))
            self.same(name, self.out.read_bytes())
            self.cut_off(name)
            run(*command, "-c", self.url(name))
            self.same(name, self.out.read_bytes())

    def test_rclone_copies(self):
        """copyurl; a remote of its http backend has paths only, no queries."""
        rclone = program("rclone")
        for name in self.ranged:
            run(rclone, "--config", "/dev/null", "copyurl", self.url(name), self.out)
            self.same(name, self.out.read_bytes())
