/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * config_check.h - what the parts of config_id.c share.
 */
#pragma once

#include "base/json.h"
#include "eventlog/dstack.h"
#include "eventlog/fault.h"

#define ASSAY_PROVIDER_ID_MAX 1024u /* octets */

struct assay_config_check {
    const struct assay_ctx *ctx;
    struct assay_slice value;                 /* the 32 octets */
    const struct assay_dstack_events *events; /* all zero without a log */
    struct assay_config_id *out;
    struct assay_error *err;
};

struct assay_key_provider {
    int number; /* as assay_provider_number() says */
    uint8_t id[ASSAY_PROVIDER_ID_MAX];
    size_t id_len; /* octets */
};

/* Says that the compose hash is proven, unless there was a fault. */
void assay_config_prove(const struct assay_config_check *c,
                        const uint8_t compose_hash[ASSAY_SHA256_BYTES]);
/* Text that comes from the peer: what is wrong with it is a fault, save for
 * want of memory. NULL after either. */
struct assay_json *assay_config_parse(const struct assay_config_check *c,
                                      struct assay_slice text,
                                      const char *what);
/* The octet that stands for a key provider; -1 for an unknown one. */
int assay_provider_number(struct assay_slice name);
/* The event's {"name": ..., "id": hex}; false after a fault. */
bool assay_config_provider(const struct assay_config_check *c,
                           struct assay_key_provider *p);
/* Kind 3. */
void assay_config_document(const struct assay_config_check *c,
                           struct assay_slice vm_config);
