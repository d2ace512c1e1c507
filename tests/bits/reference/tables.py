# SPDX-License-Identifier: MIT
"""The tables of docs/SPEC.md: what the other modules here compute with."""
import collections
import pathlib
import re
import struct
from fractions import Fraction

import numpy as np

SPEC = pathlib.Path(__file__).resolve().parents[3] / "docs" / "SPEC.md"


def read_tables(text):
    """Every table of a Markdown text as (header, rows); cells without their back quotes."""
    tables, rows = [], None
    for line in text.splitlines():
        if not line.startswith("|"):
            rows = None
            continue
        cells = [c.strip().strip("`").replace("\\|", "|")
                 for c in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
        if rows is None:
            rows = []
            tables.append((cells, rows))
        elif not re.fullmatch(r"[|:\- ]+", line):
            rows.append(cells)
    return tables


Type = collections.namedtuple("Type", "bytes compute limit descr safetensors")

TABLES = read_tables(SPEC.read_text(encoding="utf-8"))


def rows_of(*header, tables=None):
    """The rows of all tables whose header begins so."""
    found = [row for head, rows in tables or TABLES if tuple(head[:len(header)]) == header
             for row in rows]
    if not found:
        raise LookupError("there is no table " + " | ".join(header))
    return found


def keyed(*header):
    """The same by their first cell: name -> other cells."""
    return {row[0]: row[1:] for row in rows_of(*header)}


def coefficients(terms, code, first=0):
    """A quantile table, from the bits of its numbers."""
    rows = rows_of("s", *("c%d" % k for k in range(terms)))
    rows = [row for row in rows if len(row) == terms + 1]
    assert [int(row[0]) for row in rows] == list(range(first, first + len(rows)))
    numbers = [[struct.unpack(">" + code, bytes.fromhex(cell))[0] for cell in row[1:]]
               for row in rows]
    return np.array(numbers, dtype=code)


def pairs(cell):
    """'mode=fan_in slope=0' as a dict."""
    return dict(pair.split("=") for pair in cell.split())


def limit(text):
    """'2^128 - 2^119' as an exact number; 0 for none."""
    total, sign = Fraction(0), 1
    for term in text.split():
        if term in "+-":
            sign = 1 if term == "+" else -1
        else:
            total += sign * (Fraction(2) ** int(term[2:]) if term.startswith("2^") else int(term))
    return total


def double_double(text):
    return tuple(float.fromhex(part) for part in text.strip("[]").split(","))


CONSTANTS = {name: cells[0] for name, cells in keyed("constant", "value").items()}
PHILOX_M = [int(CONSTANTS[name], 16) for name in ("M0", "M1")]
PHILOX_W = [int(CONSTANTS[name], 16) for name in ("W0", "W1")]
LN2 = double_double(CONSTANTS["LN2"])
INV_SQRT_2PI = double_double(CONSTANTS["INV_SQRT_2PI"])

TABLE32 = coefficients(8, "f")
FIRST64 = 32  # the number of the first row
TABLE64 = coefficients(19, "d", FIRST64)

# name -> (form, words, default, group), in the order of the canonical query
PARAMETERS = {name: (form, words.split(), default, group) for name, (form, words, default, group)
              in keyed("parameter", "form", "choices").items()}
# name -> (rule, numbers fixed, numbers by default, parameters and groups of them)
SCHEMES = {name: (rule, pairs(fixed), pairs(defaults), set(takes.split()))
           for name, (_, rule, fixed, defaults, takes) in keyed("scheme", "aliases").items()}
ALIASES = {alias: name for name, row in keyed("scheme", "aliases").items()
           for alias in row[0].split()}
# name -> what there is to know of an element type
TYPES = {name: Type(int(size), compute, limit(bound), descr, safetensors)
         for name, (size, compute, bound, descr, safetensors)
         in keyed("type", "bytes").items()}
# name -> (bits after the point, exponent of the smallest normal number)
FLOATS = {name: (int(after), int(minimum[2:]))
          for name, (_, after, minimum) in keyed("float", "exponent bits").items()}
# (layout, transposed) -> in, out and grouped axis
AXES = {(row[0], row[1] == "true"): tuple(map(int, row[2:5]))
        for row in rows_of("layout", "transposed")}
