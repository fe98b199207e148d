/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * ekm.c - see ekm.h.
 */
#include "ekm.h"

#include <signal.h>
#include <stdio.h>

#include "base/bytes.h"
#include "check.h"
#include "daemon/front.h"
#include "ekm_state.h"
#include "io/ekm_http.h"
#include "io/file.h"
#include "ready.h"

/* nginx runs as another user, in a group that the two share. */
#define SOCKET_MODE    0660u
#define BODY_MAX_BYTES 1024u

/* --- ending ------------------------------------------------------------- */

static void
on_drain_over(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

static void
on_drained(void *user)
{
    struct ekm *e = user;

    uv_stop(&e->loop);
}

/* The first one asks, the second one insists. */
static void
on_signal(uv_signal_t *handle, int number)
{
    struct ekm *e = handle->data;

    (void)number;
    if (e->draining) {
        uv_stop(&e->loop);
        return;
    }
    e->draining = true;
    service_tell(&e->service, "STOPPING=1");
    uv_timer_start(&e->drain, on_drain_over, e->o->drain_ms, 0);
    assay_http_server_drain(e->server, on_drained, e);
}

/* Who asks for a reload does not want the end, which is what the signal means
 * where nobody looks. */
static void
on_hang_up(uv_signal_t *handle, int number)
{
    const struct ekm *e = handle->data;

    (void)number;
    if (!e->draining) {
        service_tell_reloading(&e->service);
        service_tell(&e->service, "READY=1");
    }
    log_event(e->log, LOG_WARNING, "nothing is reloaded in this mode", NULL, 0);
}

/* --- setup -------------------------------------------------------------- */

/* The secret is one line; its line break is not part of it. */
static enum assay_code
read_secret(const char *path, struct assay_buf *out, struct assay_error *err)
{
    if (assay_file_read_secret(path, ASSAY_EKM_SECRET_MOST + 2, out, err) !=
        ASSAY_OK) {
        return err->code;
    }
    out->len -= out->len > 0 && out->ptr[out->len - 1] == '\n' ? 1 : 0;
    out->len -= out->len > 0 && out->ptr[out->len - 1] == '\r' ? 1 : 0;
    for (size_t i = 0; i < out->len; i++) {
        if (out->ptr[i] < ' ') {
            return assay_fail(err, ASSAY_INVALID, i,
                              "%.200s: must be one line of text", path);
        }
    }
    if (out->len < ASSAY_EKM_SECRET_LEAST || out->len > ASSAY_EKM_SECRET_MOST) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "%.200s: %zu characters; the secret must have %u to "
                          "%u",
                          path, out->len, ASSAY_EKM_SECRET_LEAST,
                          ASSAY_EKM_SECRET_MOST);
    }
    return ASSAY_OK;
}

static enum assay_code
prepare(struct ekm *e, struct assay_error *err)
{
    const struct options *o = e->o;
    struct assay_quote_limits limits = {.at_once = o->quote_concurrency,
                                        .waiting = o->max_quotes,
                                        .burst = 1,
                                        .one_peer = true};

    e->quotes.log = e->log;
    e->quotes.metrics = &e->metrics;
    e->quotes.loop = &e->loop;
    e->quotes.wait_ms = o->quote_wait_ms;
    if (read_secret(o->ekm_secret_file, &e->secret, err) != ASSAY_OK ||
        assay_ctx_new(&e->ctx, err) != ASSAY_OK ||
        assay_quote_gate_new(&limits, e->ctx, &e->gate, err) != ASSAY_OK ||
        quotes_open(&e->quotes, e->gate, err) != ASSAY_OK) {
        return err->code;
    }
    return assay_quoter_new(&e->loop, o->quotes, o->quote_ms, &e->quotes.quoter,
                            err);
}

static void
on_dog(uv_timer_t *timer)
{
    const struct ekm *e = timer->data;

    service_tell(&e->service, "WATCHDOG=1");
}

/* A socket of the manager's that nobody accepts at would be a door that hangs:
 * so it is refused, and not passed over. */
static enum assay_code
meet_manager(struct ekm *e, struct assay_error *err)
{
    int inherited = -1;

    if (service_open(&e->service, err) == ASSAY_OK &&
        service_inherit(&inherited, err) == ASSAY_OK && inherited >= 0) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "--ekm-header takes no socket of the service manager; "
                   "--listen says where it listens");
    }
    return err->code;
}

