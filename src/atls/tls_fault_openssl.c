/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tls_fault_openssl.c - whose fault it is that TLS does not go on, and in which
 * words.
 */
#include <openssl/err.h>
#include <stdio.h>

#include "atls/tls_openssl.h"
#include "base/error.h"

#define REASON_BYTES 96

/* For builds of OpenSSL that have no words: what a peer, or who stands between,
 * can bring about. */
static const struct {
    int reason;
    const char *text;
} spare_words[] = {
    {SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC,
     "a record was changed on its way, or is not the peer's"},
    {SSL_R_DIGEST_CHECK_FAILED, "the handshake was changed on its way"},
    {SSL_R_BAD_SIGNATURE, "the peer's signature is wrong"},
    {SSL_R_BAD_KEY_SHARE, "the peer's key share is not valid"},
    {SSL_R_NO_SUITABLE_KEY_SHARE, "no key exchange in common"},
    {SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, "no signature in common"},
    {SSL_R_WRONG_SIGNATURE_TYPE, "a signature that was not offered"},
    {SSL_R_WRONG_CIPHER_RETURNED, "the peer chose a cipher not offered"},
    {SSL_R_UNEXPECTED_MESSAGE, "a message out of season"},
    {SSL_R_LENGTH_MISMATCH, "a message of a wrong length"},
    {SSL_R_BAD_EXTENSION, "an extension that cannot be read"},
    {SSL_R_UNSOLICITED_EXTENSION, "an extension that was not asked for"},
    {SSL_R_PACKET_LENGTH_TOO_LONG, "a record that is too long"},
    {SSL_R_EXCESSIVE_MESSAGE_SIZE, "a message that is too long"},
    {SSL_R_BAD_RECORD_TYPE, "a record of an unknown type"},
};

/* OpenSSL's words. Where it was built without them there are ours, those of an
 * alert, and else the number that it has for the reason (openssl errstr). */
static const char *
words_of(unsigned long e, char room[REASON_BYTES])
{
    const char *text = ERR_reason_error_string(e);
    int alert = ERR_GET_REASON(e) - SSL_AD_REASON_OFFSET;

    if (text != NULL || e == 0) {
        return text;
    }
    for (size_t i = 0; i < sizeof(spare_words) / sizeof(spare_words[0]); i++) {
        if (ERR_GET_REASON(e) == spare_words[i].reason) {
            return spare_words[i].text;
        }
    }
    if (ERR_GET_LIB(e) == ERR_LIB_SSL && alert >= 0 && alert < 256) {
        (void)snprintf(room, REASON_BYTES, "the peer's alert: %s",
                       SSL_alert_desc_string_long(alert));
    } else {
        (void)snprintf(room, REASON_BYTES, "OpenSSL's error %08lX", e);
    }
    return room;
}

enum assay_code
assay_tls_fail_library(struct assay_error *err, const char *what)
{
    unsigned long e = ERR_peek_error();
    char room[REASON_BYTES];
    const char *reason = words_of(e, room);

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
    char room[REASON_BYTES];
    const char *text = words_of(e, room);

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
