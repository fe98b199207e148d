/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * options.c - see options.h.
 */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

const char demo_help[] =
    "Usage: assay demo [OPTIONS] [ATTACK...]\n"
    "\n"
    "Starts a simulated TDX platform, assay-serve on it and a backend, lets a\n"
    "client (assay get) talk to them, and then shows how the same client\n"
    "refuses each attack. Everything happens on loopback and in one folder,\n"
    "and nothing is left running.\n"
    "\n"
    "  --keep DIR     keep the folder, as DIR: policy, keys, what clients "
    "said\n"
    "  --json         one JSON object\n"
    "  --list         names of the attacks\n"
    "  --version\n"
    "  -h, --help     this text\n"
    "\n"
    "Exit: 0 the server was trusted and every attack refused by the check "
    "that\n"
    "is for it, 1 not so, 2 it could not be run, 64 usage.\n";

enum option_id { OPT_KEEP = 256, OPT_JSON, OPT_LIST, OPT_VERSION };

static bool
usage(const char *what, const char *which, enum demo_exit *exit)
{
    (void)fprintf(stderr, "assay-demo: %s '%.60s' (try 'assay demo --help')\n",
                  what, which);
    *exit = DEMO_USAGE;
    return false;
}

static bool
take_options(struct options *o, int argc, char **argv, enum demo_exit *exit)
{
    static const struct option longs[] = {
        {"keep", required_argument, NULL, OPT_KEEP},
        {"json", no_argument, NULL, OPT_JSON},
        {"list", no_argument, NULL, OPT_LIST},
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

bool
options_parse(struct options *o, int argc, char **argv, enum demo_exit *exit)
{
    memset(o, 0, sizeof(*o));
    if (!take_options(o, argc, argv, exit)) {
        return false;
    }
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
