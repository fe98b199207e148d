/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_tls.c - TLS in memory, each end against a plain OpenSSL peer: what is
 * agreed on, and what hostile peers make of it.
 */
#include "harness/tls_peer.h"

/* --- handshakes --------------------------------------------------------- */

static void
test_old_versions(void **state)
{
    struct ours o = new_ours(new_client(world.roots, "a.example", true, NOW_S));
    struct raw r = new_raw_server(&world.leaf, &world.middle);

    (void)state;
    SSL_CTX_set_max_proto_version(r.settings, TLS1_2_VERSION);
    start_raw(&r, true);
    assert_int_equal(ERR_GET_REASON(shake(&o, &r)), SSL_R_UNSUPPORTED_PROTOCOL);
    check_error("a server of 1.2", &o.err, ASSAY_TLS,
                "TLS: the peer does not speak TLS 1.3", ASSAY_NO_OFFSET);
    assert_false(assay_tls_ready(o.tls));
    free_raw(&r);
    free_ours(&o);

    o = new_ours(new_server());
    r = new_raw(false);
    SSL_CTX_set_max_proto_version(r.settings, TLS1_2_VERSION);
    start_raw(&r, false);
    assert_int_equal(ERR_GET_REASON(shake(&o, &r)),
                     SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
    check_error("a client of 1.2", &o.err, ASSAY_TLS,
                "TLS: the peer does not speak TLS 1.3", ASSAY_NO_OFFSET);
    assert_false(assay_tls_ready(o.tls));
    free_raw(&r);
    free_ours(&o);
}

/* --- ALPN --------------------------------------------------------------- */

static int
choose_first(SSL *ssl, const unsigned char **out, unsigned char *out_len,
             const unsigned char *in, unsigned in_len, void *arg)
{
    const char *fixed = arg;

    (void)ssl;
    assert_int_equal(in_len, 9);
    assert_memory_equal(in, "\x08http/1.1", 9);
    *out = fixed != NULL ? (const unsigned char *)fixed : in + 1;
    *out_len = fixed != NULL ? (unsigned char)strlen(fixed) : in[0];
    return SSL_TLSEXT_ERR_OK;
}

static void
test_alpn_client(void **state)
{
    static char h2[] = "h2";
    static char longer[] = "http/1.1x";

    (void)state;
    for (int i = 0; i < 3; i++) {
        char *const choices[] = {NULL, h2, longer};
        struct ours o =
            new_ours(new_client(world.roots, "a.example", true, NOW_S));
        struct raw r = new_raw_server(&world.leaf, &world.middle);

        SSL_CTX_set_alpn_select_cb(r.settings, choose_first, choices[i]);
        start_raw(&r, true);
        (void)shake(&o, &r);
        if (i == 0) {
            check_ready("ALPN", &o, &r);
        } else {
            check_error("ALPN", &o.err, ASSAY_TLS, "TLS: ", ASSAY_NO_OFFSET);
            assert_false(assay_tls_ready(o.tls));
        }
        free_raw(&r);
        free_ours(&o);
    }
}

static const struct {
    const char *name;
    const char *offered;
    bool good;
} offers[] = {
    {"http/1.1", "\x08http/1.1", true},
    {"both", "\x02h2\x08http/1.1", true},
    {"the other way round", "\x08http/1.1\x02h2", true},
    {"h2", "\x02h2", false},
    {"longer", "\x09http/1.1x", false},
    {"shorter", "\x07http/1.", false},
    {"1.0", "\x08http/1.0", false},
    {"inside another", "\x0a\x08http/1.1x", false},
};

static void
test_alpn_server(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(offers); i++) {
        struct ours o = new_ours(new_server());
        struct raw r = new_raw(false);
        const unsigned char *chosen = NULL;
        unsigned chosen_len = 0;

        SSL_CTX_set_alpn_protos(r.settings,
                                (const unsigned char *)offers[i].offered,
                                (unsigned)strlen(offers[i].offered));
        start_raw(&r, false);
        if (offers[i].good) {
            CHECK(offers[i].name, shake(&o, &r) == 0);
            check_ready(offers[i].name, &o, &r);
            SSL_get0_alpn_selected(r.ssl, &chosen, &chosen_len);
            CHECK(offers[i].name,
                  chosen_len == 8 && memcmp(chosen, "http/1.1", 8) == 0);
        } else {
            CHECK(offers[i].name,
                  ERR_GET_REASON(shake(&o, &r)) ==
                      SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL);
            check_error(offers[i].name, &o.err, ASSAY_TLS, "TLS: no ",
                        ASSAY_NO_OFFSET);
        }
        free_raw(&r);
        free_ours(&o);
    }
}

/* --- no resumption ------------------------------------------------------ */

static int sessions_seen;

static int
see_session(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    (void)session;
    sessions_seen++;
    return 0;
}

