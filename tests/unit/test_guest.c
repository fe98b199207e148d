/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_guest.c - the simulated TD: what it tells is what its registers hold.
 */
#include "harness/unit.h"

#include "assay/verify.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "eventlog/dstack.h"
#include "eventlog/replay.h"
#include "mint/guest.h"

static struct assay_ctx *ctx;

static int
setup(void **state)
{
    struct assay_error err;

    (void)state;
    return assay_ctx_new(&ctx, &err) == ASSAY_OK ? 0 : -1;
}

static int
teardown(void **state)
{
    (void)state;
    assay_ctx_free(ctx);
    return 0;
}

static struct mint_guest *
new_guest(const struct mint_guest_options *changes)
{
    struct mint_guest_options o = {.seed = NULL};
    struct mint_guest *g = NULL;
    struct assay_error err;

    if (changes != NULL) {
        o = *changes;
    }
    o.seed = o.seed != NULL ? o.seed : MINT_TEST_SEED;
    if (mint_guest_new(ctx, &o, &g, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    return g;
}

static void
emit(struct mint_guest *g, const char *name, const char *payload)
{
    struct assay_error err;

    if (mint_guest_emit(g, assay_slice_of(name), assay_slice_of(payload),
                        &err) != ASSAY_OK) {
        fail_msg("%s: %s", name, err.msg);
    }
}

static struct assay_buf
log_of(const struct mint_guest *g, bool stripped, bool forged)
{
    const struct mint_log_form form = {stripped, forged};
    struct assay_buf b;

    assay_buf_init(&b, MINT_DOCUMENT_MAX);
    mint_guest_write_log(g, &form, &b);
    assert_false(b.failed);
    return b;
}

static struct assay_eventlog *
parse(const struct assay_buf *text)
{
    struct assay_eventlog *l = NULL;
    struct assay_error err;

    if (assay_eventlog_parse(assay_buf_slice(text), &l, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    return l;
}

/* By the library's replay. */
static void
check_replay(const char *row, const struct mint_guest *g, bool stripped)
{
    struct assay_buf text = log_of(g, stripped, false);
    struct assay_eventlog *l = parse(&text);
    struct assay_replay r;
    struct assay_error err;

    assay_error_clear(&err);
    assert_int_equal(assay_eventlog_replay(ctx, l, &r, &err), ASSAY_OK);
    CHECK(row, strcmp(r.fault, "") == 0);
    CHECK(row, memcmp(r.rtmr, mint_guest_facts(g)->rtmr, sizeof(r.rtmr)) == 0);
    assay_eventlog_free(l);
    assay_buf_free(&text);
}

static const char compose_v2[] = "{\"name\":\"two\",\"event_log_version\":2}";
static const char compose_anonymous[] = "{\"no_instance_id\": true}";

#define TEXT(s) {(const uint8_t *)(s), sizeof(s) - 1}

static const struct variant {
    const char *row;
    struct mint_guest_options o;
    size_t runtime_events;
    uint32_t version;
} variants[] = {
    {"as it comes", {.seed = NULL}, 9, 1},
    {"version 2", {.log_version = 2}, 9, 2},
    {"version 2 by compose", {.app_compose = TEXT(compose_v2)}, 9, 2},
    {"version 1 in spite of compose",
     {.app_compose = TEXT(compose_v2), .log_version = 1},
     9,
     1},
    {"no instance", {.app_compose = TEXT(compose_anonymous)}, 9, 1},
    {"no image hash", {.os_image_hash = ""}, 8, 1},
    {"local key provider", {.key_provider = MINT_PROVIDER_LOCAL_SGX}, 8, 1},
    {"no key provider", {.key_provider = MINT_PROVIDER_NONE}, 8, 1},
    {"tpm", {.key_provider = MINT_PROVIDER_TPM}, 8, 1},
    {"other image", {.image = "other"}, 9, 1},
    {"no config id", {.config_id = MINT_ZERO}, 9, 1},
    {"config id 2", {.config_id = 2}, 9, 1},
    {"config id 3", {.config_id = 3}, 9, 1},
};

static void
test_log_replays(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(variants); i++) {
        const struct variant *v = &variants[i];
        struct mint_guest *g = new_guest(&v->o);

        check_replay(v->row, g, false);
        check_replay(v->row, g, true);
        emit(g, "after \"boot\" \xc3\xa9\n", "payload");
        emit(g, "a:", "");
        emit(g, "a", ":");
        check_replay(v->row, g, false);
        check_replay(v->row, g, true);
        mint_guest_free(g);
    }
}

/* dstack's order, by name. */
static void
test_boot_sequence(void **state)
{
    static const char *const names[] = {
        "system-preparing", "app-id",       "compose-hash",
        "instance-id",      "boot-mr-done", "os-image-hash",
        "key-provider",     "storage-fs",   "system-ready",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(variants); i++) {
        const struct variant *v = &variants[i];
        struct mint_guest *g = new_guest(&v->o);
        struct assay_buf text = log_of(g, false, false);
        struct assay_eventlog *l = parse(&text);
        size_t per_imr[4] = {0};
        size_t next = 0;

        for (size_t k = 0; k < assay_eventlog_count(l); k++) {
            const struct assay_event *e = assay_eventlog_event(l, k);

            CHECK(v->row, e->imr < 4 && e->digest.len == 48);
            per_imr[e->imr]++;
            if (e->imr < 3) {
                CHECK(v->row, per_imr[3] == 0 && e->name.len == 0);
                continue;
            }
            CHECK(v->row, e->type == ASSAY_EVENT_RUNTIME);
            CHECK(v->row, e->version == v->version);
            CHECK(v->row, e->has_preimage == (v->version == 2));
            while (next < COUNT_OF(names) &&
                   !assay_slice_is(e->name, names[next])) {
                CHECK(v->row, strcmp(names[next], "os-image-hash") == 0);
                next++;
            }
            next++;
        }
        CHECK(v->row, next == COUNT_OF(names));
        CHECK(v->row, per_imr[0] == 13 && per_imr[1] == 5 && per_imr[2] == 2);
        CHECK(v->row, per_imr[3] == v->runtime_events);
        assay_eventlog_free(l);
        assay_buf_free(&text);
        mint_guest_free(g);
    }
}

static void
test_stripped(void **state)
{
    struct mint_guest *g = new_guest(NULL);
    struct assay_buf text = log_of(g, true, false);
    struct assay_eventlog *l = parse(&text);
    size_t acpi = 0;

    (void)state;
    for (size_t k = 0; k < assay_eventlog_count(l); k++) {
        const struct assay_event *e = assay_eventlog_event(l, k);

        if (e->imr == 3) {
            assert_int_equal(e->digest.len, 0);
        } else if (e->payload.len > 0) {
            assert_true(assay_slice_is(e->payload, "ACPI DATA"));
            acpi++;
        }
    }
    assert_int_equal(acpi, 3);
    assay_eventlog_free(l);
    assay_buf_free(&text);
    mint_guest_free(g);
}

/* What a host could do to the log: it says so itself, and it is noticed. */
static void
test_forged_log_does_not_replay(void **state)
{
    (void)state;
    for (int stripped = 0; stripped < 2; stripped++) {
        struct mint_guest *g = new_guest(NULL);
        struct assay_buf text = log_of(g, stripped == 1, true);
        struct assay_eventlog *l = parse(&text);
        struct assay_replay r;
        struct assay_error err;

        assay_error_clear(&err);
        assert_int_equal(assay_eventlog_replay(ctx, l, &r, &err), ASSAY_OK);
        assert_true(r.fault[0] != '\0' ||
                    memcmp(r.rtmr[3], mint_guest_facts(g)->rtmr[3], 48) != 0);
        assay_eventlog_free(l);
        assay_buf_free(&text);
        mint_guest_free(g);
    }
}

static void
test_determinism(void **state)
{
    static const char other_seed[] =
        "1111111111111111111111111111111111111111111111111111111111111111";
    const struct mint_guest_options other = {.seed = other_seed};
    struct mint_guest *a = new_guest(NULL);
    struct mint_guest *b = new_guest(NULL);
    struct mint_guest *c = new_guest(&other);
    const struct mint_guest_facts *fa = mint_guest_facts(a);
    const struct mint_guest_facts *fc = mint_guest_facts(c);
    const struct assay_slice path = assay_slice_of("path");
    struct assay_error err;
    struct assay_buf log_a, log_b;
    uint8_t sa[32], sb[32], sc[32];

    (void)state;
    assay_error_clear(&err);
    log_a = log_of(a, false, false);
    log_b = log_of(b, false, false);
    assert_true(
        assay_slice_equal(assay_buf_slice(&log_a), assay_buf_slice(&log_b)));
    assert_int_equal(mint_guest_secret(a, "key", &path, 1, sa, &err), 0);
    assert_int_equal(mint_guest_secret(b, "key", &path, 1, sb, &err), 0);
    assert_int_equal(mint_guest_secret(c, "key", &path, 1, sc, &err), 0);
    assert_memory_equal(sa, sb, sizeof(sa));
    assert_memory_not_equal(sa, sc, sizeof(sa));
    assert_int_equal(mint_guest_secret(a, "kez", &path, 1, sb, &err), 0);
    assert_memory_not_equal(sa, sb, sizeof(sa));
    /* Measurements are of the software, not of the secrets. */
    assert_memory_equal(fa->mrtd, fc->mrtd, sizeof(fa->mrtd));
    assert_memory_equal(fa->rtmr, fc->rtmr, 3 * 48);
    assert_memory_not_equal(fa->instance_id, fc->instance_id, 20);
    assay_buf_free(&log_b);
    assay_buf_free(&log_a);
    mint_guest_free(c);
    mint_guest_free(b);
    mint_guest_free(a);
}

static void
test_image_decides_measurements(void **state)
{
    const struct mint_guest_options o = {.image = "other"};
    struct mint_guest *a = new_guest(NULL);
    struct mint_guest *b = new_guest(&o);
    const struct mint_guest_facts *fa = mint_guest_facts(a);
    const struct mint_guest_facts *fb = mint_guest_facts(b);

    (void)state;
    assert_memory_not_equal(fa->mrtd, fb->mrtd, 48);
    for (size_t i = 0; i < 4; i++) {
        assert_memory_not_equal(fa->rtmr[i], fb->rtmr[i], 48);
    }
    assert_memory_not_equal(fa->os_image_hash, fb->os_image_hash, 32);
    assert_memory_equal(fa->compose_hash, fb->compose_hash, 32);
    mint_guest_free(b);
    mint_guest_free(a);
}

/* Events and MRCONFIGID as the library reads them, for every kind and every
 * key provider. */
static void
test_identity_is_proven(void **state)
{
    (void)state;
    for (int32_t i = 0; i < 3 * MINT_PROVIDER_COUNT; i++) {
        const struct mint_guest_options o = {
            .config_id = 1 + i % 3,
            .key_provider = (enum mint_key_provider)(i / 3),
            .log_version = 1 + i % 2,
        };
        struct mint_guest *g = new_guest(&o);
        const struct mint_guest_facts *f = mint_guest_facts(g);
        struct assay_buf text = log_of(g, i % 2 == 1, false);
        struct assay_eventlog *l = parse(&text);
        struct assay_dstack_events events;
        struct assay_config_id id;
        struct assay_error err;
        struct assay_buf vm;
        char fault[160];

        assay_error_clear(&err);
        assay_buf_init(&vm, MINT_DOCUMENT_MAX);
        mint_guest_write_vm_config(g, &vm);
        assay_dstack_events_read(l, &events, fault);
        assert_string_equal(fault, "");
        assert_true(assay_slice_equal(events.app_id, ASSAY_SLICE(f->app_id)));
        assert_true(
            assay_slice_equal(events.instance_id, ASSAY_SLICE(f->instance_id)));
        assert_int_equal(events.has_os_image_hash, f->has_os_image_event);
        assert_int_equal(assay_config_id_check(ctx, ASSAY_SLICE(f->config_id),
                                               &events, assay_buf_slice(&vm),
                                               &id, &err),
                         ASSAY_OK);
        assert_string_equal(id.fault, "");
        assert_int_equal(id.kind, o.config_id);
        assert_true(id.proves_compose);
        assert_memory_equal(id.compose_hash, f->compose_hash, 32);
        assay_buf_free(&vm);
        assay_eventlog_free(l);
        assay_buf_free(&text);
        mint_guest_free(g);
    }
}

static void
test_config_id(void **state)
{
    (void)state;
    for (int32_t kind = 0; kind <= 3; kind++) {
        const struct mint_guest_options o = {.config_id =
                                                 kind == 0 ? MINT_ZERO : kind};
        struct mint_guest *g = new_guest(&o);
        const struct mint_guest_facts *f = mint_guest_facts(g);
        const uint8_t zero[48] = {0};
        struct assay_buf vm;

        assay_buf_init(&vm, MINT_DOCUMENT_MAX);
        mint_guest_write_vm_config(g, &vm);
        assert_false(vm.failed);
        assert_int_equal(f->config_id[0], kind);
        assert_memory_equal(f->config_id + 33, zero, 15);
        assert_int_equal(memcmp(f->config_id, zero, 48) == 0, kind == 0);
        assert_int_equal(memcmp(f->config_id + 1, f->compose_hash, 32) == 0,
                         kind == 1);
        assert_int_equal(assay_slice_find(assay_buf_slice(&vm), "mr_config") !=
                             ASSAY_NO_OFFSET,
                         kind == 3);
        assay_buf_free(&vm);
        mint_guest_free(g);
    }
}

static void
test_quote(void **state)
{
    struct mint_options o = {.seed = MINT_TEST_SEED};
    struct mint_guest *g = new_guest(NULL);
    const struct mint_guest_facts *f = mint_guest_facts(g);
    struct mint_world *w = NULL;
    struct assay_quote *q = NULL;
    struct assay_error err;
    struct assay_buf bytes;
    uint8_t data[64];

    (void)state;
    memset(data, 0x77, sizeof(data));
    for (int32_t version = 4; version <= 5; version++) {
        const struct assay_td_report *td;

        o.quote.version = version;
        assert_int_equal(mint_world_new(&o, &w, &err), ASSAY_OK);
        emit(g, "more", "x");
        assay_buf_init(&bytes, MINT_QUOTE_MAX);
        assert_int_equal(mint_guest_quote(g, w, data, &bytes, &err), ASSAY_OK);
        assert_int_equal(assay_quote_parse(assay_buf_slice(&bytes), &q, &err),
                         ASSAY_OK);
        td = &assay_quote_view(q)->td;
        assert_memory_equal(td->mr_td.ptr, f->mrtd, 48);
        assert_memory_equal(td->mr_config_id.ptr, f->config_id, 48);
        for (size_t i = 0; i < 4; i++) {
            assert_memory_equal(td->rtmr[i].ptr, f->rtmr[i], 48);
        }
        assert_memory_equal(td->report_data.ptr, data, 64);
        assay_quote_free(q);
        assay_buf_free(&bytes);
        mint_world_free(w);
    }
    mint_guest_free(g);
}

static void
test_tcb_info(void **state)
{
    static const struct assay_json_limits limits = {MINT_DOCUMENT_MAX, 8,
                                                    65536};
    const struct mint_log_form form = {false, false};
    struct mint_guest *g = new_guest(NULL);
    const struct mint_guest_facts *f = mint_guest_facts(g);
    uint8_t hash[32];
    struct assay_buf text;
    struct assay_json *j = NULL;
    struct assay_error err;
    uint32_t node;

    (void)state;
    assay_error_clear(&err);
    assay_buf_init(&text, MINT_DOCUMENT_MAX);
    mint_guest_write_tcb_info(g, &form, &text);
    assert_int_equal(
        assay_json_parse(assay_buf_slice(&text), &limits, "x", &j, &err), 0);
    node = assay_json_member(j, ASSAY_JSON_ROOT, "app_compose");
    assert_int_equal(assay_sha256(ctx, assay_json_string(j, node), hash, &err),
                     0);
    assert_memory_equal(hash, f->compose_hash, sizeof(hash));
    assert_memory_equal(hash, f->app_id, sizeof(f->app_id));
    node = assay_json_member(j, ASSAY_JSON_ROOT, "event_log");
    assert_int_equal(assay_json_count(j, node), 29);
    assay_json_free(j);
    assay_buf_free(&text);
    mint_guest_free(g);
}

static const char deep[] = "[[[[";

static const struct refused {
    const char *row;
    struct mint_guest_options o;
    enum assay_code code;
    const char *msg;
} refused[] = {
    {"seed", {.seed = "12"}, ASSAY_INVALID, "mint: seed"},
    {"compose is no JSON",
     {.app_compose = TEXT(deep)},
     ASSAY_TRUNCATED,
     "app_compose"},
    {"compose is no object",
     {.app_compose = TEXT("[]")},
     ASSAY_INVALID,
     "app_compose: must be a JSON object"},
    {"image hash",
     {.os_image_hash = "zz"},
     ASSAY_INVALID,
     "mint: os_image_hash"},
    {"config id", {.config_id = 4}, ASSAY_INVALID, "mint: no MRCONFIGID"},
    {"log version", {.log_version = 3}, ASSAY_INVALID, "mint: events are"},
};

static void
test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct mint_guest_options o = refused[i].o;
        struct mint_guest *g = NULL;
        struct assay_error err;

        o.seed = o.seed != NULL ? o.seed : MINT_TEST_SEED;
        CHECK(refused[i].row,
              mint_guest_new(ctx, &o, &g, &err) == refused[i].code);
        CHECK(refused[i].row, g == NULL);
        CHECK(refused[i].row,
              strncmp(err.msg, refused[i].msg, strlen(refused[i].msg)) == 0);
    }
}

static void
test_refused_events(void **state)
{
    static uint8_t big[MINT_EVENT_PAYLOAD_MAX + 1];
    const struct {
        const char *row;
        struct assay_slice name, payload;
        enum assay_code code;
    } rows[] = {
        {"no name", ASSAY_EMPTY, ASSAY_EMPTY, ASSAY_INVALID},
        {"no UTF-8", TEXT("\xff"), ASSAY_EMPTY, ASSAY_INVALID},
        {"cut UTF-8", TEXT("a\xc3"), ASSAY_EMPTY, ASSAY_INVALID},
        {"NUL", TEXT("a\0b"), ASSAY_EMPTY, ASSAY_INVALID},
        {"long name", {big, 0}, ASSAY_EMPTY, ASSAY_TOO_LARGE},
        {"long payload", TEXT("a"), ASSAY_SLICE(big), ASSAY_TOO_LARGE},
    };
    static char long_name[MINT_EVENT_NAME_MAX + 1];
    struct mint_guest *g = new_guest(NULL);
    uint8_t before[4][48];
    struct assay_error err;

    (void)state;
    memcpy(before, mint_guest_facts(g)->rtmr, sizeof(before));
    memset(long_name, 'n', sizeof(long_name));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_slice name = rows[i].name;

        if (name.ptr == big) {
            name = (struct assay_slice){(const uint8_t *)long_name,
                                        sizeof(long_name)};
        }
        CHECK(rows[i].row,
              mint_guest_emit(g, name, rows[i].payload, &err) == rows[i].code);
        CHECK(rows[i].row,
              memcmp(before, mint_guest_facts(g)->rtmr, sizeof(before)) == 0);
    }
    mint_guest_free(g);
}

