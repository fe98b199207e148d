/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * write.c - a policy written anew, member by member of the table.
 */
#include "base/json_out.h"
#include "base/text.h"
#include "policy/members.h"

/* One member's value, more than enough: 64 strings of 64 KiB. */
#define VALUE_MAX_BYTES (5u * 1024u * 1024u)

static void
put_rule(struct assay_json_out *o, const char *name,
         const struct assay_number_rule *r)
{
    if (r->there) {
        assay_json_out_i64(o, name, r->value);
    } else {
        assay_json_out_null(o, name);
    }
}

/* Nothing is null, one stands alone. */
static void
put_values(struct assay_json_out *o, const char *name,
           const struct assay_value_set *set)
{
    if (set->count == 0) {
        assay_json_out_null(o, name);
        return;
    }
    if (set->count > 1) {
        assay_json_out_open(o, name, '[');
    }
    for (size_t i = 0; i < set->count; i++) {
        assay_json_out_hex(
            o, set->count > 1 ? NULL : name,
            (struct assay_slice){set->bytes + i * set->size, set->size});
    }
    if (set->count > 1) {
        assay_json_out_close(o, ']');
    }
}

static void
put_strings(struct assay_json_out *o, const char *name,
            const struct assay_string_list *list)
{
    if (list->count == 0) {
        assay_json_out_null(o, name);
        return;
    }
    if (list->count > 1) {
        assay_json_out_open(o, name, '[');
    }
    for (size_t i = 0; i < list->count; i++) {
        assay_json_out_text(o, list->count > 1 ? NULL : name, list->item[i]);
    }
    if (list->count > 1) {
        assay_json_out_close(o, ']');
    }
}

/* The form of a Codex provider has no single status: it is always a list. */
static void
put_statuses(struct assay_json_out *o, const char *name, uint32_t set)
{
    assay_json_out_open(o, name, '[');
    for (unsigned s = 1; s < 32; s++) {
        if ((set & 1u << s) != 0) {
            assay_json_out_text(
                o, NULL, assay_tcb_status_name((enum assay_tcb_status)s));
        }
    }
    assay_json_out_close(o, ']');
}

static void
put_wires(struct assay_json_out *o, const char *name,
          const struct assay_policy *p)
{
    assay_json_out_open(o, name, '[');
    for (size_t i = 0; i < p->wire_count; i++) {
        assay_json_out_text(o, NULL, assay_wire_name(p->wire[i]));
    }
    assay_json_out_close(o, ']');
}

static void
put_octets(struct assay_json_out *o, const char *name, uint64_t v)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(v >> 8 * i);
    }
    assay_json_out_hex(o, name, (struct assay_slice){bytes, sizeof(bytes)});
}

static void
put_mask(struct assay_json_out *o, const char *name,
         const struct assay_mask_rule *m)
{
    if (!m->there) {
        assay_json_out_null(o, name);
        return;
    }
    assay_json_out_open(o, name, '{');
    put_octets(o, "mask", m->mask);
    put_octets(o, "value", m->value);
    assay_json_out_close(o, '}');
}

/* Its other parts are members of the policy too, and stand there. */
static void
put_min_tdx_tcb(struct assay_json_out *o, const char *name,
                const struct assay_policy *p)
{
    bool legacy = p->legacy_mrseam.count > 0 || p->legacy_mrtmrs.count > 0;

    if (!p->has_min_tee_tcb_svn && !legacy) {
        assay_json_out_null(o, name);
        return;
    }
    assay_json_out_open(o, name, '{');
    if (p->has_min_tee_tcb_svn) {
        assay_json_out_hex(o, "tee_tcb_svn",
                           (struct assay_slice){p->min_tee_tcb_svn,
                                                sizeof(p->min_tee_tcb_svn)});
    }
    if (legacy) {
        assay_json_out_bool(o, "legacy_prefix_match", true);
    }
    if (p->legacy_mrseam.count > 0) {
        put_values(o, "mrseam", &p->legacy_mrseam);
    }
    if (p->legacy_mrtmrs.count > 0) {
        put_values(o, "mrtmrs", &p->legacy_mrtmrs);
    }
    assay_json_out_close(o, '}');
}

static void
put_bootchain(struct assay_json_out *o, const char *name,
              const struct assay_policy *p)
{
    static const char *const names[] = {"mrtd", "rtmr0", "rtmr1", "rtmr2"};
    bool any = false;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct assay_value_set *set = &p->td_register[ASSAY_REG_MRTD + i];

        if (set->count > 0 && !any) {
            any = true;
            assay_json_out_open(o, name, '{');
        }
        if (set->count > 0) {
            put_values(o, names[i], set);
        }
    }
    if (any) {
        assay_json_out_close(o, '}');
    } else {
        assay_json_out_null(o, name);
    }
}

static void
put_pinned(struct assay_json_out *o, const char *name,
           const struct assay_pinned *pinned)
{
    if (pinned->from == NULL) {
        assay_json_out_null(o, name);
        return;
    }
    assay_json_out_open(o, name, '{');
    assay_json_out_time(o, "at", pinned->at_s);
    assay_json_out_text(o, "from", pinned->from);
    assay_json_out_text(o, "how", assay_pinned_how_name(pinned->how));
    assay_json_out_close(o, '}');
}

static const char *
certificate_event_name(enum assay_certificate_event e)
{
    switch (e) {
    case ASSAY_CERTIFICATE_IF_PRESENT:
        return "if_present";
    case ASSAY_CERTIFICATE_REQUIRED:
        return "required";
    case ASSAY_CERTIFICATE_OFF:
        return "off";
    }
    return NULL;
}