static void
tell_manager(struct ekm *e)
{
    uint64_t turn_ms = service_dog_ms(&e->service);

    service_tell(&e->service, "READY=1");
    if (turn_ms > 0) {
        uv_timer_start(&e->dog, on_dog, turn_ms, turn_ms);
    }
}

static enum assay_code
open_door(struct ekm *e, struct assay_error *err)
{
    const struct options *o = e->o;
    struct assay_http_server_limits limits = {
        .body_bytes = BODY_MAX_BYTES,
        .connections = o->max_connections,
        .request_ms = o->header_ms,
        .idle_ms = o->idle_ms,
    };
    const char *quotes = assay_quoter_name(e->quotes.quoter);
    const char *address;

    if (meet_manager(e, err) != ASSAY_OK ||
        assay_http_server_new(&e->loop, &o->listen, SOCKET_MODE, &limits,
                              ekm_on_request, e, &e->server, err) != ASSAY_OK) {
        return err->code;
    }
    uv_signal_start(&e->terminate, on_signal, SIGTERM);
    uv_signal_start(&e->interrupt, on_signal, SIGINT);
    uv_signal_start(&e->hang_up, on_hang_up, SIGHUP);
    address = assay_http_server_address(e->server);
    if (ready_close_in(o, e->log, err) != ASSAY_OK ||
        ready_say(o, &(struct ready){address, NULL, NULL, quotes}, err) !=
            ASSAY_OK) {
        return err->code;
    }
    log_event(e->log, LOG_INFO, "listening for nginx",
              (struct log_field[]){
                  {"address", assay_slice_of(address)},
                  {"quotes", assay_slice_of(quotes)},
              },
              2);
    tell_manager(e);
    return ASSAY_OK;
}

/* --- the program -------------------------------------------------------- */

static void
tear_down(struct ekm *e)
{
    assay_http_server_close(e->server);
    quotes_close(&e->quotes);
    assay_quoter_free(e->quotes.quoter);
    uv_close((uv_handle_t *)&e->terminate, NULL);
    uv_close((uv_handle_t *)&e->interrupt, NULL);
    uv_close((uv_handle_t *)&e->hang_up, NULL);
    uv_close((uv_handle_t *)&e->drain, NULL);
    uv_close((uv_handle_t *)&e->dog, NULL);
    uv_run(&e->loop, UV_RUN_DEFAULT); /* lets closed handles be freed */
    uv_loop_close(&e->loop);
    assay_quote_gate_free(e->gate);
    assay_ctx_free(e->ctx);
    assay_buf_free(&e->secret); /* wiped */
    service_close(&e->service);
}

static bool
init_loop(struct ekm *e)
{
    if (uv_loop_init(&e->loop) != 0) {
        return false;
    }
    uv_signal_init(&e->loop, &e->terminate);
    uv_signal_init(&e->loop, &e->interrupt);
    uv_signal_init(&e->loop, &e->hang_up);
    uv_timer_init(&e->loop, &e->drain);
    uv_timer_init(&e->loop, &e->dog);
    e->dog.data = e;
    e->terminate.data = e;
    e->interrupt.data = e;
    e->hang_up.data = e;
    return true;
}

static enum assay_code
check(const struct ekm *e, struct assay_error *err)
{
    struct assay_buf text;

    if (check_start(e->o, err) == ASSAY_OK) {
        assay_buf_init(&text, 2 * SETTINGS_FILE_MAX_BYTES);
        check_describe_ekm(e->o, e->quotes.quoter, &text);
        front_print(&text);
    }
    return err->code;
}

static enum assay_code
serve(struct ekm *e, struct assay_error *err)
{
    if (prepare(e, err) != ASSAY_OK) {
        return err->code;
    }
    if (e->o->check) {
        return check(e, err);
    }
    if (open_door(e, err) == ASSAY_OK) {
        uv_run(&e->loop, UV_RUN_DEFAULT);
    }
    return err->code;
}

enum daemon_exit
ekm_run(const struct options *o, const struct log *log)
{
    static struct ekm e;
    struct assay_error err;

    e.o = o;
    e.log = log;
    e.service.fd = -1;
    assay_error_clear(&err);
    if (!init_loop(&e)) {
        log_event(log, LOG_ERROR, "out of memory or descriptors", NULL, 0);
        return DAEMON_FAILED;
    }
    if (serve(&e, &err) != ASSAY_OK) {
        log_failure(log, LOG_ERROR, "cannot start", &err);
    }
    tear_down(&e);
    return err.code == ASSAY_OK ? DAEMON_DONE : DAEMON_FAILED;
}
