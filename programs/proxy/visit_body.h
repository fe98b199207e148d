/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * visit_body.h - what a client sends behind a head: the payload of its body, in
 * pieces; behind a switch of protocols, octets.
 */
#pragma once

#include "base/queue.h"
#include "http1/http1.h"

struct visit_body {
    struct assay_queue *in; /* the client's octets, behind the head */
    bool eof;               /* and none will follow */
    /* kept by visit_body.c */
    bool raw;
    struct assay_http1_body decoder;
    struct assay_buf trailers;
    size_t payload; /* decoded, at the front of `in` */
    size_t frame;   /* octets behind it that go with it */
    uint64_t len;   /* payload that was taken */
    struct assay_error error;
};

/* max: of its payload, bytes. */
void visit_body_init(struct visit_body *b, const struct assay_http1_head *h,
                     struct assay_queue *in, uint64_t max);
void visit_body_free(struct visit_body *b);
/* Payload that has come, perhaps empty; valid until the next call, or until
 * something is added to the queue. */
struct assay_slice visit_body_read(struct visit_body *b);
void visit_body_taken(struct visit_body *b, size_t n);
/* Its last octet was taken: what follows is another request's, or nothing. */
bool visit_body_is_done(struct visit_body *b);
/* From now on, all is octets. */
void visit_body_switch(struct visit_body *b);
