/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bridge_veil_oom.c - every allocation of a veil and of its certificate,
 * also those of OpenSSL, refused in turn: it goes on or both ends are closed,
 * and nothing is left. The client, which lacks nothing, is on the same thread.
 */
#include "harness/oom.h"

#include <limits.h>

#include "harness/wss.h"
#include "programs/bridge/veil.h"

/* More than the client's connection takes at once, less than a pair's. */
#define ANSWER_BYTES (64u * 1024u)

static void *
lib_malloc(size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    return malloc(n);
}

static void *
lib_realloc(void *p, size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    return realloc(p, n);
}

static void
lib_free(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    free(p);
}

/* Refuses as counted so far; what the test itself needs stands outside. */
static void
guard(bool on)
{
    oom.on = on;
}

/* --- one exchange -----------------------------------------------------------
 */

struct trial {
    struct trial_loop loop;
    struct veils *all;
    struct certificate *certificate;
    SSL_CTX *settings; /* of clients */
    SSL *client;
    int client_fd; /* neither blocks */
    int plain_fd;  /* -1: there is none */
    bool sent;
    size_t heard;
    bool answered;
    bool over; /* for the client */
};

static bool
open_trial(struct trial *t)
{
    struct wss_link link = wss_connect(&t->loop, true);
    struct assay_stream *plain;

    t->client_fd = link.client;
    t->plain_fd = -1;
    assert_int_equal(fcntl(t->client_fd, F_SETFL, O_NONBLOCK), 0);
    t->client = wss_over(t->settings, t->client_fd);
    t->sent = t->answered = t->over = false;
    t->heard = 0;
    guard(true);
    plain = veil_open(t->all, t->certificate, link.stream);
    guard(false);
    if (plain != NULL) {
        t->plain_fd = assay_stream_release(plain);
        assert_true(t->plain_fd >= 0);
    }
    return plain != NULL;
}

static void
close_plain(struct trial *t)
{
    if (t->plain_fd >= 0) {
        close(t->plain_fd);
        t->plain_fd = -1;
    }
}

static void
close_client(struct trial *t)
{
    SSL_free(t->client);
    close(t->client_fd);
    ERR_clear_error();
}

/* Says "hello", hears the answer, says goodbye, hears that. */
static void
step_client(struct trial *t)
{
    char got[4096];
    int result;

    ERR_clear_error();
    if (!t->sent) {
        result = SSL_write(t->client, "hello", 5);
        t->sent = result == 5;
    } else {
        result = SSL_read(t->client, got, sizeof(got));
        t->heard += result > 0 ? (size_t)result : 0;
        if (result > 0 && t->heard == ANSWER_BYTES) {
            t->answered = true;
            (void)SSL_shutdown(t->client);
        }
    }
    t->over =
        result <= 0 && SSL_get_error(t->client, result) != SSL_ERROR_WANT_READ;
}

static void
step_plain(struct trial *t)
{
    static const char answer[ANSWER_BYTES];
    char got[16];
    ssize_t n = t->plain_fd < 0 ? -1 : recv(t->plain_fd, got, sizeof(got), 0);

    if (n > 0) {
        (void)send(t->plain_fd, answer, sizeof(answer), MSG_NOSIGNAL);
    } else if (n == 0 || (t->plain_fd >= 0 && errno != EAGAIN)) {
        close_plain(t);
    }
}

/* To the client's end; it comes, whatever is refused. */
static void
run_trial(struct trial *t)
{
    while (!t->over) {
        step_client(t);
        step_plain(t);
        guard(true);
        uv_run(&t->loop.uv, UV_RUN_NOWAIT);
        guard(false);
        assert_false(t->loop.expired);
    }
}

/* True if the client had its answer. */
static bool
exchange(struct trial *t)
{
    loop_open(&t->loop);
    t->all->loop = &t->loop.uv;
    if (open_trial(t)) {
        run_trial(t);
    }
    close_client(t);
    close_plain(t);
    loop_close(&t->loop);
    assert_int_equal(t->all->count, 0);
    return t->answered;
}

static void
refuse_each(struct trial *t, bool once)
{
    size_t fds = folder_count("/proc/self/fd");
    bool refused = true;
    long n;

    for (n = 0; refused; n += once ? 1 : 5) {
        bool answered;

        if (once) {
            oom_fail_once(n);
        } else {
            oom_fail_after(n);
        }
        guard(false);
        answered = exchange(t);
        refused = oom_stop();
        assert_true(refused || answered);
        assert_int_equal(folder_count("/proc/self/fd"), fds);
    }
    assert_true(n > 100); /* OpenSSL's are among them */
}

static void
connections(void **state)
{
    struct trial t = {.plain_fd = -1};

    (void)state;
    t.certificate = certificate_of_world();
    t.all = calloc(1, sizeof(*t.all));
    assert_non_null(t.all);
    t.settings = wss_settings(&(struct wss_client){.alpn = NULL});
    t.all->close_ms = 10000;
    oom_fail_after(LONG_MAX);
    assert_true(exchange(&t)); /* what is set up once */
    refuse_each(&t, true);
    refuse_each(&t, false);
    SSL_CTX_free(t.settings);
    certificate_drop(t.certificate);
    free(t.all);
}

/* --- certificates -----------------------------------------------------------
 */

static void
certificates(void **state)
{
    char chain[CERTIFICATE_PATH_BYTES];
    char key_file[CERTIFICATE_PATH_BYTES];
    bool refused = true;

    (void)state;
    certificate_drop(certificate_of_world()); /* writes the files */
    certificate_path("world.pem", chain);
    certificate_path("world.key", key_file);
    for (long n = 0; refused; n++) {
        struct certificate *c = NULL;
        struct assay_error err;
        enum assay_code code;

        oom_fail_after(n);
        code = certificate_read(chain, key_file, NOW_S, &c, &err);
        refused = oom_stop();
        assert_true((code == ASSAY_OK) == (c != NULL));
        assert_true(refused || code == ASSAY_OK);
        assert_int_equal(ERR_peek_error(), 0);
        certificate_drop(c);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections),
        cmocka_unit_test(certificates),
    };

    /* Works only before OpenSSL has allocated anything. */
    if (CRYPTO_set_mem_functions(lib_malloc, lib_realloc, lib_free) != 1) {
        return EXIT_FAILURE;
    }
    return cmocka_run_group_tests(tests, certificate_setup,
                                  certificate_teardown);
}
