#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Who may include what.

- A floor of src/ includes the public headers, itself, floors that layers.txt
  names before it, and the few system headers that do no I/O.
- Nothing in src/, io/ or programs/ includes mint/, but programs/mint,
  programs/sim and programs/demo do.
- Programs see the public API, io/, daemon/ and, of the floors, src/base/,
  src/http1/ and src/ws/; programs/mint, which is for tests, sees all.
- io/ does not include daemon/, nor that programs/; mint/ includes none of them.
- What assay_find is made of (cmake/AssayFloors.cmake) includes of io/ only
  itself, and neither libuv nor libcurl: bindings build it without them.
- OpenSSL's headers appear in *_openssl.[ch] and in tests, which use it as oracle.
"""
import re
import sys

from tree import ROOT, with_suffix

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^">]+)[>"]')
NO_IO = {
    "assert.h", "ctype.h", "errno.h", "float.h", "inttypes.h", "limits.h",
    "stdalign.h", "stdarg.h", "stdatomic.h", "stdbool.h", "stddef.h",
    "stdint.h", "stdio.h", "stdlib.h", "string.h",
}
# For every other folder: the folders of ours that it may not include.
FORBIDDEN = {
    "include": {"base", "io", "daemon", "mint", "programs", "tests"},
    "io": {"daemon", "mint", "programs", "tests"},
    "daemon": {"mint", "programs", "tests"},
    "mint": {"io", "daemon", "programs", "tests"},
    "programs": {"mint", "tests"},
}


def floors():
    lines = (ROOT / "layers.txt").read_text().splitlines()
    return [line.strip() for line in lines
            if line.strip() and not line.startswith("#")]


def judge_floor(path, kind, header, order):
    """What is wrong with this include of a file in src/, or None."""
    here = path.parts[1]
    there = header.split("/")[0]
    if here not in order:
        return f"layers.txt does not name src/{here}"
    if kind == "<":
        if there == "openssl" and path.name.endswith(("_openssl.c", "_openssl.h")):
            return None
        return None if header in NO_IO else f"src/ does no I/O: <{header}>"
    if there == "assay":
        return None
    if there not in order or "/" not in header:
        return f'"{header}" is neither a public header nor a floor\'s'
    if order.index(there) > order.index(here):
        return f"{here}/ may not include {there}/, which is above it"
    return None


def find_sources():
    text = (ROOT / "cmake/AssayFloors.cmake").read_text()
    listed = re.search(r"add_library\(assay_find STATIC([^)]*)\)", text)[1]
    return {name.removesuffix(".c") for name in listed.split()}


def judge_find(path, header, find):
    """What is wrong with this include of a file in io/, or None."""
    if str(path.with_suffix("")) not in find:
        return None
    if header == "uv.h" or header.startswith("curl/"):
        return f"assay_find does without <{header}>"
    if header.startswith("io/") and header.removesuffix(".h") not in find:
        return f'"{header}" is not of assay_find'
    return None


def judge_other(path, header, order):
    top = path.parts[0]
    there = header.split("/")[0]
    forbidden = set(FORBIDDEN.get(top, ()))
    if top == "programs" and path.parts[1] in ("mint", "sim", "demo"):
        forbidden.discard("mint")
    if top == "programs" and path.parts[1] != "mint":
        forbidden.update(set(order) - {"base", "http1", "ws"})
    if top == "include":
        forbidden.update(order)
    if there in forbidden:
        return f"{top}/ may not include {there}/"
    if (there == "openssl" and top not in ("tests", "bench")
            and not path.name.endswith(("_openssl.c", "_openssl.h"))):
        return f"<{header}> outside of a *_openssl.c"
    return None


def main():
    order = floors()
    find = find_sources()
    bad = 0
    for path in with_suffix(".c", ".h"):
        text = (ROOT / path).read_text()
        for number, line in enumerate(text.splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            kind, header = match.groups()
            wrong = (judge_floor(path, kind, header, order)
                     if path.parts[0] == "src"
                     else judge_other(path, header, order)
                     or judge_find(path, header, find))
            if wrong:
                print(f"{path}:{number}: {wrong}")
                bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
