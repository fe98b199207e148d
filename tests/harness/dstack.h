/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * dstack.h - a dstack app on a minted platform, put before the verifier: what
 * it measured, what its server says of that, and what the policy wants.
 */
#pragma once

#include "assay/compose.h"
#include "dcap/checks.h"
#include "harness/eventlog.h"
#include "harness/json_edit.h"
#include "harness/trial.h"
#include "policy/policy.h"

#define X8(octet)  octet octet octet octet octet octet octet octet
#define X20(octet) X8(octet) X8(octet) octet octet octet octet
#define X32(octet) X8(octet) X8(octet) X8(octet) X8(octet)
#define X48(octet) X32(octet) X8(octet) X8(octet)

/* Events of a good log, each of which a row can leave out. */
enum {
    DSTACK_PREPARING = 3, /* rows of dstack_events */
    DSTACK_APP_ID,
    DSTACK_COMPOSE,
    DSTACK_INSTANCE,
    DSTACK_IMAGE,
    DSTACK_PROVIDER,
    DSTACK_READY,
    DSTACK_CERTIFICATE,
};
#define DSTACK_WITHOUT(event) (1u << DSTACK_##event)

/* {"name":"kms","id":"ab"} */
#define DSTACK_PROVIDER_HEX "7b226e616d65223a226b6d73222c226964223a226162227d"
/* ASCII of "cc" thirty-two times: what is announced of a certificate. */
#define DSTACK_CERTIFICATE_HEX X32("6363")

static const struct log_event dstack_events[] = {
    {.imr = 0, .name = "firmware"},
    {.imr = 1, .name = "kernel"},
    {.imr = 2, .name = "initrd"},
    {.imr = 3, .name = "system-preparing"},
    {.imr = 3, .name = "app-id", .payload = X20("a1")},
    {.imr = 3, .name = "compose-hash", .payload = X32("c0")},
    {.imr = 3, .name = "instance-id", .payload = X20("11")},
    {.imr = 3, .name = "os-image-hash", .payload = X32("05")},
    {.imr = 3, .name = "key-provider", .payload = DSTACK_PROVIDER_HEX},
    {.imr = 3, .name = "system-ready"},
    {.imr = 3,
     .name = "New TLS Certificate",
     .payload = DSTACK_CERTIFICATE_HEX},
};

/* What the policy has; a full one by default. Strings are hex but for
 * app_compose. */
struct dstack_wish {
    bool tdx; /* type tdx instead of dstack_tdx */
    bool partial;
    bool disabled; /* disable_runtime_verification */
    bool no_boot_chain;
    const char *mrtd;    /* default: what mint gives */
    const char *image;   /* default: 05..; "" names none */
    const char *compose; /* default: c0..; "" names none */
    const char *app_compose;
    const char *config_id;     /* mr_config_id */
    const char *legacy_mrseam; /* prefixes */
    const char *legacy_mrtmrs;
    enum assay_certificate_event certificate;
};

struct dstack_row {
    const char *name;
    enum assay_check_id check;
    bool fails; /* this check fails, and it alone; else all is trusted */
    /* the platform */
    const struct log_event *events; /* a log of its own */
    unsigned without;               /* of the good log: set of DSTACK_WITHOUT */
    struct log_event added;         /* at the end of it */
    bool stripped;                  /* run time digests are left out */
    const char *mr_config_id;
    const char *rtmr[4]; /* instead of what the log replays to */
    bool sgx;
    const char *report_data;
    /* what the server says */
    bool no_log;
    const char *edit[2]; /* in the log: this becomes that */
    struct assay_slice app_compose;
    const char *vm_config;
    /* what is asked */
    struct dstack_wish wish;
    bool bound; /* a session, in which ... */
    enum assay_wire wire;
    const char *bound_report_data; /* default: what mint reports */
    const char *certificate;       /* SHA-256; default: cc.. */
    bool stored;                   /* all of it comes from a bundle, with ... */
    const char *fault;             /* ... this around it */
    bool claimed;                  /* the policy is the bundle's own */
    /* what its detail says, in part; NULL: anything */
    const char *says;
};

#define FAILS(id) .check = ASSAY_CHECK_##id, .fails = true
#define OK(id)    .check = ASSAY_CHECK_##id, .fails = false

struct dstack_bench {
    struct log_made log;
    struct mint_world *world;
    struct assay_quote *quote;
    struct assay_collateral *collateral;
    struct assay_root *root;
    struct assay_policy *policy;
    struct assay_verifier *verifier;
    struct assay_eventlog *event_log;
    struct assay_binding binding;
    struct assay_stored stored;
};

static inline void
dstack_log(const struct assay_ctx *ctx, const struct dstack_row *row,
           struct log_made *out)
{
    struct log_event events[LOG_EVENTS_MAX] = {{.name = NULL}};
    size_t n = 0;

