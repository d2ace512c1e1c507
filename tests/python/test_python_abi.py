# SPDX-License-Identifier: MIT
"""What tensorinit.py says of libtensorinit's functions and structs is what the headers say."""
import ctypes
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from support import MODULE, ROOT, tensorinit

INCLUDE = ROOT / "include"
HEADERS = "\n".join(path.read_text(encoding="utf-8")
                    for path in sorted((INCLUDE / "tensorinit").glob("*.h")))
CODE = re.sub(r"/\*.*?\*/|//[^\n]*", "", HEADERS, flags=re.DOTALL)

# C types that are no pointers, as ctypes has them.
TYPES = {"void": None, "unsigned": ctypes.c_uint, "uint64_t": ctypes.c_uint64,
         "size_t": ctypes.c_size_t, "int": ctypes.c_int, "bool": ctypes.c_bool,
         "double": ctypes.c_double}

STRUCTS = {"ti_error": tensorinit._LibraryError, "ti_warning": tensorinit._LibraryWarning,
           "ti_plan_info": tensorinit._PlanInfo,
           "ti_manifest_tensor": tensorinit._ManifestTensor,
           "ti_model_options": tensorinit._ModelOptions,
           "ti_model_tensor": tensorinit._ModelTensor, "ti_model_kind": tensorinit._ModelKind}


def type_of(declared):
    """The ctypes type of a declaration; a char * is a pointer like others."""
    if "*" in declared or "[" in declared:
        return ctypes.c_void_p
    words = [word for word in declared.split() if word not in ("const", "TI_MUST_USE")]
    return ctypes.c_int if words[0] == "enum" else TYPES[words[0]]


def declaration(name):
    found = re.search(rf"TI_API\s([^;{{}}]*?)\b{name}\(([^)]*)\);", CODE)
    assert found, f"{name} is not in a header"
    return (type_of(found[1]), [type_of(argument) for argument in found[2].split(",")
                                if argument.strip() != "void"])


def plain(kind):
    return ctypes.c_void_p if kind is ctypes.c_char_p else kind


class Abi(unittest.TestCase):
    def test_functions(self):
        self.assertGreater(len(tensorinit._FUNCTIONS), 10)
        for name, (result, arguments) in tensorinit._FUNCTIONS.items():
            with self.subTest(name):
                self.assertEqual((plain(result), [plain(kind) for kind in arguments]),
                                 declaration(name))

    def test_all_functions_are_listed(self):
        used = set(re.findall(r"\bti_[a-z_]+(?=[(,])", MODULE.read_text(encoding="utf-8")))
        self.assertLessEqual(used, set(tensorinit._FUNCTIONS))

    def test_structs(self):
        """Offset and size of each member, by the compiler."""
        lines = []
        for struct, mirror in STRUCTS.items():
            for member, *_ in mirror._fields_:
                lines.append(f'printf("{struct}.{member} %zu %zu\\n", '
                             f"offsetof(struct {struct}, {member}), "
                             f"sizeof(((struct {struct} *)0)->{member}));")
        program = ("#include <stddef.h>\n#include <stdio.h>\n#include <tensorinit/tensorinit.h>\n"
                   "int main(void) {\n" + "\n".join(lines) + "\n}\n")
        compiler = os.environ.get("CC", "cc").split()
        with tempfile.TemporaryDirectory() as scratch:
            source, binary = pathlib.Path(scratch, "layout.c"), pathlib.Path(scratch, "layout")
            source.write_text(program, encoding="utf-8")
            subprocess.run([*compiler, f"-I{INCLUDE}", source, "-o", binary], check=True)
            printed = subprocess.run([binary], check=True, capture_output=True, text=True).stdout
        mirrored = "".join(
            f"{struct}.{member} {getattr(mirror, member).offset} {getattr(mirror, member).size}\n"
            for struct, mirror in STRUCTS.items() for member, *_ in mirror._fields_)
        self.assertEqual(printed, mirrored)

    def test_constants(self):
        limit = re.search(r"#define TI_WARNINGS_MAX (\d+)", HEADERS)[1]
        self.assertEqual(tensorinit._WARNINGS_MAX, int(limit))
        limit = re.search(r"#define TI_MANIFEST_TENSORS_MAX (\d+)", HEADERS)[1]
        self.assertEqual(tensorinit._MANIFEST_TENSORS_MAX, int(limit))
        version = re.search(r'#define TI_VERSION_STRING "(.*)"', HEADERS)[1]
        self.assertEqual(tensorinit.__version__, version)

    def test_dtypes(self):
        """Name and size of every dtype of the library."""
        rows = re.findall(r'^\s*TI_DTYPE\(\w+, "(\w+)", (\d),', HEADERS, re.MULTILINE)
        self.assertEqual([(name, str(tensorinit.numpy.dtype(opaque).itemsize))
                          for name, (opaque, _) in tensorinit._DTYPES.items()], rows)


class Choice(unittest.TestCase):
    """What the environment says."""

    def run_with(self, **environment):
        inherited = {n: v for n, v in os.environ.items() if not n.startswith("TENSORINIT_")}
        return subprocess.run(
            [tensorinit.sys.executable, "-c",
             "import tensorinit; print(tensorinit.backend, tensorinit.source)"],
            cwd=MODULE.parent, env={**inherited, **environment}, capture_output=True, text=True)

    def test_none(self):
        done = self.run_with(TENSORINIT_LIBRARY="none", TENSORINIT_SERVER="http://a:1,http://b/c")
        self.assertEqual(done.stdout, "http http://a:1,http://b/c\n")

    def test_missing_library(self):
        """Which is named has to be used: no silent other way."""
        done = self.run_with(TENSORINIT_LIBRARY="/nonexistent.so")
        self.assertEqual(done.returncode, 1)
        self.assertIn("tensorinit.Error: TENSORINIT_LIBRARY: /nonexistent.so", done.stderr)

    def test_another_library(self):
        done = self.run_with(TENSORINIT_LIBRARY="libc.so.6")
        self.assertEqual(done.returncode, 1)
        self.assertIn("tensorinit.MismatchError: libc.so.6 has no ti_", done.stderr)

    def test_wrong_server(self):
        done = self.run_with(TENSORINIT_LIBRARY="none", TENSORINIT_SERVER="localhost:8080")
        self.assertIn("tensorinit.ParameterError: not the URL of a server", done.stderr)
