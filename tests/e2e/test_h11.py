# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Our reader of requests beside h11: what we accept h11 accepts, and it reads
the same in it. Arguments: the program http1_verdicts."""
import os
import random
import struct
import subprocess
import sys

try:
    import h11
except ImportError:
    # Debian's own Python has what its packages bring.
    if sys.executable != "/usr/bin/python3" and not subprocess.run(
            ["/usr/bin/python3", "-c", "import h11"],
            capture_output=True).returncode:
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])
    print("SKIPPED everything: python3-h11 is not installed")
    sys.exit(77)

from smuggling import BODIES, MALFORMED, NEXT, ROWS, chunks, get, post

SEED = 20261129
MUTANTS = 6000
HEAD_MAX = 64 * 1024
# Octets that make a difference somewhere.
SPICE = (b"\r", b"\n", b"\r\n", b" ", b"\t", b"\0", b":", b",", b";", b"0",
         b"5", b"a", b"_", b"-", b"\x0b", b"\x80", b"\xff", b"\r\n\r\n", b"/",
         b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n",
         b"chunked", b"Host: b\r\n", b"HTTP/1.0", b"HTTP/1.1", b"+", b"0x")
SEEDS = (
    get(), get("X: y\r\nConnection: keep-alive\r\n"),
    get(line="OPTIONS * HTTP/1.1"), get(line="GET http://localhost/ HTTP/1.1"),
    get(line="GET / HTTP/1.0"), post("Content-Length: 5\r\n", "hello"),
    post("Expect: 100-continue\r\nContent-Length: 2\r\n", "hi"),
    chunks("5\r\nhello\r\n0\r\n\r\n"),
    chunks("2;a=b\r\nhi\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n"),
    get("Connection: upgrade\r\nUpgrade: websocket\r\n"),
    get("X: \xe4\r\nCookie: a=b\r\nAccept: */*\r\n"))


def by_h11(octets):
    """What http1_verdicts would print."""
    c = h11.Connection(h11.SERVER, max_incomplete_event_size=2 * HEAD_MAX)
    c.receive_data(octets)
    request, payload = None, b""
    try:
        while True:
            event = c.next_event()
            if event is h11.NEED_DATA:
                return "more"
            if isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                payload += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                break
            else:
                return f"refused: {event}"
    except h11.RemoteProtocolError as e:
        return f"refused: {e}"
    used = len(octets) - len(c.trailing_data[0])
    return (f"ok {request.method.decode()} {request.target.decode()} {used} "
            f"{payload.hex() or '-'}")


def by_us(program, inputs):
    p = subprocess.run(
        [program], check=True, capture_output=True,
        input=b"".join(struct.pack(">I", len(i)) + i for i in inputs))
    lines = p.stdout.decode("latin-1").split("\n")
    assert lines.pop() == "" and len(lines) == len(inputs), len(lines)
    return lines


def empty_line(octets, theirs):
    """RFC 9112, section 2.2, asks servers to ignore an empty line before a
    request; we ignore one."""
    return octets.startswith(b"\r\n") and "no request line" in theirs


def framing_trailer(octets, theirs):
    """h11 judges framing fields in trailers too. We never take them for more
    than lines, and pass none of them on (test_trailers.py)."""
    head, _, rest = octets.partition(b"\r\n\r\n")
    return (b"chunked" in head.lower() and "Transfer-Encoding" in theirs
            and b"transfer-encoding" in rest.lower())


# Where we accept what h11 refuses.
EXCEPTIONS = (empty_line, framing_trailer)


def mutant(rng):
    octets = bytearray(rng.choice(SEEDS).encode("latin-1"))
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        at = rng.randrange(len(octets) + 1)
        what = rng.random()
        if what < 0.45:
            octets[at:at] = rng.choice(SPICE)
        elif what < 0.65:
            del octets[at:at + rng.choice((1, 1, 2, 5))]
        elif what < 0.85:
            octets[at:at + 1] = rng.choice(SPICE)
        else:
            end = at + rng.randrange(1, 30)
            octets[at:at] = octets[at:end]
    return bytes(octets)


def main():
    rng = random.Random(SEED)
    inputs = [text.encode("latin-1") for text in SEEDS]
    inputs += [(octets + NEXT).encode("latin-1")
               for _, octets, *_ in (*MALFORMED, *BODIES, *ROWS)]
    inputs += [mutant(rng) for _ in range(MUTANTS)]
    verdicts = by_us(sys.argv[1], inputs)
    counts = {"ok": 0, "more": 0, "refused": 0, "excused": 0}
    wrong = []
    for octets, ours in zip(inputs, verdicts):
        counts[ours.split()[0]] += 1
        theirs = by_h11(octets)
        if not ours.startswith("ok") or ours == theirs:
            continue
        if theirs.startswith("refused") and any(
                rule(octets, theirs) for rule in EXCEPTIONS):
            counts["excused"] += 1
        else:
            wrong.append((octets, ours, theirs))
    for octets, ours, theirs in wrong[:20]:
        print(f"{octets!r}\n  ours   {ours}\n  h11's  {theirs}")
    print(counts, "wrong:", len(wrong))
    # The comparison is of something: many of each kind.
    enough = min(counts["ok"], counts["refused"]) > MUTANTS // 20
    sys.exit(bool(wrong) or not enough)


if __name__ == "__main__":
    main()
