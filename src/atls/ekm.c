/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * ekm.c - see ekm.h.
 */
#include "atls/ekm.h"

#include "base/text.h"
#include "crypto/crypto.h"

#define VALUE_HEX_BYTES (2u * ASSAY_EXPORTER_BYTES)
#define FIELD_BYTES     (VALUE_HEX_BYTES + 1u + 2u * ASSAY_SHA256_BYTES)

/* What stands in the field; nothing of it is believed yet. */
static enum assay_code
parse(const struct assay_http1_head *head, uint8_t value[ASSAY_EXPORTER_BYTES],
      uint8_t hmac[ASSAY_SHA256_BYTES], struct assay_error *err)
{
    struct assay_slice text = assay_http1_get(head, ASSAY_EKM_FIELD);
    size_t count = assay_http1_count(head, ASSAY_EKM_FIELD);

    if (count != 1) {
        return assay_fail(err, ASSAY_MALFORMED, ASSAY_NO_OFFSET,
                          "%zu fields " ASSAY_EKM_FIELD " instead of one",
                          count);
    }
    if (text.len != FIELD_BYTES || text.ptr[VALUE_HEX_BYTES] != ':' ||
        assay_hex_decode((struct assay_slice){text.ptr, VALUE_HEX_BYTES}, value,
                         ASSAY_EXPORTER_BYTES, "value", err) != ASSAY_OK ||
        assay_hex_decode((struct assay_slice){text.ptr + VALUE_HEX_BYTES + 1,
                                              2 * (size_t)ASSAY_SHA256_BYTES},
                         hmac, ASSAY_SHA256_BYTES, "HMAC", err) != ASSAY_OK) {
        assay_error_clear(err);
        return assay_fail(err, ASSAY_MALFORMED, ASSAY_NO_OFFSET,
                          ASSAY_EKM_FIELD ": must be 64 hex digits, a colon "
                                          "and 64 hex digits");
    }
    return ASSAY_OK;
}

enum assay_code
assay_ekm_read(const struct assay_ctx *ctx, struct assay_slice secret,
               const struct assay_http1_head *head,
               uint8_t out[ASSAY_EXPORTER_BYTES], struct assay_error *err)
{
    uint8_t value[ASSAY_EXPORTER_BYTES];
    uint8_t said[ASSAY_SHA256_BYTES];
    uint8_t right[ASSAY_SHA256_BYTES];

    memset(out, 0, ASSAY_EXPORTER_BYTES);
    assay_error_clear(err);
    if (parse(head, value, said, err) != ASSAY_OK ||
        assay_hmac_sha256(ctx, secret, ASSAY_SLICE(value), right, err) !=
            ASSAY_OK) {
        return err->code;
    }
    if (assay_secret_equal(said, right, sizeof(right))) {
        memcpy(out, value, sizeof(value));
    } else {
        assay_fail(err, ASSAY_NOT_TRUSTED, ASSAY_NO_OFFSET,
                   ASSAY_EKM_FIELD ": the HMAC is wrong; do both sides have "
                                   "the same secret?");
    }
    assay_wipe(right, sizeof(right));
    return err->code;
}
