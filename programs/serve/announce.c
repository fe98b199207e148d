/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * announce.c - telling the platform which certificate this TD shows.
 */
#include "announce.h"

#include "base/bytes.h"
#include "base/text.h"

struct announcement {
    bool done;
    struct assay_error *err;
};

static void
on_announced(void *user, const struct assay_quoted *quoted,
             const struct assay_error *err)
{
    struct announcement *a = user;

    (void)quoted;
    a->done = true;
    *a->err = *err;
}

static void
run(uv_loop_t *loop, struct assay_quoter *quoter, const uint8_t sha256[32],
    struct assay_error *err)
{
    struct announcement a = {false, err};

    if (assay_quoter_announce(quoter, sha256, on_announced, &a) == NULL) {
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "announce");
        return;
    }
    while (!a.done) {
        uv_run(loop, UV_RUN_ONCE);
    }
}

enum assay_code
announce_certificate(uv_loop_t *loop, struct assay_quoter *quoter,
                     const struct assay_tls_identity *identity,
                     enum announce how, const struct log *log,
                     struct assay_error *err)
{
    uint8_t sha256[32];
    char hex[65];

    assay_error_clear(err);
    if (how == ANNOUNCE_OFF) {
        return ASSAY_OK;
    }
    assay_tls_identity_sha256(identity, sha256);
    run(loop, quoter, sha256, err);
    if (err->code == ASSAY_OK) {
        assay_hex_to(hex, ASSAY_SLICE(sha256));
        log_event(log, LOG_INFO, "certificate announced",
                  (struct log_field[]){{"sha256", assay_slice_of(hex)}}, 1);
    } else if (how == ANNOUNCE_AUTO) {
        log_failure(log, err->code == ASSAY_NOT_FOUND ? LOG_INFO : LOG_WARNING,
                    "certificate not announced", err);
        assay_error_clear(err);
    }
    return err->code;
}
