/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_visit_memory.c - what translated requests and answers may hold of
 * the proxy's memory, all of them together.
 */
#include "harness/proxy_visits.h"

#define KIB  1024u
#define POST "POST /tee/responses HTTP/1.1\r\n" HERE
#define BUSY "\"code\":\"out_of_resources\""

/* --- the sum -------------------------------------------------------------- */

static void
test_budget(void **state)
{
    struct budget b = {0};
    size_t one = 0;
    size_t two = 0;

    (void)state;
    assert_true(budget_hold(&b, 100, &one, 60));
    assert_true(budget_hold(&b, 100, &two, 40));
    assert_false(budget_hold(&b, 100, &two, 41));
    assert_int_equal(two, 40);
    assert_true(budget_hold(&b, 100, &one, 10));
    assert_true(budget_hold(&b, 100, &two, 90));
    assert_int_equal(b.used, 100);
    assert_true(budget_hold(&b, 50, &two, 80)); /* less, of too much */
    assert_false(budget_hold(&b, 50, &one, 11));
    assert_false(budget_hold(&b, UINT64_MAX, &one, SIZE_MAX));
    assert_int_equal(b.used, 90);
    assert_true(budget_hold(&b, 0, &one, 0));
    assert_true(budget_hold(&b, 0, &two, 0));
    assert_int_equal(b.used, 0);
}

/* --- requests ------------------------------------------------------------- */

#define COMPLETION                                                             \
    "{\"id\":\"c\",\"object\":\"chat.completion\",\"created\":1,"              \
    "\"model\":\"m\",\"choices\":[{\"index\":0,\"message\":{"                  \
    "\"role\":\"assistant\",\"content\":\"hello\"},"                           \
    "\"finish_reason\":\"stop\"}]}"
#define OK_HEAD(type)                                                          \
    "HTTP/1.1 200 OK\r\nContent-Type: " type "\r\n"                            \
    "Transfer-Encoding: chunked\r\n\r\n"

