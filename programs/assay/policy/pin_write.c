/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pin_write.c - a policy that asks for what was found.
 */
#include "pin_write.h"

#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/json_out.h"
#include "policy_toml.h"

#define POLICY_MAX_BYTES (256u * 1024u)

#define BIT(item) (1u << (item))
#define BOOT      (BIT(PIN_MRTD) | BIT(PIN_RTMR0) | BIT(PIN_RTMR1) | BIT(PIN_RTMR2))
#define OWNER                                                                  \
    (BIT(PIN_MR_CONFIG_ID) | BIT(PIN_MR_OWNER) | BIT(PIN_MR_OWNER_CONFIG))

/* What the types have, need, and have unless --pin says else. OWNER goes in
 * where it is not zero. */
static const struct type {
    const char *name;
    unsigned has;
    unsigned needs;
    unsigned by_default;
} types[] = {
    {"dstack_tdx",
     BOOT | OWNER | BIT(PIN_RTMR3) | BIT(PIN_MR_SEAM) | BIT(PIN_COMPOSE) |
         BIT(PIN_OS_IMAGE) | BIT(PIN_CERTIFICATE),
     BOOT | BIT(PIN_COMPOSE) | BIT(PIN_OS_IMAGE),
     BOOT | BIT(PIN_COMPOSE) | BIT(PIN_OS_IMAGE) | BIT(PIN_CERTIFICATE)},
    {"tdx",
     BOOT | OWNER | BIT(PIN_RTMR3) | BIT(PIN_MR_SEAM) | BIT(PIN_CERTIFICATE), 0,
     BOOT | OWNER | BIT(PIN_CERTIFICATE)},
};

static const struct type *
type_of(const char *name)
{
    return strcmp(name, types[1].name) == 0 ? &types[1] : &types[0];
}

static bool
is_zero(const uint8_t *bytes, size_t n)
{
    uint8_t any = 0;

    for (size_t i = 0; i < n; i++) {
        any |= bytes[i];
    }
    return any == 0;
}

/* Why the item cannot be pinned, or NULL. */
static const char *
fault_of(const struct found *f, enum pin_item item)
{
    switch (item) {
    case PIN_COMPOSE:
        return f->has_compose ? NULL : "nothing proves a compose hash";
    case PIN_OS_IMAGE:
        return f->has_os_image
                   ? NULL
                   : "there is no os-image-hash event, which only dstack's key "
                     "service makes; use --type tdx";
    case PIN_CERTIFICATE:
        return f->has_certificate
                   ? NULL
                   : "no event names the TLS certificate of a session";
    case PIN_MRTD:
    case PIN_RTMR0:
    case PIN_RTMR1:
    case PIN_RTMR2:
    case PIN_RTMR3:
    case PIN_MR_SEAM:
    case PIN_MR_CONFIG_ID:
    case PIN_MR_OWNER:
    case PIN_MR_OWNER_CONFIG:
        return f->has_register[item] ? NULL : "the quote has no such register";
    case PIN_COUNT:
        break;
    }
    return "unknown";
}

/* --pin as such, before anything is looked at. */
static enum assay_code
check_wanted(const struct type *t, unsigned wanted, struct assay_error *err)
{
    for (int i = 0; i < PIN_COUNT; i++) {
        enum pin_item item = (enum pin_item)i;

        if ((wanted & BIT(i)) != 0 && (t->has & BIT(i)) == 0) {
            return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                              "--pin: a policy of type %s has no %s", t->name,
                              pin_item_name(item));
        }
        if ((wanted & BIT(i)) == 0 && (t->needs & BIT(i)) != 0) {
            return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                              "--pin: without %s, a policy of type %s would "
                              "not be complete",
                              pin_item_name(item), t->name);
        }
    }
    return ASSAY_OK;
}

static enum assay_code
choose_one(struct pin *p, const struct type *t, bool named, enum pin_item item,
           const struct found *f, struct assay_error *err)
{
    const char *fault = fault_of(f, item);

    if (fault == NULL && !named && (OWNER & BIT(item)) != 0 &&
        is_zero(f->reg[item], sizeof(f->reg[item]))) {
        return ASSAY_OK; /* nobody has set it */
    }
    if (fault == NULL) {
        p->pinned |= BIT(item);
    } else if (named || (t->needs & BIT(item)) != 0) {
        return assay_fail(err, ASSAY_NOT_TRUSTED, ASSAY_NO_OFFSET,
                          "%s cannot be pinned: %s", pin_item_name(item),
                          fault);
    } else {
        p->left_out[item] = fault;
    }
    return ASSAY_OK;
}

enum assay_code
pin_choose(const struct options *o, const char *type, const struct found *f,
           struct pin *out, struct assay_error *err)
{
    const struct type *t = type_of(type);
    bool named = o->tools.pin != 0;
    unsigned wanted = named ? o->tools.pin : t->by_default;

    assay_error_clear(err);
    *out = (struct pin){.type = t->name};
    if (check_wanted(t, wanted, err) != ASSAY_OK) {
        return err->code;
    }
    for (int i = 0; i < PIN_COUNT; i++) {
        if ((wanted & BIT(i)) != 0 &&
            choose_one(out, t, named, (enum pin_item)i, f, err) != ASSAY_OK) {
            return err->code;
        }
    }
    return ASSAY_OK;
}

/* --- the text ----------------------------------------------------------- */

static void
put_register(struct assay_json_out *j, const struct found *f,
             const struct pin *p, enum pin_item item, const char *name)
{
    if ((p->pinned & BIT(item)) != 0) {
        assay_json_out_hex(
            j, name, (struct assay_slice){f->reg[item], sizeof(f->reg[item])});
    }
}