    for (size_t i = 0; row->events == NULL && i < COUNT_OF(dstack_events);
         i++) {
        if ((row->without >> i & 1u) == 0) {
            events[n++] = dstack_events[i];
        }
    }
    for (size_t i = 0; row->events != NULL && row->events[i].name != NULL;
         i++) {
        assert_true(n < LOG_EVENTS_MAX - 2);
        events[n++] = row->events[i];
    }
    if (row->added.name != NULL) {
        events[n++] = row->added;
    }
    for (size_t i = 0; i < n && row->stripped; i++) {
        events[i].stripped = events[i].imr == 3;
    }
    log_make(ctx, events, out);
}

static inline void
dstack_hex(const char *hex, uint8_t *out, size_t n)
{
    struct assay_error err;

    assay_error_clear(&err);
    if (assay_hex_decode(assay_slice_of(hex), out, n, "test", &err) !=
        ASSAY_OK) {
        fail_msg("%s: %s", hex, err.msg);
    }
}

/* One value; "" and NULL are none. */
static inline void
dstack_set(struct assay_value_set *set, const char *hex)
{
    if (hex == NULL || hex[0] == '\0') {
        return;
    }
    set->size = strlen(hex) / 2;
    set->count = 1;
    set->bytes = malloc(set->size);
    assert_non_null(set->bytes);
    dstack_hex(hex, set->bytes, set->size);
}

static inline const char *
dstack_or(const char *given, const char *otherwise)
{
    return given != NULL ? given : otherwise;
}

/* Set as the reader of policies does, so that tests need no text. */
static inline struct assay_policy *
dstack_policy(const struct dstack_wish *w, const struct log_made *log,
              enum assay_tee tee)
{
    struct assay_policy *p = NULL;
    struct assay_error err;

    assert_int_equal(assay_policy_default(tee, &p, &err), ASSAY_OK);
    p->dstack = tee == ASSAY_TEE_TDX && !w->tdx;
    p->partial = w->partial || !p->dstack;
    p->disable_runtime_verification = w->disabled;
    p->certificate_event = w->certificate;
    dstack_set(&p->td_register[ASSAY_REG_MR_CONFIG_ID], w->config_id);
    dstack_set(&p->legacy_mrseam, w->legacy_mrseam);
    dstack_set(&p->legacy_mrtmrs, w->legacy_mrtmrs);
    if (p->dstack && !w->no_boot_chain) {
        dstack_set(&p->td_register[ASSAY_REG_MRTD],
                   dstack_or(w->mrtd, X48("3d")));
        for (int i = 0; i < 3; i++) {
            dstack_set(&p->td_register[ASSAY_REG_RTMR0 + i], log->rtmr_hex[i]);
        }
    }
    dstack_set(&p->os_image_hash,
               dstack_or(w->image, p->dstack ? X32("05") : ""));
    dstack_set(&p->compose_hash,
               dstack_or(w->compose, p->dstack ? X32("c0") : ""));
    if (w->app_compose != NULL) {
        p->app_compose = strdup(w->app_compose);
        assert_non_null(p->app_compose);
    }
    return p;
}

static inline void
dstack_parse_log(const struct dstack_row *row, struct dstack_bench *b)
{
    struct assay_slice text = assay_buf_slice(&b->log.json);
    struct assay_buf edited;
    struct assay_error err;

    if (row->no_log) {
        return;
    }
    assay_buf_init(&edited, 1);
    if (row->edit[0] != NULL) {
        edited = edit_text(row->name, text, row->edit[0], row->edit[1]);
        text = assay_buf_slice(&edited);
    }
    if (assay_eventlog_parse(text, &b->event_log, &err) != ASSAY_OK) {
        fail_msg("row \"%s\": %s", row->name, err.msg);
    }
    assay_buf_free(&edited);
}

static inline void
dstack_set_up(const struct assay_ctx *ctx, const struct dstack_row *row,
              struct dstack_bench *b)
{
    struct mint_options o = {.quote.version = row->sgx ? 3 : 4};
    struct assay_error err;

    memset(b, 0, sizeof(*b));
    dstack_log(ctx, row, &b->log);
    for (size_t i = 0; i < 4; i++) {
        o.quote.td.rtmr[i] = dstack_or(row->rtmr[i], b->log.rtmr_hex[i]);
    }
    o.quote.td.mr_config_id = row->mr_config_id;
    o.quote.td.report_data = row->report_data;
    b->world = trial_world(row->name, &o);
    b->quote = trial_quote(b->world);
    b->collateral = trial_collateral(ctx, b->world);
    b->root = trial_root(ctx, mint_world_root_pem(b->world));
    b->policy = dstack_policy(&row->wish, &b->log,
                              row->sgx ? ASSAY_TEE_SGX : ASSAY_TEE_TDX);
    b->policy->claimed = row->claimed;
    b->stored.fault = row->fault;
    dstack_parse_log(row, b);
    b->binding.wire = row->wire;
    assay_copy(b->binding.report_data, assay_quote_view(b->quote)->report_data);
    if (row->bound_report_data != NULL) {
        dstack_hex(row->bound_report_data, b->binding.report_data, 64);
    }
    dstack_hex(dstack_or(row->certificate, X32("cc")),
               b->binding.certificate_sha256, 32);
    assert_int_equal(assay_verifier_new(ctx, 8, &b->verifier, &err), ASSAY_OK);
}

