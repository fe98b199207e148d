/* Target functions: assay_verify with an event log, assay_eventlog_parse
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A fixed, minted dstack app; the input is what its server says of it: the
 * event log, and the app-compose or the vm_config. A verdict is trusted only
 * if the log says what was measured.
 *
 * Input: byte 0 has flags (below), bytes 1 and 2 (little-endian) the length of
 * the log, the rest after it is the app-compose or the vm_config. With PATCH
 * the log is a list of {offset (2, little-endian), XOR} on the good one.
 */
#include "harness/fuzz.h"

#include "harness/eventlog.h"
#include "harness/world.h"
#include "policy/policy.h"

#define PATCH     0x80u
#define KIND_3    0x40u /* MRCONFIGID, else kind 1 */
#define VM_CONFIG 0x20u /* what the rest is */
#define BOUND     0x10u /* a session whose certificate was announced */
#define DISABLED  0x08u
#define NO_LOG    0x04u
#define PLAIN_TDX 0x02u
#define OBJECT    0x01u /* the policy has an app_compose */

static struct {
    struct log_made log;
    struct assay_eventlog *parsed;
    struct {
        struct evidence e;
        struct assay_quote *quote;
    } kind[2]; /* of MRCONFIGID: 1 and 3 */
    struct assay_verifier *verifier;
} good;

static void
make_kind(size_t i, const char *config_id)
{
    struct mint_options o = evidence_options(EVIDENCE_TDX_V4);
    struct assay_error err;

    o.quote.td.mr_config_id = config_id;
    for (size_t r = 0; r < 4; r++) {
        o.quote.td.rtmr[r] = good.log.rtmr_hex[r];
    }
    evidence_make(&good.kind[i].e, fuzz_ctx(), &o);
    PROMISE(assay_quote_parse(assay_buf_slice(&good.kind[i].e.quote),
                              &good.kind[i].quote, &err) == ASSAY_OK);
}

static void
make_good(void)
{
    struct assay_error err;

    log_make(fuzz_ctx(), log_small_app, &good.log);
    PROMISE(assay_eventlog_parse(assay_buf_slice(&good.log.json), &good.parsed,
                                 &err) == ASSAY_OK);
    make_kind(0, "01" LOG_SMALL_HASH "000000000000000000000000000000");
    make_kind(1, "03" LOG_SMALL_HASH "000000000000000000000000000000");
    PROMISE(assay_verifier_new(fuzz_ctx(), 2, &good.verifier, &err) ==
            ASSAY_OK);
}

/* Set directly: the reader of policies has a target of its own. */
static struct assay_policy *
make_policy(unsigned flags)
{
    struct assay_policy *p = NULL;
    struct assay_error err;

    PROMISE(assay_policy_default(ASSAY_TEE_TDX, &p, &err) == ASSAY_OK);
    p->dstack = (flags & PLAIN_TDX) == 0;
    p->disable_runtime_verification = (flags & DISABLED) != 0;
    if ((flags & OBJECT) != 0) {
        p->app_compose = strdup("{\"name\":\"x\"}");
        PROMISE(p->app_compose != NULL);
    } else if (p->dstack) {
        p->compose_hash.size = 32;
        p->compose_hash.count = 1;
        p->compose_hash.bytes = malloc(32);
        PROMISE(p->compose_hash.bytes != NULL);
        memset(p->compose_hash.bytes, 0xc0, 32);
    }
    return p;
}

/* The log says of every register what was measured into it, in that order. */
static void
check_log(const struct assay_eventlog *l)
{
    PROMISE(l != NULL);
    for (uint32_t imr = 0; imr < 4; imr++) {
        size_t at = 0;

        for (size_t i = 0; i < assay_eventlog_count(l); i++) {
            const struct assay_event *e = assay_eventlog_event(l, i);
            const struct assay_event *g;

            PROMISE(e->imr < 4);
            if (e->imr != imr) {
                continue;
            }
            do {
                PROMISE(at < assay_eventlog_count(good.parsed));
                g = assay_eventlog_event(good.parsed, at++);
            } while (g->imr != imr);
            if (imr < 3) {
                PROMISE(assay_slice_equal(e->digest, g->digest));
            } else if (e->type == ASSAY_EVENT_RUNTIME) {
                PROMISE(assay_slice_equal(e->name, g->name));
                PROMISE(assay_slice_equal(e->payload, g->payload));
            }
        }
        for (; at < assay_eventlog_count(good.parsed); at++) {
            PROMISE(assay_eventlog_event(good.parsed, at)->imr != imr);
        }
    }
}

