/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * check.c - what --check says.
 */
#include "check.h"

#include "base/buf.h"
#include "base/bytes.h"
#include "base/text.h"
#include "base/timestamp.h"
#include "daemon/start_check.h"
#include "settings.h"

/* "" if it is in its dates. */
static const char *
fault_of(const struct assay_tls_identity *i, int64_t now_s)
{
    int64_t from_s;
    int64_t until_s;

    assay_tls_identity_dates(i, &from_s, &until_s);
    return now_s > until_s ? "expired" : now_s < from_s ? "not yet valid" : "";
}

static void
describe_identity(const struct assay_tls_identity *i, int64_t now_s,
                  struct assay_buf *to)
{
    const char *fault = fault_of(i, now_s);
    char until[ASSAY_TIME_TEXT];
    uint8_t sha256[32];
    char hex[65];
    int64_t from_s;
    int64_t until_s;

    assay_tls_identity_dates(i, &from_s, &until_s);
    assay_time_format(until_s, until);
    assay_tls_identity_sha256(i, sha256);
    assay_hex_to(hex, ASSAY_SLICE(sha256));
    assay_buf_printf(to, "certificate: sha256 %s, until %s%s%s\n", hex, until,
                     fault[0] != '\0' ? ", " : "", fault);
    for (size_t k = 0; assay_tls_identity_name(i, k) != NULL; k++) {
        assay_buf_printf(to, "  for %s\n", assay_tls_identity_name(i, k));
    }
}

enum assay_code
check_start(const struct options *o, struct assay_error *err)
{
    const struct assay_address *const sockets[] = {
        &o->listen,
        o->has_admin ? &o->admin : NULL,
    };

    return start_check(&serve_settings, &o->given, o->sandbox, sockets, 2, err);
}

void
check_describe(const struct site *s, const struct assay_quoter *quoter,
               int64_t now_s, struct assay_buf *to)
{
    const struct options *o = &s->options;

    start_put_address("listen", &o->listen, to);
    if (o->has_backend) {
        start_put_address("backend", &o->backend, to);
    }
    if (o->has_pipe) {
        start_put_address("pipe", &o->pipe, to);
    }
    assay_buf_printf(to, "quotes: %s\n", assay_quoter_name(quoter));
    if (o->client_policy != NULL) {
        assay_buf_printf(to, "clients: must attest, by %s\n", o->client_policy);
    }
    if (o->staple) {
        assay_buf_printf(to, "collateral: stapled\n");
    }
    for (const struct assay_tls_identity *i = s->identity; i != NULL;
         i = assay_tls_identity_next(i)) {
        describe_identity(i, now_s, to);
    }
    for (size_t i = 0; i < o->certificate_count; i++) {
        start_describe_key(o->certificates[i].key, to);
    }
}

void
check_describe_ekm(const struct options *o, const struct assay_quoter *quoter,
                   struct assay_buf *to)
{
    start_put_address("listen", &o->listen, to);
    assay_buf_printf(to, "quotes: %s\n", assay_quoter_name(quoter));
    assay_buf_printf(to, "clients: come through nginx\n");
}

static void
warn_of_keys(const struct options *o, const struct log *log)
{
    for (size_t i = 0; i < o->certificate_count; i++) {
        start_warn_of_key(o->certificates[i].key, log);
    }
}

void
check_certificates(const struct site *s, int64_t now_s, const struct log *log)
{
    warn_of_keys(&s->options, log);
    for (const struct assay_tls_identity *i = s->identity; i != NULL;
         i = assay_tls_identity_next(i)) {
        const char *fault = fault_of(i, now_s);
        const char *name = assay_tls_identity_name(i, 0);

        if (fault[0] != '\0') {
            log_event(log, LOG_WARNING, "certificate out of its dates",
                      (struct log_field[]){
                          {"name", assay_slice_of(name != NULL ? name : "")},
                          {"fault", assay_slice_of(fault)},
                      },
                      2);
        }
    }
}
