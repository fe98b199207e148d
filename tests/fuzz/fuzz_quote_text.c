/* Target functions: assay_quote_text_sniff assay_quote_text_decode */
/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A quote as a person hands it over. What is decoded from text is no longer
 * than the text, and bytes come through as they are.
 */
#include "base/bytes.h"
#include "harness/fuzz.h"
#include "io/quote_text.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_slice in = {data, size};
    enum assay_quote_form form = assay_quote_text_sniff(in);
    struct assay_buf out;
    struct assay_error err;
    enum assay_code code;

    assay_error_clear(&err);
    code = assay_quote_text_decode(in, &out, &err);
    fuzz_check_error(&err, code, size);
    PROMISE(code == ASSAY_OK || out.len == 0);
    if (code == ASSAY_OK) {
        PROMISE(out.len > 0 && out.len <= size);
        PROMISE(form != ASSAY_QUOTE_RAW ||
                assay_slice_equal(assay_buf_slice(&out), in));
        PROMISE(form != ASSAY_QUOTE_HEX || 2 * out.len <= size);
    }
    assay_buf_free(&out);
    return 0;
}
