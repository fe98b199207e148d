/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * verdict.h - the verdict from inside.
 */
#pragma once

#include "assay/verdict.h"
#include "collateral/fields.h"
#include "dcap/checks.h"
#include "dcap/tcb.h"

/* Which matched level an advisory or a status belongs to. */
enum assay_tcb_part {
    ASSAY_PART_PLATFORM,
    ASSAY_PART_MODULE,
    ASSAY_PART_QE,
    ASSAY_PART_CURRENT, /* v5: platform and module by what runs now */
    ASSAY_TCB_PART_COUNT,
};

struct assay_advisory {
    char id[ASSAY_ADVISORY_MAX_BYTES + 1];
    unsigned parts; /* set of enum assay_tcb_part */
};

struct assay_verdict_part {
    enum assay_tcb_status status; /* NONE: there is no such part */
    int64_t tcb_date_s;
};

/* Room for what struct assay_verdict_workload shows. */
struct assay_verdict_bytes {
    uint8_t measurement[48];
    uint8_t app_id[20];
    uint8_t compose_hash[32];
    uint8_t os_image_hash[32];
    uint8_t key_provider[ASSAY_KEY_PROVIDER_MAX_BYTES];
    uint8_t instance_id[20];
    uint8_t certificate[64];
};

struct assay_verdict {
    struct assay_checks checks;
    struct assay_verdict_facts facts;
    struct assay_verdict_part part[ASSAY_TCB_PART_COUNT];
    struct assay_verdict_workload workload;
    struct assay_verdict_bytes bytes; /* behind the workload's slices */
    bool workload_disabled;           /* by the policy */
    bool rollback_allowed;            /* there is one, the policy only warns */
    size_t advisory_count;            /* all; the first `answer_count` ... */
    size_t answer_count;              /* ... are those of the answer */
    char summary[400];
    struct assay_advisory *advisory; /* sorted within each group; owned */
};

/* The row of a check, whether it applies or not. */
struct assay_check assay_verdict_find(const struct assay_verdict *v,
                                      enum assay_check_id id);
/* The members of its JSON, into an object that is open. */
struct assay_json_out;
struct assay_quote;
struct assay_collateral;
void assay_verdict_out(struct assay_json_out *o, const struct assay_verdict *v,
                       const struct assay_quote *q,
                       const struct assay_collateral *c);
/* Writes the summary, once all rows are judged. */
void assay_verdict_close(struct assay_verdict *v);
