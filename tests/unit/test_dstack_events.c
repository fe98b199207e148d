/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_dstack_events.c - which events count, and where they may stand.
 */
#include "eventlog/dstack.h"

#include "base/buf.h"
#include "harness/log.h"

#define OF_20 "0102030405060708090a0b0c0d0e0f1011121314"
#define OF_32 "c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf"
#define D96                                                                    \
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"         \
    "202122232425262728292a2b2c2d2e2f"

#define BOOT                                                                   \
    LOG_ENTRY(0, 2147483659, "", "00", D96)                                    \
    "," LOG_ENTRY(1, 4, "", "00000000",                                        \
                  D96) "," LOG_ENTRY(2, 6, "acpi-loader", "", D96)
#define PREPARING  LOG_RUNTIME("system-preparing", "")
#define APP_ID     LOG_RUNTIME("app-id", OF_20)
#define COMPOSE    LOG_RUNTIME("compose-hash", OF_32)
#define INSTANCE   LOG_RUNTIME("instance-id", OF_20)
#define IMAGE      LOG_RUNTIME("os-image-hash", OF_32)
#define PROVIDER   LOG_RUNTIME("key-provider", "7b7d")
#define READY      LOG_RUNTIME("system-ready", "")
#define CERT(text) LOG_RUNTIME("New TLS Certificate", text)
#define OWN        LOG_RUNTIME("of the app", "01")

/* As the guest agent orders them. */
#define WHOLE                                                                  \
    BOOT "," PREPARING "," APP_ID "," COMPOSE "," INSTANCE "," IMAGE           \
         "," PROVIDER "," READY

static struct assay_eventlog *
read_rules(const char *row, const char *entries,
           struct assay_dstack_events *out, char fault[160])
{
    struct assay_buf text;
    struct assay_eventlog *l;

    assay_buf_init(&text, 65536);
    assay_buf_add_text(&text, "[");
    assay_buf_add_text(&text, entries);
    assay_buf_add_text(&text, "]");
    l = log_read(row, assay_buf_slice(&text));
    assay_buf_free(&text);
    memset(out, 0x55, sizeof(*out));
    memset(fault, 0x55, 160);
    assay_dstack_events_read(l, out, fault);
    CHECK(row, memchr(fault, '\0', 160) != NULL);
    return l;
}

static bool
is_nothing(const struct assay_dstack_events *e)
{
    return !(e->has_app_id || e->has_compose_hash || e->has_os_image_hash ||
             e->has_key_provider || e->has_instance_id || e->has_certificate) &&
           e->app_id.len + e->compose_hash.len + e->os_image_hash.len +
                   e->key_provider.len + e->instance_id.len +
                   e->certificate.len ==
               0;
}

static void
what_counts(void **state)
{
    struct assay_dstack_events e;
    char fault[160];
    struct assay_eventlog *l = read_rules(
        "whole", WHOLE "," CERT("61") "," OWN "," CERT("6263"), &e, fault);

    (void)state;
    assert_string_equal(fault, "");
    assert_true(e.has_app_id && e.has_compose_hash && e.has_os_image_hash &&
                e.has_key_provider && e.has_instance_id && e.has_certificate);
    assert_int_equal(e.app_id.len, 20);
    assert_int_equal(e.app_id.ptr[19], 0x14);
    assert_int_equal(e.compose_hash.len, 32);
    assert_int_equal(e.compose_hash.ptr[31], 0xdf);
    assert_int_equal(e.os_image_hash.len, 32);
    assert_int_equal(e.instance_id.len, 20);
    assert_true(assay_slice_is(e.key_provider, "{}"));
    assert_true(assay_slice_is(e.certificate, "bc")); /* the last one */
    assay_eventlog_free(l);
}

static void
nothing_counts(void **state)
{
    static const struct {
        const char *name;
        const char *log;
    } rows[] = {
        {"empty", ""},
        {"boot only", BOOT},
        {"not ready", PREPARING},
        {"own events only", PREPARING "," READY "," OWN "," OWN},
        {"other spelling", LOG_RUNTIME("Compose-Hash", OF_32)},
        {"ready again", READY "," READY},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_dstack_events e;
        char fault[160];
        struct assay_eventlog *l =
            read_rules(rows[i].name, rows[i].log, &e, fault);

        CHECK(rows[i].name, fault[0] == '\0');
        CHECK(rows[i].name, is_nothing(&e));
        assay_eventlog_free(l);
    }
}

