/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * get.h - all that one run of `assay get` owns.
 */
#pragma once

#include "get_request.h"
#include "get_sink.h"
#include "io/exchange.h"
#include "programs/assay/load.h"

#define GET_SIGNALS 3

struct get {
    const struct command *c;
    const struct options *o;
    struct assay_uri uri;
    struct get_request request;
    struct assay_buf data; /* of --data */
    struct assay_buf wire; /* the request as it goes out */
    struct sink sink;
    /* what the session rests on */
    struct assay_ctx *ctx;
    struct assay_policy *policy;
    struct assay_load_policy_texts policy_texts;
    struct assay_root *own_root; /* NULL: Intel's */
    struct assay_tls_roots *roots;
    struct assay_collateral *bundle; /* of --collateral */
    struct assay_verifier *verifier;
    const char *urls[ASSAY_SOURCES_MAX];
    struct assay_client_options session;
    struct assay_dial_options dial;
    char *proxy; /* of the environment */
    uint32_t phase_ms;
    uv_loop_t loop;
    bool has_loop;
    uv_signal_t signals[GET_SIGNALS]; /* nothing half made stays behind */
    unsigned signal_count;
    struct assay_supply *supply;
    struct assay_quoter *quoter; /* of this side's evidence, or NULL */
    struct assay_seen *seen;     /* evaluations, by earlier runs */
    /* what runs */
    struct assay_attested *conn;
    struct assay_exchange *exchange;
    bool tells_at_end; /* else whoever runs it has get_put_notes() called */
    bool saved;        /* evidence of this connection has been */
    int64_t opened_us;
    unsigned redirects;
    unsigned redirect_status; /* of the response that is being read; or 0 */
    struct assay_uri next;    /* where it redirects to */
    /* how it ended */
    bool done;
    bool peer_failed;
    int signal;               /* that ended it; or 0 */
    struct assay_buf verdict; /* the session's document */
    struct assay_error err;
};

/* *g has c, o and uri, and is otherwise zero. */
void get_init(struct get *g);
/* Everything that can be wrong without asking anybody: of the session, then of
 * the request too. The error is in g->err. */
ASSAY_MUST_CHECK enum assay_code get_set_up_session(struct get *g);
ASSAY_MUST_CHECK enum assay_code get_set_up(struct get *g);

/* --- running it: get_run.c --- */

/* The connection; where there is no memory for one, that is the end. */
void get_connect(struct get *g, const struct assay_attested_events *events,
                 void *user);
/* SIGINT and SIGTERM end it from here on, and with `hangup` SIGHUP. */
void get_watch_signals(struct get *g, bool hangup);
/* Until it has ended. */
void get_run(struct get *g);
/* The one way to end: nothing of it runs any more. Only the first counts. */
void get_end(struct get *g, const struct assay_error *err, bool peer);
/* For a reason of this side. */
void get_end_here(struct get *g, enum assay_code code, const char *message);
void get_end_no_memory(struct get *g);
/* As event `failed` of the connection: its evidence is kept. */
void get_end_failed(struct get *g, const struct assay_error *err, bool peer);
/* What a command ends with: tells, frees, and exits as the signal has it that
 * ended it. busy: a thread cannot be interrupted, so the process ends here. */
enum exit_code get_leave(struct get *g, bool busy);

/* --- what is said of it --- */

/* Stores what was just appraised, if that is asked for. The error is in *err.
 */
ASSAY_MUST_CHECK enum assay_code get_save_evidence(struct get *g,
                                                   struct assay_error *err);
/* The same for a session that failed with evidence that was appraised and is
 * not saved. What goes wrong is said: why it ended is something else. */
void get_save_unopened(struct get *g, const struct assay_error *why);
/* Before the connection is closed: the session's document goes to g->verdict,
 * notes and timing to standard error. */
void get_keep_verdict(struct get *g);
void get_put_notes(const struct get *g);
/* At last: everything that was asked for, and the exit code. */
enum exit_code get_tell(struct get *g);

/* False: something that cannot be interrupted still runs (a name is being
 * looked up), so not all was freed, and the process is to end soon. */
ASSAY_MUST_CHECK bool get_free(struct get *g);
