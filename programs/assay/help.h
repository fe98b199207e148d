/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * help.h - what the help of several commands says of options that they share.
 */
#pragma once

/* Of a session of one's own: `get` and `pipe`. */
#define HELP_SESSION                                                           \
    "  --ca FILE           TLS roots (PEM) beside the system's\n"              \
    "  --resolve HOST:PORT:ADDRESS\n"                                          \
    "                      where that host is, repeatable\n"                   \
    "  --proxy URL         http proxy for CONNECT; '' for none. Default:\n"    \
    "                      HTTPS_PROXY, but for NO_PROXY\n"                    \
    "  --wire v2|v1|v0     one of the policy's wires (its first)\n"            \
    "  --quotes SPEC       where this side's evidence comes from, if the\n"    \
    "                      server requires it: dstack[:SOCKET],\n"             \
    "                      configfs[:DIR] or auto\n"                           \
    "  --root FILE         trust this root (PEM) instead of Intel's\n"         \
    "  --pccs URL[,URL...] sources of collateral; 'intel' is Intel's "         \
    "PCS\n" HELP_DIALING

/* Of a session that only looks: `policy pin` and `policy diff`. */
#define HELP_LOOK                                                              \
    "  --ca FILE           TLS roots (PEM) beside the system's\n"              \
    "  --resolve HOST:PORT:ADDRESS, --proxy URL, --wire v2|v1|v0\n"            \
    "                      as of 'assay get'\n"

/* How collateral is asked for, and anything that is dialed. */
#define HELP_DIALING                                                           \
    "  --pccs-ca FILE      TLS roots (PEM) of the sources\n"                   \
    "  --collateral FILE   this bundle, and no sources\n"                      \
    "  --no-cache          neither read nor write collateral on disk\n"        \
    "  --connect-timeout S seconds to connect (10)\n"                          \
    "  --timeout S         seconds of each further phase (30)\n"               \
    "  -h, --help          this text\n"

/* How collateral is asked for where nothing else is dialed. */
#define HELP_SOURCES                                                           \
    "  --pccs URL[,URL...] sources in order; 'intel' names Intel's PCS.\n"     \
    "                      Plain http only if the URL says http://\n"          \
    "  --pccs-ca FILE      TLS roots (PEM) of the sources\n"
#define HELP_SOURCE_TIMEOUTS                                                   \
    "  --connect-timeout S seconds to connect (5)\n"                           \
    "  --timeout S         seconds per request (20); four are made\n"
