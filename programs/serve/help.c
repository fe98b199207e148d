/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * help.c - what assay-serve --help prints.
 */
#include "help.h"

const char serve_help[] =
    "Usage: assay-serve --backend ADDRESS (--cert FILE --key FILE |\n"
    "                   --self-signed NAME[,NAME...]) [OPTIONS]\n"
    "\n"
    "Runs inside of a TD: terminates TLS 1.3, proves the TD to clients that\n"
    "ask (POST /tdx_quote), and forwards every other request to an HTTP/1.1\n"
    "backend. ADDRESS is HOST:PORT or unix:PATH.\n"
    "\n"
    "      --listen HOST:PORT     where clients come (127.0.0.1:8443; port 0:\n"
    "                             any that is free)\n"
    "      --backend ADDRESS      where requests go\n"
    "      --cert FILE            certificate chain (PEM), leaf first\n"
    "      --key FILE             its private key (PEM)\n"
    "      --self-signed NAMES    a fresh key and certificate for these names\n"
    "      --cert-out FILE        write the certificate chain (PEM) there\n"
    "      --quotes SOURCE        auto, dstack[:SOCKET] or configfs[:DIR]\n"
    "      --announce WHEN        tell the platform the certificate: auto,\n"
    "                             required or off\n"
    "      --max-connections N    clients at a time (1024); more have to wait\n"
    "      --max-quotes N         quotes made at a time (16)\n"
    "      --max-body BYTES       largest body of a request (any)\n"
    "      --header-timeout S     for the handshake, and for a head (15)\n"
    "      --idle-timeout S       between two requests (600)\n"
    "      --body-timeout S       a client's longest pause in a body (60)\n"
    "      --backend-timeout S    the backend's longest silence (300)\n"
    "      --quote-timeout S      for one quote (30)\n"
    "      --drain S              at the end, for requests under way (10)\n"
    "      --ready-file FILE      write the address as JSON once it listens\n"
    "      --log json|text        form of the log on standard error (text)\n"
    "  -v, --verbose              log every request\n"
    "      --check                check all of this and exit\n"
    "      --version\n"
    "  -h, --help\n"
    "\n"
    "SIGTERM or SIGINT ends it. Exit: 0 done, 2 something could not be used,\n"
    "64 usage.\n";
