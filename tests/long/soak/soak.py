# SPDX-License-Identifier: MIT
"""A mixed load for SOAK_SECONDS on two daemons, one of them with TLS: clients that check
what they get, that leave, that read slowly or not at all, that send no HTTP, and SIGHUP.
Memory is flat after the first quarter, no descriptor is left, probes are answered."""
import collections
import hashlib
import os
import pathlib
import random
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "daemon/robust"))
from aborts import open_files, rss_kib, settled  # noqa: E402
from wire import SANITIZED, Connection, Ended, daemon  # noqa: E402
import credentials  # noqa: E402  (wire.py has its folder)

SECONDS = int(os.environ.get("SOAK_SECONDS") or "600")
RSS_TOLERANCE_KIB = 8192
RSS_SECONDS = 600  # a shorter run has not yet used all of its memory in the first quarter
PROBE_SECONDS = 5
PLACES = 48

# What is checked: these, with the seeds 0 to 3.
TARGETS = [
    "/v1/tensor?shape=16,9&name=w&seed=%d",
    "/v1/tensor?shape=700,500&name=w&scheme=truncated_normal&dtype=bf16&seed=%d",
    "/v1/tensor?shape=2000,1000&name=w&scheme=uniform&format=npy&seed=%d",
    "/v1/tensor?shape=300,300&name=w&scheme=orthogonal&seed=%d",
    "/v1/tensor?shape=400,300&name=w&scheme=sparse&sparsity=0.5&seed=%d",
    "/v1/tensor?shape=150,150&name=w&format=json&seed=%d",
    "/v1/tensor?shape=64,65&name=w&format=safetensors&metadata=full&seed=%d",
    "/v1/plan?shape=30,20&scheme=keras.HeNormal&seed=%d",
    "/v1/stats?shape=500,400&name=w&seed=%d",
    "/v1/digest?shape=500,400&name=w&seed=%d",
]
LARGE = "/v1/tensor?shape=100000,10000&name=w&seed=%d"


class Server:
    def __init__(self, name, tls, *options):
        self.name, self.tls = name, tls
        command = [daemon.DAEMON, "--listen", "127.0.0.1:0", "--memory", "64M", "--workers",
                   "2", "--max-connections", str(PLACES), "--header-timeout", "2",
                   "--idle-timeout", "5", *options]
        self.process = daemon.start(command)
        self.port = None
        for line in self.process.stderr:
            if match := re.search(r'listening on https?://\S+:(\d+)"$', line.strip()):
                self.port = int(match[1])
                break
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        self.samples = []  # seconds, KiB, descriptors
        self.counts = collections.Counter()

    def connect(self, receive_bytes=0):
        connection = Connection.__new__(Connection)
        connection.buffer = b""
        connection.socket = socket.socket()
        if receive_bytes:
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        connection.socket.settimeout(60)
        connection.socket.connect(("127.0.0.1", self.port))
        if self.tls:
            connection.socket = self.tls.wrap_socket(connection.socket)
        return connection

    def get(self, target, fields=b""):
        connection = self.connect()
        try:
            connection.socket.sendall(b"GET " + target.encode() + b" HTTP/1.1\r\nHost: x\r\n"
                                      + fields + b"\r\n")
            return connection.read()
        finally:
            connection.close()


