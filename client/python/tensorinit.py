# SPDX-License-Identifier: MIT
"""
Initialized tensors in Python: numpy arrays, PyTorch tensors and modules, JAX arrays.

    import tensorinit

    w = tensorinit.tensor("fc1.weight", (512, 784), scheme="he_normal", seed=42)
    tensorinit.fill_(layer.weight, "fc1.weight", scheme="he_normal", seed=42)
    tensorinit.init_(model, [("*norm.weight", "scheme=ones"),
                             ("*.bias", "scheme=zeros"),
                             ("*", "scheme=normal&std=0.02")], seed=42)

The bytes are those of docs/SPEC.md, the same on every machine and by both ways:

    tensorinit.backend == "native"  libtensorinit computes them, in place, with all processors
    tensorinit.backend == "http"    a tensorinitd sends them, into the memory of the tensor

The library counts if it is installed. The environment says more:

    TENSORINIT_LIBRARY  path of libtensorinit.so, which must then be usable; none: not to
                        look for it
    TENSORINIT_SERVER   URLs of servers, separated by commas (http://127.0.0.1:8080), also
                        unix:/run/tensorinitd/socket
    TENSORINIT_TOKEN    token for these servers

This file is all that it takes, with Python 3.8 or later and numpy: copy it, fetch it from
a server (/client/tensorinit.py), or 'pip install ./client/python'. PyTorch and JAX are used
only if the caller passes their objects.

Parameters are those of docs/PARAMETERS.md, as a query ("scheme=normal&std=0.02"), as
arguments (scheme="normal", std=0.02), or both. Besides text they may be Python's values:
shape=(512, 784), dtype=torch.bfloat16, shard=(0, rank, ranks), slice=numpy.s_[:8, 1:]. None
stands for a parameter that is not given.

Any number of threads and child processes may call this module.
"""
import collections
import collections.abc
import concurrent.futures
import ctypes
import http.client
import json
import math
import numbers
import operator
import os
import random
import re
import socket
import ssl
import sys
import threading
import time
import urllib.parse
import warnings
import weakref

import numpy

__version__ = "0.1.0"
__all__ = ["Error", "ParameterError", "NetworkError", "MismatchError", "TensorinitWarning",
           "Library", "Servers", "use", "tensor", "fill_", "init_", "callback"]

# How many threads compute; None: as many as there are processors for this process.
threads = None


# Errors ---------------------------------------------------------------------------------

class Error(Exception):
    """
    Why there is no tensor. 'field' is the parameter or argument at fault ("shape"), or "";
    'title' the kind of error, as problem documents and status.def have it.
    """

    def __init__(self, detail, field="", title=""):
        super().__init__(detail)
        self.field, self.title = field, title


class ParameterError(Error, ValueError):
    """The request is not valid."""


class NetworkError(Error, ConnectionError):
    """No server was reached in time, or it refused."""


class MismatchError(Error):
    """A response is not what was requested: servers of different versions, or no tensorinitd."""


class TensorinitWarning(UserWarning):
    """What is probably a mistake in a valid request."""


# Element types --------------------------------------------------------------------------

# Names in requests, in numpy, and in ml_dtypes, torch and JAX. What numpy lacks is opaque
# bytes without ml_dtypes, as in NPY files.
_DTYPES = {"f32": ("<f4", "float32"), "f64": ("<f8", "float64"), "f16": ("<f2", "float16"),
           "bf16": ("V2", "bfloat16"), "f8_e4m3": ("V1", "float8_e4m3fn"),
           "f8_e5m2": ("V1", "float8_e5m2"), "i8": ("i1", "int8"), "i16": ("<i2", "int16"),
           "i32": ("<i4", "int32"), "i64": ("<i8", "int64"), "u8": ("u1", "uint8"),
           "u16": ("<u2", "uint16"), "u32": ("<u4", "uint32"), "u64": ("<u8", "uint64"),
           "bool": ("?", "bool")}
_SHORT = {name: short for short, (_, name) in _DTYPES.items()}


def _numpy_dtype(short):
    opaque, name = _DTYPES[short]
    if opaque[0] == "V" and sys.byteorder == "little":
        try:
            import ml_dtypes
            return numpy.dtype(getattr(ml_dtypes, name))
        except ImportError:
            pass
    return numpy.dtype(opaque)


def _torch_of(value):
    """The module torch if the value is one of its tensors or dtypes, else None."""
    torch = sys.modules.get("torch")
    return torch if torch and isinstance(value, (torch.Tensor, torch.dtype)) else None


# Parameters -----------------------------------------------------------------------------

def _item_text(value):
    """One number, word or slice."""
    if isinstance(value, slice):
        ends = [value.start, value.stop] + ([value.step] if value.step is not None else [])
        return ":".join("" if end is None else str(operator.index(end)) for end in ends)
    if value is Ellipsis:
        return "..."
    if isinstance(value, (bool, numpy.bool_)):
        return "true" if value else "false"
    if isinstance(value, numbers.Integral):
        return str(int(value))
    if isinstance(value, numbers.Real):
        return repr(float(value))
    if isinstance(value, str):
        return value
    raise TypeError(f"cannot be written: {type(value).__name__}")


