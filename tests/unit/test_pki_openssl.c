/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_pki_openssl.c - chains and CRLs, judged by us and by OpenSSL's
 * X509_verify_cert. Both must say the same, but for the differences that are
 * named here with their reasons; where we accept what OpenSSL refuses, the
 * reason has to be a very good one.
 */
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "harness/trial.h"

#define DAY     INT64_C(86400)
#define NOW     MINT_NOW_S
#define UNKNOWN MINT_OID_UNKNOWN

/* Why the two may differ. */
enum difference {
    SAME,
    /* we are the stricter one */
    ROLE_NAMES,
    ROLE_EXTENSIONS,
    ROLE_KEY_USAGE,
    CRL_PROFILE,
    CRL_PLACES,
    CHAIN_ROOT,
    CHAIN_SHAPE,
    STRICT_DER,
    RFC_PROFILE,
    /* OpenSSL is */
    LAST_SECOND,
    ANCHOR_KEY,
    KEY_AT_USE,
    SGX_CRITICAL,
    DIFFERENCE_COUNT,
};

static const struct {
    bool we_accept;
    const char *reason;
} differences[DIFFERENCE_COUNT] = {
    [ROLE_NAMES] = {false, "a role needs the common name that Intel gives it; "
                           "X.509 has no such roles"},
    [ROLE_EXTENSIONS] = {false, "Intel's profile has five extensions in every "
                                "certificate, and the SGX extension in the PCK "
                                "certificate alone"},
    [ROLE_KEY_USAGE] = {false, "a leaf that signs needs digitalSignature; "
                               "OpenSSL asks only for a purpose it was told"},
    [CRL_PROFILE] = {false, "a CRL is one of version 2 with nextUpdate, one "
                            "number and an authority key identifier, about its "
                            "issuer's certificates (RFC 5280, 5.2)"},
    [CRL_PLACES] = {false, "each CRL comes as that of its issuer; OpenSSL "
                           "searches all that it was given"},
    [CHAIN_ROOT] = {false, "the root in the chain is judged too, even where "
                           "the trusted one has the same key"},
    [CHAIN_SHAPE] = {false, "a chain is exactly leaf, CA, root"},
    [STRICT_DER] = {false, "only DER is read: no padding, no default values, "
                           "nothing after the end"},
    [RFC_PROFILE] = {false, "what RFC 5280 forbids is refused"},
    [LAST_SECOND] = {true, "notAfter and nextUpdate belong to the period (RFC "
                           "5280, 4.1.2.5; so does Intel's library); OpenSSL "
                           "ends a second earlier"},
    [ANCHOR_KEY] = {true, "the trust anchor is a key that the caller chose, "
                          "as in Intel's QvE, not a certificate with a name "
                          "and dates; the root in the chain, which that key "
                          "has signed, is judged with both"},
    [KEY_AT_USE] = {true, "a PCK that is no point of the curve is noticed "
                          "where it is used: qe_report_signature fails"},
    [SGX_CRITICAL] = {true, "the SGX extension is understood, so it may be "
                            "critical"},
};

struct row {
    const char *name;
    /* NULL: we accept; else our first check that did not pass, or the code of
     * the error where something could not be read */
    const char *refused_by;
    enum difference difference;
    bool signer;    /* the leaf is the TCB signer */
    bool swap_crls; /* each in the other's place */
    bool varies;    /* OpenSSL's answer: 3.0.19 accepts, 3.0.22 refuses */
    const struct mint_options *trust; /* its root is trusted; default: own */
    struct mint_options o;
};

/* --- ours --------------------------------------------------------------- */

static const char *const pck_checks[] = {
    "root_ca",       "pck_chain",          "pck_chain_dates",
    "root_ca_crl",   "root_ca_crl_dates",  "pck_crl",
    "pck_crl_dates", "pck_ca_not_revoked", "pck_not_revoked",
};
static const char *const signer_checks[] = {
    "root_ca",    "root_ca_crl",      "root_ca_crl_dates",
    "tcb_signer", "tcb_signer_dates", "tcb_signer_not_revoked",
};

/* First of the checks that did not pass, or NULL. */
static const char *
first_fault(const struct row *row, const struct assay_verdict *v)
{
    const char *const *names = row->signer ? signer_checks : pck_checks;
    size_t count = row->signer ? COUNT_OF(signer_checks) : COUNT_OF(pck_checks);

    for (size_t i = 0; i < count; i++) {
        struct assay_check c = trial_check(v, names[i]);

        CHECK(row->name, c.required);
        if (c.outcome == ASSAY_FAILED) {
            return names[i];
        }
    }
    for (size_t i = 0; i < count; i++) {
        CHECK(row->name, trial_check(v, names[i]).outcome == ASSAY_PASSED);
    }
    return NULL;
}

