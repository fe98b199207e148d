/* Target functions: assay_dstack_read_quote and its two neighbours
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Answers of a guest agent. What is taken over is JSON of the promised type
 * within its limits; what is refused leaves nothing behind.
 */
#include "assay/quote.h"
#include "base/bytes.h"
#include "harness/fuzz.h"
#include "io/dstack_reply.h"

static void
check_document(const struct assay_buf *text, enum assay_json_type type)
{
    static const struct assay_json_limits limits = {
        ASSAY_DSTACK_REPLY_MAX_BYTES, ASSAY_DSTACK_REPLY_MAX_DEPTH,
        ASSAY_DSTACK_REPLY_MAX_NODES};
    struct assay_json *doc = NULL;
    struct assay_error err;

    assay_error_clear(&err);
    PROMISE(assay_json_parse(assay_buf_slice(text), &limits, "text", &doc,
                             &err) == ASSAY_OK);
    PROMISE(assay_json_type(doc, ASSAY_JSON_ROOT) == type);
    assay_json_free(doc);
}

static void
check_quote(struct assay_slice in)
{
    struct assay_dstack_quote q;
    struct assay_error err;
    enum assay_code code = assay_dstack_read_quote(in, &q, &err);

    fuzz_check_error(&err, code, in.len);
    if (code != ASSAY_OK) {
        PROMISE(q.quote.ptr == NULL && q.event_log.ptr == NULL &&
                q.vm_config.ptr == NULL);
        return;
    }
    PROMISE(q.quote.len > 0 && q.quote.len <= ASSAY_QUOTE_MAX_BYTES);
    check_document(&q.event_log, ASSAY_JSON_ARRAY);
    if (q.vm_config.len > 0) {
        check_document(&q.vm_config, ASSAY_JSON_OBJECT);
    }
    assay_dstack_quote_free(&q);
}

static void
check_tcb_info(struct assay_slice in)
{
    struct assay_buf text;
    struct assay_error err;
    enum assay_code code = assay_dstack_read_tcb_info(in, &text, &err);

    fuzz_check_error(&err, code, in.len);
    if (code == ASSAY_OK) {
        check_document(&text, ASSAY_JSON_OBJECT);
    }
    PROMISE((text.ptr != NULL) == (code == ASSAY_OK));
    assay_buf_free(&text);
}

static void
check_status(struct assay_slice in)
{
    struct assay_error err;

    PROMISE(assay_dstack_check_status(404, in, &err) == ASSAY_NOT_FOUND);
    PROMISE(assay_dstack_check_status(500, in, &err) != ASSAY_OK);
    fuzz_check_error(&err, assay_dstack_check_status(200, in, &err), in.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_slice in = {data, size};

    check_quote(in);
    check_tcb_info(in);
    check_status(in);
    return 0;
}
