/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * roots_openssl.c - whom a client believes.
 *
 * A system has some 140 CA certificates, and OpenSSL 3.0 takes a fifth of a
 * millisecond to parse one. So only their subjects are read here, by our own
 * walker; OpenSSL gets those that a chain names as an issuer.
 */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "atls/tls_openssl.h"
#include "base/bytes.h"
#include "base/text.h"
#include "crypto/ctx_openssl.h"
#include "pki/der.h"

#define ROOTS_MAX 4096u
#define BEGIN     "-----BEGIN CERTIFICATE-----"
#define END       "-----END CERTIFICATE-----"

struct entry {
    size_t at; /* in `der` */
    size_t len;
    struct assay_slice subject; /* Name with tag and length, in `der` */
};

struct assay_tls_roots {
    OSSL_LIB_CTX *lib; /* the context's */
    SSL_CTX *settings;
    struct assay_buf der; /* one after another */
    struct entry *entry;
    size_t count;
};

static int judge_chain(X509_STORE_CTX *sctx, void *unused);

/* --- reading ------------------------------------------------------------ */

/* TBSCertificate up to the subject (RFC 5280, 4.1). Empty if it is none. */
static struct assay_slice
subject_of(struct assay_slice der)
{
    struct assay_error err;
    struct assay_reader all;
    struct assay_reader cert;
    struct assay_reader tbs;
    struct assay_slice subject;

    assay_error_clear(&err);
    all = assay_der_reader(der, &err);
    cert = assay_der_enter(&all, ASSAY_DER_SEQUENCE, "certificate");
    tbs = assay_der_enter(&cert, ASSAY_DER_SEQUENCE, "tbs");
    if (assay_der_peek(&tbs) == ASSAY_DER_CONTEXT_CONSTRUCTED(0)) {
        (void)assay_der_read(&tbs, ASSAY_DER_CONTEXT_CONSTRUCTED(0), "version");
    }
    (void)assay_der_read(&tbs, ASSAY_DER_INTEGER, "serial");
    (void)assay_der_read(&tbs, ASSAY_DER_SEQUENCE, "algorithm");
    (void)assay_der_read(&tbs, ASSAY_DER_SEQUENCE, "issuer");
    (void)assay_der_read(&tbs, ASSAY_DER_SEQUENCE, "validity");
    subject = assay_der_whole(&tbs, ASSAY_DER_SEQUENCE, "subject");
    return err.code == ASSAY_OK ? subject : ASSAY_EMPTY;
}

/* The next block from *pos on, with its lines; empty at the end. It starts at
 * the last BEGIN before its END: one that was cut off is lost, and not the one
 * behind it too. */
static struct assay_slice
next_block(struct assay_slice pem, size_t *pos)
{
    struct assay_slice rest = {pem.ptr + *pos, pem.len - *pos};
    struct assay_slice block;
    size_t end = assay_slice_find(rest, END);
    size_t begin;

    if (end == ASSAY_NO_OFFSET) {
        return ASSAY_EMPTY;
    }
    block = (struct assay_slice){rest.ptr + end, sizeof(END) - 1};
    *pos += end + block.len;
    rest.len = end;
    for (begin = assay_slice_find(rest, BEGIN); begin != ASSAY_NO_OFFSET;
         begin = assay_slice_find(rest, BEGIN)) {
        block.ptr = rest.ptr + begin;
        block.len = rest.len - begin + sizeof(END) - 1;
        rest.ptr += begin + 1;
        rest.len -= begin + 1;
    }
    return block;
}

/* A certificate that cannot be read is passed by: bundles of systems have
 * such, and an unread root is one that is not trusted. */
static void
add_block(struct assay_tls_roots *r, struct assay_slice block)
{
    size_t at = r->der.len;
    size_t pos = 0;
    bool found = false;
    struct assay_error sub;

    assay_error_clear(&sub);
    if (assay_pem_next(block, &pos, "CERTIFICATE", &r->der, &found, "root",
                       &sub) != ASSAY_OK ||
        !found) {
        r->der.len = r->der.failed ? r->der.len : at;
        return;
    }
    r->entry[r->count++] = (struct entry){.at = at, .len = r->der.len - at};
}

static void
read_blocks(struct assay_tls_roots *r, struct assay_slice pem,
            struct assay_error *err)
{
    size_t pos = 0;
    size_t kept = 0;
    struct assay_slice block = next_block(pem, &pos);

    while (block.len > 0 && r->count < ROOTS_MAX) {
        add_block(r, block);
        block = next_block(pem, &pos);
    }
    if (block.len > 0) {
        assay_fail(err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                   "TLS roots: more than %u certificates", ROOTS_MAX);
    }
    if (assay_buf_check(&r->der, "TLS roots", err) != ASSAY_OK) {
        return;
    }
    for (size_t i = 0; i < r->count; i++) {
        struct entry e = r->entry[i];

        e.subject = subject_of((struct assay_slice){r->der.ptr + e.at, e.len});
        if (e.subject.len > 0) {
            r->entry[kept++] = e;
        }
    }
    r->count = kept;
}

enum assay_code
assay_tls_roots_parse(const struct assay_ctx *ctx, struct assay_slice pem,
                      struct assay_tls_roots **out, size_t *count,
                      struct assay_error *err)
{
    struct assay_tls_roots *r = NULL;

