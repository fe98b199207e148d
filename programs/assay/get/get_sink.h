/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * get_sink.h - where a response goes: standard output, a file that appears only
 * when it is whole, or memory (for --json).
 */
#pragma once

#include <stdio.h>

#include "http1/http1.h"

#define SINK_MEMORY_MAX_BYTES (64u * 1024u * 1024u)

struct assay_json_out;

struct sink {
    const char *path; /* NULL: standard output */
    bool memory;
    bool include; /* the head too */
    FILE *to;
    char *target;    /* what `path` names, through symbolic links */
    char *temporary; /* beside it */
    unsigned mode;   /* that it is to have */
    /* with `memory` */
    unsigned status;
    struct assay_buf fields; /* name NUL value NUL ... */
    struct assay_buf body;
};

/* path may be NULL. */
void sink_init(struct sink *s, const char *path, bool memory, bool include);
/* Before anything is asked for: what cannot be written need not be fetched. */
ASSAY_MUST_CHECK enum assay_code sink_open(struct sink *s,
                                           struct assay_error *err);
/* ASSAY_IO, ASSAY_TOO_LARGE, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code sink_head(struct sink *s,
                                           const struct assay_http1_head *h,
                                           struct assay_error *err);
ASSAY_MUST_CHECK enum assay_code
sink_data(struct sink *s, struct assay_slice data, struct assay_error *err);
/* The response is whole: the file takes its name. */
ASSAY_MUST_CHECK enum assay_code sink_commit(struct sink *s,
                                             struct assay_error *err);
/* Frees; what was not committed is removed. */
void sink_free(struct sink *s);
/* With `memory`: {"status","headers","body" or "body_base64"} as member
 * "response". */
void sink_json(const struct sink *s, struct assay_json_out *o);
