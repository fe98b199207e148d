/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * sim.h - the machine that the three servers show, its clock, and what it
 * goes back to.
 */
#pragma once

#include "base/buf.h"
#include "base/bytes.h"
#include "base/json_out.h"
#include "mint/machine.h"

#define SIM_IMAGE_MAX 64u /* bytes of an image's name */

/* What a TD boots with; owned, so that a reboot finds it again. */
struct sim_boot {
    struct assay_buf app_compose;  /* empty: the guest's own */
    char image[SIM_IMAGE_MAX + 1]; /* "": the default */
    char os_image_hash[65];        /* if has_os_image_hash; "": nobody knows */
    bool has_os_image_hash;
    enum mint_key_provider key_provider;
    int32_t config_id;
    int32_t log_version;
};
void sim_boot_init(struct sim_boot *b);
void sim_boot_free(struct sim_boot *b);
/* ASSAY_NO_MEMORY; *to is initialised before. */
ASSAY_MUST_CHECK enum assay_code sim_boot_copy(const struct sim_boot *from,
                                               struct sim_boot *to,
                                               struct assay_error *err);

struct sim_options {
    const char *dir;
    char seed[2 * MINT_SEED_BYTES + 1];
    const char *pccs; /* where the PCCS listens */
    struct sim_boot boot;
    struct mint_machine_state state; /* now_s: when the clock starts */
    int32_t quote_version;
    bool stripped_log;
    uint32_t signing_delay_ms;
};

struct sim {
    const struct sim_options *o; /* as started: what /reset goes back to */
    struct assay_ctx *ctx;
    struct mint_machine *machine;
    struct sim_boot boot;   /* of the TD that runs */
    bool forged_log;        /* the log that is told is not the measured one */
    int64_t clock_offset_s; /* simulated less system time */
    unsigned tls_keys;      /* handed out so far */
    unsigned requests;      /* of the PCCS */
    bool hurried;           /* by a signal: nothing is waited for any more */
};

ASSAY_MUST_CHECK enum assay_code
sim_new(struct sim *s, const struct sim_options *o, struct assay_error *err);
void sim_free(struct sim *s);

/* Unix seconds on the simulated clock. */
int64_t sim_now(const struct sim *s);
/* Sets it, and dates the collateral around it. */
ASSAY_MUST_CHECK enum assay_code sim_set_clock(struct sim *s, int64_t now_s,
                                               struct assay_error *err);
/* Renews collateral that comes near its end. */
ASSAY_MUST_CHECK enum assay_code sim_keep_fresh(struct sim *s,
                                                struct assay_error *err);
/* Boots another TD. Unchanged on failure. */
ASSAY_MUST_CHECK enum assay_code
sim_boot(struct sim *s, const struct sim_boot *with, struct assay_error *err);
/* Everything as it was started; the clock runs on. */
ASSAY_MUST_CHECK enum assay_code sim_reset(struct sim *s,
                                           struct assay_error *err);

/* A TCB status that Intel gives out, as static text; of_isv: to TDX modules
 * and quoting enclaves. NULL if it is none. */
const char *sim_status(struct assay_slice name, bool of_isv);

/* Members of the object that is open: measurements, compose_hash,
 * os_image_hash (null if there is none), app_id. */
void sim_write_facts(const struct sim *s, struct assay_json_out *j);
