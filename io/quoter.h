/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * quoter.h - where a TD gets its quotes from: the guest agent's socket of
 * dstack (real or simulated), or the kernel's configfs-tsm.
 */
#pragma once

#include "io/address.h"
#include "io/stream.h"

#define ASSAY_QUOTER_TIMEOUT_MS 30000u
#define ASSAY_CONFIGFS_DIR      "/sys/kernel/config/tsm/report"
#define ASSAY_DSTACK_SOCKET     "/var/run/dstack.sock"

struct assay_quoted {
    struct assay_slice quote;     /* octets */
    struct assay_slice event_log; /* JSON array; empty with configfs-tsm */
    struct assay_slice vm_config; /* JSON text; may be empty */
    struct assay_slice tcb_info;  /* JSON object; may be empty */
};

struct assay_quoter; /* opaque */

/* "dstack", "dstack:PATH", "configfs", "configfs:DIR", or "auto" (dstack's
 * socket if it is there, else configfs). Nothing is asked yet.
 * ASSAY_INVALID, ASSAY_NOT_FOUND (auto finds neither), ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code
assay_quoter_new(uv_loop_t *loop, const char *spec, uint32_t timeout_ms,
                 struct assay_quoter **out, struct assay_error *err);
void assay_quoter_free(struct assay_quoter *q);              /* NULL is fine */
const char *assay_quoter_name(const struct assay_quoter *q); /* for messages */

/* Exactly one call, from the loop; slices are gone afterwards. ASSAY_TIMEOUT,
 * ASSAY_NETWORK, ASSAY_IO, ASSAY_REPLY, ASSAY_NOT_FOUND (announce: the platform
 * has no such call), ... */
typedef void assay_quoter_done(void *user, const struct assay_quoted *quoted,
                               const struct assay_error *err);
struct assay_quoter_call; /* opaque: a request under way */

struct assay_quoter_call *assay_quoter_get(struct assay_quoter *q,
                                           const uint8_t report_data[64],
                                           assay_quoter_done *done,
                                           void *user); /* NULL: no memory */
/* Extends RTMR3 by the event "New TLS Certificate" whose payload is the lower-
 * case hex of this SHA-256, where the platform allows; quoted is NULL. */
struct assay_quoter_call *
assay_quoter_announce(struct assay_quoter *q,
                      const uint8_t certificate_sha256[32],
                      assay_quoter_done *done, void *user);
void assay_quoter_cancel(struct assay_quoter_call *c); /* no callback */
