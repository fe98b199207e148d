#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""libassay.so exports exactly what the public headers mark ASSAY_API.

usage: exports.py ROOT LIBRARY
"""
import pathlib
import re
import subprocess
import sys

VERSION_NODE = "ASSAY_0"
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
DECLARATION = re.compile(r"\bASSAY_API\b[^;{]*?\b(assay_\w+)\s*\(")


def declared(include):
    names = set()
    for header in sorted(include.glob("*.h")):
        code = COMMENT.sub(" ", header.read_text())
        code = re.sub(r"^\s*#.*(\\\n.*)*", "", code, flags=re.M)
        names.update(DECLARATION.findall(code))
    return names


def exported(library):
    table = subprocess.run(
        ["nm", "--dynamic", "--defined-only", library],
        check=True, capture_output=True, text=True).stdout
    rows = [line.split() for line in table.splitlines()]
    return {row[2] for row in rows if row[1] != "A"}


def main():
    want = {f"{name}@@{VERSION_NODE}"
            for name in declared(pathlib.Path(sys.argv[1]) / "include/assay")}
    have = exported(sys.argv[2])
    for name in sorted(want - have):
        print(f"promised by a header, not exported: {name}")
    for name in sorted(have - want):
        print(f"exported, but no header promises it: {name}")
    print(f"{len(want)} functions promised, {len(have)} exported")
    return 0 if want and want == have else 1


if __name__ == "__main__":
    sys.exit(main())
