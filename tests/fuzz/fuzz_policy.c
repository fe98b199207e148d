/* Target functions: assay_policy_parse and its other forms, assay_policy_accept
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each input is read in every form that a policy has. A policy either names
 * the workload, says that it is partial or that nothing of it is verified, and
 * accepts some status; what it does not check by TLS it names in full.
 */
#include "harness/fuzz.h"

#include "policy/policy.h"

static void
check_text(const char *text, size_t size)
{
    PROMISE(text == NULL || strlen(text) <= size);
}

static void
check_set(const struct assay_value_set *s, size_t size)
{
    PROMISE(s->count <= ASSAY_POLICY_LIST_MAX);
    PROMISE(s->count == 0 || (s->size == size && s->bytes != NULL));
    if (s->count > 0) {
        uint8_t sum = 0;

        for (size_t i = 0; i < s->count * s->size; i++) {
            sum ^= s->bytes[i]; /* a sanitizer sees what is not there */
        }
        __asm__ volatile("" : : "r"(sum));
    }
}

static void
check_session(const struct assay_policy *p)
{
    bool old = false;

    PROMISE(assay_policy_wire_count(p) >= 1);
    PROMISE(assay_policy_wire_count(p) <= ASSAY_WIRE_COUNT);
    for (size_t i = 0; i < assay_policy_wire_count(p); i++) {
        PROMISE(assay_policy_wire(p, i) < ASSAY_WIRE_COUNT);
        old = old || assay_policy_wire(p, i) != ASSAY_WIRE_V2;
    }
    PROMISE(!old || p->certificate_event == ASSAY_CERTIFICATE_REQUIRED);
    PROMISE(p->certificate_event <= ASSAY_CERTIFICATE_OFF);
    PROMISE(assay_policy_reattestation_interval(p) >= 0);
    PROMISE(!assay_policy_accepts_self_signed(p) ||
            !(p->partial || p->disable_runtime_verification));
}

/* Compact, and an object by the JSON reader. */
static void
check_compose(const struct assay_policy *p)
{
    static const struct assay_json_limits limits = {1u << 24, 16, 1u << 20};
    struct assay_json *j = NULL;
    struct assay_error err;

    if (p->app_compose != NULL) {
        assay_error_clear(&err);
        PROMISE(assay_json_parse(assay_slice_of(p->app_compose), &limits,
                                 "app_compose", &j, &err) == ASSAY_OK);
        PROMISE(assay_json_type(j, ASSAY_JSON_ROOT) == ASSAY_JSON_OBJECT);
        PROMISE(strpbrk(p->app_compose, "\n\r\t") == NULL);
        assay_json_free(j);
    }
}

/* Written anew it is read as the same policy: it is written the same again. */
static void
check_written(const struct assay_policy *p)
{
    struct assay_policy *again = NULL;
    struct assay_buf text[2];
    struct assay_error err;

    assay_buf_init(&text[0], FUZZ_OUT_MAX);
    assay_buf_init(&text[1], FUZZ_OUT_MAX);
    PROMISE(assay_policy_to_json(p, false, &text[0], &err) == ASSAY_OK);
    if (assay_policy_parse(assay_buf_slice(&text[0]), &again, &err) !=
        ASSAY_OK) {
        (void)fprintf(stderr, "%s in %.*s\n", err.msg, (int)text[0].len,
                      (const char *)text[0].ptr);
    }
    PROMISE(again != NULL);
    PROMISE(assay_policy_to_json(again, false, &text[1], &err) == ASSAY_OK);
    PROMISE(text[0].len == text[1].len &&
            memcmp(text[0].ptr, text[1].ptr, text[0].len) == 0);
    assay_policy_free(again);
    assay_buf_free(&text[0]);
    assay_buf_init(&text[0], FUZZ_OUT_MAX);
    fuzz_check_json(&text[0], assay_policy_to_json(p, true, &text[0], &err),
                    &err);
    assay_buf_free(&text[1]);
}

static void
check_policy(struct assay_policy *p, size_t size)
{
    const enum assay_tcb_status statuses[] = {ASSAY_TCB_OUT_OF_DATE,
                                              ASSAY_TCB_REVOKED};
    const enum assay_tcb_status none[] = {ASSAY_TCB_NONE};
    struct assay_error err;
    uint32_t allowed;

    PROMISE(p->tee == ASSAY_TEE_SGX || p->tee == ASSAY_TEE_TDX);
    PROMISE(p->partial || p->disable_runtime_verification ||
            assay_policy_names_workload(p));
    PROMISE(p->dstack || !p->disable_runtime_verification);
    PROMISE(!p->dstack || p->tee == ASSAY_TEE_TDX);
    PROMISE(p->allowed_status != 0 && (p->allowed_status & 1) == 0);
    for (size_t i = 0; i < assay_policy_pccs_count(p); i++) {
        PROMISE(assay_policy_pccs(p, i) != NULL);
        check_text(assay_policy_pccs(p, i), size);
    }
    PROMISE(assay_policy_pccs(p, assay_policy_pccs_count(p)) == NULL);
    check_text(assay_policy_trusted_root(p), size);
    check_text(assay_policy_ca_file(p), size);
    PROMISE(assay_policy_collateral_grace(p) >= 0);
    for (size_t i = 0; i < ASSAY_REG_COUNT; i++) {
        check_set(&p->td_register[i], 48);
    }
    check_set(&p->mrenclave, 32);
    check_set(&p->mrsigner, 32);
    check_set(&p->os_image_hash, 32);
    check_set(&p->compose_hash, 32);
    check_set(&p->legacy_mrseam, p->legacy_mrseam.size);
    check_set(&p->legacy_mrtmrs, p->legacy_mrtmrs.size);
    PROMISE(p->legacy_mrseam.size <= 48 && p->legacy_mrtmrs.size <= 48);
    check_session(p);
    check_compose(p);
    check_written(p);

    allowed = p->allowed_status;
    PROMISE(assay_policy_accept(p, none, 1, &err) == ASSAY_INVALID);
    PROMISE(assay_policy_accept(p, statuses, 0, &err) == ASSAY_INVALID);
    PROMISE(p->allowed_status == allowed);
    PROMISE(assay_policy_accept(p, statuses, 2, &err) == ASSAY_OK);
}

static enum assay_code
parse_ratls_toml(struct assay_slice in, struct assay_policy **out,
                 struct assay_error *err)
{
    return assay_policy_parse_ratls_toml(in, NULL, out, err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static enum assay_code (*const forms[])(struct assay_slice in,
                                            struct assay_policy **out,
                                            struct assay_error *err) = {
        assay_policy_parse,
        assay_policy_parse_toml,
        assay_policy_parse_ratls,
        parse_ratls_toml,
    };
    struct assay_slice in = {data, size};

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct assay_policy *p = (struct assay_policy *)(uintptr_t)data;
        struct assay_error err;
        enum assay_code code = forms[i](in, &p, &err);

        fuzz_check_error(&err, code, size);
        PROMISE((p != NULL) == (code == ASSAY_OK));
        if (p != NULL) {
            check_policy(p, size);
        }
        assay_policy_free(p);
    }
    return 0;
}
