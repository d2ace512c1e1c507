# SPDX-License-Identifier: MIT
"""A daemon with little address space (RLIMIT_AS of 64 to 256 MiB) or 32 descriptors, under
more clients than it can serve: right responses and 503, and all is right afterwards."""
import collections
import hashlib
import resource
import sys
import threading

from wire import SANITIZED, Connection, Ended, daemon

MIB = 1 << 20
CLIENTS, ROUNDS = 60, 3
TARGETS = [
    b"/v1/tensor?shape=700,700&scheme=orthogonal&name=w&seed=%d",
    b"/v1/tensor?shape=3000,1000&name=w&seed=%d",
    b"/v1/tensor?shape=400,400&name=w&format=json&seed=%d",
    b"/v1/stats?shape=2000,1000&name=w&seed=%d",
    b"/v1/tensor?shape=500,500&scheme=sparse&sparsity=0.5&name=w&seed=%d",
    b"/v1/plan?shape=30,20&name=w&seed=%d",
]
SEEDS = 3
# Name, soft and hard limit, options.
ROWS = [
    *((f"{mib} MiB", resource.RLIMIT_AS, mib * MIB, ["--workers", "2", "--compute-threads", "2"])
      for mib in (64, 96, 128, 256)),
    ("32 descriptors", resource.RLIMIT_NOFILE, 32, ["--workers", "2"]),
]


def get(port, target):
    connection = Connection(port)
    try:
        connection.send(b"GET", target)
        return connection.read()
    finally:
        connection.close()


def digest(response):
    """Without the blanks that statistics send while they are computed."""
    return hashlib.sha256(response.body.lstrip(b" ")).hexdigest()


def right_digests():
    with daemon.running() as server:
        return {target % seed: digest(get(server.port, target % seed))
                for target in TARGETS for seed in range(SEEDS)}


class Client(threading.Thread):
    def __init__(self, port, number, right, outcomes):
        super().__init__()
        self.port, self.number, self.right, self.outcomes = port, number, list(right.items()), outcomes

    def run(self):
        for turn in range(ROUNDS):
            target, wanted = self.right[(self.number + 7 * turn) % len(self.right)]
            try:
                response = get(self.port, target)
                if response.status == 200:
                    outcome = 200 if digest(response) == wanted else "wrong bytes"
                elif response.status == 503 and b"retry-after" not in response.fields:
                    outcome = "503 without Retry-After"
                else:
                    outcome = response.status
            except (Ended, OSError) as error:
                outcome = "hang" if isinstance(error, TimeoutError) else "closed"
            self.outcomes.append(outcome)


def check(name, kind, limit, options, right):
    process = daemon.start([daemon.DAEMON, "--listen", "127.0.0.1:0", *options],
                           preexec_fn=lambda: resource.setrlimit(kind, (limit, limit)))
    port = daemon.listening_port(process)
    if port is None:
        code = process.wait(60)
        print(f"{name}: does not start, exit {code}")
        if code <= 0 or kind == resource.RLIMIT_NOFILE:
            yield f"{name}: exit {code} at the start"
        return
    threading.Thread(target=process.stderr.read, daemon=True).start()
    outcomes = []
    clients = [Client(port, number, right, outcomes) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    counts = dict(collections.Counter(outcomes))
    print(f"{name}: {counts}")
    allowed = {200, 503, *(["closed"] if kind == resource.RLIMIT_NOFILE else [])}
    if not set(counts) <= allowed or 200 not in counts:
        yield f"{name}: {counts}"
    if process.poll() is not None:
        yield f"{name}: exit {process.returncode} under load"
        return
    for target in (b"/healthz", b"/readyz", b"/metrics"):
        if get(port, target).status != 200:
            yield f"{name}: {target.decode()} afterwards"
    for target, wanted in right.items():
        response = get(port, target)
        if response.status != 200 or digest(response) != wanted:
            yield f"{name}: {target.decode()} gets {response.status} afterwards"
    code = daemon.stop(process)
    if code != 0:
        yield f"{name}: exit {code}"


def main():
    wrong = []
    right = right_digests()
    for row in ROWS:
        if not SANITIZED or row[1] == resource.RLIMIT_NOFILE:  # they reserve terabytes
            wrong += check(*row, right)
    for why in wrong:
        print(f"FAIL {why}")
    print(f"little: {len(wrong)} wrong")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