/* The whole way: NULL, or what refused it; static text. */
static const char *
judge(const struct row *row, const struct assay_ctx *ctx,
      const struct mint_world *w, const struct mint_world *trusted,
      bool *trusted_verdict)
{
    struct assay_collateral_parts parts = mint_world_collateral_parts(w);
    struct assay_verify_input in = {.quote = trial_quote(w), .now_s = NOW};
    struct assay_verifier *verifier = NULL;
    struct assay_collateral *collateral = NULL;
    struct assay_policy *policy = NULL;
    struct assay_verdict *verdict = NULL;
    struct assay_root *root = NULL;
    struct assay_error err;
    const char *fault = NULL;

    if (row->swap_crls) {
        struct assay_slice swap = parts.pck_crl;

        parts.pck_crl = parts.root_ca_crl;
        parts.root_ca_crl = swap;
    }
    *trusted_verdict = false;
    assert_int_equal(assay_policy_default(ASSAY_TEE_TDX, &policy, &err),
                     ASSAY_OK);
    assert_int_equal(assay_verifier_new(ctx, 1, &verifier, &err), ASSAY_OK);
    if (assay_root_parse(ctx, mint_world_root_pem(trusted), &root, &err) ==
            ASSAY_OK &&
        assay_collateral_from_parts(ctx, &parts, &collateral, &err) ==
            ASSAY_OK) {
        in.collateral = collateral;
        in.root = root;
        in.policy = policy;
        CHECK(row->name, (assay_verify(verifier, &in, &verdict, &err) ==
                          ASSAY_OK) == (verdict != NULL));
    }
    if (verdict != NULL) {
        fault = first_fault(row, verdict);
        *trusted_verdict = assay_verdict_trusted(verdict);
        CHECK(row->name, fault == NULL || !*trusted_verdict);
    } else {
        fault = assay_code_name(err.code);
    }
    assay_verdict_free(verdict);
    assay_verifier_free(verifier);
    assay_policy_free(policy);
    assay_collateral_free(collateral);
    assay_root_free(root);
    assay_quote_free((struct assay_quote *)in.quote);
    return fault;
}

/* --- OpenSSL's ---------------------------------------------------------- */

static X509 *
x509_of(const struct mint_world *w, enum mint_cert_id cert)
{
    struct assay_slice der = mint_world_cert_der(w, cert);
    const uint8_t *p = der.ptr;

    return d2i_X509(NULL, &p, (long)der.len);
}

static X509_CRL *
crl_of(struct assay_slice der)
{
    const uint8_t *p = der.ptr;

    return d2i_X509_CRL(NULL, &p, (long)der.len);
}

/* NULL if accepted, else why not. Leaf, CA and root of the world; one trusted
 * root; both CRLs. */
static const char *
ask_openssl(const struct row *row, const struct mint_world *w,
            const struct mint_world *trusted)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    STACK_OF(X509) *untrusted = sk_X509_new_null();
    X509 *anchor = x509_of(trusted, MINT_CERT_ROOT);
    X509 *root = x509_of(w, MINT_CERT_ROOT);
    X509 *ca = x509_of(w, MINT_CERT_CA);
    X509 *leaf = x509_of(w, row->signer ? MINT_CERT_TCB_SIGNER : MINT_CERT_PCK);
    X509_CRL *root_crl = crl_of(mint_world_root_crl_der(w));
    X509_CRL *pck_crl = crl_of(mint_world_pck_crl_der(w));
    const char *fault = "OpenSSL cannot read it";

    assert_non_null(store);
    assert_non_null(ctx);
    if (anchor != NULL && root != NULL && ca != NULL && leaf != NULL &&
        root_crl != NULL && pck_crl != NULL) {
        X509_VERIFY_PARAM *param = X509_STORE_get0_param(store);

        X509_VERIFY_PARAM_set_time(param, (time_t)NOW);
        X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_CRL_CHECK |
                                               X509_V_FLAG_CRL_CHECK_ALL |
                                               X509_V_FLAG_X509_STRICT |
                                               X509_V_FLAG_CHECK_SS_SIGNATURE);
        assert_int_equal(X509_STORE_add_cert(store, anchor), 1);
        assert_int_equal(X509_STORE_add_crl(store, root_crl), 1);
        assert_int_equal(X509_STORE_add_crl(store, pck_crl), 1);
        sk_X509_push(untrusted, ca);
        sk_X509_push(untrusted, root);
        assert_int_equal(X509_STORE_CTX_init(ctx, store, leaf, untrusted), 1);
        fault =
            X509_verify_cert(ctx) == 1
                ? NULL
                : X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx));
    }
    X509_CRL_free(pck_crl);
    X509_CRL_free(root_crl);
    X509_free(leaf);
    X509_free(ca);
    X509_free(root);
    X509_free(anchor);
    sk_X509_free(untrusted);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return fault;
}

/* --- the rows ----------------------------------------------------------- */

static const struct mint_name processor = {.common_name =
                                               "Intel SGX PCK Processor CA"};
static const struct mint_name stranger = {.common_name = "Stranger"};

/* Other roots to trust. */
static const struct mint_options healthy = {.seed = NULL};
static const struct mint_options other_world = {
    .seed = "00000000000000000000000000000000"
            "00000000000000000000000000000001"};
static const struct mint_options same_key_other_serial = {.root.serial =
                                                              "0102030405"};
static const struct mint_options same_key_older = {
    .root = {.serial = "01",
             .not_before_s = NOW - 9000 * DAY,
             .not_after_s = NOW - DAY}};
static const struct mint_options same_key_later = {
    .root = {.serial = "01", .not_before_s = NOW + DAY}};
static const struct mint_options same_name_other_key = {
    .root.subject_key = MINT_KEY_STRANGER,
    .root.signing.signer = MINT_KEY_STRANGER};

#define EXTRA(oid, critical, value)                                            \
    {                                                                          \
        {                                                                      \
            oid, critical, value                                               \
        }                                                                      \
    }
#define CRITICAL               EXTRA(UNKNOWN, true, "0500")
#define HARMLESS               EXTRA(UNKNOWN, false, "0500")
#define OID_DELTA              "551d1b"
#define OID_IDP                "551d1c"
#define OID_NAME_CONSTRAINTS   "551d1e"
#define OID_SAN                "551d11"
#define OID_EKU                "551d25"
#define OID_CERTIFICATE_ISSUER "551d1d"
#define REVOKE(cert)           MINT_REVOKE(MINT_CERT_##cert)

