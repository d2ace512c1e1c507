# SPDX-License-Identifier: MIT
"""Values for every parameter that /v1/schemes names: valid ones, and malformed ones with
which the parameter is at fault whatever else the query says.

A parameter's kind follows from its text "accepts". A new kind is a line in KINDS and a
function or list below; without them the tests fail, so that none is forgotten.
"""
import re

KINDS = (  # the beginning of "accepts", the kind
    ("up to 32 ", "shape"), ("a scheme's name", "scheme"),
    ("an integer from", "seed"), ("at most 1024 bytes", "text"),
    ("each axis once", "permute"), ("axes separated by commas", "axes"),
    ("numpy's basic slicing", "slice"), ("axis:index/count", "shard"),
    ("an integer of 1 or more", "count"),
    ("an integer of 0 or more", "index"), ("0 or -1", "integer"),
    ("an index of axis 0", "row"), ("a number of 1 or more", "factor"),
    ("a number above low_freq_factor", "high_factor"), ("a number above 0, for", "gain"),
    ("true, false, 1, 0", "flag"), ("c of 0.0000005 or more", "truncation"),
    ("a number, -inf or inf", "constant"),
    ("a number, or -inf", "lower"), ("a number, or inf", "upper"), ("a number of 0 or more", "size"),
    ("a number from 0 to 1", "share"), ("a number above 0", "positive"),
    ("a number", "number"))

VALID = {
    "shape": ["2,3", "3,2", "4,4", "5,2", "64,32", "2,2,3"], "seed": ["0", "-1", "42", "0xfF"],
    "text": ["a", "fc1.weight", "ä/b c", "=&+%"], "permute": ["1,0", "-1,0", "0,1"],
    "slice": ["0:1", "...", "::-1,1:", "-1", ":,0"], "shard": ["0:0/2", "-1:1/3,0:0/1"],
    "count": ["1", "2", "18446744073709551615"], "flag": ["true", "false", "1", "0"],
    "truncation": ["none", "2", "-1,3", "0.5,inf"], "constant": ["0", "1", "0.1", "-1e-3"],
    "axes": ["0", "-1", "1,0", "none", "-2"], "index": ["0", "31", "18446744073709551615"],
    "integer": ["0", "-1"], "row": ["0", "1", "-1"], "factor": ["1", "8", "10000"],
    "high_factor": ["4", "1e3"], "gain": ["1", "0.5", "1e-3"], "share": ["0", "1", "0.5", "1e-300"],
    "size": ["0", "1", "0.02", "1e300"], "positive": ["1", "2", ".5", "1e-300"],
    "number": ["0", "0.02", "-1.", "+2e-3"], "lower": ["0", "-1", "-inf"],
    "upper": ["0", "1", "inf"]}

NO_NUMBER = [
    "-", "+", ".", "e5", "1e", "1e+", "1.5.2", "1,5", "0x10", "0x1p-3", "inf", "-inf", "nan",
    "NaN", "infinity", "1e309", "-1e309", "1_000", "1f", "１", "--1", "+-1", "1e5.5", "1 2",
    "1e99999999999999999999", "1" * 1101, "0." + "0" * 1099, b"1\xff", b"1\0", b"\0"]
NO_SIZE = [*NO_NUMBER, "-1", "-1e-320"]
NO_INTEGER = ["1.0", "1e3", "x", "0x", "１", "--1", "1_0", "1,2", "1;", "99999999999999999999",
              b"1\0", b"\xff"]
MALFORMED = {
    "axes": [*NO_INTEGER[:6], ",", "1,", ",1", "1,,0", "0;1", "0, 1", "None", "none,0", "()",
             "[0]", "9223372036854775808", ",".join(["0"] * 33), b"0\0", b"\xff"],
    "index": [*NO_INTEGER, "-1", "+1", "18446744073709551616"],
    "integer": [*NO_INTEGER, "9223372036854775808"], "share": [*NO_NUMBER, "-1", "1.0001"],
    "row": [*NO_INTEGER, "9223372036854775808", "9223372036854775807"], "gain": NO_NUMBER,
    "factor": [*NO_SIZE, "0", "0.999"], "high_factor": [*NO_SIZE, "0", "1e-400"],
    "shape": [
        ",", "2,", ",2", "2,,2", "-2,2", "+2,2", "2x3", "2.0,2", "2, 2", "0x10,2", "1e3,1",
        "18446744073709551616,1", "4294967296,4294967296", "2305843009213693952,2",
        "9223372036854775808,1", ",".join(["1"] * 33), "Scalar", "scalar,2", "(2,3)", "[2,3]",
        "2;3", "２,2", "2,3\n", b"2,2\0", b"\xff", "2:3"],
    "seed": [*NO_INTEGER, "18446744073709551616", "-9223372036854775809", "0x10000000000000000",
             "0xg", "-0x1", "0x 1", "0x-1", "-", "+"],
    "text": ["x" * 1025, "ä" * 513, b"\xff", b"\xc0\x80", b"\xed\xa0\x80",
             b"\xf4\x90\x80\x80", b"a\xc3", b"\x80", b"a\0b", b"\xf8\x88\x80\x80\x80"],
    "permute": ["0", "0,0", "0,1,2", "1,", ",1", "a,b", "0,2", "0,-3", "0;1", "0, 1", "1.0,0",
                "0,99999999999999999999", ",".join(["0"] * 33), "...", "-1,1", b"1,0\0"],
    "slice": ["::0", "0:1:0", "0,0,0", "9:,99", "9999", "-9999", "a", "1:2:3:4", "...,...",
              "0:1,", ",0", "0:9223372036854775808", "1.0", "0:1;0:1", "None", "[0]", ":,:,:",
              "::-9223372036854775808", "0:1 ", "0 :1", "....", "..", ",".join([":"] * 34),
              b"0\0", "::", "0/2"],
    "shard": ["0", "0:0", "0:0/0", "0:2/2", "0:-1/2", "2:0/2", "-3:0/2", "0:0/2,", ",0:0/2",
              "0:0/2;1:0/2", "a:0/2", "0:0/1.0", "0:0/18446744073709551616", "0/2", "0:+0/2",
              ",".join(["0:0/1"] * 65), "0:0/2 ", "0:0/2/2", ":0/2", "0:/2", "0:0/",
              b"0:0/2\0"],
    "count": [*NO_INTEGER, "0", "00", "-1", "+1", "0x1", "18446744073709551616"],
    "flag": ["True", "TRUE", "yes", "no", "on", "2", "01", "1.0", "-0", "truefalse", "t",
             b"true\0"],
    "truncation": [*(x for x in NO_NUMBER if x != "1,5"), "0", "-1", "1e-7", "2,1", "1,1",
                   "1,2,3", "inf,inf", "6.1,7", "-7,-6.1", "-inf,-6.1", "6.1,inf", "None",
                   "2,", ",2", "nan,1", "1,nan", "inf,-inf", "1, 2"],
    "constant": [x for x in NO_NUMBER if x not in ("inf", "-inf")],
    "lower": [x for x in NO_NUMBER if x != "-inf"],
    "upper": [x for x in NO_NUMBER if x != "inf"], "number": NO_NUMBER, "size": NO_SIZE,
    "positive": [*NO_SIZE, "0", "-0", "0e5", "1e-400"]}
