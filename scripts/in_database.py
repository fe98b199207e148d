#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Of the files named on standard input, print those that a build compiles.

A C file that no preset compiles is an error: nothing would check it.
usage: in_database.py BUILD_FOLDER <paths
"""
import json
import pathlib
import sys

from tree import ROOT

# Compiled, and read by clang-tidy, as part of the test that includes them.
INCLUDED = {"docs/example.c"}


def main():
    database = pathlib.Path(sys.argv[1]) / "compile_commands.json"
    compiled = {pathlib.Path(entry["file"]).resolve()
                for entry in json.loads(database.read_text())}
    bad = 0
    for line in sys.stdin:
        path = line.strip()
        if (ROOT / path).resolve() in compiled:
            print(path)
        elif path in INCLUDED:
            continue
        else:
            print(f"{path}: no target compiles this file", file=sys.stderr)
            bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main())
