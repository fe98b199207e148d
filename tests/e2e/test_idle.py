# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What an attested connection costs while nothing happens on it."""
import resource
import socket
import ssl
import sys

import harness
import test_serve
from backend import Backend
from harness import Case
from test_serve import GOOD, LIMIT_S, SERVE, SLOW_BUILD, Serve
from test_sim import SIM, Sim

WANTED = 600
EACH_KIB = 40
ASK = (b"POST /tdx_quote HTTP/1.1\r\nHost: localhost\r\n"
       b"Content-Length: %d\r\n\r\n%s" % (len(GOOD), GOOD))


class Idle(Case):
    def attested(self, context, serve):
        tls = context.wrap_socket(
            socket.create_connection(("127.0.0.1", serve.port), LIMIT_S),
            server_hostname="localhost")
        tls.sendall(ASK)
        head = b""
        while b"\r\n\r\n" not in head:
            head += tls.recv(65536)
        head, _, body = head.partition(b"\r\n\r\n")
        self.assertIn(b" 200 ", head.split(b"\r\n")[0])
        length = next(int(line[15:]) for line in head.split(b"\r\n")
                      if line.lower().startswith(b"content-length:"))
        while len(body) < length:
            body += tls.recv(65536)
        return tls

    def test_memory(self):
        room = resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2 - 100
        count = min(WANTED, room)
        with Backend() as backend, Serve(backend, "--workers", "1") as serve:
            context = ssl.create_default_context(cafile=str(serve.ca))
            kept = [self.attested(context, serve) for _ in range(20)]
            before = serve.rss_kib
            kept += [self.attested(context, serve) for _ in range(count)]
            each = (serve.rss_kib - before) / count
            for tls in kept:
                tls.close()
        if not SLOW_BUILD:
            self.assertLess(each, EACH_KIB)


if __name__ == "__main__":
    for program in (SERVE, SIM):
        if not program.exists():
            print(f"SKIPPED everything: {program} is not there")
            sys.exit(77)
    with Sim(now=None) as test_serve.SIMULATOR:
        harness.main()
