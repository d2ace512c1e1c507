# SPDX-License-Identifier: MIT
"""
The code blocks of a Markdown page, for the steps that run them: tests/lint/docs/readme and
tests/builds/readme.
"""
import re

# In a block of output: any lines.
ANY_LINES = "..."

# Runs its last argument, a Python file, in the names that the ones before it leave.
PYTHON_CODE = r"""
import contextlib, io, sys
names = {"__name__": "__main__"}
*before, last = (open(path).read() for path in sys.argv[1:])
for text in before:
    with contextlib.redirect_stdout(io.StringIO()):
        exec(text, names)
exec(compile(last, sys.argv[-1], "exec"), names)
"""


class Block:
    """A fenced block: its language, lines, the line of its start, the file named before it."""

    def __init__(self, language, line, file):
        self.language, self.line, self.lines, self.file = language, line, [], file

    @property
    def text(self):
        return "".join(line + "\n" for line in self.lines)

    def commands(self):
        """The commands of a block of sh, one a line."""
        return re.sub(r"\\\n\s*", "", self.text).splitlines()


def blocks_and_prose(text, fail):
    """The fenced blocks, and the other lines with their numbers. fail(line, message)."""
    blocks, prose, block, file = [], [], None, None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            if block:
                blocks.append(block)
                block = None
            else:
                block = Block(line[3:].strip(), number, file)
        elif block:
            block.lines.append(line)
        else:
            prose.append((number, line))
            file = (re.findall(r"`(\w+\.c)`", line) or [file])[-1]
    if block:
        fail(block.line, "this block does not end")
    return blocks, prose


def matches(wanted, got):
    """Whether the lines are these, "..." standing for any number of lines."""
    pattern = "".join("(?:.*\n)*?" if line == ANY_LINES else re.escape(line) + "\n"
                      for line in wanted)
    return re.fullmatch(pattern, "".join(line + "\n" for line in got)) is not None
