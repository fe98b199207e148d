/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * codex_config.h - Codex's config.toml: its providers that attest.
 *
 *     [model_providers.vllm-tee]
 *     base_url = "https://vllm.example.com/v1"
 *     use_ratls = true
 *
 *     [model_providers.vllm-tee.ratls_policy]
 *     allowed_tdx_status = ["UpToDate"]
 *
 * All else in the file is Codex's and is not judged. But what looks like these
 * two and is not refuses the file: a Codex that does not know them sends its
 * prompts all the same, so a slip of the pen must not pass in silence.
 */
#pragma once

#include "provider.h"

#define CODEX_CONFIG_MAX_BYTES ASSAY_POLICY_MAX_BYTES

struct codex_provider {
    char name[PROVIDER_NAME_MAX_BYTES + 1];
    char *title; /* "" if it has none */
    struct assay_uri base;
    enum wire_api wire_api;
    struct assay_policy *policy; /* without a table: that of an empty one */
    bool typed; /* it has a type, so it can say its wires by itself */
};

struct codex_config {
    struct codex_provider *all[PROVIDERS_MAX];
    size_t count;
};

/* From the file's text. The message starts with the line. *out is NULL unless
 * ASSAY_OK. ASSAY_MISSING (no provider attests), ASSAY_INVALID, ASSAY_MALFORMED
 * and others of assay_toml_parse(), ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code codex_config_read(struct assay_slice text,
                                                   struct codex_config **out,
                                                   struct assay_error *err);
void codex_config_free(struct codex_config *c); /* NULL is fine */
