/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * evidence.h - the evidence of one attested session, stored as a bundle and
 * judged again by somebody else. The format: docs/formats.md, "Evidence
 * bundles".
 *
 * A bundle has evidence and endorsements, which prove themselves, and claims
 * of its author: policy, root, time, server name. Claims never make a verdict
 * trusted: the verifier brings policy and root. That a quote was asked for in
 * the session it is stored with, only the two ends of that session can know.
 */
#pragma once

#include "assay/session.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ASSAY_EVIDENCE_FORMAT    "assay-evidence/1"
#define ASSAY_EVIDENCE_MAX_BYTES (64u * 1024u * 1024u)
/* Of app_compose and of vm_config. */
#define ASSAY_EVIDENCE_TEXT_MAX_BYTES    (4u * 1024u * 1024u)
#define ASSAY_EVIDENCE_SUMMARY_MAX_BYTES 1024u

/* What a bundle holds. Slices and pointers of a parsed one live as long as
 * it. */
struct assay_evidence_view {
    /* What the server gave. */
    const struct assay_quote *quote;
    const struct assay_eventlog *event_log; /* NULL: none */
    struct assay_slice app_compose;         /* empty: none */
    struct assay_slice vm_config;           /* likewise */
    /* What proves the platform. */
    const struct assay_collateral *collateral;
    /* The session that asked. */
    enum assay_wire wire;
    uint8_t nonce[ASSAY_NONCE_BYTES];
    size_t nonce_len; /* octets of it that the wire uses */
    uint8_t exporter[ASSAY_EXPORTER_BYTES];
    struct assay_slice certificate; /* the server's leaf, DER */
    /* Claims. */
    const char *server_name;
    int64_t time_s;            /* Unix seconds: when it was appraised */
    struct assay_slice policy; /* text, as it was used */
    bool policy_is_toml;
    struct assay_slice compose_file; /* content of the policy's; or empty */
    uint8_t root_sha256[32];         /* of the root's certificate, DER */
    bool trusted;                    /* what the author's verdict was */
    struct assay_slice summary;      /* UTF-8 */
};

/* Fills in what the session knows of the evidence that it appraised last:
 * everything but collateral, server_name, policy and root. Before that, or when
 * an open session has not kept its evidence (keep_evidence): ASSAY_INVALID.
 * A text app_compose that is not the measured one, which a trusted verdict has
 * passed over, is left out. Slices live until the session changes its state.
 * ASSAY_CRYPTO, ASSAY_NO_MEMORY. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code assay_evidence_of_client(
    const struct assay_ctx *ctx, const struct assay_client *c,
    struct assay_evidence_view *out, struct assay_error *err);

/* Appends the bundle, one JSON object and a line feed. ASSAY_INVALID (a
 * part that must be there is not, or is too large), ASSAY_TOO_LARGE,
 * ASSAY_NO_MEMORY. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_evidence_write(const struct assay_evidence_view *v, struct assay_buf *out,
                     struct assay_error *err);

struct assay_evidence; /* opaque, immutable; owns all that it shows */

/* Strict: every member is known or begins with "x-", has its type, and is there
 * once; the message names it. ctx must outlive *out, which is NULL unless
 * ASSAY_OK; freed with assay_evidence_free(). ASSAY_UNSUPPORTED (another
 * version), ASSAY_MALFORMED, ASSAY_INVALID, ASSAY_MISSING, ASSAY_TRUNCATED,
 * ASSAY_TOO_LARGE, ASSAY_NO_MEMORY, ASSAY_CRYPTO. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_evidence_parse(const struct assay_ctx *ctx, struct assay_slice json,
                     struct assay_evidence **out, struct assay_error *err);
ASSAY_API void assay_evidence_free(struct assay_evidence *e); /* or NULL */
ASSAY_API const struct assay_evidence_view *
assay_evidence_view(const struct assay_evidence *e);

/* The author's policy, to see what he saw: no verdict under it is trusted,
 * here or with assay_verify(). Errors of assay_policy_parse(), and
 * ASSAY_MISSING if its compose_file is not in the bundle. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_evidence_policy(const struct assay_evidence *e, struct assay_policy **out,
                      struct assay_error *err);

struct assay_evidence_options {
    const struct assay_root *root;             /* required; the verifier's */
    const struct assay_policy *policy;         /* required; the verifier's */
    const struct assay_collateral *collateral; /* NULL: that of the bundle */
    bool has_time; /* false: as of the time that the author claims */
    int64_t now_s;
    /* As in struct assay_verify_input: the author has chosen the collateral. */
    struct assay_evaluations seen;
};

/* Judges it by the rules of a live session: what the quote had to report comes
 * from nonce and exporter value again, and the certificate must be one for the
 * server's name. Errors of assay_verify(). */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_evidence_verify(struct assay_verifier *verifier,
                      const struct assay_evidence *e,
                      const struct assay_evidence_options *o,
                      struct assay_verdict **out, struct assay_error *err);

/* What the verdict says of the session, in words: never that it took place.
 * Static storage. */
ASSAY_API const char *assay_evidence_session(const struct assay_verdict *v);
/* A member that nothing in the bundle proves: who changes it is not found
 * out. */
struct assay_evidence_claim {
    const char *member; /* "claims.time"; static storage */
    const char *why;    /* static storage */
};
#define ASSAY_EVIDENCE_CLAIMS_MAX 12u
/* Those that are left after this verdict; returns how many. */
ASSAY_API size_t assay_evidence_claims(
    const struct assay_evidence *e, const struct assay_evidence_options *o,
    const struct assay_verdict *v,
    struct assay_evidence_claim out[ASSAY_EVIDENCE_CLAIMS_MAX]);

/* Everything in it, unverified, as one JSON object. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_evidence_to_json(const struct assay_evidence *e, struct assay_buf *out,
                       struct assay_error *err);
/* The verdict's object with one more member, `evidence` (docs/verdict.md). */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_evidence_verdict_to_json(const struct assay_evidence *e,
                               const struct assay_evidence_options *o,
                               const struct assay_verdict *v,
                               struct assay_buf *out, struct assay_error *err);

#ifdef __cplusplus
}
#endif
