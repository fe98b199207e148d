/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * control.c - see control.h.
 */
#include "control.h"

#include "base/text.h"
#include "body.h"
#include "sim.h"

struct change {
    struct sim *sim;
    struct sim_body *body;
};

/* What is published of it then is issued then, as Intel's is. */
static void
remake(const struct change *c, const struct mint_machine_state *to)
{
    struct mint_machine_state now = *to;

    now.now_s = sim_now(c->sim);
    if (c->body->err.code == ASSAY_OK) {
        (void)!mint_machine_change(c->sim->machine, &now, &c->body->err);
    }
}

static void
read_status(const struct change *c, const char *name, bool of_isv,
            const char **status)
{
    struct assay_slice given;
    const char *known;

    if (!sim_body_text(c->body, name, &given)) {
        return;
    }
    known = sim_status(given, of_isv);
    if (known == NULL) {
        (void)assay_fail(&c->body->err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                         "%s: no TCB status that it can have", name);
        return;
    }
    *status = known;
}

static void
set_tcb(const struct change *c)
{
    struct mint_machine_state to = *mint_machine_state(c->sim->machine);

    read_status(c, "status", false, &to.tcb_status);
    read_status(c, "module", true, &to.module_status);
    read_status(c, "qe", true, &to.qe_status);
    remake(c, &to);
}

/* "on", which is true if it is not there. */
static bool
read_switch(const struct change *c)
{
    bool on = true;

    (void)sim_body_bool(c->body, "on", &on);
    return on;
}

static void
set_revoked(const struct change *c)
{
    struct mint_machine_state to = *mint_machine_state(c->sim->machine);

    to.revoked = read_switch(c);
    remake(c, &to);
}

static void
set_expired(const struct change *c)
{
    struct mint_machine_state to = *mint_machine_state(c->sim->machine);

    to.expired = read_switch(c);
    remake(c, &to);
}

static void
set_overtaken(const struct change *c)
{
    struct mint_machine_state to = *mint_machine_state(c->sim->machine);

    to.overtaken = read_switch(c);
    remake(c, &to);
}

static void
set_debug(const struct change *c)
{
    struct mint_machine_state to = *mint_machine_state(c->sim->machine);

    to.debug = read_switch(c);
    remake(c, &to);
}

static void
set_forged_log(const struct change *c)
{
    bool on = read_switch(c);

    if (c->body->err.code == ASSAY_OK) {
        c->sim->forged_log = on;
    }
}

/* Boots with what the running TD has, after `edit`. */
static void
reboot_with(const struct change *c,
            void (*edit)(const struct change *c, struct sim_boot *with))
{
    struct sim_boot with;

    sim_boot_init(&with);
    if (sim_boot_copy(&c->sim->boot, &with, &c->body->err) == ASSAY_OK) {
        edit(c, &with);
    }
    if (c->body->err.code == ASSAY_OK) {
        (void)!sim_boot(c->sim, &with, &c->body->err);
    }
    sim_boot_free(&with);
}

static void
edit_image(const struct change *c, struct sim_boot *with)
{
    struct assay_slice image = ASSAY_EMPTY;
    struct assay_slice hash = ASSAY_EMPTY;

    if (!sim_body_text(c->body, "image", &image) || image.len == 0 ||
        image.len > SIM_IMAGE_MAX) {
        (void)assay_fail(&c->body->err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                         "image: must be a name of at most %u octets",
                         SIM_IMAGE_MAX);
        return;
    }
    assay_copy(with->image, image);
    with->image[image.len] = '\0';
    if (sim_body_text(c->body, "os_image_hash", &hash)) {
        if (hash.len != sizeof(with->os_image_hash) - 1) {
            (void)assay_fail(&c->body->err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                             "os_image_hash: must be 64 hex digits");
            return;
        }
        assay_copy(with->os_image_hash, hash);
        with->os_image_hash[hash.len] = '\0';
        with->has_os_image_hash = true;
    }
}

static void
set_image(const struct change *c)
{
    reboot_with(c, edit_image);
}

static void
edit_compose(const struct change *c, struct sim_boot *with)
{
    struct assay_slice text = ASSAY_EMPTY;

    if (!sim_body_text(c->body, "app_compose", &text) || text.len == 0) {
        (void)assay_fail(&c->body->err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                         "app_compose: must be the text of one");
        return;
    }
    with->app_compose.len = 0;
    assay_buf_add(&with->app_compose, text);
    (void)assay_buf_check(&with->app_compose, "app_compose", &c->body->err);
}

