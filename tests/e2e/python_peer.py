# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Packages of PyPI that tests use as peers, in the build folder: exactly what
tests/e2e/python/requirements.txt has."""
import fcntl
import hashlib
import subprocess
import sys
import venv

from harness import SOURCE
from node_peer import BUILD, FETCH_LIMIT_S, skip

WANTED = SOURCE / "tests" / "e2e" / "python" / "requirements.txt"
WHAT = "PyPI packages"


def fetch(folder):
    try:
        venv.create(folder, clear=True, with_pip=True)
        done = subprocess.run(
            [folder / "bin" / "python", "-m", "pip", "--quiet",
             "--disable-pip-version-check", "install", "--requirement",
             WANTED], capture_output=True, text=True, timeout=FETCH_LIMIT_S,
            check=False)
    except subprocess.CalledProcessError:
        skip(WHAT, "this Python has no pip to put into a folder")
    except subprocess.TimeoutExpired:
        skip(WHAT, f"not there after {FETCH_LIMIT_S} s")
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no reason"]
        skip(WHAT, f"they cannot be had: {lines[-1]}")


def packages():
    """From now on they can be imported. Tests at the same time fetch once."""
    tag = "%d.%d" % sys.version_info[:2]
    folder = BUILD / "python" / tag
    folder.mkdir(parents=True, exist_ok=True)
    wanted = hashlib.sha256(WANTED.read_bytes()).hexdigest()
    stamp = BUILD / "python" / f"fetched-{tag}"
    with open(BUILD / "python" / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            fetch(folder)
            stamp.write_text(wanted)
    sys.path.insert(0, str(folder / "lib" / f"python{tag}" / "site-packages"))
