# SPDX-License-Identifier: MIT
"""What others get while the dearest requests are computed: a probe of /healthz, a small
tensor and a small orthogonal one are answered soon, a client that leaves ends its work, and
SIGTERM is obeyed within --drain-timeout and a second. And a client gets its part however many
requests others have, which come from other addresses of the loopback network. The bounds are
for a busy machine, ten times what an idle one takes; without fair shares each of these took ten
times the bound. A virtual machine may stand still for as long as a bound, so one that is not met
is tried again: a daemon that is unfair is so each time."""
import multiprocessing
import re
import selectors
import subprocess
import sys
import time

from wire import SANITIZED, Connection, Ended, daemon

SLOW = 40 if SANITIZED else 1  # times the bounds
DRAIN_SECONDS = 1
STOP_SECONDS = (DRAIN_SECONDS + 2.5) * SLOW
PROBES, TRIES = 15, 3
HEALTH = b"/healthz"
TENSOR = b"/v1/tensor?shape=32,32&name=w"
ORTHOGONAL = b"/v1/tensor?shape=8,8&scheme=orthogonal&name=w&seed=%d"

# Two axes of a matrix' rows, reversed: no two neighbours lie in one line of it; the end, where
# sums are longest.
THIN = (b"/v1/tensor?shape=2,2048,4096&layout=io&scheme=orthogonal&permute=2,1,0&slice=3500:"
        b"&dtype=f8_e4m3&seed=%d")
SPARSE = b"/v1/tensor?shape=32768,32768&scheme=sparse&sparsity=.5&permute=1,0&seed=%d"
STATS = b"/v1/stats?shape=32768,32768&dtype=f64&permute=1,0&seed=%d"
CUT = b"/v1/tensor?shape=65536,65536&scheme=truncated_normal&truncation=-1,2&seed=%d"
STREAM = b"/v1/tensor?shape=65536,65536&dtype=f64&permute=1,0&seed=%d"
BROAD = b"/v1/tensor?shape=64,1048576&scheme=orthogonal&seed=%d"
F8 = b"&dtype=f8_e4m3"

# What is requested by how many, what else, and the seconds within which that is answered.
ROWS = [
    ("thin parts of orthogonal matrices", 2, THIN, {ORTHOGONAL: 3, HEALTH: 0.5}),
    ("statistics by a crowd", 600, STATS, {HEALTH: 0.9, TENSOR: 0.9}),
    ("statistics", 20, STATS, {HEALTH: 0.5, TENSOR: 0.5, ORTHOGONAL: 0.9}),
    ("sparse columns", 20, SPARSE + F8, {HEALTH: 0.5, ORTHOGONAL: 0.9}),
    ("streams of narrow cut normals", 20, CUT + F8, {HEALTH: 0.5, TENSOR: 0.5}),
    ("permuted streams of f64", 20, STREAM, {HEALTH: 0.5, TENSOR: 0.5, ORTHOGONAL: 1.5}),
    ("wide orthogonal matrices", 20, BROAD, {HEALTH: 0.5, TENSOR: 0.5, ORTHOGONAL: 0.9}),
]


def read_all(sockets):
    """Throws away what is received, in a process of its own: until it is killed."""
    selector = selectors.DefaultSelector()
    for socket in sockets:
        socket.setblocking(False)
        selector.register(socket, selectors.EVENT_READ)
    while selector.get_map():
        for key, _ in selector.select():
            try:
                if key.fileobj.recv(1 << 20):
                    continue
            except OSError:
                pass
            selector.unregister(key.fileobj)


class Crowd:
    """Clients that have sent a request each, and read what is received."""

    def __init__(self, port, count, target, source="127.0.0.1"):
        self.connections = [Connection(port, source) for _ in range(count)]
        for number, connection in enumerate(self.connections):
            connection.send(b"GET", target % number)
        self.reader = multiprocessing.Process(
            target=read_all, args=([c.socket for c in self.connections],), daemon=True)
        self.reader.start()

    def leave(self):
        self.reader.kill()
        self.reader.join()
        for connection in self.connections:
            connection.close()


def wait_for_factorizations(port, count):
    """Until that many are complete: then their elements are computed."""
    while True:
        connection = Connection(port)
        connection.send(b"GET", b"/metrics")
        found = re.search(rb"(?m)^tensorinit_factorizations_computed_total (\d+)$",
                          connection.read().body)
        connection.close()
        if int(found[1]) >= count:
            return
        time.sleep(0.1)


