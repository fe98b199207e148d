#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Each source file says in its first lines whose it is and under what terms."""
import sys

from tree import ROOT, files, is_shell

SUFFIXES = (".c", ".h", ".in", ".map", ".cmake", ".py", ".sh", ".rs",
            ".ts", ".mjs")
WANTED = ("SPDX-FileCopyrightText: The Assay authors",
          "SPDX-License-Identifier: Apache-2.0")


def main():
    bad = 0
    for path in files():
        if not (path.suffix in SUFFIXES or path.name == "CMakeLists.txt"
                or is_shell(path)):
            continue
        head = (ROOT / path).read_text(errors="replace").splitlines()[:4]
        for line in WANTED:
            if not any(line in each for each in head):
                print(f"{path}: no line '{line}' at the top")
                bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
