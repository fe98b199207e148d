/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "atls/leaf.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "atls/name.h"
#include "base/error.h"
#include "crypto/ctx_openssl.h"

/* All of the bytes, into *cert, which is NULL if they are none. */
static void
parse(struct assay_slice der, X509 **cert)
{
    const unsigned char *at = der.ptr;
    X509 *read = d2i_X509(cert, &at, (long)der.len);

    if (read == NULL || at != der.ptr + der.len) {
        X509_free(*cert); /* NULL unless only its extensions were bad */
        *cert = NULL;
    }
}

static bool
has_name(X509 *cert, const char *name)
{
    if (assay_name_is_ip(name)) {
        return X509_check_ip_asc(cert, name, 0) == 1;
    }
    return X509_check_host(cert, name, 0,
                           X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                               X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
                           NULL) == 1;
}

/* X509_cmp_time() answers 0 for a date that it cannot read. */
static bool
is_in_date(const X509 *cert, int64_t now_s)
{
    time_t now = (time_t)now_s;

    return X509_cmp_time(X509_get0_notBefore(cert), &now) < 0 &&
           X509_cmp_time(X509_get0_notAfter(cert), &now) > 0;
}

enum assay_code
assay_leaf_check(const struct assay_ctx *ctx, struct assay_slice der,
                 const char *server_name, int64_t now_s, const char **fault,
                 struct assay_error *err)
{
    X509 *cert = X509_new_ex(ctx->lib, NULL);

    *fault = NULL;
    if (cert == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "certificate: out of memory");
    }
    ERR_clear_error();
    parse(der, &cert);
    if (cert == NULL) {
        *fault = "session.certificate: it cannot be read";
    } else if (!has_name(cert, server_name)) {
        *fault = "claims.server_name: session.certificate is not for this name";
    } else if (!is_in_date(cert, now_s)) {
        *fault = "claims.time: session.certificate was not in date then";
    }
    X509_free(cert);
    ERR_clear_error();
    return err->code;
}
