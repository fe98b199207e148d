/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_tls_roots.c - whom a client of TLS believes: names, chains, dates, and
 * bundles of roots.
 */
#include <unistd.h>

#include "harness/tls_peer.h"

#define BUNDLE "/etc/ssl/certs/ca-certificates.crt"

/* --- names and chains --------------------------------------------------- */

static const struct {
    const char *name;
    const char *msg; /* NULL: accepted */
    bool other_root;
    bool unchecked;
} names[] = {
    {"a.example", NULL, false, false},
    {"A.EXAMPLE", NULL, false, false},
    {"x.w.example", NULL, false, false},
    {"192.0.2.1", NULL, false, false},
    {"2001:db8::1", NULL, false, false},
    {"2001:DB8:0:0::0:1", NULL, false, false},
    {"b.example", "TLS: the certificate is for another name", false, false},
    {"leaf", "TLS: the certificate is for another name", false, false},
    {"w.example", "TLS: the certificate is for another name", false, false},
    {"x.y.w.example", "TLS: the certificate is for another name", false, false},
    {"aa.example", "TLS: the certificate is for another name", false, false},
    {"example", "TLS: the certificate is for another name", false, false},
    {"192.0.2.2", "TLS: the certificate is for another name", false, false},
    {"2001:db8::2", "TLS: the certificate is for another name", false, false},
    {"a.example", "TLS: no trusted root signed the certificate", true, false},
    {"b.example", NULL, false, true},
    {"192.0.2.2", NULL, false, true},
    {"a.example", NULL, true, true},
};

static void
test_names(void **state)
{
    struct assay_tls_roots *others = roots_of(world.other_root.cert);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct ours o =
            new_ours(new_client(names[i].other_root ? others : world.roots,
                                names[i].name, !names[i].unchecked, NOW_S));
        struct raw r = new_raw_server(&world.leaf, &world.middle);
        unsigned long peer_error;
        const char *sni;
        bool ip = strpbrk(names[i].name, ":") != NULL ||
                  strncmp(names[i].name, "192", 3) == 0;

        start_raw(&r, true);
        peer_error = shake(&o, &r);
        if (names[i].msg == NULL) {
            check_ready(names[i].name, &o, &r);
            sni = SSL_get_servername(r.ssl, TLSEXT_NAMETYPE_host_name);
            CHECK(names[i].name, ip == (sni == NULL));
            CHECK(names[i].name,
                  sni == NULL || strcmp(sni, names[i].name) == 0);
        } else {
            check_error(names[i].name, &o.err, ASSAY_TLS, names[i].msg,
                        ASSAY_NO_OFFSET);
            CHECK(names[i].name, !assay_tls_ready(o.tls));
            /* and the peer was told, by an alert */
            CHECK(names[i].name, peer_error != 0);
        }
        free_raw(&r);
        free_ours(&o);
    }
    assay_tls_roots_free(others);
}

static void
test_bad_names(void **state)
{
    static const char *const bad[] = {"",      "a b",   "a.example.", "[::1]",
                                      "a:443", "127.1", "*.example"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        const struct assay_tls_client_setup s = {ctx, world.roots, true, bad[i],
                                                 NOW_S};
        struct assay_tls *t = NULL;
        struct assay_error err;

        assay_error_clear(&err);
        CHECK(bad[i], assay_tls_client_new(&s, &t, &err) == ASSAY_INVALID);
        CHECK(bad[i], t == NULL);
    }
}

/* One handshake; what the client says, "" if it is content. */
static void
check_chain(const char *row, const struct assay_tls_roots *roots,
            const struct pki *leaf, const struct pki *middle, int64_t now_s,
            const char *msg)
{
    struct ours o = new_ours(new_client(roots, "a.example", true, now_s));
    struct raw r = new_raw_server(leaf, middle);

    start_raw(&r, true);
    (void)shake(&o, &r);
    if (msg[0] == '\0') {
        check_ready(row, &o, &r);
    } else {
        check_error(row, &o.err, ASSAY_TLS, msg, ASSAY_NO_OFFSET);
        CHECK(row, !assay_tls_ready(o.tls));
    }
    free_raw(&r);
    free_ours(&o);
}

