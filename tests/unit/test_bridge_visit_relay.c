/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bridge_visit_relay.c - requests for something else than a tunnel, which
 * somebody else answers.
 */
#include <pthread.h>

#include "harness/visits.h"

#define ANSWER "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\ncollateral"
#define LARGE                                                                  \
    (24u * 1024u * 1024u) /* more than a system keeps for a client             \
                           */
#define FOR_IT "/sgx/x HTTP/1.1\r\nHost: x\r\n\r\n"

/* --- somebody else -------------------------------------------------------- */

/* One question at a time. */
static struct {
    uv_loop_t *loop;
    uv_timer_t timer;
    struct visit *visit;
    unsigned cancelled;
    char method[8];
} asked;

static uint8_t large[LARGE];

/* The loop of the visit that has come. */
static void
come(struct visits *visits)
{
    asked.loop = visits->loop;
    asked.cancelled = 0;
    asked.method[0] = '\0';
}

/* Others have yet to take so much that there is just room, or just none. */
static void
come_last(struct visits *visits)
{
    come(visits);
    visits->reply_bytes = VISIT_REPLIES_MAX_BYTES - LARGE;
}

static void
come_late(struct visits *visits)
{
    come(visits);
    visits->reply_bytes = VISIT_REPLIES_MAX_BYTES - LARGE + 1;
}

static void
come_to_the_full(struct visits *visits)
{
    come(visits);
    visits->reply_bytes = VISIT_REPLIES_MAX_BYTES;
}

static bool
is_asked(const struct assay_http1_head *head)
{
    struct assay_slice start = {head->target.ptr, 5};

    return head->target.len > 5 && assay_slice_is(start, "/sgx/");
}

static void
note(const struct assay_http1_head *head)
{
    snprintf(asked.method, sizeof(asked.method), "%.*s", (int)head->method.len,
             (const char *)head->method.ptr);
}

static void *
answer_at_once(void *user, const struct assay_http1_head *head, struct visit *v)
{
    (void)user;
    note(head);
    visit_relayed(v, 200, "hit", assay_slice_of(ANSWER));
    return NULL;
}

static void *
answer_much(void *user, const struct assay_http1_head *head, struct visit *v)
{
    (void)user;
    note(head);
    assay_copy(large, assay_slice_of(ANSWER));
    visit_relayed(v, 200, "hit", ASSAY_SLICE(large));
    return NULL;
}

static void *
answer_with_nothing(void *user, const struct assay_http1_head *head,
                    struct visit *v)
{
    (void)user;
    note(head);
    visit_relayed(v, 200, "hit", ASSAY_EMPTY);
    return NULL;
}

static void *
cannot(void *user, const struct assay_http1_head *head, struct visit *v)
{
    (void)user;
    (void)v;
    note(head);
    return NULL;
}

static void
on_timer(uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, NULL);
    visit_relayed(asked.visit, 404, "fetched", assay_slice_of(ANSWER));
}

static void *
answer_later(void *user, const struct assay_http1_head *head, struct visit *v)
{
    (void)user;
    note(head);
    asked.visit = v;
    uv_timer_init(asked.loop, &asked.timer);
    uv_timer_start(&asked.timer, on_timer, 10, 0);
    return &asked;
}

static void *
answer_never(void *user, const struct assay_http1_head *head, struct visit *v)
{
    (void)user;
    (void)v;
    note(head);
    return &asked;
}

/* As when the bridge is stopped meanwhile. */
static void
on_drain(uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, NULL);
    visits_drain(timer->data);
}

static void
come_and_drain(struct visits *visits)
{
    come(visits);
    uv_timer_init(asked.loop, &asked.timer);
    asked.timer.data = visits;
    uv_timer_start(&asked.timer, on_drain, 100, 0);
}

static void
cancel(void *call)
{
    assert_ptr_equal(call, &asked);
    asked.cancelled++;
}

static const struct visit_relay at_once = {is_asked, answer_at_once, cancel,
                                           NULL};
static const struct visit_relay later = {is_asked, answer_later, cancel, NULL};
static const struct visit_relay much = {is_asked, answer_much, cancel, NULL};
static const struct visit_relay never = {is_asked, answer_never, cancel, NULL};
static const struct visit_relay unable = {is_asked, cannot, cancel, NULL};
static const struct visit_relay nothing = {is_asked, answer_with_nothing,
                                           cancel, NULL};

/* --- clients -------------------------------------------------------------- */

static void
asks(const struct asked *a, int fd)
{
    put_request(a, fd);
    get_text(fd, ANSWER);
    get_end(fd);
}

static void
goes(const struct asked *a, int fd)
{
    put_request(a, fd);
}

static void
resets(const struct asked *a, int fd)
{
    put_request(a, fd);
    reset(fd);
}

