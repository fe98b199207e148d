/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * help.c - what assay-bridge --help prints.
 */
#include "help.h"

#include <stddef.h>

const char *const bridge_help[] = {
    "Usage: assay-bridge --allow TARGET[,TARGET...] [OPTIONS]\n"
    "       assay-bridge --config FILE [OPTIONS]\n"
    "\n"
    "Connects WebSocket clients (browsers above all) to TCP targets:\n"
    "ws://BRIDGE/?target=HOST:PORT. What goes through it is not looked at; a\n"
    "client proves the target to itself, by attested TLS.\n"
    "\n",
    "Targets:\n"
    "      --allow LIST           targets that clients may have: HOST:PORT,\n"
    "                             HOST (443) or *.DOMAIN:PORT\n"
    "                             (ATLS_PROXY_ALLOWLIST); must be given\n"
    "      --target HOST:PORT     for clients that name none\n"
    "                             (ATLS_PROXY_TARGET; 127.0.0.1:8443)\n"
    "      --allow-private CIDR[,CIDR...]\n"
    "                             names may lead to these addresses, though\n"
    "                             they are not of the public internet (none)\n"
    "      --connect-timeout S    for the look-up and the connection (10)\n"
    "      --target-proxy-protocol v2|off\n"
    "                             tell targets of the client (off)\n"
    "\n",
    "Clients:\n"
    "      --listen ADDRESS       where they come: HOST:PORT or unix:PATH\n"
    "                             (ATLS_PROXY_LISTEN; 127.0.0.1:9000); or off\n"
    "      --tls-listen ADDRESS   the same for wss://\n"
    "      --cert FILE            for that: certificate chain (PEM), leaf "
    "first\n"
    "      --key FILE             its private key (PEM)\n"
    "      --path PATH            where tunnels begin (/)\n"
    "      --token-file FILE      they must show the token in this file: as\n"
    "                             'Authorization: Bearer TOKEN', or as the\n"
    "                             first subprotocol\n"
    "      --origins LIST         pages that may use it, as in\n"
    "                             https://app.example.com (any)\n"
    "      --trust-forwarded CIDR[,CIDR...]\n"
    "                             proxies whose X-Forwarded-For holds (none)\n"
    "      --handshake-timeout S  for a client's request (10)\n"
    "\n",
    "Limits:\n"
    "      --max-connections N    in all (10000)\n"
    "      --max-connections-per-address N\n"
    "                             of one client (256)\n"
    "      --max-connections-per-target N\n"
    "                             (any)\n"
    "      --rate N               new ones a second of one client (50; 0: "
    "any)\n"
    "      --burst N              new ones at once of one client (200)\n"
    "      --idle-timeout S       longest silence of a tunnel (600)\n"
    "      --ping-interval S      a silent client is asked whether it is "
    "there,\n"
    "                             and given up after as long again (30)\n"
    "      --max-lifetime S       of a tunnel (any)\n"
    "      --close-timeout S      from the first end to the last (10)\n"
    "\n",
    "Operation:\n"
    "      --config FILE          settings (TOML): NAME = VALUE for --NAME\n"
    "                             VALUE, which counts if both are given\n"
    "      --workers N            threads that serve (one for each core)\n"
    "      --drain S              at the end, for tunnels under way (10)\n"
    "      --ready-file FILE      write the address as JSON once it listens\n"
    "      --admin ADDRESS        /metrics, /healthz and /readyz: "
    "127.0.0.1:PORT,\n"
    "                             [::1]:PORT or unix:PATH\n"
    "      --access-log FILE      a line for each connection; or stderr, or\n"
    "                             off (stderr)\n"
    "      --sandbox WHEN         give up files and system calls that are not\n"
    "                             needed: auto (what the kernel can), strict\n"
    "                             (or do not start) or off (auto)\n"
    "      --log json|text        form of the logs (text)\n"
    "  -v, --verbose              log more\n"
    "      --check                check all of this, say what was found, exit\n"
    "      --dump-config          print the settings as a file for --config\n"
    "      --version\n"
    "  -h, --help\n"
    "\n",
    "SIGTERM or SIGINT ends it, SIGHUP reads everything anew, SIGUSR1 opens\n"
    "the access log anew. Exit: 0 done, 2 something could not be used, 64\n"
    "usage.\n",
    NULL,
};
