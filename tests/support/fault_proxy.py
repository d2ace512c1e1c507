# SPDX-License-Identifier: MIT
"""
A proxy in front of a tensorinitd that damages responses, for tests of clients.

    with fault_proxy.running(server, [Fault(cut=1000), Fault(status=503)]) as proxy:
        ... proxy.url ...

The n-th request gets the n-th fault, the others none; a function gets the number of the
request, from 0, and returns its Fault or None. One request a connection.
"""
import contextlib
import dataclasses
import re
import socket
import threading


@dataclasses.dataclass
class Fault:
    """What happens to a response. Offsets count the bytes of its body."""
    cut: int = None         # the connection is closed there
    reset: bool = False     # 'cut' is an RST
    stall: int = None       # nothing more is sent from there
    flip: int = None        # this byte has another bit
    length: int = None      # is added to Content-Length
    status: int = None      # the response is this one instead
    fields: tuple = ()      # of that response: ("Retry-After: 1",)
    replace: tuple = None   # in the request's target: ("name=a", "name=b")
    pace: float = 0         # seconds between pieces of 64 KiB


class Proxy:
    def __init__(self, port, faults=()):
        self.port = port
        self.faults = faults
        self.requests = []      # heads, as they came
        self.body_bytes = 0     # sent to clients
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.closing = threading.Event()
        self.clients = set()
        self.threads = [threading.Thread(target=self._accept)]
        self.threads[0].start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.clients.add(client)
                thread = threading.Thread(target=self._serve, args=(client,))
                self.threads.append(thread)
            thread.start()

    def _serve(self, client):
        with contextlib.suppress(OSError), client:
            head = self._read_head(client)
            if head:
                with self.lock:
                    number = len(self.requests)
                    self.requests.append(head.decode("latin-1"))
                self._respond(client, head, self._fault(number) or Fault())
        with self.lock:
            self.clients.discard(client)

    def _fault(self, number):
        if callable(self.faults):
            return self.faults(number)
        return self.faults[number] if number < len(self.faults) else None

    @staticmethod
    def _read_head(connection):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = connection.recv(1)
            if not byte:
                return None
            head += byte
        return head

    @staticmethod
    def _read_body(client, head):
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        left = int(length[1]) if length else 0
        body = b""
        while len(body) < left and (data := client.recv(left - len(body))):
            body += data
        return body

    def _respond(self, client, head, fault):
        if fault.status:
            fields = "".join(f"{field}\r\n" for field in fault.fields)
            client.sendall(f"HTTP/1.1 {fault.status} Fault\r\nContent-Length: 0\r\n"
                           f"Connection: close\r\n{fields}\r\n".encode())
            return
        if fault.replace:
            head = head.replace(*(text.encode() for text in fault.replace), 1)
        with socket.create_connection(("127.0.0.1", self.port)) as to:
            to.sendall(head[:-2] + b"Connection: close\r\n\r\n")
            to.sendall(self._read_body(client, head))
            response = self._read_head(to)
            if not response:
                return
            if fault.length:
                response = re.sub(rb"(?i)(content-length: )(\d+)", lambda match: b"%s%d" % (
                    match[1], int(match[2]) + fault.length), response)
            client.sendall(response)
            self._relay(client, to, fault)

    def _relay(self, client, to, fault):
        at = 0
        stops = [stop for stop in (fault.cut, fault.stall) if stop is not None]
        while data := to.recv(65536):
            data = bytearray(data)
            if fault.flip is not None and at <= fault.flip < at + len(data):
                data[fault.flip - at] ^= 1 << 3
            del data[max(0, min(stops, default=1 << 62) - at):]
            client.sendall(data)
            at += len(data)
            with self.lock:
                self.body_bytes += len(data)
            if fault.pace:
                self.closing.wait(fault.pace)
            if stops and at >= min(stops):
                break
        if fault.stall is not None and at >= fault.stall:
            self._wait_for_end(client)
        if fault.reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    @staticmethod
    def _wait_for_end(client):
        while client.recv(4096):
            pass

    def close(self):
        self.closing.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            clients = list(self.clients)
        for client in clients:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join()


@contextlib.contextmanager
def running(server, faults=()):
    """A Proxy in front of a daemon.Server."""
    proxy = Proxy(server.port, faults)
    try:
        yield proxy
    finally:
        proxy.close()
