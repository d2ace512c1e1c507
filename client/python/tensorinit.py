# SPDX-License-Identifier: MIT
"""
Initialized tensors in Python: numpy arrays, PyTorch tensors and modules, JAX arrays.

    import tensorinit

    w = tensorinit.tensor("fc1.weight", (512, 784), scheme="he_normal", seed=42)
    tensorinit.fill_(layer.weight, "fc1.weight", scheme="he_normal", seed=42)
    tensorinit.init_(model, [("*norm.weight", "scheme=ones"),
                             ("*.bias", "scheme=zeros"),
                             ("*", "scheme=normal&std=0.02")], seed=42)

    # all tensors of a manifest (docs/MANIFEST.md), by its file or the name of a model
    for name, array in tensorinit.model("gpt2", seed=42).items(): ...
    tensorinit.init_(model, "gpt2", seed=42)
    torch.distributed.checkpoint.load(
        model.state_dict(), storage_reader=tensorinit.storage_reader("gpt2", seed=42))

The bytes are those of docs/SPEC.md, the same on every machine and by both ways:

    tensorinit.backend == "native"  libtensorinit computes them, in place, with all processors
    tensorinit.backend == "http"    a tensorinitd sends them, into the memory of the tensor

The library counts if it is installed. The environment says more:

    TENSORINIT_LIBRARY  path of libtensorinit.so, which must then be usable; none: not to
                        look for it
    TENSORINIT_SERVER   URLs of servers, separated by commas (http://127.0.0.1:8080), also
                        unix:/run/tensorinitd/socket
    TENSORINIT_TOKEN    token for these servers
    TENSORINIT_MODELS   folder of the manifests that the library finds by name; else
                        tensorinit/models in the folders of XDG_DATA_DIRS

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
import importlib
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
           "Library", "Servers", "use", "tensor", "fill_", "callback", "Model", "model",
           "init_", "storage_reader"]

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


def _naming(what, function, *arguments):
    """What the function returns; its errors begin with what they are about."""
    try:
        return function(*arguments)
    except Error as error:
        raise type(error)(f"{what}: {error}", error.field, error.title) from None


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


def _torch_dtype(torch, short):
    name = _DTYPES[short][1]
    if not hasattr(torch, name):
        raise ParameterError(f"torch {torch.__version__} has no dtype {name}", "dtype")
    return getattr(torch, name)


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
    if any(len(split) != 3 for split in value):
        raise ValueError("a split is (axis, index, count)")
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


class _ManifestTensor(ctypes.Structure):
    _fields_ = [("struct_bytes", ctypes.c_size_t), ("key", ctypes.c_char_p),
                ("literal", ctypes.c_bool), ("rank", ctypes.c_uint),
                ("shape", ctypes.POINTER(ctypes.c_uint64)), ("dtype", ctypes.c_char_p),
                ("dtype_yields", ctypes.c_bool), ("stream_name", ctypes.c_char_p)]


class _ModelOptions(ctypes.Structure):
    """As _PlanInfo, and so are the next two."""
    _fields_ = [("seed", ctypes.c_uint64)]


class _ModelTensor(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("stream_name", ctypes.c_char_p),
                ("kind", ctypes.c_void_p)]


class _ModelKind(ctypes.Structure):
    _fields_ = [("query", ctypes.c_char_p), ("dtype", ctypes.c_int), ("rank", ctypes.c_uint),
                ("shape", ctypes.POINTER(ctypes.c_uint64))]


_WARNINGS_MAX = 6
_MANIFEST_TENSORS_MAX = 1000000

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
    "ti_manifest_make": (_STATUS, [ctypes.c_size_t, _POINTER, _POINTER]),
    "ti_manifest_free": (None, [_POINTER]),
    "ti_manifest_set": (_STATUS, [_POINTER, _TEXT, _TEXT, ctypes.c_size_t, _POINTER]),
    "ti_manifest_add_tensor": (_STATUS, [_POINTER, _POINTER, _POINTER]),
    "ti_manifest_add_rule": (_STATUS, [_POINTER, _TEXT, _TEXT, _POINTER]),
    "ti_manifest_finish": (_STATUS, [_POINTER, _POINTER, _POINTER]),
    "ti_manifest_options": (_POINTER, [_POINTER]),
    "ti_model_make": (_STATUS, [_POINTER, _POINTER, _POINTER, _POINTER, _POINTER]),
    "ti_model_free": (None, [_POINTER]),
    "ti_model_tensor_count": (ctypes.c_size_t, [_POINTER]),
    "ti_model_tensor": (_POINTER, [_POINTER, ctypes.c_size_t]),
    "ti_model_plan": (_STATUS, [_POINTER, ctypes.c_uint64, ctypes.c_size_t, _POINTER,
                                _POINTER]),
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

    def model(self, name, text, dtype):
        if text is None:
            text = _read_text(_installed_manifest(name))
        return _LibraryModel(self, self._library, text, dtype)


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


def _installed_manifest(name):
    """The path of the manifest that 'make install' has put there."""
    folders = [os.environ.get("TENSORINIT_MODELS")]
    if not folders[0]:
        shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
        folders = [os.path.join(folder, "tensorinit/models") for folder in shared.split(":")]
    for folder in folders:
        path = os.path.join(folder, name, "manifest.json")
        if os.path.exists(path):
            return path
    raise ParameterError(f"{name!r} is neither a file nor the name of a manifest in "
                         f"{', '.join(folders)} (TENSORINIT_MODELS)", "manifest")


def _members(text):
    """A manifest's JSON as Python has it, which reads more than is JSON."""
    def members_once(pairs):
        members = {}
        for key, value in pairs:
            if key in members:
                raise ValueError(f"an object has a key twice: {key!r}")
            members[key] = value
        return members

    def constant(name):
        raise ValueError(f"{name} is not a number of JSON")

    try:
        members = json.loads(text, object_pairs_hook=members_once, parse_constant=constant)
    except (ValueError, RecursionError) as error:
        raise ParameterError(f"the manifest is not valid JSON: {error}", "manifest") from None
    if not isinstance(members, dict):
        raise ParameterError("the manifest is not a JSON object", "manifest")
    return members


