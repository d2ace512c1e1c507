# SPDX-License-Identifier: MIT
"""
A container in a control group with little memory, and the dearest requests: more connections
than --max-connections, all of which receive nothing of a large tensor; factorizations of which
one at a time has enough memory; then what tests/daemon/robust/little.py sends. It stays alive,
refuses with 503 what is too much, and serves the right bytes afterwards. run calls this.

Where no group can be made the address space is limited instead (prlimit).
"""
import contextlib
import math
import os
import pathlib
import resource
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "daemon/robust"))
import little  # noqa: E402
from wire import Connection, Ended, daemon  # noqa: E402

MIB = 2**20
LIMITS_MIB = (128, 256)
CONNECTIONS = 1100  # --max-connections is 1024
FACTORIZATIONS = 40  # 32 may wait
STREAM = b"/v1/tensor?shape=1000,1000000&name=w"
# docs/OPERATIONS.md: a quarter of the limit is for requests, three quarters of that for large
# factorizations; bytes of one.
FACTORIZATION_PART = 3 / 16
BYTES_PER_ELEM = 12.6

MEMBERSHIP = pathlib.Path("/proc/self/cgroup")
TREE = pathlib.Path("/sys/fs/cgroup")
# (controller, where it is mounted, limit, no swap, highest use) of versions 1 and 2.
VERSIONS = (
    ("memory", TREE / "memory", "memory.limit_in_bytes", ("memory.swappiness", "0"),
     "memory.max_usage_in_bytes"),
    ("", TREE, "memory.max", ("memory.swap.max", "0"), "memory.peak"),
)


class Group:
    """A control group below this process's own."""

    def __init__(self, limit_bytes):
        """OSError if the machine allows none."""
        own = dict(line.split(":", 2)[1:] for line in MEMBERSHIP.read_text().splitlines())
        self.folder = None
        for controller, tree, limit, no_swap, highest in VERSIONS:
            parent = pathlib.Path(f"{tree}{own.get(controller, '/none')}")
            if (parent / "cgroup.procs").exists():
                break
        else:
            raise FileNotFoundError(f"{TREE}: no group of this process")
        self.inside, self.highest = tree, highest
        folder = parent / f"tensorinit-{os.getpid()}"
        folder.mkdir()
        self.folder = folder
        try:
            (folder / limit).write_text(str(limit_bytes))
            if (folder / no_swap[0]).exists():
                (folder / no_swap[0]).write_text(no_swap[1])
        except OSError:
            self.close()
            raise

    def enter(self):
        """Called in a child before it executes."""
        (self.folder / "cgroup.procs").write_text("0")

    def peak_bytes(self):
        path = self.folder / self.highest
        return int(path.read_text()) if path.exists() else 0

    def close(self):
        end = time.monotonic() + 10
        while (self.folder / "cgroup.procs").read_text() and time.monotonic() < end:
            time.sleep(0.05)
        self.folder.rmdir()


def command_in(root, group, command):
    """With /proc and /sys/fs/cgroup as a container's runtime mounts them: of the group alone."""
    inside = root / group.inside.relative_to("/")
    for folder in (root / "proc", inside):
        folder.mkdir(parents=True, exist_ok=True)
    script = f'mount -t proc proc {root}/proc; mount --bind {group.folder} {inside}; exec "$@"'
    return ["unshare", "--mount", "sh", "-euc", script, "sh", *command]


@contextlib.contextmanager
def limited(root, command, limit_bytes, environment):
    """Yields (process, group or None)."""
    try:
        group = Group(limit_bytes)
    except OSError as error:
        print(f"no control group ({error}); prlimit instead")
        yield daemon.start(command, env=environment, preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_AS, (limit_bytes, limit_bytes))), None
        return
    process = daemon.start(command_in(root, group, command), env=environment,
                           preexec_fn=group.enter)
    try:
        yield process, group
    finally:
        process.kill()
        process.wait()
        group.close()


def count(statuses):
    return {status: statuses.count(status) for status in sorted(set(statuses), key=str)}


def status_of(connection):
    try:
        return connection.read_head().status
    except (Ended, OSError):
        return "closed"


def streams(port):
    """Statuses of many connections that are open together; none receives more than a header."""
    with contextlib.ExitStack() as stack:
        connections = []
        for _ in range(CONNECTIONS):
            connection = Connection(port)
            stack.callback(connection.close)
            connection.send(b"GET", STREAM)
            connections.append(connection)
        return [status_of(connection) for connection in connections]


def factorizations(port, limit_bytes):
    """Statuses of requests at a time for orthogonal matrices, of which one has enough memory."""
    rows = math.isqrt(int(0.9 * FACTORIZATION_PART * limit_bytes / BYTES_PER_ELEM))
    statuses = []

    def get(seed):
        target = b"/v1/tensor?shape=%d,%d&scheme=orthogonal&seed=%d" % (rows, rows, seed)
        try:
            statuses.append(little.get(port, target).status)
        except (Ended, OSError):
            statuses.append("closed")

    threads = [threading.Thread(target=get, args=(seed,)) for seed in range(FACTORIZATIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def check_limit(root, command, environment, mib, right):
    """Yields what is wrong."""
    with limited(root, command, mib * MIB, environment) as (process, group):
        name = f"{mib} MiB"
        port = daemon.listening_port(process)
        if port is None:
            yield f"{name}: the entry point ended with {process.wait()}"
            return
        for what, statuses in (("streams", streams(port)),
                               ("factorizations", factorizations(port, mib * MIB))):
            print(f"{name}: {what}: {count(statuses)}")
            expected = {200, 503} if group else {200, 503, "closed"}
            if not {200, 503} <= set(statuses) <= expected:
                yield f"{name}: {what}: {count(statuses)}, expected 200 and 503"
        yield from little.press(name, process, port, right)
        if group:
            print(f"{name}: at most {group.peak_bytes() / MIB:.0f} MiB used")


def check(root, command, environment):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    right = little.right_digests()
    # Long enough for a factorization, too short for all of them.
    environment = environment | {"TENSORINITD_WAIT_TIMEOUT": "2"}
    return [wrong for mib in LIMITS_MIB
            for wrong in check_limit(root, command, environment, mib, right)]