static inline void
dstack_tear_down(struct dstack_bench *b)
{
    assay_eventlog_free(b->event_log);
    assay_verifier_free(b->verifier);
    assay_policy_free(b->policy);
    assay_root_free(b->root);
    assay_collateral_free(b->collateral);
    assay_quote_free(b->quote);
    mint_world_free(b->world);
    log_free(&b->log);
}

static inline struct assay_verify_input
dstack_input(const struct dstack_row *row, const struct dstack_bench *b)
{
    return (struct assay_verify_input){
        .quote = b->quote,
        .collateral = b->collateral,
        .root = b->root,
        .policy = b->policy,
        .now_s = MINT_NOW_S,
        .event_log = b->event_log,
        .app_compose = row->app_compose,
        .vm_config =
            assay_slice_of(row->vm_config != NULL ? row->vm_config : ""),
        .binding = row->bound ? &b->binding : NULL,
        .stored = row->stored ? &b->stored : NULL,
    };
}

/* Only the row's check failed; a required one that did not run says why. */
static inline void
dstack_expect_failure(const struct dstack_row *row,
                      const struct assay_verdict *v)
{
    const char *name = assay_check_name(row->check);

    if (assay_verdict_trusted(v) ||
        strcmp(assay_verdict_reason(v), name) != 0) {
        fail_msg("row \"%s\": not refused by %s but: %s", row->name, name,
                 assay_verdict_summary(v));
    }
    for (size_t i = 0; i < assay_verdict_check_count(v); i++) {
        struct assay_check c = assay_verdict_check(v, i);
        bool it = strcmp(c.name, name) == 0;

        if ((c.outcome == ASSAY_FAILED) != it) {
            fail_msg("row \"%s\": %s is %s: %s", row->name, c.name,
                     it ? "not failed" : "failed too", c.detail);
        }
        if (it) {
            CHECK(row->name, c.required && c.hint[0] != '\0');
        } else if (c.outcome == ASSAY_NOT_CHECKED && c.required) {
            CHECK(c.name, strncmp(c.detail, "needs ", 6) == 0);
        }
    }
}

static inline void
dstack_expect_trust(const struct dstack_row *row, const struct assay_verdict *v)
{
    if (!assay_verdict_trusted(v)) {
        fail_msg("row \"%s\": %s", row->name, assay_verdict_summary(v));
    }
    for (size_t i = 0; i < assay_verdict_check_count(v); i++) {
        struct assay_check c = assay_verdict_check(v, i);

        CHECK(row->name, c.outcome != ASSAY_FAILED);
        CHECK(row->name, c.outcome == ASSAY_PASSED || !c.required);
    }
    CHECK(row->name,
          trial_check(v, assay_check_name(row->check)).outcome == ASSAY_PASSED);
}

static inline void
dstack_run_row(const struct assay_ctx *ctx, const struct dstack_row *row)
{
    struct dstack_bench b;
    struct assay_verdict *v = NULL;
    struct assay_verify_input in;
    struct assay_error err;
    const char *detail;

    dstack_set_up(ctx, row, &b);
    in = dstack_input(row, &b);
    if (assay_verify(b.verifier, &in, &v, &err) != ASSAY_OK) {
        fail_msg("row \"%s\": %s", row->name, err.msg);
    }
    if (row->fails) {
        dstack_expect_failure(row, v);
    } else {
        dstack_expect_trust(row, v);
    }
    detail = trial_check(v, assay_check_name(row->check)).detail;
    if (row->says != NULL &&
        (detail == NULL || strstr(detail, row->says) == NULL)) {
        fail_msg("row \"%s\": says \"%s\", not \"%s\"", row->name, detail,
                 row->says);
    }
    assay_verdict_free(v);
    dstack_tear_down(&b);
}

/* Every check from `first` to `last` has both kinds of row. */
static inline void
dstack_expect_both(const struct dstack_row *rows, size_t count, int first,
                   int last)
{
    for (int id = first; id <= last; id++) {
        bool fails = false;
        bool passes = false;

        for (size_t i = 0; i < count; i++) {
            if ((int)rows[i].check == id) {
                fails = fails || rows[i].fails;
                passes = passes || !rows[i].fails;
            }
        }
        CHECK(assay_check_name((enum assay_check_id)id), fails && passes);
    }
}
