/* Target functions: assay_eventlog_parse, _replay; the rules on its events
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Input: a log, perhaps followed by a zero octet and a vm_config. What replays
 * is bound: its registers are those of the digests that it gives, or that are
 * computed from its payloads; and what counts came from RTMR3.
 */
#include "harness/fuzz.h"

#include "eventlog/dstack.h"
#include "eventlog/replay.h"

static void
check_fault(const char fault[160])
{
    const char *end = memchr(fault, '\0', 160);

    PROMISE(end != NULL);
    for (const char *p = fault; p < end; p++) {
        PROMISE(*p >= ' ' && *p <= '~');
    }
}

static void
check_log(const struct assay_eventlog *l, size_t size)
{
    PROMISE(assay_eventlog_count(l) <= ASSAY_EVENTLOG_MAX_EVENTS);
    for (size_t i = 0; i < assay_eventlog_count(l); i++) {
        const struct assay_event *e = assay_eventlog_event(l, i);

        PROMISE(e->version == 1 || e->version == 2);
        PROMISE(e->digest.len <= 64);
        PROMISE(e->name.len + e->payload.len + e->digest.len +
                    e->preimage.len <=
                size);
        PROMISE(e->has_preimage || e->preimage.len == 0);
    }
}

/* The same registers, computed the long way. */
static void
check_registers(const struct assay_eventlog *l, const struct assay_replay *r)
{
    uint8_t rtmr[4][ASSAY_SHA384_BYTES] = {{0}};
    struct assay_error err;

    assay_error_clear(&err);
    for (size_t i = 0; i < assay_eventlog_count(l); i++) {
        const struct assay_event *e = assay_eventlog_event(l, i);
        bool runtime = e->imr == 3 && e->type == ASSAY_EVENT_RUNTIME;
        uint8_t both[2 * ASSAY_SHA384_BYTES];

        PROMISE(e->imr <= 3);
        PROMISE(e->digest.len == ASSAY_SHA384_BYTES ||
                (runtime && e->digest.len == 0));
        memcpy(both, rtmr[e->imr], ASSAY_SHA384_BYTES);
        assay_copy(both + ASSAY_SHA384_BYTES, e->digest);
        if (runtime) {
            uint8_t digest[ASSAY_SHA384_BYTES];

            PROMISE(assay_event_digest(fuzz_ctx(), e->version, e->name,
                                       e->payload, digest, &err) == ASSAY_OK);
            PROMISE(e->digest.len == 0 ||
                    memcmp(digest, e->digest.ptr, sizeof(digest)) == 0);
            memcpy(both + ASSAY_SHA384_BYTES, digest, sizeof(digest));
        }
        PROMISE(assay_digest(fuzz_ctx(), ASSAY_SHA384, &ASSAY_SLICE(both), 1,
                             rtmr[e->imr], &err) == ASSAY_OK);
    }
    PROMISE(memcmp(rtmr, r->rtmr, sizeof(rtmr)) == 0);
}

/* One event of RTMR3 has this name and payload. */
static void
check_there(const struct assay_eventlog *l, bool has, const char *name,
            struct assay_slice payload)
{
    size_t found = 0;

    for (size_t i = 0; i < assay_eventlog_count(l); i++) {
        const struct assay_event *e = assay_eventlog_event(l, i);

        if (assay_slice_is(e->name, name)) {
            PROMISE(e->imr == 3 && e->type == ASSAY_EVENT_RUNTIME);
            found += assay_slice_equal(e->payload, payload);
        }
    }
    PROMISE(has == (found > 0));
}

static void
check_events(const struct assay_eventlog *l,
             const struct assay_dstack_events *e)
{
    check_there(l, e->has_app_id, "app-id", e->app_id);
    check_there(l, e->has_compose_hash, "compose-hash", e->compose_hash);
    check_there(l, e->has_os_image_hash, "os-image-hash", e->os_image_hash);
    check_there(l, e->has_key_provider, "key-provider", e->key_provider);
    check_there(l, e->has_instance_id, "instance-id", e->instance_id);
    check_there(l, e->has_certificate, "New TLS Certificate", e->certificate);
    PROMISE(!e->has_app_id || e->app_id.len == 20);
    PROMISE(!e->has_compose_hash || e->compose_hash.len == 32);
    PROMISE(!e->has_os_image_hash || e->os_image_hash.len == 32);
    PROMISE(!e->has_instance_id || e->instance_id.len % 20 == 0);
}

