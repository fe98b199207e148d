/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * peer_heads.c - X-Assay-Peer-*.
 */
#include "peer_heads.h"

#include "base/bytes.h"
#include "base/text.h"
#include "io/moment.h"

#define LINES_MAX_BYTES 4096u
#define HEX_MAX_BYTES   64u /* of a value; hashes have 48 at most */

/* What the evidence does not prove has no line. */
static void
put_hex(struct assay_buf *to, const char *name, struct assay_slice value)
{
    char hex[2 * HEX_MAX_BYTES + 1];

    if (value.len > 0 && value.len <= HEX_MAX_BYTES) {
        assay_hex_to(hex, value);
        assay_buf_printf(to, "X-Assay-Peer-%s: %s\r\n", name, hex);
    }
}

void
peer_heads_put(const struct assay_verdict *v, int64_t age_s,
               struct assay_buf *to)
{
    const struct assay_verdict_facts f = assay_verdict_facts(v);
    const struct assay_verdict_workload *w = assay_verdict_workload(v);

    assay_buf_printf(to,
                     "X-Assay-Peer-Status: trusted\r\n"
                     "X-Assay-Peer-Age: %lld\r\n"
                     "X-Assay-Peer-Root: %s\r\n"
                     "X-Assay-Peer-Tee: %s\r\n"
                     "X-Assay-Peer-Tcb-Status: %s\r\n",
                     (long long)age_s, f.root_intel ? "intel" : "custom",
                     f.tdx ? "tdx" : "sgx",
                     assay_tcb_status_name(f.tcb_status));
    put_hex(to, "Measurement", w->measurement);
    put_hex(to, "App-Id", w->app_id);
    put_hex(to, "Instance-Id", w->instance_id);
    put_hex(to, "Compose-Hash", w->compose_hash);
    put_hex(to, "Os-Image-Hash", w->os_image_hash);
}

void
peer_heads(const struct assay_server *session, struct assay_buf *to)
{
    const struct assay_verdict *v = assay_server_client_verdict(session);
    struct assay_session_facts f;

    assay_buf_init(to, LINES_MAX_BYTES);
    if (v == NULL || !assay_verdict_trusted(v)) {
        return;
    }
    f = assay_server_facts(session);
    if (f.mutual) { /* else that was of evidence before */
        peer_heads_put(v, (assay_now().mono_ms - f.attested_ms) / 1000, to);
    }
}