static void
put_registers(struct assay_json_out *j, const struct found *f,
              const struct pin *p)
{
    bool dstack = p->type == types[0].name;

    if (dstack) {
        assay_json_out_open(j, "expected_bootchain", '{');
    }
    for (int i = PIN_MRTD; i <= PIN_RTMR2; i++) {
        put_register(j, f, p, (enum pin_item)i,
                     pin_item_name((enum pin_item)i));
    }
    if (dstack) {
        assay_json_out_close(j, '}');
    }
    put_register(j, f, p, PIN_RTMR3, dstack ? "expected_rtmr3" : "rtmr3");
    for (int i = PIN_MR_SEAM; i <= PIN_MR_OWNER_CONFIG; i++) {
        put_register(j, f, p, (enum pin_item)i,
                     pin_item_name((enum pin_item)i));
    }
}

static void
put_app(struct assay_json_out *j, const struct found *f, const struct pin *p)
{
    if ((p->pinned & BIT(PIN_OS_IMAGE)) != 0) {
        assay_json_out_hex(
            j, "os_image_hash",
            (struct assay_slice){f->os_image, sizeof(f->os_image)});
    }
    if ((p->pinned & BIT(PIN_COMPOSE)) != 0) {
        assay_json_out_hex(
            j, "compose_hash",
            (struct assay_slice){f->compose, sizeof(f->compose)});
    }
}

/* What the evidence was judged by has to hold for later evidence, too. */
static void
put_terms(struct assay_json_out *j, const struct options *o,
          const struct found *f, const struct pin *p)
{
    if (o->accept_count > 0) {
        assay_json_out_open(j, "allowed_tcb_status", '[');
        for (size_t i = 0; i < o->accept_count; i++) {
            assay_json_out_text(j, NULL, assay_tcb_status_name(o->accept[i]));
        }
        assay_json_out_close(j, ']');
    }
    if (o->source_count > 0) {
        assay_json_out_open(j, "pccs_url", '[');
        for (size_t i = 0; i < o->source_count; i++) {
            assay_json_out_text(j, NULL, o->sources[i]);
        }
        assay_json_out_close(j, ']');
    }
    if (f->in_session && f->wire != ASSAY_WIRE_V2) {
        assay_json_out_text(j, "wires", assay_wire_name(f->wire));
    }
    if ((p->pinned & BIT(PIN_CERTIFICATE)) != 0) {
        assay_json_out_text(j, "certificate_event", "required");
    }
    if (f->in_session && !f->certificate_checked) {
        assay_json_out_bool(j, "accept_self_signed_certs", true);
    }
}

/* The root's text, so that the policy needs no second file. */
static void
put_root(struct assay_json_out *j, const struct found *f)
{
    if (f->root.len > 0) {
        assay_json_out_string(j, "trusted_root", assay_buf_slice(&f->root));
    }
}

static void
put_pinned(struct assay_json_out *j, const struct found *f)
{
    const char *how = "quote";

    if (f->in_session) {
        how = f->certificate_checked ? "session" : "unverified_tls";
    }
    assay_json_out_open(j, "pinned", '{');
    assay_json_out_time(j, "at", f->at_s);
    assay_json_out_text(j, "from", f->from);
    assay_json_out_text(j, "how", how);
    assay_json_out_close(j, '}');
}

static void
write_json(const struct options *o, const struct found *f, const struct pin *p,
           struct assay_buf *out, struct assay_error *err)
{
    struct assay_json_out j;

    assay_json_out_init(&j, out, false);
    assay_json_out_open(&j, NULL, '{');
    assay_json_out_text(&j, "type", p->type);
    put_registers(&j, f, p);
    put_app(&j, f, p);
    put_terms(&j, o, f, p);
    put_root(&j, f);
    put_pinned(&j, f);
    assay_json_out_close(&j, '}');
    assay_buf_add_u8(out, '\n');
    (void)!assay_buf_check(out, "policy", err);
}

/* A policy that cannot be read, or is not complete, is not handed out. */
static enum assay_code
read_back(struct assay_slice text, bool toml, struct assay_error *err)
{
    struct assay_policy *policy = NULL;

    (void)!(toml ? assay_policy_parse_toml(text, &policy, err)
                 : assay_policy_parse(text, &policy, err));
    assay_policy_free(policy);
    return err->code;
}

static void
write_toml(struct assay_slice json, struct assay_buf *out,
           struct assay_error *err)
{
    static const struct assay_json_limits limits = {POLICY_MAX_BYTES, 16, 4096};
    struct assay_json *doc = NULL;

    if (assay_json_parse(json, &limits, "policy", &doc, err) == ASSAY_OK) {
        (void)!policy_toml_write(doc, out, err);
    }
    assay_json_free(doc);
}

enum assay_code
pin_write(const struct options *o, const struct found *f, const struct pin *p,
          bool toml, struct assay_buf *out, struct assay_error *err)
{
    struct assay_buf json;

    assay_error_clear(err);
    assay_buf_init(out, POLICY_MAX_BYTES);
    assay_buf_init(&json, POLICY_MAX_BYTES);
    write_json(o, f, p, &json, err);
    if (err->code == ASSAY_OK && toml) {
        write_toml(assay_buf_slice(&json), out, err);
    } else if (err->code == ASSAY_OK) {
        assay_buf_add(out, assay_buf_slice(&json));
    }
    assay_buf_free(&json);
    if (err->code != ASSAY_OK ||
        assay_buf_check(out, "policy", err) != ASSAY_OK ||
        read_back(assay_buf_slice(out), toml, err) != ASSAY_OK) {
        assay_buf_free(out);
    }
    return err->code;
}
