#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""The files that are ours, for every check: all but build output and git.

usage: tree.py SUFFIX... | tree.py --shell    prints one path a line
"""
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
NOT_OURS = {".git", "build", "target", "__pycache__", "node_modules",
            "dist"}


def files():
    """Every file, as a path relative to the root, sorted."""
    for folder, names, members in os.walk(ROOT):
        names[:] = sorted(set(names) - NOT_OURS)
        for member in sorted(members):
            yield (pathlib.Path(folder) / member).relative_to(ROOT)


def with_suffix(*suffixes):
    return [path for path in files() if path.suffix in suffixes]


def first_line(path):
    with open(ROOT / path, "rb") as file:
        return file.readline(200).decode("latin-1")


def is_shell(path):
    if path.suffix == ".sh":
        return True  # without a first line that says so, shellcheck complains
    if path.suffix:
        return False
    line = first_line(path)
    return line.startswith("#!") and line.split()[-1].endswith("sh")


def without_text(code):
    """C code with comments and string literals blanked; lines stay lines."""
    out, i, end = [], 0, len(code)
    while i < end:
        if code.startswith("/*", i):
            stop = code.find("*/", i + 2)
            stop = end if stop < 0 else stop + 2
        elif code.startswith("//", i):
            stop = code.find("\n", i)
            stop = end if stop < 0 else stop
        elif code[i] in "\"'":
            stop = i + 1
            while stop < end and code[stop] not in (code[i], "\n"):
                stop += 2 if code[stop] == "\\" else 1
            stop = min(stop + 1, end)
        else:
            out.append(code[i])
            i += 1
            continue
        out.append("".join(c if c == "\n" else " " for c in code[i:stop]))
        i = stop
    return "".join(out)


if __name__ == "__main__":
    chosen = (filter(is_shell, files()) if sys.argv[1:] == ["--shell"]
              else with_suffix(*sys.argv[1:]))
    for chosen_path in chosen:
        print(chosen_path)
