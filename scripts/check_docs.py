#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What documents point at exists.

- Relative links of every *.md, with their #anchors.
- Tables of every *.md have a head: a blank line within one ends it.
- Paths in `code` of every *.md at the root or in docs/, build output excepted.
- docs/*.md that code refers readers to.
"""
import re
import sys

from tree import ROOT, files, is_shell, with_suffix

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.S | re.M)
RULE = re.compile(r"\|[-:| ]+\|")
CODE = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)*/?")
SUFFIX = re.compile(r"\.(c|h|md|py|sh|txt|cmake|json)$")
DOC_IN_CODE = re.compile(r"\bdocs/[\w/-]+\.md\b")
CODE_SUFFIXES = (".c", ".h", ".py", ".sh", ".cmake", ".in",
                 ".ts", ".mjs")


def blank(match):
    return re.sub(r"[^\n]", " ", match[0])


def anchors(path):
    text = FENCE.sub(blank, (ROOT / path).read_text())
    for title in re.findall(r"^#+\s+(.*?)\s*$", text, re.M):
        slug = re.sub(r"[^\w\- ]", "", title.lower())
        yield slug.replace(" ", "-")


def check_link(path, target):
    if re.match(r"[a-z]+:", target):
        return None
    name, _, anchor = target.partition("#")
    where = (ROOT / path.parent / name).resolve() if name else ROOT / path
    if not where.exists():
        return f"link to {target}, which does not exist"
    if anchor and where.suffix == ".md":
        if anchor not in anchors(where.relative_to(ROOT)):
            return f"link to {target}, which has no such heading"
    return None


def is_path(token):
    """A name that can only mean a file of this repository."""
    if (not PATH.fullmatch(token) or token.startswith("build/")
            or "NAME" in token):
        return False
    first = token.split("/")[0]
    return ("/" in token and (ROOT / first).is_dir()) or (
        "/" not in token and SUFFIX.search(token) is not None
        and token[0].isupper())


def check_tables(lines):
    """Line numbers of rows that no head stands above."""
    inside = False
    for number, line in enumerate(lines, 1):
        if not inside and line.startswith("| "):
            below = lines[number] if number < len(lines) else ""
            if not RULE.fullmatch(below):
                yield number
        inside = line.startswith("|")


def check_document(path):
    text = FENCE.sub(blank, (ROOT / path).read_text())
    for number in check_tables(text.splitlines()):
        yield f"{path}:{number}: a row of a table without a head"
    for number, line in enumerate(text.splitlines(), 1):
        for target in LINK.findall(line):
            wrong = check_link(path, target)
            if wrong:
                yield f"{path}:{number}: {wrong}"
        if path.parent == ROOT or path.parts[0] not in ("tests", "bench"):
            for token in CODE.findall(line):
                if is_path(token) and not (ROOT / token).exists():
                    yield f"{path}:{number}: names {token}, not there"


def check_references():
    for path in files():
        if path.suffix not in CODE_SUFFIXES and not is_shell(path):
            continue
        text = (ROOT / path).read_text(errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            for name in DOC_IN_CODE.findall(line):
                if not (ROOT / name).exists():
                    yield f"{path}:{number}: refers to {name}, not there"


def main():
    found = [line for path in with_suffix(".md")
             for line in check_document(path)]
    found += check_references()
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
