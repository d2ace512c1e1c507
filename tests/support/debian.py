# SPDX-License-Identifier: MIT
"""
A fresh Debian 12 to install and build in, from the mirror that this machine's apt reaches.
Making it needs root and mmdebstrap; it is kept in $BUILD/chroot/ for the next run.
"""
import glob
import os
import pathlib
import shutil
import subprocess
import sys

from daemon import BUILD, ROOT

FOLDER = BUILD / "chroot"
BASE = FOLDER / "debian-12.tar"

PROXIES = [name for name in os.environ if name.lower() in ("http_proxy", "https_proxy",
                                                           "no_proxy")]
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
               "HOME": "/root", "LC_ALL": "C.UTF-8"} | {p: os.environ[p] for p in PROXIES}


def sources():
    """The machine's own sources of Debian 12; mmdebstrap's default if there are none."""
    files = ["/etc/apt/sources.list", *sorted(glob.glob("/etc/apt/sources.list.d/*.list")),
             *sorted(glob.glob("/etc/apt/sources.list.d/*.sources"))]
    return [path for path in files if os.path.exists(path) and
            "bookworm" in pathlib.Path(path).read_text(encoding="utf-8")]


def make_base():
    FOLDER.mkdir(parents=True, exist_ok=True)
    new = FOLDER / "new.tar"
    without = [f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("doc", "locale", "man")]
    done = subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=minbase", "--include=make",
         "--dpkgopt=force-unsafe-io", *without, "bookworm", new, *sources()], check=False)
    if done.returncode != 0:
        new.unlink(missing_ok=True)
        sys.exit("mmdebstrap failed")
    new.rename(BASE)


def copy_into(root, path):
    """A file or folder of this machine's /etc, if it exists."""
    target = root / path.lstrip("/")
    if os.path.isdir(path):
        shutil.copytree(path, target, dirs_exist_ok=True)
    elif os.path.exists(path):
        shutil.copyfile(path, target)


def unpack(root):
    """The base system, with this machine's ways to names and mirrors."""
    subprocess.run(["tar", "-xpf", BASE, "-C", root], check=True)
    for path in ("/etc/hosts", "/etc/resolv.conf", "/etc/apt/apt.conf.d", "/etc/apt/auth.conf.d"):
        copy_into(root, path)


def copy_sources(folder):
    """What git tracks; without git all but build/."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    files = listed.stdout if listed.returncode == 0 and listed.stdout else b"\0".join(
        os.fsencode(path.relative_to(ROOT)) for path in ROOT.rglob("*")
        if path.is_file() and not path.is_relative_to(ROOT / "build"))
    packed = subprocess.run(["tar", "-c", "--null", "-T", "-", "--ignore-failed-read"], cwd=ROOT,
                            input=files, stdout=subprocess.PIPE, check=True)
    subprocess.run(["tar", "-x", "-C", folder], input=packed.stdout, check=True)
