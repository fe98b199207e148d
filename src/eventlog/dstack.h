/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * dstack.h - what the events of a replayed log say of the app, under the rules
 * on where they may stand, and how that agrees with MRCONFIGID.
 */
#pragma once

#include "assay/eventlog.h"
#include "crypto/crypto.h"

/* Payloads of the events that count; slices live as long as the log. */
struct assay_dstack_events {
    bool has_app_id, has_compose_hash, has_os_image_hash, has_key_provider,
        has_instance_id, has_certificate;
    struct assay_slice app_id;        /* 20 octets */
    struct assay_slice compose_hash;  /* 32 octets */
    struct assay_slice os_image_hash; /* 32 octets */
    struct assay_slice key_provider;  /* JSON text */
    struct assay_slice instance_id;   /* 20 octets or empty */
    struct assay_slice certificate;   /* of the last "New TLS Certificate":
                                         its payload as it is */
};

/* Applies the event rules: only runtime events of RTMR3 count; app-id,
 * compose-hash, os-image-hash, key-provider and instance-id at most once and
 * only before the first system-ready; "New TLS Certificate" only after it; one
 * of these names in any other place, an entry of RTMR3 before system-ready
 * that is no runtime event, and a name with ':' or a control character refuse
 * the log. fault: "" or one sentence; *out is all zero then. */
void assay_dstack_events_read(const struct assay_eventlog *l,
                              struct assay_dstack_events *out, char fault[160]);

#define ASSAY_VM_CONFIG_MAX_BYTES (1024u * 1024u) /* more is a fault */

/* Does MRCONFIGID (48 octets) agree with the events? Kind 1: the compose hash;
 * kind 2: Keccak-256 over compose hash, app ID and key provider; kind 3:
 * SHA-256 over a document that vm_config (JSON text, or empty) brings as
 * `mr_config` (a string, or the document itself), whose members must agree
 * with the events as well. A key provider that is measured without its ID is
 * any provider of that kind. Without a vm_config nothing is compared; one
 * without the measured document is a fault. */
enum assay_config_id_kind {
    ASSAY_CONFIG_ID_NONE = 0, /* all zero: nothing to compare */
    ASSAY_CONFIG_ID_COMPOSE = 1,
    ASSAY_CONFIG_ID_KECCAK = 2,
    ASSAY_CONFIG_ID_DOCUMENT = 3,
    ASSAY_CONFIG_ID_UNKNOWN = 255, /* of no known kind: not dstack's; nothing
                                      is compared */
};
struct assay_config_id {
    enum assay_config_id_kind kind;
    bool proves_compose; /* it agrees, and so proves the compose hash */
    uint8_t compose_hash[ASSAY_SHA256_BYTES]; /* if so */
    char fault[160]; /* why it does not agree; "" if it does or there is
                        nothing to compare */
};
/* events may be NULL (no log, or one that was refused): then kind 1 and kind 3
 * alone can prove a compose hash, and kind 2 is not compared.
 * ASSAY_CRYPTO, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code
assay_config_id_check(const struct assay_ctx *ctx, struct assay_slice config_id,
                      const struct assay_dstack_events *events,
                      struct assay_slice vm_config, struct assay_config_id *out,
                      struct assay_error *err);
