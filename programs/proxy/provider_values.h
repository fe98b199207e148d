/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * provider_values.h - what a provider is told, in Codex's file as in ours: is
 * it of the right form? ASSAY_INVALID and others; messages do not name the
 * member.
 */
#pragma once

#include "provider.h"

/* A segment of paths that is nothing of ours: letters, digits, - . _, not "v1",
 * "healthz", ... */
ASSAY_MUST_CHECK enum assay_code provider_check_name(struct assay_slice name,
                                                     struct assay_error *err);
/* https://HOST[:PORT][/PATH] and no more. The path is without a slash at its
 * end, "" for the root. */
ASSAY_MUST_CHECK enum assay_code provider_parse_base(struct assay_slice text,
                                                     struct assay_uri *out,
                                                     struct assay_error *err);
/* "chat" or "responses". */
ASSAY_MUST_CHECK enum assay_code
provider_parse_wire_api(struct assay_slice text, enum wire_api *out,
                        struct assay_error *err);
/* A DNS name or an IP address, as URIs have it; base->host is set to it. */
ASSAY_MUST_CHECK enum assay_code
provider_parse_server_name(const char *text, struct assay_uri *base,
                           struct assay_error *err);
/* http://[USER:PASSWORD@]HOST:PORT, or "" for none. */
ASSAY_MUST_CHECK enum assay_code provider_check_proxy(const char *text,
                                                      struct assay_error *err);
/* The same of a setting of ours, which has to begin with http:// (or be ""). */
ASSAY_MUST_CHECK enum assay_code
provider_check_proxy_url(const char *text, struct assay_error *err);
/* HOST:PORT:ADDRESS. */
void provider_check_resolve(const char *text, struct assay_error *err);