static void
test_no_tickets(void **state)
{
    struct ours o = new_ours(new_server());
    struct raw r = new_raw(false);
    SSL_SESSION *session;
    struct assay_error err;

    (void)state;
    sessions_seen = 0;
    SSL_CTX_set_session_cache_mode(r.settings, SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(r.settings, see_session);
    start_raw(&r, false);
    (void)shake(&o, &r);
    check_ready("tickets", &o, &r);
    assay_error_clear(&err);
    assert_int_equal(assay_tls_write(o.tls, assay_slice_of("x"), &err),
                     ASSAY_OK);
    to_raw(&o, &r);
    {
        char c;

        assert_int_equal(SSL_read(r.ssl, &c, 1), 1);
    }
    assert_int_equal(sessions_seen, 0);
    session = SSL_get1_session(r.ssl);
    assert_false(SSL_SESSION_is_resumable(session));
    SSL_SESSION_free(session);
    free_raw(&r);
    free_ours(&o);

    /* A server that hands out tickets is no trouble, and none is used. */
    open_client(&o, &r);
    assert_false(SSL_session_reused(r.ssl));
    free_raw(&r);
    free_ours(&o);
    open_client(&o, &r);
    assert_false(SSL_session_reused(r.ssl));
    free_raw(&r);
    free_ours(&o);
}

static int
offer_psk(SSL *ssl, const EVP_MD *md, const unsigned char **id, size_t *id_len,
          SSL_SESSION **out)
{
    static const unsigned char key[32] = {1};
    SSL_SESSION *s = SSL_SESSION_new();

    (void)md; /* NULL at first; none other is asked for */
    assert_non_null(s);
    assert_int_equal(SSL_SESSION_set1_master_key(s, key, sizeof(key)), 1);
    assert_int_equal(
        SSL_SESSION_set_cipher(
            s, SSL_CIPHER_find(ssl, (const unsigned char[]){0x13, 0x01})),
        1);
    assert_int_equal(SSL_SESSION_set_protocol_version(s, TLS1_3_VERSION), 1);
    assert_int_equal(SSL_SESSION_set_max_early_data(s, 1000), 1);
    *id = key;
    *id_len = sizeof(key);
    *out = s;
    return 1;
}

/* What a client says before the handshake is done may be a replay: it is
 * skipped, and the session begins anew. */
static void
test_no_early_data(void **state)
{
    struct ours o = new_ours(new_server());
    struct raw r = new_raw(false);
    size_t n = 0;

    (void)state;
    SSL_CTX_set_psk_use_session_callback(r.settings, offer_psk);
    start_raw(&r, false);
    assert_int_equal(SSL_write_early_data(r.ssl, "early", 5, &n), 1);
    (void)shake(&o, &r);
    check_ready("early data", &o, &r);
    assert_int_equal(SSL_get_early_data_status(r.ssl), SSL_EARLY_DATA_REJECTED);
    assert_false(SSL_session_reused(r.ssl));
    assert_int_equal(assay_queue_len(&o.plain), 0);
    assert_int_equal(SSL_write(r.ssl, "late", 4), 4);
    to_ours(&o, &r);
    assert_true(assay_slice_is(assay_queue_slice(&o.plain), "late"));
    free_raw(&r);
    free_ours(&o);
}

/* --- exporter ----------------------------------------------------------- */

static void
check_exporter(struct ours *o, struct raw *r)
{
    static const char label[] = "EXPORTER-Channel-Binding";
    uint8_t ours[ASSAY_EXPORTER_BYTES];
    uint8_t theirs[ASSAY_EXPORTER_BYTES];
    struct assay_error err;

    assay_error_clear(&err);
    assert_int_equal(assay_tls_exporter(o->tls, ours, &err), ASSAY_OK);
    for (int context = 0; context < 2; context++) { /* absent or empty */
        assert_int_equal(
            SSL_export_keying_material(r->ssl, theirs, sizeof(theirs), label,
                                       strlen(label), (const unsigned char *)"",
                                       0, context),
            1);
        assert_memory_equal(ours, theirs, sizeof(ours));
    }
}

static void
test_exporter(void **state)
{
    struct ours o;
    struct raw r;
    uint8_t value[ASSAY_EXPORTER_BYTES];
    struct assay_error err;

    (void)state;
    open_client(&o, &r);
    check_exporter(&o, &r);
    free_raw(&r);
    free_ours(&o);
    open_server(&o, &r);
    check_exporter(&o, &r);
    free_raw(&r);
    free_ours(&o);
    o = new_ours(new_server());
    assay_error_clear(&err);
    assert_int_equal(assay_tls_exporter(o.tls, value, &err), ASSAY_CRYPTO);
    free_ours(&o);
}

static void
test_peer_certificate(void **state)
{
    struct ours o;
    struct raw r;
    struct assay_buf got = new_text();
    unsigned char *der = NULL;
    int n = i2d_X509(world.leaf.cert, &der);

    (void)state;
    open_client(&o, &r);
    assay_tls_peer_certificate(o.tls, &got);
    assert_true(assay_slice_equal(assay_buf_slice(&got),
                                  (struct assay_slice){der, (size_t)n}));
    got.len = 0;
    free_raw(&r);
    free_ours(&o);
    open_server(&o, &r); /* whose client has none */
    assay_tls_peer_certificate(o.tls, &got);
    assert_int_equal(got.len, 0);
    assert_false(got.failed);
    free_raw(&r);
    free_ours(&o);
    OPENSSL_free(der);
    assay_buf_free(&got);
}

/* --- hostile peers ------------------------------------------------------ */

static const struct {
    const char *name;
    const char *text;
    const char *client; /* what ours says as a client */
    const char *server;
} garbage[] = {
    {"HTTP request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
     "TLS: the peer speaks HTTP without TLS",
     "TLS: the peer speaks HTTP without TLS"},
    {"HTTP response", "HTTP/1.1 400 Bad Request\r\n\r\n",
     "TLS: the peer does not speak TLS", "TLS: the peer does not speak TLS"},
    {"CONNECT", "CONNECT a:443 HTTP/1.1\r\n\r\n",
     "TLS: the peer speaks HTTP without TLS",
     "TLS: the peer speaks HTTP without TLS"},
    {"SSH", "SSH-2.0-OpenSSH_9.2\r\n", "TLS: the peer does not speak TLS",
     "TLS: the peer does not speak TLS"},
    {"zeros", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
     "TLS: the peer does not speak TLS", "TLS: the peer does not speak TLS"},
    {"handshake failure", NULL, "TLS: ", "TLS: "},
};

static void
test_garbage(void **state)
{
    static const uint8_t alert[] = {0x15, 3, 3, 0, 2, 2, 40};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(garbage); i++) {
        struct assay_slice in = garbage[i].text != NULL
                                    ? assay_slice_of(garbage[i].text)
                                    : ASSAY_SLICE(alert);

        for (size_t step = 1; step < 100; step += 98) {
            struct ours o =
                new_ours(new_client(world.roots, "a.example", true, NOW_S));
            struct assay_error again;
            size_t used;

            o.step = step;
            feed(&o, in);
            check_error(garbage[i].name, &o.err, ASSAY_TLS, garbage[i].client,
                        ASSAY_NO_OFFSET);
            /* it stays broken */
            assay_error_clear(&again);
            CHECK(garbage[i].name,
                  assay_tls_feed(o.tls, assay_slice_of("x"), &used, &o.plain,
                                 PLAIN_ROOM, &again) == ASSAY_TLS);
            free_ours(&o);
            o = new_ours(new_server());
            o.step = step;
            feed(&o, in);
            check_error(garbage[i].name, &o.err, ASSAY_TLS, garbage[i].server,
                        ASSAY_NO_OFFSET);
            free_ours(&o);
        }
    }
}