/* As long as it takes: all of it comes. */
static void
reads_much(const struct asked *a, int fd)
{
    static uint8_t bytes[65536];
    size_t total = 0;
    ssize_t n;

    put_request(a, fd);
    while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0) {
        total += (size_t)n;
    }
    want(n == 0 && total == LARGE, "all of it");
}

/* Takes nothing, and stays: the bridge does not wait for it. */
static int kept = -1;

static void
reads_nothing(const struct asked *a, int fd)
{
    put_request(a, fd);
    kept = dup(fd);
}

/* --- all of them ---------------------------------------------------------- */

static const struct {
    struct row row;
    const char *method;
    unsigned status;
    unsigned cancelled;
} rows[] = {
    {.row = {.name = "at once",
             .request = "GET " FOR_IT,
             .denial = RELAYED,
             .relay = &at_once,
             .client = asks,
             .come = come},
     .method = "GET",
     .status = 200},
    {.row = {.name = "HEAD",
             .request = "HEAD " FOR_IT,
             .denial = RELAYED,
             .relay = &at_once,
             .client = asks,
             .come = come},
     .method = "HEAD",
     .status = 200},
    {.row = {.name = "OPTIONS",
             .request = "OPTIONS " FOR_IT,
             .denial = RELAYED,
             .relay = &at_once,
             .client = asks,
             .come = come},
     .method = "OPTIONS",
     .status = 200},
    {.row = {.name = "later",
             .request = "GET " FOR_IT,
             .denial = RELAYED,
             .relay = &later,
             .client = asks,
             .come = come},
     .method = "GET",
     .status = 404},
    {.row = {.name = "much",
             .request = "GET " FOR_IT,
             .denial = RELAYED,
             .relay = &much,
             .client = reads_much,
             .come = come},
     .method = "GET",
     .status = 200},
    {.row = {.name = "much, for which there is just room",
             .request = "GET " FOR_IT,
             .denial = RELAYED,
             .relay = &much,
             .client = reads_much,
             .come = come_last},
     .method = "GET",
     .status = 200},
    {.row = {.name = "too much",
             .request = "GET " FOR_IT,
             .answer = "HTTP/1.1 503 ",
             .code = "out_of_resources",
             .denial = DENIED_INTERNAL,
             .relay = &much,
             .come = come_late},
     .method = "GET"},
    {.row = {.name = "little, for which there is always room",
             .request = "GET " FOR_IT,
             .denial = RELAYED,
             .relay = &at_once,
             .client = asks,
             .come = come_to_the_full},
     .method = "GET",
     .status = 200},
    {.row = {.name = "much, and nobody reads it",
             .request = "GET " FOR_IT,
             .denial = DENIED_GONE,
             .relay = &much,
             .client = reads_nothing,
             .come = come,
             .head_ms = 200},
     .method = "GET",
     .status = 200},
    {.row = {.name = "not for it",
             .request = "GET /x HTTP/1.1\r\nHost: x\r\n\r\n",
             .answer = "HTTP/1.1 404 ",
             .code = "not_found",
             .denial = DENIED_PATH,
             .relay = &at_once,
             .come = come},
     .method = ""},
    {.row = {.name = "it cannot",
             .request = "GET " FOR_IT,
             .answer = "HTTP/1.1 503 ",
             .code = "out_of_resources",
             .denial = DENIED_INTERNAL,
             .relay = &unable,
             .come = come},
     .method = "GET"},
    {.row = {.name = "no memory for the answer",
             .request = "GET " FOR_IT,
             .answer = "HTTP/1.1 503 ",
             .code = "out_of_resources",
             .denial = DENIED_INTERNAL,
             .relay = &nothing,
             .come = come},
     .method = "GET"},
    {.row = {.name = "a client that goes",
             .request = "GET " FOR_IT,
             .denial = DENIED_GONE,
             .relay = &never,
             .client = goes,
             .come = come},
     .method = "GET",
     .cancelled = 1},
    {.row = {.name = "a client that resets",
             .request = "GET " FOR_IT,
             .denial = DENIED_GONE,
             .relay = &never,
             .client = resets,
             .come = come},
     .method = "GET",
     .cancelled = 1},
    {.row = {.name = "drained",
             .request = "GET " FOR_IT,
             .answer = "HTTP/1.1 503 ",
             .code = "stopping",
             .denial = DENIED_DRAINING,
             .relay = &never,
             .come = come_and_drain},
     .method = "GET",
     .cancelled = 1},
};

static void
relayed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct row *row = &rows[i].row;
        struct visit_report report = check(row);

        CHECK(row->name, strcmp(asked.method, rows[i].method) == 0);
        CHECK(row->name, report.relayed == rows[i].status);
        CHECK(row->name, asked.cancelled == rows[i].cancelled);
        if (kept >= 0) {
            close(kept);
            kept = -1;
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relayed),
    };

    return cmocka_run_group_tests(tests, ctx_setup, ctx_teardown);
}
