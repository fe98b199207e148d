/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * attested_needs.c - what an attested session needs of others: collateral, and
 * evidence of this side.
 */
#include "base/error.h"
#include "io/attested_state.h"
#include "io/moment.h"

/* --- evidence of this side ---------------------------------------------- */

static void
on_quoted(void *user, const struct assay_quoted *quoted,
          const struct assay_error *failure)
{
    struct assay_attested *a = user;
    struct assay_error err;

    a->quote = NULL;
    if (quoted == NULL) {
        assay_attested_fail(a, failure, false);
        return;
    }

    const struct assay_quote_reply evidence = {
        .quote = quoted->quote,
        .event_log = quoted->event_log,
        .vm_config = quoted->vm_config,
        .tcb_info = quoted->tcb_info,
    };

    if (assay_client_give_evidence(a->session, &evidence, &err) != ASSAY_OK) {
        assay_attested_fail(a, &err, false);
        return;
    }
    assay_attested_advance(a);
}

static void
find_evidence(struct assay_attested *a)
{
    uint8_t report_data[64];
    struct assay_error err;

    assay_attested_enter(a, ASSAY_PHASE_EVIDENCE);
    assay_error_clear(&err);
    if (a->o.quoter == NULL) {
        assay_fail(&err, ASSAY_MISSING, ASSAY_NO_OFFSET,
                   "%s: the server requires evidence of its clients, and no "
                   "source of it is named here (assay: --quotes)",
                   a->session_options.server_name);
        assay_attested_fail(a, &err, false);
        return;
    }
    assay_client_report_data(a->session, report_data);
    a->quote = assay_quoter_get(a->o.quoter, report_data, on_quoted, a);
    if (a->quote == NULL) {
        assay_fail(&err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                   "evidence: out of memory");
        assay_attested_fail(a, &err, false);
    }
}

/* --- collateral and verdict --------------------------------------------- */

static void
appraise(struct assay_attested *a)
{
    struct assay_error err;

    assay_attested_enter(a, ASSAY_PHASE_APPRAISE);
    assay_client_give_collateral(a->session,
                                 assay_supplied_collateral(a->supplied));
    assay_client_expect_evaluations(
        a->session,
        assay_supply_seen(a->o.supply, assay_client_need(a->session),
                          assay_now().wall_s));
    if (assay_client_appraise(a->session, assay_now(), &err) != ASSAY_OK) {
        assay_attested_flush(a);
        assay_attested_fail(a, &err, assay_client_peer_failed(a->session));
        return;
    }
    if (assay_client_state(a->session) == ASSAY_CLIENT_NEED_EVIDENCE) {
        find_evidence(a);
    } else {
        assay_attested_tell_open(a);
    }
}

static void
on_supplied(void *user, struct assay_supplied *supplied,
            const struct assay_error *err)
{
    struct assay_attested *a = user;

    a->call = NULL;
    if (supplied == NULL) {
        assay_attested_fail(a, err, false);
        return;
    }
    assay_supplied_release(a->supplied);
    a->supplied = supplied;
    appraise(a);
    assay_attested_advance(a);
}

void
assay_attested_find_collateral(struct assay_attested *a)
{
    const struct assay_collateral_need *need = assay_client_need(a->session);
    int64_t now_s = assay_now().wall_s;
    struct assay_supplied *have;
    struct assay_error err;

    assay_attested_enter(a, ASSAY_PHASE_COLLATERAL);
    have = assay_supply_have(a->o.supply, need, now_s);
    if (have != NULL) {
        assay_supplied_release(a->supplied);
        a->supplied = have;
        appraise(a);
        return;
    }
    a->call = assay_supply_get(a->o.supply, assay_client_quote(a->session),
                               need, assay_client_stapled(a->session), now_s,
                               on_supplied, a);
    if (a->call == NULL) {
        assay_error_clear(&err);
        assay_fail(&err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                   "collateral: out of memory");
        assay_attested_fail(a, &err, false);
    }
}
