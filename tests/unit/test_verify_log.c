/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_verify_log.c - the checks of a verdict that are about the event log and
 * what it proves: each once failing alone and once just passing.
 */
#include "harness/dstack.h"

#define ZERO_15   "000000000000000000000000000000"
#define KIND_1    "01" X32("c0") ZERO_15
#define TWO_NAMES "{\"name\":\"x\",\"runner\":\"docker-compose\"}"
/* SHA-256 of TWO_NAMES. */
#define TWO_NAMES_HASH                                                         \
    "857cd9074cfcff2c5231fb6643d86eb713efa97ee7f5d67f3a31d52235e2b9a8"

static const struct log_event boot_event_among_runtime[] = {
    {.imr = 3, .name = "system-preparing"},
    {.imr = 3, .type = 0x80000001u, .name = "compose-hash"},
    {.imr = 3, .name = "compose-hash", .payload = X32("c0")},
    {.imr = 3, .name = "os-image-hash", .payload = X32("05")},
    {.imr = 3, .name = "system-ready"},
    {.name = NULL},
};
static const struct log_event boot_event_stripped[] = {
    {.imr = 0, .name = "firmware", .stripped = true},
    {.imr = 3, .name = "compose-hash", .payload = X32("c0")},
    {.imr = 3, .name = "os-image-hash", .payload = X32("05")},
    {.imr = 3, .name = "system-ready"},
    {.name = NULL},
};
static const struct log_event compose_of_two_names[] = {
    {.imr = 3, .name = "compose-hash", .payload = TWO_NAMES_HASH},
    {.imr = 3, .name = "os-image-hash", .payload = X32("05")},
    {.imr = 3, .name = "system-ready"},
    {.name = NULL},
};

