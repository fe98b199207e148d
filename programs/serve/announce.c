/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * announce.c - telling the platform which certificates this TD shows.
 */
#include "announce.h"

#include "base/bytes.h"
#include "base/text.h"

static void announce_next(struct announcement *a);

static void
log_announced(const struct announcement *a, const uint8_t sha256[32])
{
    char hex[65];

    assay_hex_to(hex, (struct assay_slice){sha256, 32});
    log_event(a->log, LOG_INFO, "certificate announced",
              (struct log_field[]){{"sha256", assay_slice_of(hex)}}, 1);
}

static void
on_announced(void *user, const struct assay_quoted *quoted,
             const struct assay_error *err)
{
    struct announcement *a = user;
    uint8_t sha256[32];

    (void)quoted;
    if (err->code == ASSAY_OK) {
        assay_tls_identity_sha256(a->next, sha256);
        log_announced(a, sha256);
    } else if (a->site->options.announce == ANNOUNCE_REQUIRED) {
        a->done(a->user, err);
        return;
    } else {
        log_failure(a->log,
                    err->code == ASSAY_NOT_FOUND ? LOG_INFO : LOG_WARNING,
                    "certificate not announced", err);
    }
    a->next = assay_tls_identity_next(a->next);
    announce_next(a);
}

/* Goes on with `next`, unless it was announced before. */
static void
announce_next(struct announcement *a)
{
    struct assay_error err;
    uint8_t sha256[32];

    assay_error_clear(&err);
    while (a->next != NULL && a->before != NULL &&
           site_shows(a->before, a->next)) {
        a->next = assay_tls_identity_next(a->next);
    }
    if (a->next != NULL) {
        assay_tls_identity_sha256(a->next, sha256);
        if (assay_quoter_announce(a->quoter, sha256, on_announced, a) != NULL) {
            return;
        }
        assay_fail(&err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "announce");
    }
    a->done(a->user, &err);
}

void
announce_begin(struct announcement *a)
{
    a->next =
        a->site->options.announce == ANNOUNCE_OFF ? NULL : a->site->identity;
    announce_next(a);
}
