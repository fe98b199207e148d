/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * reload.c - SIGHUP: everything is read anew, off to the side. If all of it is
 * good, new connections use it; if anything is not, nothing has changed.
 */
#include <signal.h>
#include <time.h>

#include "base/bytes.h"
#include "check.h"
#include "program.h"
#include "settings.h"

#define REST_MS 50u /* SIGHUPs within this are one */

static void
keep_old(struct program *p, const struct assay_error *err)
{
    metrics_add(&p->metrics, METRIC_RELOADS_FAILED, 1);
    log_event(&p->log, LOG_ERROR, "reload failed, nothing has changed",
              (struct log_field[]){
                  {"code", assay_slice_of(assay_code_name(err->code))},
                  {"message", assay_slice_of(err->msg)},
                  {"hint", assay_slice_of(assay_code_hint(err->code))},
              },
              3);
}

/* What only a restart changes stays as it was, and that is said. */
static void
name_fixed(const struct program *p, const struct options *o)
{
    for (size_t i = 0; i < serve_settings.count; i++) {
        const struct setting *s = &serve_settings.rows[i];

        if ((s->kind & AT_START) != 0 &&
            !given_same(&p->started, &o->given, i)) {
            log_event(
                &p->log, LOG_WARNING, "a restart is needed to change this",
                (struct log_field[]){{"setting", assay_slice_of(s->name)}}, 1);
        }
    }
}

static void
put_to_use(struct program *p)
{
    struct assay_error err;

    if (site_write_chain(p->next, &err) != ASSAY_OK) {
        log_failure(&p->log, LOG_WARNING, "certificate chain not written",
                    &err);
    }
    atomic_store(&p->log.verbose, p->next->options.verbose);
    site_drop(p->site);
    p->site = p->next;
    p->next = NULL;
    p->quotes.wait_ms = p->site->options.quote_wait_ms;
    crew_use(&p->crew, p->site);
    stapler_use(p->stapler, p->site);
    metrics_add(&p->metrics, METRIC_RELOADS, 1);
    log_event(&p->log, LOG_INFO, "reloaded", NULL, 0);
    check_certificates(p->site, (int64_t)time(NULL), &p->log);
}

static void on_rest_over(uv_timer_t *timer);

void
reload_begin(struct program *p)
{
    if (p->again) {
        p->again = false;
        uv_timer_start(&p->rest, on_rest_over, REST_MS, 0);
    }
}

static void
end_reload(struct program *p)
{
    if (!p->draining) { /* else STOPPING=1 was the last word */
        service_tell(&p->service, "READY=1");
        reload_begin(p);
    }
}

/* A new certificate is shown to nobody before the platform knows it. */
static void
on_announced(void *user, const struct assay_error *err)
{
    struct program *p = user;

    if (err->code == ASSAY_OK) {
        put_to_use(p);
    } else {
        keep_old(p, err);
        site_drop(p->next);
        p->next = NULL;
    }
    end_reload(p);
}

/* The next site, from settings that are read anew. The mode behind nginx is
 * another program: a site for it would have no certificate. */
static enum assay_code
read_next(struct program *p, struct assay_error *err)
{
    struct options o;

    if (options_parse(&o, p->argc, p->argv, err) != DAEMON_DONE) {
        return err->code;
    }
    if (o.ekm_header) {
        options_free(&o);
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "ekm-header: only a restart changes the mode");
    }
    name_fixed(p, &o);
    return site_new(&o, p->ctx, p->site, &p->next, err);
}

static void
on_rest_over(uv_timer_t *timer)
{
    struct program *p = timer->data;
    struct assay_error err;

    if (p->draining) {
        return;
    }
    service_tell_reloading(&p->service);
    if (read_next(p, &err) != ASSAY_OK) {
        keep_old(p, &err);
        end_reload(p);
        return;
    }
    p->announcement = (struct announcement){
        .quoter = p->quoter,
        .log = &p->log,
        .site = p->next,
        .before = p->site,
        .done = on_announced,
        .user = p,
    };
    announce_begin(&p->announcement);
}

static void
on_hang_up(uv_signal_t *handle, int number)
{
    struct program *p = handle->data;

    (void)number;
    if (p->next != NULL || p->crew.count == 0) {
        p->again = true; /* see reload_begin() */
    } else if (!p->draining && !uv_is_active((uv_handle_t *)&p->rest)) {
        uv_timer_start(&p->rest, on_rest_over, REST_MS, 0);
    }
}

void
reload_init(struct program *p)
{
    uv_timer_init(&p->loop, &p->rest);
    uv_signal_init(&p->loop, &p->hang_up);
    p->rest.data = p;
    p->hang_up.data = p;
    uv_signal_start(&p->hang_up, on_hang_up, SIGHUP);
}

/* What is being announced is not waited for. */
void
reload_close(struct program *p)
{
    site_drop(p->next);
    p->next = NULL;
    uv_close((uv_handle_t *)&p->hang_up, NULL);
    uv_close((uv_handle_t *)&p->rest, NULL);
}