def _shard_text(value):
    """(axis, index, count), or several of them."""
    if len(value) > 0 and not isinstance(value[0], (tuple, list)):
        value = [value]
    return ",".join("%d:%d/%d" % tuple(map(operator.index, split)) for split in value)


def _parameter_text(name, value):
    try:
        if name == "dtype" and not isinstance(value, str):
            return str(value) if _torch_of(value) else numpy.dtype(value).name
        if name == "shape" and not isinstance(value, (str, numbers.Integral)):
            return ",".join(map(_item_text, value)) or "scalar"
        if isinstance(value, (tuple, list)):
            return _shard_text(value) if name == "shard" else ",".join(map(_item_text, value))
        return _item_text(value)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"{name}={value!r}: {error}", name) from None


# What a query may contain as it is; all else is percent-encoded, so that people may write it.
_IN_QUERIES = "%&=+,:;/?@!$'()*[]"


class _Request:
    """The parameters of a tensor: a query or a dict, and more. Its text is a query."""

    def __init__(self, query, parameters, defaults=()):
        """
        'defaults' are for what neither has. 'given' are the names without, 'names' with them.
        The library or the server checks the values.
        """
        given = {n: v for n, v in parameters.items() if v is not None}
        text = ""
        if isinstance(query, str):
            text = urllib.parse.quote(query.strip("&"), _IN_QUERIES, errors="surrogatepass")
        elif isinstance(query, collections.abc.Mapping):
            for name, value in query.items():
                if value is not None and given.setdefault(name, value) is not value:
                    raise ParameterError(f"{name} is given more than once", name,
                                         "parameter given more than once")
        else:
            raise ParameterError(f"a query is text or a dict, not {query!r}", "query")
        self.given = {n for n, _ in urllib.parse.parse_qsl(text, keep_blank_values=True)}
        self.given.update(given)
        given.update((n, v) for n, v in dict(defaults).items()
                     if n not in self.given and v is not None)
        self.names = self.given.union(given)
        self.dtype = given.get("dtype")
        added = urllib.parse.urlencode({n: _parameter_text(n, v) for n, v in given.items()},
                                       errors="surrogatepass")
        self.text = "&".join(part for part in (added, text) if part)


# The library ----------------------------------------------------------------------------

class _LibraryError(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int), ("field", ctypes.c_char * 32),
                ("text", ctypes.c_char * 1024)]


class _LibraryWarning(ctypes.Structure):
    _fields_ = [("field", ctypes.c_char_p), ("text", ctypes.c_char * 480)]


class _PlanInfo(ctypes.Structure):
    """struct ti_plan_info up to its last member that is used here."""
    _fields_ = [("scheme", ctypes.c_char_p), ("framework_name", ctypes.c_char_p),
                ("distribution", ctypes.c_int), ("dtype", ctypes.c_int),
                ("full_rank", ctypes.c_uint), ("rank", ctypes.c_uint),
                ("full_shape", ctypes.c_uint64 * 32), ("shape", ctypes.c_uint64 * 32),
                ("elems", ctypes.c_uint64), ("body_bytes", ctypes.c_uint64),
                ("ns_per_elem", ctypes.c_double), ("workspace_bytes", ctypes.c_size_t),
                ("factor_bytes", ctypes.c_size_t), ("factor_peak_bytes", ctypes.c_size_t),
                ("factor_key", ctypes.c_char * 33), ("seed", ctypes.c_uint64),
                ("stream", ctypes.c_uint64), ("name", ctypes.c_char_p),
                ("query", ctypes.c_char_p), ("etag", ctypes.c_char * 33)]


_WARNINGS_MAX = 6

# Result and arguments of each function that is called, as the headers declare them.
_POINTER, _STATUS, _TEXT = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
_FUNCTIONS = {
    "ti_spec_make": (_STATUS, [_POINTER]),
    "ti_spec_free": (None, [_POINTER]),
    "ti_spec_set_query_lenient": (_STATUS, [_POINTER, _TEXT, ctypes.c_size_t, _POINTER]),
    "ti_plan_make": (_STATUS, [_POINTER, _POINTER, _POINTER]),
    "ti_plan_free": (None, [_POINTER]),
    "ti_plan_info": (_POINTER, [_POINTER]),
    "ti_plan_warnings": (ctypes.c_uint, [_POINTER, _POINTER, _POINTER]),
    "ti_plan_fill": (_STATUS, [_POINTER, ctypes.c_uint64, ctypes.c_uint64, _POINTER, _POINTER]),
    "ti_plan_use": (_STATUS, [_POINTER, _POINTER]),
    "ti_workspace_make": (_STATUS, [_POINTER, _POINTER, _POINTER]),
    "ti_workspace_free": (None, [_POINTER]),
    "ti_factor_make": (_STATUS, [_POINTER, _POINTER, _POINTER]),
    "ti_factor_free": (None, [_POINTER]),
    "ti_factor_phases": (ctypes.c_uint, [_POINTER]),
    "ti_factor_tasks": (ctypes.c_size_t, [_POINTER, ctypes.c_uint]),
    "ti_factor_run": (None, [_POINTER, ctypes.c_uint, ctypes.c_size_t]),
    "ti_dtype_name": (_TEXT, [ctypes.c_int]),
    "ti_status_title": (_TEXT, [ctypes.c_int]),
    "ti_status_http": (ctypes.c_int, [ctypes.c_int]),
}

