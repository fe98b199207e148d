/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_quoter_dstack.c - quotes from a guest agent that is made here.
 */
#include "harness/unit.h"

#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "harness/world.h"
#include "io/dstack_reply.h"
#include "io/http_server.h"
#include "io/quoter.h"

#define PATIENCE_MS 20000
#define SHORT_MS    200u
#define LOG         "[{\"imr\":3,\"event\":\"a\"}]"
#define CONFIG      "{\"cpu_count\":1}"
/* the digest is ab ab ab ab ... */
#define EMITTED  "{\"event\":\"New TLS Certificate\",\"payload\":\"61626162"
#define TCB_INFO "{\"mrtd\":\"00\"}"

static char folder[] = "/tmp/assay-test-dstack-XXXXXX";
static char path[64]; /* of the socket */
static uv_loop_t loop;

/* --- the agent ---------------------------------------------------------- */

/* What is different about an agent; all zero: nothing. */
struct habits {
    bool log_as_array;
    bool other_data;
    unsigned quote_status; /* and no quote */
    unsigned info_status;
    unsigned emit_status;
    const char *quote_body; /* these words, whatever was asked */
    const char *info_body;
    const char *emit_body;
    size_t padding; /* octets of white space behind the quote */
};

static struct {
    struct habits habits;
    struct assay_http_server *server;
    struct mint_world *world;
    int quotes, infos, emits; /* requests */
    const char *cancel_at;    /* a target: `call` is cancelled then */
    struct assay_quoter_call *call;
    char emitted[512]; /* the last one's body */
} agent;

static void
put(struct assay_http_answer *a, unsigned status, const char *words)
{
    a->content_type = "application/json";
    a->status = status != 0 ? status : 200;
    assay_buf_add_text(&a->body, words);
}

/* report_data as hex, from {"report_data":"..."}. */
static void
read_report_data(struct assay_slice body, char hex[129])
{
    static const struct assay_json_limits limits = {1024, 1, 8};
    struct assay_json *doc = NULL;
    struct assay_slice text;
    struct assay_error err;

    assay_error_clear(&err);
    assert_int_equal(assay_json_parse(body, &limits, "body", &doc, &err),
                     ASSAY_OK);
    assert_int_equal(assay_json_count(doc, ASSAY_JSON_ROOT), 1);
    text = assay_json_string(
        doc, assay_json_member(doc, ASSAY_JSON_ROOT, "report_data"));
    assert_int_equal(text.len, 128);
    memcpy(hex, text.ptr, 128);
    hex[128] = '\0';
    assay_json_free(doc);
}

static void
answer_quote(const struct assay_http_request *r, struct assay_http_answer *a)
{
    struct mint_options *o = mint_world_options(agent.world);
    struct assay_buf quote;
    struct assay_error err;
    char hex[129];

    read_report_data(r->body, hex);
    if (agent.habits.other_data) {
        hex[127] = hex[127] == '0' ? '1' : '0';
    }
    o->quote.td.report_data = hex;
    assay_buf_init(&quote, MINT_QUOTE_MAX);
    assert_int_equal(mint_world_quote(agent.world, &quote, &err), ASSAY_OK);
    assay_buf_add_text(&a->body, "{\"quote\":\"");
    assay_hex_encode(&a->body, assay_buf_slice(&quote));
    assay_buf_free(&quote);
    put(a, 200,
        agent.habits.log_as_array
            ? "\",\"event_log\":" LOG ",\"vm_config\":" CONFIG "}"
            : "\",\"event_log\":\"[{\\\"imr\\\":3,\\\"event\\\":\\\"a\\\"}]\","
              "\"vm_config\":\"{\\\"cpu_count\\\":1}\"}");
    for (size_t i = 0; i < agent.habits.padding; i++) {
        assay_buf_add_u8(&a->body, ' ');
    }
}

static void
handle(void *user, const struct assay_http_request *r,
       struct assay_http_answer *a)
{
    const struct habits *h = &agent.habits;