    *out = NULL;
    *count = 0;
    assay_error_clear(err);
    if (pem.len > ASSAY_TLS_ROOTS_MAX_BYTES) {
        return assay_fail(err, ASSAY_TOO_LARGE, 0,
                          "TLS roots: %zu bytes, at most %u", pem.len,
                          ASSAY_TLS_ROOTS_MAX_BYTES);
    }
    ERR_clear_error();
    r = calloc(1, sizeof(*r));
    if (r != NULL) {
        assay_buf_init(&r->der, ASSAY_TLS_ROOTS_MAX_BYTES);
        r->lib = ctx->lib;
        r->entry = calloc(ROOTS_MAX, sizeof(*r->entry));
        r->settings = assay_tls_settings(ctx->lib, TLS_client_method());
    }
    if (r == NULL || r->entry == NULL) {
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                   "TLS roots: out of memory");
    } else if (r->settings == NULL) {
        assay_tls_fail_library(err, "TLS roots");
    } else {
        SSL_CTX_set_cert_verify_callback(r->settings, judge_chain, NULL);
        read_blocks(r, pem, err);
    }
    if (err->code == ASSAY_OK && pem.len > 0 && r->count == 0) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "TLS roots: no certificate in PEM is in there");
    }
    if (err->code != ASSAY_OK) {
        assay_tls_roots_free(r);
        return err->code;
    }
    *count = r->count;
    *out = r;
    return ASSAY_OK;
}

void
assay_tls_roots_free(struct assay_tls_roots *r)
{
    if (r != NULL) {
        SSL_CTX_free(r->settings);
        assay_buf_free(&r->der);
        free(r->entry);
        free(r);
    }
}

SSL_CTX *
assay_tls_roots_settings(const struct assay_tls_roots *r)
{
    return r->settings;
}

/* --- judging a chain ---------------------------------------------------- */

/* Is this name the issuer of a certificate of the chain, or the subject of its
 * leaf, which may be a root itself? Names are compared octet by octet, as RFC
 * 5280, section 4.1.2.4, has CAs write them. */
static bool
is_named(STACK_OF(X509) * chain, struct assay_slice subject)
{
    for (int i = -1; i < sk_X509_num(chain); i++) {
        const X509 *cert = sk_X509_value(chain, i < 0 ? 0 : i);
        const X509_NAME *name =
            i < 0 ? X509_get_subject_name(cert) : X509_get_issuer_name(cert);
        const unsigned char *der = NULL;
        size_t len = 0;

        if (X509_NAME_get0_der(name, &der, &len) == 1 &&
            assay_slice_equal(subject, (struct assay_slice){der, len})) {
            return true;
        }
    }
    return false;
}

/* A root, parsed, onto the stack; one that OpenSSL cannot read is not trusted.
 * The leaf itself goes before others of its name, of which OpenSSL tries only
 * the first. False without memory. */
static bool
push_root(const struct assay_tls_roots *r, const struct entry *e, X509 *leaf,
          STACK_OF(X509) * anchors)
{
    const unsigned char *der = r->der.ptr + e->at;
    X509 *cert = X509_new_ex(r->lib, NULL);
    bool pushed = false;

    if (cert == NULL) {
        return false;
    }
    if (d2i_X509(&cert, &der, (long)e->len) == NULL) {
        X509_free(cert); /* NULL unless only its extensions were bad */
        return true;
    }
    pushed =
        sk_X509_insert(anchors, cert, X509_cmp(cert, leaf) == 0 ? 0 : -1) > 0;
    if (!pushed) {
        X509_free(cert);
    }
    return pushed;
}

/* The roots that may be what this chain ends in. Each is parsed once, however
 * often a chain names it. */
static STACK_OF(X509) *
    anchors_for(const struct assay_tls_roots *r, X509_STORE_CTX *sctx)
{
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_untrusted(sctx);
    STACK_OF(X509) *anchors = sk_X509_new_null();
    bool good = anchors != NULL;

    for (size_t i = 0; good && sk_X509_num(chain) > 0 && i < r->count; i++) {
        good = !is_named(chain, r->entry[i].subject) ||
               push_root(r, &r->entry[i], sk_X509_value(chain, 0), anchors);
    }
    if (!good) {
        sk_X509_pop_free(anchors, X509_free);
        return NULL;
    }
    return anchors;
}

/* Errors for which OpenSSL's words say too little. */
static const char *
fault_text(int error)
{
    switch (error) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return "the certificate is for another name";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return "no trusted root signed the certificate";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return "the certificate is self-signed and not among the trusted roots";
    default:
        return X509_verify_cert_error_string(error);
    }
}

static int
judge_chain(X509_STORE_CTX *sctx, void *unused)
{
    SSL *ssl =
        X509_STORE_CTX_get_ex_data(sctx, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct assay_tls_judge *judge = SSL_get_app_data(ssl);
    STACK_OF(X509) *anchors = NULL;
    int good = 0;

    (void)unused;
    if (!judge->check) {
        X509_STORE_CTX_set_error(sctx, X509_V_OK);
        return 1;
    }
    anchors = anchors_for(judge->roots, sctx);
    if (anchors == NULL) {
        X509_STORE_CTX_set_error(sctx, X509_V_ERR_OUT_OF_MEM);
    } else {
        X509_STORE_CTX_set0_trusted_stack(sctx, anchors);
        X509_STORE_CTX_set_flags(sctx, X509_V_FLAG_PARTIAL_CHAIN);
        good = X509_verify_cert(sctx);
    }
    if (good != 1) {
        judge->no_memory =
            X509_STORE_CTX_get_error(sctx) == X509_V_ERR_OUT_OF_MEM;
        (void)snprintf(judge->fault, sizeof(judge->fault), "%s",
                       fault_text(X509_STORE_CTX_get_error(sctx)));
    }
    X509_STORE_CTX_set0_trusted_stack(sctx, NULL);
    sk_X509_pop_free(anchors, X509_free);
    return good == 1;
}

bool
assay_tls_roots_attach(SSL *ssl, struct assay_tls_judge *judge)
{
    return SSL_set_app_data(ssl, judge) == 1;
}