static const struct dstack_row rows[] = {
    {"MRSEAM begins with something else", FAILS(LEGACY_TDX_TCB),
     .wish = {.tdx = true, .legacy_mrseam = "5e5e5f"}},
    {"RTMR0 begins with something else", FAILS(LEGACY_TDX_TCB),
     .rtmr = {X48("10")}, .no_log = true,
     .wish = {.tdx = true,
              .legacy_mrseam = "5e5e5e",
              .legacy_mrtmrs = X20("10") "11"}},
    {"MRSEAM and RTMR0 begin so", OK(LEGACY_TDX_TCB), .rtmr = {X48("10")},
     .no_log = true,
     .wish = {.tdx = true,
              .legacy_mrseam = "5e5e5e",
              .legacy_mrtmrs = X48("10")}},

    {"no log", FAILS(EVENT_DIGESTS), .no_log = true,
     .says = "no event log was given"},
    {"no log for a development policy", FAILS(EVENT_DIGESTS), .no_log = true,
     .wish = {.disabled = true}},
    {"no log, and MRCONFIGID proves the compose", FAILS(EVENT_DIGESTS),
     .no_log = true, .mr_config_id = KIND_1},
    {"payload forged, digest kept", FAILS(EVENT_DIGESTS),
     .edit = {X32("c0"), X32("c1")}, .wish = {.compose = X32("c1")}},
    {"an entry of no register", FAILS(EVENT_DIGESTS),
     .added = {.imr = 4, .name = "anything"}},
    {"a boot event without its digest", FAILS(EVENT_DIGESTS),
     .events = boot_event_stripped},
    {"digests of run time are left out", OK(EVENT_DIGESTS), .stripped = true},

    {"RTMR0 is another", FAILS(EVENT_LOG), .rtmr = {X48("10")},
     .wish = {.partial = true, .no_boot_chain = true}, .says = "RTMR0: "},
    {"RTMR1 is another", FAILS(EVENT_LOG), .rtmr = {[1] = X48("10")},
     .wish = {.partial = true, .no_boot_chain = true}, .says = "RTMR1: "},
    {"RTMR2 is another", FAILS(EVENT_LOG), .rtmr = {[2] = X48("10")},
     .wish = {.partial = true, .no_boot_chain = true}, .says = "RTMR2: "},
    {"RTMR3 is another", FAILS(EVENT_LOG), .rtmr = {[3] = X48("10")},
     .says = "RTMR3: "},
    {"all are others", FAILS(EVENT_LOG),
     .rtmr = {X48("10"), X48("10"), X48("10"), X48("10")},
     .wish = {.partial = true, .no_boot_chain = true},
     .says = "RTMR0, RTMR1, RTMR2, RTMR3: "},
    {"payload forged, digest left out", FAILS(EVENT_LOG), .stripped = true,
     .edit = {X32("c0"), X32("c1")}, .says = "RTMR3: "},
    {"a log that nobody asked for is wrong", FAILS(EVENT_LOG),
     .rtmr = {[3] = X48("10")}, .wish = {.tdx = true}},
    {"replayed for a development policy as well", FAILS(EVENT_LOG),
     .rtmr = {[3] = X48("10")}, .wish = {.disabled = true}},
    {"a log that nobody asked for is right", OK(EVENT_LOG),
     .wish = {.tdx = true}, .says = "11 events"},
    {"the log replays", OK(EVENT_LOG), .says = "11 events"},

    {"a second compose-hash once the app runs", FAILS(EVENT_RULES),
     .added = {.imr = 3, .name = "compose-hash", .payload = X32("c1")}},
    {"a name that reads as another with its payload", FAILS(EVENT_RULES),
     .added = {.imr = 3, .name = "compose-hash:a"}},
    {"a compose-hash disguised as a boot event", FAILS(EVENT_RULES),
     .events = boot_event_among_runtime},
    {"an event of the app", OK(EVENT_RULES),
     .added = {.imr = 3, .name = "my event", .payload = "00"}},

    {"MRCONFIGID has another compose hash", FAILS(CONFIG_ID_EVENTS),
     .mr_config_id = "01" X32("c1") ZERO_15},
    {"the same for a development policy", FAILS(CONFIG_ID_EVENTS),
     .mr_config_id = "01" X32("c1") ZERO_15, .wish = {.disabled = true}},
    {"MRCONFIGID of kind 2 for other events", FAILS(CONFIG_ID_EVENTS),
     .mr_config_id = "02" X32("c0") ZERO_15},
    {"MRCONFIGID has the compose hash", OK(CONFIG_ID_EVENTS),
     .mr_config_id = KIND_1, .says = "kind 1"},

    {"another compose", FAILS(APP_COMPOSE), .wish = {.compose = X32("c1")},
     .says = X32("c0")},
    {"nothing proves a compose", FAILS(APP_COMPOSE),
     .without = DSTACK_WITHOUT(COMPOSE), .says = "neither"},
    {"another compose by MRCONFIGID", FAILS(APP_COMPOSE),
     .without = DSTACK_WITHOUT(COMPOSE), .mr_config_id = KIND_1,
     .wish = {.compose = X32("c1")}, .says = "by MRCONFIGID"},
    {"compose is in the list", OK(APP_COMPOSE),
     .says = "by compose-hash event"},
    {"compose by event and MRCONFIGID", OK(APP_COMPOSE), .mr_config_id = KIND_1,
     .says = "by compose-hash event and MRCONFIGID"},
    {"compose by MRCONFIGID alone", OK(APP_COMPOSE),
     .without = DSTACK_WITHOUT(COMPOSE), .mr_config_id = KIND_1,
     .says = "by MRCONFIGID"},
    {"compose by MRCONFIGID of a TD without a log", OK(APP_COMPOSE),
     .no_log = true, .mr_config_id = KIND_1,
     .wish = {.tdx = true, .compose = X32("c0")}, .says = "by MRCONFIGID"},
    {"no compose is named, and the policy is not partial", FAILS(APP_COMPOSE),
     .wish = {.compose = ""}, .says = "names none"},
    {"compose as an object", OK(APP_COMPOSE), .events = compose_of_two_names,
     .wish = {.compose = "", .app_compose = TWO_NAMES},
     .says = "text as given; by compose-hash event"},
    {"compose as an object, sorted", OK(APP_COMPOSE),
     .events = compose_of_two_names,
     .wish = {.compose = "",
              .app_compose = "{\"runner\":\"docker-compose\",\"name\":\"x\"}"},
     .says = "sorted"},
    {"compose as another object", FAILS(APP_COMPOSE),
     .events = compose_of_two_names,
     .wish = {.compose = "",
              .app_compose = "{\"name\":\"y\",\"runner\":\"docker-compose\"}"}},
    {"the object is right, and the list is not", FAILS(APP_COMPOSE),
     .events = compose_of_two_names,
     .wish = {.compose = X32("c1"), .app_compose = TWO_NAMES}},
    {"the list is right, and the object is not", FAILS(APP_COMPOSE),
     .events = compose_of_two_names,
     .wish = {.compose = TWO_NAMES_HASH,
              .app_compose = "{\"name\":\"y\",\"runner\":\"docker-compose\"}"}},
    {"another compose in development", OK(TCB_STATUS),
     .wish = {.disabled = true, .compose = X32("c1")}},

    {"another OS image", FAILS(OS_IMAGE_HASH), .wish = {.image = X32("06")},
     .says = X32("05")},
    {"no event about the OS image", FAILS(OS_IMAGE_HASH),
     .without = DSTACK_WITHOUT(IMAGE), .says = "no os-image-hash event"},
    {"no OS image is named, and the policy is not partial",
     FAILS(OS_IMAGE_HASH), .wish = {.image = ""}},
    {"the OS image", OK(OS_IMAGE_HASH)},
    {"another OS image in development", OK(TCB_STATUS),
     .wish = {.disabled = true, .image = X32("06")}},
    {"another MRTD in development", OK(TCB_STATUS),
     .wish = {.disabled = true, .mrtd = X48("3e")}},
    {"another MRTD", FAILS(MRTD), .wish = {.mrtd = X48("3e")}},
    {"another MRCONFIGID, which is no boot chain, in development",
     FAILS(MR_CONFIG_ID), .wish = {.disabled = true, .config_id = X48("02")}},
    {"another OS image for a partial policy", FAILS(OS_IMAGE_HASH),
     .wish = {.partial = true, .image = X32("06")}},
    {"another compose for a partial policy", FAILS(APP_COMPOSE),
     .wish = {.partial = true, .compose = X32("c1")}},
};

