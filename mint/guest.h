/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * guest.h - a simulated TD that runs dstack's guest: its registers, its event
 * log and its identity. Measurements are made up and stable: they follow from
 * the options, and from nothing else.
 */
#pragma once

#include "assay/compose.h"
#include "assay/eventlog.h"
#include "crypto/crypto.h"
#include "mint/world.h"

#define MINT_EVENT_NAME_MAX    128u  /* bytes */
#define MINT_EVENT_PAYLOAD_MAX 4096u /* bytes */
#define MINT_APP_NAME_MAX      128u  /* bytes of app_compose's `name` */
#define MINT_DOCUMENT_MAX      (8u * 1024u * 1024u) /* bytes of one text */

enum mint_key_provider {
    MINT_PROVIDER_KMS, /* the only one with an os-image-hash event */
    MINT_PROVIDER_LOCAL_SGX,
    MINT_PROVIDER_NONE,
    MINT_PROVIDER_TPM,
};
#define MINT_PROVIDER_COUNT 4

/* As events and configuration call it; static storage. */
const char *mint_provider_name(enum mint_key_provider p);

struct mint_guest_options {
    const char *seed; /* 32 bytes in hex, which secrets are derived from */
    struct assay_slice app_compose; /* raw JSON object; empty: a small one */
    const char *image;         /* name of the OS image; default "genuine" */
    const char *os_image_hash; /* 32 bytes in hex; default: by the image; "":
                                  nobody knows it, and there is no event */
    enum mint_key_provider key_provider;
    int32_t config_id;   /* kind of MRCONFIGID: 1; 2, 3, or MINT_ZERO */
    int32_t log_version; /* of runtime events, 1 or 2; default: as app_compose
                            says in event_log_version */
};

struct mint_guest_facts {
    uint8_t mrtd[ASSAY_SHA384_BYTES];
    uint8_t rtmr[4][ASSAY_SHA384_BYTES];
    uint8_t config_id[ASSAY_SHA384_BYTES];
    uint8_t compose_hash[ASSAY_SHA256_BYTES];
    uint8_t app_id[20];
    uint8_t instance_id[20];
    bool has_instance_id;
    uint8_t os_image_hash[ASSAY_SHA256_BYTES];
    bool has_os_image_hash;
    bool has_os_image_event;
    uint8_t device_id[ASSAY_SHA256_BYTES];
    uint8_t aggregated[ASSAY_SHA256_BYTES]; /* dstack's mr_aggregated */
    char app_name[MINT_APP_NAME_MAX + 1];
    struct assay_slice app_compose;  /* as long as the guest */
    struct assay_slice key_provider; /* JSON text; as long as the guest */
};

struct mint_guest; /* opaque: a TD that has booted; one thread at a time */

/* Boots. Nothing of the options is kept. ASSAY_INVALID (an option),
 * ASSAY_TOO_LARGE, errors of the JSON reader for app_compose,
 * ASSAY_NO_MEMORY, ASSAY_CRYPTO. ctx must outlive the guest. */
ASSAY_MUST_CHECK enum assay_code
mint_guest_new(const struct assay_ctx *ctx, const struct mint_guest_options *o,
               struct mint_guest **out, struct assay_error *err);
void mint_guest_free(struct mint_guest *g); /* NULL is fine */

/* As of now; as long as the guest. */
const struct mint_guest_facts *mint_guest_facts(const struct mint_guest *g);

/* A runtime event: extends RTMR3. Any name that is UTF-8 without NUL and not
 * empty will do, as in dstack; else ASSAY_INVALID. ASSAY_TOO_LARGE (name,
 * payload, the whole log), ASSAY_NO_MEMORY, ASSAY_CRYPTO; the guest is then as
 * before. */
ASSAY_MUST_CHECK enum assay_code mint_guest_emit(struct mint_guest *g,
                                                 struct assay_slice name,
                                                 struct assay_slice payload,
                                                 struct assay_error *err);

/* A quote over this report data with the registers of now; the world's other
 * quote options hold. Appended. */
ASSAY_MUST_CHECK enum assay_code mint_guest_quote(const struct mint_guest *g,
                                                  struct mint_world *w,
                                                  const uint8_t report_data[64],
                                                  struct assay_buf *out,
                                                  struct assay_error *err);

/* A secret of this app: the same for the same seed, app ID and parts. */
ASSAY_MUST_CHECK enum assay_code
mint_guest_secret(const struct mint_guest *g, const char *purpose,
                  const struct assay_slice *parts, size_t count,
                  uint8_t out[32], struct assay_error *err);

/* How the log is told. */
struct mint_log_form {
    bool stripped; /* as dstack from 0.5.6 on: no digests of runtime events, no
                      payloads of boot events but "ACPI DATA" */
    bool forged;   /* the payload of compose-hash is not what was measured */
};

/* Texts, appended compactly; failures stick in the buffer. */
void mint_guest_write_log(const struct mint_guest *g,
                          const struct mint_log_form *form,
                          struct assay_buf *to);
void mint_guest_write_tcb_info(const struct mint_guest *g,
                               const struct mint_log_form *form,
                               struct assay_buf *to);
void mint_guest_write_vm_config(const struct mint_guest *g,
                                struct assay_buf *to);