static void
check_config(const struct assay_dstack_events *e, struct assay_slice vm_config)
{
    static const uint8_t hash[32] = {
        0x91, 0xba, 0xff, 0x5a, 0x70, 0x1d, 0xa1, 0xae, 0x7d, 0x78, 0x50,
        0xee, 0x99, 0xa6, 0x89, 0xa3, 0x62, 0x9f, 0xc0, 0xb8, 0x0d, 0xdb,
        0x04, 0x76, 0xe9, 0xca, 0x19, 0xb3, 0x3f, 0xdd, 0xdb, 0x9a};

    for (uint8_t kind = 0; kind <= 4; kind++) {
        uint8_t id[48] = {kind};
        struct assay_config_id c;
        struct assay_error err;
        enum assay_code code;

        memcpy(id + 1, hash, sizeof(hash));
        assay_error_clear(&err);
        code = assay_config_id_check(fuzz_ctx(), ASSAY_SLICE(id), e, vm_config,
                                     &c, &err);
        fuzz_check_error(&err, code, 0);
        PROMISE(code == ASSAY_OK);
        check_fault(c.fault);
        PROMISE(!c.proves_compose || c.fault[0] == '\0');
        if (c.proves_compose && e != NULL && e->has_compose_hash) {
            PROMISE(memcmp(c.compose_hash, e->compose_hash.ptr, 32) == 0);
        }
        if (!c.proves_compose) {
            fuzz_check_zero(c.compose_hash, sizeof(c.compose_hash));
        }
    }
}

static void
check_all(const struct assay_eventlog *l, struct assay_slice vm_config)
{
    struct assay_replay r;
    struct assay_dstack_events e;
    struct assay_error err;
    enum assay_code code;
    char fault[160];

    assay_error_clear(&err);
    code = assay_eventlog_replay(fuzz_ctx(), l, &r, &err);
    fuzz_check_error(&err, code, 0);
    PROMISE(code == ASSAY_OK);
    check_fault(r.fault);
    if (r.fault[0] == '\0') {
        check_registers(l, &r);
    } else {
        fuzz_check_zero(r.rtmr, sizeof(r.rtmr));
    }
    assay_dstack_events_read(l, &e, fault);
    check_fault(fault);
    if (fault[0] == '\0') {
        check_events(l, &e);
    } else {
        fuzz_check_zero(&e, sizeof(e));
    }
    check_config(fault[0] == '\0' ? &e : NULL, vm_config);
}

/* Written anew it is no longer, and the same. */
static void
check_written(const struct assay_eventlog *l, size_t text_len)
{
    struct assay_eventlog *again = NULL;
    struct assay_buf first;
    struct assay_buf second;
    struct assay_error err;

    assay_buf_init(&first, text_len);
    assay_buf_init(&second, text_len);
    PROMISE(assay_eventlog_to_json(l, &first, &err) == ASSAY_OK);
    PROMISE(assay_eventlog_parse(assay_buf_slice(&first), &again, &err) ==
            ASSAY_OK);
    PROMISE(assay_eventlog_count(again) == assay_eventlog_count(l));
    for (size_t i = 0; i < assay_eventlog_count(l); i++) {
        const struct assay_event *a = assay_eventlog_event(l, i);
        const struct assay_event *b = assay_eventlog_event(again, i);

        PROMISE(a->imr == b->imr && a->type == b->type &&
                a->version == b->version &&
                a->has_preimage == b->has_preimage &&
                assay_slice_equal(a->name, b->name) &&
                assay_slice_equal(a->payload, b->payload) &&
                assay_slice_equal(a->digest, b->digest) &&
                assay_slice_equal(a->preimage, b->preimage));
    }
    PROMISE(assay_eventlog_to_json(again, &second, &err) == ASSAY_OK);
    PROMISE(
        assay_slice_equal(assay_buf_slice(&first), assay_buf_slice(&second)));
    assay_eventlog_free(again);
    assay_buf_free(&first);
    assay_buf_free(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *zero = size > 0 ? memchr(data, '\0', size) : NULL;
    struct assay_slice in = {data, zero != NULL ? (size_t)(zero - data) : size};
    struct assay_slice vm_config = ASSAY_EMPTY;
    struct assay_eventlog *l = (struct assay_eventlog *)(uintptr_t)data;
    struct assay_error err;
    enum assay_code code = assay_eventlog_parse(in, &l, &err);

    fuzz_check_error(&err, code, size);
    PROMISE((l != NULL) == (code == ASSAY_OK));
    if (zero != NULL) {
        vm_config = (struct assay_slice){zero + 1, size - in.len - 1};
    }
    if (l != NULL) {
        check_log(l, in.len);
        check_all(l, vm_config);
        check_written(l, in.len);
    }
    assay_eventlog_free(l);
    return 0;
}
