/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * machine.h - a simulated TDX platform: keys, collateral for both TEEs, and
 * one TD on it, all from one seed; its health can be changed while it runs.
 */
#pragma once

#include "mint/guest.h"

/* The health of the platform and of its collateral. */
struct mint_machine_state {
    const char *tcb_status;    /* of the platform; "UpToDate" */
    const char *module_status; /* of the TDX module; "UpToDate" */
    const char *qe_status;     /* of the quoting enclave; "UpToDate" */
    bool revoked;              /* the PCK certificate is on the CRL */
    bool expired;              /* collateral ended the day before now_s */
    bool overtaken;            /* collateral is of the evaluation before */
    bool debug;                /* quotes are of a TD under debug */
    int64_t now_s;             /* Unix seconds; collateral is dated around it */
};

struct mint_machine_options {
    struct mint_guest_options guest; /* its seed is the machine's */
    int32_t quote_version;           /* 4 or 5; default 4 */
    struct mint_machine_state state; /* now_s is needed */
};

/* How long after now_s collateral of a machine is in date at least, and not too
 * old to be stapled. */
#define MINT_MACHINE_FRESH_S (INT64_C(5) * 86400)

/* The TCB evaluation data number of a machine's collateral. */
uint32_t mint_machine_evaluation(const struct mint_machine_state *s);

enum mint_machine_tee {
    MINT_MACHINE_TDX, /* under the Platform CA */
    MINT_MACHINE_SGX, /* the Processor CA's side: SGX collateral, its PCK CRL */
};

struct mint_machine; /* opaque; one thread at a time */

/* Strings of options.guest are not kept; those of the state must be static.
 * ASSAY_INVALID, and what mint_world_new() and mint_guest_new() say. ctx must
 * outlive the machine. */
ASSAY_MUST_CHECK enum assay_code
mint_machine_new(const struct assay_ctx *ctx,
                 const struct mint_machine_options *o,
                 struct mint_machine **out, struct assay_error *err);
void mint_machine_free(struct mint_machine *m); /* NULL is fine */

const struct mint_machine_state *
mint_machine_state(const struct mint_machine *m);
/* Collateral anew, with the same keys and certificates. Unchanged on failure.
 */
ASSAY_MUST_CHECK enum assay_code
mint_machine_change(struct mint_machine *m, const struct mint_machine_state *to,
                    struct assay_error *err);
/* Another TD in place of the one that runs. Unchanged on failure. The seed may
 * be left out. */
ASSAY_MUST_CHECK enum assay_code
mint_machine_boot(struct mint_machine *m, const struct mint_guest_options *o,
                  struct assay_error *err);

/* A secret of the machine, the same for every TD on it. */
ASSAY_MUST_CHECK enum assay_code
mint_machine_secret(const struct mint_machine *m, const char *purpose,
                    uint8_t out[32], struct assay_error *err);

/* Until the next boot or free. */
struct mint_guest *mint_machine_guest(const struct mint_machine *m);
/* As long as the machine; its products until the next change. */
struct mint_world *mint_machine_world(const struct mint_machine *m,
                                      enum mint_machine_tee tee);
