/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * found.h - what verified evidence proves of a TD: what `assay policy pin`
 * writes down and `assay policy diff` compares with.
 */
#pragma once

#include "base/json.h"
#include "programs/assay/options.h"

#define FOUND_FROM_BYTES 300u

/* All zero before; nothing is in here that a trusted verdict does not prove. */
struct found {
    char from[FOUND_FROM_BYTES]; /* who it was, for people */
    int64_t at_s;
    bool in_session;          /* else from files */
    bool certificate_checked; /* name and chain of the TLS certificate */
    enum assay_wire wire;
    bool has_register[PIN_MR_OWNER_CONFIG + 1]; /* by enum pin_item */
    uint8_t reg[PIN_MR_OWNER_CONFIG + 1][48];
    bool has_compose;
    uint8_t compose[32];
    bool has_os_image;
    uint8_t os_image[32];
    bool has_certificate;         /* the event log names this session's */
    struct assay_buf app_compose; /* its text, if its hash is the proven one */
    struct assay_buf root;        /* of --root, as PEM */
};
void found_free(struct found *f);

/* How it is asked for. */
struct found_terms {
    const char *type;              /* "dstack_tdx" or "tdx" */
    const struct assay_json *like; /* a policy (policy_document.h) whose terms
                                      on platform, collateral and session hold;
                                      or NULL: the defaults */
    bool self_signed;              /* the TLS certificate is not checked */
};

/* What the evidence is judged by: genuine, and healthy by these terms, --root
 * and --accept; of the workload nothing. */
ASSAY_MUST_CHECK enum assay_code found_policy(const struct options *o,
                                              const struct found_terms *t,
                                              struct found *f,
                                              struct assay_policy **out,
                                              struct assay_error *err);
/* The options that are left to whoever judges by that policy: its root is that
 * of --root, which may be a pipe and is read once. */
struct options found_options(const struct options *o);
/* Takes what the verdict proves. ASSAY_NOT_TRUSTED if it does not trust. */
ASSAY_MUST_CHECK enum assay_code
found_take(const struct assay_ctx *ctx, const struct assay_verdict *v,
           const struct assay_quote *q, struct assay_slice app_compose,
           struct found *f, struct assay_error *err);

/* From a server: the operand is an https URL, or HOST[:PORT]. *peer: it was
 * reached and did not prove itself. */
ASSAY_MUST_CHECK enum assay_code
found_in_session(const struct command *c, const struct options *o,
                 const char *server, const struct found_terms *t,
                 struct found *f, bool *peer, struct assay_error *err);
/* From --quote, --event-log, --app-compose and --vm-config. */
ASSAY_MUST_CHECK enum assay_code found_in_files(const struct options *o,
                                                const struct found_terms *t,
                                                struct found *f, bool *peer,
                                                struct assay_error *err);
