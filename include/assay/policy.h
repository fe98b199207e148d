/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * policy.h - what a relying party requires (RFC 9334: appraisal policy).
 * Members, meanings and defaults: docs/policy.md.
 */
#pragma once

#include "assay/bytes.h"
#include "assay/quote.h"

#ifdef __cplusplus
extern "C" {
#endif

struct assay_ctx; /* assay/verify.h */

#define ASSAY_POLICY_MAX_BYTES (1024u * 1024u)

/* TCB statuses as Intel spells them, and the two of TD relaunch. */
#define ASSAY_TCB_STATUSES(X)                                                  \
    X(ASSAY_TCB_UP_TO_DATE, "UpToDate")                                        \
    X(ASSAY_TCB_SW_HARDENING_NEEDED, "SWHardeningNeeded")                      \
    X(ASSAY_TCB_CONFIGURATION_NEEDED, "ConfigurationNeeded")                   \
    X(ASSAY_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED,                         \
      "ConfigurationAndSWHardeningNeeded")                                     \
    X(ASSAY_TCB_OUT_OF_DATE, "OutOfDate")                                      \
    X(ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED,                              \
      "OutOfDateConfigurationNeeded")                                          \
    X(ASSAY_TCB_REVOKED, "Revoked")                                            \
    X(ASSAY_TCB_TD_RELAUNCH_ADVISED, "TDRelaunchAdvised")                      \
    X(ASSAY_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED,                      \
      "TDRelaunchAdvisedConfigurationNeeded")

/* ASSAY_TCB_NONE: no status was reached. */
enum assay_tcb_status {
    ASSAY_TCB_NONE,
#define X(code, name) code,
    ASSAY_TCB_STATUSES(X)
#undef X
};

/* "UpToDate" ...; NULL for ASSAY_TCB_NONE. Static storage. */
ASSAY_API const char *assay_tcb_status_name(enum assay_tcb_status s);
/* Exact spelling; ASSAY_TCB_NONE if unknown. */
ASSAY_API enum assay_tcb_status assay_tcb_status_parse(struct assay_slice name);

/* How evidence is asked for on a connection, by generation; decided before
 * connecting, never changed on one. Background: docs/formats.md. */
enum assay_wire {
    ASSAY_WIRE_V2, /* nonce; report_data = SHA-512(nonce || exporter value) */
    ASSAY_WIRE_V1, /* report_data chosen by the client; client side only */
    ASSAY_WIRE_V0, /* report_data is the text of a nonce; client side only */
    ASSAY_WIRE_COUNT,
};
/* "v2" ...; static storage. */
ASSAY_API const char *assay_wire_name(enum assay_wire w);

struct assay_policy; /* opaque, immutable after creation */

/* The policy that holds where the caller names none: that TEE, UpToDate only,
 * no debug, SEPT_VE_DISABLE set, no service TD, no rule on the workload (the
 * verdict says so). Freed with assay_policy_free(). */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_policy_default(enum assay_tee tee, struct assay_policy **out,
                     struct assay_error *err);

/* A JSON policy, strict: unknown members, wrong types and lengths and empty
 * lists are refused with the member's path and the nearest valid name
 * (ASSAY_INVALID); text that is no JSON is ASSAY_MALFORMED or
 * ASSAY_TRUNCATED. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_policy_parse(struct assay_slice json, struct assay_policy **out,
                   struct assay_error *err);
/* The same in TOML 1.0, with the same names; messages start with line and
 * column. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_policy_parse_toml(struct assay_slice toml, struct assay_policy **out,
                        struct assay_error *err);
/* The form that Codex providers have: tee_type, allowed_tdx_status, pccs_url
 * and min_tdx_tcb only, all optional; it is read as a policy of type tdx that
 * is partial. With a member `type` it is read as any other policy. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_policy_parse_ratls(struct assay_slice json, struct assay_policy **out,
                         struct assay_error *err);
/* The same from a table of a TOML document: keys lead from the root to it and
 * end with NULL ("model_providers", "x", "ratls_policy", NULL).
 * ASSAY_MISSING if there is no such table. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_policy_parse_ratls_toml(struct assay_slice toml, const char *const *keys,
                              struct assay_policy **out,
                              struct assay_error *err);
ASSAY_API void assay_policy_free(struct assay_policy *p); /* NULL is fine */

/* Appends the JSON Schema (2020-12) of a policy: every member under each type.
 * What members must be together it does not say. ASSAY_TOO_LARGE (32 KiB is
 * enough), ASSAY_NO_MEMORY. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_policy_schema_json(struct assay_buf *out, struct assay_error *err);

/* A policy that names a compose_file is not complete until its content was
 * given here: NULL if there is nothing to give. assay_verify() refuses such a
 * policy (ASSAY_INVALID). The content, at most ASSAY_COMPOSE_MAX_BYTES
 * (assay/compose.h), is hashed as it is. ASSAY_INVALID (the policy waits for
 * none, it is empty, or compose_hash is full), ASSAY_TOO_LARGE, ASSAY_CRYPTO,
 * ASSAY_NO_MEMORY. */
ASSAY_API const char *assay_policy_compose_file(const struct assay_policy *p);
ASSAY_API ASSAY_MUST_CHECK enum assay_code assay_policy_set_compose_file(
    const struct assay_ctx *ctx, struct assay_policy *p,
    struct assay_slice content, struct assay_error *err);

/* For a session. The wires that the policy allows; the first is the one to
 * use. */
ASSAY_API size_t assay_policy_wire_count(const struct assay_policy *p);
ASSAY_API enum assay_wire assay_policy_wire(const struct assay_policy *p,
                                            size_t i);
/* Seconds until evidence is asked for anew; 0: never. */
ASSAY_API int64_t
assay_policy_reattestation_interval(const struct assay_policy *p);
/* The server is asked for its collateral. */
ASSAY_API bool assay_policy_staples(const struct assay_policy *p);
/* The TLS certificate's name and chain are not checked. */
ASSAY_API bool assay_policy_accepts_self_signed(const struct assay_policy *p);

/* May this policy judge clients (assay_server_require())? They prove themselves
 * on one wire and show no certificate, so `wires` and `certificate_event`,
 * where they are other than by default, ask for what nobody would look at.
 * ASSAY_INVALID, with the member. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_policy_check_for_clients(const struct assay_policy *p,
                               struct assay_error *err);

/* Replaces the accepted statuses; for options like --accept. `Revoked` may be
 * named and never makes a verdict trusted. ASSAY_INVALID on an empty list. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_policy_accept(struct assay_policy *p,
                    const enum assay_tcb_status *statuses, size_t count,
                    struct assay_error *err);

/* From now on the TLS certificate's name and chain are not checked, whatever
 * the policy says. For a tool that looks at a server before there is a policy
 * that names it, and has told its user so: such a session says only that the
 * evidence is genuine, not whose it is. */
ASSAY_API void assay_policy_accept_self_signed(struct assay_policy *p);

/* Appends the policy as one JSON object that is read as the same policy: hex
 * in lower case, a list of one as a single value, each rule under its first
 * name. With `all`, every member of the type stands there, with the default
 * where the policy says nothing and null where that is "no rule" (such a
 * document is for comparing and showing, not for reading).
 * ASSAY_TOO_LARGE (8 MiB is enough for any), ASSAY_NO_MEMORY. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_policy_to_json(const struct assay_policy *p, bool all,
                     struct assay_buf *out, struct assay_error *err);

/* Where the policy wants collateral from; "" names Intel's PCS. Count 0: the
 * policy says nothing. Strings live as long as the policy. */
ASSAY_API size_t assay_policy_pccs_count(const struct assay_policy *p);
ASSAY_API const char *assay_policy_pccs(const struct assay_policy *p, size_t i);
ASSAY_API bool assay_policy_cache_collateral(const struct assay_policy *p);
/* PEM text or a file's path, as the policy has it; NULL if it names none. A
 * program resolves it; the core never reads files. */
ASSAY_API const char *assay_policy_trusted_root(const struct assay_policy *p);
ASSAY_API const char *assay_policy_ca_file(const struct assay_policy *p);
/* Seconds after nextUpdate for which stale collateral may still be used when
 * no source answers; 0 by default. */
ASSAY_API int64_t assay_policy_collateral_grace(const struct assay_policy *p);

/* How fresh collateral has to be, so that a program does not take from a cache
 * what the policy would refuse. */
struct assay_freshness {
    bool has_max_age;
    int64_t max_age_s;       /* of TCB info, QE identity and PCK CRL */
    uint32_t min_evaluation; /* tcbEvaluationDataNumber; 0: any */
};
ASSAY_API struct assay_freshness
assay_policy_freshness(const struct assay_policy *p);

#ifdef __cplusplus
}
#endif
