#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/SPEC.md in numpy, to check that page and its implementations.

Written from the page, whose tables it reads; shares nothing with the C code. Needs Python 3.8
and numpy.

    spec.py 'shape=2,3&seed=1'   writes the body to standard output
    spec.py --check TABLE        compares with a table such as docs/conformance.tsv
    spec.py --refused LIST       checks that each query of a list is refused
    spec.py --canonical LIST     checks canonical queries and entity tags of a list
    spec.py --tables DIR         queries on standard input -> three such files in DIR: table.tsv,
                                 refused.tsv, canonical.tsv
    spec.py --frameworks ...     any of these, with docs/FRAMEWORKS.md before SPEC.md

Several comparisons may follow one after another; the first that fails ends them.
"""
import hashlib
import json
import math
import struct
import sys

import numpy as np

from canonical import canonical_query, entity_tag, spec_name
from sampler import Sampler, Words, stream_of
from frameworks import rewriting
from jsontext import json_body, json_string
from part import numbers_of, places
from refused import Refused
from request import Parameters
from tables import FLOATS, TYPES


# Elements -------------------------------------------------------------------------------


def encode(x, dtype):
    """Values in the compute type -> bytes of the elements."""
    size, compute = TYPES[dtype][:2]
    if dtype in ("f32", "f64") or compute == "integer":
        return x.astype("<f%d" % size if compute != "integer" else x.dtype).tobytes()
    k, a = FLOATS[dtype]
    if np.isinf(x).any():  # a constant
        bits = np.where(x < 0, 2**(8 * size) - 2**k, 2**(8 * size - 1) - 2**k)
        return bits.astype("<u%d" % size).tobytes()
    magnitude = np.abs(x.astype(np.float64))
    u = np.where(magnitude > 0, np.maximum(np.frexp(magnitude)[1] - 1, a), a)
    r = np.rint(np.ldexp(magnitude, k - u))
    bits = ((u - a) * 2**k + r).astype(np.int64) | np.signbit(x).astype(np.int64) << 8 * size - 1
    return bits.astype("<u%d" % size).tobytes()


# Bodies ---------------------------------------------------------------------------------


class Tensor:
    """A request, resolved. Raises Refused."""

    def __init__(self, query):
        self.p = p = Parameters(query.encode("ascii"))
        self.full_shape, self.dtype, self.format = p["shape"], p["dtype"], p["format"]
        self.seed, self.name, self.stream = p["seed"], p["name"], stream_of(p["name"])
        self.words = Words(self.seed, self.stream)
        self.elem_bytes = TYPES[self.dtype].bytes
        if math.prod(dim for dim in self.full_shape if dim) * self.elem_bytes >= 2**63:
            raise Refused("shape", "larger than 2^63 - 1 bytes")
        if "json" in p and self.format != "json":
            raise Refused("json", "not with format=" + self.format)
        if "metadata" in p and self.format != "safetensors":
            raise Refused("metadata", "not with format=" + self.format)
        self.taken, self.axes = places(p)
        self.shape = tuple(len(place) for place in self.taken if isinstance(place, range))
        self.elems = math.prod(self.shape)
        self.sampler = self.integer = None
        with np.errstate(all="ignore"):
            self.dist = p.distribution()
            if TYPES[self.dtype].compute == "integer":
                self.check_integer()
            else:
                self.sampler = Sampler(self.dist, self.dtype)
        header = {"npy": self.npy_header, "safetensors": self.safetensors_header}
        self.header = header.get(self.format, bytes)()
        if len(self.header) + self.elems * self.elem_bytes >= 2**63:
            raise Refused("shape", "larger than 2^63 - 1 bytes")

    def check_integer(self):
        dist = self.dist
        numpy_type = np.dtype("?" if self.dtype == "bool" else TYPES[self.dtype].descr)
        minimum, maximum = (0, 1) if self.dtype == "bool" else \
            (int(np.iinfo(numpy_type).min), int(np.iinfo(numpy_type).max))
        if dist.get("integers"):  # arange
            dist["integers"](minimum, maximum)
            self.integer = numpy_type.type(0)
            return
        if dist["kind"] not in ("constant", "pattern") or dist.get("field") == "dtype":
            raise Refused("dtype", "%s is for integer constants" % self.dtype)
        integer, field = dist["integer"], dist["field"]
        if integer is None or not minimum <= integer <= maximum:
            raise Refused(field, "not of dtype=" + self.dtype)
        self.integer = numpy_type.type(integer)

    def metadata(self):
        pairs = {"format": "pt"}
        if self.p["metadata"] == "full":
            query = canonical_query(self.p, self.taken, self.axes)
            full = [pair for pair in query.split("&")
                    if pair.partition("=")[0] not in ("permute", "slice")]
            pairs.update(spec=spec_name(), query=query, full_query="&".join(full))
        return json.dumps(pairs, separators=(",", ":"))

    def safetensors_header(self):
        if self.name == "__metadata__":
            raise Refused("name", "not in a safetensors file")
        text = '{"__metadata__":%s,%s:{"dtype":"%s","shape":[%s],' % (
            self.metadata(), json_string(self.name or "tensor"), TYPES[self.dtype].safetensors,
            ",".join(map(str, self.shape)))
        text += '"data_offsets":[0,%d]}}' % (self.elems * self.elem_bytes)
        data = text.encode("utf-8")
        data += b" " * (-len(data) % 8)
        return struct.pack("<Q", len(data)) + data

    def npy_header(self):
        text = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (
            TYPES[self.dtype].descr, repr(self.shape))
        if self.shape:
            text += " " * (21 - len(str(self.shape[0])))
        text += " " * (1 + -(10 + len(text) + 2) % 64) + "\n"
        return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode("ascii")

    def values(self, first, count):
        """Elements [first, first + count) of the full tensor in the compute type."""
        with np.errstate(all="ignore"):
            return self.sampler.values(self.words.run(first, count, self.sampler.is_f64))

    def numbers(self):
        return numbers_of(self.taken, self.axes, self.full_shape)

    def elements(self):
        """All requested elements, as bytes."""
        if self.elems == 0:
            return b""
        if self.integer is not None and self.dist.get("integers"):
            values = self.dist["at"](self.numbers()).astype(np.int64)
            return encode(values.astype(self.integer.dtype), self.dtype)
        if self.integer is not None:
            elements = np.full(self.elems, self.integer)
            if self.dist["kind"] == "pattern":
                elements[self.dist["at"](self.numbers()) == 0] = 0
            return encode(elements, self.dtype)
        kind = self.dist["kind"]
        if kind == "constant":
            return encode(np.full(self.elems, self.sampler.numbers["value"]), self.dtype)
        whole_tensor = self.shape == self.full_shape and all(place.step > 0 for place in self.taken) \
            and self.axes == list(range(len(self.axes))) and "padding" not in self.dist \
            and "source" not in self.dist
        if whole_tensor and kind not in ("pattern", "sparse normal", "orthogonal"):
            return encode(self.values(0, self.elems), self.dtype)
        with np.errstate(all="ignore"):
            return encode(self.sampler.elements(self.numbers(), self.words), self.dtype)

    def body(self):
        if self.format == "json":
            return json_body(self)
        return self.header + self.elements()

    def row(self):
        """What a conformance table says of it: its first values, its digest."""
        body = self.body()
        first = body[len(self.header):][:4 * self.elem_bytes] if self.format != "json" else b""
        return [first.hex(), hashlib.sha256(body).hexdigest()]


# Command --------------------------------------------------------------------------------

MISMATCHES_MAX = 5  # mismatches


class Results:
    """What tables say of queries; 'make' is Tensor or rewrites queries before it."""

    def __init__(self, make=Tensor):
        self.make = make

    def row(self, query):
        try:
            return self.make(query).row()
        except Refused as error:
            return ["refused", str(error)]

    def refusal(self, query):
        try:
            self.make(query)
            return ["accepted"]
        except Refused as error:
            return [error.field]

    def canonical(self, query):
        tensor = self.make(query)
        text = canonical_query(tensor.p, tensor.taken, tensor.axes)
        return [text, entity_tag(text)]

    def has_one_fault(self, query):
        """Whether nothing but its shape can be left out for it to remain an error. The page does
        not say which parameter is at fault where several are."""
        pairs = query.split("&")
        fewer = ["&".join(pairs[:i] + pairs[i + 1:]) for i, pair in enumerate(pairs)
                 if not pair.startswith("shape=")]
        return all(self.refusal(query) == ["accepted"] for query in fewer)

    def body(self, query):
        """Writes it to standard output."""
        try:
            sys.stdout.buffer.write(self.make(query).body())
            return 0
        except Refused as error:
            print("spec.py: %s" % error, file=sys.stderr)
            return 1


def compare(path, function):
    """Whether all rows of a table, query and expectation, are as 'function' says."""
    with open(path, encoding="ascii") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines]
    wrong = 0
    for query, *expected in rows:
        got = function(query)
        if got != expected and (expected != ["*"] or got == ["accepted"]):
            print("%s\n  expected %s\n  got      %s" % (query, expected, got))
            wrong += 1
            if wrong == MISMATCHES_MAX:
                print("%s: and perhaps more" % path)
                return 1
    print("%s: %d of %d agree" % (path, len(rows) - wrong, len(rows)))
    return 0 if rows and wrong == 0 else 1


def write_tables(directory, results):
    texts = {"table": [], "refused": [], "canonical": []}
    for line in sys.stdin:
        query = line.rstrip("\n")
        row = results.row(query)
        if row[0] == "refused":
            one = results.has_one_fault(query)
            texts["refused"].append([query, *(results.refusal(query) if one else "*")])
        else:
            texts["table"].append([query, *row])
            texts["canonical"].append([query, *results.canonical(query)])
    for name, rows in texts.items():
        with open("%s/%s.tsv" % (directory, name), "w", encoding="ascii") as file:
            file.writelines("\t".join(row) + "\n" for row in rows)
    return 0


def main(arguments):
    results, status, compared = Results(), 0, False
    while arguments and status == 0:
        option = arguments.pop(0)
        functions = {"--check": results.row, "--refused": results.refusal,
                     "--canonical": results.canonical}
        if option == "--frameworks":
            results = Results(rewriting(Tensor))
        elif option == "--tables" and len(arguments) == 1:
            return write_tables(arguments[0], results)
        elif option in functions and arguments:
            status, compared = compare(arguments.pop(0), functions[option]), True
        elif not option.startswith("-") and not arguments:
            return results.body(option)
        else:
            compared, arguments = False, []
    if not compared:
        print(__doc__.strip(), file=sys.stderr)
        return 64
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