def _c_text(value, what, field):
    """A text of JSON for the library, which takes bytes up to a NUL."""
    try:
        encoded = value.encode()
    except (AttributeError, UnicodeEncodeError):
        raise ParameterError(f"{what} is not a string", field) from None
    if b"\0" in encoded:
        raise ParameterError(f"{what} has a NUL", field)
    return encoded


class _LibraryModel:
    """
    The tensors of a manifest, whose members the library takes one by one: what names, braces,
    patterns and queries mean is known there alone.
    """

    def __init__(self, owner, library, text, dtype):
        self._owner, self._library = owner, library
        error, made, model = _LibraryError(), ctypes.c_void_p(), ctypes.c_void_p()
        members = _members(text)
        if dtype is not None:
            members["dtype"] = _parameter_text("dtype", dtype)
        owner.check(library.ti_manifest_make(_MANIFEST_TENSORS_MAX, ctypes.byref(made),
                                             ctypes.byref(error)), error)
        try:
            self._add(made, members, error)
            owner.check(library.ti_manifest_finish(made, None, ctypes.byref(error)), error)
            options = library.ti_manifest_options(made)
            self._seed = _ModelOptions.from_address(options).seed
            owner.check(library.ti_model_make(made, options, ctypes.byref(model), None,
                                              ctypes.byref(error)), error)
        finally:
            library.ti_manifest_free(made)
        self._model = model
        weakref.finalize(self, library.ti_model_free, model).atexit = False
        self.names = [self._tensor(index).name.decode()
                      for index in range(library.ti_model_tensor_count(model))]

    def _add(self, made, members, error):
        library = self._library
        tensors, rules = members.pop("tensors", {}), members.pop("rules", [])
        if not isinstance(tensors, dict) or not isinstance(rules, list):
            raise ParameterError("tensors is an object, rules an array", "manifest")
        for key, value in members.items():
            if key in ("$schema", "description", "sources"):
                # For people. Both ways refuse the same.
                for text in value if isinstance(value, list) else [value]:
                    _c_text(text, f"the manifest's {key}", key)
                continue
            if key not in ("seed", "dtype", "max_shard_size", "spec"):
                raise ParameterError(f"unknown key {key!r}; a manifest has seed, dtype, "
                                     "max_shard_size, tensors, rules, spec, description and "
                                     "sources", "manifest")
            if type(value) is int:
                value = str(value)
            elif not isinstance(value, str):
                raise ParameterError(f"the manifest's {key} is neither a string nor an integer",
                                     key)
            value = _c_text(value, f"the manifest's {key}", key)
            self._owner.check(library.ti_manifest_set(
                made, _c_text(key, "a key", "manifest"), value, len(value),
                ctypes.byref(error)), error)
        for key, value in tensors.items():
            if key != "__metadata__":
                entry = self._entry(key, value)
                self._owner.check(library.ti_manifest_add_tensor(
                    made, ctypes.byref(entry), ctypes.byref(error)), error)
        for number, rule in enumerate(rules, 1):
            if not isinstance(rule, list) or len(rule) != 2:
                raise ParameterError(f"rule {number} is not a pattern and a query: {rule!r}",
                                     "rules")
            pattern, query = (_c_text(text, f"{text!r} of rule {number}", "rules")
                              for text in rule)
            status = library.ti_manifest_add_rule(made, pattern, query, ctypes.byref(error))
            _naming(f"rule {number}", self._owner.check, status, error)

    @staticmethod
    def _entry(key, value):
        entry = {"shape": value} if isinstance(value, list) else value
        if not isinstance(entry, dict) or "shape" not in entry or \
                not entry.keys() <= {"shape", "dtype", "name", "data_offsets"}:
            raise ParameterError(f"tensor {key!r} is a shape, [512, 784], or an object with "
                                 f"shape and perhaps dtype and name, not {value!r}", "tensors")
        shape = entry["shape"]
        if not isinstance(shape, list) or \
                not all(type(dim) is int and 0 <= dim < 1 << 63 for dim in shape):
            raise ParameterError(f"the shape of tensor {key!r} is an array of integers of 0 or "
                                 f"more, not {shape!r}", "shape")
        made = _ManifestTensor(struct_bytes=ctypes.sizeof(_ManifestTensor), rank=len(shape),
                               key=_c_text(key, "the name of a tensor", "tensors"),
                               shape=(ctypes.c_uint64 * len(shape))(*shape))
        for member, field in (("dtype", "dtype"), ("stream_name", "name")):
            if field in entry:
                setattr(made, member,
                        _c_text(entry[field], f"the {field} of tensor {key!r}", field))
        return made

    def _tensor(self, index):
        return _ModelTensor.from_address(self._library.ti_model_tensor(self._model, index))

    def info(self, index):
        library, error, plan = self._library, _LibraryError(), ctypes.c_void_p()
        kind = _ModelKind.from_address(self._tensor(index).kind)
        self._owner.check(library.ti_model_plan(self._model, self._seed, index,
                                                ctypes.byref(plan), ctypes.byref(error)), error)
        try:
            query = _PlanInfo.from_address(library.ti_plan_info(plan)).query.decode()
        finally:
            library.ti_plan_free(plan)
        return TensorInfo(tuple(kind.shape[:kind.rank]),
                          library.ti_dtype_name(kind.dtype).decode(), query)


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