_pool_lock = threading.Lock()
_pool = None


def _after_fork():
    """A child process has none of its parent's threads, which may have held locks."""
    global _pool, _pool_lock, _used_lock
    _pool, _pool_lock, _used_lock = None, threading.Lock(), threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _thread_count():
    if threads is not None:
        return max(1, threads)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _in_parallel(count, task):
    """Calls task(0) to task(count - 1), by several threads. None runs when it returns."""
    global _pool
    workers = min(count, _thread_count())
    if workers <= 1:
        for index in range(count):
            task(index)
        return
    indices = collections.deque(range(count))

    def work():
        while True:
            try:
                index = indices.popleft()
            except IndexError:
                return
            task(index)

    with _pool_lock:
        if _pool is None or _pool[0] < workers:
            _pool = (workers, concurrent.futures.ThreadPoolExecutor(workers, "tensorinit"))
        futures = [_pool[1].submit(work) for _ in range(workers)]
    try:
        for future in futures:
            future.result()
    finally:
        # After an error or Ctrl-C the caller may free the memory that the others write to.
        indices.clear()
        concurrent.futures.wait(futures)


class Library:
    """libtensorinit, by ctypes."""
    name = "native"

    def __init__(self, path="libtensorinit.so.0"):
        self.source = path
        self._library = ctypes.CDLL(path)
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(self._library, name, None)
            if function is None:
                raise MismatchError(f"{path} has no {name}(): it is not libtensorinit, or not "
                                    f"of version {__version__}", "TENSORINIT_LIBRARY")
            function.restype, function.argtypes = result, arguments
        # Before release 1.0 struct ti_plan_info may change.
        probe = self.plan("shape=2,3&scheme=ones&dtype=bf16&name=x")
        if (probe.shape, probe.dtype, probe.elems, len(probe.etag)) != ((2, 3), "bf16", 6, 32):
            raise MismatchError(f"{path} is not of version {__version__}", "TENSORINIT_LIBRARY")

    def check(self, status, error=None):
        if status == 0:
            return
        title = self._library.ti_status_title(status).decode()
        text, field = (error.text, error.field) if error else (b"", b"")
        # As for responses of servers: bad requests are the caller's.
        kind = ParameterError if self._library.ti_status_http(status) == 400 else Error
        raise kind(text.decode() or title, field.decode(), title)

    def plan(self, query):
        return _LibraryPlan(self, self._library, query)


