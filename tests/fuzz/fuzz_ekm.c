/* Target functions: assay_ekm_read
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The field with an exporter value, in a request's head. A value that is
 * believed stands in the head's one such field.
 */
#include "atls/ekm.h"
#include "base/bytes.h"
#include "harness/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_slice secret =
        assay_slice_of("0123456789abcdef0123456789abcdef");
    struct assay_http1_head head;
    struct assay_error err;
    size_t scanned = 0;
    size_t used = 0;
    uint8_t value[ASSAY_EXPORTER_BYTES];
    enum assay_code code;

    assay_error_clear(&err);
    if (assay_http1_request((struct assay_slice){data, size}, &scanned, &head,
                            &used, &err) != ASSAY_OK ||
        used == 0) {
        return 0;
    }
    code = assay_ekm_read(fuzz_ctx(), secret, &head, value, &err);
    fuzz_check_error(&err, code, size);
    if (code == ASSAY_OK) {
        PROMISE(assay_http1_count(&head, ASSAY_EKM_FIELD) == 1);
        PROMISE(assay_slice_find(assay_http1_get(&head, ASSAY_EKM_FIELD),
                                 ":") == 2 * (size_t)ASSAY_EXPORTER_BYTES);
    } else {
        fuzz_check_zero(value, sizeof(value));
    }
    return 0;
}
