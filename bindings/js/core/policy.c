/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * policy.c - what a client requires, and the default app-compose.
 */
#include "policy/policy.h"
#include "assay/compose.h"
#include "state.h"

static void
destroy(void *object)
{
    struct js_policy *p = object;

    assay_policy_free(p->policy);
    assay_buf_free(&p->json);
    assay_buf_free(&p->compose);
}

const struct js_kind js_policy_kind = {"policy", sizeof(struct js_policy),
                                       destroy};

/* Keeps what was given, for evidence bundles. */
static bool
keep(struct assay_buf *to, struct assay_slice text, size_t max)
{
    struct assay_error err = {.code = ASSAY_OK};

    assay_buf_init(to, max);
    assay_buf_add(to, text);
    return assay_buf_check(to, "policy", &err) == ASSAY_OK ||
           js_failed(&err) == ASSAY_OK;
}

/* The caller reads the file: its path is the result. */
static bool
take_compose(struct js_policy *p, struct assay_slice content)
{
    const char *path = assay_policy_compose_file(p->policy);
    struct assay_json_out out;
    struct assay_error err;

    assay_json_out_init(&out, js_text(), true);
    assay_json_out_open(&out, NULL, '{');
    assay_json_out_text(&out, "compose_file", path);
    assay_json_out_close(&out, '}');
    if (js_text_done("policy") != ASSAY_OK) {
        return false;
    }
    if (path != NULL && content.len == 0) {
        (void)js_refuse(ASSAY_MISSING,
                        "policy: compose_file: its content was not given");
        return false;
    }
    if (content.len == 0) {
        return true;
    }
    if (assay_policy_set_compose_file(js_instance.ctx, p->policy, content,
                                      &err) != ASSAY_OK) {
        (void)js_failed(&err);
        return false;
    }
    return keep(&p->compose, content, ASSAY_COMPOSE_MAX_BYTES);
}

struct js_policy *
js_policy_new(const uint8_t *json, uint32_t len, const uint8_t *compose,
              uint32_t compose_len)
{
    struct js_policy *p = NULL;
    struct assay_slice content;
    struct assay_slice text;
    struct assay_error err;

    if (!js_ready() || !js_octets(json, len, &text) ||
        !js_octets(compose, compose_len, &content)) {
        return NULL;
    }
    js_show(ASSAY_EMPTY);
    p = js_object_new(&js_policy_kind);
    if (p == NULL) {
        return NULL;
    }
    if (assay_policy_parse(text, &p->policy, &err) != ASSAY_OK) {
        (void)js_failed(&err);
    } else if (take_compose(p, content) &&
               keep(&p->json, text, ASSAY_POLICY_MAX_BYTES)) {
        return p;
    }
    js_object_drop(p);
    return NULL;
}

void
js_policy_free(struct js_policy *p)
{
    js_object_give_back(p, &js_policy_kind);
}

/* --- facts ---------------------------------------------------------------- */

static void
put_lists(struct assay_json_out *out, const struct assay_policy *p)
{
    assay_json_out_open(out, "sources", '[');
    for (size_t i = 0; i < assay_policy_pccs_count(p); i++) {
        assay_json_out_text(out, NULL, assay_policy_pccs(p, i));
    }
    assay_json_out_close(out, ']');
    assay_json_out_open(out, "wires", '[');
    for (size_t i = 0; i < assay_policy_wire_count(p); i++) {
        assay_json_out_text(out, NULL,
                            assay_wire_name(assay_policy_wire(p, i)));
    }
    assay_json_out_close(out, ']');
}

static const char *
left_open(const struct assay_policy *p)
{
    return !p->partial                      ? NULL
           : assay_policy_names_workload(p) ? "parts of the workload"
                                            : "the workload";
}

static void
put_facts(const struct assay_policy *p, const struct assay_buf *document)
{
    struct assay_json_out out;

    assay_json_out_init(&out, js_text(), true);
    assay_json_out_open(&out, NULL, '{');
    assay_json_out_document(&out, "policy", assay_buf_slice(document));
    put_lists(&out, p);
    assay_json_out_bool(&out, "cache_collateral",
                        assay_policy_cache_collateral(p));
    assay_json_out_bool(&out, "accepts_self_signed",
                        assay_policy_accepts_self_signed(p));
    assay_json_out_text(&out, "trusted_root", assay_policy_trusted_root(p));
    assay_json_out_text(&out, "ca_file", assay_policy_ca_file(p));
    assay_json_out_text(&out, "partial", left_open(p));
    assay_json_out_close(&out, '}');
}

int32_t
js_policy_facts(const struct js_policy *p)
{
    struct assay_buf document;
    struct assay_error err;
    int32_t code;

    js_clear();
    if (!js_is(p, &js_policy_kind)) {
        return js_error_code();
    }
    assay_buf_init(&document, JS_TEXT_MAX_BYTES);
    if (assay_policy_to_json(p->policy, true, &document, &err) == ASSAY_OK) {
        put_facts(p->policy, &document);
        code = js_text_done("policy");
    } else {
        code = js_failed(&err);
    }
    assay_buf_free(&document);
    return code;
}

/* --- app-compose ---------------------------------------------------------- */

int32_t
js_compose_default(void)
{
    js_clear();
    js_show(assay_compose_default());
    return ASSAY_OK;
}