    (void)user;
    assert_true(assay_slice_is(r->head->method, "POST"));
    if (agent.cancel_at != NULL && assay_slice_is(r->path, agent.cancel_at)) {
        assay_quoter_cancel(agent.call);
        agent.cancel_at = NULL;
    }
    if (assay_slice_is(r->path, "/GetQuote")) {
        agent.quotes++;
        if (h->quote_body != NULL || h->quote_status != 0) {
            put(a, h->quote_status, h->quote_body != NULL ? h->quote_body : "");
        } else {
            answer_quote(r, a);
        }
    } else if (assay_slice_is(r->path, "/Info")) {
        agent.infos++;
        put(a, h->info_status,
            h->info_body != NULL ? h->info_body
                                 : "{\"app_id\":\"00\",\"tcb_info\":"
                                   "\"{\\\"mrtd\\\":\\\"00\\\"}\"}");
    } else if (assay_slice_is(r->path, "/EmitEvent")) {
        agent.emits++;
        assert_true(r->body.len < sizeof(agent.emitted));
        memcpy(agent.emitted, r->body.ptr, r->body.len);
        agent.emitted[r->body.len] = '\0';
        put(a, h->emit_status, h->emit_body != NULL ? h->emit_body : "{}");
    } else {
        fail_msg("asked for %.*s", (int)r->path.len, (const char *)r->path.ptr);
    }
}

static struct assay_address
socket_address(void)
{
    struct assay_address at = {.is_unix = true};

    memcpy(at.path, path, sizeof(path));
    return at;
}

static void
start_agent(struct habits habits)
{
    static const struct assay_http_server_limits limits = {4096, 8, 5000, 5000};
    struct assay_address at = socket_address();
    struct assay_error err;

    agent.habits = habits;
    agent.quotes = agent.infos = agent.emits = 0;
    assert_int_equal(assay_http_server_new(&loop, &at, 0600, &limits, handle,
                                           NULL, &agent.server, &err),
                     ASSAY_OK);
}

static void
stop_agent(void)
{
    assay_http_server_close(agent.server);
    agent.server = NULL;
}

/* --- calls -------------------------------------------------------------- */

struct answer {
    int calls;
    struct assay_error err;
    bool quoted;
    uint8_t report_data[64];
    char log[64];
    char config[64];
    char tcb_info[64];
    struct assay_quoter *to_free;
};

static void
copy_text(char to[64], struct assay_slice from)
{
    assert_true(from.len < 64);
    assay_copy(to, from);
    to[from.len] = '\0';
}

static void
on_done(void *user, const struct assay_quoted *quoted,
        const struct assay_error *err)
{
    struct answer *a = user;
    struct assay_quote *q = NULL;
    struct assay_error why;

    a->calls++;
    a->err = *err;
    a->quoted = quoted != NULL;
    assay_quoter_free(a->to_free);
    if (quoted != NULL) {
        assert_int_equal(err->code, ASSAY_OK);
        assert_int_equal(assay_quote_parse(quoted->quote, &q, &why), ASSAY_OK);
        memcpy(a->report_data, assay_quote_view(q)->report_data.ptr, 64);
        assay_quote_free(q);
        copy_text(a->log, quoted->event_log);
        copy_text(a->config, quoted->vm_config);
        copy_text(a->tcb_info, quoted->tcb_info);
    }
}

static void
on_impatience(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("nothing happened for %d ms", PATIENCE_MS);
}

/* Until *until is not zero; NULL: until nothing is left to do. */
static void
run_loop(const int *until)
{
    uv_timer_t timer;

    uv_timer_init(&loop, &timer);
    uv_timer_start(&timer, on_impatience, PATIENCE_MS, 0);
    uv_unref((uv_handle_t *)&timer);
    while ((until == NULL || *until == 0) && uv_run(&loop, UV_RUN_ONCE) != 0) {
    }
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&loop, UV_RUN_NOWAIT);
}

static struct assay_quoter *
new_quoter(uint32_t timeout_ms)
{
    struct assay_quoter *q = NULL;
    struct assay_error err;
    char spec[96];

    (void)snprintf(spec, sizeof(spec), "dstack:%s", path);
    assert_int_equal(assay_quoter_new(&loop, spec, timeout_ms, &q, &err),
                     ASSAY_OK);
    return q;
}

static const uint8_t *
data_of(uint8_t byte)
{
    static uint8_t data[64];

    memset(data, byte, sizeof(data));
    data[63] = 1;
    return data;
}

static struct answer
get(struct assay_quoter *q, uint8_t byte)
{
    struct answer a = {0};

    assert_non_null(assay_quoter_get(q, data_of(byte), on_done, &a));
    assert_int_equal(a.calls, 0);
    run_loop(&a.calls);
    assert_int_equal(a.calls, 1);
    return a;
}

