# SPDX-License-Identifier: MIT
"""1,000 clients that go away in the middle of a transfer, or of their own request: nothing of
them is left, no descriptor and no memory, and responses are as before."""
import os
import random
import re
import socket
import struct
import sys
import time

from wire import PATIENCE, SANITIZED, Connection, daemon, scaled

COUNT = scaled(int(os.environ.get("ABORTS", "1000")))
RSS_TOLERANCE_KIB = 4096

TARGETS = [  # large enough never to have left the daemon whole
    b"/v1/tensor?shape=16384,16384&scheme=zeros",
    b"/v1/tensor?shape=16384,16384&scheme=normal&name=w&dtype=bf16&format=npy",
    b"/v1/tensor?shape=16384,16384&name=w&permute=1,0&format=safetensors",
    b"/v1/tensor?shape=16384,16384&scheme=truncated_normal&name=w&slice=::-3,5:",
    b"/v1/tensor?shape=8192,8192&scheme=uniform&name=w&format=json",
    b"/v1/tensor?shape=4096,4096&scheme=uniform&name=w&format=json&json=flat"]
SMALL = b"/v1/tensor?shape=64,65&scheme=normal&name=w&format=npy"


def open_files(pid):
    return len(list(daemon.pathlib.Path(f"/proc/{pid}/fd").iterdir()))


def rss_kib(pid):
    status = daemon.pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])


def abort(rng, port):
    """Reads some of a response, perhaps none, and leaves."""
    connection = Connection(port)
    request = b"GET " + rng.choice(TARGETS) + b" HTTP/1.1\r\nHost: x\r\n\r\n"
    if rng.random() < 0.1:
        request = request[:rng.randrange(len(request))]
    connection.socket.sendall(request)
    left = rng.choice([0, 0, 1, 300, rng.randrange(1 << 20)]) if b"\n\r\n" in request else 0
    while left > 0:
        received = connection.socket.recv(min(left, 1 << 16))
        if not received:
            sys.exit(f"aborts: the daemon has closed the connection of {request!r}")
        left -= len(received)
    if rng.random() < 0.5:  # RST, not FIN
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                     struct.pack("ii", 1, 0))
    connection.close()


def small(port):
    connection = Connection(port)
    connection.send(b"GET", SMALL)
    body = connection.read().body
    connection.close()
    return body


def settled(measure, limit):
    """The measure once it is at most the limit, or after some seconds."""
    end = time.monotonic() + PATIENCE / 6
    while (value := measure()) > limit and time.monotonic() < end:
        time.sleep(0.02)
    return value


def main():
    rng = random.Random(11)
    # Who leaves within a request is found out by then only.
    process = daemon.start([daemon.DAEMON, "--listen", "127.0.0.1:0", "--header-timeout", "1"])
    port, pid = daemon.listening_port(process), process.pid
    files = open_files(pid)
    body = small(port)
    rss = 0
    for _ in range(COUNT // 2):  # what is allocated once, for good, at its highest
        abort(rng, port)
        rss = max(rss, rss_kib(pid))
    warm_files = settled(lambda: open_files(pid), files)
    for _ in range(COUNT):
        abort(rng, port)
    files_after = settled(lambda: open_files(pid), files)
    rss_after = settled(lambda: rss_kib(pid), rss + RSS_TOLERANCE_KIB)
    right = small(port) == body
    code = daemon.stop(process)
    print(f"aborts: {COUNT}; descriptors {files}, {warm_files}, {files_after}; resident "
          f"{rss} KiB, {rss_after} KiB; then {'right' if right else 'wrong'}, exit {code}")
    # Sanitizers keep freed memory back.
    grown = rss_after > rss + RSS_TOLERANCE_KIB and not SANITIZED
    return code != 0 or not right or files_after > files or grown


if __name__ == "__main__":
    sys.exit(main())
