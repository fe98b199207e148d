# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""The command line, word for word.

NAME.cmd is one line for sh; NAME.out, NAME.err and NAME.code are what it must
print and return (no NAME.err: nothing). Each case runs in a folder of its own
beside the minted platforms below, which are the same on every machine.

usage: run.py [--update] [NAME...]     --update writes what is seen; read it!
Environment: ASSAY_BIN, the folder of the programs (default build/bin).
"""
import difflib
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BIN = pathlib.Path(os.environ.get("ASSAY_BIN") or HERE.parents[1] / "build/bin")
LIMIT_S = 60

# Folder of the platform: options of assay-mint.
WORLDS = {
    "tdx": "",
    "sgx": "--version 3",
    "sgx-v5": "--version 5 --body 1",
    "td15": "--version 5 --body 3",
    "td15x": "--version 5 --body 4",
    "processor-ca": "--version 3 --processor-ca",
    "leaf-only": "--cert-type 4",
    "old-launch": "--version 5 --old-launch",
    "revoked": "--revoked",
    "expired": "--expired",
    "debug": "--debug",
    "sgx-debug": "--version 3 --debug",
    "out-of-date": "--status OutOfDate",
    "withdrawn": "--status Revoked",
    "qe-out-of-date": "--qe-status OutOfDate",
    "module-out-of-date": "--module-status OutOfDate",
    "other-platform": "--fmspc 00906ED50000",
    "other-root": "--seed " + "0f" * 32,
}
MINT = [str(BIN / "assay-mint"), "--at", "2026-01-01", "--seed", "5a" * 32]

ENVIRONMENT = {
    "PATH": f"{BIN.resolve()}:/usr/bin:/bin",
    "LC_ALL": "C",
    "HOME": "/nonexistent",
}
for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
    if name in os.environ:
        ENVIRONMENT[name] = os.environ[name]


def mint(folder):
    for name, options in WORLDS.items():
        subprocess.run([*MINT, "--out", str(folder / name), *options.split()],
                       check=True, timeout=LIMIT_S)


def seen(worlds, name):
    """What the case prints: suffix to bytes."""
    with tempfile.TemporaryDirectory(prefix="assay-golden-") as folder:
        for world in WORLDS:
            os.symlink(worlds / world, pathlib.Path(folder) / world)
        command = (HERE / f"{name}.cmd").read_text()
        ran = subprocess.run(["sh", "-c", command], cwd=folder,
                             env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                             capture_output=True, timeout=LIMIT_S, check=False)
    return {"out": ran.stdout, "err": ran.stderr,
            "code": f"{ran.returncode}\n".encode()}


def expected(name):
    def content(suffix):
        path = HERE / f"{name}.{suffix}"
        return path.read_bytes() if path.exists() else b""
    return {suffix: content(suffix) for suffix in ("out", "err", "code")}


def update(name, got):
    for suffix, content in got.items():
        path = HERE / f"{name}.{suffix}"
        if content or suffix != "err":
            path.write_bytes(content)
        else:
            path.unlink(missing_ok=True)


def differences(name, want, got):
    for suffix in want:
        if want[suffix] != got[suffix]:
            yield from difflib.unified_diff(
                want[suffix].decode(errors="replace").splitlines(),
                got[suffix].decode(errors="replace").splitlines(),
                f"{name}.{suffix} as it should be", "as seen", lineterm="")
            yield f"{name}: {suffix} differs"


def strays(names):
    """Expectations of cases that are gone would never be compared."""
    for path in sorted(HERE.iterdir()):
        if path.suffix in (".out", ".err", ".code") and path.stem not in names:
            yield f"{path.name}: there is no {path.stem}.cmd"


def main():
    arguments = [a for a in sys.argv[1:] if a != "--update"]
    names = sorted(path.stem for path in HERE.glob("*.cmd"))
    found = list(strays(names))
    with tempfile.TemporaryDirectory(prefix="assay-golden-") as folder:
        mint(pathlib.Path(folder))
        for name in arguments or names:
            got = seen(pathlib.Path(folder), name)
            if "--update" in sys.argv[1:]:
                update(name, got)
            else:
                found += differences(name, expected(name), got)
    for line in found:
        print(line)
    print(f"golden: {len(arguments or names)} cases, "
          f"{'differences' if found else 'as they should be'}")
    return 1 if found or not names else 0


if __name__ == "__main__":
    sys.exit(main())
