# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""OpenSSH's two ends, with keys and settings of their own in a folder."""
import os
import pathlib
import pwd
import subprocess

from harness import clean_environment

SSHD = pathlib.Path("/usr/sbin/sshd")
CONFIG = """HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
StrictModes no
UsePAM no
PidFile none
"""
USER = pwd.getpwuid(os.getuid()).pw_name


def why_not():
    """Why it cannot be run here, or None."""
    if SSHD.exists() and os.getuid() == 0:
        return None
    return f"needs {SSHD}, and root to run it"


def prepare(folder, more=""):
    """Keys, and the daemon's settings: their path."""
    for name in ("host", "user"):
        (folder / name).unlink(missing_ok=True)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                        "-f", str(folder / name)], check=True)
    os.makedirs("/run/sshd", exist_ok=True)
    config = folder / "sshd_config"
    config.write_text(CONFIG.format(folder=folder) + more)
    return config


def ssh(folder, proxy, *command, stdin=b"", limit_s=60):
    """One command over what `proxy`, a list of words, connects to."""
    return subprocess.run(
        ["ssh", "-F", "none", "-i", str(folder / "user"),
         "-o", "ProxyCommand=" + " ".join(map(str, proxy)),
         "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no",
         "-o", "BatchMode=yes", "-o", "UserKnownHostsFile=/dev/null",
         "-o", "LogLevel=ERROR", f"{USER}@tee.example", *command],
        input=stdin, capture_output=True, timeout=limit_s,
        env=clean_environment())
