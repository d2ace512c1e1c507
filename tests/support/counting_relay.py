# SPDX-License-Identifier: MIT
"""
Passes connections on to a port of 127.0.0.1, and counts what is sent back: how many bytes a
client has really fetched. The kernel moves them (splice), so it costs little.

    with counting_relay.running(port) as relay:
        ... relay.url, relay.bytes ...
"""
import contextlib
import os
import socket
import threading

CHUNK = 1 << 20


class Relay:
    def __init__(self, port):
        self.port = port
        self.bytes = 0
        self.lock = threading.Lock()
        self.connections = set()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with contextlib.suppress(OSError), client, \
                socket.create_connection(("127.0.0.1", self.port)) as server:
            with self.lock:
                self.connections |= {client, server}
            sender = threading.Thread(target=self._send, args=(client, server), daemon=True)
            sender.start()
            with contextlib.suppress(OSError):
                self._receive(server, client)
            # Also ends the other direction.
            for side in (client, server):
                with contextlib.suppress(OSError):
                    side.shutdown(socket.SHUT_RDWR)
            sender.join()
            with self.lock:
                self.connections -= {client, server}

    @staticmethod
    def _send(client, server):
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _receive(self, server, client):
        out, into = os.pipe()
        try:
            while count := os.splice(server.fileno(), into, CHUNK):
                with self.lock:
                    self.bytes += count
                while count:
                    count -= os.splice(out, client.fileno(), count)
        finally:
            os.close(out)
            os.close(into)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            connections = list(self.connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def running(port):
    relay = Relay(port)
    try:
        yield relay
    finally:
        relay.close()
