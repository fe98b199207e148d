/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * ekm.h - an exporter value that another process vouches for: whoever ends TLS
 * in front of us (nginx with a module that exports it) sends it in a field of
 * each request, with an HMAC under a secret that the two share.
 */
#pragma once

#include "assay/session.h"
#include "http1/http1.h"

/* <exporter value, 64 hex digits>:<its HMAC-SHA-256, 64 hex digits> */
#define ASSAY_EKM_FIELD "X-TLS-EKM-Channel-Binding"

/* The key is the bytes of the secret's text as they stand. */
#define ASSAY_EKM_SECRET_MIN_BYTES 32u
#define ASSAY_EKM_SECRET_MAX_BYTES 4096u

/* The exporter value of the one such field. ASSAY_MALFORMED: there is none, or
 * more than one, or it is not of this form. ASSAY_NOT_TRUSTED: the HMAC is of
 * another value or under another secret. ASSAY_CRYPTO. Unless ASSAY_OK, out is
 * all zero. */
ASSAY_MUST_CHECK enum assay_code
assay_ekm_read(const struct assay_ctx *ctx, struct assay_slice secret,
               const struct assay_http1_head *head,
               uint8_t out[ASSAY_EXPORTER_BYTES], struct assay_error *err);