def slowest_of(port, target, bound):
    """Seconds of the slowest of some requests, each on a connection of its own."""
    slowest = 0
    for number in range(PROBES):
        start = time.monotonic()
        connection = Connection(port)
        connection.send(b"GET", target % number if b"%" in target else target)
        response = connection.read()
        connection.close()
        if response.status != 200:
            raise Ended(0)
        slowest = max(slowest, time.monotonic() - start)
        if slowest > 10 * bound:
            break
        time.sleep(0.02)
    return slowest


def tried(measure, bound):
    """The first of some tries within the bound, or the last; 'measure' is given their numbers."""
    for number in range(TRIES):
        if (took := measure(number)) <= bound:
            break
    return took


def check(name, count, target, bounds):
    """What is wrong, and the seconds that were measured."""
    wrong, measured = [], []
    process = daemon.start([daemon.DAEMON, "--listen", "127.0.0.1:0", "--drain-timeout",
                            str(DRAIN_SECONDS)])
    port = daemon.listening_port(process)
    crowd = Crowd(port, count, target)
    if target is THIN:
        wait_for_factorizations(port, count)
    time.sleep(1)
    for other, bound in bounds.items():
        try:
            took = tried(lambda _: slowest_of(port, other, bound * SLOW), bound * SLOW)
        except (Ended, OSError) as error:
            wrong.append(f"{name}: {other.decode()}: {error!r}")
            continue
        measured.append(f"{took:.2f}")
        if took > bound * SLOW:
            wrong.append(f"{name}: {other.decode()} took {took:.2f} s, not {bound * SLOW:.1f}")
    if count < 100:  # and some of them leave: what they began is not waited for
        crowd.leave()
        crowd = Crowd(port, count, target + b"&name=b")
        time.sleep(0.5)
    start = time.monotonic()
    process.terminate()
    try:
        code = process.wait(60 + STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        code = None
    took = time.monotonic() - start
    crowd.leave()
    if code != 0 or took > STOP_SECONDS:
        wrong.append(f"{name}: exit {code}, {took:.2f} s after SIGTERM")
    print(f"{name}: {' '.join(measured)} s, stopped after {took:.2f} s")
    return wrong


CLIENTS, REQUESTS = 8, 12
# By turns of requests, and with two threads, it would take 50 times as long: as one of 97
# that share them instead of alone in one. By turns of clients it is one of nine: 5.
SLOWER = 30 if SANITIZED else 15
DEAR = b"/v1/stats?shape=4096,4096&dtype=f64&scheme=normal&seed=%d"


def seconds_of(port, target):
    start = time.monotonic()
    connection = Connection(port)
    connection.send(b"GET", target)
    response = connection.read()
    connection.close()
    if response.status != 200:
        raise Ended(0)
    return time.monotonic() - start


def percentile(port, target, count=200):
    """The second slowest of some requests, each with a seed of its own, in milliseconds."""
    took = sorted(seconds_of(port, target % n if b"%" in target else target)
                  for n in range(count))
    return 1000 * took[-2]


def check_clients():
    """Eight clients with a dozen of the dearest requests each, and a ninth with one."""
    process = daemon.start([daemon.DAEMON, "--listen", "127.0.0.1:0", "--compute-threads", "2",
                            "--drain-timeout", "0.1"])
    port = daemon.listening_port(process)
    alone = seconds_of(port, DEAR % 1)
    crowds = [Crowd(port, REQUESTS, STATS + b"&name=%d" % n, f"127.0.0.{n + 2}")
              for n in range(CLIENTS)]
    time.sleep(1)
    wrong = []
    try:
        beside = tried(lambda number: seconds_of(port, DEAR % (2 + number)), SLOWER * alone)
        slower = beside / alone
        print(f"a ninth client: {alone:.2f} s alone, {beside:.2f} s beside eight; 99th percentile"
              f" of {HEALTH.decode()} {percentile(port, HEALTH):.1f} ms, of 8x8 orthogonal"
              f" {percentile(port, ORTHOGONAL):.1f} ms")
        if slower > SLOWER:
            wrong.append(f"a ninth client waits {slower:.0f} times as long, not {SLOWER}")
    finally:
        process.terminate()
        process.wait()
        for crowd in crowds:
            crowd.leave()
    return wrong


def main():
    wrong = [] if len(sys.argv) > 1 else check_clients()
    for row in ROWS:
        if len(sys.argv) == 1 or row[0] in sys.argv[1:]:
            wrong += check(*row)
    for why in wrong:
        print(f"FAIL {why}")
    print(f"shares: {len(wrong)} wrong")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