static struct answer
announce(struct assay_quoter *q)
{
    struct answer a = {0};

    assert_non_null(assay_quoter_announce(q, data_of(0xab), on_done, &a));
    run_loop(&a.calls);
    assert_int_equal(a.calls, 1);
    assert_false(a.quoted);
    return a;
}

static void
check_failure(const char *row, const struct answer *a, enum assay_code code,
              const char *words)
{
    if (a->err.code != code || strstr(a->err.msg, words) == NULL || a->quoted) {
        fail_msg("row \"%s\": %s \"%s\", want %s \"%s\"", row,
                 assay_code_name(a->err.code), a->err.msg,
                 assay_code_name(code), words);
    }
}

static void
check_good(const struct answer *a, uint8_t byte, const char *tcb_info)
{
    check_failure("good", &(struct answer){.err = a->err}, ASSAY_OK, "");
    assert_true(a->quoted);
    assert_memory_equal(a->report_data, data_of(byte), 64);
    assert_string_equal(a->log, LOG);
    assert_string_equal(a->config, CONFIG);
    assert_string_equal(a->tcb_info, tcb_info);
}

/* --- tests -------------------------------------------------------------- */

static void
test_good(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct assay_quoter *q;
        struct answer a;

        start_agent((struct habits){.log_as_array = i == 1});
        q = new_quoter(0);
        a = get(q, 1);
        check_good(&a, 1, TCB_INFO);
        a = get(q, 2);
        check_good(&a, 2, TCB_INFO);
        assert_int_equal(agent.quotes, 2);
        assert_int_equal(agent.infos, 1); /* asked once */
        assay_quoter_free(q);
        stop_agent();
    }
}

static const struct {
    const char *name;
    struct habits habits;
    enum assay_code code;
    const char *words;
} rows[] = {
    {"other report data",
     {.other_data = true},
     ASSAY_REPLY,
     ": POST /GetQuote: the answer is a quote over other report data than was"},
    {"garbage",
     {.quote_body = "<html>"},
     ASSAY_REPLY,
     ": POST /GetQuote: answer"},
    {"no body", {.quote_body = ""}, ASSAY_REPLY, "/GetQuote: answer"},
    {"no quote",
     {.quote_body = "{\"quote\":\"0011\",\"event_log\":[]}"},
     ASSAY_REPLY,
     "/GetQuote: the answer is no quote: "},
    {"500",
     {.quote_status = 500, .quote_body = "{\"error\":\"no TD\"}"},
     ASSAY_NETWORK,
     "/GetQuote: HTTP 500: no TD"},
    {"404", {.quote_status = 404}, ASSAY_NOT_FOUND, "/GetQuote: HTTP 404"},
    {"200 and an error",
     {.quote_body = "{\"error\":\"so so\"}"},
     ASSAY_NETWORK,
     "/GetQuote: HTTP 200: so so"},
};

static void
test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_quoter *q;
        struct answer a;

        start_agent(rows[i].habits);
        q = new_quoter(0);
        a = get(q, 1);
        check_failure(rows[i].name, &a, rows[i].code, rows[i].words);
        CHECK(rows[i].name, strncmp(a.err.msg, "unix:/tmp/", 10) == 0);
        CHECK(rows[i].name, agent.infos == 0);
        assay_quoter_free(q);
        stop_agent();
    }
}

static void
test_oversized(void **state)
{
    struct assay_quoter *q;
    struct answer a;

    (void)state;
    start_agent((struct habits){.padding = ASSAY_DSTACK_REPLY_MAX_BYTES});
    q = new_quoter(0);
    a = get(q, 1);
    check_failure("oversized", &a, ASSAY_TOO_LARGE, "/GetQuote: ");
    assay_quoter_free(q);
    stop_agent();
}

static void
test_no_socket(void **state)
{
    struct assay_quoter *q = new_quoter(0);
    struct answer a = get(q, 1);

    (void)state;
    check_failure("no socket", &a, ASSAY_NETWORK,
                  "/dstack.sock: no such file or directory; run this in a "
                  "dstack VM, or mount the guest agent's socket");
    assay_quoter_free(q);
}

