/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * lint_policy.c - what is weak in a policy.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "assay/compose.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "lint.h"
#include "programs/assay/policy/policy_document.h"

#define MERGED_MAX_BYTES (2u * ASSAY_COMPOSE_MAX_BYTES)
#define LONG_GRACE_S     (90 * 86400)
#define LONG_EXPIRED_S   (7 * 86400)
#define WIDE             16u /* values of one register */

static const struct assay_json_limits limits = {MERGED_MAX_BYTES, 32,
                                                256u * 1024u};

/* How a member is judged. */
enum test {
    IS_TRUE,
    IS_FALSE,
    IS_NULL,  /* no such rule */
    IS_THERE, /* one that holds */
    IS_ZERO,
    IS_OVER,     /* the number */
    LISTS,       /* the word, alone or in a list */
    LISTS_START, /* one that starts with it, in any case */
    IS_WIDE,     /* more than WIDE values */
};

static const struct rule {
    const char *member;
    const char *part; /* of an object; or NULL */
    enum test test;
    const char *word;
    int64_t number;
    enum lint_code code;
    const char *message;
} rules[] = {
    {"partial", NULL, IS_TRUE, NULL, 0, LINT_PARTIAL,
     "what the policy does not name, nobody looks at"},
    {"disable_runtime_verification", NULL, IS_TRUE, NULL, 0,
     LINT_NO_VERIFICATION, "any genuine TD passes, whatever it runs"},
    {"allow_debug", NULL, IS_TRUE, NULL, 0, LINT_DEBUG,
     "the host may read and change the workload's memory"},
    {"allow_service_td", NULL, IS_TRUE, NULL, 0, LINT_SERVICE_TD,
     "another TD may act on this one"},
    {"require_sept_ve_disable", NULL, IS_FALSE, NULL, 0, LINT_SEPT,
     "the host may inject faults into the TD's kernel"},
    {"allowed_tcb_status", NULL, LISTS, "Revoked", 0, LINT_REVOKED,
     "Revoked is in the list"},
    {"allowed_tcb_status", NULL, LISTS, "SWHardeningNeeded", 0,
     LINT_STATUS_WEAK, "SWHardeningNeeded is accepted"},
    {"allowed_tcb_status", NULL, LISTS, "ConfigurationNeeded", 0,
     LINT_STATUS_WEAK, "ConfigurationNeeded is accepted"},
    {"allowed_tcb_status", NULL, LISTS, "ConfigurationAndSWHardeningNeeded", 0,
     LINT_STATUS_WEAK, "ConfigurationAndSWHardeningNeeded is accepted"},
    {"allowed_tcb_status", NULL, LISTS, "TDRelaunchAdvised", 0,
     LINT_STATUS_WEAK, "TDRelaunchAdvised is accepted"},
    {"allowed_tcb_status", NULL, LISTS, "TDRelaunchAdvisedConfigurationNeeded",
     0, LINT_STATUS_WEAK, "TDRelaunchAdvisedConfigurationNeeded is accepted"},
    {"grace_period", NULL, IS_OVER, NULL, LONG_GRACE_S, LINT_LONG_GRACE,
     "a TCB may be out of date for more than 90 days"},
    {"accept_self_signed_certs", NULL, IS_TRUE, NULL, 0, LINT_SELF_SIGNED,
     "nobody but the evidence says who the server is"},
    {"wires", NULL, LISTS, "v1", 0, LINT_OLD_WIRE,
     "v1 ties the quote to the certificate at best"},
    {"wires", NULL, LISTS, "v0", 0, LINT_OLD_WIRE,
     "v0 ties the quote to the certificate at best"},
    {"certificate_event", NULL, LISTS, "off", 0, LINT_CERTIFICATE_OFF,
     "the event that names the certificate may be missing unnoted"},
    {"trusted_root", NULL, IS_THERE, NULL, 0, LINT_ROOT,
     "another root than Intel's vouches for the evidence"},
    {"max_collateral_age_secs", NULL, IS_NULL, NULL, 0, LINT_NO_AGE,
     "collateral of any age is taken until it expires"},
    {"min_tcb_evaluation_data_number", NULL, IS_NULL, NULL, 0,
     LINT_NO_EVALUATION, "collateral of an older evaluation is taken"},
    {"collateral_grace_secs", NULL, IS_OVER, NULL, LONG_EXPIRED_S, LINT_GRACE,
     "collateral is used for more than a week after it expired"},
    {"collateral_rollback", NULL, LISTS, "warn", 0, LINT_ROLLBACK,
     "older collateral than was seen before is taken"},
    {"min_tdx_tcb", "legacy_prefix_match", IS_TRUE, NULL, 0, LINT_LEGACY,
     "first octets are compared, which is no minimum of anything"},
    {"reattestation_interval_secs", NULL, IS_ZERO, NULL, 0,
     LINT_NO_REATTESTATION, "evidence is never asked for anew"},
    {"pccs_url", NULL, LISTS_START, "http:", 0, LINT_PLAIN_SOURCE,
     "collateral is fetched without TLS"},
    {"expected_bootchain", NULL, IS_NULL, NULL, 0, LINT_NO_BOOT,
     "firmware and kernel are not checked"},
    {"expected_bootchain", "mrtd", IS_WIDE, NULL, 0, LINT_WIDE,
     "mrtd has many values"},
    {"expected_bootchain", "rtmr0", IS_WIDE, NULL, 0, LINT_WIDE,
     "rtmr0 has many values"},
    {"expected_bootchain", "rtmr1", IS_WIDE, NULL, 0, LINT_WIDE,
     "rtmr1 has many values"},
    {"expected_bootchain", "rtmr2", IS_WIDE, NULL, 0, LINT_WIDE,
     "rtmr2 has many values"},
    {"mrtd", NULL, IS_NULL, NULL, 0, LINT_NO_BOOT,
     "the firmware is not checked"},
    {"rtmr1", NULL, IS_NULL, NULL, 0, LINT_NO_BOOT,
     "the kernel is not checked"},
    {"rtmr2", NULL, IS_NULL, NULL, 0, LINT_NO_BOOT,
     "command line and initrd are not checked"},
    {"mrtd", NULL, IS_WIDE, NULL, 0, LINT_WIDE, "it has many values"},
    {"rtmr1", NULL, IS_WIDE, NULL, 0, LINT_WIDE, "it has many values"},
    {"rtmr2", NULL, IS_WIDE, NULL, 0, LINT_WIDE, "it has many values"},
    {"os_image_hash", NULL, IS_WIDE, NULL, 0, LINT_WIDE, "it has many values"},
    {"compose_hash", NULL, IS_WIDE, NULL, 0, LINT_WIDE, "it has many values"},
    {"pinned", NULL, IS_THERE, NULL, 0, LINT_PINNED,
     "the values are what was found, trusted on first use"},
};

