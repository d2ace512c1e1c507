# SPDX-License-Identifier: MIT
"""HTTP as bytes: requests that no library would send, many in a row, and strict reading."""
import os
import pathlib
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import daemon  # noqa: E402, F401

SANITIZED = os.environ.get("CONFIG") in ("asan", "tsan")
PATIENCE = 60  # seconds, after which a response that does not come is a hang


def scaled(count):
    """Less with sanitizers."""
    return count // 10 if SANITIZED else count


class Ended(Exception):
    """The connection ended; 'received' bytes of a response had come."""

    def __init__(self, received):
        super().__init__(f"the connection ended after {received} bytes of a response")
        self.received = received


class Response:
    def __init__(self, head):
        lines = head.split(b"\r\n")
        assert lines[0].startswith(b"HTTP/1.1 "), lines[0]
        self.status = int(lines[0][9:12])
        self.fields = {}
        for line in lines[1:]:
            name, _, value = line.partition(b": ")
            self.fields[name.lower()] = value
        self.body = b""

    @property
    def length(self):
        """None if the response does not tell."""
        text = self.fields.get(b"content-length")
        return None if text is None else int(text)

    @property
    def closes(self):
        return self.fields.get(b"connection", b"").lower() == b"close"


class Connection:
    def __init__(self, port, source="127.0.0.1"):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE, (source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def send(self, method, *targets):
        """Requests, pipelined."""
        self.socket.sendall(b"".join(
            method + b" " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n" for target in targets))

    def more(self, received=0):
        try:
            data = self.socket.recv(1 << 18)
        except ConnectionResetError:
            data = b""
        if not data:
            raise Ended(received + len(self.buffer))
        self.buffer += data

    def read_head(self):
        while (end := self.buffer.find(b"\r\n\r\n")) < 0:
            self.more()
        head, self.buffer = self.buffer[:end], self.buffer[end + 4:]
        return Response(head)

    def read(self):
        """A response to GET."""
        response = self.read_head()
        if response.length is None:
            assert response.fields.get(b"transfer-encoding") == b"chunked", response.fields
            while chunk := self.read_chunk():
                response.body += chunk
        else:
            response.body = self.take(response.length)
        return response

    def take(self, count):
        parts, had = [self.buffer], len(self.buffer)
        while had < count:
            self.buffer = b""
            self.more(had)
            parts.append(self.buffer)
            had += len(self.buffer)
        data = b"".join(parts)
        self.buffer = data[count:]
        return data[:count]

    def read_chunk(self):
        while (end := self.buffer.find(b"\r\n")) < 0:
            self.more()
        size, self.buffer = int(self.buffer[:end], 16), self.buffer[end + 2:]
        data = self.take(size + 2)
        assert data.endswith(b"\r\n")
        return data[:-2]

    def close(self):
        self.socket.close()
