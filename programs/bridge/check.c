/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * check.c - what --check says, and what a start warns of.
 */
#include "check.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/timestamp.h"
#include "daemon/start_check.h"

#define DESCRIPTORS_ASIDE 256u

static bool
target_is_allowed(const struct site *s)
{
    return allow_find(s->allow, &s->options.target) != NULL;
}

enum assay_code
check_files(const struct site *s, const struct assay_ctx *ctx,
            struct assay_error *err)
{
    assay_error_clear(err);
    return s->options.relay_ca == NULL
               ? ASSAY_OK
               : start_try_roots(s->options.relay_ca, ctx, err);
}

void
check_describe(const struct site *s, struct assay_buf *to)
{
    const struct options *o = &s->options;
    char target[TARGET_TEXT_BYTES];
    char until[ASSAY_TIME_TEXT];

    if (o->has_listen) {
        start_put_address("listen", &o->listen, to);
    }
    if (o->has_tls_listen) {
        start_put_address("tls-listen", &o->tls_listen, to);
        assay_time_format(certificate_until(s->certificate), until);
        assay_buf_printf(to, "certificate: %s, until %s\n", o->cert, until);
        start_describe_key(o->key, to);
    }
    if (o->has_admin) {
        start_put_address("admin", &o->admin, to);
    }
    for (size_t i = 0; i < allow_count(s->allow); i++) {
        const struct allow_entry *e = allow_entry(s->allow, i);

        target_text(&e->target, target);
        assay_buf_printf(to, "allow: %s%s\n", e->below ? "*." : "", target);
    }
    target_text(&o->target, target);
    assay_buf_printf(to, "target: %s%s\n", target,
                     target_is_allowed(s) ? "" : ", which is not allowed");
    if (o->token_file != NULL) {
        assay_buf_printf(to, "token: from %s\n", o->token_file);
    }
    if (o->relay != NULL) {
        assay_buf_printf(to, "relay: %s\n", o->relay);
    }
    if (o->origins[0] != '\0') {
        assay_buf_printf(to, "origins: %s\n", o->origins);
    }
}

/* A client and a target for each connection, and where there may be TLS the two
 * ends of what its plain octets go through; and some for the loops, the logs
 * and look-ups. */
static void
warn_of_descriptors(const struct site *s, const struct log *log)
{
    const struct options *o = &s->options;
    uint64_t each = o->has_tls_listen ? 4 : 2;
    uint64_t need = each * o->max_connections + DESCRIPTORS_ASIDE;
    struct rlimit have;
    char had[24];
    char needed[24];

    if (getrlimit(RLIMIT_NOFILE, &have) == 0 && have.rlim_cur < need) {
        snprintf(had, sizeof(had), "%llu", (unsigned long long)have.rlim_cur);
        snprintf(needed, sizeof(needed), "%llu", (unsigned long long)need);
        log_event(log, LOG_WARNING,
                  "fewer descriptors than max-connections may need: raise the "
                  "limit (LimitNOFILE=, ulimit -n) or lower it",
                  (struct log_field[]){{"has", assay_slice_of(had)},
                                       {"needs", assay_slice_of(needed)}},
                  2);
    }
}

/* A bridge for several targets has no use for a default one. */
void
check_warn(const struct site *s, const struct log *log)
{
    char target[TARGET_TEXT_BYTES];

    warn_of_descriptors(s, log);
    if (s->options.key != NULL) {
        start_warn_of_key(s->options.key, log);
    }
    if (!target_is_allowed(s)) {
        target_text(&s->options.target, target);
        log_event(log, LOG_INFO,
                  "the default target is not allowed: clients have to name one",
                  (struct log_field[]){{"target", assay_slice_of(target)}}, 1);
    }
}
