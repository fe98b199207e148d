/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * check.c - what the members of a policy must be together.
 */
#include "policy/members.h"

static uint32_t
find(const struct assay_json *doc, const char *name)
{
    return assay_json_member(doc, ASSAY_JSON_ROOT, name);
}

static void
fail_whole(const struct assay_json *doc, struct assay_error *err,
           const char *why)
{
    assay_fail(err, ASSAY_INVALID, assay_json_offset(doc, ASSAY_JSON_ROOT),
               "policy: %s", why);
}

static void
fail_member(const struct assay_json *doc, const char *name,
            struct assay_error *err, const char *why)
{
    assay_fail(err, ASSAY_INVALID, assay_json_offset(doc, find(doc, name)),
               "policy.%s: %s", name, why);
}

/* Statuses that the grace period is about. */
static void
check_grace(const struct assay_json *doc, const struct assay_policy *p,
            struct assay_error *err)
{
    const uint32_t late =
        1u << ASSAY_TCB_OUT_OF_DATE |
        1u << ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED |
        1u << ASSAY_TCB_TD_RELAUNCH_ADVISED |
        1u << ASSAY_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED;

    if (p->grace_period_s.there && (p->allowed_status & late) == 0) {
        fail_member(doc, "grace_period", err,
                    "grace_period requires allowed_tcb_status to include "
                    "OutOfDate");
    }
}

/* On the older wires nothing but the event ties the quote to the session. */
static void
check_wires(const struct assay_json *doc, struct assay_policy *p,
            struct assay_error *err)
{
    bool old = false;

    for (size_t i = 0; i < p->wire_count; i++) {
        old = old || p->wire[i] != ASSAY_WIRE_V2;
    }
    if (!old) {
        return;
    }
    if (find(doc, "certificate_event") != ASSAY_JSON_NONE &&
        p->certificate_event != ASSAY_CERTIFICATE_REQUIRED) {
        fail_member(doc, "certificate_event", err,
                    "must be \"required\" where wires has v0 or v1");
    }
    p->certificate_event = ASSAY_CERTIFICATE_REQUIRED;
}

static void
check_dstack(const struct assay_json *doc, const struct assay_policy *p,
             struct assay_error *err)
{
    bool boot = find(doc, "expected_bootchain") != ASSAY_JSON_NONE;
    const char *missing = assay_policy_missing_boot(p);

    if (boot && missing != NULL) {
        assay_fail(err, ASSAY_INVALID,
                   assay_json_offset(doc, find(doc, "expected_bootchain")),
                   "policy.expected_bootchain: %s is missing; add it, or "
                   "\"partial\": true",
                   missing);
    }
    if (p->disable_runtime_verification) {
        return;
    }
    if (!boot || p->os_image_hash.count == 0) {
        fail_whole(doc, err,
                   "expected_bootchain and os_image_hash must be provided "
                   "together; add them, or \"partial\": true");
    }
    if (p->app_compose == NULL && p->compose_file == NULL &&
        p->compose_hash.count == 0) {
        fail_whole(doc, err,
                   "app_compose must be provided, or compose_hash or "
                   "compose_file, or \"partial\": true");
    }
}

static void
check_complete(const struct assay_json *doc, const struct assay_policy *p,
               struct assay_error *err)
{
    if (p->partial) {
        return;
    }
    if (p->dstack) {
        check_dstack(doc, p, err);
    } else if (!assay_policy_names_workload(p)) {
        fail_whole(doc, err,
                   p->tee == ASSAY_TEE_TDX
                       ? "names nothing of the workload (mrtd, rtmr0 to "
                         "rtmr3, mr_config_id, mr_owner or mr_owner_config); "
                         "add what it must be, or \"partial\": true"
                       : "names nothing of the workload (mrenclave or "
                         "mrsigner); add what it must be, or \"partial\": "
                         "true");
    }
}

/* Without the certificate's name the policy alone says who the server is. */
static void
check_self_signed(const struct assay_json *doc, const struct assay_policy *p,
                  struct assay_error *err)
{
    if (p->accept_self_signed_certs &&
        (p->partial || p->disable_runtime_verification)) {
        fail_member(doc, "accept_self_signed_certs", err,
                    p->partial ? "needs a policy that is not partial"
                               : "needs a policy without "
                                 "disable_runtime_verification");
    }
}

void
assay_members_check(const struct assay_json *doc, struct assay_policy *p,
                    struct assay_error *err)
{
    check_grace(doc, p, err);
    check_wires(doc, p, err);
    check_complete(doc, p, err);
    check_self_signed(doc, p, err);
}
