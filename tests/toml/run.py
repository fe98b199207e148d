# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""The public toml-test suite against our TOML 1.0 reader.

usage: run.py DECODER

The suite is a Go module; it is fetched into the build folder through the Go
command and never becomes a part of this repository. Its cases are read here,
since building its own runner needs further modules.
"""
import datetime
import json
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys

MODULE = "github.com/toml-lang/toml-test@v1.6.0"
CASES = "tests/files-toml-1.0.0"
FEWEST = 700  # files that CASES lists
SKIPPED = 77
# Cases that may differ, with the reason: none.
DIFFERENT = {}


def skip(why):
    print(f"SKIPPED toml-test: {why}")
    sys.exit(SKIPPED)


def fetch():
    """The folder of the suite."""
    go = shutil.which("go")
    if go is None:
        skip("there is no Go")
    path = pathlib.Path(os.environ["ASSAY_BUILD"]) / "toml-test"
    path.mkdir(parents=True, exist_ok=True)
    env = dict(os.environ, GOPATH=str(path), GOFLAGS="-modcacherw", GOWORK="off",
               GOTOOLCHAIN="local", GOCACHE=str(path / "cache"))
    env.pop("GOMODCACHE", None)
    try:
        done = subprocess.run([go, "mod", "download", "-json", MODULE],
                              env=env, cwd=path, capture_output=True, text=True,
                              timeout=120, check=False)
        module = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError) as why:
        skip(f"the module cannot be had: {type(why).__name__}")
    if "Dir" not in module:
        skip(f"the module cannot be had: {module.get('Error', 'no reason')}"
             .splitlines()[0])
    return pathlib.Path(module["Dir"])


def moment(text):
    """A date or time with its fraction to microseconds."""
    text = text.upper().replace(" ", "T").replace("Z", "+00:00")
    text = re.sub(r"\.(\d+)", lambda m: "." + m[1][:6].ljust(6, "0"), text)
    return text


def same_scalar(kind, have, want):
    if kind == "integer":
        return int(have) == int(want)
    if kind == "float":
        have, want = float(have), float(want)
        return have == want or (math.isnan(have) and math.isnan(want))
    if kind == "datetime":
        return (datetime.datetime.fromisoformat(moment(have))
                == datetime.datetime.fromisoformat(moment(want)))
    if kind in ("datetime-local", "date-local", "time-local"):
        return moment(have) == moment(want)
    return have == want


def same(have, want):
    if isinstance(want, list):
        return (isinstance(have, list) and len(have) == len(want)
                and all(map(same, have, want)))
    if not isinstance(have, dict):
        return False
    if set(want) == {"type", "value"} and isinstance(want["type"], str):
        return (have.get("type") == want["type"]
                and same_scalar(want["type"], have["value"], want["value"]))
    return (have.keys() == want.keys()
            and all(same(have[key], want[key]) for key in want))


def judge(decoder, suite, name):
    """What is wrong with our answer to one case, or None."""
    content = (suite / "tests" / name).read_bytes()
    done = subprocess.run([decoder], input=content, capture_output=True,
                          timeout=20, check=False)
    if name.startswith("invalid/"):
        if done.returncode == 1:
            return None
        return f"accepted, or a crash: exit code {done.returncode}"
    if done.returncode != 0:
        return f"refused: {done.stderr.decode().strip()}"
    want = (suite / "tests" / name).with_suffix(".json").read_text("utf-8")
    have = json.loads(done.stdout)
    return None if same(have, json.loads(want)) else f"read as {have}"


def main():
    suite = fetch()
    files = (suite / CASES).read_text().split()
    cases = [name for name in files if name.endswith(".toml")]
    wrong = 0
    for name in cases:
        fault = judge(sys.argv[1], suite, name)
        if fault is not None and name not in DIFFERENT:
            print(f"{name}: {fault}")
            wrong += 1
    print(f"{len(cases)} cases, {wrong} wrong")
    return 0 if wrong == 0 and len(files) >= FEWEST else 1


if __name__ == "__main__":
    sys.exit(main())
