/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * sim.c - see sim.h.
 */
#include "sim.h"

#include <time.h>

#include "assay/verify.h"

void
sim_boot_init(struct sim_boot *b)
{
    memset(b, 0, sizeof(*b));
    assay_buf_init(&b->app_compose, ASSAY_COMPOSE_MAX_BYTES);
}

void
sim_boot_free(struct sim_boot *b)
{
    assay_buf_free(&b->app_compose);
}

enum assay_code
sim_boot_copy(const struct sim_boot *from, struct sim_boot *to,
              struct assay_error *err)
{
    struct assay_buf own = to->app_compose;

    own.len = 0;
    assay_buf_add(&own, assay_buf_slice(&from->app_compose));
    *to = *from;
    to->app_compose = own;
    return assay_buf_check(&to->app_compose, "app_compose", err);
}

/* --- the clock ---------------------------------------------------------- */

/* Not the monotonic clock: it stands still while a computer sleeps, and then
 * collateral would end unnoticed. */
static int64_t
system_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t); /* time() is a tick behind it */
    return (int64_t)t.tv_sec;
}

int64_t
sim_now(const struct sim *s)
{
    return system_s() + s->clock_offset_s;
}

enum assay_code
sim_set_clock(struct sim *s, int64_t now_s, struct assay_error *err)
{
    struct mint_machine_state to = *mint_machine_state(s->machine);
    enum assay_code code;

    to.now_s = now_s;
    code = mint_machine_change(s->machine, &to, err);
    if (code == ASSAY_OK) {
        s->clock_offset_s = now_s - system_s();
    }
    return code;
}

enum assay_code
sim_keep_fresh(struct sim *s, struct assay_error *err)
{
    struct mint_machine_state to = *mint_machine_state(s->machine);

    assay_error_clear(err);
    if (sim_now(s) - to.now_s < MINT_MACHINE_FRESH_S) {
        return ASSAY_OK;
    }
    to.now_s = sim_now(s);
    return mint_machine_change(s->machine, &to, err);
}

/* --- the TD ------------------------------------------------------------- */

static struct mint_guest_options
guest_options(const struct sim_boot *b)
{
    return (struct mint_guest_options){
        .app_compose = assay_buf_slice(&b->app_compose),
        .image = b->image[0] != '\0' ? b->image : NULL,
        .os_image_hash = b->has_os_image_hash ? b->os_image_hash : NULL,
        .key_provider = b->key_provider,
        .config_id = b->config_id,
        .log_version = b->log_version,
    };
}

enum assay_code
sim_boot(struct sim *s, const struct sim_boot *with, struct assay_error *err)
{
    const struct mint_guest_options o = guest_options(with);
    struct sim_boot own;
    enum assay_code code;

    assay_error_clear(err);
    sim_boot_init(&own);
    code = sim_boot_copy(with, &own, err);
    if (code == ASSAY_OK) {
        code = mint_machine_boot(s->machine, &o, err);
    }
    if (code != ASSAY_OK) {
        sim_boot_free(&own);
        return code;
    }
    sim_boot_free(&s->boot);
    s->boot = own;
    return ASSAY_OK;
}

enum assay_code
sim_reset(struct sim *s, struct assay_error *err)
{
    struct mint_machine_state to = s->o->state;
    enum assay_code code = sim_boot(s, &s->o->boot, err);

    to.now_s = sim_now(s);
    if (code == ASSAY_OK) {
        code = mint_machine_change(s->machine, &to, err);
    }
    if (code == ASSAY_OK) {
        s->forged_log = false;
    }
    return code;
}

enum assay_code
sim_new(struct sim *s, const struct sim_options *o, struct assay_error *err)
{
    struct mint_machine_options m = {
        .guest = guest_options(&o->boot),
        .quote_version = o->quote_version,
        .state = o->state,
    };
    enum assay_code code;

    memset(s, 0, sizeof(*s));
    assay_error_clear(err);
    s->o = o;
    s->clock_offset_s = o->state.now_s - system_s();
    sim_boot_init(&s->boot);
    m.guest.seed = o->seed;
    code = assay_ctx_new(&s->ctx, err);
    if (code == ASSAY_OK) {
        code = sim_boot_copy(&o->boot, &s->boot, err);
    }
    if (code == ASSAY_OK) {
        code = mint_machine_new(s->ctx, &m, &s->machine, err);
    }
    return code;
}

void
sim_free(struct sim *s)
{
    mint_machine_free(s->machine);
    sim_boot_free(&s->boot);
    assay_ctx_free(s->ctx);
}

/* --- facts -------------------------------------------------------------- */

const char *
sim_status(struct assay_slice name, bool of_isv)
{
    enum assay_tcb_status s = assay_tcb_status_parse(name);

    switch (s) {
    case ASSAY_TCB_UP_TO_DATE:
    case ASSAY_TCB_OUT_OF_DATE:
    case ASSAY_TCB_REVOKED:
        return assay_tcb_status_name(s);
    case ASSAY_TCB_NONE:
    case ASSAY_TCB_TD_RELAUNCH_ADVISED:
    case ASSAY_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED:
        return NULL;
    default:
        return of_isv ? NULL : assay_tcb_status_name(s);
    }
}

void
sim_write_facts(const struct sim *s, struct assay_json_out *j)
{
    static const char *const names[4] = {"rtmr0", "rtmr1", "rtmr2", "rtmr3"};
    const struct mint_guest_facts *f =
        mint_guest_facts(mint_machine_guest(s->machine));

    assay_json_out_open(j, "measurements", '{');
    assay_json_out_hex(j, "mrtd", ASSAY_SLICE(f->mrtd));
    for (size_t i = 0; i < 4; i++) {
        assay_json_out_hex(j, names[i], ASSAY_SLICE(f->rtmr[i]));
    }
    assay_json_out_close(j, '}');
    assay_json_out_hex(j, "compose_hash", ASSAY_SLICE(f->compose_hash));
    if (f->has_os_image_hash) {
        assay_json_out_hex(j, "os_image_hash", ASSAY_SLICE(f->os_image_hash));
    } else {
        assay_json_out_null(j, "os_image_hash");
    }
    assay_json_out_hex(j, "app_id", ASSAY_SLICE(f->app_id));
}
