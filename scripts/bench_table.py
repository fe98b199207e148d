#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Print a benchmark's JSON as a table, and insist that it is well formed.

usage: bench_table.py FILE.json
The file: {"rows": [{"name", "value", "unit", "baseline", "ratio"}, ...]};
`baseline` names a row of the same file or is null, `ratio` goes with it.
"""
import json
import pathlib
import sys

HEAD = ("name", "value", "unit", "ratio", "to")


def complaints(rows):
    names = [row.get("name") for row in rows]
    for row in rows:
        name, value = row.get("name"), row.get("value")
        if not isinstance(name, str) or names.count(name) != 1:
            yield f"name missing or not unique: {name!r}"
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            yield f"{name}: value is no number"
        if not isinstance(row.get("unit"), str):
            yield f"{name}: unit is no text"
        if row.get("baseline") is not None:
            if not isinstance(row.get("ratio"), (int, float)):
                yield f"{name}: baseline without ratio"


def number(value):
    return f"{value:.3f}" if abs(value) < 100 else f"{value:,.1f}"


def cells(row):
    baseline = row.get("baseline")
    ratio = ""
    if baseline is not None:
        ratio = f"{row['ratio']:.2f}"
        if row.get("higher_is_better"):
            baseline += " (higher is better)"
    return (row["name"], number(row["value"]), row["unit"], ratio,
            baseline or "")


def main():
    path = pathlib.Path(sys.argv[1])
    rows = json.loads(path.read_text()).get("rows")
    found = list(complaints(rows)) if rows else ["no rows"]
    for complaint in found:
        print(f"{path}: {complaint}", file=sys.stderr)
    if found:
        return 1
    table = [HEAD] + [cells(row) for row in rows]
    width = [max(len(row[i]) for row in table) for i in range(len(HEAD))]
    print(path)
    for name, value, unit, ratio, to in table:
        line = (f"  {name:<{width[0]}}  {value:>{width[1]}} {unit:<{width[2]}}"
                f"  {ratio:>{width[3]}}  {to}")
        print(line.rstrip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
