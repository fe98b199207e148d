#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""In the place of Codex: says what it was told, asks its provider, and ends as it
is bid. FAKE_CODEX is a folder: `version` is the release that it is, `told.json`
what it was told; `does` has what it does, one word after the other."""
import json
import os
import pathlib
import signal
import sys
import time
import urllib.error
import urllib.request

FOLDER = pathlib.Path(os.environ["FAKE_CODEX"])
HELP = {
    "old": "  -p, --profile <CONFIG_PROFILE>\n",
    "new": "  -p, --profile <CONFIG_PROFILE_V2>\n      --no-daemon\n",
}


def url():
    """The last one wins, as in Codex."""
    found = [word.partition("=")[2].strip('"') for word in sys.argv
             if ".base_url=" in word]
    return found[-1]


def fields():
    """Those whose values are in variables: the table env_http_headers."""
    pairs = [word.partition("=")[::2] for word in sys.argv
             if ".env_http_headers." in word]
    return {key.rpartition(".")[2]: os.environ[variable.strip('"')]
            for key, variable in pairs}


def ask():
    """Its status, or why there is none."""
    request = urllib.request.Request(url() + "/models", headers=fields())
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status
    except urllib.error.HTTPError as e:
        return e.code
    except OSError as e:
        return type(getattr(e, "reason", e)).__name__


def wait(name):
    """For a file that a test makes."""
    while not (FOLDER / name).exists():
        time.sleep(0.01)


def do(word):
    if word == "ask":
        print(ask(), flush=True)
    elif word == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif word == "wait":
        wait("go")
    elif word == "hear":  # what it is sent does not end it
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda n, _: (FOLDER / "heard").write_text(
                signal.Signals(n).name))
        (FOLDER / "hears").touch()
        wait("heard")
        print((FOLDER / "heard").read_text(), flush=True)
    else:
        sys.exit(int(word))


def main():
    version = (FOLDER / "version").read_text()
    if sys.argv[1:] == ["--version"]:
        print(f"codex-cli {version}")
    elif sys.argv[1:] == ["--help"]:
        print(HELP["old" if version.startswith("0.7") else "new"])
    else:
        told = {"args": sys.argv[1:], "pid": os.getpid(),
                "NO_PROXY": os.environ.get("NO_PROXY"),
                "no_proxy": os.environ.get("no_proxy")}
        (FOLDER / "told.new").write_text(json.dumps(told))
        (FOLDER / "told.new").rename(FOLDER / "told.json")
        for word in (FOLDER / "does").read_text().split():
            do(word)


if __name__ == "__main__":
    main()