static void
open_house(struct house *h, uint64_t max)
{
    static char completion[1024];

    house_open(h);
    h->n.provider.wire_api = WIRE_API_CHAT;
    h->visits.limits.max_translating = max;
    snprintf(completion, sizeof(completion),
             "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             strlen(COMPLETION), COMPLETION);
    h->n.far.response = completion;
    h->n.far.keeps = true;
    house_start(h);
}

/* A request with a text of so many octets, but for its last two. */
static void
say_most(struct guest *g, size_t text, const char *more)
{
    static const char begin[] = "{\"model\":\"m\",\"input\":\"";
    struct assay_buf b;

    assay_buf_init(&b, 64u << 20);
    assay_buf_printf(&b, POST "Content-Length: %zu\r\n\r\n",
                     sizeof(begin) - 1 + text + 1 + strlen(more) + 1);
    assay_buf_add_text(&b, begin);
    for (size_t i = 0; i < text; i++) {
        assay_buf_add_u8(&b, 'x');
    }
    assay_stream_write(g->stream, assay_buf_slice(&b));
    assay_buf_free(&b);
}

static void
say_rest(struct guest *g, const char *more)
{
    char rest[128];

    snprintf(rest, sizeof(rest), "\"%s}", more);
    guest_say(g, rest);
}

/* One has what there is; another is told to come again, and may then. */
static void
test_requests(void **state)
{
    struct house h;
    struct guest first;
    struct guest second;

    (void)state;
    open_house(&h, 1200 * KIB);
    guest_come(&first, &h);
    say_most(&first, 300 * KIB, "");
    UNTIL(&h.n, h.translating.used >= 300 * KIB);
    assert_true(h.translating.used <= 640 * KIB);

    guest_come(&second, &h);
    say_most(&second, 900 * KIB, "");
    GUEST_HEARS(&second, BUSY);
    guest_need(&second, "second", "HTTP/1.1 503 ");
    guest_need(&second, "second", "Retry-After: 1\r\n");
    guest_need(&second, "second", "--max-translating");
    assert_string_equal(h.told.code, "out_of_resources");
    assert_int_equal(h.n.far.requests, 0);
    guest_leave(&second);

    say_rest(&first, "");
    GUEST_HEARS(&first, "hello");
    UNTIL(&h.n, h.told.count == 2);
    assert_int_equal(h.translating.used, 0);

    guest_next(&first); /* all of it is free again */
    say_most(&first, 300 * KIB, "");
    say_rest(&first, "");
    GUEST_HEARS(&first, "hello");
    guest_leave(&first);
    house_end(&h);
}

/* One that goes away gives back what it had. */
static void
test_client_that_leaves(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    open_house(&h, 1200 * KIB);
    guest_come(&g, &h);
    say_most(&g, 300 * KIB, "");
    UNTIL(&h.n, h.translating.used >= 300 * KIB);
    guest_leave(&g);
    UNTIL(&h.n, h.translating.used == 0);
    house_end(&h);
}

/* To come again would be of no use. */
static void
test_more_than_all(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    open_house(&h, 100 * KIB);
    guest_come(&g, &h);
    say_most(&g, 300 * KIB, "");
    GUEST_HEARS(&g, "}}");
    guest_need(&g, "too large", "HTTP/1.1 413 ");
    guest_need(&g, "too large", "--max-translating");
    guest_leave(&g);
    house_end(&h);
}

/* What becomes of it counts before it is made. */
static void
test_room_for_the_translation(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    open_house(&h, 700 * KIB);
    guest_come(&g, &h);
    say_most(&g, 300 * KIB, "");
    UNTIL(&h.n, h.translating.used >= 300 * KIB);
    assert_int_equal(h.told.count, 0);
    say_rest(&g, "");
    GUEST_HEARS(&g, "}}");
    guest_need(&g, "translation", "HTTP/1.1 413 ");
    assert_int_equal(h.n.far.requests, 0);
    guest_leave(&g);
    house_end(&h);
}

/* --- answers -------------------------------------------------------------- */

/* A chunk of one delta with so much text; of a stream, or of nothing. */
static void
say_text(struct far_conn *c, const char *before, size_t text, const char *after)
{
    struct assay_buf b;

    assay_buf_init(&b, 64u << 20);
    assay_buf_printf(&b, "%zx\r\n%s", strlen(before) + text + strlen(after),
                     before);
    for (size_t i = 0; i < text; i++) {
        assay_buf_add_u8(&b, 'y');
    }
    assay_buf_add_text(&b, after);
    assay_buf_add(&b, (struct assay_slice){(const uint8_t *)"\r\n\0", 3});
    far_say(c, (const char *)b.ptr);
    assay_buf_free(&b);
}

#define DELTA_BEGIN                                                            \
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\","                \
    "\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,"                 \
    "\"delta\":{\"content\":\""
#define DELTA_END "\"},\"finish_reason\":null}]}\n\n"
#define STOP                                                                   \
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\","                \
    "\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,"                 \
    "\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"

static void
begin_answer(struct house *h, struct guest *g, uint64_t max, const char *head,
             const char *more)
{
    open_house(h, max);
    h->n.far.holds = true;
    guest_come(g, h);
    say_most(g, 10, more);
    say_rest(g, more);
    UNTIL(&h->n, h->n.far.requests == 1);
    far_say(h->n.far.conns, head);
}

static void
test_answer_that_is_gathered(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    begin_answer(&h, &g, 400 * KIB, OK_HEAD("application/json"), "");
    for (unsigned i = 0; i < 8; i++) {
        say_text(h.n.far.conns, "", 64 * KIB, "");
    }
    GUEST_HEARS(&g, BUSY);
    guest_need(&g, "gathered", "HTTP/1.1 503 ");
    assert_string_equal(h.told.code, "out_of_resources");
    UNTIL(&h.n, far_open_count(&h.n.far) == 0);
    guest_leave(&g);
    house_end(&h);
}

/* What has begun cannot be told a status; nor is it made to look whole. */
static void
test_answer_that_streams(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    begin_answer(&h, &g, 800 * KIB, OK_HEAD("text/event-stream"),
                 ",\"stream\":true");
    say_text(h.n.far.conns, DELTA_BEGIN, 16 * KIB, DELTA_END);
    GUEST_HEARS(&g, "yyyy");
    assert_true(h.translating.used >= 4 * 16 * KIB); /* it is said again */
    for (unsigned i = 0; i < 16 && h.told.count == 0; i++) {
        say_text(h.n.far.conns, DELTA_BEGIN, 16 * KIB, DELTA_END);
    }
    UNTIL(&h.n, g.eof || g.failed);
    assert_int_equal(h.told.r.ended, VISIT_CUT);
    assert_string_equal(h.told.code, "out_of_resources");
    assert_false(guest_has(&g, "\r\n0\r\n\r\n"));
    guest_leave(&g);
    house_end(&h);
}

#define FINISH                                                                 \
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\","                \
    "\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,"                 \
    "\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"

/* Nor where only its end is too much: what is said again is longer where it has
 * to be escaped. */
static void
test_end_of_a_stream(void **state)
{
    static char text[2 * 4096 + 1];
    struct house h;
    struct guest g;

    (void)state;
    for (size_t i = 0; i < sizeof(text) - 1; i += 2) {
        snprintf(text + i, sizeof(text) - i, "\xc2\x85");
    }
    begin_answer(&h, &g, 800 * KIB, OK_HEAD("text/event-stream"),
                 ",\"stream\":true");
    for (unsigned i = 0; i < 10; i++) {
        say_text(h.n.far.conns, DELTA_BEGIN, 0, text);
        say_text(h.n.far.conns, DELTA_END, 0, "");
    }
    say_text(h.n.far.conns, FINISH, 0, "");
    UNTIL(&h.n, guest_has(&g, "\\u0085"));
    assert_int_equal(h.told.count, 0);
    far_say(h.n.far.conns, "0\r\n\r\n");
    far_end(h.n.far.conns, true);
    UNTIL(&h.n, g.eof || g.failed);
    assert_int_equal(h.told.r.ended, VISIT_CUT);
    assert_string_equal(h.told.code, "out_of_resources");
    assert_false(guest_has(&g, "\r\n0\r\n\r\n"));
    guest_leave(&g);
    house_end(&h);
}

/* What a client does not take is held for it, beyond its request. */
static void
test_client_that_does_not_read(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    begin_answer(&h, &g, 64u << 20, OK_HEAD("text/event-stream"),
                 ",\"stream\":true");
    GUEST_HEARS(&g, "response.created");
    assay_stream_read(g.stream, false);
    say_text(h.n.far.conns, DELTA_BEGIN, 1024 * KIB, DELTA_END);
    far_go_on(&h.n.far);
    UNTIL(&h.n, h.translating.used >= 1024 * KIB);
    say_text(h.n.far.conns, STOP, 0, "");
    far_say(h.n.far.conns, "0\r\n\r\n");
    far_end(h.n.far.conns, true);
    assay_stream_read(g.stream, true);
    UNTIL(&h.n, h.told.count == 1);
    assay_stream_read(g.stream, false);
    assert_int_equal(h.told.r.ended, VISIT_WHOLE);
    assert_true(h.translating.used >= 1024 * KIB);
    assay_stream_read(g.stream, true);
    GUEST_HEARS(&g, "\r\n0\r\n\r\n");
    UNTIL(&h.n, h.translating.used == 0);
    guest_leave(&g);
    house_end(&h);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_client_that_leaves),
        cmocka_unit_test(test_more_than_all),
        cmocka_unit_test(test_room_for_the_translation),
        cmocka_unit_test(test_answer_that_is_gathered),
        cmocka_unit_test(test_answer_that_streams),
        cmocka_unit_test(test_end_of_a_stream),
        cmocka_unit_test(test_client_that_does_not_read),
    };

    return cmocka_run_group_tests(tests, upstream_setup, upstream_teardown);
}
