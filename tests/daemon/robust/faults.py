# SPDX-License-Identifier: MIT
"""What goes wrong around a server, and what clients do that vanish, stall or come in crowds:
places are free again, probes are answered by a full server, a log that is not read stops
nothing, few descriptors mean 503, a paused process cuts no client, deadlines are what they say."""
import atexit
import re
import resource
import signal
import socket
import sys
import threading
import time

from wire import PATIENCE, SANITIZED, Connection, Ended, daemon

LATE = 3 if SANITIZED else 1  # times the seconds allowed
STREAM = b"/v1/tensor?shape=100000,100000"


class Daemon:
    """A daemon for one check: 'with' stops it, and says whether that went well."""

    def __init__(self, *options, **others):
        self.process = daemon.start([daemon.DAEMON, "--listen", "127.0.0.1:0", *options],
                                    **others)
        atexit.register(self.process.kill)
        self.lines = []
        for line in self.process.stderr:
            self.lines.append(line)
            if match := re.search(r'listening on http://\S+:(\d+)"$', line.strip()):
                self.port = int(match[1])
                return
        sys.exit(f"the daemon did not start: {self.lines}")

    def get(self, target):
        connection = Connection(self.port)
        connection.send(b"GET", target)
        response = connection.read()
        connection.close()
        return response

    def metric(self, name):
        text = self.get(b"/metrics").body.decode()
        return int(re.search(rf"(?m)^{re.escape(name)} (\d+)$", text)[1])

    def ended(self, reason):
        return self.metric(f'tensorinit_connections_ended_total{{reason="{reason}"}}')

    def stop(self):
        return daemon.stop(self.process)


