# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""The library `websockets` through assay-bridge: somebody else's reading of RFC
6455. ASSAY_BRIDGE_MIB: how much goes each way at once (default 64)."""
import asyncio
import hashlib
import os
import random
import ssl
import subprocess
import sys

try:
    import websockets
except ImportError:
    # Debian's own Python has what its packages bring.
    if sys.executable != "/usr/bin/python3" and not subprocess.run(
            ["/usr/bin/python3", "-c", "import websockets"],
            capture_output=True).returncode:
        os.execv("/usr/bin/python3", ["/usr/bin/python3", "-B", *sys.argv])
    print("SKIPPED everything: python3-websockets is not installed")
    sys.exit(77)

import bridge_peer as bridge
from bridge_peer import KIB, LIMIT_S, MIB, SLOW_BUILD, Bridge
from harness import Case

EACH_WAY = int(os.environ.get("ASSAY_BRIDGE_MIB") or 64) * MIB
SHORT = 1000 if SLOW_BUILD else 10000
AT_ONCE = 50
SEED = 20261130


class Pattern:
    """Octets that anybody can make again, in pieces of any size."""

    def __init__(self, seed):
        self.block = random.Random(seed).randbytes(MIB + 7)
        self.at = 0

    def take(self, n):
        got = bytearray()
        while len(got) < n:
            piece = self.block[self.at:self.at + n - len(got)]
            got += piece
            self.at = (self.at + len(piece)) % len(self.block)
        return bytes(got)


def digest(pattern, total):
    d = hashlib.sha256()
    while total > 0:
        d.update(pattern.take(min(total, MIB)))
        total -= min(total, MIB)
    return d.hexdigest()


class Target:
    """async with Target(serve) as target: `serve` plays each connection."""

    def __init__(self, serve):
        self.serve = serve
        self.failed = []
        self.tasks = set()

    async def play(self, reader, writer):
        self.tasks.add(asyncio.current_task())
        try:
            await self.serve(reader, writer)
        except Exception as e:
            self.failed.append(e)
        finally:
            writer.close()

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.play, "127.0.0.1", 0,
                                                 backlog=1024)
        port = self.server.sockets[0].getsockname()[1]
        self.address = f"127.0.0.1:{port}"
        return self

    async def __aexit__(self, kind, *unused):
        self.server.close()
        if kind is None:
            await asyncio.wait_for(asyncio.gather(*self.tasks), LIMIT_S)
            assert not self.failed, self.failed


async def echo(reader, writer):
    while piece := await reader.read(65536):
        writer.write(piece)
        await writer.drain()


def connect(url, **options):
    return websockets.connect(url, max_size=None, open_timeout=LIMIT_S,
                              close_timeout=LIMIT_S, **options)


async def gather(ws, n):
    """So many octets, in messages of any size."""
    got = bytearray()
    while len(got) < n:
        got += await ws.recv()
    return bytes(got)


async def rest(ws):
    """What is still said, and the code of the Close."""
    got = bytearray()
    try:
        while True:
            got += await ws.recv()
    except websockets.ConnectionClosed as e:
        return bytes(got), e.rcvd.code if e.rcvd else None


class Peers(Case):
    def through(self, serve, play, *options):
        """Runs play(url, bridge) with a target that `serve` plays."""
        async def run():
            async with Target(serve) as target:
                with Bridge([target.address], *options,
                            "--target", target.address) as b:
                    url = f"ws://127.0.0.1:{b.port}/?target={target.address}"
                    await asyncio.wait_for(play(url, b), 10 * LIMIT_S)
        asyncio.run(run())

    def test_volume_both_ways_at_once(self):
        """Neither direction waits for the other, and not an octet is lost."""
        up, down = digest(Pattern(1), EACH_WAY), digest(Pattern(2), EACH_WAY)
        seen = {}

        async def serve(reader, writer):
            async def send():
                pattern, left = Pattern(2), EACH_WAY
                while left > 0:
                    writer.write(pattern.take(min(left, 256 * KIB)))
                    await writer.drain()
                    left -= min(left, 256 * KIB)

            async def read():
                d, left = hashlib.sha256(), EACH_WAY
                while left > 0:
                    piece = await reader.read(256 * KIB)
                    assert piece, f"{left} are missing"
                    d.update(piece)
                    left -= len(piece)
                seen["up"] = d.hexdigest()
            await asyncio.gather(send(), read())

        async def play(url, b):
            async with connect(url) as ws:
                async def send():
                    pattern, left = Pattern(1), EACH_WAY
                    sizes = random.Random(SEED)
                    while left > 0:
                        n = min(left, sizes.choice(
                            (1, 125, 126, 65535, 65536, 300 * KIB, 2 * MIB)))
                        await ws.send(pattern.take(n))
                        left -= n

                async def read():
                    d, left = hashlib.sha256(), EACH_WAY
                    while left > 0:
                        piece = await ws.recv()
                        d.update(piece)
                        left -= len(piece)
                    assert left == 0
                    seen["down"] = d.hexdigest()
                await asyncio.gather(send(), read())
        self.through(serve, play)
        self.assertEqual((seen["up"], seen["down"]), (up, down))

    def test_echo(self):
        """Sizes around each form of a frame's length; text is octets, too."""
        async def play(url, b):
            async with connect(url) as ws:
                for n in (0, 1, 125, 126, 127, 65535, 65536, 65537, 1 << 20):
                    sent = Pattern(n).take(n)
                    await ws.send(sent)
                    self.assertEqual(await gather(ws, n), sent, n)
                await ws.send("gr\u00fc\u00dfe")
                self.assertEqual(await ws.recv(), "gr\u00fc\u00dfe".encode())
        self.through(echo, play)

    def test_fragments_of_one_octet(self):
        sent = Pattern(3).take(2000)

        async def play(url, b):
            async with connect(url) as ws:
                await ws.send([sent[i:i + 1] for i in range(len(sent))])
                self.assertEqual(await gather(ws, len(sent)), sent)
        self.through(echo, play)

    def test_control_frames_between_fragments(self):
        """Each Ping is answered before its message ends."""
        sent = Pattern(4).take(50)

        async def play(url, b):
            async with connect(url, ping_interval=None) as ws:
                async def fragments():
                    for i in range(len(sent)):
                        yield sent[i:i + 1]
                        pong = await ws.ping(b"%d" % i)
                        await asyncio.wait_for(pong, LIMIT_S)
                got, _ = await asyncio.gather(gather(ws, len(sent)),
                                              ws.send(fragments()))
                self.assertEqual(got, sent)
        self.through(echo, play)

    def test_pings_of_the_bridge(self):
        """A client that is only silent answers them, and stays."""
        async def play(url, b):
            async with connect(url, ping_interval=None) as ws:
                pings = []
                answer = ws.pong

                async def pong(data=b""):
                    pings.append(data)
                    await answer(data)
                ws.pong = pong  # what the library calls where a Ping comes
                await ws.send(b"before")
                self.assertEqual(await ws.recv(), b"before")
                while len(pings) < 3:
                    await asyncio.sleep(0.01)
                await ws.send(b"after")
                self.assertEqual(await ws.recv(), b"after")
        self.through(echo, play, "--ping-interval", "0.1")

    def test_the_target_ends_first(self):
        """All it said arrives before its Close, and what the client had on its
        way is still delivered."""
        said, late = Pattern(5).take(8 * MIB), Pattern(6).take(3 * MIB)
        seen = {}

        async def serve(reader, writer):
            await reader.readexactly(1)
            writer.write(said)
            writer.write_eof()
            seen["late"] = await reader.read()

        async def play(url, b):
            async with connect(url) as ws:
                await ws.send(b"x")
                await ws.send(late)
                got, code = await rest(ws)
                self.assertEqual(hashlib.sha256(got).digest(),
                                 hashlib.sha256(said).digest())
                self.assertEqual(code, 1000)
        self.through(serve, play)
        self.assertEqual(hashlib.sha256(seen["late"]).digest(),
                         hashlib.sha256(late).digest())

    def test_the_client_ends_first(self):
        """All it said arrives before its end, and its Close is answered behind
        the target's last words."""
        said = Pattern(7).take(8 * MIB)
        seen = {}

        async def serve(reader, writer):
            seen["said"] = await reader.read()
            writer.write(b"last words")

        async def play(url, b):
            async with connect(url) as ws:
                await ws.send(said)
                closing = asyncio.create_task(ws.close(1000, "enough"))
                got, code = await rest(ws)
                await closing
                self.assertEqual((got, code), (b"last words", 1000))
        self.through(serve, play)
        self.assertEqual(hashlib.sha256(seen["said"]).digest(),
                         hashlib.sha256(said).digest())

    def test_subprotocol(self):
        async def play(url, b):
            for offered, chosen in ((["binary"], "binary"),
                                    (["base64", "binary"], "binary"),
                                    (["chat"], None), (None, None)):
                async with connect(url, subprotocols=offered) as ws:
                    self.assertEqual(ws.subprotocol, chosen, offered)
        self.through(echo, play)

    def test_no_compression(self):
        """Offered, and not accepted."""
        async def play(url, b):
            async with connect(url, compression="deflate") as ws:
                self.assertEqual(ws.extensions, [])
                await ws.send(bytes(100000))
                self.assertEqual(await gather(ws, 100000), bytes(100000))
        self.through(echo, play)

    def test_short_connections(self):
        """Many, each whole; nothing of them is left."""
        async def play(url, b):
            turns = iter(range(SHORT))
            done = set()

            async def visit():
                for i in turns:
                    async with connect(url, ping_interval=None) as ws:
                        await ws.send(b"%d" % i)
                        self.assertEqual(await ws.recv(), b"%d" % i)
                    self.assertEqual(ws.close_code, 1000)
                    done.add(i)
            for _ in range(AT_ONCE):  # what there is at rest
                async with connect(url) as ws:
                    await ws.send(b"x")
                    await ws.recv()
            before = b.descriptors
            await asyncio.gather(*(visit() for _ in range(AT_ONCE)))
            self.assertEqual(len(done), SHORT)
            while b.descriptors > before:
                await asyncio.sleep(0.01)
        self.through(echo, play)

    def test_refused(self):
        """The library is told by HTTP."""
        async def play(url, b):
            for query, status in (("target=other.example", 403),
                                  ("target=a:b:c", 400)):
                with self.assertRaises(websockets.InvalidStatusCode) as e:
                    await connect(f"ws://127.0.0.1:{b.port}/?{query}")
                self.assertEqual(e.exception.status_code, status)
        self.through(echo, play)


class Secure(Case):
    def test_wss(self):
        """Volume over TLS, both ways, and the half-closes."""
        import test_bridge_operate
        cert, key, _ = test_bridge_operate.certificate("wss", "localhost")
        context = ssl.create_default_context(cafile=str(cert))
        sent = Pattern(8).take(8 * MIB)

        async def run():
            async with Target(echo) as target:
                with Bridge([target.address], "--tls-listen", "127.0.0.1:0",
                            "--cert", cert, "--key", key) as b:
                    url = (f"wss://localhost:{b.tls_port}/"
                           f"?target={target.address}")
                    async with connect(url, ssl=context) as ws:
                        got, _ = await asyncio.gather(
                            gather(ws, len(sent)), ws.send(sent))
                        self.assertEqual(hashlib.sha256(got).digest(),
                                         hashlib.sha256(sent).digest())
        asyncio.run(run())


if __name__ == "__main__":
    bridge.main()