/* A quote does not depend on Info, which is asked again after a failure. */
static void
test_info_fails(void **state)
{
    static const struct habits bad[] = {
        {.info_status = 500},
        {.info_body = "garbage"},
        {.info_body = "{\"app_id\":\"00\"}"},
        {.info_body = "{\"tcb_info\":\"[]\"}"},
        {.info_status = 404},
    };
    struct assay_quoter *q;
    struct answer a;

    (void)state;
    start_agent((struct habits){0});
    q = new_quoter(0);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        agent.habits = bad[i];
        a = get(q, 1);
        check_good(&a, 1, "");
        assert_int_equal(agent.infos, i + 1);
    }
    agent.habits = (struct habits){0};
    a = get(q, 2);
    check_good(&a, 2, TCB_INFO);
    agent.habits = bad[0];
    a = get(q, 3);
    check_good(&a, 3, TCB_INFO);
    assay_quoter_free(q);
    stop_agent();
}

static void
test_announce(void **state)
{
    static const struct {
        const char *name;
        struct habits habits;
        enum assay_code code;
        const char *words;
    } cases[] = {
        {"good", {0}, ASSAY_OK, ""},
        {"no words", {.emit_body = ""}, ASSAY_OK, ""},
        {"404", {.emit_status = 404}, ASSAY_NOT_FOUND, "/EmitEvent: HTTP 404"},
        {"405", {.emit_status = 405}, ASSAY_NOT_FOUND, "HTTP 405"},
        {"501", {.emit_status = 501}, ASSAY_NOT_FOUND, "HTTP 501"},
        {"unknown method",
         {.emit_status = 400,
          .emit_body = "{\"error\":\"Unknown method EmitEvent\"}"},
         ASSAY_NOT_FOUND,
         "HTTP 400: Unknown method EmitEvent"},
        {"refused",
         {.emit_status = 400, .emit_body = "too long"},
         ASSAY_NETWORK,
         "HTTP 400: too long"},
    };
    struct assay_quoter *q;

    (void)state;
    start_agent((struct habits){0});
    q = new_quoter(0);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct answer a;

        agent.habits = cases[i].habits;
        a = announce(q);
        check_failure(cases[i].name, &a, cases[i].code, cases[i].words);
        assert_int_equal(agent.emits, i + 1);
        assert_int_equal(strncmp(agent.emitted, EMITTED, strlen(EMITTED)), 0);
        assert_int_equal(strlen(agent.emitted),
                         strlen(EMITTED) - 8 + 128 + strlen("\"}"));
    }
    assert_int_equal(agent.infos + agent.quotes, 0);
    assay_quoter_free(q);
    stop_agent();
}

/* --- an agent that does not answer -------------------------------------- */

static struct {
    struct assay_listener *listener;
    struct assay_stream *streams[4];
    int count;
} mute;

static void
on_accepted(void *user, struct assay_stream *stream)
{
    (void)user;
    assert_true(mute.count < 4);
    mute.streams[mute.count++] = stream;
}

static void
start_mute(void)
{
    struct assay_address at = socket_address();
    struct assay_error err;

    mute.count = 0;
    assert_int_equal(
        assay_listen(&loop, &at, 0600, on_accepted, NULL, &mute.listener, &err),
        ASSAY_OK);
}

static void
stop_mute(void)
{
    assay_listener_close(mute.listener);
    while (mute.count > 0) {
        assay_stream_close(mute.streams[--mute.count]);
    }
}

static void
test_hang(void **state)
{
    struct assay_quoter *q = new_quoter(SHORT_MS);
    struct answer a;

    (void)state;
    start_mute();
    a = get(q, 1);
    check_failure("hang", &a, ASSAY_TIMEOUT, "dstack (/tmp/");
    a = announce(q);
    check_failure("hang", &a, ASSAY_TIMEOUT, "dstack (/tmp/");
    stop_mute();
    assay_quoter_free(q);
    run_loop(NULL);
}

/* The agent answers connections with a quote but for the second one, which is
 * Info's, and waits. */
static void
on_quote_accepted(void *user, struct assay_stream *stream)
{
    on_accepted(user, stream);
    if (mute.count != 2) {
        struct assay_buf answer;

        assay_buf_init(&answer, 1u << 20);
        assay_buf_add(&answer, *(const struct assay_slice *)user);
        assay_stream_write(stream, assay_buf_slice(&answer));
        assay_buf_free(&answer);
    }
}

