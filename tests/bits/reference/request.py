# SPDX-License-Identifier: MIT
"""docs/SPEC.md, "Query", "Parameters", "Schemes": query text -> parameters."""
from refused import Refused
from rules import RULES, copied, padded, scaled
from tables import PARAMETERS, SCHEMES
from values import decode, read_value


def read_query(query):
    """The parameters given: name -> value."""
    given = {}
    for pair in query.split(b"&") if query else []:
        key, equals, text = pair.partition(b"=")
        try:
            name = decode(key).decode("latin-1")
        except ValueError as error:
            raise Refused("query", "a broken name") from error
        if name not in PARAMETERS:
            raise Refused(name or "query", "no such parameter")
        if not equals:
            raise Refused(name, "without a value")
        if name in given:
            raise Refused(name, "given twice")
        try:
            given[name] = read_value(name, decode(text))
        except ValueError as error:
            raise Refused(name, "not of its form") from error
    return given


class Parameters:
    """p["name"]: what was given, else what holds by default; "name" in p: whether given."""

    def __init__(self, query):
        self.given = read_query(query)
        if "shape" not in self.given:
            raise Refused("shape", "required")
        self.scheme = self.given.get("scheme", "he_normal")
        self.rule, fixed, defaults, takes = SCHEMES[self.scheme]
        for name in self.given:
            group = PARAMETERS[name][3]
            if group != "every scheme" and not takes & {name, group}:
                raise Refused(name, "does not apply to " + self.scheme)
        self.values = {"seed": 0, "name": "", "dtype": "f32", "format": "raw", "json": "nested",
                       "metadata": "none",
                       "layout": "oi", "groups": 1, "transposed": False,
                       **{name: read_value(name, text.encode())
                          for name, text in {**fixed, **defaults}.items()}, **self.given}

    def __getitem__(self, name):
        return self.values[name]

    def __contains__(self, name):
        return name in self.given

    def distribution(self):
        return copied(self, padded(self, scaled(self, RULES[self.rule](self))))