/* It ends before the log could no longer be told. */
static void
test_full_log(void **state)
{
    static uint8_t payload[MINT_EVENT_PAYLOAD_MAX];
    const struct mint_guest_options o = {.log_version = 2};
    struct mint_guest *g = new_guest(&o);
    struct assay_error err;
    struct assay_buf text;
    enum assay_code code = ASSAY_OK;
    size_t n = 0;

    (void)state;
    while (code == ASSAY_OK) {
        code = mint_guest_emit(g, assay_slice_of("fill"), ASSAY_SLICE(payload),
                               &err);
        n++;
        assert_true(n < ASSAY_EVENTLOG_MAX_EVENTS);
    }
    assert_int_equal(code, ASSAY_TOO_LARGE);
    text = log_of(g, false, false);
    assert_true(text.len <= ASSAY_EVENTLOG_MAX_BYTES);
    check_replay("full", g, false);
    assay_buf_free(&text);
    mint_guest_free(g);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_replays),
        cmocka_unit_test(test_boot_sequence),
        cmocka_unit_test(test_stripped),
        cmocka_unit_test(test_forged_log_does_not_replay),
        cmocka_unit_test(test_determinism),
        cmocka_unit_test(test_image_decides_measurements),
        cmocka_unit_test(test_config_id),
        cmocka_unit_test(test_identity_is_proven),
        cmocka_unit_test(test_quote),
        cmocka_unit_test(test_tcb_info),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_refused_events),
        cmocka_unit_test(test_full_log),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
