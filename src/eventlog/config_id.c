/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * config_id.c - MRCONFIGID as dstack sets it: a kind, 32 octets, 15 zeros. It
 * is under the signature of the quote, so it can prove the compose hash
 * without a log.
 */
#include "crypto/keccak.h"
#include "eventlog/config_check.h"

#define CONFIG_ID_BYTES 48u

static const struct assay_json_limits vm_config_limits = {
    .max_bytes = ASSAY_VM_CONFIG_MAX_BYTES,
    .max_depth = 32,
    .max_nodes = 64u * 1024u,
};

void
assay_config_prove(const struct assay_config_check *c,
                   const uint8_t compose_hash[ASSAY_SHA256_BYTES])
{
    if (c->out->fault[0] == '\0' && c->err->code == ASSAY_OK) {
        c->out->proves_compose = true;
        memcpy(c->out->compose_hash, compose_hash, ASSAY_SHA256_BYTES);
    }
}

struct assay_json *
assay_config_parse(const struct assay_config_check *c, struct assay_slice text,
                   const char *what)
{
    struct assay_json *doc = NULL;
    struct assay_error sub;

    assay_error_clear(&sub);
    if (assay_json_parse(text, &vm_config_limits, what, &doc, &sub) ==
        ASSAY_OK) {
        return doc;
    }
    if (sub.code == ASSAY_NO_MEMORY) {
        assay_fail(c->err, sub.code, sub.offset, "%s", sub.msg);
    } else {
        assay_fault(c->out->fault, "%s", sub.msg);
    }
    return NULL;
}

/* --- kind 1: the compose hash --- */

static void
check_compose(const struct assay_config_check *c)
{
    if (c->events->has_compose_hash &&
        !assay_slice_equal(c->value, c->events->compose_hash)) {
        assay_fault(c->out->fault, "MRCONFIGID has another compose hash than "
                                   "the event compose-hash");
    }
    assay_config_prove(c, c->value.ptr);
}

/* --- kind 2: Keccak-256 over three facts --- */

static bool
keccak_is(const struct assay_config_check *c,
          const struct assay_key_provider *p, size_t id_len)
{
    const uint8_t number = (uint8_t)p->number;
    const struct assay_slice parts[] = {
        c->events->compose_hash,
        c->events->app_id,
        {&number, 1},
        {p->id, id_len},
    };
    uint8_t digest[ASSAY_KECCAK256_BYTES];

    assay_keccak256(parts, sizeof(parts) / sizeof(parts[0]), digest);
    return assay_slice_equal(c->value, ASSAY_SLICE(digest));
}

static void
check_keccak(const struct assay_config_check *c)
{
    const struct assay_dstack_events *e = c->events;
    struct assay_key_provider p = {.number = -1};

    if (!e->has_compose_hash || !e->has_app_id || !e->has_key_provider) {
        assay_fault(c->out->fault,
                    "MRCONFIGID is of kind 2, and the log lacks the event %s",
                    !e->has_compose_hash ? "compose-hash"
                    : !e->has_app_id     ? "app-id"
                                         : "key-provider");
        return;
    }
    if (!assay_config_provider(c, &p)) {
        return;
    }
    /* An app that accepts any provider of its kind is measured without ID. */
    if (!keccak_is(c, &p, p.id_len) && !keccak_is(c, &p, 0)) {
        assay_fault(c->out->fault, "MRCONFIGID is not the Keccak-256 of the "
                                   "events compose-hash, app-id, key-provider");
    }
    assay_config_prove(c, e->compose_hash.ptr);
}

static enum assay_config_id_kind
kind_of(struct assay_slice id)
{
    static const uint8_t zero[15] = {0};

    if (id.len != CONFIG_ID_BYTES) {
        return ASSAY_CONFIG_ID_UNKNOWN;
    }
    if (assay_slice_is_zero(id)) {
        return ASSAY_CONFIG_ID_NONE;
    }
    if (id.ptr[0] < ASSAY_CONFIG_ID_COMPOSE ||
        id.ptr[0] > ASSAY_CONFIG_ID_DOCUMENT ||
        memcmp(id.ptr + 1 + ASSAY_SHA256_BYTES, zero, sizeof(zero)) != 0) {
        return ASSAY_CONFIG_ID_UNKNOWN;
    }
    return (enum assay_config_id_kind)id.ptr[0];
}

enum assay_code
assay_config_id_check(const struct assay_ctx *ctx, struct assay_slice config_id,
                      const struct assay_dstack_events *events,
                      struct assay_slice vm_config, struct assay_config_id *out,
                      struct assay_error *err)
{
    static const struct assay_dstack_events no_events;
    struct assay_config_check c = {ctx, ASSAY_EMPTY, events, out, err};

    memset(out, 0, sizeof(*out));
    if (err->code != ASSAY_OK) {
        return err->code;
    }
    if (events == NULL) {
        c.events = &no_events;
    }
    out->kind = kind_of(config_id);
    if (config_id.len == CONFIG_ID_BYTES) {
        c.value = (struct assay_slice){config_id.ptr + 1, ASSAY_SHA256_BYTES};
    }
    if (out->kind == ASSAY_CONFIG_ID_COMPOSE) {
        check_compose(&c);
    } else if (out->kind == ASSAY_CONFIG_ID_KECCAK && events != NULL) {
        check_keccak(&c);
    } else if (out->kind == ASSAY_CONFIG_ID_DOCUMENT) {
        assay_config_document(&c, vm_config);
    }
    if (err->code != ASSAY_OK) {
        memset(out, 0, sizeof(*out));
    }
    return err->code;
}
