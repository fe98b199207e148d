/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_serve_site.c - what a reload replaces: who holds it, what it keeps of
 * its predecessor, what is said of its certificates.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "assay/assay.h"
#include "base/buf.h"
#include "harness/ctx.h"
#include "programs/serve/check.h"
#include "programs/serve/settings.h"
#include "programs/serve/trust.h"

static void
set(struct options *o, const char *name, const char *value,
    struct assay_error *err)
{
    settings_set(&serve_settings, &o->given,
                 settings_find(&serve_settings, name), value, err);
}

/* Settings of a self-signed certificate for these names. */
static struct site *
site_for(const char *names, struct site *before)
{
    struct assay_error err;
    struct options o;
    struct site *s = NULL;

    assay_error_clear(&err);
    options_default(&o);
    set(&o, "self-signed", names, &err);
    set(&o, "backend", "[::1]:80", &err);
    assert_int_equal(err.code, ASSAY_OK);
    assert_int_equal(site_new(&o, ctx, before, &s, &err), ASSAY_OK);
    return s;
}

static void
test_self_made_is_kept(void **state)
{
    struct site *first = site_for("a.example,b.example", NULL);
    struct site *second = site_for("a.example,b.example", first);
    struct site *third;
    struct site *other;

    (void)state;
    assert_true(site_shows(second, first->identity));
    site_drop(first);
    third = site_for("a.example,b.example", second);
    site_drop(second);
    assert_string_equal(assay_tls_identity_name(third->identity, 1),
                        "b.example");
    other = site_for("a.example", third);
    assert_false(site_shows(other, third->identity));
    assert_false(site_shows(third, other->identity));
    site_drop(third);
    site_drop(other);
    site_drop(NULL);
}

static void
test_bad_files(void **state)
{
    struct assay_error err;
    struct options o;
    struct site *s;

    (void)state;
    options_default(&o);
    o.certificates[0] = (struct certificate_files){"none.pem", "k", NULL};
    o.certificate_count = 1;
    assert_int_equal(site_new(&o, ctx, NULL, &s, &err), ASSAY_IO);
    check_error("no file", &err, ASSAY_IO, "none.pem: ", ASSAY_NO_OFFSET);
    assert_null(s);
}

static void
test_described(void **state)
{
    struct site *s = site_for("a.example", NULL);
    struct assay_quoter *quoter = NULL;
    struct assay_error err;
    struct assay_buf text;
    int64_t from_s;
    int64_t until_s;
    uv_loop_t loop;
    struct {
        int64_t now_s;
        const char *want; /* NULL: nothing wrong */
    } rows[3];

    (void)state;
    uv_loop_init(&loop);
    assert_int_equal(
        assay_quoter_new(&loop, "configfs:/tmp", 1000, &quoter, &err),
        ASSAY_OK);
    assay_tls_identity_dates(s->identity, &from_s, &until_s);
    rows[0].now_s = from_s - 1;
    rows[0].want = ", not yet valid\n";
    rows[1].now_s = until_s;
    rows[1].want = NULL;
    rows[2].now_s = until_s + 1;
    rows[2].want = ", expired\n";
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assay_buf_init(&text, 1u << 16);
        check_describe(s, quoter, rows[i].now_s, &text);
        assay_buf_add_u8(&text, '\0');
        assert_non_null(strstr((char *)text.ptr, "listen: 127.0.0.1:8443\n"
                                                 "backend: [::1]:80\n"));
        assert_non_null(strstr((char *)text.ptr, "\n  for a.example\n"));
        assert_true(rows[i].want != NULL
                        ? strstr((char *)text.ptr, rows[i].want) != NULL
                        : strstr((char *)text.ptr, "valid") == NULL &&
                              strstr((char *)text.ptr, "expired") == NULL);
        assay_buf_free(&text);
    }
    assay_quoter_free(quoter);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    site_drop(s);
}

/* --- the policy of clients ------------------------------------------------ */

static enum assay_code
trust_by(struct trust *t, struct options *o, const char *path, const char *more)
{
    struct assay_error err;
    FILE *f = fopen(path, "w");

    if (f == NULL) {
        abort(); /* an analyser knows that this does not return */
    }
    assert_true(fprintf(f, "{\"type\":\"tdx\",\"partial\":true%s}", more) > 0);
    assert_int_equal(fclose(f), 0);
    options_default(o);
    o->client_policy = path;
    assay_error_clear(&err);
    *t = (struct trust){.policy = NULL};
    (void)!trust_read(t, o, ctx, NULL, &err);
    if (err.code != ASSAY_OK && strncmp(err.msg, path, strlen(path)) != 0) {
        fail_msg("%s", err.msg);
    }
    return err.code;
}

/* What it asks for is done, or it is refused. */
static void
test_policy_of_clients(void **state)
{
    char path[] = "/tmp/assay-test-site-XXXXXX";
    int fd = mkstemp(path);
    struct options o;
    struct trust t;

    (void)state;
    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(
        trust_by(&t, &o, path, ",\"certificate_event\":\"required\""),
        ASSAY_INVALID);
    trust_free(&t);
    assert_int_equal(trust_by(&t, &o, path, ",\"wires\":[\"v2\",\"v0\"]"),
                     ASSAY_INVALID);
    trust_free(&t);
    assert_int_equal(trust_by(&t, &o, path,
                              ",\"ca_file\":\"/ca.pem\","
                              "\"collateral_grace_secs\":5,"
                              "\"max_collateral_age_secs\":7,"
                              "\"cache_collateral\":false"),
                     ASSAY_OK);

    const struct assay_supply_options s = trust_supply(&t, &o, ctx, 1000);

    assert_string_equal(s.fetch.more_ca_file, "/ca.pem");
    assert_int_equal(s.grace_s, 5);
    assert_false(s.use_cache);
    trust_free(&t);
    (void)unlink(path);
}

/* --- threads ------------------------------------------------------------ */

#define THREADS 4
#define TURNS   2000

/* Each thread takes what is newest, reads it, and lets go of it, while others
 * replace it: as workers, connections and reloads do. */
static _Atomic(struct site *) newest[THREADS];
static atomic_bool over;

static void *
work(void *slot)
{
    _Atomic(struct site *) *mine = slot;
    struct site *held = NULL;

    while (!atomic_load(&over)) {
        struct site *next = atomic_exchange(mine, NULL);

        if (next != NULL) {
            site_drop(held);
            held = next;
        }
        if (held != NULL) {
            struct site *connection = site_hold(held);

            if (connection->options.max_connections != 1024 ||
                assay_tls_identity_name(connection->identity, 0) == NULL) {
                abort();
            }
            site_drop(connection);
        }
    }
    site_drop(held);
    return NULL;
}

static void
test_threads(void **state)
{
    pthread_t threads[THREADS];
    struct site *current = site_for("a.example", NULL);

    (void)state;
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, work, &newest[i]),
                         0);
    }
    for (int turn = 0; turn < TURNS; turn++) {
        struct site *next = site_for("a.example", current);

        site_drop(current);
        current = next;
        for (int i = 0; i < THREADS; i++) {
            site_drop(atomic_exchange(&newest[i], site_hold(current)));
        }
    }
    atomic_store(&over, true);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        site_drop(atomic_exchange(&newest[i], NULL));
    }
    site_drop(current);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_self_made_is_kept),
        cmocka_unit_test(test_bad_files),
        cmocka_unit_test(test_described),
        cmocka_unit_test(test_policy_of_clients),
        cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests(tests, ctx_setup, ctx_teardown);
}
