/* Target functions: assay_policy_parse, assay_policy_accept
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A policy either names the workload or says that it is partial, and accepts
 * some status.
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
check_policy(struct assay_policy *p, size_t size)
{
    const enum assay_tcb_status statuses[] = {ASSAY_TCB_OUT_OF_DATE,
                                              ASSAY_TCB_REVOKED};
    const enum assay_tcb_status none[] = {ASSAY_TCB_NONE};
    struct assay_error err;
    uint32_t allowed;

    PROMISE(p->tee == ASSAY_TEE_SGX || p->tee == ASSAY_TEE_TDX);
    PROMISE(p->partial || assay_policy_names_workload(p));
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

    allowed = p->allowed_status;
    PROMISE(assay_policy_accept(p, none, 1, &err) == ASSAY_INVALID);
    PROMISE(assay_policy_accept(p, statuses, 0, &err) == ASSAY_INVALID);
    PROMISE(p->allowed_status == allowed);
    PROMISE(assay_policy_accept(p, statuses, 2, &err) == ASSAY_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_slice in = {data, size};
    struct assay_policy *p = (struct assay_policy *)(uintptr_t)data;
    struct assay_error err;
    enum assay_code code = assay_policy_parse(in, &p, &err);

    fuzz_check_error(&err, code, size);
    PROMISE((p != NULL) == (code == ASSAY_OK));
    if (p != NULL) {
        check_policy(p, size);
    }
    assay_policy_free(p);
    return 0;
}
