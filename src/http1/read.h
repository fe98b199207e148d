/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * read.h - the steps of reading a head.
 *
 * A step works on a head that is known to be whole: from `start` on there is
 * an empty line somewhere, and each LF has its CR. A run of any class of
 * chars.h therefore ends before the end of the input, and no step passes a CR
 * without having seen its LF. Steps return false once err holds a failure.
 */
#pragma once

#include "http1/http1.h"

struct assay_http1_reader {
    const uint8_t *start; /* what offsets count from */
    const uint8_t *at;    /* next byte to read */
    struct assay_error *err;
};

/* Record ASSAY_MALFORMED at this byte. */
bool assay_http1_refuse(const struct assay_http1_reader *r, const uint8_t *at,
                        const char *what);
/* The byte at r->at is not what should stand there. */
bool assay_http1_refuse_byte(const struct assay_http1_reader *r,
                             const char *where);
/* CR LF; `where` names what it ends. */
bool assay_http1_read_line_end(struct assay_http1_reader *r, const char *where);

/* start_line.c */
bool assay_http1_read_request_line(struct assay_http1_reader *r,
                                   struct assay_http1_head *h);
bool assay_http1_read_status_line(struct assay_http1_reader *r,
                                  struct assay_http1_head *h);
/* framing.c: fills in what follows from the fields */
bool assay_http1_judge_request(const struct assay_http1_reader *r,
                               struct assay_http1_head *h);
bool assay_http1_judge_response(const struct assay_http1_reader *r,
                                const char *method, struct assay_http1_head *h);
