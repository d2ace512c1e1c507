# SPDX-License-Identifier: MIT
"""While the daemon starts, the n-th allocation, thread, epoll_ctl(), ... fails, n = 0, 1, 2,
...: it says why it does not start and exits, or it starts and serves what is right.
FAULT_STEP=N: every N-th allocation."""
import os
import sys
import tempfile

from fail_nth import Control, Daemon, Request, credentials

STEP = int(os.environ.get("FAULT_STEP", "1"))
FAULTS = [("memory", "ENOMEM", STEP), ("thread", "EAGAIN", 1), ("epoll", "EMFILE", 1),
          ("eventfd", "EMFILE", 1), ("open", "EMFILE", 1), ("option", "EINVAL", 1)]


def try_start(control, request, options):
    """What is wrong, or None; and whether it started."""
    process = Daemon(control, *options)
    control.disarm()
    if process.port is None:
        process.process.stderr.read()
        code = process.process.wait(60)
        if code <= 0:
            return f"exit {code}: {process.lines[-3:]}", False
        return (None if process.lines else f"exit {code} without a word"), False
    stream = request.exchange(process.port) if "--tls-cert" not in options else b""
    if stream is None or (stream and request.judge(stream)):
        return f"it serves {stream and stream[:300]}", True
    code = process.stop()
    return (f"exit {code} after SIGTERM" if code != 0 else None), True


def sweep(name, options, request, control):
    """The failures of one set of options, and how many starts there were."""
    wrong, counts = [], [0, 0]
    for kind, error, step in FAULTS:
        n = 0
        while True:
            control.arm(kind, error, n)
            why, started = try_start(control, request, options)
            if control.failed == 0:
                break
            counts[started] += 1
            if why:
                wrong.append(f"{name}: {kind} {n} ({error}): {why}")
                print("FAIL", wrong[-1], flush=True)
            n += step
    if 0 in counts:
        wrong.append(f"{name}: {counts}: nothing failed, or nothing was served")
    print(f"start-up, {name}: {counts[0]} ended, {counts[1]} served", flush=True)
    return wrong


def main():
    control = Control()
    request = Request("/v1/tensor?shape=16,9&seed=3&name=w")
    whole = Daemon(control)
    request.learn(request.exchange(whole.port))
    whole.stop()
    wrong = sweep("http", ["--workers", "2", "--compute-threads", "2", "--access-log"], request,
                  control)
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = credentials.self_signed(folder)
        wrong += sweep("https", ["--workers", "1", "--compute-threads", "1", "--tls-cert",
                                 certificate, "--tls-key", key], request, control)
    print(f"start-up: {len(wrong)} wrong")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