class _LibraryPlan:
    """A tensor of a query. fill() writes elements of it."""

    # One call computes at least so much, in nanoseconds: a thread costs time as well.
    SLICE_NS = 1e6

    def __init__(self, owner, library, query):
        self._owner, self._library, self._factor = owner, library, None
        self._lock = threading.Lock()
        error, spec, plan = _LibraryError(), ctypes.c_void_p(), ctypes.c_void_p()
        text = query.encode()
        owner.check(library.ti_spec_make(ctypes.byref(spec)))
        try:
            owner.check(library.ti_spec_set_query_lenient(spec, text, len(text),
                                                          ctypes.byref(error)), error)
            owner.check(library.ti_plan_make(spec, ctypes.byref(plan), ctypes.byref(error)),
                        error)
            self._plan = plan
            weakref.finalize(self, library.ti_plan_free, plan).atexit = False
            found = (_LibraryWarning * _WARNINGS_MAX)()
            count = library.ti_plan_warnings(spec, plan, found)
            self.warnings = [warning.text.decode() for warning in found[:count]]
        finally:
            library.ti_spec_free(spec)
        info = _PlanInfo.from_address(library.ti_plan_info(plan))
        self._info = info
        self.dtype = library.ti_dtype_name(info.dtype).decode()
        self.shape, self.elems = tuple(info.shape[:info.rank]), info.elems
        self.query, self.etag = info.query.decode(), info.etag.decode()
        self.elem_bytes = numpy.dtype(_DTYPES[self.dtype][0]).itemsize

    def _make_factor(self):
        """What an orthogonal matrix needs before its first element, once."""
        library, error, factor = self._library, _LibraryError(), ctypes.c_void_p()
        with self._lock:
            if self._factor is not None:
                return
            self._owner.check(library.ti_factor_make(self._plan, ctypes.byref(factor),
                                                     ctypes.byref(error)), error)
            # Freed when the plan is, which no longer looks at it.
            weakref.finalize(self, library.ti_factor_free, factor).atexit = False
            for phase in range(library.ti_factor_phases(factor)):
                _in_parallel(library.ti_factor_tasks(factor, phase),
                             lambda task: library.ti_factor_run(factor, phase, task))
            self._owner.check(library.ti_plan_use(self._plan, factor))
            self._factor = factor

    def fill(self, data, first_elem):
        """Writes elements from 'first_elem' on to 'data', an array of bytes."""
        count, library = len(data) // self.elem_bytes, self._library
        if self._info.factor_bytes and count:
            self._make_factor()
        parts = min(4 * _thread_count(),
                    max(1, int(count * self._info.ns_per_elem / self.SLICE_NS)))
        size = -(-count // parts)
        size += -size % 64

        def task(part):
            start, address = part * size, data.ctypes.data
            error, workspace = _LibraryError(), ctypes.c_void_p()
            self._owner.check(library.ti_workspace_make(
                self._plan, ctypes.byref(workspace), ctypes.byref(error)), error)
            try:
                self._owner.check(library.ti_plan_fill(
                    self._plan, first_elem + start, min(size, count - start),
                    address + start * self.elem_bytes, workspace))
            finally:
                library.ti_workspace_free(workspace)

        if count:
            _in_parallel(-(-count // size), task)


# Servers --------------------------------------------------------------------------------

class _UnixConnection(http.client.HTTPConnection):
    """To a daemon that listens on a unix socket."""

    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _socket_path(url):
    """(path, prefix) of unix:PATH or http+unix://ENCODED-PATH/prefix; None for other URLs."""
    if url.startswith("unix:"):
        return url[len("unix:"):], ""
    if url.startswith("http+unix://"):
        encoded, _, prefix = url[len("http+unix://"):].partition("/")
        return urllib.parse.unquote(encoded), f"/{prefix}".rstrip("/")
    return None


class _Server:
    """One of the servers, and connections to it that are free."""

    def __init__(self, url):
        self._free, self._process = [], os.getpid()
        self.url, self.socket = url, None
        if found := _socket_path(url):
            self.socket, self.prefix = found
            if not re.fullmatch(r"/[^\0]*[^\0/]", self.socket) or re.search("[?#]", self.prefix):
                raise ParameterError("not the path of a unix socket; expected one like "
                                     "unix:/run/tensorinitd/socket", "server")
            return
        parts = urllib.parse.urlsplit(url)
        try:
            self.port = parts.port
        except ValueError:
            self.port = -1
        if parts.scheme not in ("http", "https") or not parts.hostname or self.port == -1 or \
                re.search(r"[?#@\s]|[^!-~]", url):
            # Not quoted: it may contain a password.
            raise ParameterError("not the URL of a server; expected one like "
                                 "http://127.0.0.1:8080, without user, '?' and '#'", "server")
        self.host, self.prefix = parts.hostname, parts.path.rstrip("/")
        self.is_https = parts.scheme == "https"

    @property
    def free(self):
        """Not those of a parent process, which goes on using them."""
        if self._process != os.getpid():
            self._free, self._process = [], os.getpid()
        return self._free

    def connect(self, timeout):
        if self.socket:
            return _UnixConnection(self.socket, timeout)
        if self.is_https:
            return http.client.HTTPSConnection(self.host, self.port, timeout=timeout,
                                               context=ssl.create_default_context())
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)


class Servers:
    """
    One or more tensorinitd, which all compute the same bytes: what one cannot send, the next
    does.

      urls       a list, or one text with commas: http://host:8080, https://host/prefix,
                 unix:/run/tensorinitd/socket
      retry_for  seconds without progress until it is an error
      timeout    seconds of silence until a connection counts as broken
    """
    name = "http"

    def __init__(self, urls="http://127.0.0.1:8080", *, token=None, retry_for=300, timeout=60):
        urls = urls.split(",") if isinstance(urls, str) else urls
        self._servers = [_Server(url.strip()) for url in urls if url.strip()]
        if not self._servers:
            raise ParameterError("the list of servers is empty", "server")
        self.source = ",".join(server.url for server in self._servers)
        self._turn = 0
        self._retry_for, self._timeout = retry_for, timeout
        self._headers = {"User-Agent": f"tensorinit.py/{__version__}",
                         "Accept-Encoding": "identity"}
        if token:
            if not re.fullmatch("[!-~]+", token):
                raise ParameterError("a token is printable ASCII without blanks", "token")
            self._headers["Authorization"] = f"Bearer {token}"

    def plan(self, query):
        return _ServedPlan(self, query)

    def _exchange(self, server, target, headers, read):
        """What 'read' makes of the response. Connections that are left intact are reused."""
        while True:
            try:
                connection, is_reused = server.free.pop(), True
            except IndexError:
                connection, is_reused = server.connect(self._timeout), False
            is_intact, has_response = False, False
            try:
                connection.request("GET", server.prefix + target,
                                   headers={**self._headers, **headers})
                response = connection.getresponse()
                has_response = True
                result = read(response)
                is_intact = response.isclosed() and connection.sock is not None
                return result
            except (http.client.HTTPException, OSError):
                # A server may close a connection that was idle, at any time.
                if not is_reused or has_response:
                    raise
            finally:
                if is_intact:
                    server.free.append(connection)
                else:
                    connection.close()

    def get(self, target, headers, read, progress=lambda: 0):
        """
        read(response) for a status of 200 or 206. Refusals are errors, unless they say that
        they pass; then and after broken connections, the next server is tried.
        """
        pause, tries, seen = 0.1, 0, progress()
        deadline = time.monotonic() + self._retry_for
        while True:
            server = self._servers[self._turn % len(self._servers)]
            wait = None

            def read_any(response):
                if response.status in (200, 206):
                    return True, read(response)
                return False, _refusal(server.url, response)

            try:
                is_read, result = self._exchange(server, target, headers(), read_any)
                if is_read:
                    return result
                failure, wait = result
            except Error:
                # Final, though a NetworkError is an OSError as well.
                raise
            except (http.client.HTTPException, OSError) as error:
                failure = NetworkError(f"{server.url}: {error or type(error).__name__}",
                                       "server")
            self._turn, tries = self._turn + 1, tries + 1
            if progress() != seen:
                pause, tries, seen = 0.1, 0, progress()
                deadline = time.monotonic() + self._retry_for
            if wait is None:
                # The other servers at once, then exponential backoff with full jitter.
                wait = random.uniform(0, pause) if tries % len(self._servers) == 0 else 0
                pause = min(2 * pause, 10)
            if time.monotonic() + wait > deadline:
                raise failure
            time.sleep(wait)


def _refusal(url, response):
    """(error, seconds to wait or None) of a response that may pass; raises any other error."""
    body = response.read(1 << 20)
    try:
        problem = json.loads(body)
        detail, field, title = (str(problem.get(key, "")) for key in ("detail", "field", "title"))
    except (ValueError, AttributeError):
        detail, field, title = "", "", ""
    if 300 <= response.status < 400:
        detail = f"{url} redirects to {response.headers.get('Location')}, which is not followed"
    detail = detail or f"{url}: status {response.status} {response.reason}"
    after = response.headers.get("Retry-After", "")
    wait = int(after) if after.isascii() and after.isdigit() else None
    if response.status in (502, 503, 504) or (response.status == 429 and wait is not None):
        return NetworkError(detail, field or "server", title), wait
    if response.status == 412:
        raise MismatchError(f"{url} has other bytes for this tensor than the server that was "
                            "asked first: are they of one version?", "server", title)
    if response.status == 400:
        raise ParameterError(detail, field, title)
    raise NetworkError(detail, field or "server", title)


class _ServedPlan:
    """A tensor of a query. fill() writes elements of it."""

    def __init__(self, servers, query):
        self._servers = servers
        # The canonical query leaves out what changes no byte of the elements.
        plan = servers.get(f"/v1/plan?{query}", dict, _read_json)
        try:
            self.dtype, self.shape = plan["dtype"], tuple(int(dim) for dim in plan["shape"])
            self.query, self.etag = plan["query"], plan["etag"]
            self.elems = int(plan["elems"])
            self.warnings = [warning["text"] for warning in plan["warnings"]]
            self.elem_bytes = numpy.dtype(_DTYPES[self.dtype][0]).itemsize
        except (KeyError, TypeError, ValueError) as error:
            raise MismatchError(f"{servers.source} sends no plan that this version knows "
                                f"({error!r})", "server") from None

    def fill(self, data, first_elem):
        """Writes elements from 'first_elem' on to 'data', an array of bytes."""
        view, got = memoryview(data), 0
        first, end = first_elem * self.elem_bytes, first_elem * self.elem_bytes + len(view)

        def headers():
            # If-Match: no server may continue with bytes that are not this tensor's.
            return {"If-Match": f'"{self.etag}"', "Range": f"bytes={first + got}-{end - 1}"}

        def read(response):
            nonlocal got
            wanted = f"bytes {first + got}-{end - 1}/{self.elems * self.elem_bytes}"
            is_part = response.status == 206 and \
                response.headers.get("Content-Range") == wanted
            is_all = response.status == 200 and first + got == 0 and \
                response.length == len(view) == self.elems * self.elem_bytes
            if not (is_part or is_all) or \
                    response.headers.get("ETag") != f'"{self.etag}"':
                raise MismatchError("the response is not the part of the tensor that was "
                                    "requested", "server")
            while got < len(view):
                count = response.readinto(view[got:])
                if count == 0:
                    raise ConnectionError(f"the connection ended {len(view) - got} bytes "
                                          "before the tensor")
                got += count
            # So that the response is at its end, and the connection free.
            response.read()

        if len(view):
            self._servers.get(f"/v1/tensor?{self.query}", headers, read, lambda: got)


def _read_json(response):
    body = response.read()
    try:
        return json.loads(body)
    except ValueError:
        raise MismatchError("the response to /v1/plan is not JSON", "server") from None


# Which of both --------------------------------------------------------------------------

_used = None
_used_lock = threading.Lock()


def _choose():
    path = os.environ.get("TENSORINIT_LIBRARY", "")
    if path and path != "none":
        try:
            return Library(path)
        except OSError as error:
            raise Error(f"TENSORINIT_LIBRARY: {error}", "TENSORINIT_LIBRARY") from None
    if not path:
        try:
            return Library()
        except OSError:
            pass  # not installed
        except MismatchError as error:
            warnings.warn(f"{error}; servers are used instead", TensorinitWarning)
    return Servers(os.environ.get("TENSORINIT_SERVER") or "http://127.0.0.1:8080",
                   token=os.environ.get("TENSORINIT_TOKEN"))


def _backend():
    global _used
    with _used_lock:
        if _used is None:
            _used = _choose()
        return _used


def use(chosen):
    """Takes a Library or Servers from now on; None: what the environment says."""
    global _used
    if not isinstance(chosen, (Library, Servers, type(None))):
        raise ParameterError(f"a Library or Servers can be used, not {chosen!r}", "chosen")
    with _used_lock:
        _used = chosen


def __getattr__(name):
    """tensorinit.backend: "native" or "http"; tensorinit.source: path or URLs."""
    if name == "backend":
        return _backend().name
    if name == "source":
        return _backend().source
    raise AttributeError(f"module 'tensorinit' has no attribute {name!r}")


# What is filled -------------------------------------------------------------------------

# Tensors that are not simply memory are written through a buffer of about this size.
_BUFFER_BYTES = 64 << 20


class _Array:
    """A numpy array to fill."""

    def __init__(self, out):
        if not out.flags.writeable:
            raise ParameterError("the array is read-only", "out")
        if out.dtype.hasobject or out.dtype.fields:
            raise ParameterError(f"the array's dtype {out.dtype} is not one of numbers", "out")
        # A subclass may have other rules for shapes: numpy.matrix is always of two axes.
        self.out, self.shape, self.numel = numpy.asarray(out), out.shape, out.size
        self.elem_bytes = out.dtype.itemsize
        self.dtype = None if out.dtype.kind == "V" and out.dtype.name not in _SHORT else \
            out.dtype.name
        # What numpy does not know by name may be stored as bits.
        self.is_bits = out.dtype.kind in "Vu"

    def memory(self):
        order = self.out.dtype.byteorder
        is_little = order in "<|" or (order == "=" and sys.byteorder == "little")
        if self.out.flags.c_contiguous and is_little:
            return self.out.reshape(-1).view(numpy.uint8)
        return None

    def buffer(self, shape):
        """A little-endian array for write(), and its bytes."""
        dtype = self.out.dtype
        part = numpy.empty(shape, dtype if dtype.kind == "V" else dtype.newbyteorder("<"))
        return part, part.reshape(-1).view(numpy.uint8)

    def write(self, rows, part):
        self.out[rows] = part

    def written(self):
        pass


class _Tensor:
    """A torch tensor to fill."""

    def __init__(self, torch, out):
        if out.layout != torch.strided or out.is_quantized or out.device.type == "meta":
            raise ParameterError("the tensor has no plain memory: it is sparse, quantized or "
                                 "on the device 'meta' (to_empty() gives it memory)", "out")
        if any(stride == 0 and size > 1 for stride, size in zip(out.stride(), out.shape)):
            raise ParameterError("elements of the tensor share memory, as expand() makes them",
                                 "out")
        if out.device.type == "cpu" and out.numel() > 0 and out.data_ptr() == 0:
            raise ParameterError("the memory of the tensor has been freed, as FSDP does between "
                                 "uses", "out")
        self.torch, self.out, self.shape = torch, out, tuple(out.shape)
        self.numel, self.elem_bytes = out.numel(), out.element_size()
        self.dtype = str(out.dtype).rpartition(".")[2]
        self.is_bits = self.dtype.startswith("uint")

    def memory(self):
        out, is_plain = self.out, not getattr(self.out, "is_neg", lambda: False)()
        if not (out.device.type == "cpu" and out.is_contiguous() and is_plain) or \
                sys.byteorder != "little":
            return None
        return out.detach().reshape(-1).view(self.torch.uint8).numpy()

    def buffer(self, shape):
        count = math.prod(shape)
        data = numpy.empty(count * self.elem_bytes, numpy.uint8)
        if count == 0:
            return self.torch.empty(shape, dtype=self.out.dtype), data
        return self.torch.frombuffer(data, dtype=self.out.dtype).reshape(shape), data

    def write(self, rows, part):
        with self.torch.no_grad():
            self.out[rows].copy_(part)

    def written(self):
        """Autograd has to learn of a change that torch did not make."""
        with self.torch.no_grad():
            self.out.view(-1)[:0].zero_()


def _target(out):
    torch = _torch_of(out)
    if torch and isinstance(out, torch.Tensor):
        return _Tensor(torch, out)
    if isinstance(out, numpy.ndarray):
        return _Array(out)
    raise ParameterError(f"a numpy array or a torch tensor can be filled, not a "
                         f"{type(out).__name__} (for JAX: callback())", "out")


def _shape_text(shape):
    return ",".join(map(str, shape)) or "scalar"


def _make_plan(request, name, stacklevel=3):
    """'stacklevel' of warnings: the line that called this module."""
    for parameter in ("format", "json", "metadata"):
        if parameter in request.names:
            raise ParameterError(f"{parameter} is for files; here are tensors", parameter)
    plan = _backend().plan(request.text)
    for text in plan.warnings:
        warnings.warn(f"{name}: {text}" if name else text, TensorinitWarning, stacklevel)
    return plan


def _prepare(out, name, query, parameters, seed=None):
    """(plan, target, first element) to fill 'out', checked against its shape and dtype."""
    local, part = _distributed_part(out) or (out, {})
    target = _target(local)
    parameters = {**part, **parameters}
    first_elem = parameters.pop("first_elem", None)
    request = _Request(query, {"name": name, **parameters},
                       {"shape": None if first_elem is not None else target.shape,
                        "dtype": target.dtype, "seed": seed})
    is_part = first_elem is not None or not {"shard", "slice"}.isdisjoint(request.names)
    if is_part and "shape" not in request.given:
        raise ParameterError("shape is required besides shard, slice and first_elem: that of the "
                             "full tensor, which decides the scale", "shape")
    if "dtype" not in request.names:
        raise ParameterError("dtype is required: numpy does not know what the array's opaque "
                             "bytes are", "dtype")
    plan = _make_plan(request, name, stacklevel=4)
    what = name or "the tensor"
    if first_elem is None and plan.shape != target.shape:
        raise ParameterError(f"{what} has shape {_shape_text(plan.shape)}, what is to be filled "
                             f"{_shape_text(target.shape)}", "shape")
    try:
        first_elem = operator.index(first_elem or 0)
    except TypeError:
        raise ParameterError(f"first_elem={first_elem!r} is not an integer",
                             "first_elem") from None
    if first_elem < 0 or first_elem + target.numel > plan.elems:
        raise ParameterError(f"elements {first_elem} to {first_elem + target.numel} are not all "
                             f"of a tensor of {plan.elems}", "first_elem")
    is_same = _SHORT.get(target.dtype) == plan.dtype or \
        (target.is_bits and target.elem_bytes == plan.elem_bytes)
    if not is_same:
        raise ParameterError(f"{what} has dtype {plan.dtype}, what is to be filled "
                             f"{target.dtype or 'opaque bytes'}", "dtype")
    return plan, target, first_elem


def _fill(plan, target, first_elem=0):
    """Writes to the memory of 'target', or else rows of axis 0 through a buffer."""
    memory = target.memory()
    if memory is not None:
        plan.fill(memory, first_elem)
        target.written()
        return
    if target.numel == 0:
        return
    if not target.shape:
        part, data = target.buffer(())
        plan.fill(data, first_elem)
        target.write((), part)
        return
    row = target.numel // target.shape[0]
    step = max(1, _BUFFER_BYTES // (row * target.elem_bytes))
    for start in range(0, target.shape[0], step):
        rows = slice(start, min(start + step, target.shape[0]))
        part, data = target.buffer((rows.stop - rows.start, *target.shape[1:]))
        plan.fill(data, first_elem + start * row)
        target.write(rows, part)


# What callers use -----------------------------------------------------------------------

def tensor(name, shape, query="", **parameters):
    """
    A new tensor: a numpy array, or a torch tensor if dtype is one of torch's.

    'shape' is that of the full tensor, also with shard= or slice=. bf16 and 8-bit floats
    are those of ml_dtypes if it is installed; else opaque bytes, which
    torch.frombuffer(w, dtype=torch.bfloat16).view(w.shape) reads.
    """
    request = _Request(query, {"name": name, "shape": shape, **parameters})
    plan = _make_plan(request, name)
    torch = _torch_of(request.dtype)
    if torch:
        out = torch.empty(plan.shape, dtype=request.dtype)
        _fill(plan, _Tensor(torch, out))
    else:
        out = numpy.empty(plan.shape, _numpy_dtype(plan.dtype))
        _fill(plan, _Array(out))
    return out


def fill_(out, name, query="", *, first_elem=None, **parameters):
    """
    Fills a numpy array or torch tensor in place, contiguous or not, and returns it.

    Shape and dtype are its own, if no parameter says otherwise. A DTensor's rank gets its own
    part. For a part of another tensor:

        shape=(4096, 4096), shard=(0, rank, ranks)   as torch.chunk splits an axis
        shape=(4096, 4096), slice=numpy.s_[:, 8:16]  any of numpy's basic slices
        shape=(4096, 4096), first_elem=n             the elements from n on, row by row

    An unsigned or opaque array takes the bits of any dtype of its size.
    """
    _fill(*_prepare(out, name, query, {"first_elem": first_elem, **parameters}))
    return out


def callback(name, shape, query="", **parameters):
    """
    The tensor as a function of an index, for jax.make_array_from_callback:

        jax.make_array_from_callback(shape, sharding, tensorinit.callback(name, shape, ...))
    """
    return lambda index: tensor(name, shape, query, slice=tuple(index) or None, **parameters)


# Modules --------------------------------------------------------------------------------

# What wrappers add to the names of parameters: FSDP, torch.compile, activation checkpointing
# anywhere; DataParallel and DistributedDataParallel in front.
_WRAPPERS = re.compile(r"(?:^|(?<=\.))(?:_fsdp_wrapped_module|_orig_mod|"
                       r"_checkpoint_wrapped_module)\.")
_IN_FRONT = re.compile(r"^(?:module\.)+")


def plain_name(name):
    """The name of a parameter in the model that is not wrapped: what selects its numbers."""
    return _IN_FRONT.sub("", _WRAPPERS.sub("", name))


class _Rule:
    """A pattern and the query of what it matches; None leaves that as it is."""

    SPECIAL = re.compile(r"\*|\?|\{([A-Za-z_]\w*)\}")

    def __init__(self, pattern, query):
        self.pattern, self.query, self.used = pattern, query, False
        text, end = "", 0
        for found in self.SPECIAL.finditer(pattern):
            text += re.escape(pattern[end:found.start()])
            text += {"*": ".*", "?": "."}.get(found[0]) or (
                f"(?P={found[1]})" if f"(?P<{found[1]}>" in text else f"(?P<{found[1]}>[^.]+)")
            end = found.end()
        self.regex = re.compile(text + re.escape(pattern[end:]), re.DOTALL)

    def match(self, name):
        return self.regex.fullmatch(name)

    def query_of(self, found):
        """The query with what {ident} of the pattern has matched."""
        def put(text, encode=str):
            for ident, value in found.groupdict().items():
                text = text.replace("{%s}" % ident, encode(value))
            return text

        if isinstance(self.query, collections.abc.Mapping):
            return {n: put(v) if isinstance(v, str) else v for n, v in self.query.items()}
        return put(self.query, urllib.parse.quote) if isinstance(self.query, str) else self.query


def _distributed_part(param):
    """
    (local tensor, parameters) of a torch DTensor, as FSDP2 and tensor parallelism have them;
    None for other tensors. Splits of one axis apply as DTensor applies them: those of
    _StridedShard, which FSDP2 makes of an axis that tensor parallelism has split, last.
    """
    if not all(hasattr(param, name) for name in ("placements", "device_mesh", "to_local")):
        return None
    coordinate, splits, late = param.device_mesh.get_coordinate(), [], []
    for axis, placement in enumerate(param.placements):
        if placement.is_replicate():
            continue
        if not hasattr(placement, "dim") or coordinate is None:
            raise ParameterError(f"a DTensor of placement {placement} cannot be filled", "out")
        split = (placement.dim, coordinate[axis], param.device_mesh.size(axis))
        (late if type(placement).__name__ == "_StridedShard" else splits).append(split)
    part = {"shape": tuple(param.shape)}
    if splits or late:
        part["shard"] = splits + late
    # Without gradients it is the tensor itself; with them a view that autograd guards.
    with sys.modules["torch"].no_grad():
        return param.to_local(), part


def init_(module, rules, seed=0, *, part=None):
    """
    Fills all parameters of a torch module in place.

      rules  (pattern, query) pairs or a dict: the first pattern that matches a parameter's
             name decides. * stands for any characters, ? for one, {l} for a run without a
             dot that the query may use ("scheme=mitchell&layer={l}"). A query of None
             leaves the parameter as it is
      seed   for queries without one
      part   part(name, parameter) returns what the rank has of a tensor, as parameters of
             fill_(): {"shape": (4096, 4096), "shard": (0, rank, ranks)}; None: all of it.
             DTensors need none

    Names are those of the model without wrappers: DistributedDataParallel, FSDP and
    torch.compile change no numbers. A parameter that no pattern matches, and a pattern that
    decides nothing, are errors; nothing is filled then. Returns the canonical query of each
    parameter.
    """
    try:
        rules = [_Rule(pattern, query) for pattern, query in
                 (rules.items() if hasattr(rules, "items") else rules)]
    except (TypeError, ValueError):
        raise ParameterError("rules are (pattern, query) pairs or a dict", "rules") from None
    fills, unmatched = {}, []
    for wrapped, param in module.named_parameters():
        name = plain_name(wrapped)
        rule, found = next(((r, m) for r in rules if (m := r.match(name))), (None, None))
        if rule is None:
            unmatched.append(name)
            continue
        rule.used = True
        if rule.query is None:
            continue
        if name in fills:
            raise ParameterError(f"two parameters are named {name}", "module")
        try:
            fills[name] = _prepare(param, name, rule.query_of(found),
                                   part(name, param) or {} if part else {}, seed)
        except ParameterError as error:
            raise ParameterError(f"{name}: {error}", error.field, error.title) from None
    if unmatched:
        raise ParameterError("no pattern matches " + ", ".join(unmatched[:5]) +
                             (f" and {len(unmatched) - 5} more" if unmatched[5:] else ""),
                             "rules")
    unused = [rule.pattern for rule in rules if not rule.used]
    if unused:
        raise ParameterError("no parameter is left for the pattern " + ", ".join(unused),
                             "rules")
    for fill in fills.values():
        _fill(*fill)
    return {name: plan.query for name, (plan, _, _) in fills.items()}
