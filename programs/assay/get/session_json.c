/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * session_json.c - the verdict document of a session.
 */
#include "session_json.h"

#include "base/error.h"
#include "base/json_out.h"
#include "io/attested_json.h"
#include "programs/assay/report_json.h"

/* The verdict's object is closed; it is opened again for one more member. */
static void
reopen(struct assay_buf *out, struct assay_json_out *o)
{
    while (out->len > 0 && out->ptr[out->len - 1] != '}') {
        out->len--;
    }
    out->len--;
    while (out->len > 0 &&
           (out->ptr[out->len - 1] == '\n' || out->ptr[out->len - 1] == ' ')) {
        out->len--;
    }
    assay_json_out_init(o, out, false);
    o->depth = 1;
    o->need_comma = true;
}

/* A verdict stands if it refused the server, or if the session was open when
 * it ended, whatever ended it: not if later evidence never came. */
static bool
verdict_stands(const struct assay_attested *a, const struct assay_error *why)
{
    return why->code == ASSAY_OK || why->code == ASSAY_NOT_TRUSTED ||
           assay_attested_phase(a) == ASSAY_PHASE_COUNT;
}

enum assay_code
session_json(struct assay_attested *a, const char *server_name,
             const struct assay_error *why, struct assay_buf *out,
             struct assay_error *err)
{
    const struct assay_client *c = a != NULL ? assay_attested_session(a) : NULL;
    const struct assay_verdict *v = c != NULL ? assay_client_verdict(c) : NULL;
    struct assay_json_out o;

    assay_error_clear(err);
    if (v != NULL && verdict_stands(a, why)) {
        (void)!assay_verdict_to_json(v, assay_client_quote(c),
                                     assay_attested_collateral(a), out, err);
    } else {
        report_json_error_to(out, why);
    }
    if (err->code != ASSAY_OK ||
        assay_buf_check(out, "verdict", err) != ASSAY_OK) {
        return err->code;
    }
    reopen(out, &o);
    assay_attested_out(&o, "session", a, server_name);
    assay_json_out_close(&o, '}');
    return assay_buf_check(out, "verdict", err);
}
