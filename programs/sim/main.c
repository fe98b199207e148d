/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * assay-sim - a simulated TDX platform: a guest agent's socket, a PCCS, and a
 * socket to change its health, for everybody who has no such hardware.
 *
 * What it says is worthless as evidence: it chains to a root that nobody
 * trusts who was not told to.
 */
#include <signal.h>
#include <stdio.h>

#include "agent.h"
#include "assay/version.h"
#include "client.h"
#include "control.h"
#include "files.h"
#include "pccs.h"

static const struct assay_http_server_limits limits = {
    .body_bytes = 4u * 1024u * 1024u,
    .connections = 256,
    .request_ms = 10000,
    .idle_ms = 60000,
};

/* What runs: servers and signals on one loop. */
struct house {
    uv_loop_t loop;
    struct sim sim;
    struct assay_http_server *guest;
    struct assay_http_server *control;
    struct assay_http_server *pccs;
    uv_signal_t signals[2];
};

/* Everything that keeps the loop running. Without the guest's socket the folder
 * may be somebody else's. */
static void
close_house(struct house *h)
{
    if (h->guest != NULL) {
        sim_files_withdraw(h->sim.o->dir);
    }
    assay_http_server_close(h->pccs);
    assay_http_server_close(h->control);
    assay_http_server_close(h->guest);
    for (size_t i = 0; i < 2; i++) {
        uv_close((uv_handle_t *)&h->signals[i], NULL);
    }
}

static void
stop(uv_signal_t *handle, int number)
{
    (void)number;
    close_house(handle->data);
}

static void
watch_signals(struct house *h)
{
    static const int numbers[2] = {SIGTERM, SIGINT};

    (void)signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < 2; i++) {
        (void)uv_signal_init(&h->loop, &h->signals[i]);
        h->signals[i].data = h;
        (void)uv_signal_start(&h->signals[i], stop, numbers[i]);
    }
}

/* A socket for the owner alone. */
static enum assay_code
listen_unix(struct house *h, const char *name, assay_http_handler *handler,
            struct assay_http_server **out, struct assay_error *err)
{
    struct assay_address at;
    enum assay_code code = sim_socket(h->sim.o->dir, name, &at, err);

    return code == ASSAY_OK
               ? assay_http_server_new(&h->loop, &at, 0600, &limits, handler,
                                       &h->sim, out, err)
               : code;
}

static enum assay_code
listen_tcp(struct house *h, struct assay_error *err)
{
    struct assay_address at;
    enum assay_code code = assay_address_parse(h->sim.o->pccs, NULL, &at, err);

    if (code == ASSAY_OK && at.is_unix) {
        code = assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "--pccs: must be HOST:PORT");
    }
    return code == ASSAY_OK
               ? assay_http_server_new(&h->loop, &at, 0, &limits,
                                       sim_pccs_answer, &h->sim, &h->pccs, err)
               : code;
}

/* The guest's socket comes first: whoever has it owns the folder. */
static enum assay_code
open_house(struct house *h, const struct sim_options *o,
           struct assay_error *err)
{
    enum assay_code code = sim_new(&h->sim, o, err);

    if (code == ASSAY_OK) {
        code = sim_folder_make(o->dir, err);
    }
    if (code == ASSAY_OK) {
        code =
            listen_unix(h, SIM_GUEST_SOCKET, sim_agent_answer, &h->guest, err);
    }
    if (code == ASSAY_OK) {
        sim_files_withdraw(o->dir);
        code = listen_unix(h, SIM_CONTROL_SOCKET, sim_control_answer,
                           &h->control, err);
    }
    return code == ASSAY_OK ? listen_tcp(h, err) : code;
}

/* Files that say where everything is, and a line for people. */
static enum assay_code
announce(const struct house *h, struct assay_error *err)
{
    char url[ASSAY_HOST_MAX_BYTES + 32];
    enum assay_code code;

    (void)snprintf(url, sizeof(url), "http://%s",
                   assay_http_server_address(h->pccs));
    code = sim_files_write(&h->sim, url, err);
    if (code == ASSAY_OK) {
        (void)printf("assay-sim: ready: guest %s/%s, PCCS %s\n", h->sim.o->dir,
                     SIM_GUEST_SOCKET, url);
        (void)fflush(stdout);
    }
    return code;
}

static enum sim_exit
serve(const struct sim_options *o)
{
    struct house h = {.guest = NULL};
    struct assay_error err;
    enum assay_code code;

    assay_error_clear(&err);
    if (uv_loop_init(&h.loop) != 0) {
        (void)fprintf(stderr, "assay-sim: no event loop\n");
        return SIM_TROUBLE;
    }
    watch_signals(&h);
    code = open_house(&h, o, &err);
    if (code == ASSAY_OK) {
        code = announce(&h, &err);
    }
    if (code != ASSAY_OK) {
        (void)fprintf(stderr, "assay-sim: %s\n", err.msg);
        close_house(&h);
    }
    (void)uv_run(&h.loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&h.loop);
    sim_free(&h.sim);
    return code == ASSAY_OK ? SIM_DONE : SIM_TROUBLE;
}

int
main(int argc, char **argv)
{
    struct sim_arguments a;
    enum sim_exit status = sim_arguments_read(argc, argv, &a);

    if (status == SIM_DONE) {
        switch (a.task) {
        case SIM_SERVE:
            status = serve(&a.o);
            break;
        case SIM_CONTROL:
            status = sim_client_run(&a);
            break;
        case SIM_HELP:
            (void)fputs(sim_usage, stdout);
            break;
        case SIM_VERSION:
            (void)puts("assay-sim " ASSAY_VERSION);
            break;
        }
    }
    sim_arguments_free(&a);
    return (int)status;
}