static struct assay_ctx *ctx;

static void
test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        dstack_run_row(ctx, &rows[i]);
    }
}

static void
test_all_checks_have_rows(void **state)
{
    (void)state;
    dstack_expect_both(rows, COUNT_OF(rows), ASSAY_CHECK_LEGACY_TDX_TCB,
                       ASSAY_CHECK_CONFIG_ID_EVENTS);
    dstack_expect_both(rows, COUNT_OF(rows), ASSAY_CHECK_APP_COMPOSE,
                       ASSAY_CHECK_OS_IMAGE_HASH);
}

/* One verdict for one row; freed by the caller, like the bench. */
static struct assay_verdict *
verdict_of(const struct dstack_row *row, struct dstack_bench *b)
{
    struct assay_verdict *v = NULL;
    struct assay_verify_input in;
    struct assay_error err;

    dstack_set_up(ctx, row, b);
    in = dstack_input(row, b);
    if (assay_verify(b->verifier, &in, &v, &err) != ASSAY_OK) {
        fail_msg("row \"%s\": %s", row->name, err.msg);
    }
    return v;
}

/* What rests on a log that is wrong is not judged, and nothing it says is
 * repeated as a fact. */
static void
test_waiting(void **state)
{
    static const struct dstack_row wrong[] = {
        {"no log", .no_log = true},
        {"forged", .edit = {X32("c0"), X32("c1")}},
        {"another RTMR3", .rtmr = {[3] = X48("10")}},
        {"refused",
         .added = {.imr = 3, .name = "app-id", .payload = X20("a2")}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct dstack_bench b;
        struct assay_verdict *v = verdict_of(&wrong[i], &b);
        const struct assay_verdict_workload *w = assay_verdict_workload(v);

        CHECK(wrong[i].name,
              trial_check(v, "app_compose").outcome == ASSAY_NOT_CHECKED);
        CHECK(wrong[i].name,
              trial_check(v, "os_image_hash").outcome == ASSAY_NOT_CHECKED);
        CHECK(wrong[i].name, strncmp(trial_check(v, "app_compose").detail,
                                     "needs event_", 12) == 0);
        CHECK(wrong[i].name, w->app_id.ptr == NULL);
        CHECK(wrong[i].name, w->compose_hash.ptr == NULL);
        CHECK(wrong[i].name, w->os_image_hash.ptr == NULL);
        CHECK(wrong[i].name, w->key_provider.ptr == NULL);
        CHECK(wrong[i].name, w->measurement.len == 48);
        assay_verdict_free(v);
        dstack_tear_down(&b);
    }
}

/* Where events and MRCONFIGID disagree, neither is believed. */
static void
test_disagreement(void **state)
{
    static const struct dstack_row row = {
        .name = "disagreement", .mr_config_id = "01" X32("c1") ZERO_15};
    struct dstack_bench b;
    struct assay_verdict *v = verdict_of(&row, &b);

    (void)state;
    assert_false(assay_verdict_trusted(v));
    assert_int_equal(trial_check(v, "app_compose").outcome, ASSAY_NOT_CHECKED);
    assert_string_equal(trial_check(v, "app_compose").detail,
                        "needs mr_config_id_events");
    assert_null(assay_verdict_workload(v)->compose_hash.ptr);
    assert_null(assay_verdict_workload(v)->compose_proven_by);
    assay_verdict_free(v);
    dstack_tear_down(&b);
}

/* Compose members in the policy, and the text that the server offers. */
static void
test_offered_compose(void **state)
{
    static const char user[] = "{\"name\":\"x\",\"pre_launch_script\":\"s\"}";
    struct dstack_row row = {"offered", OK(APP_COMPOSE),
                             .wish = {.compose = "", .app_compose = user},
                             .says = "offered text"};
    struct log_event events[] = {
        {.imr = 3, .name = "compose-hash"},
        {.imr = 3, .name = "os-image-hash", .payload = X32("05")},
        {.imr = 3, .name = "system-ready"},
        {.name = NULL},
    };
    struct assay_buf text;
    struct assay_error err;
    uint8_t digest[32];
    char hex[65];

    (void)state;
    assay_error_clear(&err);
    assay_buf_init(&text, 1u << 20);
    assert_int_equal(assay_compose_merge(assay_slice_of(user), &text, &err),
                     ASSAY_OK);
    assay_buf_add_text(&text, "\n"); /* the text is no canonical form */
    row.app_compose = assay_buf_slice(&text);
    assert_int_equal(assay_sha256(ctx, row.app_compose, digest, &err),
                     ASSAY_OK);
    assay_hex_to(hex, ASSAY_SLICE(digest));
    events[0].payload = hex;
    row.events = events;
    dstack_run_row(ctx, &row);

    row.name = "offered, with another member in the policy";
    row.fails = true;
    row.says = "name";
    row.wish.app_compose = "{\"name\":\"y\",\"pre_launch_script\":\"s\"}";
    dstack_run_row(ctx, &row);

    row.name = "offered text is rewritten";
    row.says = NULL;
    row.wish.app_compose = user;
    text.ptr[0] = ' ';
    dstack_run_row(ctx, &row);
    assay_buf_free(&text);
}

static void
check_summary(const struct dstack_row *row, const char *words,
              const char *detail)
{
    struct dstack_bench b;
    struct assay_verdict *v = verdict_of(row, &b);

    if (!assay_verdict_trusted(v) ||
        strstr(assay_verdict_summary(v), words) == NULL) {
        fail_msg("row \"%s\": %s", row->name, assay_verdict_summary(v));
    }
    if (strstr(trial_check(v, "workload").detail, detail) == NULL) {
        fail_msg("row \"%s\": %s", row->name,
                 trial_check(v, "workload").detail);
    }
    assay_verdict_free(v);
    dstack_tear_down(&b);
}

/* A verdict says what of the workload was not looked at. */
static void
test_words(void **state)
{
    (void)state;
    check_summary(&(const struct dstack_row){.name = "full"},
                  "TCB UpToDate, the workload is as required", "");
    check_summary(
        &(const struct dstack_row){"no image", .without = DSTACK_WITHOUT(IMAGE),
                                   .wish = {.partial = true, .image = ""}},
        "as required; not checked: os image", "not checked: os image");
    check_summary(
        &(const struct dstack_row){
            "only the image",
            .wish = {.partial = true, .no_boot_chain = true, .compose = ""}},
        "; not checked: mrtd, rtmr0, rtmr1, rtmr2, app-compose",
        "not checked: mrtd, rtmr0, rtmr1, rtmr2, app-compose");
    check_summary(
        &(const struct dstack_row){"nothing", .wish = {.partial = true,
                                                       .no_boot_chain = true,
                                                       .image = "",
                                                       .compose = ""}},
        "; the workload was not checked", "names no measurement");
    check_summary(
        &(const struct dstack_row){"MRCONFIGID only", .no_log = true,
                                   .mr_config_id = KIND_1,
                                   .wish = {.tdx = true, .config_id = KIND_1}},
        "as required; not checked: mrtd, rtmr0", "not checked: mrtd");
}

/* A development policy accepts any genuine TD: that must be said. */
static void
test_hole_4_dev_policy_says_so(void **state)
{
    static const struct dstack_row row = {
        "development",
        .wish = {.disabled = true, .mrtd = X48("3e"), .image = X32("06")}};
    struct dstack_bench b;
    struct assay_verdict *v;

    (void)state;
    check_summary(&row,
                  "runtime verification is disabled: this says nothing about "
                  "which software runs",
                  "this verdict says nothing about which software runs");
    v = verdict_of(&row, &b);
    assert_int_equal(trial_check(v, "workload").outcome, ASSAY_NOT_CHECKED);
    assert_int_equal(trial_check(v, "mrtd").outcome, ASSAY_NOT_CHECKED);
    assert_non_null(strstr(trial_check(v, "mrtd").detail, "not compared"));
    assert_int_equal(trial_check(v, "event_log").outcome, ASSAY_PASSED);
    assay_verdict_free(v);
    dstack_tear_down(&b);
}

/* Genuine digests, rewritten payloads: whoever runs the public image could
 * pose as any app. */
static void
test_hole_1_forged_payloads_are_refused(void **state)
{
    static const struct dstack_row forged[] = {
        {"compose-hash", FAILS(EVENT_DIGESTS), .edit = {X32("c0"), X32("c1")},
         .wish = {.compose = X32("c1")}},
        {"os-image-hash", FAILS(EVENT_DIGESTS), .edit = {X32("05"), X32("06")},
         .wish = {.image = X32("06")}},
        {"New TLS Certificate", FAILS(EVENT_DIGESTS),
         .edit = {X32("6363"), X32("6464")}, .bound = true,
         .certificate = X32("dd")},
        {"compose-hash without digest", FAILS(EVENT_LOG), .stripped = true,
         .edit = {X32("c0"), X32("c1")}, .wish = {.compose = X32("c1")}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(forged); i++) {
        dstack_run_row(ctx, &forged[i]);
    }
}

/* Entries that no replay sees are found by no name. */
static void
test_hole_2_entries_beside_rtmr3_do_not_count(void **state)
{
    static const struct log_event in_rtmr1[] = {
        {.imr = 1, .name = "compose-hash", .payload = X32("c0")},
        {.imr = 3, .name = "os-image-hash", .payload = X32("05")},
        {.imr = 3, .name = "system-ready"},
        {.name = NULL},
    };
    static const struct dstack_row moved[] = {
        {"compose-hash in register 4", FAILS(EVENT_DIGESTS),
         .without = DSTACK_WITHOUT(COMPOSE),
         .added = {.imr = 4, .name = "compose-hash", .payload = X32("c0")}},
        {"certificate in register 4", FAILS(EVENT_DIGESTS),
         .without = DSTACK_WITHOUT(CERTIFICATE), .bound = true,
         .added = {.imr = 4,
                   .name = "New TLS Certificate",
                   .payload = DSTACK_CERTIFICATE_HEX}},
        {"compose-hash in register 1", FAILS(EVENT_RULES), .events = in_rtmr1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(moved); i++) {
        dstack_run_row(ctx, &moved[i]);
    }
}

/* MRCONFIGID is compared with the events, and unusual TD attributes can be
 * ruled out. */
static void
test_hole_15_mr_config_id_and_td_attributes(void **state)
{
    static const struct dstack_row row = {.name = "attributes"};
    static const struct dstack_row other = {
        "MRCONFIGID of another app", FAILS(CONFIG_ID_EVENTS),
        .mr_config_id = "01" X32("c1") ZERO_15};
    struct dstack_bench b;
    struct assay_verify_input in;

    (void)state;
    dstack_run_row(ctx, &other);
    dstack_set_up(ctx, &row, &b);
    in = dstack_input(&row, &b);
    for (int perfmon = 0; perfmon < 2; perfmon++) {
        struct assay_verdict *v = NULL;
        struct assay_error err;

        b.policy->td_attributes = (struct assay_mask_rule){
            .there = true,
            .mask = ~ASSAY_TD_ATTR_SEPT_VE_DISABLE,
            .value = perfmon == 1 ? UINT64_C(1) << 63 : 0,
        };
        assert_int_equal(assay_verify(b.verifier, &in, &v, &err), ASSAY_OK);
        assert_int_equal(assay_verdict_trusted(v), perfmon == 0);
        assert_int_equal(trial_check(v, "td_attributes").outcome,
                         perfmon == 0 ? ASSAY_PASSED : ASSAY_FAILED);
        assay_verdict_free(v);
    }
    dstack_tear_down(&b);
}

/* Members of the JSON that are about the workload. */
static void
test_json(void **state)
{
    static const struct {
        struct dstack_row row;
        const char *text; /* from the JSON */
    } cases[] = {
        {{"all", .mr_config_id = KIND_1},
         "\"measurement\": \"" X48(
             "3d") "\",\n  \"workload\": {\n"
                   "    \"app_id\": \"" X20(
                       "a1") "\",\n"
                             "    \"compose_hash\": \"" X32(
                                 "c0") "\",\n"
                                       "    \"compose_proven_by\": "
                                       "\"compose-hash event and "
                                       "MRCONFIGID\",\n"
                                       "    \"compose_form\": null,\n"
                                       "    \"os_image_hash\": \"" X32(
                                           "05") "\",\n"
                                                 "    \"key_provider\": "
                                                 "\"{\\\"name\\\":\\\"kms\\\","
                                                 "\\\"id\\\":\\\"ab\\\"}\",\n"
                                                 "    \"instance_id\": \"" X20(
                                                     "11") "\",\n"
                                                           "    "
                                                           "\"certificate_"
                                                           "event\": \"" X32(
                                                               "cc") "\"\n  "
                                                                     "},\n"
                                                                     "  "
                                                                     "\"event_"
                                                                     "log\": "
                                                                     "{\n    "
                                                                     "\"events"
                                                                     "\": 11,\n"
                                                                     "    "
                                                                     "\"runtime"
                                                                     "_events\""
                                                                     ": 8\n  "
                                                                     "},"},
        {{"no log", .no_log = true, .wish = {.tdx = true}},
         "  \"workload\": {\n"
         "    \"app_id\": null,\n"
         "    \"compose_hash\": null,\n"
         "    \"compose_proven_by\": null,\n"
         "    \"compose_form\": null,\n"
         "    \"os_image_hash\": null,\n"
         "    \"key_provider\": null,\n"
         "    \"instance_id\": null,\n"
         "    \"certificate_event\": null\n  },\n"
         "  \"event_log\": null,"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct dstack_bench b;
        struct assay_verdict *v = verdict_of(&cases[i].row, &b);
        struct assay_buf json;
        struct assay_error err;

        assay_buf_init(&json, 1u << 20);
        assert_int_equal(
            assay_verdict_to_json(v, b.quote, b.collateral, &json, &err),
            ASSAY_OK);
        if (assay_slice_find(assay_buf_slice(&json), cases[i].text) ==
            ASSAY_NO_OFFSET) {
            fail_msg("row \"%s\": %.*s", cases[i].row.name, 3000,
                     (const char *)json.ptr);
        }
        assay_buf_free(&json);
        assay_verdict_free(v);
        dstack_tear_down(&b);
    }
}

/* What is no evidence at all: an error, not a verdict. */
static void
test_inputs(void **state)
{
    static const struct dstack_row sgx = {"SGX with a log", .sgx = true};
    static const struct dstack_row unread = {.name = "compose_file not read"};
    struct dstack_bench b;
    struct assay_verify_input in;
    struct assay_verdict *v = NULL;
    struct assay_error err;

    (void)state;
    dstack_set_up(ctx, &sgx, &b);
    in = dstack_input(&sgx, &b);
    assert_int_equal(assay_verify(b.verifier, &in, &v, &err), ASSAY_INVALID);
    assert_null(v);
    check_error(sgx.name, &err, ASSAY_INVALID, "verify: an event log",
                ASSAY_NO_OFFSET);
    dstack_tear_down(&b);

    dstack_set_up(ctx, &unread, &b);
    in = dstack_input(&unread, &b);
    b.policy->compose_file = strdup("app-compose.json");
    assert_int_equal(assay_verify(b.verifier, &in, &v, &err), ASSAY_INVALID);
    assert_null(v);
    check_error(unread.name, &err, ASSAY_INVALID,
                "verify: the policy's compose", ASSAY_NO_OFFSET);
    dstack_tear_down(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_all_checks_have_rows),
        cmocka_unit_test(test_waiting),
        cmocka_unit_test(test_disagreement),
        cmocka_unit_test(test_offered_compose),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_hole_1_forged_payloads_are_refused),
        cmocka_unit_test(test_hole_2_entries_beside_rtmr3_do_not_count),
        cmocka_unit_test(test_hole_4_dev_policy_says_so),
        cmocka_unit_test(test_hole_15_mr_config_id_and_td_attributes),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_inputs),
    };
    int rc;

    ctx = trial_ctx();
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    assay_ctx_free(ctx);
    return rc;
}
