/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * options_check.c - whether the settings go together.
 */
#include <string.h>

#include "base/host.h"
#include "options.h"

bool
options_wire(struct assay_slice name, enum assay_wire *out)
{
    for (int w = 0; w < (int)ASSAY_WIRE_COUNT; w++) {
        if (assay_slice_is(name, assay_wire_name((enum assay_wire)w))) {
            *out = (enum assay_wire)w;
            return true;
        }
    }
    return false;
}

bool
options_is_local(const struct assay_address *a)
{
    static const uint8_t loopback[16] = {[15] = 1};
    struct assay_slice host = assay_slice_of(a->host);
    uint8_t v4[4];
    uint8_t v6[16];

    if (a->is_unix || assay_host_is_localhost(host)) {
        return true;
    }
    if (assay_host_ipv4(host, v4)) {
        return v4[0] == 127;
    }
    return assay_host_ipv6(host, v6) && memcmp(v6, loopback, 16) == 0;
}

const char *
options_wrong_together(const struct options *o)
{
    if (o->codex_config == NULL && o->upstream_count == 0) {
        return "nothing to serve: --codex-config ~/.codex/config.toml, whose "
               "provider has use_ratls = true, or --config FILE with "
               "[upstreams.NAME]";
    }
    if (o->codex_wire != NULL && o->codex_config == NULL) {
        return "--codex-wire is for --codex-config; an upstream of --config "
               "has 'wires' in its policy";
    }
    if (!options_is_local(&o->listen)) {
        if (!o->allow_remote) {
            return "--listen: this address is not of this machine alone, and "
                   "who reaches it may use the upstreams: 127.0.0.1:PORT, "
                   "[::1]:PORT, unix:PATH, or --allow-remote with "
                   "--token-file";
        }
        if (o->token_file == NULL) {
            return "--allow-remote wants --token-file";
        }
    }
    if (o->warm > o->max_links) {
        return "--warm is more than --max-links";
    }
    return NULL;
}
