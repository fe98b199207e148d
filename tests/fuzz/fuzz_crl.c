/* Target functions: assay_crl_parse, assay_crl_revokes
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Every entry that stands in the list is found, by us and by OpenSSL.
 */
#include "harness/fuzz.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "base/bytes.h"
#include "pki/crl.h"

/* Each serial that is there is revoked. The entries of `c` are known to be
 * whole elements. */
static void
check_entries(const struct assay_crl *c)
{
    struct assay_slice rest = c->entries;

    PROMISE(fuzz_count_elements(rest) == c->entry_count);
    for (size_t i = 0; i < c->entry_count; i++) {
        struct assay_slice entry = fuzz_element(rest);
        struct assay_slice serial =
            fuzz_content(fuzz_element(fuzz_content(entry)));

        if (i < 8) { /* looking up is a scan */
            PROMISE(assay_crl_revokes(c, serial));
        }
        rest.ptr += entry.len;
        rest.len -= entry.len;
    }
}

static void
compare(X509_CRL *x, const struct assay_crl *c)
{
    const STACK_OF(X509_REVOKED) *revoked = X509_CRL_get_REVOKED(x);
    int count = revoked != NULL ? sk_X509_REVOKED_num(revoked) : 0;
    const unsigned char *der = NULL;
    size_t len = 0;

    PROMISE((size_t)count == c->entry_count);
    PROMISE(X509_CRL_get_version(x) == X509_CRL_VERSION_2);
    PROMISE(X509_NAME_get0_der(X509_CRL_get_issuer(x), &der, &len) == 1);
    PROMISE(assay_slice_equal((struct assay_slice){der, len}, c->issuer));
    PROMISE(X509_CRL_get0_nextUpdate(x) != NULL);
}

static void
check_crl(const struct assay_crl *c, struct assay_slice in)
{
    static const uint8_t nobody[] = {0x7f, 0xee, 0xdd};
    const unsigned char *p = in.ptr;
    X509_CRL *x = NULL;
    size_t parts;

    PROMISE(c->der.ptr == in.ptr && c->der.len == in.len);
    fuzz_check_inside(c->tbs, in);
    fuzz_check_inside(c->issuer, c->tbs);
    fuzz_check_inside(c->entries, c->tbs);
    fuzz_check_inside(c->aki, c->tbs);
    PROMISE(fuzz_count_elements(in) == 1);
    PROMISE(fuzz_count_elements(fuzz_content(in)) == 3);
    parts = fuzz_count_elements(fuzz_content(c->tbs));
    PROMISE(parts == 6 || parts == 7);
    PROMISE(parts == 7 || c->entry_count == 0);
    check_entries(c);
    (void)assay_crl_revokes(c, ASSAY_SLICE(nobody));

    x = d2i_X509_CRL(NULL, &p, (long)in.len);
    if (x != NULL) {
        PROMISE(p == in.ptr + in.len);
        compare(x, c);
    }
    X509_CRL_free(x);
    ERR_clear_error();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_slice in = {data, size};
    struct assay_crl c;
    struct assay_error err;
    enum assay_code code = assay_crl_parse(in, &c, &err);

    fuzz_check_error(&err, code, size);
    if (code == ASSAY_OK) {
        check_crl(&c, in);
    } else {
        fuzz_check_zero(&c, sizeof(c));
    }
    return 0;
}
