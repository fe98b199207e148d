/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * fields.h - reading the members of a JSON object as a schema. The first
 * failure sticks (in err), later reads give zero; a parser checks once.
 */
#pragma once

#include "assay/policy.h"
#include "base/json.h"

struct assay_fields {
    const struct assay_json *doc;
    uint32_t node;    /* the object */
    const char *path; /* "tcbInfo.tdxModule": for messages */
    struct assay_error *err;
};

/* An object member; NONE and a failure if it is missing or of another type. */
uint32_t assay_field(const struct assay_fields *f, const char *name,
                     enum assay_json_type type);
/* The same as a new object to read, with its own path. */
struct assay_fields assay_field_object(const struct assay_fields *f,
                                       const char *name, const char *path);
uint32_t assay_field_u32(const struct assay_fields *f, const char *name,
                         uint32_t max);
void assay_field_hex(const struct assay_fields *f, const char *name,
                     uint8_t *out, size_t n);
int64_t assay_field_time(const struct assay_fields *f, const char *name);
struct assay_slice assay_field_string(const struct assay_fields *f,
                                      const char *name);

/* What each TCB level ends with: tcbDate, tcbStatus, advisoryIDs. */
struct assay_level_tail {
    int64_t tcb_date_s;
    enum assay_tcb_status status;
    uint32_t advisories; /* JSON array of strings; NONE if absent */
};
/* `components` allows only what a QE or a TDX module can be: UpToDate,
 * OutOfDate, Revoked. */
void assay_field_level_tail(const struct assay_fields *f, bool component,
                            struct assay_level_tail *out);

#define ASSAY_ADVISORY_MAX_BYTES 64u
