# SPDX-License-Identifier: MIT
"""Memory under clients that read slowly or not at all: the kernel keeps little for them, and
nothing once they are cut; more orthogonal matrices than fit are all computed, or refused with
503, and every response is what the command computes; statistics and streams stay within the
limit."""
import hashlib
import pathlib
import re
import socket
import subprocess
import sys
import threading
import time

from aborts import rss_kib, settled
from wire import SANITIZED, Connection, Ended, daemon

STUCK = 30
KERNEL_BYTES = 1 << 20  # per client that reads nothing: a fourth of what it was
SLOW = 8
SIZE = 900  # one factorization at a time fits in 16M
SLOW_BYTES = SIZE * SIZE * 4


def start(*options):
    process = daemon.start([daemon.DAEMON, "--listen", "127.0.0.1:0", *options])
    return process, daemon.listening_port(process)


def get(port, target, receive_bytes=0):
    """A connection that has sent a request."""
    connection = Connection.__new__(Connection)
    connection.socket, connection.buffer = socket.socket(), b""
    if receive_bytes:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    connection.socket.settimeout(60)
    connection.socket.connect(("127.0.0.1", port))
    connection.send(b"GET", target.encode())
    return connection


def unsent_bytes(port):
    """What the kernel keeps for the clients of a port, also after the daemon has closed."""
    total = 0
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, _, _, queues = line.split()[:5]
        if int(local.split(":")[1], 16) == port:
            total += int(queues.split(":")[0], 16)
    return total


def check_kernel(target):
    """What is wrong with what the kernel keeps for clients that read nothing."""
    process, port = start("--idle-timeout", "2")
    stuck = [get(port, target, 2304) for _ in range(STUCK)]
    time.sleep(1.5)
    held = unsent_bytes(port)
    left = settled(lambda: unsent_bytes(port), 0)
    code = daemon.stop(process)
    for connection in stuck:
        connection.close()
    if held > STUCK * KERNEL_BYTES:
        yield f"{target}: {held} bytes in the kernel for {STUCK} clients"
    if left > 0:
        yield f"{target}: {left} bytes are left after they were cut"
    if code != 0:
        yield f"exit {code}"


def slow_target(seed):
    return f"/v1/tensor?shape={SIZE},{SIZE}&scheme=orthogonal&format=raw&seed={seed}"


def right_digest(seed):
    done = subprocess.run(
        [daemon.COMMAND, "generate", "--shape", f"{SIZE},{SIZE}", "--scheme", "orthogonal",
         "--format", "raw", "--seed", str(seed), "-o", "-"], capture_output=True, check=True)
    return hashlib.sha256(done.stdout).hexdigest()


class SlowReader(threading.Thread):
    """Reads a matrix in about 'seconds'; 'outcome' is a status, or what is wrong."""

    def __init__(self, port, seed, seconds):
        super().__init__()
        self.seed, self.seconds = seed, seconds
        self.connection = get(port, slow_target(seed), 65536)
        self.outcome = None

    def run(self):
        try:
            head = self.connection.read_head()
            if head.status == 503 and b"retry-after" not in head.fields:
                self.outcome = "503 without Retry-After"
                return
            body = b""
            while head.status == 200 and len(body) < SLOW_BYTES:
                body += self.connection.take(min(1 << 17, SLOW_BYTES - len(body)))
                time.sleep(self.seconds * (1 << 17) / SLOW_BYTES)
            digest = hashlib.sha256(body).hexdigest()
            right = head.status == 503 or digest == right_digest(self.seed)
            self.outcome = head.status if right else "wrong bytes"
        except (Ended, OSError) as error:
            self.outcome = f"cut: {error}"


def check_slow_readers():
    """What is wrong if more matrices than fit are read slowly."""
    process, port = start("--memory", "16M", "--wait-timeout", "40")
    readers = [SlowReader(port, seed, 4) for seed in range(SLOW)]
    for reader in readers:
        reader.start()
    small = get(port, "/v1/tensor?shape=8,8&scheme=orthogonal").read()
    for reader in readers:
        reader.join()
    outcomes = [reader.outcome for reader in readers]
    revoked = int(re.search(rb"revoked_total (\d+)", get(port, "/metrics").read().body)[1])
    if small.status != 200 or any(reader.is_alive() for reader in readers):
        yield "a small one had to wait"
    if not set(outcomes) <= {200, 503} or 200 not in outcomes:
        yield f"slow readers: {outcomes}"
    if revoked == 0 and not SANITIZED:  # they compute for longer than others read
        yield "no slow reader has had to give its memory to others"
    code = daemon.stop(process)
    if code != 0:
        yield f"exit {code}"


def check_limit():
    """What is wrong if streams and statistics want more than there is."""
    process, port = start("--memory", "4M", "--max-connections", "300")
    targets = ["/v1/tensor?shape=100000,1000&format=raw",
               "/v1/stats?shape=20000,20000&scheme=truncated_normal&dtype=f64",
               "/v1/tensor?shape=60000,1000&format=json"]
    before = rss_kib(process.pid)
    crowd = [get(port, targets[i % 3] + f"&seed={i}", 4096) for i in range(200)]
    statuses = [connection.read_head().status for connection in crowd]
    time.sleep(0.5)
    grown = rss_kib(process.pid) - before
    metrics = get(port, "/metrics").read().body
    used = int(re.search(rb"response_memory_bytes (\d+)", metrics)[1])
    for connection in crowd:
        connection.close()
    left = settled(lambda: int(re.search(
        rb"response_memory_bytes (\d+)", get(port, "/metrics").read().body)[1]), 0)
    if not {200, 503} >= set(statuses) or len(set(statuses)) == 1:
        yield f"statuses {sorted(set(statuses))}"
    if used > 4 << 20:
        yield f"{used} bytes are taken of 4 MiB"
    # And some for each connection.
    if grown > 4096 + 200 * 40 and not SANITIZED:
        yield f"resident memory has grown by {grown} KiB"
    if left > 0:
        yield f"{left} bytes are taken after all clients have left"
    code = daemon.stop(process)
    if code != 0:
        yield f"exit {code}"


def main():
    wrong = []
    for target in ("/v1/tensor?shape=1000000,1000000", "/v1/tensor?shape=250,250"):
        wrong += check_kernel(target)
    wrong += check_slow_readers()
    wrong += check_limit()
    for why in wrong:
        print(f"FAIL {why}")
    print(f"memory: {STUCK} clients that read nothing, {SLOW} slow ones, 200 of streams and "
          f"statistics; {len(wrong)} wrong")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
