/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pki/chain.h"

#include "base/buf.h"
#include "base/text.h"

/* Issuers go behind what they issued. With at most three certificates a few
 * swaps do; a chain that does not link keeps some order and fails its checks
 * later. */
static void
sort_leaf_first(struct assay_cert *cert, size_t count)
{
    for (size_t pass = 0; pass < count; pass++) {
        for (size_t i = 0; i + 1 < count; i++) {
            bool self = assay_slice_equal(cert[i].issuer, cert[i].subject);
            bool behind =
                assay_slice_equal(cert[i + 1].issuer, cert[i].subject);

            if (self || behind) {
                struct assay_cert swap = cert[i];

                cert[i] = cert[i + 1];
                cert[i + 1] = swap;
            }
        }
    }
}

enum assay_code
assay_chain_parse(struct assay_slice pem, size_t want, const char *what,
                  struct assay_chain *out, struct assay_error *err)
{
    struct assay_chain c = {.count = 0};
    size_t end[ASSAY_CHAIN_MAX_CERTS] = {0};
    size_t pos = 0;
    bool found = true;

    memset(out, 0, sizeof(*out));
    assay_error_clear(err);
    assay_buf_init(&c.der, ASSAY_CHAIN_MAX_CERTS * ASSAY_CERT_MAX_BYTES);
    while (found && err->code == ASSAY_OK) {
        (void)assay_pem_next(pem, &pos, "CERTIFICATE", &c.der, &found, what,
                             err);
        if (found && err->code == ASSAY_OK) {
            if (c.count == want) {
                assay_fail(err, ASSAY_MALFORMED, pos,
                           "%s: more than %zu certificates", what, want);
                break;
            }
            end[c.count++] = c.der.len;
        }
    }
    if (err->code == ASSAY_OK && c.count < want) {
        assay_fail(err, ASSAY_MALFORMED, pem.len,
                   "%s: %zu certificates, not %zu", what, c.count, want);
    }
    for (size_t i = 0; i < c.count && err->code == ASSAY_OK; i++) {
        size_t start = i == 0 ? 0 : end[i - 1];
        struct assay_slice der = {c.der.ptr + start, end[i] - start};

        if (assay_cert_parse(der, &c.cert[i], err) != ASSAY_OK) {
            assay_error_prefix(err, "%s: certificate %zu", what, i + 1);
        }
    }
    if (err->code != ASSAY_OK) {
        assay_buf_free(&c.der);
        return err->code;
    }
    sort_leaf_first(c.cert, c.count);
    *out = c;
    return ASSAY_OK;
}

void
assay_chain_free(struct assay_chain *c)
{
    assay_buf_free(&c->der);
    memset(c, 0, sizeof(*c));
}

/* One row a role. Intel's own library looks at names only; the rest is what
 * RFC 5280 asks of certificates that sign others. */
static const struct {
    const char *name_part; /* of the subject's common name */
    const char *name_fault;
    bool ca;
    uint32_t key_usage; /* bits that must be set */
    uint32_t min_path;  /* of a CA: how many CAs may follow it */
    bool sgx;           /* has Intel's extension */
} roles[] = {
    [ASSAY_ROLE_ROOT] = {"SGX Root CA", "is not named SGX Root CA", true,
                         ASSAY_KU_KEY_CERT_SIGN | ASSAY_KU_CRL_SIGN, 1, false},
    [ASSAY_ROLE_PCK_CA] = {"CA", "is not named as a CA", true,
                           ASSAY_KU_KEY_CERT_SIGN | ASSAY_KU_CRL_SIGN, 0,
                           false},
    [ASSAY_ROLE_PCK] = {"SGX PCK Certificate",
                        "is not named SGX PCK Certificate", false,
                        ASSAY_KU_DIGITAL_SIGNATURE, 0, true},
    [ASSAY_ROLE_TCB_SIGNER] = {"SGX TCB Signing",
                               "is not named SGX TCB Signing", false,
                               ASSAY_KU_DIGITAL_SIGNATURE, 0, false},
};

static const char *
extension_fault(const struct assay_cert *c)
{
    if (c->aki.len == 0) {
        return "has no authority key identifier";
    }
    if (c->ski.len == 0) {
        return "has no subject key identifier";
    }
    if (!c->has_crl_points) {
        return "has no CRL distribution points";
    }
    if (!c->has_key_usage) {
        return "has no key usage";
    }
    if (!c->has_basic_constraints) {
        return "has no basic constraints";
    }
    return NULL;
}

const char *
assay_cert_role_fault(const struct assay_cert *c, enum assay_cert_role role)
{
    const char *fault = extension_fault(c);

    if (assay_slice_find(c->common_name, roles[role].name_part) ==
        ASSAY_NO_OFFSET) {
        return roles[role].name_fault;
    }
    if (fault != NULL) {
        return fault;
    }
    if (c->is_ca != roles[role].ca) {
        return c->is_ca ? "is a CA where an end entity is due"
                        : "is no CA by its basic constraints";
    }
    if ((c->key_usage & roles[role].key_usage) != roles[role].key_usage) {
        return "lacks a key usage that its role needs";
    }
    if (!c->is_ca && (c->key_usage & ASSAY_KU_KEY_CERT_SIGN) != 0) {
        return "may sign certificates though it is no CA";
    }
    if (c->is_ca && c->path_len < roles[role].min_path) {
        return "has a path length that is too short";
    }
    if (!c->is_ca && c->path_len != ASSAY_PATH_LEN_NONE) {
        return "has a path length though it is no CA";
    }
    if ((c->sgx_extension.len > 0) != roles[role].sgx) {
        return roles[role].sgx ? "has no SGX extension"
                               : "has an SGX extension that is not its part";
    }
    return NULL;
}

const char *
assay_cert_link_fault(const struct assay_cert *child,
                      const struct assay_cert *issuer)
{
    if (!assay_slice_equal(child->issuer, issuer->subject)) {
        return "names another issuer";
    }
    if (!assay_slice_equal(child->aki, issuer->ski)) {
        return "names another issuer key";
    }
    return NULL;
}