static void
check_line(const char *text)
{
    for (; *text != '\0'; text++) {
        PROMISE(*text >= ' ' && *text <= '~');
    }
}

static void
check_verdict(const struct assay_verdict *v, const struct assay_eventlog *l,
              unsigned flags)
{
    const struct assay_verdict_workload *w = assay_verdict_workload(v);
    bool trusted = true;

    for (size_t i = 0; i < assay_verdict_check_count(v); i++) {
        struct assay_check c = assay_verdict_check(v, i);

        trusted = trusted && c.outcome != ASSAY_FAILED &&
                  (!c.required || c.outcome == ASSAY_PASSED);
        check_line(c.detail);
    }
    check_line(assay_verdict_summary(v));
    PROMISE(trusted == assay_verdict_trusted(v));
    if (trusted && ((flags & PLAIN_TDX) == 0 || l != NULL)) {
        check_log(l);
    }
    if (w->compose_hash.ptr != NULL) {
        for (size_t i = 0; i < w->compose_hash.len; i++) {
            PROMISE(w->compose_hash.ptr[i] == 0xc0);
        }
    }
    PROMISE((w->compose_hash.ptr == NULL) == (w->compose_proven_by == NULL));
    PROMISE(w->os_image_hash.ptr == NULL);
}

static void
verify(unsigned flags, const struct assay_eventlog *l, struct assay_slice rest)
{
    size_t kind = (flags & KIND_3) != 0 ? 1 : 0;
    struct assay_policy *policy = make_policy(flags);
    struct assay_binding binding = {.wire = ASSAY_WIRE_V2};
    struct assay_verdict *v = NULL;
    struct assay_buf out;
    struct assay_error err;
    enum assay_code code;

    const struct assay_verify_input in = {
        .quote = good.kind[kind].quote,
        .collateral = good.kind[kind].e.collateral,
        .root = good.kind[kind].e.root,
        .policy = policy,
        .now_s = MINT_NOW_S,
        .event_log = l,
        .app_compose = (flags & VM_CONFIG) != 0 ? ASSAY_EMPTY : rest,
        .vm_config = (flags & VM_CONFIG) != 0 ? rest : ASSAY_EMPTY,
        .binding = (flags & BOUND) != 0 ? &binding : NULL,
    };

    assay_copy(binding.report_data, assay_quote_view(in.quote)->report_data);
    memset(binding.certificate_sha256, 0xcc, 32);
    code = assay_verify(good.verifier, &in, &v, &err);
    fuzz_check_error(&err, code, 0);
    PROMISE(code == ASSAY_OK);
    check_verdict(v, l, flags);
    assay_buf_init(&out, FUZZ_OUT_MAX);
    code = assay_verdict_to_json(v, in.quote, in.collateral, &out, &err);
    fuzz_check_json(&out, code, &err);
    assay_verdict_free(v);
    assay_policy_free(policy);
}

static void
patch(struct assay_buf *out, struct assay_slice in)
{
    assay_buf_add(out, assay_buf_slice(&good.log.json));
    for (size_t i = 0; i + 3 <= in.len; i += 3) {
        out->ptr[(size_t)(in.ptr[i] | in.ptr[i + 1] << 8) % out->len] ^=
            in.ptr[i + 2];
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_eventlog *l = NULL;
    struct assay_buf text;
    struct assay_error err;
    size_t n;

    if (good.verifier == NULL) {
        make_good();
    }
    if (size < 3) {
        return 0;
    }
    n = (size_t)(data[1] | data[2] << 8);
    n = n < size - 3 ? n : size - 3;

    const struct assay_slice log = {data + 3, n};
    const struct assay_slice rest = {data + 3 + n, size - 3 - n};

    assay_buf_init(&text, 1u << 20);
    if ((data[0] & PATCH) != 0) {
        patch(&text, log);
    } else {
        assay_buf_add(&text, log);
    }
    if ((data[0] & NO_LOG) != 0) {
        verify(data[0], NULL, rest);
    } else if (assay_eventlog_parse(assay_buf_slice(&text), &l, &err) ==
               ASSAY_OK) {
        verify(data[0], l, rest);
    }
    assay_eventlog_free(l);
    assay_buf_free(&text);
    return 0;
}
