/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * attested_json.c - what was established about a connection, as JSON.
 */
#include "io/attested_json.h"

const char *
assay_origin_name(enum assay_origin o)
{
    static const char *const names[] = {
        [ASSAY_ORIGIN_CACHED] = "cache",      [ASSAY_ORIGIN_FETCHED] = "source",
        [ASSAY_ORIGIN_STALE] = "stale cache", [ASSAY_ORIGIN_GIVEN] = "file",
        [ASSAY_ORIGIN_STAPLED] = "server",
    };

    return names[o];
}

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

void
assay_attested_out(struct assay_json_out *o, const char *name,
                   struct assay_attested *a, const char *server_name)
{
    const struct assay_client *c = a != NULL ? assay_attested_session(a) : NULL;
    struct assay_session_facts f = {.attestations = 0};
    bool tls;

    if (c != NULL) {
        f = assay_client_facts(c);
    }
    tls = f.tls_version[0] != '\0';
    assay_json_out_open(o, name, '{');
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
                            ? assay_origin_name(assay_attested_origin(a))
                            : NULL);
    put_phases(o, a);
    assay_json_out_close(o, '}');
}