#define UNKNOWN "TLS: no trusted root signed the certificate"
#define SELF                                                                   \
    "TLS: the certificate is self-signed and not among the trusted roots"

static void
test_chains(void **state)
{
    struct assay_tls_roots *middle = roots_of(world.middle.cert);
    struct assay_tls_roots *leaf = roots_of(world.leaf.cert);
    struct pki lone = make_cert(
        &(struct recipe){.subject = "lone", .names = "DNS:a.example"}, NULL);
    struct assay_tls_roots *lone_roots = roots_of(lone.cert);
    /* same name as the root, another key */
    struct pki twin =
        make_cert(&(struct recipe){.subject = "root", .ca = true}, NULL);
    struct assay_tls_roots *twin_roots = roots_of(twin.cert);
    /* a leaf that a leaf has signed */
    struct pki below = make_cert(
        &(struct recipe){.subject = "below", .names = "DNS:a.example"},
        &world.leaf);
    /* made anew under the same name, without key identifiers */
    struct pki anew = make_cert(
        &(struct recipe){.subject = "lone", .names = "DNS:a.example"}, NULL);
    struct assay_buf both = new_text();
    struct assay_tls_roots *twins;

    (void)state;
    add_cert_pem(&both, twin.cert);
    add_cert_pem(&both, world.root.cert);
    twins = parse_roots(assay_buf_slice(&both), 2);
    check_chain("root", world.roots, &world.leaf, &world.middle, NOW_S, "");
    check_chain("no intermediate", world.roots, &world.leaf, NULL, NOW_S,
                UNKNOWN);
    check_chain("intermediate as root", middle, &world.leaf, NULL, NOW_S, "");
    check_chain("and sent", middle, &world.leaf, &world.middle, NOW_S, "");
    check_chain("leaf as root", leaf, &world.leaf, NULL, NOW_S, "");
    check_chain("leaf as root, with more", leaf, &world.leaf, &world.middle,
                NOW_S, "");
    check_chain("another leaf as root", leaf, &below, NULL, NOW_S, "TLS: ");
    check_chain("self-signed as root", lone_roots, &lone, NULL, NOW_S, "");
    check_chain("self-signed", world.roots, &lone, NULL, NOW_S, SELF);
    check_chain("root sent too", lone_roots, &world.root, NULL, NOW_S, SELF);
    check_chain("nobody", world.nobody, &world.leaf, &world.middle, NOW_S,
                UNKNOWN);
    check_chain("nobody, self-signed", world.nobody, &lone, NULL, NOW_S, SELF);
    check_chain("the root's name only", twin_roots, &world.leaf, &world.middle,
                NOW_S, "TLS: ");
    check_chain("two of a name", twins, &world.leaf, &world.middle, NOW_S, "");
    assay_tls_roots_free(twins);
    both.len = 0;
    add_cert_pem(&both, lone.cert);
    add_cert_pem(&both, anew.cert);
    twins = parse_roots(assay_buf_slice(&both), 2);
    check_chain("the older", twins, &lone, NULL, NOW_S, "");
    check_chain("the newer", twins, &anew, NULL, NOW_S, "");
    check_chain("the other's name only", lone_roots, &anew, NULL, NOW_S, SELF);
    check_chain("signed by a leaf", world.roots, &below, &world.leaf, NOW_S,
                "TLS: ");
    assay_tls_roots_free(middle);
    assay_tls_roots_free(leaf);
    assay_tls_roots_free(lone_roots);
    assay_tls_roots_free(twin_roots);
    assay_tls_roots_free(twins);
    assay_buf_free(&both);
    free_cert(&lone);
    free_cert(&anew);
    free_cert(&twin);
    free_cert(&below);
}

