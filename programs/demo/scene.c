/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * scene.c - see scene.h.
 */
#include "scene.h"

#include "base/bytes.h"

/* Of the attacks: those that are all told by a change of the platform, and one
 * in the network. */
static const char *const names[] = {"out-of-date-tcb", "wrong-compose",
                                    "debug-td", "relayed-quote"};
#define ATTACKS (sizeof(names) / sizeof(names[0]))

static const struct scene honest = {
    .name = "honest",
    .title = "honest server",
    .did = "The platform is up to date and runs the app of the policy, and "
           "nobody is in the way.",
};

size_t
scene_count(void)
{
    return 1 + ATTACKS;
}

struct scene
scene_at(size_t i)
{
    const struct attack *a;

    if (i == SCENE_HONEST) {
        return honest;
    }
    a = attack_find(names[i - 1]);
    return (struct scene){a->name, a->title, a->did, a->expects.check};
}

size_t
scene_find(struct assay_slice name)
{
    size_t i = 0;

    while (i < scene_count() && !assay_slice_is(name, scene_at(i).name)) {
        i++;
    }
    return i;
}

/* Between road and server, with the server's stolen key. */
static bool
place_middleman(struct theatre *t, struct assay_address *at)
{
    static const struct tls_role stolen_key = {
        .certificate = STAGE_SERVER ".pem",
        .key = STAGE_SERVER ".key",
    };
    struct stage *s = t->stage;
    const struct middleman_options o = {
        .trick = MIDDLEMAN_RELAY, .role = stolen_key, .server = s->server};

    return middleman_new(&s->pump.loop, &o, &t->middleman, &s->err) ==
               ASSAY_OK &&
           stage_address(s, middleman_address(t->middleman), at);
}

bool
scene_play(struct theatre *t, size_t i)
{
    const struct attack *a =
        i == SCENE_HONEST ? NULL : attack_find(names[i - 1]);
    struct stage *s = t->stage;
    struct assay_address to;

    assay_error_clear(&s->err);
    road_lead(t->road, NULL);
    middleman_free(t->middleman);
    t->middleman = NULL;
    if (!stage_reset(s, a != NULL ? a->control : NULL) ||
        !stage_serve(s, STAGE_AGENT, STAGE_SERVER, true)) {
        return false;
    }
    to = s->server;
    if (a != NULL && a->control == NULL && !place_middleman(t, &to)) {
        return false;
    }
    road_lead(t->road, &to);
    t->scene = i;
    return true;
}
