/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * found_session.c - the evidence of a server, over an attested session that
 * ends as soon as it is open.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "found.h"
#include "programs/assay/get/get.h"

struct look {
    struct get g;
    struct options rest;
    struct found *found;
};

static void
on_open(void *user)
{
    struct look *s = user;
    const struct assay_client *c = assay_attested_session(s->g.conn);
    struct assay_session_facts facts = assay_client_facts(c);
    struct assay_error err;

    s->found->in_session = true;
    s->found->certificate_checked = facts.certificate_checked;
    s->found->wire = facts.wire;
    (void)!found_take(s->g.ctx, assay_client_verdict(c), assay_client_quote(c),
                      assay_client_offered(c).app_compose, s->found, &err);
    get_end(&s->g, &err, false);
}

static void
on_failed(void *user, const struct assay_error *err, bool peer)
{
    struct look *s = user;

    get_end(&s->g, err, peer);
}

static void
look(struct look *s)
{
    static const struct assay_attested_events events = {
        .open = on_open,
        .failed = on_failed,
    };

    s->g.session.keep_evidence = true;
    get_connect(&s->g, &events, s);
    get_run(&s->g);
}

/* "HOST:PORT" is short for "https://HOST:PORT/". */
static enum assay_code
parse_server(const char *server, struct assay_uri *uri, struct assay_error *err)
{
    char text[512];
    bool whole = strstr(server, "://") != NULL;
    int n = snprintf(text, sizeof(text), "%s%s%s", whole ? "" : "https://",
                     server, whole ? "" : "/");

    if (n < 0 || (size_t)n >= sizeof(text)) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "the server's name is too long");
    }
    if (assay_uri_parse(assay_slice_of(text), uri, err) == ASSAY_OK &&
        !uri->https) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "an attested session needs https://");
    }
    return err->code;
}

enum assay_code
found_in_session(const struct command *c, const struct options *o,
                 const char *server, const struct found_terms *t,
                 struct found *f, bool *peer, struct assay_error *err)
{
    struct look *s = calloc(1, sizeof(*s)); /* the loop is in it, see below */

    assay_error_clear(err);
    *peer = false;
    if (s == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "out of memory");
    }
    s->found = f;
    s->g.c = c;
    s->rest = found_options(o);
    s->g.o = &s->rest;
    if (parse_server(server, &s->g.uri, err) != ASSAY_OK ||
        found_policy(o, t, f, &s->g.policy, err) != ASSAY_OK) {
        free(s);
        return err->code;
    }
    (void)snprintf(f->from, sizeof(f->from), "%s:%u", s->g.uri.host,
                   (unsigned)s->g.uri.port);
    get_init(&s->g);
    if (get_set_up_session(&s->g) == ASSAY_OK) {
        look(s);
    }
    *err = s->g.err;
    *peer = s->g.peer_failed;
    /* False: a name is still being looked up, and the thread that does it will
     * write into the loop. The process ends soon; until then, this stays. */
    if (get_free(&s->g)) {
        free(s);
    }
    return err->code;
}
