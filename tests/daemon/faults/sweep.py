# SPDX-License-Identifier: MIT
"""While a request is served, the n-th allocation, send(), accept(), ... fails, n = 0, 1, 2,
..., until none is left to fail. Each time the response is right, an error or cut off, what
follows is right, and no memory and no descriptor is left: of a daemon with plain HTTP, of one
that wants tokens or signed URLs, and of one with TLS. FAULT_STEP=N: every N-th n."""
import os
import re
import ssl
import subprocess
import sys
import tempfile
import time

from fail_nth import Control, Daemon, Request, credentials, daemon

STEP = int(os.environ.get("FAULT_STEP", "1"))

METRICS = Request("/metrics", varies=True)  # it opens files

REQUESTS = [
    Request("/v1/tensor?shape=16,9&seed=3&name=w"),
    Request("/v1/tensor?shape=300,400&seed=3&name=w&scheme=truncated_normal&dtype=bf16"),
    Request("/v1/tensor?shape=700,500&seed=3&name=w&scheme=uniform"),
    Request("/v1/tensor?shape=60,70&scheme=orthogonal&name=w"),
    Request("/v1/tensor?shape=400,300&scheme=sparse&sparsity=0.5&name=w"),
    Request("/v1/tensor?shape=16,9&name=w&format=npy", "HEAD"),
    Request("/v1/tensor?shape=300,400&name=w&format=npy", fields="Range: bytes=77-90000\r\n"),
    Request("/v1/tensor?shape=300,400&name=w", fields="Range: bytes=5-9,4000-9000,-8\r\n"),
    Request("/v1/tensor?shape=150,150&name=w&format=json&json=object"),
    Request("/v1/tensor?shape=20,20&name=w&format=safetensors&metadata=full",
            fields="Want-Repr-Digest: sha-256=5\r\n"),
    # The name leads to another slot of the cache of responses than that of the first request.
    Request("/v1/tensor?shape=torch.Size([5,6])&scheme=torch.nn.init.kaiming_uniform_&name=u"),
    Request("/v1/tensor?shape=200,200&name=" + 600 * "w"),
    Request("/v1/tensor?shape=16&shard=0:9/8"),
    Request("/v1/tensor", "POST", "Content-Type: application/json\r\n",
            '{"shape": [1234, 20], "name": "' + 300 * "w" + '", "format": "npy"}'),
    Request("/v1/tensor", "POST", "Content-Type: application/x-www-form-urlencoded\r\n",
            "shape=30,20&name=w&format=json"),
    Request("/v1/plan?shape=30,20&scheme=keras.HeNormal&name=w"),
    Request("/v1/stats?shape=300,200&name=w"),
    Request("/v1/digest?shape=300,200&name=w"),
    Request("/v1/schemes"),
    Request("/openapi.json"),
    Request("/problems/out-of-memory"),
    METRICS,
    Request("/nothing", fields="Origin: http://a.example\r\nX-Forwarded-Host: b\r\n"),
    Request("/", fields="X-Forwarded-Host: b.example\r\nX-Forwarded-Prefix: /p\r\n"),
]

# Made, and then stored, each time.
FRESH = Request("/v1/tensor?shape=16,9&seed=3&name=w", fresh=True)

QUERY = "shape=16,9&seed=3&name=w&format=npy"
TOKEN, KEY = "0123456789abcdef", 32 * "5a"

# Of everything that sends in another way.
TLS_REQUESTS = [REQUESTS[0], REQUESTS[1], REQUESTS[3], REQUESTS[13], REQUESTS[22]]

# 3.7.9 leaks its buffer for the key share where that cannot grow.
LEAK_OF_GNUTLS = 1

# Kind, errors, how many calls in a row fail, and for how many of the requests.
FAULTS = [
    ("memory", ["ENOMEM"], [1, 50], None),
    ("send", ["ECONNRESET", "ENOBUFS", "EPIPE"], [1], None),
    ("receive", ["ECONNRESET", "ENOMEM"], [1], None),
    ("accept", ["ECONNABORTED", "EMFILE", "ENFILE", "ENOMEM", "EPERM"], [1, 3], 1),
    ("epoll", ["ENOMEM"], [1, 3], None),
    ("open", ["EMFILE"], [1, 50], None),
    ("option", ["EINVAL"], [1, 50], None),
]


