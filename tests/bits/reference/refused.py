# SPDX-License-Identifier: MIT
"""The error of an implementation of docs/SPEC.md."""


class Refused(ValueError):
    """A request that the specification calls an error; 'field' is the parameter at fault."""

    def __init__(self, field, text):
        super().__init__("%s: %s" % (field, text))
        self.field = field
