/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * load.h - the things that commands are given, from file to object.
 *
 * Every message starts with the path. *out is NULL unless ASSAY_OK.
 */
#pragma once

#include "assay/evidence.h"
#include "io/load.h"
#include "options.h"

/* "-" is standard input. */
ASSAY_MUST_CHECK enum assay_code
load_quote(const char *path, struct assay_quote **out, struct assay_error *err);
/* A bundle of stored evidence; ctx must outlive it. */
ASSAY_MUST_CHECK enum assay_code load_evidence(const struct assay_ctx *ctx,
                                               const char *path,
                                               struct assay_evidence **out,
                                               struct assay_error *err);
/* A quote or a bundle, as the content tells: one of them is NULL. */
ASSAY_MUST_CHECK enum assay_code load_quote_or_evidence(
    const struct assay_ctx *ctx, const char *path, struct assay_quote **quote,
    struct assay_evidence **evidence, struct assay_error *err);
/* The root that is trusted in place of Intel's: that of --root, or else the
 * policy's (PEM text, or the path of a file). *out is NULL if neither names
 * one, or there is no policy: then it is Intel's. */
ASSAY_MUST_CHECK enum assay_code load_trusted_root(const struct assay_ctx *ctx,
                                                   const struct options *o,
                                                   const struct assay_policy *p,
                                                   struct assay_root **out,
                                                   struct assay_error *err);
/* The log alone, or a document that has it as `event_log`: what a guest agent
 * answers, or an attested server. */
ASSAY_MUST_CHECK enum assay_code load_event_log(const char *path,
                                                struct assay_eventlog **out,
                                                struct assay_error *err);
/* As it is. *out is initialised here and stays empty if path is NULL. */
ASSAY_MUST_CHECK enum assay_code load_text(const char *path, size_t max,
                                           struct assay_buf *out,
                                           struct assay_error *err);
