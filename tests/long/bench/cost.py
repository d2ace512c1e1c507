# SPDX-License-Identifier: MIT
"""
What a replica's requests cost: processor time of the daemon per GB and per request, and memory
per connection. docs/OPERATIONS.md plans with these numbers; 'make bench BENCH=cost' prints them.
Processor time is disturbed less than elapsed time by what else the machine does.
"""
import pathlib
import re
import resource
import socket
import statistics
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import daemon  # noqa: E402

READER = daemon.BUILD / "tests/long/bench/reader"
ROUNDS = 5
# Name, elements of a row, parameters; a GB each.
STREAMS = (
    ("zeros, f32", 4, "scheme=zeros"),
    ("uniform, f32", 4, "scheme=uniform"),
    ("he_normal, f32", 4, "scheme=he_normal"),
    ("he_normal, bf16", 2, "scheme=he_normal&dtype=bf16"),
    ("he_normal, f64", 8, "scheme=he_normal&dtype=f64"),
    ("he_normal, f32, a column shard", 4, "scheme=he_normal&shard=1:0/2"),
)
SMALL = "/v1/tensor?shape=32,32&scheme=he_normal&name=w&seed={}"
SEED = 10**9  # and those after it, which have as many digits
REQUESTS = 20000
CONNECTIONS = 1000


def metric(server, name):
    text = server.get("/metrics")[0].decode()
    return float(re.search(rf"^{name} (\S+)$", text, re.MULTILINE)[1])


def processor_s(server, act):
    """Of the daemon, while 'act' runs."""
    before = metric(server, "process_cpu_seconds_total")
    act()
    return metric(server, "process_cpu_seconds_total") - before


def stream_s(server, bytes_per_elem, parameters):
    rows = 10**9 // bytes_per_elem // 10000 * (2 if "shard" in parameters else 1)
    target = f"/v1/tensor?shape=10000,{rows}&name=w&{parameters}"

    def read():
        printed = subprocess.run([READER, str(server.port), target], check=True, text=True,
                                 stdout=subprocess.PIPE).stdout
        if int(printed.split()[0]) != 10**9:
            sys.exit(f"{target}: {printed}")

    return statistics.median(processor_s(server, read) for _ in range(ROUNDS))


def request_s(server, keep, again=False):
    """Of a small tensor, another one each unless it is the same again; each on a connection of
    its own unless they are kept."""
    count = REQUESTS if keep else REQUESTS // 4
    requests = [f"GET {SMALL.format(SEED + i)} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
                for i in range(1 if again else count)]

    def connect():
        return socket.create_connection(("127.0.0.1", server.port))

    def read(connection, length):
        received = 0
        while received < length:
            received += len(connection.recv(1 << 16))

    with connect() as first:
        first.sendall(requests[0])
        head = b""
        while b"\r\n\r\n" not in head:
            head += first.recv(1 << 16)
        header, _, body = head.partition(b"\r\n\r\n")
        size = int(re.search(rb"content-length: (\d+)", header, re.IGNORECASE)[1])
        read(first, size - len(body))
        length = len(header) + 4 + size

    def act():
        connection = connect()
        for i in range(count):
            connection.sendall(requests[i % len(requests)])
            read(connection, length)
            if not keep:
                connection.close()
                connection = connect()
        connection.close()

    return statistics.median(processor_s(server, act) / count for _ in range(ROUNDS))


def connection_bytes(server, target):
    """Resident memory that each of many open connections adds: idle, or with a response that it
    does not read."""
    before = metric(server, "process_resident_memory_bytes")
    connections = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(CONNECTIONS)]
    for connection in connections:
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        connection.recv(100)
    added = metric(server, "process_resident_memory_bytes") - before
    for connection in connections:
        connection.close()
    return added / CONNECTIONS


def main():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(f"Cost of a replica, {ROUNDS} rounds, medians\n")
    with daemon.running() as server:
        print(f"{metric(server, 'process_resident_memory_bytes') / 2**20:10.1f} MiB   at the start")
        for name, bytes_per_elem, parameters in STREAMS:
            print(f"{stream_s(server, bytes_per_elem, parameters):10.3f} s     1 GB of {name}")
        print(f"{request_s(server, True) * 1e6:10.1f} us    a tensor of 4 KiB, connection kept")
        print(f"{request_s(server, True, True) * 1e6:10.1f} us    the same again")
        print(f"{request_s(server, False) * 1e6:10.1f} us    a tensor of 4 KiB, new connection")
        seconds = processor_s(server, lambda: server.get("/v1/tensor?shape=4096,4096"
                                                         "&scheme=orthogonal&slice=:1"))
        print(f"{seconds:10.2f} s     orthogonal, 4096 rows and columns, its first row")
    with daemon.running() as server:
        print(f"{connection_bytes(server, '/healthz') / 1024:10.1f} KiB   an idle connection")
    with daemon.running() as server:
        target = "/v1/tensor?shape=100000,100000&name=w"
        print(f"{connection_bytes(server, target) / 1024:10.1f} KiB   one whose client does not read")
        print(f"{metric(server, 'process_resident_memory_bytes') / 2**20:10.1f} MiB   after that")


if __name__ == "__main__":
    main()