struct row {
    const char *name;
    const char *log;
    const char *fault; /* how it starts; "" if the log is fine */
};

static void
check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct assay_dstack_events e;
        char fault[160];
        struct assay_eventlog *l =
            read_rules(rows[i].name, rows[i].log, &e, fault);

        if (strncmp(fault, rows[i].fault, strlen(rows[i].fault)) != 0 ||
            (rows[i].fault[0] == '\0') != (fault[0] == '\0')) {
            fail_msg("row \"%s\": \"%s\", want \"%s\"", rows[i].name, fault,
                     rows[i].fault);
        }
        CHECK(rows[i].name, fault[0] == '\0' || is_nothing(&e));
        assay_eventlog_free(l);
    }
}

static void
payloads(void **state)
{
    static const struct row rows[] = {
        {"app-id", LOG_RUNTIME("app-id", OF_20 "00"),
         "entry 0 ('app-id'): 21 octets of payload, not 20"},
        {"app-id empty", LOG_RUNTIME("app-id", ""),
         "entry 0 ('app-id'): 0 octets of payload, not 20"},
        {"compose-hash", LOG_RUNTIME("compose-hash", OF_20),
         "entry 0 ('compose-hash'): 20 octets of payload, not 32"},
        {"compose-hash empty", LOG_RUNTIME("compose-hash", ""),
         "entry 0 ('compose-hash'): 0 octets"},
        {"os-image-hash", PREPARING "," LOG_RUNTIME("os-image-hash", "00"),
         "entry 1 ('os-image-hash'): 1 octets of payload, not 32"},
        {"instance-id", LOG_RUNTIME("instance-id", OF_32),
         "entry 0 ('instance-id'): 32 octets of payload, not 20"},
        {"instance-id empty", LOG_RUNTIME("instance-id", ""), ""},
        {"key-provider empty", LOG_RUNTIME("key-provider", ""), ""},
        {"certificate empty", READY "," CERT(""), ""},
    };

    (void)state;
    check_rows(rows, COUNT_OF(rows));
}

#define TWICE "this event occurs twice"
#define LATE  "this name counts only before system-ready"
#define PLACE "this name belongs to runtime events of RTMR3"

static void
places(void **state)
{
    static const struct row rows[] = {
        {"app-id twice", APP_ID "," APP_ID, "entry 1 ('app-id'): " TWICE},
        {"compose-hash twice", COMPOSE "," PREPARING "," COMPOSE,
         "entry 2 ('compose-hash'): " TWICE},
        {"os-image-hash twice", IMAGE "," IMAGE,
         "entry 1 ('os-image-hash'): " TWICE},
        {"key-provider twice", PROVIDER "," PROVIDER,
         "entry 1 ('key-provider'): " TWICE},
        {"instance-id twice", INSTANCE "," INSTANCE,
         "entry 1 ('instance-id'): " TWICE},
        {"app-id late", READY "," APP_ID, "entry 1 ('app-id'): " LATE},
        {"os-image-hash late", READY "," IMAGE,
         "entry 1 ('os-image-hash'): " LATE},
        {"key-provider late", READY "," PROVIDER,
         "entry 1 ('key-provider'): " LATE},
        {"instance-id late", READY "," INSTANCE,
         "entry 1 ('instance-id'): " LATE},
        {"late and twice", COMPOSE "," READY "," COMPOSE,
         "entry 2 ('compose-hash'): " LATE},
        {"certificate early", CERT("61") "," READY,
         "entry 0 ('New TLS Certificate'): this name counts only after "
         "system-ready"},
        {"certificate on RTMR0",
         READY "," LOG_ENTRY(0, 134217729, "New TLS Certificate", "", D96),
         "entry 1 ('New TLS Certificate'): " PLACE},
        {"certificate of another type",
         READY "," LOG_ENTRY(3, 1, "New TLS Certificate", "", D96),
         "entry 1 ('New TLS Certificate'): " PLACE},
        {"app-id of another type",
         LOG_ENTRY(3, 134217730, "app-id", OF_20, D96),
         "entry 0 ('app-id'): " PLACE},
        {"app-id of another type, late",
         READY "," LOG_ENTRY(3, 1, "app-id", OF_20, D96),
         "entry 1 ('app-id'): " PLACE},
        {"system-ready on RTMR0",
         LOG_ENTRY(0, 134217729, "system-ready", "", D96),
         "entry 0 ('system-ready'): " PLACE},
        {"system-ready of another type",
         READY "," LOG_ENTRY(3, 1, "system-ready", "", D96),
         "entry 1 ('system-ready'): " PLACE},
        {"another type on RTMR3, early",
         PREPARING "," LOG_ENTRY(3, 1, "x", "", D96) "," READY,
         "entry 1 ('x'): no runtime event, but in RTMR3 before system-ready"},
        {"another type on RTMR3, late", READY "," LOG_ENTRY(3, 1, "x", "", D96),
         ""},
        {"runtime type on RTMR2", LOG_ENTRY(2, 134217729, "x", "", D96), ""},
    };

    (void)state;
    check_rows(rows, COUNT_OF(rows));
}

