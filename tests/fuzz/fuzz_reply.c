/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Target functions: assay_reply_reader_take, assay_reply_parse,
 * assay_client_evidence_parse
 *
 * What a server sends back for a request for evidence. However it is cut, the
 * same is read; nothing is kept beyond the limits; what was read can be written
 * again by our own server and read as the same.
 */
#include "assay/eventlog.h"
#include "assay/quote.h"
#include "base/bytes.h"
#include "harness/fuzz.h"
#include "harness/reply.h"

#define ROOM     (128u * 1024u)
#define TEXT_MAX (4u * 1024u * 1024u)

/* As server: the quote, and the texts where they are JSON. */
static void
check_written(const struct assay_reply_evidence *e)
{
    static const uint8_t report_data[64] = {1};
    struct assay_quote_reply reply = {
        .quote = assay_quote_view(e->quote)->raw,
        .vm_config = assay_buf_slice(&e->vm_config),
        .collateral = assay_buf_slice(&e->collateral),
    };
    struct assay_reply_evidence again;
    struct reply_read r;
    struct assay_buf b;
    struct assay_error err;

    assay_buf_init(&b, ASSAY_REPLY_BODY_MAX_BYTES);
    assay_error_clear(&err);
    if (assay_reply_write(&reply, report_data, &b, &err) != ASSAY_OK) {
        PROMISE(err.code == ASSAY_INVALID && b.len == 0);
        reply.vm_config = ASSAY_EMPTY;
        reply.collateral = ASSAY_EMPTY; /* it may be nested too deep */
        assay_error_clear(&err);
        PROMISE(assay_reply_write(&reply, report_data, &b, &err) == ASSAY_OK);
    }
    reply_read(&r, assay_buf_slice(&b), ROOM, 1000, 1000);
    PROMISE(r.done && r.rest.len == 0);
    PROMISE(assay_reply_parse(assay_buf_slice(&r.content), &again, &err) ==
            ASSAY_OK);
    PROMISE(assay_slice_equal(assay_quote_view(again.quote)->raw, reply.quote));
    PROMISE(
        assay_slice_equal(assay_buf_slice(&again.vm_config), reply.vm_config));
    PROMISE(assay_slice_equal(assay_buf_slice(&again.collateral),
                              reply.collateral));
    assay_reply_evidence_free(&again);
    reply_read_free(&r);
    assay_buf_free(&b);
}

/* The other direction: what a server reads of a client is written again, and
 * read again. */
static void
check_client_evidence(struct assay_slice json)
{
    static const uint8_t report_data[64] = {1};
    struct assay_reply_evidence e;
    struct assay_reply_evidence again;
    struct assay_error err;
    struct assay_buf b;

    assay_error_clear(&err);
    if (assay_client_evidence_parse(json, &e, &err) != ASSAY_OK) {
        PROMISE(e.quote == NULL && e.event_log == NULL);
        PROMISE(e.app_compose.ptr == NULL && e.vm_config.ptr == NULL);
        return;
    }
    PROMISE(e.collateral.ptr == NULL && !e.has_client_nonce);

    const struct assay_quote_reply reply = {.quote =
                                                assay_quote_view(e.quote)->raw};

    assay_buf_init(&b, ASSAY_REPLY_BODY_MAX_BYTES);
    PROMISE(assay_client_evidence_write(&reply, report_data, &b, &err) ==
            ASSAY_OK);
    PROMISE(assay_client_evidence_parse(assay_buf_slice(&b), &again, &err) ==
            ASSAY_OK);
    PROMISE(assay_slice_equal(assay_quote_view(again.quote)->raw, reply.quote));
    assay_reply_evidence_free(&again);
    assay_reply_evidence_free(&e);
    assay_buf_free(&b);
}

static void
check_body(struct assay_slice json)
{
    struct assay_reply_evidence e;
    struct assay_error err;
    enum assay_code code;

    check_client_evidence(json);
    assay_error_clear(&err);
    code = assay_reply_parse(json, &e, &err);
    fuzz_check_error(&err, code, SIZE_MAX - 1);
    if (code != ASSAY_OK) {
        PROMISE(e.quote == NULL && e.event_log == NULL);
        PROMISE(e.app_compose.ptr == NULL && e.vm_config.ptr == NULL);
        PROMISE(e.collateral.ptr == NULL);
        return;
    }
    PROMISE(e.quote != NULL);
    PROMISE(assay_quote_view(e.quote)->raw.len <= ASSAY_QUOTE_MAX_BYTES);
    PROMISE(e.event_log == NULL ||
            assay_eventlog_count(e.event_log) <= ASSAY_EVENTLOG_MAX_EVENTS);
    PROMISE(e.app_compose.len <= TEXT_MAX && e.vm_config.len <= TEXT_MAX);
    check_written(&e);
    assay_reply_evidence_free(&e);
}

static void
check_response(struct assay_slice in)
{
    static const size_t steps[] = {1, 7, 100};
    struct reply_read whole;

    reply_read(&whole, in, ROOM, in.len, 1);
    fuzz_check_error(&whole.err, whole.err.code, in.len);
    PROMISE(whole.err.code == ASSAY_OK || whole.err.code == ASSAY_REPLY ||
            whole.err.code == ASSAY_UNAVAILABLE);
    PROMISE(!whole.done || whole.err.code == ASSAY_OK);
    PROMISE(whole.content.len + whole.rest.len <= in.len);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct reply_read parts;

        reply_read(&parts, in, ROOM, 0, steps[i]);
        PROMISE(parts.done == whole.done);
        PROMISE(parts.err.code == whole.err.code);
        PROMISE(strcmp(parts.err.msg, whole.err.msg) == 0);
        if (whole.err.code == ASSAY_OK) {
            PROMISE(assay_slice_equal(assay_buf_slice(&parts.content),
                                      assay_buf_slice(&whole.content)));
            PROMISE(assay_slice_equal(assay_buf_slice(&parts.rest),
                                      assay_buf_slice(&whole.rest)));
        }
        reply_read_free(&parts);
    }
    if (whole.done) {
        check_body(assay_buf_slice(&whole.content));
    }
    reply_read_free(&whole);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_slice in = {data, size};

    if (size < ROOM) {
        check_response(in);
    }
    check_body(in);
    return 0;
}