/* --- members ------------------------------------------------------------ */

static bool
lists(const struct assay_json *j, uint32_t value, const struct rule *r)
{
    size_t n = strlen(r->word);

    for (uint32_t i = policy_document_first(j, value); i != ASSAY_JSON_NONE;
         i = policy_document_next(j, value, i)) {
        struct assay_slice s = assay_json_string(j, i);

        if (r->test == LISTS ? assay_slice_is(s, r->word)
                             : s.len >= n && strncasecmp((const char *)s.ptr,
                                                         r->word, n) == 0) {
            return true;
        }
    }
    return false;
}

static bool
matches(const struct assay_json *j, uint32_t value, const struct rule *r)
{
    enum assay_json_type type = assay_json_type(j, value);
    int64_t number = 0;
    bool is_number = assay_json_i64(j, value, &number);

    switch (r->test) {
    case IS_TRUE:
        return type == ASSAY_JSON_TRUE;
    case IS_FALSE:
        return type == ASSAY_JSON_FALSE;
    case IS_NULL:
        return type == ASSAY_JSON_NULL;
    case IS_THERE:
        return type != ASSAY_JSON_NULL;
    case IS_ZERO:
        return is_number && number == 0;
    case IS_OVER:
        return is_number && number > r->number;
    case LISTS:
    case LISTS_START:
        return lists(j, value, r);
    case IS_WIDE:
        return type == ASSAY_JSON_ARRAY && assay_json_count(j, value) > WIDE;
    }
    return false;
}

static void
judge_members(struct lint *l, const struct assay_json *j)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        const struct rule *r = &rules[i];
        uint32_t value = assay_json_member(j, ASSAY_JSON_ROOT, r->member);

        if (value != ASSAY_JSON_NONE && r->part != NULL) {
            value = assay_json_member(j, value, r->part);
        }
        if (value != ASSAY_JSON_NONE && matches(j, value, r)) {
            lint_add(l, r->code, r->member, "%s", r->message);
        }
    }
}

