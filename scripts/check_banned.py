#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Names that may not appear in C code, and marks that may not be left behind.

Comments and string literals do not count, save for the marks.
"""
import re
import sys

from tree import ROOT, is_shell, with_suffix, files, without_text

# No bound, hidden state, undefined on overflow, or no way to see a failure.
ANYWHERE = """
strcpy stpcpy strcat strncpy strncat sprintf vsprintf strtok strtok_r
atoi atol atoll atof sscanf vsscanf scanf fscanf gets alloca tmpnam mktemp
system popen setjmp longjmp rand srand
""".split()

# src/ gets clock, randomness, environment, files and log from its caller.
IN_SRC = """
getenv secure_getenv setenv putenv
time clock clock_gettime gettimeofday localtime localtime_r gmtime gmtime_r
mktime random srandom getrandom getentropy arc4random
printf fprintf vprintf vfprintf puts fputs putchar putc fputc perror dprintf
fopen fdopen freopen fread fwrite open openat read write socket
exit _exit _Exit atexit signal
""".split()

MARKS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
MARKED = (".c", ".h", ".py", ".sh", ".cmake", ".md")


def calls(names):
    return re.compile(r"(?<![\w.>])(" + "|".join(names) + r")\s*\(")


def check_calls():
    anywhere, in_src = calls(ANYWHERE), calls(IN_SRC)
    for path in with_suffix(".c", ".h"):
        code = without_text((ROOT / path).read_text())
        for number, line in enumerate(code.splitlines(), 1):
            for match in anywhere.finditer(line):
                yield f"{path}:{number}: {match[1]}() is banned"
            if path.parts[0] in ("src", "include"):
                for match in in_src.finditer(line):
                    yield f"{path}:{number}: {match[1]}() is banned in src/"


def check_marks():
    this_file = "check_banned.py"
    for path in files():
        if path.name == this_file or not (path.suffix in MARKED
                                          or is_shell(path)):
            continue
        text = (ROOT / path).read_text(errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            for match in MARKS.finditer(line):
                yield f"{path}:{number}: {match[1]} left behind"


def main():
    found = [*check_calls(), *check_marks()]
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