class Sweep:
    def __init__(self, name, requests, *options, tls=None):
        self.control = Control()
        self.wrong, self.failures = [], 0
        self.name, self.requests, self.options, self.tls = name, requests, options, tls
        self.start()

    def start(self):
        self.daemon = Daemon(self.control, "--workers", "1", "--compute-threads", "1",
                             "--trusted-proxies", "127.0.0.1", *self.options)
        for _ in range(3):  # what is allocated once, for good
            for request in self.requests:
                request.learn(request.exchange(self.daemon.port, self.tls))
        for request in self.requests:
            for _ in range(1000 if request.fresh else 0):  # until all slots of the cache are full
                request.exchange(self.daemon.port, self.tls)
        time.sleep(0.3)
        self.live, self.files = self.control.live, self.daemon.open_files()

    def fail(self, request, kind, error, n, times, why):
        self.wrong.append(f"{self.name}: {request.method} {request.target[:80]}: {kind} {n} ({error}, {times} "
                          f"times): {why}")
        print("FAIL", self.wrong[-1], flush=True)
        if self.daemon.process.poll() is not None:
            print(f"exit {self.daemon.process.returncode}", "".join(self.daemon.lines),
                  self.daemon.process.stderr.read())
            self.control.disarm()
            self.start()

    def one(self, request, kind, error, n, times):
        """Whether a call failed."""
        self.control.arm(kind, error, n, times)
        stream = request.exchange(self.daemon.port, self.tls)
        self.control.disarm()
        failed = self.control.failed
        why = "no response, and no end" if stream is None else request.judge(stream)
        if why:
            self.fail(request, kind, error, n, times, why)
        if failed:
            self.failures += 1
            if kind == "accept":  # for want of a descriptor the next one may be dropped
                time.sleep(0.02)
            again = request.exchange(self.daemon.port, self.tls)
            if again is None or len(again) < len(request.right.body) or request.judge(again):
                self.fail(request, kind, error, n, times, f"afterwards: {again and again[:1000]}")
            if not self.daemon.settles(self.live, self.files):
                left = self.control.live - self.live, self.daemon.open_files() - self.files
                in_handshake = self.tls and kind == "memory" and stream == b""
                if not in_handshake or left[0] > LEAK_OF_GNUTLS or left[1] != 0:
                    self.fail(request, kind, error, n, times,
                              "%d allocations, %d descriptors are left" % left)
                self.live += left[0]
                self.files += left[1]
        return failed > 0

    def run(self):
        for kind, errors, times, requests in FAULTS:
            start, before = time.monotonic(), self.failures
            for request in self.requests[:requests]:
                for error in errors:
                    for count in times:
                        n = 0
                        while self.one(request, kind, error, n, count):
                            n += STEP
            if self.failures == before and (kind != "open" or METRICS in self.requests):
                self.wrong.append(f"{self.name}: {kind}: nothing failed")
            print(f"{self.name}: {kind}: {self.failures - before} faults, "
                  f"{time.monotonic() - start:.1f} s", flush=True)
        code = self.daemon.stop()
        if code != 0:
            self.wrong.append(f"{self.name}: exit {code}")
        print(f"{self.name}: {self.failures} faults, {len(self.wrong)} wrong")
        return self.wrong


def guarded(folder):
    """A sweep over requests with a token, with a signature, and with neither."""
    tokens, keys = folder + "/tokens", folder + "/keys"
    for path, line in ((tokens, f"one = {TOKEN}\n"), (keys, f"k1 = {KEY}\n")):
        with open(path, "w", encoding="ascii", opener=lambda name, flags: os.open(
                name, flags, 0o600)) as file:
            file.write(line)
    plan = subprocess.run([daemon.COMMAND, "plan", *(f"--{pair}" for pair in QUERY.split("&"))],
                          check=True, capture_output=True, text=True).stdout
    canonical = re.search(r"^query +(\S+)$", plan, re.MULTILINE)[1]
    query = credentials.signed(canonical, QUERY, KEY, "k1", int(time.time()) + 86400)
    return Sweep("guarded", [
        Request("/v1/tensor?" + query),
        Request("/v1/stats?" + query),
        Request("/v1/tensor?" + QUERY, fields=f"Authorization: Bearer {TOKEN}\r\n"),
        Request("/v1/tensor?" + QUERY)], "--token-file", tokens, "--signing-key-file", keys)


def encrypted(folder):
    certificate, key = credentials.self_signed(folder)
    return Sweep("TLS", TLS_REQUESTS, "--tls-cert", certificate, "--tls-key", key,
                 tls=ssl.create_default_context(cafile=certificate))


def main():
    with tempfile.TemporaryDirectory() as folder:
        sweeps = {"HTTP": lambda: Sweep("HTTP", REQUESTS),
                  "cache": lambda: Sweep("cache", [FRESH]), "guarded": lambda: guarded(folder),
                  "TLS": lambda: encrypted(folder)}
        wrong = [why for name in sys.argv[1:] or sweeps for why in sweeps[name]().run()]
    print(*wrong, f"sweep: {len(wrong)} wrong", sep="\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