/* Kinds whose value stands alone at its place. */
static void
put_plain(struct assay_json_out *o, const struct assay_member_row *row,
          const void *at)
{
    switch (row->kind) {
    case ASSAY_KIND_BOOL:
        assay_json_out_bool(o, row->name, *(const bool *)at);
        break;
    case ASSAY_KIND_SECONDS:
    case ASSAY_KIND_U32:
    case ASSAY_KIND_U16:
        put_rule(o, row->name, at);
        break;
    case ASSAY_KIND_DURATION:
        assay_json_out_i64(o, row->name, *(const int64_t *)at);
        break;
    case ASSAY_KIND_DATE:
        if (((const struct assay_number_rule *)at)->there) {
            assay_json_out_time(o, row->name,
                                ((const struct assay_number_rule *)at)->value);
        } else {
            assay_json_out_null(o, row->name);
        }
        break;
    case ASSAY_KIND_STRINGS:
    case ASSAY_KIND_ADVISORIES:
        put_strings(o, row->name, at);
        break;
    case ASSAY_KIND_STRING:
        assay_json_out_text(o, row->name, *(char *const *)at);
        break;
    case ASSAY_KIND_VALUES32:
    case ASSAY_KIND_VALUES48:
        put_values(o, row->name, at);
        break;
    case ASSAY_KIND_MASK:
        put_mask(o, row->name, at);
        break;
    case ASSAY_KIND_PINNED:
        put_pinned(o, row->name, at);
        break;
    default: /* put_member() has the others */
        break;
    }
}

static void
put_member(struct assay_json_out *o, const struct assay_member_row *row,
           const struct assay_policy *p)
{
    switch (row->kind) {
    case ASSAY_KIND_STATUSES:
        put_statuses(o, row->name, p->allowed_status);
        break;
    case ASSAY_KIND_MIN_TDX_TCB:
        put_min_tdx_tcb(o, row->name, p);
        break;
    case ASSAY_KIND_BOOTCHAIN:
        put_bootchain(o, row->name, p);
        break;
    case ASSAY_KIND_OBJECT:
        if (p->app_compose != NULL) {
            assay_json_out_document(o, row->name,
                                    assay_slice_of(p->app_compose));
        } else {
            assay_json_out_null(o, row->name);
        }
        break;
    case ASSAY_KIND_CERTIFICATE_EVENT:
        assay_json_out_text(o, row->name,
                            certificate_event_name(p->certificate_event));
        break;
    case ASSAY_KIND_ROLLBACK:
        assay_json_out_text(o, row->name,
                            p->warns_of_rollback ? "warn" : "refuse");
        break;
    case ASSAY_KIND_WIRES:
        put_wires(o, row->name, p);
        break;
    default:
        put_plain(o, row, (const char *)p + row->offset);
        break;
    }
}

/* Is the value that of a policy which says nothing? Two texts tell it. */
static bool
is_default(const struct assay_member_row *row, const struct assay_policy *p,
           const struct assay_policy *none, struct assay_error *err)
{
    struct assay_buf text[2];
    bool same = false;

    for (size_t i = 0; i < 2; i++) {
        struct assay_json_out o;

        assay_buf_init(&text[i], VALUE_MAX_BYTES);
        assay_json_out_init(&o, &text[i], true);
        put_member(&o, row, i == 0 ? p : none);
        (void)!assay_buf_check(&text[i], "policy", err);
    }
    same =
        assay_slice_equal(assay_buf_slice(&text[0]), assay_buf_slice(&text[1]));
    assay_buf_free(&text[0]);
    assay_buf_free(&text[1]);
    return same;
}

/* Names of its own: a rule that has two is written under the first. */
static bool
is_written(const struct assay_member_row *row)
{
    return row->kind != ASSAY_KIND_TYPE && row->kind != ASSAY_KIND_TEE_TYPE &&
           strcmp(row->name, "allowed_tdx_status") != 0;
}

static const char *
type_name(const struct assay_policy *p)
{
    if (p->tee == ASSAY_TEE_SGX) {
        return "sgx";
    }
    return p->dstack ? "dstack_tdx" : "tdx";
}

static unsigned
type_of(const struct assay_policy *p)
{
    if (p->tee == ASSAY_TEE_SGX) {
        return ASSAY_OF_SGX;
    }
    return p->dstack ? ASSAY_OF_DSTACK : ASSAY_OF_TDX;
}

enum assay_code
assay_policy_to_json(const struct assay_policy *p, bool all,
                     struct assay_buf *out, struct assay_error *err)
{
    struct assay_policy *none = NULL;
    struct assay_json_out o;

    if (assay_policy_new(p->tee, &none, err) != ASSAY_OK) {
        return err->code;
    }
    assay_json_out_init(&o, out, false);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_text(&o, "type", type_name(p));
    for (size_t i = 0; i < assay_member_row_count; i++) {
        const struct assay_member_row *row = &assay_member_rows[i];

        if ((row->of & type_of(p)) != 0 && is_written(row) &&
            (all || !is_default(row, p, none, err))) {
            put_member(&o, row, p);
        }
    }
    assay_json_out_close(&o, '}');
    assay_policy_free(none);
    if (err->code != ASSAY_OK) {
        return err->code;
    }
    return assay_buf_check(out, "policy", err);
}
