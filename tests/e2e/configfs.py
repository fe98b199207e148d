# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""configfs-tsm as tests/tools/tsmfs.c shows it, for the tests of programs."""
import contextlib
import os
import pathlib
import subprocess

import harness


class Kernel:
    def __init__(self, process, folder):
        self.process = process
        self.folder = folder

    def tell(self, wish):
        """What it is to do from now on; what it answers."""
        self.process.stdin.write(wish.encode() + b"\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().decode().strip()


@contextlib.contextmanager
def emulated(name):
    """A kernel, or None, and then it was said why."""
    build = os.environ.get("ASSAY_BUILD") or str(
        harness.SOURCE / "build/release")
    tsmfs = pathlib.Path(build) / "tests/tsmfs"
    folder = harness.SCRATCH / name
    folder.mkdir()
    if not tsmfs.exists():
        print("SKIPPED configfs-tsm emulation: tsmfs was not built")
        yield None
        return
    with subprocess.Popen([str(tsmfs), str(folder)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as p:
        try:
            if p.stdout.readline() != b"ready\n":
                print("SKIPPED configfs-tsm emulation: cannot be mounted")
                yield None
            else:
                yield Kernel(p, folder)
        finally:
            p.stdin.close()