static void
set_compose(const struct change *c)
{
    reboot_with(c, edit_compose);
}

static void
edit_nothing(const struct change *c, struct sim_boot *with)
{
    (void)c;
    (void)with;
}

static void
reboot(const struct change *c)
{
    reboot_with(c, edit_nothing);
}

static void
reset(const struct change *c)
{
    (void)!sim_reset(c->sim, &c->body->err);
}

static void
set_clock(const struct change *c)
{
    int64_t now_s = 0;

    if (!sim_body_time(c->body, "now", &now_s)) {
        (void)assay_fail(&c->body->err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                         "now: must be Unix seconds or RFC 3339");
    } else {
        (void)!sim_set_clock(c->sim, now_s, &c->body->err);
    }
}

static void
look(const struct change *c)
{
    (void)c;
}

#define MEMBERS_MAX 4
static const struct {
    const char *method;
    const char *path;
    void (*run)(const struct change *c);
    const char *members[MEMBERS_MAX];
} changes[] = {
    {"POST", "/tcb", set_tcb, {"status", "module", "qe"}},
    {"POST", "/revoke", set_revoked, {"on"}},
    {"POST", "/expire", set_expired, {"on"}},
    {"POST", "/overtaken", set_overtaken, {"on"}},
    {"POST", "/debug", set_debug, {"on"}},
    {"POST", "/forge-log", set_forged_log, {"on"}},
    {"POST", "/os-image", set_image, {"image", "os_image_hash"}},
    {"POST", "/compose", set_compose, {"app_compose"}},
    {"POST", "/clock", set_clock, {"now"}},
    {"POST", "/reboot", reboot, {NULL}},
    {"POST", "/reset", reset, {NULL}},
    {"GET", "/state", look, {NULL}},
};

static void
write_state(const struct sim *s, struct assay_buf *to)
{
    const struct mint_machine_state *state = mint_machine_state(s->machine);
    struct assay_json_out j;

    assay_json_out_init(&j, to, false);
    assay_json_out_open(&j, NULL, '{');
    assay_json_out_open(&j, "tcb", '{');
    assay_json_out_text(&j, "status", state->tcb_status);
    assay_json_out_text(&j, "module", state->module_status);
    assay_json_out_text(&j, "qe", state->qe_status);
    assay_json_out_close(&j, '}');
    assay_json_out_bool(&j, "revoked", state->revoked);
    assay_json_out_bool(&j, "expired", state->expired);
    assay_json_out_bool(&j, "overtaken", state->overtaken);
    assay_json_out_bool(&j, "debug", state->debug);
    assay_json_out_bool(&j, "forged_log", s->forged_log);
    assay_json_out_text(&j, "image",
                        s->boot.image[0] != '\0' ? s->boot.image : "genuine");
    assay_json_out_time(&j, "now", sim_now(s));
    assay_json_out_time(&j, "collateral_dated", state->now_s);
    sim_write_facts(s, &j);
    assay_json_out_close(&j, '}');
    assay_buf_add_text(to, "\n");
}

static void
run(size_t i, struct sim *s, const struct assay_http_request *request,
    struct assay_http_answer *answer)
{
    struct sim_body body;
    const struct change c = {s, &body};

    if (sim_body_read(&body, request)) {
        sim_body_only(&body, changes[i].members);
    }
    if (body.err.code == ASSAY_OK) {
        changes[i].run(&c);
    }
    if (body.err.code == ASSAY_OK) {
        answer->content_type = "application/json";
        write_state(s, &answer->body);
    } else {
        assay_http_answer_error(answer, 400, assay_code_name(body.err.code),
                                body.err.msg, assay_code_hint(body.err.code));
    }
    sim_body_free(&body);
}

void
sim_control_answer(void *user, const struct assay_http_request *request,
                   struct assay_http_answer *answer)
{
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        if (assay_slice_is(request->path, changes[i].path) &&
            assay_slice_is(request->head->method, changes[i].method)) {
            run(i, user, request, answer);
            return;
        }
    }
    assay_http_answer_error(answer, 404, "not_found",
                            "no such request; GET /state, or POST a change",
                            "");
}
