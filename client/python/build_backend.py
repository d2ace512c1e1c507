# SPDX-License-Identifier: MIT
"""
Builds the wheel of tensorinit.py for 'pip install ./client/python', by PEP 517 and 427, with
the standard library alone: pip need not fetch a build tool.
"""
import base64
import hashlib
import pathlib
import re
import tarfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
MODULE = HERE / "tensorinit.py"
VERSION = re.search(r'^__version__ = "(.*)"$', MODULE.read_text(encoding="utf-8"), re.M)[1]
INFO = f"tensorinit-{VERSION}.dist-info"

METADATA = f"""\
Metadata-Version: 2.1
Name: tensorinit
Version: {VERSION}
Summary: Initialized neural-network tensors, reproducible to the bit
License: MIT
Requires-Python: >=3.8
Requires-Dist: numpy
"""
WHEEL = """\
Wheel-Version: 1.0
Generator: tensorinit
Root-Is-Purelib: true
Tag: py3-none-any
"""


def _record_line(name, data):
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(data)}\n"


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    files = {MODULE.name: MODULE.read_bytes(), f"{INFO}/METADATA": METADATA.encode(),
             f"{INFO}/WHEEL": WHEEL.encode()}
    record = "".join(_record_line(name, data) for name, data in files.items())
    files[f"{INFO}/RECORD"] = f"{record}{INFO}/RECORD,,\n".encode()
    name = f"tensorinit-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / name, "w") as wheel:
        for path, data in files.items():
            # The epoch of zip: the same bytes from the same source.
            wheel.writestr(zipfile.ZipInfo(path), data)
    return name


def build_sdist(sdist_directory, config_settings=None):
    name = f"tensorinit-{VERSION}.tar.gz"
    with tarfile.open(pathlib.Path(sdist_directory) / name, "w:gz") as archive:
        for path in (MODULE, HERE / "build_backend.py", HERE / "pyproject.toml"):
            archive.add(path, f"tensorinit-{VERSION}/{path.name}")
    return name