static const struct row rows[] = {
    {.name = "healthy"},
    {.name = "healthy signer", .signer = true},
    {.name = "Processor CA", .o.processor_ca = true},
    {.name = "SGX quote", .o.quote.version = 3},

    /* dates: each end of each period, and a second beyond */
    {.name = "PCK from now", .o.pck.not_before_s = NOW},
    {.name = "PCK from the next second",
     .o.pck.not_before_s = NOW + 1,
     .refused_by = "pck_chain_dates"},
    {.name = "PCK from the last second", .o.pck.not_before_s = NOW - 1},
    {.name = "PCK until now",
     .o.pck.not_after_s = NOW,
     .difference = LAST_SECOND},
    {.name = "PCK until the next second", .o.pck.not_after_s = NOW + 1},
    {.name = "PCK until the last second",
     .o.pck.not_after_s = NOW - 1,
     .refused_by = "pck_chain_dates"},
    {.name = "CA from now", .o.ca.not_before_s = NOW},
    {.name = "CA from the next second",
     .o.ca.not_before_s = NOW + 1,
     .refused_by = "pck_chain_dates"},
    {.name = "CA until now",
     .o.ca.not_after_s = NOW,
     .difference = LAST_SECOND},
    {.name = "CA until the next second", .o.ca.not_after_s = NOW + 1},
    {.name = "CA until the last second",
     .o.ca.not_after_s = NOW - 1,
     .refused_by = "pck_chain_dates"},
    {.name = "root from now", .o.root.not_before_s = NOW},
    {.name = "root from the next second",
     .o.root.not_before_s = NOW + 1,
     .refused_by = "pck_chain_dates"},
    {.name = "root until now",
     .o.root.not_after_s = NOW,
     .difference = LAST_SECOND},
    {.name = "root until the next second", .o.root.not_after_s = NOW + 1},
    {.name = "root until the last second",
     .o.root.not_after_s = NOW - 1,
     .refused_by = "pck_chain_dates"},
    {.name = "signer from the next second",
     .signer = true,
     .o.tcb_signer.not_before_s = NOW + 1,
     .refused_by = "tcb_signer_dates"},
    {.name = "signer from now",
     .signer = true,
     .o.tcb_signer.not_before_s = NOW},
    {.name = "signer until now",
     .signer = true,
     .o.tcb_signer.not_after_s = NOW,
     .difference = LAST_SECOND},
    {.name = "signer until the next second",
     .signer = true,
     .o.tcb_signer.not_after_s = NOW + 1},
    {.name = "signer until the last second",
     .signer = true,
     .o.tcb_signer.not_after_s = NOW - 1,
     .refused_by = "tcb_signer_dates"},
    {.name = "signer's root until the last second",
     .signer = true,
     .o.root.not_after_s = NOW - 1,
     .refused_by = "tcb_signer_dates"},
    {.name = "PCK that outlives its CA", .o.pck.not_after_s = NOW + 5000 * DAY},
    {.name = "certificate beyond 2050",
     .o.root.not_after_s = NOW + 20000 * DAY},
    {.name = "PCK CRL from now", .o.pck_crl.this_update_s = NOW},
    {.name = "PCK CRL from the next second",
     .o.pck_crl.this_update_s = NOW + 1,
     .refused_by = "pck_crl_dates"},
    {.name = "PCK CRL until now",
     .o.pck_crl.next_update_s = NOW,
     .difference = LAST_SECOND},
    {.name = "PCK CRL until the next second",
     .o.pck_crl.next_update_s = NOW + 1},
    {.name = "PCK CRL until the last second",
     .o.pck_crl.next_update_s = NOW - 1,
     .refused_by = "pck_crl_dates"},
    {.name = "root CRL from now", .o.root_crl.this_update_s = NOW},
    {.name = "root CRL from the next second",
     .o.root_crl.this_update_s = NOW + 1,
     .refused_by = "root_ca_crl_dates"},
    {.name = "root CRL until now",
     .o.root_crl.next_update_s = NOW,
     .difference = LAST_SECOND},
    {.name = "root CRL until the next second",
     .o.root_crl.next_update_s = NOW + 1},
    {.name = "root CRL until the last second",
     .o.root_crl.next_update_s = NOW - 1,
     .refused_by = "root_ca_crl_dates"},
    {.name = "signer's CRL expired",
     .signer = true,
     .o.root_crl.next_update_s = NOW - 1,
     .refused_by = "root_ca_crl_dates"},

    /* revocation */
    {.name = "PCK revoked",
     .o.pck_crl.revoke = REVOKE(PCK),
     .refused_by = "pck_not_revoked"},
    {.name = "PCK revoked behind 300 others",
     .o.pck_crl = {.revoke = REVOKE(PCK), .fill = 300},
     .refused_by = "pck_not_revoked"},
    {.name = "PCK revoked before others",
     .o.pck_crl = {.revoke = REVOKE(PCK), .revoked = {"0badcafe", "0c"}},
     .refused_by = "pck_not_revoked"},
    {.name = "PCK revoked without a reason",
     .o.pck_crl = {.revoke = REVOKE(PCK), .omit = MINT_CRL_REASON},
     .refused_by = "pck_not_revoked"},
    {.name = "CA revoked",
     .o.root_crl.revoke = REVOKE(CA),
     .refused_by = "pck_ca_not_revoked"},
    {.name = "signer revoked",
     .signer = true,
     .o.root_crl.revoke = REVOKE(TCB_SIGNER),
     .refused_by = "tcb_signer_not_revoked"},
    {.name = "signer is not the CA",
     .signer = true,
     .o.root_crl.revoke = REVOKE(CA)},
    {.name = "CA is not the signer", .o.root_crl.revoke = REVOKE(TCB_SIGNER)},
    {.name = "root on its own list",
     .o.root_crl.revoke = REVOKE(ROOT),
     .refused_by = "pck_ca_not_revoked"},
    {.name = "PCK on the root's list", .o.root_crl.revoke = REVOKE(PCK)},
    {.name = "CA on its own list", .o.pck_crl.revoke = REVOKE(CA)},
    {.name = "others revoked",
     .o.pck_crl = {.fill = 300, .revoked = {"0badcafe"}}},
    {.name = "serial with the top bit, revoked",
     .o = {.pck.serial = "80", .pck_crl.revoked = {"80"}},
     .refused_by = "pck_not_revoked"},
    {.name = "a serial that starts alike is revoked",
     .o = {.pck.serial = "1234", .pck_crl.revoked = {"123400", "12"}}},
    {.name = "a serial that ends alike is revoked",
     .o = {.pck.serial = "1234", .pck_crl.revoked = {"011234", "34"}}},
    {.name = "serial zero, revoked",
     .o = {.pck.serial = "00", .pck_crl.revoked = {"00"}},
     .refused_by = "pck_not_revoked"},
    {.name = "revoked entry speaks of another issuer",
     .o.pck_crl = {.revoke = REVOKE(PCK),
                   .entry_extra = {OID_CERTIFICATE_ISSUER, true,
                                   "3006820461626364"}},
     .refused_by = "unsupported",
     .difference = CRL_PROFILE},
    {.name = "other entry with an unknown critical extension",
     .o.pck_crl = {.revoked = {"0badcafe"},
                   .entry_extra = {UNKNOWN, true, "0500"}},
     .refused_by = "unsupported"},

    /* signatures */
    {.name = "PCK signed by a stranger",
     .o.pck.signing.signer = MINT_KEY_STRANGER,
     .refused_by = "pck_chain"},
    {.name = "PCK signed by the root",
     .o.pck.signing.signer = MINT_KEY_ROOT,
     .refused_by = "pck_chain"},
    {.name = "PCK signed by itself",
     .o.pck.signing.signer = MINT_KEY_PCK,
     .refused_by = "pck_chain"},
    {.name = "PCK's signature broken",
     .o.pck.signing.break_signature = true,
     .refused_by = "pck_chain"},
    {.name = "CA signed by a stranger",
     .o.ca.signing.signer = MINT_KEY_STRANGER,
     .refused_by = "pck_chain"},
    {.name = "CA's signature broken",
     .o.ca.signing.break_signature = true,
     .refused_by = "pck_chain"},
    {.name = "root signed by a stranger",
     .o.root.signing.signer = MINT_KEY_STRANGER,
     .refused_by = "invalid"},
    {.name = "root's signature broken",
     .o.root.signing.break_signature = true,
     .refused_by = "invalid"},
    {.name = "signer signed by a stranger",
     .signer = true,
     .o.tcb_signer.signing.signer = MINT_KEY_STRANGER,
     .refused_by = "tcb_signer"},
    {.name = "signer signed by the CA",
     .signer = true,
     .o.tcb_signer.signing.signer = MINT_KEY_PLATFORM_CA,
     .refused_by = "tcb_signer"},
    {.name = "signer's signature broken",
     .signer = true,
     .o.tcb_signer.signing.break_signature = true,
     .refused_by = "tcb_signer"},
    {.name = "PCK changed after signing",
     .o.pck.patch = {.at = 20, .flip = 1},
     .refused_by = "pck_chain"},
    {.name = "CA changed after signing",
     .o.ca.patch = {.at = 20, .flip = 1},
     .refused_by = "pck_chain"},
    {.name = "PCK CRL signed by a stranger",
     .o.pck_crl.signing.signer = MINT_KEY_STRANGER,
     .refused_by = "pck_crl"},
    {.name = "PCK CRL signed by the root",
     .o.pck_crl.signing.signer = MINT_KEY_ROOT,
     .refused_by = "pck_crl"},
    {.name = "PCK CRL's signature broken",
     .o.pck_crl.signing.break_signature = true,
     .refused_by = "pck_crl"},
    {.name = "root CRL signed by a stranger",
     .o.root_crl.signing.signer = MINT_KEY_STRANGER,
     .refused_by = "root_ca_crl"},
    {.name = "root CRL signed by the CA",
     .o.root_crl.signing.signer = MINT_KEY_PLATFORM_CA,
     .refused_by = "root_ca_crl"},
    {.name = "root CRL's signature broken",
     .o.root_crl.signing.break_signature = true,
     .refused_by = "root_ca_crl"},
    {.name = "signer's CRL forged",
     .signer = true,
     .o.root_crl.signing.signer = MINT_KEY_STRANGER,
     .refused_by = "root_ca_crl"},
    {.name = "PCK CRL that revokes, forged",
     .o.pck_crl = {.revoke = REVOKE(PCK), .signing.break_signature = true},
     .refused_by = "pck_crl"},
    {.name = "inner algorithm is SHA-384",
     .o.pck.signing.inner_algorithm = MINT_ALG_ECDSA_SHA384,
     .refused_by = "unsupported"},
    {.name = "outer algorithm is SHA-384",
     .o.pck.signing.outer_algorithm = MINT_ALG_ECDSA_SHA384,
     .refused_by = "unsupported"},
    {.name = "CRL's outer algorithm is RSA",
     .o.pck_crl.signing.outer_algorithm = MINT_ALG_RSA_SHA256,
     .refused_by = "unsupported"},
    {.name = "algorithm with NULL parameters",
     .o.pck.signing = {.inner_algorithm = MINT_ALG_ECDSA_SHA256_NULL,
                       .outer_algorithm = MINT_ALG_ECDSA_SHA256_NULL},
     .refused_by = "malformed",
     .difference = RFC_PROFILE},

    /* names and key identifiers */
    {.name = "PCK names another issuer",
     .o.pck.issuer = &processor,
     .refused_by = "pck_chain"},
    {.name = "CA names another issuer",
     .o.ca.issuer = &stranger,
     .refused_by = "pck_chain"},
    {.name = "signer names another issuer",
     .signer = true,
     .o.tcb_signer.issuer = &stranger,
     .refused_by = "tcb_signer"},
    {.name = "root names another issuer",
     .o.root.issuer = &stranger,
     .refused_by = "invalid"},
    {.name = "PCK's AKI is another",
     .o.pck.aki = "00112233",
     .refused_by = "pck_chain"},
    {.name = "CA's AKI is another",
     .o.ca.aki = "00112233",
     .refused_by = "pck_chain"},
    {.name = "root's AKI is another",
     .o.root.aki = "00112233",
     .refused_by = "invalid"},
    {.name = "signer's AKI is another",
     .signer = true,
     .o.tcb_signer.aki = "00112233",
     .refused_by = "tcb_signer"},
    {.name = "PCK's AKI is the start of the right one",
     .o = {.ca.ski = "0011223344", .pck.aki = "00112233"},
     .refused_by = "pck_chain"},
    {.name = "CA's SKI is another and all follow", .o.ca.ski = "00112233"},
    {.name = "PCK's SKI is another", .o.pck.ski = "00112233"},
    {.name = "PCK CRL of another CA",
     .o.pck_crl = {.issuer = &processor,
                   .signing.signer = MINT_KEY_PROCESSOR_CA},
     .refused_by = "pck_crl"},
    {.name = "PCK CRL names another issuer",
     .o.pck_crl.issuer = &processor,
     .refused_by = "pck_crl"},
    {.name = "root CRL names another issuer",
     .o.root_crl.issuer = &stranger,
     .refused_by = "root_ca_crl"},
    {.name = "PCK CRL's AKI is another",
     .o.pck_crl.aki = "00112233",
     .refused_by = "pck_crl"},
    {.name = "root CRL's AKI is another",
     .o.root_crl.aki = "00112233",
     .refused_by = "root_ca_crl"},
    {.name = "CRLs in each other's place",
     .swap_crls = true,
     .refused_by = "root_ca_crl",
     .difference = CRL_PLACES},
    {.name = "PCK with Intel's part of a name",
     .o.pck.subject.common_name = "My Intel SGX PCK Certificate"},
    {.name = "PCK of another name",
     .o.pck.subject.common_name = "Stranger",
     .refused_by = "pck_chain",
     .difference = ROLE_NAMES},
    {.name = "PCK without a name",
     .o.pck.subject = {"", "", "", "", ""},
     .refused_by = "pck_chain"},
    {.name = "CA of another name",
     .o.ca.subject.common_name = "Stranger",
     .refused_by = "pck_chain",
     .difference = ROLE_NAMES},
    {.name = "root of another name",
     .o.root.subject.common_name = "Stranger CA",
     .refused_by = "invalid",
     .difference = ROLE_NAMES},
    {.name = "signer of another name",
     .signer = true,
     .o.tcb_signer.subject.common_name = "Stranger",
     .refused_by = "tcb_signer",
     .difference = ROLE_NAMES},

    /* what a role needs */
    {.name = "CA that is none", .o.ca.ca = MINT_NO, .refused_by = "pck_chain"},
    {.name = "CA that is none, without path length",
     .o.ca = {.ca = MINT_NO, .pathlen = MINT_PATHLEN_NONE},
     .refused_by = "pck_chain"},
    {.name = "CA without keyCertSign",
     .o.ca.key_usage = MINT_KU_CRL_SIGN,
     .refused_by = "pck_chain"},
    {.name = "CA without cRLSign",
     .o.ca.key_usage = MINT_KU_CERT_SIGN,
     .refused_by = "pck_chain"},
    {.name = "CA with digitalSignature too",
     .o.ca.key_usage =
         MINT_KU_DIGITAL_SIGNATURE | MINT_KU_CERT_SIGN | MINT_KU_CRL_SIGN},
    {.name = "CA without path length", .o.ca.pathlen = MINT_PATHLEN_NONE},
    {.name = "CA with path length 3", .o.ca.pathlen = MINT_PATHLEN(3)},
    {.name = "root with path length 0",
     .o.root.pathlen = MINT_PATHLEN(0),
     .refused_by = "invalid"},
    {.name = "root without path length", .o.root.pathlen = MINT_PATHLEN_NONE},
    {.name = "root that is no CA",
     .o.root = {.ca = MINT_NO, .pathlen = MINT_PATHLEN_NONE},
     .refused_by = "invalid"},
    {.name = "root without keyCertSign",
     .o.root.key_usage = MINT_KU_CRL_SIGN,
     .refused_by = "invalid"},
    {.name = "root without cRLSign",
     .o.root.key_usage = MINT_KU_CERT_SIGN,
     .refused_by = "invalid"},
    {.name = "PCK that is a CA",
     .o.pck = {.ca = MINT_YES,
               .key_usage = MINT_KU_DIGITAL_SIGNATURE | MINT_KU_CERT_SIGN},
     .refused_by = "pck_chain",
     .difference = ROLE_EXTENSIONS},
    {.name = "PCK with keyCertSign",
     .o.pck.key_usage = MINT_KU_DIGITAL_SIGNATURE | MINT_KU_CERT_SIGN,
     .refused_by = "pck_chain"},
    {.name = "PCK with a path length",
     .o.pck.pathlen = MINT_PATHLEN(0),
     .refused_by = "pck_chain"},
    {.name = "PCK without digitalSignature",
     .o.pck.key_usage = MINT_KU_NON_REPUDIATION,
     .refused_by = "pck_chain",
     .difference = ROLE_KEY_USAGE},
    {.name = "signer without digitalSignature",
     .signer = true,
     .o.tcb_signer.key_usage = MINT_KU_NON_REPUDIATION,
     .refused_by = "tcb_signer",
     .difference = ROLE_KEY_USAGE},
    {.name = "signer that is a CA",
     .signer = true,
     .o.tcb_signer = {.ca = MINT_YES,
                      .key_usage =
                          MINT_KU_DIGITAL_SIGNATURE | MINT_KU_CERT_SIGN},
     .refused_by = "tcb_signer",
     .difference = ROLE_EXTENSIONS},
    {.name = "PCK with an empty key usage",
     .o.pck.key_usage = MINT_KU_NONE,
     .refused_by = "malformed"},

    /* extensions */
    {.name = "PCK without AKI",
     .o.pck.omit = MINT_EXT_AKI,
     .refused_by = "pck_chain"},
    {.name = "PCK without SKI",
     .o.pck.omit = MINT_EXT_SKI,
     .refused_by = "pck_chain",
     .difference = ROLE_EXTENSIONS},
    {.name = "PCK without CRL points",
     .o.pck.omit = MINT_EXT_CRL_POINTS,
     .refused_by = "pck_chain",
     .difference = ROLE_EXTENSIONS},
    {.name = "PCK without key usage",
     .o.pck.omit = MINT_EXT_KEY_USAGE,
     .refused_by = "pck_chain",
     .difference = ROLE_EXTENSIONS},
    {.name = "PCK without basic constraints",
     .o.pck.omit = MINT_EXT_BASIC_CONSTRAINTS,
     .refused_by = "pck_chain",
     .difference = ROLE_EXTENSIONS},
    {.name = "PCK without the SGX extension",
     .o.pck.omit = MINT_EXT_SGX,
     .refused_by = "malformed",
     .difference = ROLE_EXTENSIONS},
    {.name = "CA without AKI",
     .o.ca.omit = MINT_EXT_AKI,
     .refused_by = "pck_chain"},
    {.name = "CA without SKI",
     .o.ca.omit = MINT_EXT_SKI,
     .refused_by = "pck_chain"},
    {.name = "CA without CRL points",
     .o.ca.omit = MINT_EXT_CRL_POINTS,
     .refused_by = "pck_chain",
     .difference = ROLE_EXTENSIONS},
    {.name = "CA without key usage",
     .o.ca.omit = MINT_EXT_KEY_USAGE,
     .refused_by = "pck_chain"},
    {.name = "CA without basic constraints",
     .o.ca.omit = MINT_EXT_BASIC_CONSTRAINTS,
     .refused_by = "pck_chain"},
    {.name = "root without AKI",
     .o.root.omit = MINT_EXT_AKI,
     .refused_by = "invalid",
     .difference = ROLE_EXTENSIONS},
    {.name = "root without SKI",
     .o.root.omit = MINT_EXT_SKI,
     .refused_by = "invalid"},
    {.name = "signer with an SGX extension",
     .signer = true,
     .o.tcb_signer.extra = EXTRA("2a864886f84d010d01", false, "3000"),
     .refused_by = "tcb_signer",
     .difference = ROLE_EXTENSIONS},
    {.name = "PCK with an unknown extension", .o.pck.extra = HARMLESS},
    {.name = "PCK with an unknown critical extension",
     .o.pck.extra = CRITICAL,
     .refused_by = "unsupported"},
    {.name = "CA with an unknown critical extension",
     .o.ca.extra = CRITICAL,
     .refused_by = "unsupported"},
    {.name = "root with an unknown critical extension",
     .o.root.extra = CRITICAL,
     .refused_by = "unsupported"},
    {.name = "signer with an unknown critical extension",
     .signer = true,
     .o.tcb_signer.extra = CRITICAL,
     .refused_by = "unsupported"},
    {.name = "PCK's SGX extension critical",
     .o.pck.flip_critical = MINT_EXT_SGX,
     .difference = SGX_CRITICAL},
    {.name = "PCK's key usage not critical",
     .o.pck.flip_critical = MINT_EXT_KEY_USAGE},
    {.name = "CA's key usage not critical",
     .o.ca.flip_critical = MINT_EXT_KEY_USAGE},
    {.name = "CA's basic constraints not critical",
     .o.ca.flip_critical = MINT_EXT_BASIC_CONSTRAINTS,
     .refused_by = "malformed"},
    {.name = "root's basic constraints not critical",
     .o.root.flip_critical = MINT_EXT_BASIC_CONSTRAINTS,
     .refused_by = "malformed"},
    {.name = "PCK's basic constraints not critical",
     .o.pck.flip_critical = MINT_EXT_BASIC_CONSTRAINTS},
    {.name = "PCK's AKI critical",
     .o.pck.flip_critical = MINT_EXT_AKI,
     .refused_by = "malformed"},
    {.name = "PCK's SKI critical",
     .o.pck.flip_critical = MINT_EXT_SKI,
     .refused_by = "malformed"},
    {.name = "CA's AKI critical",
     .o.ca.flip_critical = MINT_EXT_AKI,
     .refused_by = "malformed"},
    {.name = "CA's SKI critical",
     .o.ca.flip_critical = MINT_EXT_SKI,
     .refused_by = "malformed"},
    {.name = "PCK's CRL points critical",
     .o.pck.flip_critical = MINT_EXT_CRL_POINTS},
    {.name = "PCK's CRL points are none",
     .o.pck = {.omit = MINT_EXT_CRL_POINTS,
               .extra = EXTRA("551d1f", false, "3003020101")},
     .refused_by = "malformed"},
    {.name = "PCK's CRL points are empty",
     .o.pck = {.omit = MINT_EXT_CRL_POINTS,
               .extra = EXTRA("551d1f", false, "3000")},
     .refused_by = "truncated",
     .difference = RFC_PROFILE},
    {.name = "PCK's CRL points name no place",
     .o.pck = {.omit = MINT_EXT_CRL_POINTS,
               .extra = EXTRA("551d1f", false, "30023000")},
     .refused_by = "truncated"},
    {.name = "PCK's CRL points name a CRL issuer",
     .o.pck = {.omit = MINT_EXT_CRL_POINTS,
               .extra = EXTRA("551d1f", false,
                              "300e300ca004a0028600a2048202"
                              "6162")},
     .refused_by = "malformed",
     .difference = RFC_PROFILE},
    {.name = "AKI twice",
     .o.pck.duplicate = MINT_EXT_AKI,
     .refused_by = "malformed"},
    {.name = "key usage twice",
     .o.pck.duplicate = MINT_EXT_KEY_USAGE,
     .refused_by = "malformed"},
    {.name = "basic constraints twice",
     .o.ca.duplicate = MINT_EXT_BASIC_CONSTRAINTS,
     .refused_by = "malformed"},
    {.name = "unknown extension twice",
     .o.pck.extra = {{UNKNOWN, false, "0500"}, {UNKNOWN, false, "0500"}},
     .refused_by = "malformed",
     .difference = RFC_PROFILE},
    /* excludes every directory name */
    {.name = "CA with name constraints that exclude the PCK",
     .o.ca.extra = EXTRA(OID_NAME_CONSTRAINTS, false, "3008a1063004a4023000"),
     .refused_by = "unsupported"},
    {.name = "CA with name constraints, critical",
     .o.ca.extra = EXTRA(OID_NAME_CONSTRAINTS, true, "3008a1063004a4023000"),
     .refused_by = "unsupported"},
    {.name = "PCK with another name beside",
     .o.pck.extra = EXTRA(OID_SAN, false, "3006820461626364")},
    {.name = "PCK with an extended key usage",
     .o.pck.extra = EXTRA(OID_EKU, false, "300a06082b06010505070301")},

    /* CRLs */
    {.name = "PCK CRL without a number",
     .o.pck_crl.omit = MINT_CRL_NUMBER,
     .refused_by = "pck_crl",
     .difference = CRL_PROFILE},
    {.name = "PCK CRL without AKI",
     .o.pck_crl.omit = MINT_CRL_AKI,
     .refused_by = "pck_crl",
     .difference = CRL_PROFILE},
    {.name = "root CRL without a number",
     .o.root_crl.omit = MINT_CRL_NUMBER,
     .refused_by = "root_ca_crl",
     .difference = CRL_PROFILE},
    {.name = "root CRL without AKI",
     .o.root_crl.omit = MINT_CRL_AKI,
     .refused_by = "root_ca_crl",
     .difference = CRL_PROFILE},
    {.name = "PCK CRL without nextUpdate",
     .o.pck_crl.omit = MINT_CRL_NEXT,
     .refused_by = "malformed",
     .difference = CRL_PROFILE},
    {.name = "PCK CRL of version 1",
     .o.pck_crl.version = 1,
     .refused_by = "unsupported",
     .difference = CRL_PROFILE},
    {.name = "PCK CRL with a number of 20 octets",
     .o.pck_crl.number = "7f00000000000000000000000000000000000000"},
    {.name = "CRL number twice",
     .o.pck_crl.duplicate = MINT_CRL_NUMBER,
     .refused_by = "malformed",
     .difference = CRL_PROFILE},
    {.name = "CRL with an unknown extension", .o.pck_crl.extra = HARMLESS},
    {.name = "CRL with an unknown critical extension",
     .o.pck_crl.extra = CRITICAL,
     .refused_by = "unsupported"},
    {.name = "root CRL with an unknown critical extension",
     .o.root_crl.extra = CRITICAL,
     .refused_by = "unsupported"},
    {.name = "critical CRL number",
     .o.pck_crl = {.omit = MINT_CRL_NUMBER,
                   .extra = EXTRA("551d14", true, "020101")},
     .refused_by = "unsupported"},
    {.name = "delta CRL",
     .o.pck_crl.extra = EXTRA(OID_DELTA, true, "020101"),
     .refused_by = "unsupported",
     .varies = true},
    {.name = "delta CRL that does not say it is critical",
     .o.pck_crl.extra = EXTRA(OID_DELTA, false, "020101"),
     .refused_by = "unsupported",
     .varies = true},
    {.name = "indirect CRL",
     .o.pck_crl.extra = EXTRA(OID_IDP, true, "30038401ff"),
     .refused_by = "unsupported"},
    {.name = "indirect CRL that does not say it is critical",
     .o.pck_crl.extra = EXTRA(OID_IDP, false, "30038401ff"),
     .refused_by = "unsupported"},
    {.name = "CRL of CA certificates only, not critical",
     .o.pck_crl.extra = EXTRA(OID_IDP, false, "30038201ff"),
     .refused_by = "unsupported"},
    {.name = "CRL of some reasons only, not critical",
     .o.pck_crl.extra = EXTRA(OID_IDP, false, "300483020640"),
     .refused_by = "unsupported"},
    {.name = "root CRL of user certificates only, not critical",
     .o.root_crl.extra = EXTRA(OID_IDP, false, "30038101ff"),
     .refused_by = "unsupported"},

    /* DER and what certificates may hold */
    {.name = "negative serial",
     .o.pck = {.serial = "ff", .negative_serial = true},
     .refused_by = "malformed",
     .difference = RFC_PROFILE},
    {.name = "certificate of version 1",
     .o.pck.version = 1,
     .refused_by = "unsupported"},
    {.name = "certificate of version 2",
     .o.pck.version = 2,
     .refused_by = "unsupported"},
    {.name = "CA certificate of version 1",
     .o.ca = {.version = 1, .omit = MINT_EXT_ALL},
     .refused_by = "unsupported"},
    {.name = "GeneralizedTime of this century",
     .o.pck.time_form = MINT_TIME_GENERALIZED,
     .refused_by = "malformed",
     .difference = RFC_PROFILE},
    {.name = "CRL with GeneralizedTime of this century",
     .o.pck_crl.time_form = MINT_TIME_GENERALIZED,
     .refused_by = "malformed",
     .difference = RFC_PROFILE},
    {.name = "zeros after the PCK",
     .o.pck.signing.trailing = 2,
     .refused_by = "malformed",
     .difference = STRICT_DER},
    {.name = "zeros after the CRL",
     .o.pck_crl.signing.trailing = 2,
     .refused_by = "malformed",
     .difference = STRICT_DER},
    {.name = "PCK's key compressed",
     .o.pck.spki = MINT_SPKI_COMPRESSED,
     .refused_by = "unsupported",
     .difference = STRICT_DER},
    {.name = "PCK's key off the curve",
     .o.pck.spki = MINT_SPKI_OFF_CURVE,
     .difference = KEY_AT_USE},
    {.name = "CA's key off the curve",
     .o.ca.spki = MINT_SPKI_OFF_CURVE,
     .refused_by = "pck_chain"},
    {.name = "PCK's key on another curve",
     .o.pck.spki = MINT_SPKI_OTHER_CURVE,
     .refused_by = "unsupported"},

    /* roots and shapes of chains */
    {.name = "another world's root",
     .trust = &other_world,
     .refused_by = "root_ca"},
    {.name = "another world's root, for the signer",
     .signer = true,
     .trust = &other_world,
     .refused_by = "root_ca"},
    {.name = "root of the same name and another key",
     .trust = &same_name_other_key,
     .refused_by = "root_ca"},
    {.name = "root reissued with the same key",
     .trust = &same_key_other_serial},
    {.name = "root reissued, for the signer",
     .signer = true,
     .trust = &same_key_other_serial},
    {.name = "trusted root expired, reissued in the chain",
     .trust = &same_key_older,
     .difference = ANCHOR_KEY},
    {.name = "trusted root of tomorrow, reissued in the chain",
     .trust = &same_key_later,
     .difference = ANCHOR_KEY},
    {.name = "reissued root in the chain expired",
     .trust = &healthy,
     .o.root = {.serial = "01", .not_after_s = NOW - 1},
     .refused_by = "pck_chain_dates",
     .difference = CHAIN_ROOT},
    {.name = "reissued root in the chain with a forged signature",
     .trust = &healthy,
     .o.root.signing.break_signature = true,
     .refused_by = "root_ca",
     .difference = CHAIN_ROOT},
    {.name = "reissued root in the chain is no CA",
     .trust = &healthy,
     .o.root = {.ca = MINT_NO, .pathlen = MINT_PATHLEN_NONE},
     .refused_by = "root_ca",
     .difference = CHAIN_ROOT},
    {.name = "reissued root in the chain of another name",
     .trust = &healthy,
     .o.root.subject.organization = "Stranger",
     .difference = ANCHOR_KEY},
    {.name = "root first",
     .o.quote.chain = {MINT_CERT_ROOT, MINT_CERT_CA, MINT_CERT_PCK}},
    {.name = "chain without its root",
     .o.quote.chain = {MINT_CERT_PCK, MINT_CERT_CA},
     .refused_by = "malformed",
     .difference = CHAIN_SHAPE},
    {.name = "chain with a certificate too many",
     .o.quote.chain = {MINT_CERT_PCK, MINT_CERT_CA, MINT_CERT_ROOT,
                       MINT_CERT_TCB_SIGNER},
     .refused_by = "malformed",
     .difference = CHAIN_SHAPE},
    {.name = "chain with a certificate twice",
     .o.quote.chain = {MINT_CERT_PCK, MINT_CERT_CA, MINT_CERT_CA},
     .refused_by = "root_ca",
     .difference = CHAIN_SHAPE},
};

