/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_attested.c - attested sessions and exchanges over loopback: readers of
 * every appetite, raw streams, owners that leave at any time, and servers that
 * say nothing in any phase.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "harness/attested.h"

static void
an_exchange(void **state)
{
    struct trial t;

    (void)state;
    trial_open(&t, ANSWERS);
    trial_run(&t, on_open, 0);
    check_ended(&t, ASSAY_OK, "");
    assert_int_equal(t.got, BODY_BYTES);
    assert_true(t.in_order);
    trial_close(&t);
}

static void
readers_of_any_appetite(void **state)
{
    static const size_t bites[] = {3000, 20000, 100000, BODY_BYTES};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bites); i++) {
        struct trial t;

        trial_open(&t, ANSWERS);
        t.bite = bites[i];
        trial_run(&t, on_open, 0);
        check_ended(&t, ASSAY_OK, "");
        assert_int_equal(t.got, BODY_BYTES);
        assert_true(t.in_order);
        trial_close(&t);
    }
}

#define LAST_BYTES (ASSAY_SESSION_PLAIN_MAX_BYTES + 48u * 1024u)

static void
take(struct trial *t, size_t n)
{
    assay_client_taken(assay_attested_session(t->conn), n);
    t->got += n;
    if (t->got == t->wanted) {
        leave(t);
    }
}

/* Takes nothing of the last while there comes more, and then all that is there:
 * the session is full by then, and what does not fit waits below it. */
static void
take_last_late(struct trial *t)
{
    size_t len = assay_client_read(assay_attested_session(t->conn)).len;
    size_t left = t->wanted - t->got;

    if (left > LAST_BYTES) {
        take(t, len < left - LAST_BYTES ? len : left - LAST_BYTES);
    } else if (len == t->seen || len == left) {
        take(t, len);
    } else {
        t->seen = len;
    }
}

static void
on_open_ask(void *user)
{
    struct trial *t = user;

    ask_by_hand(t);
    uv_timer_stop(&t->timer);
}

/* What is held below the session comes without being asked for once there is
 * room: a reader may well have left something, and come back by itself. */
static void
a_reader_that_comes_back(void **state)
{
    struct trial t;

    (void)state;
    trial_open(&t, ANSWERS);
    t.data = take_last_late;
    trial_run(&t, on_open_ask, 0);
    check_ended(&t, ASSAY_OK, "");
    assert_int_equal(t.got, t.wanted);
    trial_close(&t);
}

/* --- raw sessions ------------------------------------------------------- */

static void
on_open_raw(void *user)
{
    struct trial *t = user;
    struct assay_client *c = assay_attested_session(t->conn);
    struct assay_error err;

    assert_int_equal(assay_client_begin(c, assay_now(), &err), ASSAY_OK);
    assert_int_equal(
        assay_client_write(
            c,
            assay_slice_of("GET / HTTP/1.1\r\nHost: x\r\n"
                           "Connection: Upgrade\r\nUpgrade: raw/1\r\n\r\n"),
            &err),
        ASSAY_OK);
    assay_attested_flush(t->conn);
}

/* Writes, and leaves. */
static void
become_raw(struct trial *t)
{
    struct assay_client *c = assay_attested_session(t->conn);
    struct assay_error err;

    assay_client_taken(c, assay_client_read(c).len);
    assert_int_equal(assay_client_switch(c, &err), ASSAY_OK);
    assert_int_equal(assay_client_write(c, assay_slice_of("half a"), &err),
                     ASSAY_OK);
    if (t->ends) {
        assay_client_close(c);
    }
    assay_attested_flush(t->conn);
    leave(t);
}

/* Whoever leaves a stream that is not at its end does not end it. */
static void
a_raw_stream_that_is_left(void **state)
{
    (void)state;
    for (int ends = 0; ends < 2; ends++) {
        struct trial t;

        trial_open(&t, SWITCHES);
        t.data = become_raw;
        t.ends = ends == 1;
        trial_run(&t, on_open_raw, 0);
        check_ended(&t, ASSAY_OK, "");
        assert_int_equal(assay_server_body_done(t.far.server), ends);
        assert_int_equal(assay_server_state(t.far.server),
                         ends == 1 ? ASSAY_SERVER_RAW : ASSAY_SERVER_FAILED);
        assert_int_equal(assay_server_error(t.far.server)->code,
                         ends == 1 ? ASSAY_OK : ASSAY_TRUNCATED);
        trial_close(&t);
    }
}

/* --- owners that leave, and silence ------------------------------------- */

static void
on_open_leave(void *user)
{
    struct trial *t = user;

    t->opened++;
    leave(t);
}