static void
test_dates(void **state)
{
    const struct recipe r = {.subject = "leaf",
                             .names = "DNS:a.example",
                             .from_s = -100,
                             .to_s = 100};
    struct pki leaf = make_cert(&r, &world.middle);
    static const struct {
        int64_t at;
        const char *msg;
    } rows[] = {
        {0, ""},
        {-99, ""},
        {-101, "TLS: certificate is not yet valid"},
        {99, ""},
        {101, "TLS: certificate has expired"},
        {-NOW_S, "TLS: certificate is not yet valid"}, /* 1970 */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check_chain("dates", world.roots, &leaf, &world.middle,
                    NOW_S + rows[i].at, rows[i].msg);
    }
    free_cert(&leaf);
}

/* A long chain that names one root again and again parses it once only; what
 * does not fit in OpenSSL's limit is refused. */
static void
test_long_chain(void **state)
{
    struct raw r = new_raw_server(&world.leaf, &world.middle);
    struct ours o = new_ours(new_client(world.roots, "a.example", true, NOW_S));

    (void)state;
    for (int i = 0; i < 100; i++) {
        SSL_CTX_add1_chain_cert(r.settings, world.middle.cert);
    }
    start_raw(&r, true);
    (void)shake(&o, &r);
    check_ready("long chain", &o, &r);
    free_raw(&r);
    free_ours(&o);
    r = new_raw_server(&world.leaf, &world.middle);
    o = new_ours(new_client(world.roots, "a.example", true, NOW_S));
    for (int i = 0; i < 1000; i++) {
        SSL_CTX_add1_chain_cert(r.settings, world.middle.cert);
    }
    start_raw(&r, true);
    (void)shake(&o, &r);
    assert_int_equal(o.err.code, ASSAY_TLS);
    free_raw(&r);
    free_ours(&o);
}

/* --- roots -------------------------------------------------------------- */

static void
refuse_roots(const char *row, struct assay_slice pem, enum assay_code code)
{
    struct assay_tls_roots *r = NULL;
    struct assay_error err;
    size_t count = 1;

    CHECK(row, assay_tls_roots_parse(ctx, pem, &r, &count, &err) == code);
    CHECK(row, err.code == code && err.msg[0] != '\0');
    CHECK(row, r == NULL && count == 0);
    CHECK(row, ERR_peek_error() == 0);
}

