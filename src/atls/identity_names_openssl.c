/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * identity_names_openssl.c - several identities at one door: whom each is for,
 * until when, and which one a client is shown.
 */
#include <string.h>

#include <openssl/x509v3.h>

#include "atls/name.h"
#include "atls/tls_openssl.h"
#include "base/bytes.h"

#define NAME_MAX_BYTES (ASSAY_SERVER_NAME_MAX_BYTES + 2u) /* "*." */
#define DAY_S          INT64_C(86400)

/* --- what a certificate says -------------------------------------------- */

static bool
read_time(const ASN1_TIME *t, int64_t *out)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0;
    int seconds = 0;
    bool good = epoch != NULL && ASN1_TIME_diff(&days, &seconds, epoch, t) == 1;

    ASN1_TIME_free(epoch);
    *out = (int64_t)days * DAY_S + seconds;
    return good;
}

static bool
is_dns_name(const char *name)
{
    const char *plain = strncmp(name, "*.", 2) == 0 ? name + 2 : name;

    return assay_name_is_valid(plain) && !assay_name_is_ip(plain);
}

static void
add_name(struct assay_tls_identity *i, const char *name)
{
    assay_buf_add(&i->names, assay_slice_of(name));
    assay_buf_add_u8(&i->names, '\0');
}

/* A name that no client could ask for is left out. */
static void
add_alt_name(struct assay_tls_identity *i, const GENERAL_NAME *g)
{
    char name[NAME_MAX_BYTES + 1];
    struct assay_slice s = ASSAY_EMPTY;

    if (g->type == GEN_DNS) {
        s = (struct assay_slice){ASN1_STRING_get0_data(g->d.dNSName),
                                 (size_t)ASN1_STRING_length(g->d.dNSName)};
    }
    if (s.len > 0 && s.len <= NAME_MAX_BYTES &&
        memchr(s.ptr, '\0', s.len) == NULL) {
        assay_copy(name, s);
        name[s.len] = '\0';
        if (is_dns_name(name)) {
            add_name(i, name);
        }
    }
}

bool
assay_tls_identity_read(struct assay_tls_identity *i, const X509 *leaf)
{
    GENERAL_NAMES *all =
        X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);

    for (int k = 0; k < sk_GENERAL_NAME_num(all); k++) {
        add_alt_name(i, sk_GENERAL_NAME_value(all, k));
    }
    GENERAL_NAMES_free(all);
    return !i->names.failed &&
           read_time(X509_get0_notBefore(leaf), &i->from_s) &&
           read_time(X509_get0_notAfter(leaf), &i->until_s);
}

void
assay_tls_identity_dates(const struct assay_tls_identity *i, int64_t *from_s,
                         int64_t *until_s)
{
    *from_s = i->from_s;
    *until_s = i->until_s;
}

/* The name behind this one, or the first (NULL); NULL at the end. */
static const char *
next_name(const struct assay_tls_identity *i, const char *name)
{
    const char *start = (const char *)i->names.ptr;
    const char *next = name == NULL ? start : name + strlen(name) + 1;

    return start != NULL && next < start + i->names.len ? next : NULL;
}

const char *
assay_tls_identity_name(const struct assay_tls_identity *i, size_t k)
{
    const char *name = next_name(i, NULL);

    while (name != NULL && k-- > 0) {
        name = next_name(i, name);
    }
    return name;
}

/* --- several ------------------------------------------------------------ */

enum assay_code
assay_tls_identity_set_names(struct assay_tls_identity *i,
                             const char *const *names, size_t count,
                             struct assay_error *err)
{
    assay_error_clear(err);
    assay_buf_free(&i->names);
    for (size_t k = 0; k < count; k++) {
        if (!is_dns_name(names[k])) {
            return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                              "certificate: '%.80s' is no DNS name", names[k]);
        }
        add_name(i, names[k]);
    }
    return assay_buf_check(&i->names, "certificate", err);
}

void
assay_tls_identity_add(struct assay_tls_identity *first,
                       struct assay_tls_identity *other)
{
    while (first->next != NULL) {
        first = first->next;
    }
    first->next = other;
}

const struct assay_tls_identity *
assay_tls_identity_next(const struct assay_tls_identity *i)
{
    return i->next;
}

/* "*.example.org" stands for one label more (RFC 9525, section 6.3). */
static bool
is_meant(const char *pattern, const char *host)
{
    const char *dot = strchr(host, '.');

    if (strncmp(pattern, "*.", 2) == 0) {
        return dot != NULL && dot != host &&
               assay_slice_is_nocase(assay_slice_of(dot), pattern + 1);
    }
    return assay_slice_is_nocase(assay_slice_of(host), pattern);
}

static bool
is_for(const struct assay_tls_identity *i, const char *host)
{
    const char *name = next_name(i, NULL);

    while (name != NULL && !is_meant(name, host)) {
        name = next_name(i, name);
    }
    return name != NULL;
}

/* A name that is nobody's gets the first identity: clients that pin, or ask by
 * address, know what they want. */
int
assay_tls_identity_choose(SSL *ssl, int *alert, void *first)
{
    const char *host = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    const struct assay_tls_identity *i = first;

    (void)alert;
    while (host != NULL && i != NULL && !is_for(i, host)) {
        i = i->next;
    }
    if (host == NULL || i == NULL) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    return SSL_set_SSL_CTX(ssl, i->server) != NULL ? SSL_TLSEXT_ERR_OK
                                                   : SSL_TLSEXT_ERR_ALERT_FATAL;
}
