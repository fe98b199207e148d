/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * compose_compare.c - is the app-compose that was measured the expected one?
 */
#include "base/json_canon.h"
#include "base/text.h"
#include "eventlog/compose_parts.h"
#include "eventlog/fault.h"

struct compare {
    const struct assay_ctx *ctx;
    const uint8_t *measured;
    struct assay_compose_match *out;
    struct assay_error *err;
    struct assay_compose_at expected;
};

static bool
is_measured(const struct compare *c, const uint8_t digest[ASSAY_SHA256_BYTES])
{
    return memcmp(c->measured, digest, ASSAY_SHA256_BYTES) == 0;
}

static void
matched(const struct compare *c, const char *form)
{
    c->out->matched = true;
    c->out->form = form;
}

/* --- without an offered text --- */

/* The beginnings of two digests, which is what people compare. */
static void
fault_digests(const struct compare *c, const char *what,
              const uint8_t digest[ASSAY_SHA256_BYTES])
{
    char have[17];
    char want[17];

    assay_hex_to(have, (struct assay_slice){digest, 8});
    assay_hex_to(want, (struct assay_slice){c->measured, 8});
    assay_fault(c->out->fault, "%s %s..., and %s... was measured", what, have,
                want);
}

static enum assay_code
compare_hashes(const struct compare *c, struct assay_slice text)
{
    static const struct {
        enum assay_compose_form form;
        const char *name;
    } forms[] = {
        {ASSAY_COMPOSE_INSERTION, "insertion order"},
        {ASSAY_COMPOSE_SORTED, "sorted"},
    };
    uint8_t digest[ASSAY_SHA256_BYTES];

    if (assay_sha256(c->ctx, text, digest, c->err) != ASSAY_OK) {
        return c->err->code;
    }
    if (is_measured(c, digest)) {
        matched(c, "text as given");
        return ASSAY_OK;
    }
    if (assay_compose_has_hashes(c->expected.doc)) {
        assay_fault(c->out->fault,
                    "app_compose has {\"sha256\": ...} for a text, and no "
                    "app-compose was offered: give the text, or compose_hash");
        return ASSAY_OK;
    }
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (assay_compose_hash_form(c->ctx, c->expected.doc, forms[i].form,
                                    digest, c->err) != ASSAY_OK) {
            return c->err->code;
        }
        if (is_measured(c, digest)) {
            matched(c, forms[i].name);
            return ASSAY_OK;
        }
    }
    fault_digests(c, "app_compose: its SHA-256 (sorted) is", digest);
    return ASSAY_OK;
}

/* --- with one --- */

/* One member; want says where the value comes from. */
static enum assay_code
compare_member(const struct compare *c, struct assay_compose_at offered,
               struct assay_slice name, struct assay_compose_at value,
               const char *want)
{
    struct assay_compose_at have = assay_compose_member(offered, name);
    struct assay_compose_diff d = {
        .equal = assay_json_type(value.doc, value.node) == ASSAY_JSON_NULL,
        .expected = value,
        .offered = have,
    };

    if (have.node != ASSAY_JSON_NONE &&
        assay_compose_diff(c->ctx, value, have, &d, c->err) != ASSAY_OK) {
        return c->err->code;
    }
    if (!d.equal) {
        assay_compose_describe(&d, name, want, c->out->fault);
    }
    return ASSAY_OK;
}

/* The members of `from`: all, or those that the policy leaves out. */
static enum assay_code
compare_all(const struct compare *c, struct assay_compose_at offered,
            struct assay_compose_at from, bool left_out_only, const char *want)
{
    for (uint32_t n = assay_json_first(from.doc, from.node);
         n != ASSAY_JSON_NONE && c->out->fault[0] == '\0';
         n = assay_json_next(from.doc, n)) {
        struct assay_slice name = assay_json_string(from.doc, n);
        const struct assay_compose_at value = {from.doc,
                                               assay_json_value(from.doc, n)};

        if (left_out_only &&
            assay_compose_member(c->expected, name).node != ASSAY_JSON_NONE) {
            continue;
        }
        if (compare_member(c, offered, name, value, want) != ASSAY_OK) {
            return c->err->code;
        }
    }
    return ASSAY_OK;
}

static void
refuse_others(const struct compare *c, struct assay_compose_at offered,
              struct assay_compose_at defaults)
{
    for (uint32_t n = assay_json_first(offered.doc, offered.node);
         n != ASSAY_JSON_NONE; n = assay_json_next(offered.doc, n)) {
        struct assay_slice name = assay_json_string(offered.doc, n);

        if (assay_compose_member(c->expected, name).node == ASSAY_JSON_NONE &&
            assay_compose_member(defaults, name).node == ASSAY_JSON_NONE) {
            assay_fault(c->out->fault,
                        "app_compose.%.*s: offered, but neither the policy nor "
                        "the default has this member",
                        ASSAY_FAULT_TEXT(name, 40u));
            return;
        }
    }
}

