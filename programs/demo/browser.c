/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * browser.c - see browser.h.
 *
 *     page -> assay-bridge -> road [-> middleman] -> assay-serve -> model
 */
#include "browser.h"

#include <stdio.h>

#include "assay/version.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/json_out.h"
#include "io/file.h"
#include "model.h"
#include "model_server.h"
#include "scene.h"
#include "web.h"

#define BRIDGE_READY   "bridge.json"
#define FILE_MAX_BYTES (512u * 1024u)
#define ADDRESS_BYTES  (ASSAY_HOST_MAX_BYTES + 16)
#define GOODBYE_MS     1000u /* between a child's end and our own signal */

struct browser {
    struct stage *stage;
    struct theatre theatre;
    struct model_server *model;
    struct web *web;
    struct process *bridge;
    char bridge_at[ADDRESS_BYTES];
};

/* --- opening ------------------------------------------------------------ */

/* What a page asks of the platform's health, it shall hear as it is now. */
static bool
start_bridge(struct browser *b)
{
    struct stage *s = b->stage;
    char relay[ADDRESS_BYTES];
    char origins[2 * ADDRESS_BYTES + 32];
    const char *page = web_address(b->web);
    const char *const argv[] = {"assay-bridge",
                                "--listen",
                                "127.0.0.1:0",
                                "--allow",
                                road_address(b->theatre.road),
                                "--origins",
                                origins,
                                "--relay",
                                relay,
                                "--relay-max-age",
                                "0",
                                "--access-log",
                                "off",
                                "--ready-file",
                                BRIDGE_READY,
                                NULL};

    (void)snprintf(origins, sizeof(origins), "http://%s,http://localhost%s",
                   page, strrchr(page, ':'));
    return stage_read_member(s, "sim/ready.json", "pccs", relay,
                             sizeof(relay)) &&
           stage_start_daemon(s, argv, BRIDGE_READY, &b->bridge) &&
           stage_read_member(s, BRIDGE_READY, "address", b->bridge_at,
                             sizeof(b->bridge_at));
}

static void
put_scenes(struct assay_json_out *j)
{
    assay_json_out_open(j, "scenes", '[');
    for (size_t i = 0; i < scene_count(); i++) {
        struct scene scene = scene_at(i);

        assay_json_out_open(j, NULL, '{');
        assay_json_out_text(j, "name", scene.name);
        assay_json_out_text(j, "title", scene.title);
        assay_json_out_text(j, "did", scene.did);
        assay_json_out_text(j, "refused_by", scene.by);
        assay_json_out_close(j, '}');
    }
    assay_json_out_close(j, ']');
}

/* What createAtlsFetch() of the page takes. */
static void
put_atls(const struct browser *b, struct assay_slice policy,
         struct assay_slice ca, struct assay_json_out *j)
{
    const char *target = road_address(b->theatre.road);
    char url[2 * ADDRESS_BYTES + 32];

    assay_json_out_open(j, "atls", '{');
    (void)snprintf(url, sizeof(url), "ws://%s/?target=%s", b->bridge_at,
                   target);
    assay_json_out_text(j, "proxyUrl", url);
    assay_json_out_text(j, "targetHost", target);
    (void)snprintf(url, sizeof(url), "http://%s", b->bridge_at);
    assay_json_out_text(j, "collateral", url);
    assay_json_out_string(j, "extraRoots", ca);
    while (policy.len > 0 && policy.ptr[policy.len - 1] == '\n') {
        policy.len--;
    }
    assay_json_out_document(j, "policy", policy);
    /* Nothing is left in the browser; that each connection sees the health of
     * now is the policy's cache_collateral: false. */
    assay_json_out_bool(j, "cache", false);
    assay_json_out_close(j, '}');
}

static void
put_settings(const struct browser *b, struct assay_slice policy,
             struct assay_slice ca, struct assay_buf *to)
{
    struct assay_json_out j;

    assay_json_out_init(&j, to, false);
    assay_json_out_open(&j, NULL, '{');
    assay_json_out_text(&j, "version", ASSAY_VERSION);
    assay_json_out_text(&j, "model", MODEL_NAME);
    put_atls(b, policy, ca, &j);
    put_scenes(&j);
    assay_json_out_close(&j, '}');
    assay_buf_add_text(to, "\n");
}

static void
put_state(void *user, struct assay_buf *to)
{
    const struct browser *b = user;
    struct assay_json_out j;

    assay_json_out_init(&j, to, false);
    assay_json_out_open(&j, NULL, '{');
    assay_json_out_text(&j, "scene", scene_at(b->theatre.scene).name);
    assay_json_out_u64(&j, "asked", model_server_asked(b->model));
    assay_json_out_close(&j, '}');
    assay_buf_add_text(to, "\n");
}

