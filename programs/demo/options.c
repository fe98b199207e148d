/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * options.c - see options.h.
 */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/host.h"

const char demo_help[] =
    "Usage: assay demo [OPTIONS] [ATTACK...]\n"
    "       assay demo --browser [OPTIONS]\n"
    "\n"
    "Starts a simulated TDX platform, assay-serve on it and a backend, lets a\n"
    "client (assay get) talk to them, and then shows how the same client\n"
    "refuses each attack. Everything happens on loopback and in one folder,\n"
    "and nothing is left running.\n"
    "\n"
    "With --browser it serves a page instead, which does the same in a "
    "browser\n"
    "of this machine, through assay-bridge, and runs until Control-C.\n"
    "\n"
    "  --keep DIR        keep the folder, as DIR: policy, keys, what clients "
    "said\n"
    "  --json            one JSON object; with --browser, where all of it is\n"
    "  --list            names of the attacks\n"
    "  --browser         a chat with a toy model, in a page\n"
    "  --listen ADDRESS  where the page is: HOST:PORT of loopback "
    "(127.0.0.1:0,\n"
    "                    a free port)\n"
    "  --page-dir DIR    the page's files: index.html, ..., and assay-js/\n"
    "  --version\n"
    "  -h, --help        this text\n"
    "\n"
    "Exit: 0 the server was trusted and every attack refused by the check "
    "that\n"
    "is for it, or the page was served; 1 not so, 2 it could not be run, 64\n"
    "usage.\n";

enum option_id {
    OPT_KEEP = 256,
    OPT_JSON,
    OPT_LIST,
    OPT_BROWSER,
    OPT_LISTEN,
    OPT_PAGE_DIR,
    OPT_VERSION
};

static bool
usage(const char *what, const char *which, enum demo_exit *exit)
{
    (void)fprintf(stderr, "assay-demo: %s '%.60s' (try 'assay demo --help')\n",
                  what, which);
    *exit = DEMO_USAGE;
    return false;
}

static bool
take_options(struct options *o, int argc, char **argv, const char **listen,
             enum demo_exit *exit)
{
    static const struct option longs[] = {
        {"keep", required_argument, NULL, OPT_KEEP},
        {"json", no_argument, NULL, OPT_JSON},
        {"list", no_argument, NULL, OPT_LIST},
        {"browser", no_argument, NULL, OPT_BROWSER},
        {"listen", required_argument, NULL, OPT_LISTEN},
        {"page-dir", required_argument, NULL, OPT_PAGE_DIR},
        {"version", no_argument, NULL, OPT_VERSION},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int found;

    opterr = 0;
    while ((found = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
        switch (found) {
        case OPT_KEEP:
            o->keep = optarg;
            break;
        case OPT_JSON:
            o->json = true;
            break;
        case OPT_LIST:
            o->task = DEMO_LIST;
            break;
        case OPT_BROWSER:
            o->task = DEMO_BROWSER;
            break;
        case OPT_LISTEN:
            *listen = optarg;
            break;
        case OPT_PAGE_DIR:
            o->page_dir = optarg;
            break;
        case OPT_VERSION:
            o->task = DEMO_VERSION;
            break;
        case 'h':
            o->task = DEMO_HELP;
            break;
        default:
            return usage(found == ':' ? "a value is missing for"
                                      : "unknown option",
                         argv[optind - 1], exit);
        }
    }
    return true;
}

static bool
is_loopback(const struct assay_address *a)
{
    static const uint8_t ipv6_loopback[16] = {[15] = 1};
    struct assay_slice host = assay_slice_of(a->host);
    uint8_t ip[16];

    if (a->is_unix) {
        return false;
    }
    return assay_slice_is(host, "localhost") ||
           (assay_host_ipv4(host, ip) && ip[0] == 127) ||
           (assay_host_ipv6(host, ip) &&
            memcmp(ip, ipv6_loopback, sizeof(ip)) == 0);
}

/* A server that does what it is told, attacks included, is for this machine
 * alone. */
static bool
take_listen(struct options *o, const char *listen, enum demo_exit *exit)
{
    struct assay_error err;

    assay_error_clear(&err);
    return (assay_address_parse(listen != NULL ? listen : "127.0.0.1:0", NULL,
                                &o->listen, &err) == ASSAY_OK &&
            is_loopback(&o->listen)) ||
           usage("--listen must be HOST:PORT of loopback, not", listen, exit);
}

static bool
take_attacks(struct options *o, int argc, char **argv, enum demo_exit *exit)
{
    for (int i = optind; i < argc; i++) {
        const struct attack *a = attack_find(argv[i]);

        if (a == NULL || o->count == DEMO_ATTACKS_MAX) {
            return usage("no such attack, see --list:", argv[i], exit);
        }
        o->attacks[o->count++] = a;
    }
    for (size_t i = 0; optind == argc && i < attack_count; i++) {
        o->attacks[o->count++] = &attacks[i];
    }
    return true;
}

bool
options_parse(struct options *o, int argc, char **argv, enum demo_exit *exit)
{
    const char *listen = NULL;

    memset(o, 0, sizeof(*o));
    if (!take_options(o, argc, argv, &listen, exit)) {
        return false;
    }
    if (o->task == DEMO_BROWSER && optind < argc) {
        return usage("--browser takes no attack:", argv[optind], exit);
    }
    if (o->task == DEMO_RUN && (listen != NULL || o->page_dir != NULL)) {
        return usage("only with --browser:",
                     listen != NULL ? "--listen" : "--page-dir", exit);
    }
    return take_listen(o, listen, exit) && take_attacks(o, argc, argv, exit);
}
