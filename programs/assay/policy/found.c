/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * found.c - what verified evidence proves of a TD.
 */
#include "found.h"

#include <string.h>

#include "assay/compose.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/json_out.h"
#include "base/text.h"
#include "io/file.h"

#define POLICY_MAX_BYTES (5u * 1024u * 1024u)
#define ROOT_MAX_BYTES   (64u * 1024u)
#define DER_SEQUENCE     0x30 /* no PEM begins so */

void
found_free(struct found *f)
{
    assay_buf_free(&f->app_compose);
    assay_buf_free(&f->root);
}

/* --- the policy that it is judged by ------------------------------------ */

/* Members that say what good evidence is, whatever runs in the TD. */
static const char *const terms[] = {
    "allowed_tcb_status",
    "grace_period",
    "max_collateral_age_secs",
    "collateral_grace_secs",
    "pccs_url",
    "cache_collateral",
    "trusted_root",
    "ca_file",
    "allow_debug",
    "allow_service_td",
    "require_sept_ve_disable",
    "certificate_event",
};

/* What a policy can hold of it is text, and nothing that would be taken for a
 * file's name. */
static enum assay_code
take_root(const char *path, struct assay_buf *pem, struct assay_error *err)
{
    struct assay_ctx *ctx = NULL;
    struct assay_root *root = NULL;
    struct assay_buf content;

    if (assay_file_read(path, ROOT_MAX_BYTES, &content, err) != ASSAY_OK) {
        return err->code;
    }
    if (assay_ctx_new(&ctx, err) == ASSAY_OK &&
        assay_root_parse(ctx, assay_buf_slice(&content), &root, err) !=
            ASSAY_OK) {
        assay_error_prefix(err, "%s", path);
    }
    if (err->code == ASSAY_OK && content.ptr[0] == DER_SEQUENCE) {
        assay_pem_encode(pem, "CERTIFICATE", assay_buf_slice(&content));
    } else if (err->code == ASSAY_OK) {
        assay_buf_add(pem, assay_buf_slice(&content));
    }
    assay_root_free(root);
    assay_ctx_free(ctx);
    assay_buf_free(&content);
    return err->code != ASSAY_OK ? err->code
                                 : assay_buf_check(pem, "root", err);
}

struct options
found_options(const struct options *o)
{
    struct options rest = *o;

    rest.root = NULL;
    return rest;
}

/* As `like` has them. A policy's wires stand before --wire, which chooses among
 * them. */
static void
put_terms(struct assay_json_out *o, const struct assay_json *like,
          struct assay_slice root, const char *wire)
{
    uint32_t wires = like != NULL
                         ? assay_json_member(like, ASSAY_JSON_ROOT, "wires")
                         : ASSAY_JSON_NONE;

    for (size_t i = 0; like != NULL && i < sizeof(terms) / sizeof(terms[0]);
         i++) {
        uint32_t value = assay_json_member(like, ASSAY_JSON_ROOT, terms[i]);

        if (value != ASSAY_JSON_NONE &&
            (root.len == 0 || strcmp(terms[i], "trusted_root") != 0)) {
            assay_json_out_document(o, terms[i], assay_json_span(like, value));
        }
    }
    if (root.len > 0) {
        assay_json_out_string(o, "trusted_root", root);
    }
    if (wires != ASSAY_JSON_NONE) {
        assay_json_out_document(o, "wires", assay_json_span(like, wires));
    } else if (wire != NULL) {
        assay_json_out_text(o, "wires", wire);
    }
}

enum assay_code
found_policy(const struct options *o, const struct found_terms *t,
             struct found *f, struct assay_policy **out,
             struct assay_error *err)
{
    struct assay_json_out j;
    struct assay_buf text;

