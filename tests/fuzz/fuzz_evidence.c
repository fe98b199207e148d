/* Target functions: assay_evidence_sniff assay_evidence_decode */
/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A quote as a person hands it over. What is decoded from text is no longer
 * than the text, and bytes come through as they are.
 */
#include "base/bytes.h"
#include "harness/fuzz.h"
#include "io/evidence.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_slice in = {data, size};
    enum assay_evidence_form form = assay_evidence_sniff(in);
    struct assay_buf out;
    struct assay_error err;
    enum assay_code code;

    assay_error_clear(&err);
    code = assay_evidence_decode(in, &out, &err);
    fuzz_check_error(&err, code, size);
    PROMISE(code == ASSAY_OK || out.len == 0);
    if (code == ASSAY_OK) {
        PROMISE(out.len > 0 && out.len <= size);
        PROMISE(form != ASSAY_EVIDENCE_RAW ||
                assay_slice_equal(assay_buf_slice(&out), in));
        PROMISE(form != ASSAY_EVIDENCE_HEX || 2 * out.len <= size);
    }
    assay_buf_free(&out);
    return 0;
}
