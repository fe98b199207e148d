/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_replay_vectors.c - an optional folder of known answers and of one real
 * TD: its quote, its log and its app-compose, which must agree.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "assay/quote.h"
#include "base/json.h"
#include "base/json_out.h"
#include "base/text.h"
#include "eventlog/compose.h"
#include "eventlog/dstack.h"
#include "eventlog/replay.h"
#include "harness/log.h"
#include "harness/trial.h"

#define FILE_MAX_BYTES (1u << 20)
#define SAMPLE         "near-mpc-45424d4cf/"

static struct assay_ctx *ctx;

/* --- files ----------------------------------------------------------------
 */

static const char *
samples_folder(void)
{
    static char folder[512];
    const char *shared = getenv("ASSAY_SHARED");

    (void)snprintf(folder, sizeof(folder), "%s/samples",
                   shared != NULL ? shared : "../shared");
    return folder;
}

static struct assay_buf
load(const char *name)
{
    char path[1024];
    struct assay_buf b;
    FILE *f;
    size_t n;

    (void)snprintf(path, sizeof(path), "%s/%s", samples_folder(), name);
    f = fopen(path, "rb");
    assay_buf_init(&b, FILE_MAX_BYTES);
    if (f == NULL) {
        fail_msg("%s: cannot be opened", path);
        return b;
    }
    assert_non_null(assay_buf_extend(&b, FILE_MAX_BYTES));
    n = fread(b.ptr, 1, FILE_MAX_BYTES, f);
    assert_true(n > 0 && n < FILE_MAX_BYTES);
    b.len = n;
    assert_int_equal(fclose(f), 0);
    return b;
}

