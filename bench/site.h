/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * site.h - where attested sessions happen: a simulated platform with a server's
 * identity, and a client with policy, collateral and a warm verifier.
 */
#pragma once

#include "tests/harness/pair.h"

/* The evidence that goes into one reply. */
struct bench_evidence {
    struct assay_buf quote;
    struct assay_buf log;
    struct assay_buf config;
    struct assay_buf tcb_info;
};

struct bench_site {
    struct pair_platform p; /* the machine's own; the rest may be borrowed */
    bool borrows;
    struct assay_policy *policy; /* what a dstack app is held to; needs the
                                    event log */
    struct assay_policy *plain_policy; /* genuine and healthy: no log */
    int64_t now_s;                     /* the system's at the beginning */
    /* Of one exchange, to be done without any attestation. */
    struct bench_evidence evidence;
    struct assay_binding binding;
    struct assay_eventlog *log; /* parsed */
    struct assay_buf request;   /* HTTP, head and body */
    struct assay_buf reply;     /* likewise */
};

/* Functions here die if they fail. */
void bench_site_make(struct bench_site *s);
/* The same with a machine of its own, for another thread: the rest is shared
 * with `from`, which must outlive it. */
void bench_site_borrow(struct bench_site *s, const struct bench_site *from);
void bench_site_free(struct bench_site *s);

/* The evidence of now for this report data; to be freed. */
void bench_evidence_make(const struct bench_site *s,
                         const uint8_t report_data[64],
                         struct bench_evidence *out);
void bench_evidence_free(struct bench_evidence *e);
/* Its reply to a server in state QUOTE. */
void bench_site_give_quote(const struct bench_site *s,
                           struct assay_server *server);

struct assay_now bench_site_now(const struct bench_site *s);

/* For struct bench_runner; state: struct bench_site. What the simulator does
 * for one quote: signature and texts. */
double bench_sign_run(void *site, size_t count);
/* Quote bytes to verdict with a warm verifier, under policy and event log; or
 * without both, as bench_verify.c's "hot". */
double bench_verify_log_run(void *site, size_t count);
double bench_verify_quote_run(void *site, size_t count);
/* The log from its text. */
double bench_parse_log_run(void *site, size_t count);