class Load:
    def __init__(self, servers):
        self.servers, self.wrong, self.right = servers, [], {}
        self.end = time.monotonic() + SECONDS
        for target in TARGETS:
            for seed in range(4):
                bodies = {server.get(target % seed).body for server in servers}
                if len(bodies) != 1:
                    self.wrong.append(f"the servers differ: {target % seed}")
                self.right[target % seed] = bodies.pop()

    def fail(self, why):
        self.wrong.append(why)
        print("FAIL", why, flush=True)
        if len(self.wrong) > 20:
            self.end = 0

    def check(self, server, rng):
        """One that reads all. At the limit of connections it comes again."""
        target, body = rng.choice(list(self.right.items()))
        fields, first = b"", 0
        if rng.random() < 0.3 and "json" not in target and "/tensor" in target:
            first = rng.randrange(len(body))
            fields = b"Range: bytes=%d-\r\n" % first
        response = server.get(target, fields)
        server.counts[response.status] += 1
        if response.status == 503 and b"retry-after" in response.fields:
            time.sleep(0.05)
        elif response.status not in (200, 206) or response.body != body[first:]:
            digest = hashlib.sha256(response.body).hexdigest()
            self.fail(f"{server.name}: {target} from {first}: {response.status} {digest}")

    def leave(self, server, rng):
        connection = server.connect()
        target = rng.choice([LARGE, *TARGETS]) % rng.randrange(1000)
        connection.send(b"GET", target.encode())
        if rng.random() < 0.7:
            connection.socket.recv(rng.randrange(1, 1 << 16))
        connection.close()
        server.counts["left"] += 1

    def read_slowly(self, server, rng):
        connection = server.connect(4096)
        connection.send(b"GET", (LARGE % rng.randrange(1000)).encode())
        end = time.monotonic() + rng.uniform(0, 8)  # more than the time-outs
        while time.monotonic() < end and connection.socket.recv(512):
            time.sleep(rng.choice([0.01, 0.1, 3]))
        connection.close()
        server.counts["slow"] += 1

    def send_garbage(self, server, rng):
        connection = server.connect()
        connection.socket.sendall(rng.choice([
            rng.randbytes(300), b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            b"POST /v1/tensor HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 99\r\n\r\n{\"shape\": 3", b"GET /" + 9000 * b"x" + b" HTTP/1.1\r\n"]))
        if rng.random() < 0.5:
            connection.socket.settimeout(3)
            connection.socket.recv(4096)
        connection.close()
        server.counts["garbage"] += 1

    def run(self, number, step):
        rng = random.Random(number)
        while time.monotonic() < self.end:
            server = rng.choice(self.servers)
            try:
                step(server, rng)
            except (Ended, OSError) as error:
                # A TLS server at its limit closes, and clients that send no HTTP are cut.
                if step == self.check and not server.tls:
                    self.fail(f"{server.name}: {error!r}")
                time.sleep(0.02)

    def probe(self, server):
        # With TLS a full server cannot tell a probe from others before the handshake.
        while time.monotonic() < self.end:
            for target in ("/healthz", "/readyz", "/metrics"):
                start = time.monotonic()
                try:
                    status = server.get(target).status
                except (Ended, OSError) as error:
                    status = repr(error)
                took = time.monotonic() - start
                if not server.tls and (status != 200 or took > PROBE_SECONDS):
                    self.fail(f"{server.name}: {target} {status} after {took:.1f} s")
                server.counts["probe", status] += 1
            time.sleep(0.2)

    def watch(self):
        start = time.monotonic()
        while time.monotonic() < self.end:
            for server in self.servers:
                if server.process.poll() is not None:
                    self.fail(f"{server.name}: exit {server.process.returncode}")
                    self.end = 0
                    return
                server.samples.append((time.monotonic() - start, rss_kib(server.process.pid),
                                       open_files(server.process.pid)))
                server.process.send_signal(signal.SIGHUP)
            time.sleep(min(2, SECONDS / 40))

    def start(self):
        steps = 4 * [self.check] + 2 * [self.leave] + 4 * [self.read_slowly] + [self.send_garbage]
        threads = [threading.Thread(target=self.run, args=row) for row in enumerate(steps)]
        threads += [threading.Thread(target=self.probe, args=[s]) for s in self.servers]
        for thread in threads:
            thread.start()
        self.watch()
        for thread in threads:
            thread.join()


def judge(server, files):
    """What is wrong with a server's memory and descriptors, once it is idle."""
    early = [kib for at, kib, _ in server.samples if SECONDS / 4 < at <= SECONDS / 2]
    late = [kib for at, kib, _ in server.samples if at > SECONDS / 2]
    left = settled(lambda: open_files(server.process.pid), files)
    max_open = max(count for _, _, count in server.samples)
    print(f"{server.name}: {dict(server.counts)}; resident {max(early)} KiB, then {max(late)}; "
          f"descriptors {files}, at most {max_open}, {left} left")
    if (SECONDS >= RSS_SECONDS and not SANITIZED
            and max(late) > max(early) + RSS_TOLERANCE_KIB):
        yield f"{server.name}: memory grows"
    if left > files:
        yield f"{server.name}: descriptors are left"
    if server.counts[200] < SECONDS:
        yield f"{server.name}: few responses"
    metrics = server.get("/metrics").body
    for name, value in (("connections", b"1"), ("response_memory_bytes", b"0")):
        if (b"\ntensorinit_%s %s\n" % (name.encode(), value)) not in metrics:
            yield f"{server.name}: {name} is not {value.decode()} when idle"
    code = daemon.stop(server.process)
    if code != 0:
        yield f"{server.name}: exit {code}"


def main():
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = credentials.self_signed(folder)
        tls = ssl.create_default_context(cafile=certificate)
        tls.check_hostname = False
        servers = [Server("http", None), Server("https", tls, "--tls-cert", certificate,
                                                "--tls-key", key)]
        files = [open_files(server.process.pid) for server in servers]
        load = Load(servers)
        load.start()
        for server, count in zip(servers, files):
            load.wrong += judge(server, count)
    for why in load.wrong:
        print(f"FAIL {why}")
    print(f"soak: {SECONDS} s; {len(load.wrong)} wrong")
    return bool(load.wrong)


if __name__ == "__main__":
    sys.exit(main())
