/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * assay-demo - attested TLS at work, and under attack, on loopback.
 *
 * Nothing here is canned: real programs run, the attackers really attack, and
 * what refuses them is what `assay get` says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "assay/version.h"
#include "browser.h"
#include "folder.h"
#include "options.h"
#include "page.h"
#include "show.h"

#define MS_PER_S  1000u
#define NS_PER_MS 1000000u

static uint64_t
now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * MS_PER_S + (uint64_t)t.tv_nsec / NS_PER_MS;
}

static bool
run_attacks(struct stage *s, const struct options *o, struct show *v)
{
    for (size_t i = 0; i < o->count; i++) {
        struct outcome outcome;

        if (!attack_run(s, o->attacks[i], &outcome)) {
            return false;
        }
        show_attack(v, o->attacks[i], &outcome);
    }
    return true;
}

/* The honest server comes last again: had the attacks only broken the stage,
 * they would have been refused too. */
static bool
run_all(struct stage *s, const struct options *o, struct show *v, bool *good)
{
    uint64_t began_ms = now_ms();
    struct good first;
    struct good again;

    if (!stage_open(s) || !good_run(s, &first)) {
        return false;
    }
    show_good(v, &first);
    if (!run_attacks(s, o, v) || !stage_reset(s, NULL) ||
        !stage_serve(s, STAGE_AGENT, STAGE_SERVER, true) ||
        !good_run(s, &again)) {
        return false;
    }
    show_end(v, &again, now_ms() - began_ms);
    *good = first.trusted && again.trusted && v->refused == v->attacks;
    return true;
}

/* A proxy of the environment has no business on loopback; and what programs
 * keep between runs, stays in the folder. */
static bool
clean_environment(const struct folder *f)
{
    char state[sizeof(f->path) + 8];
    char cache[sizeof(f->path) + 8];

    (void)snprintf(state, sizeof(state), "%s/state", f->path);
    (void)snprintf(cache, sizeof(cache), "%s/cache", f->path);
    return setenv("NO_PROXY", "127.0.0.1,localhost", 1) == 0 &&
           setenv("no_proxy", "127.0.0.1,localhost", 1) == 0 &&
           setenv("XDG_STATE_HOME", state, 1) == 0 &&
           setenv("XDG_CACHE_HOME", cache, 1) == 0;
}

static enum demo_exit
run_attacks_and_tell(struct stage *s, const struct options *o,
                     const struct folder *folder)
{
    struct show v;
    bool good = false;

    show_start(&v, o->json, folder->path, folder->keep);
    if (!run_all(s, o, &v, &good)) {
        show_trouble(&v, &s->err);
        return DEMO_TROUBLE;
    }
    return good ? DEMO_GOOD : DEMO_BAD;
}

static enum demo_exit
complain(const struct stage *s)
{
    (void)fprintf(stderr, "assay-demo: %s\n", s->err.msg);
    return DEMO_TROUBLE;
}

static enum demo_exit
run_in_folder(struct stage *s, const struct options *o, const struct page *page,
              const struct folder *folder)
{
    if (!clean_environment(folder)) {
        (void)stage_fail(s, ASSAY_NO_MEMORY, "out of memory");
        return complain(s);
    }
    if (o->task == DEMO_RUN) {
        return run_attacks_and_tell(s, o, folder);
    }
    return browser_run(s, page, o, folder->path) ? DEMO_GOOD : complain(s);
}

/* Paths of the command line are read before the folder is entered. */
static enum demo_exit
run(const struct options *o)
{
    static struct stage s;
    struct folder folder;
    struct page page = {.there = {false}};
    enum demo_exit code = DEMO_TROUBLE;

    if (stage_prepare(&s) &&
        (o->task != DEMO_BROWSER ||
         page_load(&page, o->page_dir, s.programs, &s.err) == ASSAY_OK) &&
        folder_enter(&folder, o->keep, &s.err) == ASSAY_OK) {
        code = run_in_folder(&s, o, &page, &folder);
        stage_close(&s);
        folder_leave(&folder);
    } else {
        code = complain(&s);
        stage_close(&s);
    }
    page_free(&page);
    return code;
}

int
main(int argc, char **argv)
{
    struct options o;
    enum demo_exit code = DEMO_GOOD;

    if (!options_parse(&o, argc, argv, &code)) {
        return (int)code;
    }
    switch (o.task) {
    case DEMO_HELP:
        (void)fputs(demo_help, stdout);
        break;
    case DEMO_VERSION:
        (void)puts("assay-demo " ASSAY_VERSION);
        break;
    case DEMO_LIST:
        show_list();
        break;
    case DEMO_RUN:
    case DEMO_BROWSER:
        code = run(&o);
        break;
    }
    return fflush(stdout) == 0 ? (int)code : (int)DEMO_TROUBLE;
}