static void
test_info_hangs(void **state)
{
    struct mint_options *o = mint_world_options(agent.world);
    struct assay_address at = socket_address();
    struct assay_quoter *q = new_quoter(SHORT_MS);
    struct assay_buf quote;
    struct assay_buf body;
    struct assay_buf all;
    struct assay_slice text;
    struct assay_error err;
    struct answer a;
    char hex[129];

    (void)state;
    assay_hex_to(hex, (struct assay_slice){data_of(4), 64});
    o->quote.td.report_data = hex;
    assay_buf_init(&quote, MINT_QUOTE_MAX);
    assay_buf_init(&body, 1u << 20);
    assay_buf_init(&all, 1u << 20);
    assert_int_equal(mint_world_quote(agent.world, &quote, &err), ASSAY_OK);
    assay_buf_add_text(&body, "{\"quote\":\"");
    assay_hex_encode(&body, assay_buf_slice(&quote));
    assay_buf_add_text(&body,
                       "\",\"event_log\":" LOG ",\"vm_config\":" CONFIG "}");
    assay_buf_printf(&all, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n",
                     body.len);
    assay_buf_add(&all, assay_buf_slice(&body));
    text = assay_buf_slice(&all);

    mute.count = 0;
    assert_int_equal(assay_listen(&loop, &at, 0600, on_quote_accepted, &text,
                                  &mute.listener, &err),
                     ASSAY_OK);
    a = get(q, 4);
    check_good(&a, 4, "");
    assert_int_equal(mute.count, 2);
    a = get(q, 4); /* does not wait for it again */
    check_good(&a, 4, "");
    assert_int_equal(mute.count, 3);
    stop_mute();
    assay_quoter_free(q);
    run_loop(NULL);
    assay_buf_free(&quote);
    assay_buf_free(&body);
    assay_buf_free(&all);
}

/* No callback after cancel or free, at whatever step; and the callback itself
 * may free the quoter. */
static void
test_cancel(void **state)
{
    static const char *const steps[] = {"/GetQuote", "/Info"};
    struct assay_quoter *q;
    struct answer a = {0};
    struct answer b = {0};

    (void)state;
    start_agent((struct habits){0});
    q = new_quoter(0);
    assay_quoter_cancel(assay_quoter_get(q, data_of(1), on_done, &a));
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        agent.cancel_at = steps[i];
        agent.call = assay_quoter_get(q, data_of(1), on_done, &a);
        assert_non_null(agent.call);
        while (agent.cancel_at != NULL) {
            uv_run(&loop, UV_RUN_ONCE);
        }
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(a.calls, 0);
    assert_non_null(assay_quoter_get(q, data_of(1), on_done, &a));
    assay_quoter_free(q);
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(a.calls, 0);

    q = new_quoter(0);
    a.to_free = q;
    assert_non_null(assay_quoter_get(q, data_of(5), on_done, &a));
    assert_non_null(assay_quoter_get(q, data_of(6), on_done, &b));
    run_loop(&a.calls);
    check_good(&a, 5, TCB_INFO);
    stop_agent();
    run_loop(NULL);
    assert_int_equal(b.calls, 0);
}

static int
make_world(void **state)
{
    struct mint_options o = {.seed = MINT_TEST_SEED};
    struct assay_error err;

    (void)state;
    if (mkdtemp(folder) == NULL || uv_loop_init(&loop) != 0) {
        return -1;
    }
    (void)snprintf(path, sizeof(path), "%s/dstack.sock", folder);
    return mint_world_new(&o, &agent.world, &err) == ASSAY_OK ? 0 : -1;
}

static int
free_world(void **state)
{
    (void)state;
    run_loop(NULL);
    mint_world_free(agent.world);
    return uv_loop_close(&loop) == 0 && rmdir(folder) == 0 ? 0 : -1;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),       cmocka_unit_test(test_rows),
        cmocka_unit_test(test_oversized),  cmocka_unit_test(test_no_socket),
        cmocka_unit_test(test_info_fails), cmocka_unit_test(test_announce),
        cmocka_unit_test(test_hang),       cmocka_unit_test(test_info_hangs),
        cmocka_unit_test(test_cancel),
    };

    return cmocka_run_group_tests(tests, make_world, free_world);
}