static bool
open_web(struct browser *b)
{
    struct stage *s = b->stage;
    struct assay_buf policy;
    struct assay_buf ca;
    struct assay_buf config;

    assay_buf_init(&ca, FILE_MAX_BYTES);
    assay_buf_init(&config, WEB_CONFIG_MAX_BYTES);
    if (assay_file_read("policy.json", FILE_MAX_BYTES, &policy, &s->err) ==
            ASSAY_OK &&
        assay_file_read("ca.pem", FILE_MAX_BYTES, &ca, &s->err) == ASSAY_OK) {
        put_settings(b, assay_buf_slice(&policy), assay_buf_slice(&ca),
                     &config);
        if (!web_open(b->web, b->bridge_at, assay_buf_slice(&config), put_state,
                      b)) {
            (void)stage_fail(s, ASSAY_NO_MEMORY, "out of memory");
        }
    }
    assay_buf_free(&policy);
    assay_buf_free(&ca);
    assay_buf_free(&config);
    return s->err.code == ASSAY_OK;
}

static bool
open_all(struct browser *b, const struct page *page, const struct options *o)
{
    struct stage *s = b->stage;
    uv_loop_t *loop = &s->pump.loop;

    if (web_new(loop, &o->listen, page, &b->web, &s->err) != ASSAY_OK ||
        road_new(loop, &b->theatre.road, &s->err) != ASSAY_OK ||
        model_server_new(loop, &b->model, &s->err) != ASSAY_OK) {
        return false;
    }
    s->backend_at = model_server_address(b->model);
    if (!stage_open(s)) {
        return false;
    }
    road_lead(b->theatre.road, &s->server);
    return start_bridge(b) && open_web(b);
}

static void
close_all(struct browser *b)
{
    web_free(b->web);
    process_end(b->bridge);
    middleman_free(b->theatre.middleman);
    road_free(b->theatre.road);
    process_end(b->stage->serve); /* the model's client */
    b->stage->serve = NULL;
    model_server_free(b->model);
}

/* --- telling ------------------------------------------------------------ */

static void
tell_json(const struct browser *b, const char *folder)
{
    struct assay_json_out j;
    struct assay_buf text;
    char url[ADDRESS_BYTES + 16];

    assay_buf_init(&text, WEB_CONFIG_MAX_BYTES);
    assay_json_out_init(&j, &text, true);
    assay_json_out_open(&j, NULL, '{');
    (void)snprintf(url, sizeof(url), "http://%s/", web_address(b->web));
    assay_json_out_text(&j, "url", url);
    assay_json_out_text(&j, "bridge", b->bridge_at);
    assay_json_out_text(&j, "target", road_address(b->theatre.road));
    assay_json_out_text(&j, "folder", folder);
    assay_json_out_close(&j, '}');
    (void)printf("%.*s\n", (int)text.len, (const char *)text.ptr);
    assay_buf_free(&text);
}

static void
tell(const struct browser *b, const struct options *o, const char *folder)
{
    if (o->json) {
        tell_json(b, folder);
    } else {
        (void)printf("Open this page in a browser of this machine:\n\n"
                     "    http://%s/\n\n"
                     "It talks to a toy model behind assay-serve, on a "
                     "simulated TDX platform,\nthrough assay-bridge "
                     "(%s). Policy, keys and the rest are in\n%s\n"
                     "Control-C ends it all.\n",
                     web_address(b->web), b->bridge_at, folder);
    }
    (void)fflush(stdout);
}

/* --- running ------------------------------------------------------------ */

static bool
has_lost_one(const struct browser *b)
{
    return process_has_ended(b->bridge) || process_has_ended(b->stage->sim) ||
           (b->stage->serve != NULL && process_has_ended(b->stage->serve));
}

static bool
has_something(const void *user)
{
    const struct browser *b = user;

    return web_is_asked(b->web) || has_lost_one(b);
}

static bool
never(const void *user)
{
    (void)user;
    return false;
}

/* Until a signal, or a child's end; at a terminal children may hear of the
 * same signal first. */
static bool
serve(struct browser *b)
{
    struct stage *s = b->stage;

    while (s->pump.interrupted == 0) {
        if (!pump_wait(&s->pump, has_something, b, UINT32_MAX)) {
            continue;
        }
        if (has_lost_one(b)) {
            (void)pump_wait(&s->pump, never, NULL, GOODBYE_MS);
            return s->pump.interrupted != 0 ||
                   stage_fail(s, ASSAY_IO, "a program of the demo has ended");
        }
        (void)scene_play(&b->theatre, web_asked_scene(b->web));
        web_answer(b->web, &s->err);
    }
    return true;
}

bool
browser_run(struct stage *s, const struct page *page, const struct options *o,
            const char *folder)
{
    struct browser b = {.stage = s, .theatre = {.stage = s}};
    bool good = open_all(&b, page, o);

    if (good) {
        tell(&b, o, folder);
        good = serve(&b);
    }
    close_all(&b);
    return good;
}
