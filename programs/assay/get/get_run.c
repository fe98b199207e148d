/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * get_run.c - a session from its connection to its end, whatever is done over
 * it.
 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "get.h"

/* --- ending ------------------------------------------------------------- */

static void
ignore_signals(struct get *g)
{
    for (; g->signal_count > 0; g->signal_count--) {
        uv_close((uv_handle_t *)&g->signals[g->signal_count - 1], NULL);
    }
}

void
get_end(struct get *g, const struct assay_error *err, bool peer)
{
    if (g->done) {
        return;
    }
    g->done = true;
    g->err = *err;
    g->peer_failed = peer;
    get_keep_verdict(g);
    if (g->tells_at_end) {
        get_put_notes(g);
    }
    assay_exchange_free(g->exchange);
    g->exchange = NULL;
    assay_attested_close(g->conn);
    g->conn = NULL;
    ignore_signals(g);
}

void
get_end_here(struct get *g, enum assay_code code, const char *message)
{
    struct assay_error err;

    assay_error_clear(&err);
    assay_fail(&err, code, ASSAY_NO_OFFSET, "%s", message);
    get_end(g, &err, false);
}

void
get_end_no_memory(struct get *g)
{
    get_end_here(g, ASSAY_NO_MEMORY, "out of memory");
}

void
get_end_failed(struct get *g, const struct assay_error *err, bool peer)
{
    get_save_unopened(g, err);
    get_end(g, err, peer);
}

/* --- signals ------------------------------------------------------------ */

static void
on_signal(uv_signal_t *handle, int number)
{
    struct get *g = handle->data;

    g->signal = number;
    get_end_here(g, ASSAY_NETWORK, "interrupted");
}

/* Whoever started it may have said that one of them is nothing (nohup). */
static bool
is_ignored(int number)
{
    struct sigaction now;

    return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

void
get_watch_signals(struct get *g, bool hangup)
{
    static const int numbers[GET_SIGNALS] = {SIGINT, SIGTERM, SIGHUP};

    for (size_t i = 0; i < (hangup ? 3 : 2); i++) {
        uv_signal_t *handle = &g->signals[g->signal_count];

        if (is_ignored(numbers[i]) || uv_signal_init(&g->loop, handle) != 0) {
            continue;
        }
        g->signal_count++;
        handle->data = g;
        (void)uv_signal_start(handle, on_signal, numbers[i]);
        uv_unref((uv_handle_t *)handle); /* no reason for the loop to go on */
    }
}

/* --- running ------------------------------------------------------------ */

void
get_connect(struct get *g, const struct assay_attested_events *events,
            void *user)
{
    const struct assay_attested_options options = {
        .session = &g->session,
        .dial = &g->dial,
        .supply = g->supply,
        .quoter = g->quoter,
        .phase_ms = g->phase_ms,
    };

    g->saved = false;
    g->conn = assay_attested_new(&g->loop, &options, events, user);
    if (g->conn == NULL) {
        get_end_no_memory(g);
    }
}

void
get_run(struct get *g)
{
    while (!g->done && uv_run(&g->loop, UV_RUN_ONCE) != 0) {
    }
    get_end_here(g, ASSAY_NETWORK, "nothing is left to wait for");
}

enum exit_code
get_leave(struct get *g, bool busy)
{
    enum exit_code code = get_tell(g);
    bool freed = !busy && get_free(g);

    if (g->signal != 0) { /* as whoever sent it expects */
        (void)cli_flush(code);
        (void)signal(g->signal, SIG_DFL);
        (void)raise(g->signal);
    }
    if (!freed) {
        _exit(cli_flush(code));
    }
    return code;
}
