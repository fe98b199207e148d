/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tls_fault_openssl.c - whose fault it is that TLS does not go on, and in which
 * words.
 */
#include <openssl/err.h>

#include "atls/tls_openssl.h"
#include "base/error.h"

enum assay_code
assay_tls_fail_library(struct assay_error *err, const char *what)
{
    unsigned long e = ERR_peek_error();
    const char *reason = ERR_reason_error_string(e);

    if (e == 0 || ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE) {
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "%s: out of memory",
                   what);
    }
    assay_fail(err, ASSAY_CRYPTO, ASSAY_NO_OFFSET, "%s: %s", what,
               reason != NULL ? reason : "OpenSSL failed");
    ERR_clear_error();
    return err->code;
}

enum assay_code
assay_tls_fail_output(const struct assay_tls_memory *m, struct assay_error *err,
                      const char *what)
{
    if (m->stuck == ASSAY_OK) {
        return assay_tls_fail_library(err, what);
    }
    ERR_clear_error();
    return assay_fail(err, m->stuck, ASSAY_NO_OFFSET, "%s: %s", what,
                      m->stuck == ASSAY_NO_MEMORY
                          ? "out of memory"
                          : "too much waits to be sent");
}

/* Reasons that deserve better words than OpenSSL's. */
static const struct {
    int reason;
    const char *text;
} reasons[] = {
    {SSL_R_UNSUPPORTED_PROTOCOL, "the peer does not speak TLS 1.3"},
    {SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, "the peer does not speak TLS 1.3"},
    {SSL_R_WRONG_VERSION_NUMBER, "the peer does not speak TLS"},
    {SSL_R_NO_SHARED_CIPHER, "no cipher in common"},
    {SSL_R_HTTP_REQUEST, "the peer speaks HTTP without TLS"},
    {SSL_R_HTTPS_PROXY_REQUEST, "the peer speaks HTTP without TLS"},
};

enum assay_code
assay_tls_fail_peer(const struct assay_tls_memory *m,
                    const struct assay_tls_judge *judge,
                    struct assay_error *err)
{
    unsigned long e = ERR_peek_error();
    int reason = ERR_GET_REASON(e);
    const char *text = ERR_reason_error_string(e);

    if (reason == ERR_R_MALLOC_FAILURE || judge->no_memory ||
        m->stuck == ASSAY_NO_MEMORY) {
        ERR_clear_error();
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "TLS: out of memory");
    }
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        text = reason == reasons[i].reason ? reasons[i].text : text;
    }
    if (judge->fault[0] != '\0') {
        text = judge->fault;
    }
    if (m->stuck == ASSAY_TOO_LARGE) {
        text = "the peer makes us answer more than it reads";
    }
    ERR_clear_error();
    return assay_fail(err, ASSAY_TLS, ASSAY_NO_OFFSET, "TLS: %s",
                      text != NULL ? text : "the connection broke off");
}
