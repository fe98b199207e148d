/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * audit_verdict.c - one line of JSON for each verdict over a connection.
 */
#include "audit.h"

#include "base/buf.h"
#include "base/bytes.h"
#include "base/json_out.h"

/* What was found out about it, as far as it came: its bundle, if one is kept,
 * has this beginning of the nonce in its name. */
static void
put_session(struct assay_json_out *o, const struct assay_client *session)
{
    const struct assay_verdict *v = assay_client_verdict(session);
    const struct assay_session_facts facts = assay_client_facts(session);
    const char *tcb =
        v != NULL ? assay_tcb_status_name(assay_verdict_tcb_status(v)) : NULL;
    const uint8_t *nonce = facts.nonce;

    assay_json_out_hex(o, "evidence",
                       (struct assay_slice){nonce, PROOF_EVIDENCE_BYTES / 2});
    if (tcb != NULL) {
        assay_json_out_text(o, "tcb", tcb);
    }
}

static void
put_why(struct assay_json_out *o, struct assay_attested *a,
        const struct assay_error *why, bool peer)
{
    const struct assay_client *session = assay_attested_session(a);
    struct failure f;

    failure_of_session(&f, why, peer, assay_attested_phase(a),
                       session != NULL ? assay_client_verdict(session) : NULL,
                       0);
    assay_json_out_text(o, "error", f.code);
}

void
audit_put_verdict(const struct provider *provider, struct assay_attested *a,
                  const struct assay_error *why, bool peer, int64_t now_s,
                  struct assay_buf *to)
{
    bool trusted = why->code == ASSAY_OK;
    struct assay_json_out o;

    assay_json_out_init(&o, to, true);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_time(&o, "time", now_s);
    assay_json_out_text(&o, "provider", provider->name);
    assay_json_out_text(&o, "verdict",
                        trusted ? "trusted"
                        : peer  ? "refused"
                                : "failed");
    if (assay_attested_session(a) != NULL) {
        put_session(&o, assay_attested_session(a));
    }
    if (!trusted) {
        put_why(&o, a, why, peer);
    }
    assay_json_out_close(&o, '}');
    assay_buf_add_u8(to, '\n');
}
