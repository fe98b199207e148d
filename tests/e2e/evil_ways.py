# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What a bridge can do with octets that it should carry: see evil_bridge.py."""
import contextlib
import select
import socket
import ssl
import threading

LIMIT_S = 60
PIECE = 65536
UP, DOWN = "up", "down"  # to the server, to the page
HEADER = 5               # of a TLS record
APPLICATION_DATA = 23


class Honest:
    """Carries what comes, and keeps what it sees."""

    def __init__(self, port):
        self.port = port
        self.seen = {UP: bytearray(), DOWN: bytearray()}
        self.socks = []

    def connect(self):
        sock = socket.create_connection(("127.0.0.1", self.port), LIMIT_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socks.append(sock)
        return sock

    def carry(self, client):
        """Until one of the two has ended."""
        server = self.connect()
        thread = threading.Thread(target=self.bring, args=(client, server))
        thread.start()
        with contextlib.suppress(OSError):
            while octets := client.read():
                self.seen[UP] += octets
                for piece in self.pass_on(UP, octets):
                    server.sendall(piece)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        thread.join()

    def bring(self, client, server):
        with contextlib.suppress(OSError):
            while octets := server.recv(PIECE):
                self.seen[DOWN] += octets
                for piece in self.pass_on(DOWN, octets):
                    client.send(piece)
                    self.brought(client)
        client.close()

    def pass_on(self, direction, octets):
        return [octets]

    def brought(self, client):
        """A piece has gone to the page."""

    def end(self):
        for sock in self.socks:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


class Texter(Honest):
    """What it carries comes as text."""

    def bring(self, client, server):
        with contextlib.suppress(OSError):
            client.send(server.recv(PIECE).hex().encode(), 1)
            server.recv(PIECE)
        client.close()


# --- one that alters ------------------------------------------------------


class Records(Honest):
    """Looks at TLS records. change() is called with each; what it gives goes on
    in its place. `number` counts those of a direction."""

    def __init__(self, port):
        super().__init__(port)
        self.partial = {UP: b"", DOWN: b""}
        self.count = {UP: 0, DOWN: 0}

    def pass_on(self, direction, octets):
        waiting = self.partial[direction] + octets
        while len(waiting) >= HEADER:
            end = HEADER + int.from_bytes(waiting[3:HEADER])
            if len(waiting) < end:
                break
            number = self.count[direction]
            self.count[direction] += 1
            yield from self.change(direction, number, waiting[:end])
            waiting = waiting[end:]
        self.partial[direction] = waiting

    def change(self, direction, number, record):
        return [record]


def flipped(record, at):
    """With one bit of the octet `at` of its content changed."""
    changed = bytearray(record)
    changed[HEADER + at % (len(record) - HEADER)] ^= 1
    return bytes(changed)


class Flip(Records):
    """One bit of one record, the so manieth of its direction."""

    def __init__(self, port, direction, number, at):
        super().__init__(port)
        self.where = (direction, number)
        self.at = at
        self.done = False

    def change(self, direction, number, record):
        if (direction, number) != self.where:
            return [record]
        self.done = True
        return [flipped(record, self.at)]


class Armed(Records):
    """Honest until it is told what to do with the next record of a direction."""

    order = None
    held = None
    done = False

    def arm(self, direction, deed):
        """deed: a method of this class."""
        self.order = (direction, deed)

    def change(self, direction, number, record):
        if self.order is None or self.order[0] != direction:
            return [record]
        return getattr(self, self.order[1])(record)

    def once(self):
        self.done = True
        self.order = None

    def flip(self, record):
        self.once()
        return [flipped(record, 20)]

    def drop(self, record):
        self.once()
        return []

    def double(self, record):
        self.once()
        return [record, record]

    def invent(self, record):
        self.once()
        return [bytes([APPLICATION_DATA, 3, 3, 0, 40]) + bytes(40), record]

    def swap(self, record):
        """With the next one, which must come."""
        if self.held is None:
            self.held = record
            return []
        self.once()
        return [record, self.held]

    def cut(self, record):
        """It and all that comes later is lost, and the page is told that the
        server has ended the connection well."""
        self.done = True
        return [None]

    def bring(self, client, server):
        with contextlib.suppress(OSError, EOFError):
            while octets := server.recv(PIECE):
                for piece in self.pass_on(DOWN, octets):
                    if piece is None:
                        raise EOFError
                    client.send(piece)
        client.close()


# --- one that takes the server's place ----------------------------------------


class Recorded(Honest):
    """Answers with what a server has said to another client."""

    octets = b""

    def carry(self, client):
        with contextlib.suppress(OSError):
            client.read()
            client.send(self.octets)
            while client.read():
                pass


class Middleman(Honest):
    """Ends TLS itself. `context` has its own certificate; `heard` is all that it
    could read of the page's, `told` what the true server has said to it."""

    context = None

    def __init__(self, port):
        super().__init__(port)
        self.heard = bytearray()
        self.told = bytearray()

    def carry(self, client):
        near, far = socket.socketpair()
        self.socks += [near, far]
        threads = [threading.Thread(target=f, args=(client, far))
                   for f in (self.lift, self.lower)]
        for thread in threads:
            thread.start()
        try:
            with self.context.wrap_socket(near, server_side=True) as page:
                self.meet(page)
        except OSError:  # of TLS, too
            pass
        self.end()
        client.close()
        client.end()
        for thread in threads:
            thread.join()

    def lift(self, client, far):
        with contextlib.suppress(OSError):
            while octets := client.read():
                far.sendall(octets)
            far.shutdown(socket.SHUT_WR)

    def lower(self, client, far):
        with contextlib.suppress(OSError):
            while octets := far.recv(PIECE):
                client.send(octets)

    def meet(self, page):
        """Everything the page says goes to the true server, and back."""
        with trusting_all().wrap_socket(
                self.connect(), server_hostname="localhost") as server:
            while True:
                one, octets = next_of(page, server)
                if one is page:
                    self.heard += octets
                    server.sendall(octets)
                else:
                    self.told += octets
                    page.sendall(octets)


class Replayer(Middleman):
    """Shows the page evidence that the true server has given somebody else."""

    evidence = b""

    def meet(self, page):
        while not self.heard.endswith(b'"}'):
            self.heard += page.recv(PIECE)
        page.sendall(self.evidence)
        with contextlib.suppress(OSError):
            while octets := page.recv(PIECE):
                self.heard += octets


def next_of(*socks):
    """Who has something to say, and what. A TLS record may be none for us."""
    while True:
        waiting = [s for s in socks if s.pending()]
        waiting = waiting or select.select(socks, [], [], LIMIT_S)[0]
        if not waiting:
            raise TimeoutError
        sock = waiting[0]
        sock.settimeout(0)
        try:
            octets = sock.recv(PIECE)
        except ssl.SSLWantReadError:
            continue
        finally:
            sock.settimeout(LIMIT_S)
        if not octets:
            raise ConnectionError
        return sock, octets


def trusting_all():
    """A client's context that an attacker has."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def certified(cert, key):
    """A server's context."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(cert, key)
    return context