/* A record that was changed on its way ends it, and the peer is told. */
static void
test_changed_record(void **state)
{
    struct ours o;
    struct raw r;
    char *p = NULL;
    uint8_t c;
    size_t done = 0;

    (void)state;
    open_client(&o, &r);
    assert_int_equal(SSL_write_ex(r.ssl, "abc", 3, &done), 1);
    assert_true(BIO_get_mem_data(r.out, &p) > 10);
    p[9] ^= 1;
    assert_true(to_ours(&o, &r));
    assert_int_equal(o.err.code, ASSAY_TLS);
    assert_int_equal(assay_queue_len(&o.plain), 0);
    assert_true(to_raw(&o, &r));
    assert_true(SSL_read(r.ssl, &c, 1) <= 0);
    assert_int_equal(ERR_GET_REASON(ERR_peek_error()),
                     SSL_R_SSLV3_ALERT_BAD_RECORD_MAC);
    ERR_clear_error();
    assay_tls_close(o.tls);
    free_raw(&r);
    free_ours(&o);
}

/* A certificate is demanded of the client during the handshake: it has none,
 * which is the server's choice to accept. */
static void
test_client_certificate(void **state)
{
    struct ours o;
    struct raw r;

    (void)state;
    for (int must = 0; must < 2; must++) {
        uint8_t c;

        o = new_ours(new_client(world.roots, "a.example", true, NOW_S));
        r = new_raw_server(&world.leaf, &world.middle);
        SSL_CTX_set_verify(r.settings,
                           SSL_VERIFY_PEER |
                               (must ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                           NULL);
        start_raw(&r, true);
        (void)shake(&o, &r);
        (void)c;
        if (must == 0) {
            check_ready("may", &o, &r);
        } else {
            assert_int_equal(o.err.code, ASSAY_TLS);
        }
        free_raw(&r);
        free_ours(&o);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_old_versions),
        cmocka_unit_test(test_alpn_client),
        cmocka_unit_test(test_alpn_server),
        cmocka_unit_test(test_no_tickets),
        cmocka_unit_test(test_no_early_data),
        cmocka_unit_test(test_exporter),
        cmocka_unit_test(test_peer_certificate),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_changed_record),
        cmocka_unit_test(test_client_certificate),
    };
    return cmocka_run_group_tests(tests, tls_setup, tls_teardown);
}