# Seconds until a server that does not respond has failed, where there are others and time for
# retries: as much as _RESERVE. It doubles with each silence, for one that is only slow.
_PATIENCE, _RESERVE = 5, 60


class _Server:
    """One of the servers, and connections to it that are free."""

    def __init__(self, url):
        self._free, self._process = [], os.getpid()
        self.url, self.socket, self.patience = url, None, _PATIENCE
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


# What a server may say: a model of 1,000,000 tensors has less.
_DOCUMENT_BYTES_MAX = 1 << 30


class Servers:
    """
    One or more tensorinitd, which all compute the same bytes: what one cannot send, the next
    does.

      urls       a list, or one text with commas: http://host:8080, https://host/prefix,
                 unix:/run/tensorinitd/socket
      retry_for  seconds without progress until it is an error
      timeout    seconds of silence until a connection counts as broken; with several servers
                 and 60 s left for retries, one that does not respond within 5 has failed, and
                 has twice as long the next time
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

    def model(self, name, text, dtype):
        return _ServedModel(self, name, text, dtype)

    def _exchange(self, server, target, headers, read, body, patience):
        """What 'read' makes of the response. Connections that are left intact are reused."""
        while True:
            try:
                connection, is_reused = server.free.pop(), True
                connection.sock.settimeout(patience)
            except IndexError:
                connection, is_reused = server.connect(patience), False
            is_intact, has_response = False, False
            try:
                connection.request("GET" if body is None else "POST", server.prefix + target,
                                   body, {**self._headers, **headers})
                sock = connection.sock
                response = connection.getresponse()
                sock.settimeout(self._timeout)
                has_response, server.patience = True, _PATIENCE
                result = read(response)
                is_intact = response.isclosed() and connection.sock is not None
                return result
            except (http.client.HTTPException, OSError) as error:
                # A server may close a connection that was idle, at any time.
                is_silent = isinstance(error, socket.timeout) and not has_response
                if is_silent:
                    server.patience *= 2
                if not is_reused or has_response or is_silent:
                    raise
            finally:
                if is_intact:
                    server.free.append(connection)
                else:
                    connection.close()

    def get_json(self, target, body=None):
        """The document; with a body, which is JSON, the response to it."""
        def read(response):
            text = response.read(_DOCUMENT_BYTES_MAX + 1)
            if len(text) <= _DOCUMENT_BYTES_MAX and response.length:
                # Unlike read(), it is silent about a connection that has broken.
                raise http.client.IncompleteRead(text, response.length)
            try:
                if len(text) > _DOCUMENT_BYTES_MAX:
                    raise ValueError
                return json.loads(text)
            except (ValueError, RecursionError):
                path = target.partition("?")[0]
                raise MismatchError(f"the response to {path} is not JSON", "server") from None

        return self.request(target, lambda: {"Content-Type": "application/json"} if body else {},
                            read, body=body)

    def request(self, target, headers, read, progress=lambda: 0, body=None):
        """
        read(response) for a status of 200, 201 or 206. Refusals are errors, unless they say that
        they pass; then and after broken connections, the next server is tried.
        """
        pause, tries, seen = 0.1, 0, progress()
        deadline = time.monotonic() + self._retry_for
        while True:
            server = self._servers[self._turn % len(self._servers)]
            wait, patience = None, self._timeout
            if len(self._servers) > 1 and deadline - time.monotonic() >= _RESERVE:
                patience = min(server.patience, patience or server.patience)

            def read_any(response):
                if response.status in (200, 201, 206):
                    return True, read(response)
                return False, _refusal(server.url, response)

            try:
                is_read, result = self._exchange(server, target, headers(), read_any, body,
                                                 patience)
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
    except (ValueError, AttributeError, RecursionError):
        detail, field, title = "", "", ""
    if 300 <= response.status < 400:
        detail = f"{url} redirects to {response.headers.get('Location')}, which is not followed"
    detail = detail or f"{url}: status {response.status} {response.reason}"
    after = response.headers.get("Retry-After", "")
    wait = int(after[:9]) if after.isascii() and after.isdigit() else None
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
        plan = servers.get_json(f"/v1/plan?{query}")
        try:
            self.dtype, self.shape = plan["dtype"], tuple(int(dim) for dim in plan["shape"])
            self.query, self.etag = plan["query"], plan["etag"]
            self.elems = int(plan["elems"])
            self.warnings = [warning["text"] for warning in plan["warnings"]]
            self.elem_bytes = numpy.dtype(_DTYPES[self.dtype][0]).itemsize
            if min(self.shape, default=0) < 0 or math.prod(self.shape) != self.elems:
                raise ValueError("shape and elems differ")
            if not (re.fullmatch("[!-~]+", self.query) and re.fullmatch("[!#-~]+", self.etag)):
                raise ValueError("query or etag")
        except (KeyError, TypeError, ValueError, OverflowError) as error:
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
            if response.read(1):
                raise MismatchError("the response is longer than the part of the tensor that "
                                    "was requested", "server")

        if len(view):
            self._servers.request(f"/v1/tensor?{self.query}", headers, read, lambda: got)


class _ServedModel:
    """The tensors of a model, by its name or manifest: what a server makes of that."""

    def __init__(self, servers, name, text, dtype):
        try:
            what = name or "the manifest"
            if text is not None:
                # The server stores nothing: the name has the manifest in it.
                body = text.encode(errors="surrogatepass")
                name = servers.get_json("/v1/models", body)["name"]
            path = "/v1/models/" + urllib.parse.quote(name, safe="", errors="surrogatepass")
            document = _naming(what, servers.get_json, path)
            if dtype is not None:
                document = self._of_dtype(servers, path, document, dtype)
            self._tensors = document["tensors"]
            self.names = [tensor["name"] for tensor in self._tensors]
        except (KeyError, TypeError) as error:
            raise MismatchError(f"{servers.source} sends no model that this version knows "
                                f"({error!r})", "server") from None

    @staticmethod
    def _of_dtype(servers, path, document, dtype):
        def short(dtype):
            return servers.plan(_Request("shape=1&scheme=zeros", {"dtype": dtype}).text).dtype

        wanted = short(dtype)
        try:
            return servers.get_json(f"{path}/{document['revision']}-{wanted}")
        except NetworkError as error:
            if error.field != "dtype":
                raise
            # A model's URL does not have its own dtype; or a scheme does not take this one.
            manifest = servers.get_json(f"{path}/{document['revision']}/manifest.json")
            if short(manifest.get("dtype", "f32")) != wanted:
                raise ParameterError(str(error), error.field, error.title) from None
            return document

    def info(self, index):
        tensor = self._tensors[index]
        return TensorInfo(tuple(map(int, tensor["shape"])), tensor["dtype"], tensor["query"])


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


# Elements whose memory interlocks are looked at one by one, but not more than these.
_OVERLAP_ELEMS = 1 << 20


def _may_overlap(shape, strides, size):
    """Whether elements of 'size' share memory; without a proof that they do not, they may."""
    reach = size
    axes = sorted((abs(stride), count) for stride, count in zip(strides, shape) if count > 1)
    for stride, count in axes:
        if stride < reach:
            break
        reach += stride * (count - 1)
    else:
        return False
    if math.prod(count for _, count in axes) > _OVERLAP_ELEMS:
        return True
    offsets = numpy.zeros(1, numpy.int64)
    for stride, count in axes:
        offsets = numpy.add.outer(offsets, stride * numpy.arange(count)).reshape(-1)
    return bool((numpy.diff(numpy.sort(offsets)) < size).any())


def _check_overlap(shape, strides, size):
    """
    Elements that share memory, as expand() and as_strided() make them, cannot all get their
    values. 'size' is that of an element, in the unit of the strides.
    """
    if _may_overlap(shape, strides, size):
        raise ParameterError("elements of what is to be filled may share memory, as expand() "
                             "and as_strided() make them", "out")


class _Array:
    """A numpy array to fill."""

    def __init__(self, out):
        if not out.flags.writeable:
            raise ParameterError("the array is read-only", "out")
        if out.dtype.hasobject or out.dtype.fields:
            raise ParameterError(f"the array's dtype {out.dtype} is not one of numbers", "out")
        if out.size > 0:
            _check_overlap(out.shape, out.strides, out.dtype.itemsize)
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
        if out.numel() > 0:
            _check_overlap(out.shape, out.stride(), 1)
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


def _new(plan, torch):
    """What a plan describes: a torch tensor, or a numpy array if torch is None."""
    if torch:
        out = torch.empty(plan.shape, dtype=_torch_dtype(torch, plan.dtype))
        _fill(plan, _Tensor(torch, out))
    else:
        out = numpy.empty(plan.shape, _numpy_dtype(plan.dtype))
        _fill(plan, _Array(out))
    return out


# What callers use -----------------------------------------------------------------------

def tensor(name, shape, query="", **parameters):
    """
    A new tensor: a numpy array, or a torch tensor if dtype is one of torch's.

    'shape' is that of the full tensor, also with shard= or slice=. bf16 and 8-bit floats
    are those of ml_dtypes if it is installed; else opaque bytes, which
    torch.frombuffer(w, dtype=torch.bfloat16).view(w.shape) reads.
    """
    request = _Request(query, {"name": name, "shape": shape, **parameters})
    return _new(_make_plan(request, name), _torch_of(request.dtype))


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


# Models ---------------------------------------------------------------------------------

# Of one tensor: its full shape, its dtype ("bf16"), and the query of its elements.
TensorInfo = collections.namedtuple("TensorInfo", "shape dtype query")


def _read_text(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except UnicodeDecodeError:
        raise ParameterError(f"{os.fspath(path)} is not UTF-8", "manifest") from None


def _name_or_text(manifest):
    """(name, None) of a model that is known by name, or (None, JSON text)."""
    if isinstance(manifest, collections.abc.Mapping):
        try:
            return None, json.dumps(dict(manifest))
        except (TypeError, ValueError) as error:
            raise ParameterError(f"the manifest is not JSON: {error}", "manifest") from None
    if not isinstance(manifest, (str, os.PathLike)) or manifest == "":
        raise ParameterError("a manifest is a path, a dict, JSON text or the name of a model, "
                             f"not {manifest!r}", "manifest")
    if isinstance(manifest, str) and manifest.lstrip().startswith("{"):
        return None, manifest
    path = manifest
    if os.path.isdir(manifest):
        path = os.path.join(manifest, "manifest.json")
    # A folder may have a model's name because 'tensorinit model' has written its files there.
    if isinstance(manifest, str) and "/" not in manifest and not os.path.exists(path):
        return manifest, None
    return None, _read_text(path)


class Model(collections.abc.Mapping):
    """
    The tensors of a model by their names, in the manifest's order: see model(). Each is
    computed when it is read, every time, and belongs to the caller: a model larger than
    memory is only its names.
    """

    def __init__(self, source, seed=None, torch=None):
        self._source, self._seed, self._torch = source, seed, torch
        self._indices = {name: index for index, name in enumerate(source.names)}

    def __iter__(self):
        return iter(self._indices)

    def __len__(self):
        return len(self._indices)

    def __contains__(self, name):
        return name in self._indices

    def __getitem__(self, name):
        return self.tensor(name)

    def selected(self, seed=None, only=None):
        """The same model with another seed, and of its tensors those that model() says; None:
        with its own, all."""
        if seed is None and only is None:
            return self
        made = Model(self._source, self._seed if seed is None else seed, self._torch)
        made._indices = self._indices if only is None else _only(self._indices, only)
        return made

    # Not by the values of all tensors.
    __eq__, __hash__ = object.__eq__, object.__hash__

    def __repr__(self):
        return f"<tensorinit.Model of {len(self)} tensors>"

    def info(self, name):
        """TensorInfo(shape, dtype, query) of a tensor, without computing it."""
        found = self._source.info(self._indices[name])
        if self._seed is None:
            return found
        parameters = {**_parameters_of(found.query), "seed": self._seed}
        return found._replace(query=_Request(parameters, {}).text)

    def tensor(self, name, *, shard=None, slice=None, dtype=None):
        """The tensor, or a part of it by shard= or slice=, or in another dtype=."""
        parameters = {**_parameters_of(self.info(name).query), "shard": shard, "slice": slice}
        if dtype is not None:
            parameters["dtype"] = dtype
        torch = self._torch if dtype is None else _torch_of(dtype)
        return _new(_make_plan(_Request(parameters, {}), name, stacklevel=4), torch)

    def prepare(self, out, name, part):
        """As _prepare(), for what has this name in a module, and its own dtype there."""
        shape, _, query = self.info(name)
        local = part.get("shape", None if part else out.shape)
        if local is not None and _parameter_text("shape", local) != _shape_text(shape):
            raise ParameterError(f"the shape is {_parameter_text('shape', local)}, in the model "
                                 f"{_shape_text(shape)}", "shape")
        query = {n: v for n, v in _parameters_of(query).items() if n not in ("shape", "dtype")}
        return _prepare(out, query.pop("name", ""), query, {**part, "shape": shape})


def _only(indices, patterns):
    """The tensors whose names a pattern matches, in their order; each pattern has some."""
    rules = []
    for pattern in patterns if isinstance(patterns, (tuple, list)) else [patterns]:
        if not isinstance(pattern, str) or not pattern or \
                re.search("[{}]", _Rule.SPECIAL.sub("", pattern)):
            raise ParameterError(f"{pattern!r} is not a pattern of names: * stands for any "
                                 "characters, ? for one, {l} for some without a dot", "only")
        rules.append(_Rule(pattern, None))
    found = {}
    for name, index in indices.items():
        matching = [rule for rule in rules if rule.match(name)]
        for rule in matching:
            rule.used = True
        if matching:
            found[name] = index
    unused = [rule.pattern for rule in rules if not rule.used]
    if unused or not rules:
        raise ParameterError(f"no tensor has a name like {_some(unused)}" if unused else
                             "the list of patterns is empty", "only")
    return found


def _parameters_of(query):
    return dict(urllib.parse.parse_qsl(query, keep_blank_values=True))


def model(manifest, seed=None, dtype=None, only=None):
    """
    A model: a read-only dict of its tensors that computes each when it is read. The bytes are
    those of the file that 'tensorinit model' writes.

      manifest  path of a manifest (docs/MANIFEST.md) or of its folder; a dict; JSON text; or
                the name of a model: one that the server has (--models), or with the library
                an installed one
      seed      in place of the manifest's
      dtype     in place of the manifest's, for the tensors without one of their own. One of
                torch's makes all of them torch tensors
      only      a pattern as in rules, or a list of them: only the tensors whose names one
                matches, such as those of a stage of a pipeline

        gpt2 = tensorinit.model("gpt2", seed=42)
        norms = {name: numpy.linalg.norm(array) for name, array in gpt2.items()}
        rows = gpt2.tensor("wte.weight", slice=numpy.s_[:100])
    """
    if seed is not None:
        # An error now, not with the first tensor.
        _backend().plan(_Request("shape=1&scheme=normal", {"seed": seed}).text)
    if not isinstance(manifest, Model):
        made = Model(_backend().model(*_name_or_text(manifest), dtype), seed, _torch_of(dtype))
        return made.selected(only=only)
    if dtype is not None:
        raise ParameterError("the dtype of a Model cannot be changed", "dtype")
    return manifest.selected(seed, only)


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


def init_(module, rules, seed=None, *, part=None, only=None):
    """
    Fills all parameters of a torch module in place.

      rules  a model, as model() takes it: the parameter of a name is the model's tensor of
             that name, and so are buffers. Or (pattern, query) pairs or a dict of them: the
             first pattern that matches a parameter's name decides. * stands for any
             characters, ? for one, {l} for a run without a dot that the query may use
             ("scheme=mitchell&layer={l}"). A query of None leaves the parameter as it is
      seed   in place of the manifest's; or for queries without one, then 0 by default
      part   part(name, parameter) returns what the rank has of a tensor, as parameters of
             fill_(): {"shape": (4096, 4096), "shard": (0, rank, ranks)}; None: all of it.
             DTensors need none
      only   the tensors of the model that the module has, as model() takes it, where it is a
             stage of a pipeline: only=["wte.weight", "h.?.*"]

    Names are those of the model without wrappers: DistributedDataParallel, FSDP and
    torch.compile change no numbers. Parameters have their own dtype, whatever the manifest
    says: bf16 ones are the f32 ones, rounded. A module that was made on the device 'meta' is
    filled after its to_empty().

    A parameter without a tensor or pattern, a tensor or pattern without a parameter, and
    another shape are errors; nothing is filled then. A weight of two names (a tied head)
    needs a tensor under one of them. Returns the canonical query of each parameter.
    """
    if _is_manifest(rules):
        rules, prepare = model(rules, seed, only=only), _prepare_by_model
    elif only is None:
        prepare = _prepare_by_rules
    else:
        raise ParameterError("only is for the tensors of a model; rules are about the "
                             "parameters that the module has", "only")
    fills = prepare(module, rules, seed, part or (lambda name, param: None))
    for fill in fills.values():
        _fill(*fill)
    return {name: plan.query for name, (plan, _, _) in fills.items()}


def _is_manifest(rules):
    return isinstance(rules, (str, os.PathLike, Model)) or (
        isinstance(rules, collections.abc.Mapping) and isinstance(rules.get("rules"),
                                                                  (list, tuple)))


def _some(names):
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if names[5:] else "")


def _prepare_by_rules(module, rules, seed, part):
    try:
        rules = [_Rule(pattern, query) for pattern, query in
                 (rules.items() if hasattr(rules, "items") else rules)]
    except (TypeError, ValueError):
        raise ParameterError("rules are (pattern, query) pairs or a dict, or a manifest",
                             "rules") from None
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
        fills[name] = _naming(name, _prepare, param, name, rule.query_of(found),
                              part(name, param) or {}, seed)
    if unmatched:
        raise ParameterError("no pattern matches " + _some(unmatched), "rules")
    unused = [rule.pattern for rule in rules if not rule.used]
    if unused:
        raise ParameterError("no parameter is left for the pattern " + ", ".join(unused),
                             "rules")
    return fills


def _named_tensors(module):
    """(name, tensor, whether it is a parameter) of all that state_dict() has, tied ones too."""
    for prefix, inner in module.named_modules(remove_duplicate=False):
        buffers = {name: buffer for name, buffer in inner._buffers.items()
                   if name not in inner._non_persistent_buffers_set}
        for members, is_parameter in ((inner._parameters, True), (buffers, False)):
            for name, tensor in members.items():
                if tensor is not None:
                    yield plain_name(f"{prefix}.{name}" if prefix else name), tensor, is_parameter


def _prepare_by_model(module, tensors, _, part):
    names_of, missing = {}, []
    for name, tensor, is_parameter in _named_tensors(module):
        _, names, _ = names_of.setdefault(id(tensor), (tensor, [], is_parameter))
        if name not in names:
            names.append(name)
    found, unused = [], dict.fromkeys(tensors)
    for tensor, names, is_parameter in names_of.values():
        known = [name for name in names if name in tensors]
        if known:
            found.append((tensor, known))
        elif is_parameter:
            missing.append(names[0])
        for name in known:
            if unused.pop(name, name) is not None:
                raise ParameterError(f"two parameters are named {name}", "module")
    reasons = [f"{what} {_some(list(names))}" for what, names in (
        ("the model has no tensor", missing), ("the module has no parameter", unused)) if names]
    if reasons:
        raise ParameterError("; ".join(reasons), "module")
    fills = {}
    for tensor, names in found:
        tied = [_naming(name, tensors.prepare, tensor, name, part(name, tensor) or {})
                for name in names]
        if len({plan.etag for plan, _, _ in tied}) > 1:
            raise ParameterError(f"{' and '.join(names)} are one parameter of the module, but "
                                 "different tensors of the model", "module")
        fills[names[0]] = tied[0]
    return fills


# Checkpoints ----------------------------------------------------------------------------

def storage_reader(manifest, seed=None):
    """
    A model as a checkpoint of torch.distributed.checkpoint that no one has written:

        state = module.state_dict()
        torch.distributed.checkpoint.load(
            state, storage_reader=tensorinit.storage_reader("llama-2-7b", seed=42))
        module.load_state_dict(state)

    Each rank computes what it reads, into its memory, and in the dtype that this has: on any
    mesh the weights are those of init_() in one process. 'manifest' and 'seed' are those of
    model().

    The tests load plain tensors and ShardedTensors by PyTorch 1.13, whose checkpoints are
    torch.distributed._shard.checkpoint. load() and DTensors need PyTorch 2.2: of these the
    tests have no more than a stand-in with their interface.
    """
    import torch
    try:
        checkpoint = importlib.import_module("torch.distributed.checkpoint")
    except ImportError:
        checkpoint = importlib.import_module("torch.distributed._shard.checkpoint")
    return _reader_class(torch, checkpoint)(model(manifest, seed))


def _reader_class(torch, checkpoint):
    """A StorageReader of this torch; later ones pass more arguments."""
    class ModelReader(checkpoint.StorageReader):
        def __init__(self, tensors):
            super().__init__()
            self._tensors = tensors

        @classmethod
        def validate_checkpoint_id(cls, checkpoint_id):
            return True

        def reset(self, checkpoint_id=None):
            """Nothing depends on the name of the checkpoint."""

        def read_metadata(self, *_, **__):
            return checkpoint.Metadata({name: self._metadata(*self._tensors.info(name))
                                        for name in self._tensors})

        @staticmethod
        def _metadata(shape, dtype, _):
            size = torch.Size(shape)
            return checkpoint.TensorStorageMetadata(
                checkpoint.metadata.TensorProperties(dtype=_torch_dtype(torch, dtype)), size,
                [checkpoint.ChunkStorageMetadata(torch.Size([0] * len(size)), size)])

        def set_up_storage_reader(self, *_, **__):
            """All is in read_metadata()."""

        init = set_up_storage_reader  # of PyTorch 1.13

        def prepare_local_plan(self, plan):
            return plan

        def prepare_global_plan(self, plans):
            return plans

        def read_data(self, plan, planner):
            for item in plan.items:
                out = planner.resolve_tensor(item).detach()
                index = tuple(slice(start, start + count) for start, count in
                              zip(item.storage_offsets, item.lengths))
                name = item.storage_index.fqn
                _fill(*self._tensors.prepare(out, name, {"slice": index or None}))
                planner.commit_tensor(item, out)
            done = torch.futures.Future()
            done.set_result(None)
            return done

    return ModelReader
