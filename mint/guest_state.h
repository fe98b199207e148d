/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * guest_state.h - the guest from inside, for the files that make it up.
 */
#pragma once

#include "mint/guest.h"

struct mint_guest_event {
    uint32_t imr;
    uint32_t type;
    bool acpi; /* its payload survives stripping */
    struct assay_buf name;
    struct assay_buf payload;
    uint8_t digest[ASSAY_SHA384_BYTES];
};

struct mint_guest {
    const struct assay_ctx *ctx;
    uint8_t seed[MINT_SEED_BYTES];
    uint32_t log_version;
    enum mint_key_provider provider;
    struct assay_buf provider_text; /* payload of key-provider */
    uint8_t provider_id[ASSAY_SHA256_BYTES];
    struct assay_buf app_compose;
    struct assay_buf config_document; /* of an MRCONFIGID of kind 3 */
    struct mint_guest_event *events;
    size_t count;
    size_t room;
    size_t text_bytes; /* a bound on the log's JSON text */
    struct mint_guest_facts facts;
};

/* SHA-384 of two parts: the extension of a register, among others. */
ASSAY_MUST_CHECK enum assay_code
mint_guest_sha384(const struct mint_guest *g, struct assay_slice a,
                  struct assay_slice b, uint8_t out[ASSAY_SHA384_BYTES],
                  struct assay_error *err);
/* Appends an event and extends its register; unchanged on failure. */
ASSAY_MUST_CHECK enum assay_code
mint_guest_extend(struct mint_guest *g, const struct mint_guest_event *what,
                  struct assay_slice name, struct assay_slice payload,
                  struct assay_error *err);
/* Everything that is known before the first measurement; called once. */
ASSAY_MUST_CHECK enum assay_code
mint_guest_identify(struct mint_guest *g, const struct mint_guest_options *o,
                    const char *image, struct assay_error *err);
/* Firmware, kernel and command line: RTMR0 to RTMR2. */
ASSAY_MUST_CHECK enum assay_code mint_guest_boot_image(struct mint_guest *g,
                                                       const char *image,
                                                       struct assay_error *err);
/* dstack's events up to system-ready: RTMR3. */
ASSAY_MUST_CHECK enum assay_code
mint_guest_boot_system(struct mint_guest *g, struct assay_error *err);
