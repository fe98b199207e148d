/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * session_json.c - the verdict document of a session.
 */
#include "session_json.h"

#include "base/error.h"
#include "base/json_out.h"
#include "programs/assay/report_json.h"

static void
put_hex(struct assay_json_out *o, const char *name, const uint8_t *bytes,
        size_t n, bool there)
{
    if (there) {
        assay_json_out_hex(o, name, (struct assay_slice){bytes, n});
    } else {
        assay_json_out_null(o, name);
    }
}

static void
put_phases(struct assay_json_out *o, const struct assay_attested *a)
{
    assay_json_out_open(o, "phases_us", '{');
    for (int p = 0; p < (int)ASSAY_PHASE_COUNT; p++) {
        enum assay_attested_phase phase = (enum assay_attested_phase)p;

        assay_json_out_i64(o, assay_attested_phase_name(phase),
                           a != NULL ? assay_attested_phase_us(a, phase) : 0);
    }
    assay_json_out_close(o, '}');
}

static void
put_session(struct assay_json_out *o, struct assay_attested *a,
            const char *server_name)
{
    static const char *const origins[] = {
        [ASSAY_ORIGIN_CACHED] = "cache",      [ASSAY_ORIGIN_FETCHED] = "source",
        [ASSAY_ORIGIN_STALE] = "stale cache", [ASSAY_ORIGIN_GIVEN] = "file",
        [ASSAY_ORIGIN_STAPLED] = "server",
    };
    const struct assay_client *c = a != NULL ? assay_attested_session(a) : NULL;
    struct assay_session_facts f = {.attestations = 0};
    bool tls;

    if (c != NULL) {
        f = assay_client_facts(c);
    }
    tls = f.tls_version[0] != '\0';
    assay_json_out_open(o, "session", '{');
    assay_json_out_text(o, "server_name", server_name);
    assay_json_out_text(o, "peer", a != NULL ? assay_attested_peer(a) : "");
    assay_json_out_text(o, "tls_version", tls ? f.tls_version : NULL);
    assay_json_out_text(o, "tls_cipher", tls ? f.tls_cipher : NULL);
    put_hex(o, "certificate_sha256", f.certificate_sha256,
            sizeof(f.certificate_sha256), tls);
    assay_json_out_bool(o, "certificate_checked", tls && f.certificate_checked);
    assay_json_out_text(o, "wire", c != NULL ? assay_wire_name(f.wire) : NULL);
    put_hex(o, "nonce", f.nonce, f.nonce_len, c != NULL);
    put_hex(o, "exporter", f.exporter, sizeof(f.exporter), tls);
    put_hex(o, "report_data", f.report_data, sizeof(f.report_data), tls);
    assay_json_out_u64(o, "attestations", f.attestations);
    assay_json_out_text(o, "collateral_from",
                        a != NULL && assay_attested_collateral(a) != NULL
                            ? origins[assay_attested_origin(a)]
                            : NULL);
    put_phases(o, a);
    assay_json_out_close(o, '}');
}

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
    put_session(&o, a, server_name);
    assay_json_out_close(&o, '}');
    return assay_buf_check(out, "verdict", err);
}
