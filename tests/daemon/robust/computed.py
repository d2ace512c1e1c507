# SPDX-License-Identifier: MIT
"""Orthogonal matrices for several clients at once: the bytes are the command's, each matrix is
computed once for all that request it, hundreds of clients that leave during the computation
leave nothing behind, more clients than may wait are refused, and small requests do not wait."""
import hashlib
import random
import re
import socket
import struct
import subprocess
import sys
import threading
import time

from aborts import open_files, rss_kib, settled
from wire import SANITIZED, Connection, daemon, scaled

ABORTS = scaled(600)
RSS_TOLERANCE_KIB = 24576  # less than one factorization a client
SIZE = 96 if SANITIZED else 384
LARGE = (b"/v1/tensor?shape=%d,%d&scheme=orthogonal&name=w&seed=%%d" %
         ((768, 768) if SANITIZED else (2048, 2048)))
MEMORY = "30M" if SANITIZED else "200M"  # for some of the large ones at a time
SMALL = b"/v1/tensor?shape=32,32&name=w"


def target(name, form):
    return f"/v1/tensor?shape={SIZE},{SIZE - 7}&scheme=orthogonal&name={name}&format={form}"


def command_digest(name, form):
    done = subprocess.run(
        [daemon.COMMAND, "generate", "--shape", f"{SIZE},{SIZE - 7}", "--scheme", "orthogonal",
         "--name", name, "--format", form, "-o", "-"], capture_output=True, check=True)
    return hashlib.sha256(done.stdout).hexdigest()


def metrics(port):
    connection = Connection(port)
    connection.send(b"GET", b"/metrics")
    text = connection.read().body.decode()
    connection.close()
    return {name: float(value) for name, value in
            re.findall(r"(?m)^(tensorinit_(?:factorization|compute)\w+) (\S+)$", text)}


class Client(threading.Thread):
    """Fetches a list of targets; 'digests' of the bodies."""

    def __init__(self, port, wanted):
        super().__init__()
        self.port, self.wanted, self.digests = port, wanted, []

    def run(self):
        connection = Connection(self.port)
        for wanted in self.wanted:
            connection.send(b"GET", wanted.encode())
            self.digests.append(hashlib.sha256(connection.read().body).hexdigest())
        connection.close()


def check_shared(port, rng):
    """What is wrong with the responses of many clients at once."""
    kinds = [(name, form) for name in ("a", "b", "c") for form in ("raw", "npy", "json")]
    right = {kind: command_digest(*kind) for kind in kinds}
    clients = []
    for _ in range(6):
        requested = rng.sample(kinds, len(kinds))
        clients.append((requested, Client(port, [target(*kind) for kind in requested])))
    for _, client in clients:
        client.start()
    for requested, client in clients:
        client.join()
        for kind, digest in zip(requested, client.digests):
            if digest != right[kind]:
                yield f"{kind}: not what the command computes"
        if len(client.digests) != len(requested):
            yield f"{len(client.digests)} of {len(requested)} responses"
    counts = metrics(port)
    if counts["tensorinit_factorizations_computed_total"] != 3:
        yield f"computed more than once: {counts}"
    if counts["tensorinit_factorizations_reused_total"] != len(clients) * len(kinds) - 3:
        yield f"not shared: {counts}"


def leave(connection, rng):
    if rng.random() < 0.5:  # RST, not FIN
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                     struct.pack("ii", 1, 0))
    connection.close()


def abort_all(port, rng, count):
    """Clients that leave while they wait, some sharing what they wait for."""
    open_ones = []
    for number in range(count):
        connection = Connection(port)
        connection.send(b"GET", LARGE % rng.choice([number, 0, 1]))
        open_ones.append(connection)
        if len(open_ones) > rng.randrange(12):
            leave(open_ones.pop(rng.randrange(len(open_ones))), rng)
        if rng.random() < 0.2:
            time.sleep(rng.uniform(0, 0.01))
    for connection in open_ones:
        leave(connection, rng)


