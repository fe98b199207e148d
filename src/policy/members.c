/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * members.c - the table of all members, and reading by it.
 */
#include "policy/members.h"

#include <stdio.h>

#define SGX    ASSAY_OF_SGX
#define TDX    ASSAY_OF_TDX
#define DSTACK ASSAY_OF_DSTACK
#define RATLS  ASSAY_OF_RATLS
#define TD     (TDX | DSTACK)
#define ALL    (SGX | TD)

const struct assay_member_row assay_member_rows[] = {
#define MEMBER(name, kind, of, field)                                          \
    {#name, ASSAY_KIND_##kind, of, offsetof(struct assay_policy, field)}
#define REGISTER(name, of, index)                                              \
    MEMBER(name, VALUES48, of, td_register[ASSAY_REG_##index])
    MEMBER(type, TYPE, ALL, tee),
    MEMBER(partial, BOOL, ALL, partial),
    MEMBER(tee_type, TEE_TYPE, TD | RATLS, tee),
    MEMBER(allowed_tcb_status, STATUSES, ALL, allowed_status),
    MEMBER(allowed_tdx_status, STATUSES, TD | RATLS, allowed_status),
    MEMBER(grace_period, SECONDS, ALL, grace_period_s),
    MEMBER(min_tcb_evaluation_data_number, U32, ALL, min_evaluation),
    MEMBER(min_tcb_date, DATE, ALL, min_tcb_date_s),
    MEMBER(denied_advisories, ADVISORIES, ALL, denied_advisories),
    MEMBER(accepted_advisories, ADVISORIES, ALL, accepted_advisories),
    MEMBER(min_tdx_tcb, MIN_TDX_TCB, TD | RATLS, min_tee_tcb_svn),
    MEMBER(max_collateral_age_secs, SECONDS, ALL, max_collateral_age_s),
    MEMBER(collateral_grace_secs, DURATION, ALL, collateral_grace_s),
    MEMBER(collateral_rollback, ROLLBACK, ALL, warns_of_rollback),
    MEMBER(pccs_url, STRINGS, ALL | RATLS, pccs_url),
    MEMBER(cache_collateral, BOOL, ALL, cache_collateral),
    MEMBER(staple, BOOL, ALL, staple),
    MEMBER(trusted_root, STRING, ALL, trusted_root),
    MEMBER(ca_file, STRING, ALL, ca_file),
    MEMBER(allow_debug, BOOL, ALL, allow_debug),
    MEMBER(allow_service_td, BOOL, TD, allow_service_td),
    MEMBER(require_sept_ve_disable, BOOL, TD, require_sept_ve_disable),
    MEMBER(td_attributes, MASK, TD, td_attributes),
    MEMBER(xfam, MASK, TD, xfam),
    REGISTER(mrtd, TDX, MRTD),
    REGISTER(rtmr0, TDX, RTMR0),
    REGISTER(rtmr1, TDX, RTMR1),
    REGISTER(rtmr2, TDX, RTMR2),
    REGISTER(rtmr3, TDX, RTMR3),
    MEMBER(expected_bootchain, BOOTCHAIN, DSTACK, td_register),
    REGISTER(expected_rtmr3, DSTACK, RTMR3),
    REGISTER(mr_seam, TD, MR_SEAM),
    REGISTER(mr_config_id, TD, MR_CONFIG_ID),
    REGISTER(mr_owner, TD, MR_OWNER),
    REGISTER(mr_owner_config, TD, MR_OWNER_CONFIG),
    MEMBER(os_image_hash, VALUES32, DSTACK, os_image_hash),
    MEMBER(app_compose, OBJECT, DSTACK, app_compose),
    MEMBER(compose_hash, VALUES32, DSTACK, compose_hash),
    MEMBER(compose_file, STRING, DSTACK, compose_file),
    MEMBER(disable_runtime_verification, BOOL, DSTACK,
           disable_runtime_verification),
    MEMBER(mrenclave, VALUES32, SGX, mrenclave),
    MEMBER(mrsigner, VALUES32, SGX, mrsigner),
    MEMBER(isvprodid, U16, SGX, isvprodid),
    MEMBER(min_isvsvn, U16, SGX, min_isvsvn),
    MEMBER(wires, WIRES, TD, wire),
    MEMBER(certificate_event, CERTIFICATE_EVENT, TD, certificate_event),
    MEMBER(reattestation_interval_secs, DURATION, ALL,
           reattestation_interval_s),
    MEMBER(accept_self_signed_certs, BOOL, ALL, accept_self_signed_certs),
    MEMBER(pinned, PINNED, ALL, pinned),
#undef REGISTER
#undef MEMBER
};
#define ROW_COUNT (sizeof(assay_member_rows) / sizeof(assay_member_rows[0]))
const size_t assay_member_row_count = ROW_COUNT;

/* Kinds whose value needs no more than a place to put it. */
static void
read_plain(const struct assay_member_place *at, enum assay_member_kind kind,
           void *to)
{
    switch (kind) {
    case ASSAY_KIND_BOOL:
        *(bool *)to = assay_member_bool(at);
        break;
    case ASSAY_KIND_SECONDS:
        *(struct assay_number_rule *)to = assay_member_integer(at, INT32_MAX);
        break;
    case ASSAY_KIND_DURATION:
        *(int64_t *)to = assay_member_integer(at, INT32_MAX).value;
        break;
    case ASSAY_KIND_U32:
        assay_member_set_once(at, to, assay_member_integer(at, UINT32_MAX));
        break;
    case ASSAY_KIND_U16:
        *(struct assay_number_rule *)to = assay_member_integer(at, UINT16_MAX);
        break;
    case ASSAY_KIND_DATE:
        assay_member_set_once(at, to, assay_member_date(at));
        break;
    case ASSAY_KIND_STRINGS:
        assay_member_strings(at, to);
        break;
    case ASSAY_KIND_ADVISORIES:
        assay_member_advisories(at, to);
        break;
    case ASSAY_KIND_STRING:
        *(char **)to = assay_member_string(at);
        break;
    case ASSAY_KIND_OBJECT:
        *(char **)to = assay_member_object(at);
        break;
    case ASSAY_KIND_VALUES32:
        assay_member_values(at, 32, to);
        break;
    case ASSAY_KIND_VALUES48:
        assay_member_values(at, 48, to);
        break;
    case ASSAY_KIND_MASK:
        assay_member_mask(at, to);
        break;
    default: /* read_member() has the others */
        break;
    }
}

static void
read_member(const struct assay_member_place *at,
            const struct assay_member_row *row, struct assay_policy *p)
{
    switch (row->kind) {
    case ASSAY_KIND_TYPE:
        break;
    case ASSAY_KIND_TEE_TYPE:
        assay_member_tee_type(at);
        break;
    case ASSAY_KIND_ROLLBACK:
        p->warns_of_rollback = assay_member_warns(at);
        break;
    case ASSAY_KIND_STATUSES:
        assay_member_statuses(at, p);
        break;
    case ASSAY_KIND_MIN_TDX_TCB:
        assay_member_min_tdx_tcb(at, p);
        break;
    case ASSAY_KIND_BOOTCHAIN:
        assay_member_bootchain(at, p);
        break;
    case ASSAY_KIND_CERTIFICATE_EVENT:
        p->certificate_event = assay_member_certificate_event(at);
        break;
    case ASSAY_KIND_WIRES:
        assay_member_wires(at, p);
        break;
    case ASSAY_KIND_PINNED:
        assay_member_pinned(at, &p->pinned);
        break;
    default:
        read_plain(at, row->kind, (char *)p + row->offset);
        break;
    }
}

static void
fail_unknown(const struct assay_member_place *at, struct assay_slice name,
             unsigned of)
{
    const char *names[ROW_COUNT + 1];
    size_t count = 0;
    const char *near;

    for (size_t i = 0; i < ROW_COUNT; i++) {
        if ((assay_member_rows[i].of & of) != 0) {
            names[count++] = assay_member_rows[i].name;
        }
    }
    names[count] = NULL;
    near = assay_nearest(name, names);
    assay_member_fail(
        at, "unknown member '%.*s' for this type%s%s",
        (int)(name.len < 40 ? name.len : 40), (const char *)name.ptr,
        near != NULL ? "; the nearest is " : "", near != NULL ? near : "");
}

void
assay_members_read(const struct assay_json *doc, unsigned of,
                   struct assay_policy *p, struct assay_error *err)
{
    for (uint32_t n = assay_json_first(doc, ASSAY_JSON_ROOT);
         n != ASSAY_JSON_NONE && err->code == ASSAY_OK;
         n = assay_json_next(doc, n)) {
        struct assay_slice name = assay_json_string(doc, n);
        struct assay_member_place at = {doc, assay_json_value(doc, n), "policy",
                                        err};
        const struct assay_member_row *row = assay_member_rows;
        char path[ASSAY_MEMBER_PATH];

        while (row < assay_member_rows + ROW_COUNT &&
               !(assay_slice_is(name, row->name) && (row->of & of) != 0)) {
            row++;
        }
        if (row == assay_member_rows + ROW_COUNT) {
            fail_unknown(&at, name, of);
            return;
        }
        at = assay_member_part(&at, n, path);
        read_member(&at, row, p);
    }
}
