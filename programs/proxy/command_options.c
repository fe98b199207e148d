/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * command_options.c - see command_options.h.
 */
#include "command_options.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "http1/uri.h"

static void
set_provider(void *options, const char *v, struct assay_error *err)
{
    (void)err;
    ((struct command_options *)options)->provider = v;
}

static void
set_shell(void *options, const char *v, struct assay_error *err)
{
    (void)err;
    ((struct command_options *)options)->shell = v;
}

static void
set_state(void *options, const char *v, struct assay_error *err)
{
    (void)err;
    ((struct command_options *)options)->state = v;
}

static void
set_token_file(void *options, const char *v, struct assay_error *err)
{
    (void)err;
    ((struct command_options *)options)->token_file = v;
}

static void
set_json(void *options, const char *v, struct assay_error *err)
{
    (void)v;
    (void)err;
    ((struct command_options *)options)->json = true;
}

static void
set_help(void *options, const char *v, struct assay_error *err)
{
    (void)v;
    (void)err;
    ((struct command_options *)options)->help = true;
}

/* A proxy of this machine or of another one, as a client would have it: what
 * cannot be pasted into a shell is refused with the rest. */
static void
set_url(void *options, const char *v, struct assay_error *err)
{
    struct assay_uri uri;

    ((struct command_options *)options)->url = v;
    if (assay_uri_parse(assay_slice_of(v), &uri, err) != ASSAY_OK) {
        assay_error_prefix(err, "--url");
    } else if (v[strspn(v, RUNNING_PLAIN)] != '\0') {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "--url: it is not the URL of a proxy");
    }
}

static const struct setting rows[] = {
    [COMMAND_PROVIDER] = {"provider", 0, VALUE, set_provider, NULL},
    [COMMAND_SHELL] = {"shell", 0, VALUE, set_shell, NULL},
    [COMMAND_JSON] = {"json", 0, FLAG, set_json, NULL},
    [COMMAND_STATE] = {"state", 0, VALUE, set_state, "ASSAY_PROXY_STATE"},
    [COMMAND_URL] = {"url", 0, VALUE, set_url, NULL},
    [COMMAND_TOKEN_FILE] = {"token-file", 0, VALUE, set_token_file,
                            "ASSAY_PROXY_TOKEN_FILE"},
    [COMMAND_HELP] = {"help", 'h', FLAG | ENDS, set_help, NULL},
};
_Static_assert(sizeof(rows) / sizeof(rows[0]) == COMMAND_OPTIONS, "each one");

static void
set_defaults(void *options)
{
    *(struct command_options *)options = (struct command_options){.url = NULL};
}

enum daemon_exit
command_options_read(int argc, char **argv, unsigned without,
                     struct command_options *out)
{
    struct setting own[COMMAND_OPTIONS];
    struct settings settings = {.rows = own, .defaults = set_defaults};
    struct assay_error err;
    enum daemon_exit code;

    for (size_t i = 0; i < COMMAND_OPTIONS; i++) {
        if ((without >> i & 1) == 0) {
            own[settings.count++] = rows[i];
        }
    }
    code = settings_read(&settings, &out->given, argc, argv, &err);
    if (code != DAEMON_DONE) {
        fprintf(stderr, "assay-proxy %s: %s\n", argv[0], err.msg);
    }
    return code;
}

void
command_options_free(struct command_options *o)
{
    given_free(&o->given);
}

/* --- the proxy ------------------------------------------------------------ */

static void
fail_which(const struct running *r, struct assay_error *err)
{
    char names[160] = "";
    size_t n = 0;

    for (size_t i = 0; i < r->count && n < sizeof(names); i++) {
        int len = snprintf(names + n, sizeof(names) - n, "%s%s",
                           i > 0 ? ", " : "", r->providers[i].name);

        n += len > 0 ? (size_t)len : 0;
    }
    assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
               "--provider: it has to be one of %s", names);
}

enum assay_code
command_target_find(const struct command_options *o, struct command_target *out,
                    struct assay_error *err)
{
    const struct running_provider *p;

    *out = (struct command_target){.url = o->url, .provider = o->provider};
    assay_error_clear(err);
    if (o->url != NULL) {
        return ASSAY_OK;
    }
    if (running_read(o->state, &out->running, err) != ASSAY_OK) {
        return err->code;
    }
    if (!running_has_url(&out->running)) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "the proxy listens at a Unix socket, which has no "
                          "URL for its clients: --listen 127.0.0.1:8989");
    }
    p = o->provider != NULL       ? running_find(&out->running, o->provider)
        : out->running.count == 1 ? &out->running.providers[0]
                                  : NULL;
    if (p == NULL) {
        fail_which(&out->running, err);
    } else {
        out->provider = p->name;
        out->url = p->url;
        out->has_secret = running_has_secret(&out->running);
    }
    return err->code;
}

void
command_target_free(struct command_target *t)
{
    running_free(&t->running);
}

void
command_target_hint(const struct command_options *o,
                    const struct assay_error *err)
{
    if (err->code == ASSAY_IO && o->url == NULL) {
        fputs("No proxy runs, or it was told --state: start one, or give "
              "--state or --url.\n",
              stderr);
    }
}
