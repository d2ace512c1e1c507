# SPDX-License-Identifier: MIT
"""100 daemons that are stopped by SIGTERM while clients download: each finishes every response
that it has begun, and exits with 0."""
import os
import random
import sys
import threading
import time

from wire import Connection, Ended, daemon, scaled

COUNT = scaled(int(os.environ.get("STOPS", "100")))
CLIENTS = 3
MIB = 1 << 20


class Client(threading.Thread):
    """Downloads until the daemon is gone."""

    def __init__(self, port, seed, stopping):
        super().__init__()
        self.port, self.rng, self.stopping = port, random.Random(seed), stopping
        self.whole, self.unanswered, self.wrong = 0, 0, []

    def run(self):
        connection = None
        while True:
            try:
                connection = connection or Connection(self.port)
                keep = self.download(connection)
            except Ended as error:
                # Not answered at all: it came too late.
                if error.received or not self.stopping.is_set():
                    self.wrong.append(repr(error))
                self.unanswered += 1
                keep = False
            except (BrokenPipeError, ConnectionRefusedError, ConnectionResetError) as error:
                if not self.stopping.is_set():
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


def stop_under_load(rng):
    """Clients, after one daemon's life, and its exit code."""
    process = daemon.start([daemon.DAEMON, "--listen", "127.0.0.1:0"])
    port = daemon.listening_port(process)
    stopping = threading.Event()
    clients = [Client(port, rng.random(), stopping) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    time.sleep(rng.uniform(0.001, 0.08))
    stopping.set()
    code = daemon.stop(process)
    for client in clients:
        client.join()
    return clients, code


def main():
    rng = random.Random(12)
    whole = unanswered = wrong = 0
    for number in range(COUNT):
        clients, code = stop_under_load(rng)
        whole += sum(client.whole for client in clients)
        unanswered += sum(client.unanswered for client in clients)
        failures = [why for client in clients for why in client.wrong]
        if code != 0:
            failures.append(f"exit {code}")
        for why in failures:
            print(f"FAIL stop {number}: {why}")
        wrong += len(failures)
    print(f"stops: {COUNT}; {whole} whole responses, {unanswered} requests that came too late; "
          f"{wrong} wrong")
    return bool(wrong) or whole < COUNT


if __name__ == "__main__":
    sys.exit(main())