static void
an_owner_that_has_enough(void **state)
{
    struct trial t;

    (void)state;
    trial_open(&t, ANSWERS);
    t.wanted = 1000;
    trial_run(&t, on_open, 0);
    check_ended(&t, ASSAY_IO, "that is enough");
    assert_true(t.got < BODY_BYTES);
    trial_close(&t);

    trial_open(&t, ANSWERS);
    trial_run(&t, on_open_leave, 0);
    check_ended(&t, ASSAY_OK, "");
    assert_int_equal(t.opened, 1);
    trial_close(&t);
}

static void
silence(void **state)
{
    struct trial t;

    (void)state;
    trial_open(&t, ANSWERS_NOTHING);
    trial_run(&t, on_open, 0);
    check_ended(&t, ASSAY_TIMEOUT, "response: no head within 0.1 s");
    assert_int_equal(t.opened, 1);
    trial_close(&t);
}

/* A source of collateral that takes connections and says nothing. */
static int
give_silent_source(struct trial *t, char url[64])
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    int fd = loop_socket(AF_INET, SOCK_CLOEXEC);
    const char *sources[] = {url};
    const struct assay_supply_options o = {
        .ctx = platform.ctx,
        .verifier = platform.verifier,
        .root = platform.root,
        .sources = sources,
        .source_count = 1,
    };

    assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    (void)snprintf(url, 64, "http://127.0.0.1:%u",
                   (unsigned)ntohs(at.sin_port));
    assay_supply_free(t->supply);
    t->supply = assay_supply_new(&t->loop.uv, &o);
    assert_non_null(t->supply);
    return fd;
}

static int
give_no_quote(struct trial *t, char url[64])
{
    (void)url;
    t->far.no_quote = true;
    return -1;
}

static void
require_evidence(struct trial *t)
{
    const struct assay_requirement r = {platform.verifier, platform.root,
                                        policy};

    assert_int_equal(assay_server_require(t->far.server, &r, &t->err),
                     ASSAY_OK);
}

static int
give_source_of_evidence(struct trial *t, char url[64])
{
    (void)url;
    require_evidence(t);
    give_quoter(t);
    return -1;
}

/* A guest agent that takes connections and says nothing. */
static int
give_silent_agent(struct trial *t, char spec[64])
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = loop_socket(AF_UNIX, SOCK_CLOEXEC);

    (void)snprintf(at.sun_path, sizeof(at.sun_path), "%s/silent.sock", folder);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(fd, 8), 0);
    (void)snprintf(spec, 64, "dstack:%s/silent.sock", folder);
    require_evidence(t);
    assert_int_equal(
        assay_quoter_new(&t->loop.uv, spec, 5000, &t->quoter, &t->err),
        ASSAY_OK);
    return fd;
}

/* Each phase has its limit, and what was under way in it is let go of. */
static void
silence_in_a_phase(void **state)
{
    static const struct {
        enum assay_attested_phase phase;
        enum manner manner;
        int (*prepare)(struct trial *t, char text[64]); /* a socket, or -1 */
    } rows[] = {
        {ASSAY_PHASE_HANDSHAKE, SAYS_NOTHING, NULL},
        {ASSAY_PHASE_QUOTE, ANSWERS, give_no_quote},
        {ASSAY_PHASE_COLLATERAL, ANSWERS, give_silent_source},
        {ASSAY_PHASE_EVIDENCE, JUDGES_NOBODY, give_source_of_evidence},
        {ASSAY_PHASE_EVIDENCE, ANSWERS, give_silent_agent},
    };

    char path[64];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char says[128];
        char text[64];
        struct trial t;
        int fd;

        trial_open(&t, rows[i].manner);
        fd = rows[i].prepare != NULL ? rows[i].prepare(&t, text) : -1;
        trial_run(&t, on_open, PHASE_MS);
        (void)snprintf(says, sizeof(says),
                       PAIR_NAME ": no end of the phase '%s' within 0.5 s",
                       assay_attested_phase_name(rows[i].phase));
        check_ended(&t, ASSAY_TIMEOUT, says);
        assert_int_equal(t.opened, 0);
        trial_close(&t);
        if (fd >= 0) {
            (void)close(fd);
        }
    }
    (void)snprintf(path, sizeof(path), "%s/silent.sock", folder);
    (void)unlink(path);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_exchange),
        cmocka_unit_test(readers_of_any_appetite),
        cmocka_unit_test(a_reader_that_comes_back),
        cmocka_unit_test(a_raw_stream_that_is_left),
        cmocka_unit_test(an_owner_that_has_enough),
        cmocka_unit_test(silence),
        cmocka_unit_test(silence_in_a_phase),
    };
    return cmocka_run_group_tests(tests, attested_setup, attested_teardown);
}