/* A status that says so is as weak as the time for which it is accepted. */
static void
judge_out_of_date(struct lint *l, const struct assay_json *j)
{
    static const char *const names[] = {"OutOfDate",
                                        "OutOfDateConfigurationNeeded"};
    uint32_t list = assay_json_member(j, ASSAY_JSON_ROOT, "allowed_tcb_status");
    uint32_t grace = assay_json_member(j, ASSAY_JSON_ROOT, "grace_period");
    bool timed = assay_json_type(j, grace) != ASSAY_JSON_NULL;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct rule r = {.test = LISTS, .word = names[i]};

        if (lists(j, list, &r)) {
            lint_add(l, timed ? LINT_OUT_OF_DATE_GRACE : LINT_OUT_OF_DATE,
                     "allowed_tcb_status", "%s is accepted %s", names[i],
                     timed ? "for the grace period" : "for ever");
        }
    }
}

static void
judge_workload(struct lint *l, const struct assay_json *j)
{
    static const char *const names[] = {
        "expected_bootchain",
        "mrtd",
        "rtmr0",
        "rtmr1",
        "rtmr2",
        "rtmr3",
        "mr_config_id",
        "mr_owner",
        "mr_owner_config",
        "os_image_hash",
        "app_compose",
        "compose_hash",
        "mrenclave",
        "mrsigner",
        "expected_rtmr3",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        uint32_t value = assay_json_member(j, ASSAY_JSON_ROOT, names[i]);

        if (value != ASSAY_JSON_NONE &&
            assay_json_type(j, value) != ASSAY_JSON_NULL) {
            return;
        }
    }
    lint_add(l, LINT_NO_WORKLOAD, "", "nothing says which software must run");
}

/* --- the app-compose ---------------------------------------------------- */

/* Members that the policy does not name must have the default's value. */
static void
judge_object(struct lint *l, const struct assay_json *j, uint32_t object)
{
    struct assay_json *merged = NULL;
    struct assay_buf text;

    assay_buf_init(&text, MERGED_MAX_BYTES);
    if (assay_compose_merge(assay_json_span(j, object), &text, l->err) ==
            ASSAY_OK &&
        assay_json_parse(assay_buf_slice(&text), &limits, "app_compose",
                         &merged, l->err) == ASSAY_OK) {
        lint_app_compose(l, merged, ASSAY_JSON_ROOT, "app_compose.");
    }
    assay_json_free(merged);
    assay_buf_free(&text);
}

static bool
names_hash(const struct assay_json *j, uint32_t list, const char *hex)
{
    const struct rule r = {.test = LISTS, .word = hex};

    return lists(j, list, &r);
}

/* A text that was given beside the policy. */
static void
judge_text(struct lint *l, const struct assay_json *j, uint32_t list,
           struct assay_slice text)
{
    struct assay_json *doc = NULL;
    uint8_t hash[32];
    char hex[2 * sizeof(hash) + 1];

    if (assay_compose_hash(l->ctx, text, ASSAY_COMPOSE_RAW, hash, l->err) !=
        ASSAY_OK) {
        return;
    }
    assay_hex_to(hex, (struct assay_slice){hash, sizeof(hash)});
    if (assay_json_type(j, list) != ASSAY_JSON_NULL &&
        !names_hash(j, list, hex)) {
        lint_add(l, LINT_OTHER_TEXT, "compose_hash",
                 "the app-compose that was given has the SHA-256 %s", hex);
    }
    if (assay_json_parse(text, &limits, "app-compose", &doc, l->err) ==
        ASSAY_OK) {
        lint_app_compose(l, doc, ASSAY_JSON_ROOT, "");
    }
    assay_json_free(doc);
}

static void
judge_compose(struct lint *l, const struct assay_json *j,
              struct assay_slice text)
{
    uint32_t list = assay_json_member(j, ASSAY_JSON_ROOT, "compose_hash");
    uint32_t object = assay_json_member(j, ASSAY_JSON_ROOT, "app_compose");

    if (list == ASSAY_JSON_NONE) {
        return; /* of a type that has none */
    }
    if (text.len > 0) {
        judge_text(l, j, list, text);
    }
    if (assay_json_type(j, object) != ASSAY_JSON_NULL) {
        judge_object(l, j, object);
    } else if (text.len == 0 && assay_json_type(j, list) != ASSAY_JSON_NULL) {
        lint_add(l, LINT_NO_TEXT, "compose_hash",
                 "the app-compose was not looked at: only its hash is here");
    }
}

void
lint_policy(struct lint *l, const struct assay_policy *p,
            struct assay_slice app_compose)
{
    struct policy_document d;

    if (policy_document_make(p, &d, l->err) != ASSAY_OK) {
        return;
    }
    judge_members(l, d.all);
    judge_out_of_date(l, d.all);
    judge_workload(l, d.all);
    judge_compose(l, d.all, app_compose);
    policy_document_free(&d);
}
