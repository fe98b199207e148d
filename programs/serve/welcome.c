/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * welcome.c - who a client is, by its address or by the balancer's PROXY
 * header, and whether there is a place for it.
 */
#include <string.h>

#include "client.h"
#include "io/proxy_header.h"
#include "site.h"

void
welcome_client(struct connection *c)
{
    const struct options *o = &c->site->options;
    struct cidr_ip ip;

    if (!cidr_ip_of(assay_stream_peer(c->stream), &ip)) {
        return; /* a Unix socket: whoever may open it */
    }
    c->trusted = cidr_has(o->trust_forwarded, &ip);
    if (o->max_per_address > 0) {
        c->place = crowd_enter(&c->all->crowd, &ip, o->max_per_address);
        c->cut = c->place == NULL;
    }
}

void
welcome_behind_preface(struct connection *c)
{
    struct assay_proxy_header h;
    struct assay_error err;
    size_t used;

    if (assay_proxy_header_read(assay_queue_slice(&c->in), &h, &used, &err) !=
        ASSAY_OK) {
        log_failure(c->all->log, LOG_DEBUG, "no PROXY header", &err);
        c->cut = true;
    } else if (used > 0) {
        assay_queue_take(&c->in, used);
        c->preface = false;
        if (h.known) {
            assay_stream_set_peer(c->stream, h.source);
            memcpy(c->local, h.destination, sizeof(c->local));
        }
        welcome_client(c);
    }
}
