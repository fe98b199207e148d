/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * quoter_source.h - between quoter.c, which keeps calls and their time, and
 * the places that quotes come from.
 */
#pragma once

#include "io/quoter.h"

#define ASSAY_QUOTER_DATA_BYTES   64u
#define ASSAY_QUOTER_DIGEST_BYTES 32u

struct assay_quoter_call {
    struct assay_quoter *q;
    struct assay_quoter_call *prev, *next; /* calls under way */
    uv_timer_t timer;
    assay_quoter_done *done;
    void *user;
    bool announce;                          /* input is a digest ... */
    uint8_t input[ASSAY_QUOTER_DATA_BYTES]; /* ... else report data */
    void *state;                            /* the source's */
};

struct assay_quoter_source {
    bool can_announce;
    /* False: no memory, and nothing was begun. */
    bool (*start)(struct assay_quoter_call *call);
    /* The time of the call is up. True: it had enough to finish, and did. */
    bool (*finish_late)(struct assay_quoter_call *call);
    /* Forgets the call; `state` is no longer quoter.c's to see. */
    void (*drop)(struct assay_quoter_call *call);
    /* Frees what belongs to the quoter; no call is under way. */
    void (*close)(struct assay_quoter *q);
};

struct assay_quoter {
    uv_loop_t *loop;
    uint32_t timeout_ms;
    char *name; /* "dstack (PATH)" */
    const struct assay_quoter_source *source;
    struct assay_quoter_call *calls;
    void *state; /* the source's */
};

/* Each fills in source, name and state of a quoter that quoter.c has made.
 * ASSAY_INVALID (path), ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code
assay_quoter_open_dstack(struct assay_quoter *q, const char *socket,
                         struct assay_error *err);
ASSAY_MUST_CHECK enum assay_code
assay_quoter_open_configfs(struct assay_quoter *q, const char *folder,
                           struct assay_error *err);

/* Sets the name to "KIND (PATH)". */
ASSAY_MUST_CHECK enum assay_code assay_quoter_set_name(struct assay_quoter *q,
                                                       const char *kind,
                                                       const char *path,
                                                       struct assay_error *err);

/* The end of a call: tells the caller, who may free the quoter meanwhile. What
 * `quoted` points to is freed by the source afterwards. If err->code is not
 * ASSAY_OK, the caller sees no quote. */
void assay_quoter_finish(struct assay_quoter_call *call,
                         const struct assay_quoted *quoted,
                         const struct assay_error *err);

/* Is it a TDX quote over this report data? ASSAY_REPLY, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code
assay_quoter_check(struct assay_slice quote,
                   const uint8_t report_data[ASSAY_QUOTER_DATA_BYTES],
                   struct assay_error *err);

/* What "auto" stands for, with these paths: "dstack" if there is a socket,
 * else "configfs" if there is a folder, else NULL. */
const char *assay_quoter_choose(const char *socket, const char *folder);