static enum assay_code
compare_members(const struct compare *c, struct assay_compose_at offered)
{
    struct assay_json *doc = NULL;
    struct assay_compose_at defaults;
    enum assay_code code = assay_compose_parse(
        assay_compose_default(), "default app_compose", &doc, c->err);

    defaults = (struct assay_compose_at){doc, ASSAY_JSON_ROOT};
    if (code == ASSAY_OK) {
        code = compare_all(c, offered, c->expected, false, "expected");
    }
    if (code == ASSAY_OK) {
        code = compare_all(c, offered, defaults, true, "default");
    }
    if (code == ASSAY_OK) {
        refuse_others(c, offered, defaults);
    }
    assay_json_free(doc);
    return code;
}

/* What is wrong with the server's text is a fault, save for want of memory. */
static enum assay_code
compare_offered(const struct compare *c, struct assay_slice text)
{
    struct assay_json *doc = NULL;
    struct assay_error sub;
    uint8_t digest[ASSAY_SHA256_BYTES];
    enum assay_code code = assay_sha256(c->ctx, text, digest, c->err);

    if (code != ASSAY_OK) {
        return code;
    }
    if (!is_measured(c, digest)) {
        fault_digests(c, "the offered app-compose has the SHA-256", digest);
        return ASSAY_OK;
    }
    assay_error_clear(&sub);
    if (assay_compose_parse(text, "offered app-compose", &doc, &sub) !=
        ASSAY_OK) {
        if (sub.code == ASSAY_NO_MEMORY) {
            return assay_fail(c->err, sub.code, sub.offset, "%s", sub.msg);
        }
        assay_fault(c->out->fault, "%s", sub.msg);
        return ASSAY_OK;
    }
    code = compare_members(c, (struct assay_compose_at){doc, ASSAY_JSON_ROOT});
    if (code == ASSAY_OK && c->out->fault[0] == '\0') {
        matched(c, "offered text");
    }
    assay_json_free(doc);
    return code;
}

/* Lists of hashes hold hashes, or nothing would ever match them. */
static void
check_hashes(const struct assay_json *doc, struct assay_error *err)
{
    for (uint32_t n = ASSAY_JSON_ROOT + 1;
         assay_json_offset(doc, n) != ASSAY_NO_OFFSET; n++) {
        uint32_t list;

        if (!assay_compose_is_hashes((struct assay_compose_at){doc, n})) {
            continue;
        }
        list = assay_json_member(doc, n, "sha256");
        for (uint32_t h = assay_json_first(doc, list); h != ASSAY_JSON_NONE;
             h = assay_json_next(doc, h)) {
            uint8_t hash[ASSAY_SHA256_BYTES];
            struct assay_error sub;

            assay_error_clear(&sub);
            if (assay_hex_decode(assay_json_string(doc, h), hash, sizeof(hash),
                                 "sha256", &sub) != ASSAY_OK) {
                assay_fail(err, ASSAY_INVALID, assay_json_offset(doc, h),
                           "app_compose: %s", sub.msg);
            }
        }
    }
}

/* An empty list matches nothing, which nobody can have meant. */
static void
check_filled(const struct assay_json *doc, struct assay_error *err)
{
    for (uint32_t n = ASSAY_JSON_ROOT + 1;
         assay_json_offset(doc, n) != ASSAY_NO_OFFSET; n++) {
        if (assay_compose_is_hashes((struct assay_compose_at){doc, n}) &&
            assay_json_count(doc, assay_json_member(doc, n, "sha256")) == 0) {
            assay_fail(err, ASSAY_INVALID, assay_json_offset(doc, n),
                       "app_compose: sha256: a list of no hash");
        }
    }
}

enum assay_code
assay_compose_check(struct assay_slice expected, struct assay_error *err)
{
    struct assay_json *doc = NULL;
    struct assay_buf text;

    assay_error_clear(err);
    if (assay_compose_parse(expected, "app_compose", &doc, err) != ASSAY_OK) {
        return err->code;
    }
    check_hashes(doc, err);
    check_filled(doc, err);
    assay_buf_init(&text, ASSAY_COMPOSE_CANON_MAX_BYTES);
    if (err->code == ASSAY_OK) {
        (void)!assay_json_canon(doc, ASSAY_JSON_ROOT, ASSAY_JSON_AS_IT_STANDS,
                                "app_compose", &text, err);
    }
    assay_buf_free(&text);
    assay_json_free(doc);
    return err->code;
}

enum assay_code
assay_compose_compare(const struct assay_ctx *ctx, struct assay_slice expected,
                      struct assay_slice offered,
                      const uint8_t measured[ASSAY_SHA256_BYTES],
                      struct assay_compose_match *out, struct assay_error *err)
{
    struct compare c = {
        .ctx = ctx, .measured = measured, .out = out, .err = err};
    struct assay_json *doc = NULL;
    enum assay_code code;

    memset(out, 0, sizeof(*out));
    if (err->code != ASSAY_OK) {
        return err->code;
    }
    code = assay_compose_parse(expected, "app_compose", &doc, err);
    if (code == ASSAY_OK) {
        check_hashes(doc, err);
        code = err->code;
    }
    c.expected = (struct assay_compose_at){doc, ASSAY_JSON_ROOT};
    if (code == ASSAY_OK) {
        code = offered.len > 0 ? compare_offered(&c, offered)
                               : compare_hashes(&c, expected);
    }
    assay_json_free(doc);
    if (code != ASSAY_OK) {
        memset(out, 0, sizeof(*out));
    }
    return code;
}
