/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * gather.h - sources of collateral that answer from a test world.
 */
#pragma once

#include <string.h>

#include "assay/gather.h"
#include "base/buf.h"
#include "mint/world.h"

#define GATHER_HEADERS_MAX (128u * 1024u)

struct gather_answer {
    struct assay_buf headers;
    struct assay_slice body;
};

static inline void
gather_add_chain(struct assay_buf *headers, const char *name,
                 struct assay_slice pem)
{
    assay_buf_printf(headers, "%s: ", name);
    for (size_t i = 0; i < pem.len; i++) {
        assay_buf_printf(headers, "%%%02X", (unsigned)pem.ptr[i]);
    }
    assay_buf_add_text(headers, "\r\n");
}

/* What a source that holds these parts says to a request for this URL. */
static inline struct gather_answer
gather_answer_of(const struct assay_collateral_parts *c, const char *url)
{
    struct gather_answer a = {.body = c->root_ca_crl};

    assay_buf_init(&a.headers, GATHER_HEADERS_MAX);
    if (strstr(url, "/tcb?") != NULL) {
        a.body = c->tcb_info;
        gather_add_chain(&a.headers, "TCB-Info-Issuer-Chain",
                         c->tcb_info_issuer_chain);
    } else if (strstr(url, "/qe/identity") != NULL) {
        a.body = c->qe_identity;
        gather_add_chain(&a.headers, "SGX-Enclave-Identity-Issuer-Chain",
                         c->qe_identity_issuer_chain);
    } else if (strstr(url, "/pckcrl") != NULL) {
        a.body = c->pck_crl;
    }
    return a;
}

static inline void
gather_give_of(struct assay_gather *g, const struct assay_collateral_parts *c)
{
    struct gather_answer a = gather_answer_of(c, assay_gather_url(g));

    assay_gather_give(g, assay_buf_slice(&a.headers), a.body);
    assay_buf_free(&a.headers);
}
