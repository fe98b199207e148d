# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Attested servers by another hand that serve raw pipes, and that require
evidence of their clients. Used as py_server.py is, of which it is made:

usage: pipe_server.py GUEST-SOCKET FOLDER
"""
import hashlib
import json
import os
import pathlib
import select
import socket
import subprocess
import sys
import threading

import py_server
from py_server import HELLO, SSL, goodbye, sized

MIB = 1 << 20
SWITCHING = (b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
             b"Upgrade: assay-pipe/1\r\n\r\n")
REQUEST = (b"POST /assay-pipe HTTP/1.1", b"connection: upgrade",
           b"upgrade: assay-pipe/1", b"content-length: 0")
REPORT_DATA = slice(48 + 520, 48 + 584)  # of a TDX quote, version 4

behaviours = py_server.BEHAVIOURS
behaviours.clear()


def folder():
    return pathlib.Path(sys.argv[2])


def read_pipe_request(p):
    head = p.read_until(b"\r\n\r\n").split(b"\r\n")
    fields = [head[0], *(line.lower() for line in head[1:])]
    assert all(want in fields for want in REQUEST), head


def received(p):
    """What the client sends, piece by piece, until its goodbye."""
    if p.waiting:
        yield p.waiting
        p.waiting = b""
    while True:
        try:
            yield p.tls.recv(65536)
        except SSL.ZeroReturnError:
            return


def end(p):
    """Our own goodbye, and then nothing more."""
    p.tls.shutdown()
    p.wait()


def pipe(f):
    """A server that proves itself, and then is f."""
    def run(p):
        p.shake_hands()
        p.prove()
        read_pipe_request(p)
        f(p)
    behaviours[f.__name__.replace("_", "-")] = run
    return f


# --- pipes ----------------------------------------------------------------

@pipe
def echo(p):
    p.send(SWITCHING)
    for piece in received(p):
        p.send(piece)
    end(p)


@pipe
def digest(p):
    """Answers after the client's goodbye: half of a connection is left."""
    sha = hashlib.sha256()
    p.send(SWITCHING)
    for piece in received(p):
        sha.update(piece)
    p.send(sha.hexdigest().encode())
    end(p)


@pipe
def all_at_once(p):
    """Data and goodbye together with the response; then it listens on."""
    sha = hashlib.sha256()
    p.send(SWITCHING + b"hello")
    p.tls.shutdown()
    for piece in received(p):
        sha.update(piece)
    name = folder() / "heard"
    name.with_suffix(".new").write_text(sha.hexdigest())
    name.with_suffix(".new").rename(name)


@pipe
def flood(p):
    """More than any buffer holds, before anything is read."""
    p.send(SWITCHING)
    for _ in range(32):
        p.send(b"x" * MIB)
    sha = hashlib.sha256()
    for piece in received(p):
        sha.update(piece)
    p.send(sha.hexdigest().encode())
    end(p)


@pipe
def stays(p):
    """Says something and keeps the line open until the client has ended."""
    p.send(SWITCHING + b"here")
    for _ in received(p):
        pass
    end(p)


@pipe
def writes_down_the_end(p):
    """Whether all has come, as TLS tells it, or the client was cut off."""
    how = "whole"
    p.send(SWITCHING + b"here")
    try:
        for _ in received(p):
            pass
    except SSL.Error:
        how = "cut"
    name = folder() / "heard"
    name.with_suffix(".new").write_text(how)
    name.with_suffix(".new").rename(name)


@pipe
def never_ends(p):
    p.send(SWITCHING + b"here")
    p.wait()


@pipe
def interim_first(p):
    p.send(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
    echo(p)


@pipe
def cut(p):
    p.send(SWITCHING + b"half a")
    p.sock.shutdown(socket.SHUT_WR)
    p.wait()


@pipe
def refuses(p):
    p.send(sized(b"{}", "404 Not Found"))
    p.wait()


@pipe
def accepts_without_switching(p):
    p.send(sized(b"hello"))
    p.wait()


@pipe
def another_protocol(p):
    p.send(SWITCHING.replace(b"assay-pipe/1", b"websocket"))
    p.wait()


@pipe
def unnamed_protocol(p):
    p.send(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
    p.wait()


@pipe
def says_goodbye(p):
    goodbye(p)


@pipe
def garbage(p):
    p.send(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
    p.wait()


@pipe
def silent(p):
    p.wait()


@pipe
def ssh(p):
    """A connection to sshd, as inetd would make it."""
    p.send(SWITCHING)
    ours, theirs = socket.socketpair()
    daemon = subprocess.Popen(["/usr/sbin/sshd", "-i", "-e", "-f",
                               str(folder() / "sshd_config")],
                              stdin=theirs, stdout=theirs,
                              stderr=subprocess.DEVNULL)
    theirs.close()
    lock = threading.Lock()
    tls = p.tls
    p.sock.settimeout(None)

    def down():
        while piece := ours.recv(65536):
            with lock:
                tls.sendall(piece)
        with lock:
            tls.shutdown()

    threading.Thread(target=down, daemon=True).start()
    # OpenSSL's object is not for two threads at once: wait outside of it.
    try:
        while True:
            with lock:
                pending = tls.pending()
            if not pending:
                select.select([p.sock], [], [])
            with lock:
                piece = tls.recv(65536)
            ours.sendall(piece)
    except SSL.ZeroReturnError:
        ours.shutdown(socket.SHUT_WR)
        daemon.wait()


# --- evidence of the client -----------------------------------------------

def require(p):
    """Proves itself, then has the client prove itself; false if it does not.
    Only what ties evidence to the session is looked at here."""
    nonce = os.urandom(32)
    evidence = p.guest.evidence(p.quote_request())
    p.send(sized(json.dumps({"success": True, **evidence,
                             "client_nonce_hex": nonce.hex()}).encode()))
    line, body = p.request()
    assert line == b"POST /tdx_client_quote HTTP/1.1", line
    quote = bytes.fromhex(json.loads(body)["quote"]["quote"])
    want = hashlib.sha512(b"assay-client-v1\0" + nonce + p.exporter).digest()
    return quote[REPORT_DATA] == want


def mutual(answer, then):
    def run(p):
        p.shake_hands()
        assert require(p)
        p.send(answer)
        then(p)
    return run


def hello(p):
    line, _ = p.request()
    assert line.startswith(b"GET "), line
    p.send(HELLO)
    p.wait()


def mutual_echo(p):
    read_pipe_request(p)
    echo(p)


SUCCESS = sized(b'{"success":true}')
REFUSAL = sized(b'{"error":{"code":"client_not_trusted","message":'
                b'"you are not welcome","hint":""}}', "403 Forbidden",
                "Connection: close")
behaviours.update({
    "mutual": mutual(SUCCESS, hello),
    "mutual-pipe": mutual(SUCCESS, mutual_echo),
    "mutual-refused": mutual(REFUSAL, goodbye),
    "mutual-no-success": mutual(sized(b"{}"), goodbye),
    "mutual-goodbye": mutual(b"", goodbye),
})


if __name__ == "__main__":
    py_server.main()
