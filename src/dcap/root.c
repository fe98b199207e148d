/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "dcap/root.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/text.h"
#include "collateral/collateral.h"
#include "pki/chain.h"

/* CN=Intel SGX Root CA, 2018-05-21 to 2049-12-31: the public key that Intel's
 * quote verification enclave pins, and SHA-256 of the certificate. */
static const struct assay_root intel = {
    .key =
        {
            0x0b, 0xa9, 0xc4, 0xc0, 0xc0, 0xc8, 0x61, 0x93, 0xa3, 0xfe, 0x23,
            0xd6, 0xb0, 0x2c, 0xda, 0x10, 0xa8, 0xbb, 0xd4, 0xe8, 0x8e, 0x48,
            0xb4, 0x45, 0x85, 0x61, 0xa3, 0x6e, 0x70, 0x55, 0x25, 0xf5, 0x67,
            0x91, 0x8e, 0x2e, 0xdc, 0x88, 0xe4, 0x0d, 0x86, 0x0b, 0xd0, 0xcc,
            0x4e, 0xe2, 0x6a, 0xac, 0xc9, 0x88, 0xe5, 0x05, 0xa9, 0x53, 0x55,
            0x8c, 0x45, 0x3f, 0x6b, 0x09, 0x04, 0xae, 0x73, 0x94,
        },
    .der_sha256 =
        {
            0x44, 0xa0, 0x19, 0x6b, 0x2b, 0x99, 0xf8, 0x89, 0xb8, 0xe1, 0x49,
            0xe9, 0x5b, 0x80, 0x7a, 0x35, 0x0e, 0x74, 0x24, 0x96, 0x43, 0x99,
            0xe8, 0x85, 0xa7, 0xcb, 0xb8, 0xcc, 0xfa, 0xb6, 0x74, 0xd3,
        },
    .intel = true,
};

const struct assay_root *
assay_root_intel(void)
{
    return &intel;
}

/* PEM (one block) or DER, as DER. */
static void
decode(struct assay_slice in, struct assay_buf *der, struct assay_error *err)
{
    size_t pos = 0;
    bool found = false;

    if (in.len > 0 && in.ptr[0] == 0x30) {
        assay_buf_add(der, in);
        (void)assay_buf_check(der, "root certificate", err);
        return;
    }
    (void)assay_pem_next(in, &pos, "CERTIFICATE", der, &found,
                         "root certificate", err);
    if (err->code == ASSAY_OK && !found) {
        assay_fail(err, ASSAY_MALFORMED, 0,
                   "root certificate: neither PEM nor DER");
        return;
    }
    if (err->code == ASSAY_OK) {
        size_t first = der->len;

        (void)assay_pem_next(in, &pos, "CERTIFICATE", der, &found,
                             "root certificate", err);
        if (found || der->len != first) {
            assay_fail(err, ASSAY_INVALID, pos,
                       "root certificate: more than one certificate");
        }
    }
}

static void
check_self_signed(const struct assay_ctx *ctx, const struct assay_cert *cert,
                  struct assay_error *err)
{
    const char *fault = assay_cert_role_fault(cert, ASSAY_ROLE_ROOT);
    struct assay_signed seal;
    struct assay_p256 *key = NULL;
    bool good = false;

    if (fault == NULL) {
        fault = assay_cert_link_fault(cert, cert);
    }
    if (fault != NULL) {
        assay_fail(err, ASSAY_INVALID, 0, "root certificate: %s", fault);
        return;
    }
    if (assay_signed_cert(ctx, cert, &seal, err) == ASSAY_OK &&
        assay_p256_new(ctx, cert->key.ptr, &key, err) == ASSAY_OK &&
        assay_p256_verify(ctx, key, seal.digest, seal.signature, &good, err) ==
            ASSAY_OK &&
        !good) {
        assay_fail(err, ASSAY_INVALID, 0,
                   "root certificate: not signed by its own key");
    }
    assay_p256_free(key);
}

enum assay_code
assay_root_parse(const struct assay_ctx *ctx, struct assay_slice certificate,
                 struct assay_root **out, struct assay_error *err)
{
    struct assay_buf der;
    struct assay_cert cert;
    struct assay_root *root = NULL;

    *out = NULL;
    assay_error_clear(err);
    assay_buf_init(&der, ASSAY_CHAIN_MAX_BYTES);
    decode(certificate, &der, err);
    if (err->code == ASSAY_OK &&
        assay_cert_parse(assay_buf_slice(&der), &cert, err) == ASSAY_OK) {
        check_self_signed(ctx, &cert, err);
    }
    if (err->code == ASSAY_OK) {
        root = calloc(1, sizeof(*root));
        if (root == NULL) {
            assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                       "root certificate: out of memory");
        }
    }
    if (root != NULL) {
        memcpy(root->key, cert.key.ptr, sizeof(root->key));
        (void)assay_sha256(ctx, cert.der, root->der_sha256, err);
        root->intel = memcmp(root->key, intel.key, sizeof(intel.key)) == 0;
    }
    if (err->code == ASSAY_OK) {
        *out = root;
        root = NULL; /* handed to the caller */
    }
    free(root);
    assay_buf_free(&der);
    return err->code;
}

void
assay_root_free(struct assay_root *r)
{
    if (r != &intel) {
        free(r);
    }
}

bool
assay_root_is_intel(const struct assay_root *r)
{
    return r->intel;
}

void
assay_root_sha256(const struct assay_root *r, uint8_t out[32])
{
    memcpy(out, r->der_sha256, sizeof(r->der_sha256));
}
