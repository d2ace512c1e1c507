# SPDX-License-Identifier: MIT
"""100 daemons that are stopped by SIGTERM while clients download: each finishes every response
that it has begun, and exits with 0. STOP_DELAY=1: with that --shutdown-delay, and clients that
come no more once /readyz says so, as behind a load balancer: no connection is dropped."""
import concurrent.futures
import os
import random
import sys
import threading
import time

from wire import Connection, Ended, daemon, scaled

COUNT = scaled(int(os.environ.get("STOPS", "100")))
DELAY = os.environ.get("STOP_DELAY", "0")
CLIENTS = 3
MIB = 1 << 20


class Client(threading.Thread):
    """Downloads until the daemon is gone, or until 'unready'."""

    def __init__(self, port, seed, stopping, unready):
        super().__init__()
        self.port, self.rng, self.stopping, self.unready = (
            port, random.Random(seed), stopping, unready)
        self.whole, self.unanswered, self.wrong = 0, 0, []

    def run(self):
        connection = None
        while not self.unready.is_set():
            try:
                connection = connection or Connection(self.port)
                keep = self.download(connection)
            except Ended as error:
                # Not answered at all: it came too late.
                if error.received or not self.stopping.is_set() or DELAY != "0":
                    self.wrong.append(repr(error))
                self.unanswered += 1
                keep = False
            except (BrokenPipeError, ConnectionRefusedError, ConnectionResetError) as error:
                if not self.stopping.is_set() or DELAY != "0":
                    self.wrong.append(repr(error))
                return
            if not keep:
                if connection:
                    connection.close()
                connection = None

    def download(self, connection):
        """Whether the connection can be used again."""
        elements = self.rng.randrange(MIB, 16 * MIB) // 4
        scheme = self.rng.choice([b"zeros", b"normal", b"uniform"])
        connection.send(b"GET", b"/v1/tensor?shape=%d&scheme=%s&name=w" % (elements, scheme))
        head = connection.read_head()
        if (head.status, head.length) != (200, elements * 4):
            self.wrong.append(f"{head.status} {head.fields}")
        left = head.length - len(connection.buffer)
        connection.buffer = b""
        buffer = bytearray(MIB)
        while left > 0:
            try:
                count = connection.socket.recv_into(buffer, min(left, MIB))
            except ConnectionResetError:
                count = 0
            if count == 0:
                raise Ended(head.length - left + 1)
            left -= count
        self.whole += 1
        return not head.closes and self.rng.random() < 0.7


class Balancer(threading.Thread):
    """Looks, until the daemon wants no more requests. 'looked': since it was stopped."""

    def __init__(self, port, stopping, unready):
        super().__init__()
        self.port, self.stopping, self.unready, self.looked = port, stopping, unready, 0

    def run(self):
        try:
            while not self.unready.is_set():
                stopping = self.stopping.is_set()
                connection = Connection(self.port)
                connection.send(b"GET", b"/readyz")
                if connection.read().status != 200:
                    self.unready.set()
                self.looked += stopping
                connection.close()
                time.sleep(0.05)
        except (Ended, OSError):  # this machine let it wait for longer than the delay
            pass


def stop_under_load(seed):
    """Clients, after one daemon's life, and its exit code. None, if the balancer was late."""
    rng = random.Random(seed)
    process = daemon.start([daemon.DAEMON, "--listen", "127.0.0.1:0", "--shutdown-delay", DELAY])
    port = daemon.listening_port(process)
    stopping, unready = threading.Event(), threading.Event()
    clients = [Client(port, rng.random(), stopping, unready) for _ in range(CLIENTS)]
    balancer = Balancer(port, stopping, unready)
    if DELAY != "0":
        balancer.start()
    for client in clients:
        client.start()
    time.sleep(rng.uniform(0.001, 0.08))
    stopping.set()
    code = daemon.stop(process)
    never_told = DELAY != "0" and not unready.is_set()
    unready.set()
    for client in clients:
        client.join()
    if never_told and balancer.looked > 1:
        clients[0].wrong.append("/readyz never told")
    elif never_told:
        return [], code
    return clients, code


def main():
    whole = unanswered = wrong = late = 0
    pool = concurrent.futures.ThreadPoolExecutor(2 if DELAY == "0" else 6)
    for number, (clients, code) in enumerate(pool.map(stop_under_load, range(COUNT))):
        late += not clients
        whole += sum(client.whole for client in clients)
        unanswered += sum(client.unanswered for client in clients)
        failures = [why for client in clients for why in client.wrong]
        if code != 0:
            failures.append(f"exit {code}")
        for why in failures:
            print(f"FAIL stop {number}: {why}")
        wrong += len(failures)
    print(f"stops: {COUNT}, delay {DELAY} s; {whole} whole responses, {unanswered} requests that "
          f"came too late; {late} not judged; {wrong} wrong")
    return bool(wrong) or whole < COUNT or late > COUNT / 20


if __name__ == "__main__":
    sys.exit(main())
