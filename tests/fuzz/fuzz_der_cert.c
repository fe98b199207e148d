/* Target functions: assay_cert_parse, assay_cert_role_fault
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Where OpenSSL reads the certificate too, both must have read the same.
 */
#include "harness/fuzz.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/bytes.h"
#include "pki/chain.h"

static int64_t
seconds(const ASN1_TIME *t)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0;
    int rest = 0;

    PROMISE(epoch != NULL && ASN1_TIME_diff(&days, &rest, epoch, t) == 1);
    ASN1_TIME_free(epoch);
    return (int64_t)days * 86400 + rest;
}

static void
check_name(const X509_NAME *name, struct assay_slice ours)
{
    const unsigned char *der = NULL;
    size_t len = 0;

    PROMISE(X509_NAME_get0_der(name, &der, &len) == 1);
    PROMISE(assay_slice_equal((struct assay_slice){der, len}, ours));
}

/* r || s from the DER that OpenSSL keeps. */
static void
check_signature(const X509 *x, const struct assay_cert *c)
{
    const ASN1_BIT_STRING *sig = NULL;
    const X509_ALGOR *alg = NULL;
    struct assay_slice der;

    X509_get0_signature(&sig, &alg, x);
    der = (struct assay_slice){ASN1_STRING_get0_data(sig),
                               (size_t)ASN1_STRING_length(sig)};
    PROMISE(fuzz_count_elements(der) == 1);
    PROMISE(fuzz_count_elements(fuzz_content(der)) == 2);
    for (size_t i = 0; i < 64; i += 32) {
        struct assay_slice rest = fuzz_content(der);
        struct assay_slice number = fuzz_element(rest);

        if (i > 0) {
            rest.ptr += number.len;
            rest.len -= number.len;
            number = fuzz_element(rest);
        }
        number = fuzz_content(number);
        PROMISE(number.len <= 33);
        for (size_t k = 1; k <= 32; k++) {
            uint8_t want =
                k <= number.len ? number.ptr[number.len - k] : (uint8_t)0;

            PROMISE(c->signature[i + 32 - k] == want);
        }
    }
}

static void
compare(X509 *x, const struct assay_cert *c)
{
    const ASN1_INTEGER *serial = X509_get0_serialNumber(x);
    const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(x);
    size_t skip = c->serial.len > 1 && c->serial.ptr[0] == 0 ? 1 : 0;

    PROMISE(X509_get_version(x) == X509_VERSION_3);
    PROMISE((size_t)ASN1_STRING_length(serial) == c->serial.len - skip);
    PROMISE(memcmp(ASN1_STRING_get0_data(serial), c->serial.ptr + skip,
                   c->serial.len - skip) == 0);
    check_name(X509_get_issuer_name(x), c->issuer);
    check_name(X509_get_subject_name(x), c->subject);
    PROMISE(seconds(X509_get0_notBefore(x)) == c->not_before_s);
    PROMISE(seconds(X509_get0_notAfter(x)) == c->not_after_s);
    PROMISE(ASN1_STRING_length(key) == 65);
    PROMISE(memcmp(ASN1_STRING_get0_data(key) + 1, c->key.ptr, 64) == 0);
    check_signature(x, c);
}

/* Extensions that OpenSSL refuses make its other answers void. */
static void
compare_extensions(X509 *x, const struct assay_cert *c)
{
    uint32_t flags = X509_get_extension_flags(x);
    const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(x);
    const ASN1_OCTET_STRING *aki = X509_get0_authority_key_id(x);

    if ((flags & EXFLAG_INVALID) != 0) {
        return;
    }
    PROMISE(((flags & EXFLAG_CA) != 0) == c->is_ca);
    PROMISE(((flags & EXFLAG_KUSAGE) != 0) == c->has_key_usage);
    PROMISE(((flags & EXFLAG_BCONS) != 0) == c->has_basic_constraints);
    if (c->has_key_usage) {
        uint32_t ku = X509_get_key_usage(x);

        PROMISE(((ku & KU_DIGITAL_SIGNATURE) != 0) ==
                ((c->key_usage & ASSAY_KU_DIGITAL_SIGNATURE) != 0));
        PROMISE(((ku & KU_KEY_CERT_SIGN) != 0) ==
                ((c->key_usage & ASSAY_KU_KEY_CERT_SIGN) != 0));
        PROMISE(((ku & KU_CRL_SIGN) != 0) ==
                ((c->key_usage & ASSAY_KU_CRL_SIGN) != 0));
    }
    PROMISE((size_t)(ski != NULL ? ASN1_STRING_length(ski) : 0) == c->ski.len);
    PROMISE((size_t)(aki != NULL ? ASN1_STRING_length(aki) : 0) == c->aki.len);
    PROMISE(ski == NULL || c->ski.len == 0 ||
            memcmp(ASN1_STRING_get0_data(ski), c->ski.ptr, c->ski.len) == 0);
    PROMISE(aki == NULL || c->aki.len == 0 ||
            memcmp(ASN1_STRING_get0_data(aki), c->aki.ptr, c->aki.len) == 0);
}

static void
check_cert(const struct assay_cert *c, struct assay_slice in)
{
    const unsigned char *p = in.ptr;
    X509 *x = NULL;

    PROMISE(c->der.ptr == in.ptr && c->der.len == in.len);
    fuzz_check_inside(c->tbs, in);
    fuzz_check_inside(c->serial, c->tbs);
    fuzz_check_inside(c->issuer, c->tbs);
    fuzz_check_inside(c->common_name, c->subject);
    fuzz_check_inside(c->key, c->tbs);
    fuzz_check_inside(c->ski, c->tbs);
    fuzz_check_inside(c->aki, c->tbs);
    fuzz_check_inside(c->sgx_extension, c->tbs);
    PROMISE(fuzz_count_elements(in) == 1);
    PROMISE(fuzz_count_elements(fuzz_content(in)) == 3);
    PROMISE(fuzz_count_elements(fuzz_content(c->tbs)) == 8);
    (void)fuzz_count_elements(fuzz_content(c->issuer));
    (void)fuzz_count_elements(fuzz_content(c->subject));
    for (int role = ASSAY_ROLE_ROOT; role <= ASSAY_ROLE_TCB_SIGNER; role++) {
        (void)assay_cert_role_fault(c, (enum assay_cert_role)role);
    }
    (void)assay_cert_link_fault(c, c);

    x = d2i_X509(NULL, &p, (long)in.len);
    if (x != NULL) {
        PROMISE(p == in.ptr + in.len);
        compare(x, c);
        compare_extensions(x, c);
    }
    X509_free(x);
    ERR_clear_error();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_slice in = {data, size};
    struct assay_cert c;
    struct assay_error err;
    enum assay_code code = assay_cert_parse(in, &c, &err);

    fuzz_check_error(&err, code, size);
    if (code == ASSAY_OK) {
        check_cert(&c, in);
    } else {
        fuzz_check_zero(&c, sizeof(c));
    }
    return 0;
}