    *out = NULL;
    assay_error_clear(err);
    assay_buf_init(&f->root, 2 * ROOT_MAX_BYTES);
    if (o->root != NULL && take_root(o->root, &f->root, err) != ASSAY_OK) {
        return err->code;
    }
    assay_buf_init(&text, POLICY_MAX_BYTES);
    assay_json_out_init(&j, &text, true);
    assay_json_out_open(&j, NULL, '{');
    assay_json_out_text(&j, "type", t->type);
    assay_json_out_bool(&j, "partial", true);
    put_terms(&j, t->like, assay_buf_slice(&f->root), o->get.wire);
    assay_json_out_close(&j, '}');
    if (assay_buf_check(&text, "policy", err) == ASSAY_OK) {
        (void)!assay_policy_parse(assay_buf_slice(&text), out, err);
    }
    assay_buf_free(&text);
    if (err->code == ASSAY_OK && o->accept_count > 0) {
        (void)!assay_policy_accept(*out, o->accept, o->accept_count, err);
    }
    if (err->code == ASSAY_OK && t->self_signed) {
        assay_policy_accept_self_signed(*out);
    }
    if (err->code != ASSAY_OK) {
        assay_policy_free(*out);
        *out = NULL;
    }
    return err->code;
}

/* --- what the verdict proves -------------------------------------------- */

static void
take_register(struct found *f, enum pin_item item, struct assay_slice value)
{
    if (value.len == sizeof(f->reg[item])) {
        f->has_register[item] = true;
        memcpy(f->reg[item], value.ptr, value.len);
    }
}

static void
take_registers(struct found *f, const struct assay_td_report *td)
{
    take_register(f, PIN_MRTD, td->mr_td);
    for (int i = 0; i < 4; i++) {
        take_register(f, (enum pin_item)(PIN_RTMR0 + i), td->rtmr[i]);
    }
    take_register(f, PIN_MR_SEAM, td->mr_seam);
    take_register(f, PIN_MR_CONFIG_ID, td->mr_config_id);
    take_register(f, PIN_MR_OWNER, td->mr_owner);
    take_register(f, PIN_MR_OWNER_CONFIG, td->mr_owner_config);
}

static bool
take_hash(struct assay_slice value, uint8_t out[32])
{
    if (value.len == 32) {
        memcpy(out, value.ptr, 32);
    }
    return value.len == 32;
}

/* The text that a server offers is anything until its hash is the proven one.
 */
static enum assay_code
take_text(const struct assay_ctx *ctx, struct assay_slice text, struct found *f,
          struct assay_error *err)
{
    uint8_t hash[32];

    assay_buf_init(&f->app_compose, ASSAY_COMPOSE_MAX_BYTES);
    if (!f->has_compose || text.len == 0 ||
        text.len > ASSAY_COMPOSE_MAX_BYTES) {
        return ASSAY_OK;
    }
    if (assay_compose_hash(ctx, text, ASSAY_COMPOSE_RAW, hash, err) !=
        ASSAY_OK) {
        return err->code;
    }
    if (memcmp(hash, f->compose, sizeof(hash)) == 0) {
        assay_buf_add(&f->app_compose, text);
    }
    return assay_buf_check(&f->app_compose, "app-compose", err);
}

static bool
has_passed(const struct assay_verdict *v, const char *name)
{
    for (size_t i = 0; i < assay_verdict_check_count(v); i++) {
        struct assay_check check = assay_verdict_check(v, i);

        if (strcmp(check.name, name) == 0) {
            return check.outcome == ASSAY_PASSED;
        }
    }
    return false;
}

enum assay_code
found_take(const struct assay_ctx *ctx, const struct assay_verdict *v,
           const struct assay_quote *q, struct assay_slice app_compose,
           struct found *f, struct assay_error *err)
{
    const struct assay_verdict_workload *w = assay_verdict_workload(v);

    assay_error_clear(err);
    if (!assay_verdict_trusted(v) || !assay_verdict_facts(v).tdx) {
        return assay_fail(err, ASSAY_NOT_TRUSTED, ASSAY_NO_OFFSET, "%s",
                          assay_verdict_summary(v));
    }
    f->at_s = assay_verdict_facts(v).verified_at_s;
    take_registers(f, &assay_quote_view(q)->td);
    f->has_compose = take_hash(w->compose_hash, f->compose);
    f->has_os_image = take_hash(w->os_image_hash, f->os_image);
    f->has_certificate =
        w->certificate.len > 0 && has_passed(v, "certificate_event");
    return take_text(ctx, app_compose, f, err);
}