def stuck(port, target=STREAM, receive_bytes=2304):
    """A client that wants much and reads nothing yet."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    client.settimeout(PATIENCE)
    client.connect(("127.0.0.1", port))
    client.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    return client


def wait_for(what, seconds):
    """Whether that becomes so; and after how long."""
    start = time.monotonic()
    while not (so := what()) and time.monotonic() - start < seconds:
        time.sleep(0.02)
    return so, time.monotonic() - start


def check_vanished():
    """Clients whose last bytes come together with the end of the stream."""
    server = Daemon("--idle-timeout", "60", "--header-timeout", "60")
    for number in range(200):
        client = socket.create_connection(("127.0.0.1", server.port))
        if number % 2:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            data = b""
            while b"ok\n" not in data:
                data += client.recv(4096)
        client.send(b"GET /", socket.MSG_MORE)
        client.close()
    gone, _ = wait_for(lambda: server.metric("tensorinit_connections") == 1, 5 * LATE)
    if not gone:
        yield f"vanished: {server.metric('tensorinit_connections')} connections"
    if server.ended("incomplete") < 100:
        yield "vanished: not counted as incomplete"
    server.stop()


def check_half_closed():
    """A client that closes its side after the request gets the response, as others do; one
    that is gone does not keep a computation alive."""
    server = Daemon()
    for scheme in (b"he_normal", b"sparse&sparsity=.5", b"orthogonal"):
        client = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
        # In one segment with the end: the server knows before it responds. Computing may take
        # longer than it waits for those who close later.
        client.send(b"GET /v1/tensor?shape=1600,1600&name=w&scheme=" + scheme
                    + b" HTTP/1.1\r\nHost: x\r\n\r\n", socket.MSG_MORE)
        client.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda c=client: c.recv(1 << 20), b""))
        if len(received) < 1600 * 1600 * 4:
            yield f"half closed: {len(received)} bytes of {scheme.decode()}"
        client.close()
    client = Connection(server.port)
    client.send(b"GET", b"/v1/tensor?shape=6000,6000&scheme=orthogonal&dtype=f64&name=w")
    client.read_head()
    client.close()
    gone, _ = wait_for(
        lambda: server.metric("tensorinit_factorizations_cancelled_total") == 1, 8 * LATE)
    if not gone:
        yield "half closed: the work for a client that is gone goes on"
    server.stop()


def check_full():
    """At the limit of connections probes are answered, by whatever crowd it is held."""
    server = Daemon("--max-connections", "8", "--header-timeout", "30")
    held = [stuck(server.port) for _ in range(8)]
    time.sleep(0.2)
    silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(30)]
    for _ in range(30):
        for target in (b"/healthz", b"/readyz", b"/metrics"):
            response = server.get(target)
            if response.status != 200 or not response.closes:
                yield f"full: {target.decode()} got {response.status}"
        response = server.get(b"/v1/plan?shape=2,2")
        if response.status != 503 or b"retry-after" not in response.fields:
            yield f"full: another path got {response.status}"
    if server.metric("tensorinit_connections_refused_total") < 30:
        yield "full: refusals are not counted"
    # The last of those that were answered may still be closing.
    if not wait_for(lambda: server.metric("tensorinit_connections") == 9, 5)[0]:
        yield f"full: {server.metric('tensorinit_connections')} connections"
    for client in held + silent:
        client.close()
    server.stop()


def check_log():
    """The log is not read: lines are dropped and counted, nothing waits."""
    server = Daemon("--access-log", "--drain-timeout", "1")
    client = Connection(server.port)
    for _ in range(100):
        client.send(b"GET", *[b"/healthz?" + 60 * b"x"] * 100)
        for _ in range(100):
            if client.read().status != 200:
                yield "log: not answered"
    dropped = server.metric("tensorinit_log_lines_dropped_total")
    if not 1000 < dropped < 10000:
        yield f"log: {dropped} lines of 10,000 dropped"
    client.close()
    server.process.terminate()
    start = time.monotonic()
    code = server.process.wait(60)
    took = time.monotonic() - start
    if code != 0 or took > 2 * LATE:
        yield f"log: exit {code} after {took:.1f} s"


def check_descriptors():
    """Fewer descriptors than --max-connections: fewer connections, and 503 for others."""
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
    server = Daemon("--workers", "2", preexec_fn=limit)
    if not any("only 40 open files are allowed: --max-connections is" in line
               for line in server.lines):
        yield f"descriptors: the log does not tell: {server.lines}"
    connections, statuses = [], []
    for _ in range(60):
        connections.append(Connection(server.port))
        connections[-1].send(b"GET", b"/v1/plan?shape=2,2")
        try:
            statuses.append(connections[-1].read().status)
        except Ended:
            statuses.append(0)
    if not {200, 503} == set(statuses) or statuses.count(200) < 8:
        yield f"descriptors: {statuses}"
    if server.get(b"/healthz").status != 200 or server.ended("no_descriptor") != 0:
        yield "descriptors: probes"
    for connection in connections:
        connection.close()
    if not wait_for(lambda: server.get(b"/v1/plan?shape=2,2").status == 200, 5)[0]:
        yield "descriptors: does not recover"
    server.stop()


class Reader(threading.Thread):
    """Reads steadily, as fast as it comes or slower, until it has enough."""

    def __init__(self, client, count):
        super().__init__(daemon=True)
        self.client, self.count = client, count
        self.received = 0

    def run(self):
        try:
            while self.received < self.count and (data := self.client.recv(1 << 16)):
                self.received += len(data)
                time.sleep(0.01)
        except OSError:
            pass


def check_pause():
    """A process that was stopped for longer than its deadlines cuts no client."""
    server = Daemon("--idle-timeout", "2", "--header-timeout", "2")
    count = 8 << 20
    readers = [Reader(stuck(server.port, receive_bytes=65536), count) for _ in range(10)]
    begun = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
    begun.sendall(b"GET /healthz HTTP/1.1\r\n")
    for reader in readers:
        reader.start()
    time.sleep(0.3)
    server.process.send_signal(signal.SIGSTOP)
    time.sleep(5)
    server.process.send_signal(signal.SIGCONT)
    begun.sendall(b"Host: x\r\n\r\n")
    if b"200 OK" not in begun.recv(1000):
        yield "pause: a header was cut"
    for reader in readers:
        reader.join()
        if reader.received < count:
            yield f"pause: a transfer was cut after {reader.received} bytes"
    server.stop()


def check_signals():
    """Signals that others send by mistake cut no transfer."""
    server = Daemon()
    client = stuck(server.port)
    for name in ("SIGHUP", "SIGUSR1", "SIGUSR2", "SIGPIPE"):
        server.process.send_signal(getattr(signal, name))
        time.sleep(0.1)
        if server.get(b"/healthz").status != 200:
            yield f"{name}: no response"
    if len(client.recv(1000)) == 0:
        yield "signals: a transfer was cut"
    client.close()
    if server.stop() != 0:
        yield "signals: exit"


def check_deadlines():
    """A client that takes nothing, or little, is cut when the options say so."""
    server = Daemon("--idle-timeout", "4", "--header-timeout", "3", "--min-rate", "0")
    clients = {
        "stalled": (stuck(server.port), 4),
        "idle_timeout": (socket.create_connection(("127.0.0.1", server.port)), 4),
        "header_timeout": (socket.create_connection(("127.0.0.1", server.port)), 3),
    }
    clients["idle_timeout"][0].sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    clients["idle_timeout"][0].recv(1000)
    start = time.monotonic()
    for reason, (_, seconds) in sorted(clients.items(), key=lambda item: item[1][1]):
        cut, _ = wait_for(lambda r=reason: server.ended(r) == 1, 10 * LATE)
        took = time.monotonic() - start
        # What the client's kernel still takes counts as progress.
        if not cut or not seconds - 0.2 < took < (seconds + 2.5) * LATE:
            yield f"deadlines: {reason} after {took:.1f} s, not {seconds}"
    # A part of a second header: its deadline, not the one of an idle connection.
    again = Connection(server.port)
    again.send(b"GET", b"/healthz")
    again.read()
    time.sleep(0.3)
    again.socket.sendall(b"GET /hea")
    cut, took = wait_for(lambda: server.ended("header_timeout") == 2, 10 * LATE)
    if not cut or took < 2.9:
        yield f"deadlines: a second header after {took:.1f} s"
    server.stop()


def check_rate():
    """A client that takes little, but steadily, is cut if it is below --min-rate."""
    for rate, slow in (("200000", 1), ("5000", 0)):
        server = Daemon("--idle-timeout", "2", "--min-rate", rate)
        client = stuck(server.port)
        start = time.monotonic()
        try:
            while time.monotonic() - start < 7 and server.ended("slow") == 0:
                client.recv(2500)
                time.sleep(0.05)
        except ConnectionResetError:
            pass
        took = time.monotonic() - start
        if server.ended("slow") != slow or took < 1.9:
            yield f"rate: {server.ended('slow')} cut after {took:.1f} s, --min-rate {rate}"
        client.close()
        server.stop()


def check_fields():
    """Any number of header fields gets a response."""
    server = Daemon()
    for count in [0, 50, 99, 100, 150, *range(205, 245), 300, 1000]:
        for target in (b"/healthz", b"/v1/tensor?shape=8,8"):
            client = Connection(server.port)
            client.socket.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n"
                                  + b"X: a\r\n" * count + b"\r\n")
            try:
                status = client.read_head().status
            except (Ended, OSError) as error:
                status = error
            if status != (200 if count < 100 else 431):
                yield f"fields: {count}: {status!r}"
            client.close()
    for count in [8100, *range(15000, 16500, 60)]:
        client = Connection(server.port)
        client.socket.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"a" * count
                              + b"\r\n\r\n")
        try:
            status = client.read_head().status
        except (Ended, OSError) as error:
            status = error
        if status != (200 if count < 8150 else 431):
            yield f"fields: {count} bytes: {status!r}"
        client.close()
    server.stop()


CHECKS = [check_vanished, check_half_closed, check_full, check_log, check_descriptors,
          check_pause, check_signals, check_deadlines, check_rate, check_fields]


def main():
    wrong = []
    for check in CHECKS:
        if len(sys.argv) == 1 or check.__name__.removeprefix("check_") in sys.argv[1:]:
            wrong += check()
    for why in wrong:
        print(f"FAIL {why}")
    print(f"faults: {len(CHECKS)} kinds; {len(wrong)} wrong")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
