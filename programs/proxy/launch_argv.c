/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * launch_argv.c - what Codex is told on its command line. Overrides there win
 * over its files, those of the project that it works on included. The user's
 * own are put behind ours, and all of them before any command: releases up to
 * 0.94 at least forget those before a command where there are some behind it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "launch_codex.h"
#include "route.h"

#define TEXT_MAX_BYTES (512u * 1024u)

/* A profile of ours, so that none of a project's files is used. */
#define OWN_PROFILE "assay-proxy"

/* Words, one behind the other; each ends with a NUL. */
struct words {
    struct assay_buf text;
    size_t count;
};

static void
add(struct words *w, const char *word)
{
    assay_buf_add_text(&w->text, word);
    assay_buf_add_u8(&w->text, '\0');
    w->count++;
}

/* The parts are plain, here and below: see running.h and
 * launch_name_is_plain(). */
static void
override(struct words *w, const char *key, const char *value)
{
    add(w, "-c");
    assay_buf_printf(&w->text, "%s=\"%s\"", key, value);
    add(w, "");
}

static void
override_in(struct words *w, const char *table, const char *name,
            const char *member, const char *value)
{
    add(w, "-c");
    assay_buf_printf(&w->text, "%s.%s.%s=\"%s\"", table, name, member, value);
    add(w, "");
}

/* Does the proxy translate for this one? */
static bool
is_translated(const struct codex_facts *facts, const struct running_provider *p)
{
    return p != NULL && strcmp(p->wire_api, "chat") == 0 && !facts->speaks_chat;
}

/* Its URL, without the secret, which goes in a field. */
static void
add_url(struct words *w, const struct running *proxy,
        const struct running_provider *p)
{
    const char *secret = running_secret(proxy);
    int base = secret != NULL ? (int)(secret - proxy->base) : 0;

    if (secret == NULL) {
        override_in(w, "model_providers", p->name, "base_url", p->url);
        return;
    }
    add(w, "-c");
    assay_buf_printf(&w->text, "model_providers.%s.base_url=\"%.*s/%s\"",
                     p->name, base, proxy->base, p->name);
    add(w, "");
    override_in(w, "model_providers", p->name,
                "env_http_headers." ROUTE_SECRET_FIELD, CODEX_SECRET_VARIABLE);
}

static void
add_provider(struct words *w, const struct codex_facts *facts,
             const struct running *proxy, const struct running_provider *p)
{
    add_url(w, proxy, p);
    if (is_translated(facts, p)) {
        override_in(w, "model_providers", p->name, "wire_api", "responses");
    }
}

/* The provider has to be said where profiles are, too: where they are tables
 * they win over what is said outside of them. */
static void
add_choice(struct words *w, const struct codex_facts *facts,
           const struct launch_args *args, const struct launch_choice *choice)
{
    const char *profile =
        choice->profile.text[0] != '\0' ? choice->profile.text : OWN_PROFILE;

    if (args->provider_count == 0) {
        override(w, "model_provider", choice->all[0].text);
    }
    if (facts->old_profiles && args->profile_count == 0) {
        override(w, "profile", profile);
        override_in(w, "profiles", profile, "model_provider",
                    choice->all[0].text);
    }
    for (size_t i = 0; facts->old_profiles && i < args->profile_count; i++) {
        override_in(w, "profiles", args->profiles[i].text, "model_provider",
                    choice->all[0].text);
    }
}

/* What was asked and answered is in Codex's telemetry, too, and up to 0.148 a
 * project's file may say where that goes. The user's own -c comes later. */
static void
end_telemetry(struct words *w)
{
    override(w, "otel.exporter", "none");
    override(w, "otel.trace_exporter", "none");
}

/* --- is it attested? ------------------------------------------------------ */

static enum assay_code
judge(const struct launch_choice *choice, const struct running *proxy,
      struct assay_error *err)
{
    for (size_t i = 0; i < choice->count; i++) {
        const char *name = choice->all[i].text;

        if (running_find(proxy, name) == NULL) {
            return assay_fail(
                err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                "Codex would use the provider '%s' (said by %s), which is not "
                "attested: choose one with use_ratls = true, as in -c "
                "model_provider=\"%s\"",
                name, choice->by[i], proxy->providers[0].name);
        }
        if (!launch_name_is_plain(name)) {
            return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                              "provider '%s': Codex takes no overrides for a "
                              "name with other characters than letters, "
                              "digits, - and _",
                              name);
        }
    }
    return ASSAY_OK;
}

/* --- all of it ------------------------------------------------------------ */

/* The user's overrides, and then all else, as it stands. */
static void
put_users(char *const *users, char **argv)
{
    size_t n = 0;
    const char *text;

    for (char *const *w = users; *w != NULL && strcmp(*w, "--") != 0;
         w += launch_option_words(w)) {
        if (launch_override(w, &text) > 0) {
            argv[n++] = (char *)(uintptr_t)"-c";
            argv[n++] = (char *)(uintptr_t)text;
        }
    }
    while (*users != NULL && strcmp(*users, "--") != 0) {
        size_t words = launch_option_words(users);
        bool moved = launch_override(users, &text) > 0;

        for (; words > 0; words--, users++) {
            if (!moved) {
                argv[n++] = *users;
            }
        }
    }
    while (*users != NULL) {
        argv[n++] = *users++;
    }
}

/* The pointers, and behind them the texts of the words that are ours. An
 * override of the user's may be two words where it was one. */
static enum assay_code
put(const struct words *w, const char *path, char *const *users, char ***out,
    struct assay_error *err)
{
    size_t count = 0;
    size_t pointers;
    char **argv;
    char *text;

    while (users[count] != NULL) {
        count++;
    }
    pointers = (1 + w->count + 2 * count + 1) * sizeof(char *);
    argv = calloc(1, pointers + w->text.len);
    if (argv == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "Codex's command line");
    }
    text = (char *)argv + pointers;
    assay_copy(text, assay_buf_slice(&w->text));
    argv[0] = (char *)(uintptr_t)path;
    for (size_t i = 0; i < w->count; i++) {
        argv[1 + i] = text;
        text += strlen(text) + 1;
    }
    put_users(users, argv + 1 + w->count);
    *out = argv;
    return ASSAY_OK;
}

enum assay_code
codex_argv(const char *path, const struct codex_facts *facts,
           const struct launch_args *args, const struct launch_choice *choice,
           const struct running *proxy, char *const *users, char ***out,
           struct assay_error *err)
{
    struct words w = {.count = 0};

    *out = NULL;
    assay_error_clear(err);
    if (judge(choice, proxy, err) != ASSAY_OK) {
        return err->code;
    }
    assay_buf_init(&w.text, TEXT_MAX_BYTES);
    end_telemetry(&w);
    if (facts->has_daemon) {
        add(&w, "--no-daemon");
    }
    for (size_t i = 0; i < proxy->count; i++) {
        if (launch_name_is_plain(proxy->providers[i].name)) {
            add_provider(&w, facts, proxy, &proxy->providers[i]);
        }
    }
    add_choice(&w, facts, args, choice);
    if (is_translated(facts, running_find(proxy, choice->all[0].text))) {
        override(&w, "web_search", "disabled"); /* chat has nothing like it */
    }
    if (assay_buf_check(&w.text, "Codex's command line", err) == ASSAY_OK) {
        (void)!put(&w, path, users, out, err);
    }
    assay_buf_free(&w.text);
    return err->code;
}
