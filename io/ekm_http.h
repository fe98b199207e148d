/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * ekm_http.h - requests for quotes that come through whoever ends TLS in front
 * of us, and says in a field what session it is (atls/ekm.h): what they ask,
 * and what they are answered.
 */
#pragma once

#include "assay/session.h"
#include "io/http_server.h"

/* Of the secret's text. */
#define ASSAY_EKM_SECRET_LEAST 32u
#define ASSAY_EKM_SECRET_MOST  4096u

/* POST /tdx_quote with the field and {"nonce_hex"}: true, and the quote is to
 * report report_data. Else *why says how to refuse it: 404 (another path), 405,
 * 400 (no such field, more than one, or not of its form), 403 (an HMAC that is
 * wrong), 422 (the body), 500, 503. *err holds the text of *why. No other field
 * of the request is looked at. */
bool assay_ekm_asks(const struct assay_ctx *ctx, struct assay_slice secret,
                    const struct assay_http_request *request,
                    uint8_t report_data[64], struct assay_refusal *why,
                    struct assay_error *err);

/* Fill in an answer that is fresh. As for assay_server_give_quote(). */
ASSAY_MUST_CHECK enum assay_code
assay_ekm_give(struct assay_http_answer *a,
               const struct assay_quote_reply *reply,
               const uint8_t report_data[64], struct assay_error *err);
void assay_ekm_refuse(struct assay_http_answer *a,
                      const struct assay_refusal *why);