static void
test_bundle(void **state)
{
    struct assay_buf b = new_text();
    struct assay_tls_roots *r;
    size_t good;

    (void)state;
    assay_buf_add_text(&b, "# a comment\n-----\nroot\n====\n");
    add_cert_pem(&b, world.other_root.cert);
    assay_buf_add_text(&b, "-----BEGIN CERTIFICATE-----\n!!!\n"
                           "-----END CERTIFICATE-----\n");
    assay_buf_add_text(&b, "-----BEGIN CERTIFICATE-----\nAAAA\n"
                           "-----END CERTIFICATE-----\n");
    assay_buf_add_text(&b, "-----BEGIN CERTIFICATE-----\n"
                           "-----END CERTIFICATE-----\n");
    assay_buf_add_text(&b, "-----END CERTIFICATE-----\n");
    /* cut off: only itself is lost */
    assay_buf_add_text(&b, "-----BEGIN CERTIFICATE-----\nMIIB\n");
    good = b.len;
    add_cert_pem(&b, world.root.cert);
    add_key_pem(&b, world.root.key, NULL);
    assay_buf_add_text(&b, "-----BEGIN CERTIFICATE-----\nMIIB\n");
    r = parse_roots(assay_buf_slice(&b), 2);
    check_chain("bundle", r, &world.leaf, &world.middle, NOW_S, "");
    assay_tls_roots_free(r);
    /* every truncation */
    for (size_t n = good; n < b.len; n += 7) {
        struct assay_slice s = exact_copy((struct assay_slice){b.ptr, n});
        struct assay_error err;
        size_t count = 0;

        assert_int_equal(assay_tls_roots_parse(ctx, s, &r, &count, &err),
                         ASSAY_OK);
        assert_true(count == 1 || count == 2);
        assay_tls_roots_free(r);
        free((void *)s.ptr);
    }
    refuse_roots("a comment", assay_slice_of("# none\n"), ASSAY_INVALID);
    refuse_roots("white space", assay_slice_of("\n"), ASSAY_INVALID);
    refuse_roots("a broken one",
                 assay_slice_of("-----BEGIN CERTIFICATE-----\nMIIB\n"
                                "-----END CERTIFICATE-----\n"),
                 ASSAY_INVALID);
    b.len = 0;
    while (b.len <= ASSAY_TLS_ROOTS_MAX_BYTES) {
        assay_buf_add_text(&b, "-----BEGIN CERTIFICATE-----\n");
    }
    refuse_roots("too large", assay_buf_slice(&b), ASSAY_TOO_LARGE);
    b.len = ASSAY_TLS_ROOTS_MAX_BYTES;
    refuse_roots("no end", assay_buf_slice(&b), ASSAY_INVALID);
    memcpy(b.ptr + b.len - 26, "\n-----END CERTIFICATE-----", 26);
    refuse_roots("one end", assay_buf_slice(&b), ASSAY_INVALID);
    b.len = 0;
    for (int i = 0; i < 4097; i++) {
        add_cert_pem(&b, world.root.cert);
    }
    refuse_roots("too many", assay_buf_slice(&b), ASSAY_TOO_LARGE);
    assay_buf_free(&b);
}

/* One whose subject reads well and whose rest does not: it is counted, and
 * trusted by nobody. */
static void
test_unreadable_root(void **state)
{
    struct assay_buf b = new_text();
    unsigned char *der = NULL;
    int n = i2d_X509(world.root.cert, &der);
    struct assay_tls_roots *r;

    (void)state;
    for (int i = n - 200; i < n - 100; i++) {
        der[i] ^= 0xff; /* in the extensions or the signature */
    }
    assay_pem_encode(&b, "CERTIFICATE", (struct assay_slice){der, (size_t)n});
    r = parse_roots(assay_buf_slice(&b), 1);
    check_chain("unreadable", r, &world.leaf, &world.middle, NOW_S, "TLS: ");
    assay_tls_roots_free(r);
    OPENSSL_free(der);
    assay_buf_free(&b);
}

static void
test_system_bundle(void **state)
{
    struct assay_buf b = new_text();
    FILE *f = fopen(BUNDLE, "rb");
    uint8_t *room;
    struct assay_tls_roots *r = NULL;
    struct assay_error err;
    size_t count = 0;

    (void)state;
    if (f == NULL) {
        print_message("a file %s would be read too\n", BUNDLE);
        return;
    }
    room = assay_buf_extend(&b, ASSAY_TLS_ROOTS_MAX_BYTES);
    assert_non_null(room);
    b.len = fread(room, 1, ASSAY_TLS_ROOTS_MAX_BYTES, f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(
        assay_tls_roots_parse(ctx, assay_buf_slice(&b), &r, &count, &err),
        ASSAY_OK);
    assert_true(count > 50);
    check_chain("nobody known", r, &world.leaf, &world.middle, NOW_S, UNKNOWN);
    assay_tls_roots_free(r);
    assay_buf_free(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_bad_names),
        cmocka_unit_test(test_chains),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_long_chain),
        cmocka_unit_test(test_bundle),
        cmocka_unit_test(test_unreadable_root),
        cmocka_unit_test(test_system_bundle),
    };
    return cmocka_run_group_tests(tests, tls_setup, tls_teardown);
}