static void
check_row(const struct row *row, const struct assay_ctx *ctx)
{
    struct mint_world *w = trial_world(row->name, &row->o);
    struct mint_world *other =
        row->trust != NULL ? trial_world(row->name, row->trust) : NULL;
    const struct mint_world *trusted = other != NULL ? other : w;
    bool trusted_verdict = false;
    const char *ours = judge(row, ctx, w, trusted, &trusted_verdict);
    const char *theirs = ask_openssl(row, w, trusted);
    const char *want = row->refused_by != NULL ? row->refused_by : "accepted";

    if (strcmp(ours != NULL ? ours : "accepted", want) != 0) {
        fail_msg("row \"%s\": ours is %s, want %s", row->name,
                 ours != NULL ? ours : "accepted", want);
    }
    if (row->varies) {
        CHECK(row->name, ours != NULL); /* the stricter answer is ours */
    } else if (row->difference == SAME) {
        if ((ours == NULL) != (theirs == NULL)) {
            fail_msg("row \"%s\": ours is %s, OpenSSL's %s", row->name,
                     ours != NULL ? ours : "accepted",
                     theirs != NULL ? theirs : "accepted");
        }
    } else {
        CHECK(row->name, (ours == NULL) != (theirs == NULL));
        CHECK(row->name,
              (ours == NULL) == differences[row->difference].we_accept);
    }
    if (row->difference == KEY_AT_USE) {
        CHECK(row->name, !trusted_verdict);
    }
    mint_world_free(other);
    mint_world_free(w);
}

static void
test_rows(void **state)
{
    const struct assay_ctx *ctx = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check_row(&rows[i], ctx);
    }
}

/* A difference that no row shows any more has to go. */
static void
test_differences(void **state)
{
    (void)state;
    for (size_t d = SAME + 1; d < DIFFERENCE_COUNT; d++) {
        bool shown = false;

        assert_non_null(differences[d].reason);
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            shown = shown || rows[i].difference == d;
        }
        CHECK(differences[d].reason, shown);
    }
    print_message("%zu rows, %u named differences\n", COUNT_OF(rows),
                  DIFFERENCE_COUNT - 1u);
}

static int
setup(void **state)
{
    *state = trial_ctx();
    return 0;
}

static int
teardown(void **state)
{
    assay_ctx_free(*state);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_differences),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