static struct assay_json *
parse(const struct assay_buf *text)
{
    static const struct assay_json_limits limits = {FILE_MAX_BYTES, 16,
                                                    1u << 18};
    struct assay_json *j = NULL;
    struct assay_error err;

    assay_error_clear(&err);
    if (assay_json_parse(assay_buf_slice(text), &limits, "sample", &j, &err) !=
        ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    return j;
}

static struct assay_slice
text_at(const struct assay_json *j, uint32_t node, const char *name)
{
    uint32_t value = assay_json_member(j, node, name);

    assert_int_equal(assay_json_type(j, value), ASSAY_JSON_STRING);
    return assay_json_string(j, value);
}

static size_t
octets_at(const struct assay_json *j, uint32_t node, const char *name,
          uint8_t *out, size_t room)
{
    struct assay_slice hex = text_at(j, node, name);
    struct assay_error err;

    assay_error_clear(&err);
    assert_true(hex.len / 2 <= room);
    assert_int_equal(assay_hex_decode(hex, out, hex.len / 2, name, &err),
                     ASSAY_OK);
    return hex.len / 2;
}

/* --- known answers ----------------------------------------------------------
 */

static struct assay_replay
replay(const struct assay_eventlog *l)
{
    struct assay_replay r;
    struct assay_error err;

    assay_error_clear(&err);
    assert_int_equal(assay_eventlog_replay(ctx, l, &r, &err), ASSAY_OK);
    return r;
}

static void
check_digests(const struct assay_json *j, const char *list, uint32_t version)
{
    uint32_t rows = assay_json_member(j, 0, list);

    assert_true(assay_json_count(j, rows) > 0);
    for (uint32_t n = assay_json_first(j, rows); n != ASSAY_JSON_NONE;
         n = assay_json_next(j, n)) {
        uint8_t payload[64];
        uint8_t want[64];
        uint8_t have[ASSAY_SHA384_BYTES];
        size_t len = octets_at(j, n, "payload_hex", payload, sizeof(payload));
        struct assay_slice name = text_at(j, n, "event");
        struct assay_error err;

        assay_error_clear(&err);
        assert_int_equal(octets_at(j, n, "digest", want, sizeof(want)), 48);
        assert_int_equal(assay_event_digest(ctx, version, name,
                                            (struct assay_slice){payload, len},
                                            have, &err),
                         ASSAY_OK);
        assert_memory_equal(have, want, sizeof(have));
        if (version == 2) {
            struct assay_buf b;

            assay_buf_init(&b, 4096);
            assay_event_preimage_v2(&b, name,
                                    (struct assay_slice){payload, len});
            assert_true(assay_slice_equal(assay_buf_slice(&b),
                                          text_at(j, n, "preimage")));
            assay_buf_free(&b);
        }
    }
}

static void
known_digests(void **state)
{
    struct assay_buf text = load("kat.json");
    struct assay_json *j = parse(&text);
    uint32_t cert = assay_json_member(j, 0, "tls_cert_event");
    uint8_t payload[256];
    uint8_t want[48];
    uint8_t have[48];
    size_t len = octets_at(j, cert, "event_payload", payload, sizeof(payload));
    struct assay_error err;

    (void)state;
    check_digests(j, "runtime_event_v1", 1);
    check_digests(j, "runtime_event_v2", 2);
    assay_error_clear(&err);
    (void)octets_at(j, cert, "digest_v1", want, sizeof(want));
    assert_int_equal(
        assay_event_digest(ctx, 1, assay_slice_of("New TLS Certificate"),
                           (struct assay_slice){payload, len}, have, &err),
        ASSAY_OK);
    assert_memory_equal(have, want, sizeof(have));
    assay_json_free(j);
    assay_buf_free(&text);
}

/* The log of the first `count` known events, as a stripped one. */
static struct assay_eventlog *
known_log(const struct assay_json *j, uint32_t count)
{
    uint32_t n =
        assay_json_first(j, assay_json_member(j, 0, "runtime_event_v1"));
    struct assay_buf b;
    struct assay_eventlog *l;

    assay_buf_init(&b, 65536);
    for (uint32_t i = 0; i < count; i++, n = assay_json_next(j, n)) {
        struct assay_slice name = text_at(j, n, "event");
        struct assay_slice payload = text_at(j, n, "payload_hex");

        assay_buf_printf(&b,
                         "%c{\"imr\":3,\"event_type\":134217729,\"event\":"
                         "\"%.*s\",\"event_payload\":\"%.*s\"}",
                         i == 0 ? '[' : ',', (int)name.len,
                         (const char *)name.ptr, (int)payload.len,
                         (const char *)payload.ptr);
    }
    assay_buf_add_u8(&b, ']');
    l = log_read("known", assay_buf_slice(&b));
    assay_buf_free(&b);
    return l;
}

static void
known_registers(void **state)
{
    struct assay_buf text = load("kat.json");
    struct assay_json *j = parse(&text);
    uint32_t chain = assay_json_member(j, 0, "rtmr3_after_each_v1_event");
    uint32_t count = 0;

    (void)state;
    for (uint32_t n = assay_json_first(j, chain); n != ASSAY_JSON_NONE;
         n = assay_json_next(j, n)) {
        struct assay_eventlog *l = known_log(j, ++count);
        struct assay_replay r = replay(l);
        char hex[97];

        assert_string_equal(r.fault, "");
        assay_hex_to(hex, ASSAY_SLICE(r.rtmr[3]));
        assert_true(assay_slice_is(assay_json_string(j, n), hex));
        assay_eventlog_free(l);
    }
    assert_int_equal(count, 4);
    assay_json_free(j);
    assay_buf_free(&text);
}

/* Others pad it, and reach the register of the sample; we refuse. */
static void
test_hole_known_short_digest(void **state)
{
    struct assay_buf text = load("kat.json");
    struct assay_json *j = parse(&text);
    struct assay_slice digest =
        text_at(j, assay_json_member(j, 0, "rtmr_short_digest_pad"), "digest");
    struct assay_buf b;
    struct assay_eventlog *l;
    struct assay_replay r;

    (void)state;
    assay_buf_init(&b, 4096);
    assay_buf_printf(&b,
                     "[{\"imr\":0,\"event_type\":4,\"event\":\"\","
                     "\"digest\":\"%.*s\"}]",
                     (int)digest.len, (const char *)digest.ptr);
    l = log_read("short", assay_buf_slice(&b));
    r = replay(l);
    assert_string_equal(r.fault,
                        "entry 0 (''): the digest is not of 48 octets");
    assay_eventlog_free(l);
    assay_buf_free(&b);
    assay_json_free(j);
    assay_buf_free(&text);
}

static void
known_config_id(void **state)
{
    struct assay_buf text = load("kat.json");
    struct assay_json *j = parse(&text);
    struct assay_eventlog *l = known_log(j, 4);
    struct assay_dstack_events events;
    struct assay_config_id c;
    struct assay_error err;
    char fault[160];
    uint8_t id[48];

    (void)state;
    (void)octets_at(j, 0, "mr_config_id_v1", id, sizeof(id));
    assay_dstack_events_read(l, &events, fault);
    assert_string_equal(fault, "");
    assay_error_clear(&err);
    assert_int_equal(assay_config_id_check(ctx, ASSAY_SLICE(id), &events,
                                           ASSAY_EMPTY, &c, &err),
                     ASSAY_OK);
    assert_string_equal(c.fault, "");
    assert_true(c.proves_compose);
    assay_eventlog_free(l);
    assay_json_free(j);
    assay_buf_free(&text);
}

/* --- a real TD --------------------------------------------------------------
 */

struct sample {
    struct assay_quote *quote;
    const struct assay_td_report *td;
    struct assay_buf info_text;
    struct assay_json *info;
    struct assay_slice log; /* JSON text */
};

static struct sample
sample_open(void)
{
    struct assay_buf text = load(SAMPLE "quote.json");
    struct assay_json *j = parse(&text);
    struct sample s = {.info_text = load(SAMPLE "tcb_info.json")};
    struct assay_buf raw;
    struct assay_error err;

    assay_buf_init(&raw, ASSAY_QUOTE_MAX_BYTES);
    for (uint32_t n = assay_json_first(j, 0); n != ASSAY_JSON_NONE;
         n = assay_json_next(j, n)) {
        uint64_t octet = 256;

        assert_true(assay_json_u64(j, n, &octet) && octet < 256);
        assay_buf_add_u8(&raw, (uint8_t)octet);
    }
    assert_int_equal(assay_quote_parse(assay_buf_slice(&raw), &s.quote, &err),
                     ASSAY_OK);
    s.td = &assay_quote_view(s.quote)->td;
    s.info = parse(&s.info_text);
    s.log = assay_json_span(s.info, assay_json_member(s.info, 0, "event_log"));
    assay_buf_free(&raw);
    assay_json_free(j);
    assay_buf_free(&text);
    return s;
}

static void
sample_close(struct sample *s)
{
    assay_quote_free(s->quote);
    assay_json_free(s->info);
    assay_buf_free(&s->info_text);
}

/* The log written anew without the digests of runtime events, as newer guest
 * agents send it. */
static struct assay_eventlog *
stripped(const struct assay_eventlog *full)
{
    struct assay_buf b;
    struct assay_json_out o;
    struct assay_eventlog *l;

    assay_buf_init(&b, FILE_MAX_BYTES);
    assay_json_out_init(&o, &b, true);
    assay_json_out_open(&o, NULL, '[');
    for (size_t i = 0; i < assay_eventlog_count(full); i++) {
        const struct assay_event *e = assay_eventlog_event(full, i);

        assay_json_out_open(&o, NULL, '{');
        assay_json_out_u64(&o, "imr", e->imr);
        assay_json_out_u64(&o, "event_type", e->type);
        assay_json_out_string(&o, "event", e->name);
        if (e->type == ASSAY_EVENT_RUNTIME) {
            assay_json_out_text(&o, "digest", "");
            assay_json_out_hex(&o, "event_payload", e->payload);
        } else {
            assay_json_out_hex(&o, "digest", e->digest);
            assay_json_out_text(&o, "event_payload", "");
        }
        assay_json_out_close(&o, '}');
    }
    assay_json_out_close(&o, ']');
    l = log_read("stripped", assay_buf_slice(&b));
    assay_buf_free(&b);
    return l;
}

static void
check_registers(const struct sample *s, const struct assay_eventlog *l)
{
    struct assay_replay r = replay(l);

    assert_string_equal(r.fault, "");
    for (size_t i = 0; i < 4; i++) {
        assert_true(assay_slice_equal(ASSAY_SLICE(r.rtmr[i]), s->td->rtmr[i]));
    }
}

static void
real_log_replays(void **state)
{
    struct sample s = sample_open();
    struct assay_eventlog *l = log_read("real", s.log);
    struct assay_eventlog *bare = stripped(l);

    (void)state;
    check_registers(&s, l);
    check_registers(&s, bare);
    assay_eventlog_free(bare);
    assay_eventlog_free(l);
    sample_close(&s);
}

/* Every payload of a runtime event, changed in its last digit. */
static void
test_hole_1_real_log_forged(void **state)
{
    struct sample s = sample_open();
    size_t forged = 0;
    size_t from = 0;

    (void)state;
    for (;;) {
        static const char member[] = "\"event_payload\": \"";
        struct assay_slice rest = {s.log.ptr + from, s.log.len - from};
        size_t at = assay_slice_find(rest, "134217729");
        struct assay_buf b;
        struct assay_eventlog *l;
        struct assay_replay r;
        size_t end;

        if (at == ASSAY_NO_OFFSET) {
            break;
        }
        rest = (struct assay_slice){rest.ptr + at, rest.len - at};
        at = assay_slice_find(rest, member);
        assert_true(at != ASSAY_NO_OFFSET);
        end = (size_t)(rest.ptr - s.log.ptr) + at + strlen(member);
        from = end;
        while (s.log.ptr[end] != '"') {
            end++;
        }
        if (end == from) {
            continue;
        }
        assay_buf_init(&b, FILE_MAX_BYTES);
        assay_buf_add(&b, s.log);
        b.ptr[end - 1] = b.ptr[end - 1] == '0' ? '1' : '0';
        l = log_read("forged", assay_buf_slice(&b));
        r = replay(l);
        assert_non_null(
            strstr(r.fault, "the digest is not that of its name and payload"));
        forged++;
        assay_eventlog_free(l);
        assay_buf_free(&b);
    }
    assert_true(forged >= 5);
    sample_close(&s);
}

static void
real_events(void **state)
{
    struct sample s = sample_open();
    struct assay_eventlog *l = log_read("real", s.log);
    struct assay_buf compose = load(SAMPLE "app_compose.json");
    struct assay_dstack_events e;
    struct assay_config_id c;
    struct assay_error err;
    char fault[160];
    uint8_t hash[32];

    (void)state;
    assay_dstack_events_read(l, &e, fault);
    assert_string_equal(fault, "");
    assert_true(e.has_app_id && e.has_compose_hash && e.has_key_provider &&
                e.has_instance_id);
    assert_false(e.has_os_image_hash || e.has_certificate);
    assert_int_equal(e.instance_id.len, 0);

    assert_int_equal(assay_compose_hash(ctx, assay_buf_slice(&compose),
                                        ASSAY_COMPOSE_RAW, hash, &err),
                     ASSAY_OK);
    assert_true(assay_slice_equal(ASSAY_SLICE(hash), e.compose_hash));
    assert_memory_equal(e.app_id.ptr, hash, 20);

    assay_error_clear(&err);
    for (unsigned with_log = 0; with_log < 2; with_log++) {
        assert_int_equal(assay_config_id_check(ctx, s.td->mr_config_id,
                                               with_log != 0 ? &e : NULL,
                                               ASSAY_EMPTY, &c, &err),
                         ASSAY_OK);
        assert_int_equal(c.kind, ASSAY_CONFIG_ID_COMPOSE);
        assert_string_equal(c.fault, "");
        assert_true(c.proves_compose);
        assert_memory_equal(c.compose_hash, hash, 32);
    }
    assay_buf_free(&compose);
    assay_eventlog_free(l);
    sample_close(&s);
}

/* The policy names what is not a default, and the file's hash. */
static void
real_compose(void **state)
{
    static const char start[] =
        "{\"features\":null,\"pre_launch_script\":null,\"public_tcbinfo\":null,"
        "\"storage_fs\":null,\"tproxy_enabled\":null,\"kms_enabled\":false,"
        "\"gateway_enabled\":false,\"local_key_provider_enabled\":true,"
        "\"key_provider_id\":\"\",\"no_instance_id\":true,"
        "\"name\":\"mpc-localnet-one-node-1774945636\","
        "\"docker_compose_file\":{\"sha256\":[\"";
    struct assay_buf compose = load(SAMPLE "app_compose.json");
    struct assay_json *j = parse(&compose);
    struct assay_buf expected;
    struct assay_compose_match m;
    struct assay_error err;
    uint8_t measured[32];
    uint8_t file[32];

    (void)state;
    assay_error_clear(&err);
    assert_int_equal(
        assay_sha256(ctx, assay_buf_slice(&compose), measured, &err), ASSAY_OK);
    assert_int_equal(
        assay_sha256(ctx, text_at(j, 0, "docker_compose_file"), file, &err),
        ASSAY_OK);
    assay_buf_init(&expected, 4096);
    assay_buf_add_text(&expected, start);
    assay_hex_encode(&expected, ASSAY_SLICE(file));
    assay_buf_add_text(&expected, "\"]}}");
    assert_int_equal(assay_compose_compare(ctx, assay_buf_slice(&expected),
                                           assay_buf_slice(&compose), measured,
                                           &m, &err),
                     ASSAY_OK);
    assert_string_equal(m.fault, "");
    assert_string_equal(m.form, "offered text");
    assay_buf_free(&expected);
    assay_json_free(j);
    assay_buf_free(&compose);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_digests),
        cmocka_unit_test(known_registers),
        cmocka_unit_test(test_hole_known_short_digest),
        cmocka_unit_test(known_config_id),
        cmocka_unit_test(real_log_replays),
        cmocka_unit_test(test_hole_1_real_log_forged),
        cmocka_unit_test(real_events),
        cmocka_unit_test(real_compose),
    };
    struct stat st;
    int failed;

    if (stat(samples_folder(), &st) != 0 || !S_ISDIR(st.st_mode)) {
        print_message("SKIPPED shared vectors: no folder %s\n",
                      samples_folder());
        return 77;
    }
    ctx = trial_ctx();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    assay_ctx_free(ctx);
    return failed;
}
