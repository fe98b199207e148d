/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * board_entry.h - what is known of one provider, as it was configured when that
 * was found out.
 */
#pragma once

#include "base/json_out.h"
#include "board.h"

#define BOARD_DOCUMENT_MAX_BYTES (1024u * 1024u) /* of a verdict */
#define BOARD_IDENTITY_MAX_BYTES (4u * 1024u * 1024u)

/* What came last. */
enum board_state {
    BOARD_UNTRIED,
    BOARD_VERIFIED,
    BOARD_REFUSED,
    BOARD_OUTAGE,
};

/* Something that failed, and when. */
struct board_fault {
    int64_t at_s; /* Unix seconds; 0: never */
    struct failure failure;
};

/* An appraisal, trusted or not. */
struct board_verdict {
    int64_t at_s;              /* Unix seconds; 0: there is none */
    struct assay_buf verdict;  /* docs/verdict.md */
    struct assay_buf session;  /* its member of that name */
    struct assay_buf file;     /* what its bundle is called */
    const char *from;          /* where the collateral is from; static */
    const char *expires_first; /* which item of it; static; NULL: none */
    int64_t expires_s;
    char evidence[PROOF_EVIDENCE_BYTES + 1];
    bool trusted;
    bool partial;   /* the policy leaves open which software it is */
    char note[200]; /* what it leaves open, and pins */
};

struct board_entry {
    struct assay_buf identity; /* of the provider; empty: nobody's */
    uint64_t turn;             /* grows with each news */
    enum board_state state;
    int64_t since_s; /* Unix seconds; trusted, and not refused since */
    struct board_verdict last;
    struct board_fault refusal;
    struct board_fault outage;
};

void board_entry_free(struct board_entry *e);

/* What makes a provider this one and no other: where it is, and what it must
 * prove. One of the same name that must prove something else has not proven it.
 * *out is initialised here, freed by the caller. False: no memory. */
bool board_identity(const struct provider *p, struct assay_buf *out);
/* Is it that of this provider? Needs no memory. */
bool board_is_of(const struct assay_buf *identity, const struct provider *p);

/* What was appraised last in this session; v is all zero. */
void board_verdict_take(struct board_verdict *v, const struct provider *p,
                        struct assay_attested *a);
void board_verdict_free(struct board_verdict *v);

/* One element of `providers`; e is NULL where nothing is known. */
void board_entry_put(const struct board_entry *e, const struct provider *p,
                     const struct board_numbers *n, struct assay_json_out *o);