MALFORMED["slice"].remove("::")  # a whole axis

# A parameter that has no meaning without another one.
NEEDS = {"json": {"format": "json"}, "metadata": {"format": "safetensors"},
         "input_axes": {"output_axes": "0"}, "output_axes": {"input_axes": "0"},
         **{name: {"factor": "8"}
            for name in ("low_freq_factor", "high_freq_factor", "original_length")}}

# What a scheme has to have, where it does not take the shape 2,2, or has no default.
SHAPES = {"dirac": {"shape": "4,2,3"}, "lstm_forget_bias": {"shape": "8"},
         "bilinear": {"shape": "2,3,2,2"}, "stft": {"shape": "4,1,3"},
         "log_uniform": {"low": "0.5", "high": "2"}, "log_of_uniform": {"low": "0.5"}}
REQUIRED = {"layers": "2", "layer": "1", "sparsity": "0.5", "value": "1", "role": "q",
            "d_kv": "2", "width_multiplier": "2"}
FRAMEWORK_REQUIRED = {"val": "1", "constant": "1"}


def words_of(parameter):
    """The words of a choice, or None."""
    words = parameter["accepts"].split(", ")
    is_flag = set(words) == {"true", "false", "1", "0"}
    return words if not is_flag and all(re.fullmatch(r"[\w.-]+", w) for w in words) else None


def kind_of(parameter):
    for beginning, kind in KINDS:
        if re.match(beginning, parameter["accepts"]):
            return kind
    raise AssertionError(f"values.py knows no values for {parameter}")


def wrong_words(words):
    near = [f(word) for word in words for f in (
        str.upper, str.title, lambda w: w + " ", lambda w: " " + w, lambda w: w[:-1],
        lambda w: w + w[-1], lambda w: w + ",", lambda w: w.encode() + b"\0")]
    return [w for w in [*near, ",".join(words[:2]) + ",", "none", "0", "\ufeff", b"\xff"]
            if w not in words]


class Parameters:
    """What /v1/schemes says, with values for each."""

    def __init__(self, document):
        self.schemes = {scheme["name"]: scheme for scheme in document["schemes"]}
        common = [p["name"] for p in document["parameters"] if p["common"]]
        names = [*self.schemes, *(a for s in self.schemes.values() for a in s["aliases"])]
        for row in document["frameworks"]:
            for name in (f"{f}.{n}" for f in row["frameworks"] for n in row["names"]):
                self.schemes[name] = {"name": name, "stands_for": row["scheme"],
                                      "parameters": [*common, *row["parameters"]]}
                names.append(name)
        self.valid, self.malformed = {}, {}
        for parameter in document["parameters"]:
            words = names if parameter["name"] == "scheme" else words_of(parameter)
            kind = None if words else kind_of(parameter)
            valid = words or VALID[kind]
            wrong = wrong_words(words) if words else MALFORMED[kind]
            blanks = [] if kind == "text" else ["", " ", *(x + " " for x in valid[:2]),
                                                *(" " + x for x in valid[:2]), valid[0] + "\n"]
            self.valid[parameter["name"]] = valid
            self.malformed[parameter["name"]] = [*blanks, *wrong]

    def base(self, scheme):
        """A valid query with this scheme and little else."""
        row = self.schemes[scheme]
        canonical = row.get("stands_for", scheme)
        needs = {name: value for name, value in REQUIRED.items() if name in row["parameters"]}
        for name, words in FRAMEWORK_REQUIRED.items():
            if name in row["parameters"] and scheme != canonical:
                needs.setdefault(name, words)
        return {"shape": "2,2", "scheme": scheme, **needs, **SHAPES.get(canonical, {})}

    def taking(self, name):
        """Schemes that take the parameter; any one if none does."""
        return [scheme for scheme, row in self.schemes.items()
                if name in row["parameters"]] or [next(iter(self.schemes))]