def at_rest(port):
    counts = metrics(port)
    return (counts["tensorinit_compute_queue"] + counts["tensorinit_compute_running"] +
            counts["tensorinit_factorizations_waiting"])


def refused_count(port):
    """Requests that could not wait, and those that waited too long."""
    counts = metrics(port)
    return (counts["tensorinit_factorizations_refused_total"] +
            counts["tensorinit_factorizations_expired_total"])


def check_busy(port):
    """What is wrong with the responses if more want memory than may wait for it."""
    before = refused_count(port)
    crowd = [Connection(port) for _ in range(80)]
    for number, connection in enumerate(crowd):
        connection.send(b"GET", LARGE % (3000000 + number))
    heads = [connection.read_head() for connection in crowd]
    refused_after = refused_count(port)
    for connection in crowd:
        connection.close()
    refused = [head for head in heads if head.status == 503]
    if {head.status for head in heads} != {200, 503}:
        yield f"statuses {[head.status for head in heads]}"
    if any(b"retry-after" not in head.fields for head in refused):
        yield "503 without Retry-After"
    # Others may have found no memory for a block or a workspace.
    if not 0 < refused_after - before <= len(refused):
        yield f"{len(refused)} were refused, {before} to {refused_after} counted"
    if settled(lambda: at_rest(port), 0) > 0:
        yield f"work is left: {metrics(port)}"


def slowest_ms(port, while_running):
    """The slowest of small requests while a large one is computed."""
    connection, slowest = Connection(port), 0
    while while_running.is_alive():
        start = time.monotonic()
        connection.send(b"GET", SMALL)
        connection.read()
        slowest = max(slowest, time.monotonic() - start)
        time.sleep(0.002)
    connection.close()
    return slowest * 1000


def besides_factors_kib(port, pid):
    """Resident memory that no factorization accounts for, at a moment when nothing was computed."""
    while True:
        settled(lambda: at_rest(port), 0)
        before = metrics(port)
        kib = rss_kib(pid) - int(before["tensorinit_factorization_memory_bytes"]) // 1024
        if metrics(port) == before:
            return kib


def main():
    rng = random.Random(13)
    process = daemon.start([daemon.DAEMON, "--listen", "127.0.0.1:0", "--memory", MEMORY,
                            "--wait-timeout", "10"])
    port, pid = daemon.listening_port(process), process.pid
    wrong = list(check_shared(port, rng))

    files = open_files(pid)
    abort_all(port, rng, ABORTS // 2)  # what is allocated once, for good
    rss = besides_factors_kib(port, pid)
    abort_all(port, rng, ABORTS)
    if settled(lambda: at_rest(port), 0) > 0:
        wrong.append(f"work is left: {metrics(port)}")
    files_after = settled(lambda: open_files(pid), files)
    if files_after > files:
        wrong.append(f"{files} descriptors, {files_after} after clients have left")
    limit = rss + RSS_TOLERANCE_KIB
    rss_after = settled(lambda: besides_factors_kib(port, pid), limit)
    if rss_after > limit and not SANITIZED:
        wrong.append(f"resident besides factorizations {rss} KiB, "
                     f"{rss_after} KiB after clients have left")

    wrong += check_busy(port)
    large = Client(port, [LARGE.decode() % 1000000])
    large.start()
    slowest = slowest_ms(port, large)
    large.join()
    if len(large.digests) != 1:
        wrong.append("no response after clients have left")

    waiting = [Connection(port) for _ in range(20)]
    for number, connection in enumerate(waiting):
        connection.send(b"GET", LARGE % (2000000 + number))
    process.terminate()  # twice: it does not wait for them
    time.sleep(0.1)
    code = daemon.stop(process)
    if code != 0:
        wrong.append(f"exit {code}")
    for connection in waiting:
        connection.close()
    for why in wrong:
        print(f"FAIL {why}")
    print(f"computed: {ABORTS} clients left; resident besides factorizations {rss} KiB, "
          f"{rss_after} KiB; slowest small response beside a large one {slowest:.1f} ms; "
          f"{len(wrong)} wrong")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