#define COLON "its name has a colon or a control character"

static void
names(void **state)
{
    static const struct row rows[] = {
        {"colon", READY "," LOG_RUNTIME("a:", "62"), "entry 1 ('a:'): " COLON},
        {"colon on RTMR0", LOG_ENTRY(0, 4, "a:b", "", D96),
         "entry 0 ('a:b'): " COLON},
        {"line feed", LOG_RUNTIME("a\\n", ""), "entry 0 ('a?'): " COLON},
        {"unit separator", LOG_RUNTIME("\\u001f", ""), "entry 0 ('?'): " COLON},
        {"delete", LOG_RUNTIME("\\u007f", ""), "entry 0 ('?'): " COLON},
        {"C1", LOG_RUNTIME("x\\u0080y", ""), "entry 0 ('x?"},
        {"last of C1", LOG_RUNTIME("\\u009f", ""), "entry 0 ('?"},
        {"beyond C1", LOG_RUNTIME("\\u00a0\\u00e9\\ud83d\\ude00", ""), ""},
        {"the same second octet", LOG_RUNTIME("\\u0100\\u00c0", ""), ""},
        {"long",
         LOG_RUNTIME("0123456789012345678901234567890123456789cut:", ""),
         "entry 0 ('0123456789012345678901234567890123456789'): " COLON},
    };

    (void)state;
    check_rows(rows, COUNT_OF(rows));
}

/* --- holes of earlier clients ----------------------------------------------
 */

/* A name lookup finds what no register of the app measured. */
static void
test_hole_2_names_on_other_registers(void **state)
{
    static const struct row rows[] = {
        {"RTMR0",
         LOG_ENTRY(0, 134217729, "compose-hash", OF_32, D96) "," COMPOSE,
         "entry 0 ('compose-hash'): " PLACE},
        {"RTMR1", COMPOSE "," LOG_ENTRY(1, 4, "compose-hash", OF_32, D96),
         "entry 1 ('compose-hash'): " PLACE},
        {"RTMR2", LOG_ENTRY(2, 4, "os-image-hash", OF_32, D96),
         "entry 0 ('os-image-hash'): " PLACE},
        {"RTMR4", LOG_ENTRY(4, 134217729, "compose-hash", OF_32, D96),
         "entry 0 ('compose-hash'): " PLACE},
    };

    (void)state;
    check_rows(rows, COUNT_OF(rows));
}

/* The running app extends RTMR3 with a compose hash of its liking. */
static void
test_hole_event_after_ready(void **state)
{
    static const struct row rows[] = {
        {"none before", READY "," COMPOSE, "entry 1 ('compose-hash'): " LATE},
        {"one before", WHOLE "," COMPOSE, "entry 10 ('compose-hash'): " LATE},
    };

    (void)state;
    check_rows(rows, COUNT_OF(rows));
}

/* The genuine event loses its type, and a later one takes its place. */
static void
test_hole_disguised_event(void **state)
{
    static const struct row rows[] = {
        {"its name too",
         LOG_ENTRY(3, 1, "another", OF_32, D96) "," COMPOSE "," READY,
         "entry 0 ('another'): no runtime event"},
        {"its type only",
         LOG_ENTRY(3, 1, "compose-hash", OF_32, D96) "," COMPOSE "," READY,
         "entry 0 ('compose-hash'): " PLACE},
    };

    (void)state;
    check_rows(rows, COUNT_OF(rows));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_counts),
        cmocka_unit_test(nothing_counts),
        cmocka_unit_test(payloads),
        cmocka_unit_test(places),
        cmocka_unit_test(names),
        cmocka_unit_test(test_hole_2_names_on_other_registers),
        cmocka_unit_test(test_hole_event_after_ready),
        cmocka_unit_test(test_hole_disguised_event),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
