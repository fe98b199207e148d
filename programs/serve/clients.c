/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * clients.c - clients that must attest.
 */
#include "clients.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/error.h"
#include "daemon/seldom.h"
#include "io/moment.h"

struct clients {
    unsigned holders;
    struct clients_of of;
    struct assay_supply *supply;
    struct seldom unjudged;
};

struct judgement {
    struct clients *clients;
    struct assay_server *session;
    const char *peer;
    struct assay_supply_call *call;
    void (*answered)(void *user);
    void *user;
};

/* --- life --------------------------------------------------------------- */

struct clients *
clients_new(const struct clients_of *of)
{
    const struct trust *t = &of->site->trust;
    struct assay_supply_options o;
    struct clients *c;

    if (t->policy == NULL) {
        return NULL;
    }
    c = calloc(1, sizeof(*c));
    if (c == NULL) {
        return NULL;
    }
    o = site_supply(of->site, of->ctx, of->site->options.client_ms);
    c->supply = assay_supply_new(of->loop, &o);
    if (c->supply == NULL) {
        free(c);
        return NULL;
    }
    c->holders = 1;
    c->of = *of;
    (void)site_hold(of->site);
    return c;
}

struct clients *
clients_hold(struct clients *c)
{
    if (c != NULL) {
        c->holders++;
    }
    return c;
}

void
clients_drop(struct clients *c)
{
    if (c != NULL && --c->holders == 0) {
        assay_supply_free(c->supply);
        site_drop(c->of.site);
        free(c);
    }
}

enum assay_code
clients_require(const struct site *site, const struct clients *c,
                struct assay_server *session, struct assay_error *err)
{
    const struct trust *t = &site->trust;
    struct assay_requirement r;

    if (t->policy == NULL) {
        return ASSAY_OK;
    }
    if (c == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "evidence of clients");
    }
    r = (struct assay_requirement){
        .verifier = trust_verifier(t),
        .root = trust_root(t),
        .policy = t->policy,
    };
    return assay_server_require(session, &r, err);
}

/* --- judging ------------------------------------------------------------ */

/* The log is told the values, too, of which the client learns nothing. */
static void
tell(const struct clients *c, const char *peer, const char *why)
{
    bool trusted = why == NULL;

    metrics_add(c->of.metrics,
                trusted ? METRIC_CLIENTS_TRUSTED : METRIC_CLIENTS_REFUSED, 1);
    log_event(c->of.log, trusted ? LOG_DEBUG : LOG_INFO,
              trusted ? "client trusted" : "client refused",
              (struct log_field[]){
                  {"peer", assay_slice_of(peer)},
                  {"reason", assay_slice_of(trusted ? "" : why)},
              },
              trusted ? 1 : 2);
}

static void
refuse(struct clients *c, struct assay_server *session, const char *peer,
       const struct assay_refusal *why)
{
    assay_server_refuse_client(session, why);
    tell(c, peer, why->message);
}

static void
appraise(struct clients *c, struct assay_server *session, const char *peer,
         const struct assay_supplied *supplied)
{
    struct assay_now now = assay_now();
    struct assay_error err;

    assay_server_give_collateral(session, assay_supplied_collateral(supplied));
    assay_server_expect_evaluations(
        session,
        assay_supply_seen(c->supply, assay_server_need(session), now.wall_s));
    (void)!assay_server_appraise(session, now, &err);
    tell(c, peer, err.code == ASSAY_OK ? NULL : err.msg);
}

/* There is no collateral; why is ours to know. */
static void
refuse_unjudged(struct clients *c, struct assay_server *session,
                const char *peer, const struct assay_error *err)
{
    static const struct assay_refusal unable = {
        .status = 503,
        .code = "client_not_judged",
        .message = "this server has no collateral to judge evidence by",
        .hint = "the server's log says why: can it reach its sources?",
        .retry_after_s = 30,
    };

    seldom_failure(&c->unjudged, uv_now(c->of.loop), c->of.log,
                   "no collateral for a client", err);
    refuse(c, session, peer, &unable);
}

static void
end(struct judgement *j)
{
    atomic_fetch_sub(j->clients->of.appraisals, 1);
    free(j);
}

static void
on_supplied(void *user, struct assay_supplied *supplied,
            const struct assay_error *err)
{
    struct judgement *j = user;
    void (*answered)(void *) = j->answered;
    void *whom = j->user;

    if (supplied != NULL) {
        appraise(j->clients, j->session, j->peer, supplied);
    } else {
        refuse_unjudged(j->clients, j->session, j->peer, err);
    }
    assay_supplied_release(supplied);
    end(j);
    answered(whom);
}

/* A place among those that wait; false: there is none left. */
static bool
enter(const struct clients *c)
{
    if (atomic_fetch_add(c->of.appraisals, 1) < c->of.max_appraisals) {
        return true;
    }
    atomic_fetch_sub(c->of.appraisals, 1);
    return false;
}

static struct judgement *
wait_for_collateral(struct clients *c, struct assay_server *session,
                    const char *peer, int64_t now_s)
{
    struct judgement *j = calloc(1, sizeof(*j));

    if (j == NULL) {
        return NULL;
    }
    j->clients = c;
    j->session = session;
    j->peer = peer;
    j->call = assay_supply_get(c->supply, assay_server_client_quote(session),
                               assay_server_need(session), ASSAY_EMPTY, now_s,
                               on_supplied, j);
    if (j->call == NULL) {
        free(j);
        return NULL;
    }
    return j;
}

struct judgement *
clients_judge(struct clients *c, struct assay_server *session, const char *peer,
              void (*answered)(void *user), void *user)
{
    static const struct assay_refusal busy = {
        .status = 503,
        .code = "busy",
        .message = "evidence of many clients is being judged",
        .retry_after_s = 1,
    };
    int64_t now_s = assay_now().wall_s;
    struct assay_supplied *have =
        assay_supply_have(c->supply, assay_server_need(session), now_s);
    struct judgement *j = NULL;

    if (have != NULL) {
        appraise(c, session, peer, have);
        assay_supplied_release(have);
        return NULL;
    }
    if (enter(c)) {
        j = wait_for_collateral(c, session, peer, now_s);
        if (j != NULL) {
            j->answered = answered;
            j->user = user;
            return j;
        }
        atomic_fetch_sub(c->of.appraisals, 1);
    }
    refuse(c, session, peer, &busy);
    return NULL;
}

void
clients_cancel(struct judgement *j)
{
    if (j != NULL) {
        assay_supply_cancel(j->call);
        end(j);
    }
}

void
clients_give_up(struct judgement *j)
{
    struct assay_error late;

    assay_error_clear(&late);
    assay_fail(&late, ASSAY_TIMEOUT, ASSAY_NO_OFFSET,
               "collateral: not found within --client-timeout");
    refuse_unjudged(j->clients, j->session, j->peer, &late);
    clients_cancel(j);
}
