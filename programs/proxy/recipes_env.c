/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * recipes_env.c - assay proxy env.
 */
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/json_out.h"
#include "command_options.h"
#include "daemon/front.h"
#include "http1/uri.h"
#include "recipes.h"

#define TEXT_MAX_BYTES (64u * 1024u)
#define WAIT_MS        3000u
#define STEP_MS        20u

#define USUAL_HOSTS        "127.0.0.1,::1,localhost"
#define NO_PROXY_MAX_BYTES 4000u

static const char *const help[] = {
    "Usage: assay proxy env [--provider NAME] [--shell sh|fish|powershell] "
    "[--json]\n"
    "                       [--state FILE | --url URL]\n"
    "Prints what clients of a running proxy need in their environment:\n"
    "\n"
    "  eval \"$(assay proxy env)\"            sh, bash, zsh\n"
    "  assay proxy env --shell fish | source\n"
    "\n",
    "OPENAI_BASE_URL is for openai-python, openai-node and what is built on\n"
    "them; OPENAI_API_BASE for aider and LiteLLM. OPENAI_API_KEY is set only\n"
    "where the proxy puts the key in, as clients want one; NO_PROXY only "
    "where\n"
    "the environment names a proxy, which must not get what is for this one.\n"
    "URL is what a provider is at, such as http://127.0.0.1:8989/v1.\n"
    "\n"
    "A proxy that is just starting is waited for, for three seconds. Where "
    "there\n"
    "is none, it prints 'false', so that eval fails, too.\n",
    NULL,
};

/* What stands around a name and its value; the values need no escapes. */
static const struct {
    const char *name;
    const char *before;
    const char *between;
    const char *behind;
} shells[RECIPE_SHELLS] = {
    [RECIPE_SH] = {"sh", "export ", "='", "'\n"},
    [RECIPE_FISH] = {"fish", "set -gx ", " '", "'\n"},
    [RECIPE_POWERSHELL] = {"powershell", "$env:", " = '", "'\n"},
    [RECIPE_JSON] = {"json", "", "", ""},
};

static const struct {
    const char *name;
    enum recipe_shell shell;
} other_names[] = {
    {"bash", RECIPE_SH},
    {"dash", RECIPE_SH},
    {"pwsh", RECIPE_POWERSHELL},
    {"zsh", RECIPE_SH},
};

bool
recipe_shell_of(const char *name, enum recipe_shell *out)
{
    for (unsigned i = 0; i < RECIPE_JSON; i++) {
        if (strcmp(name, shells[i].name) == 0) {
            *out = (enum recipe_shell)i;
            return true;
        }
    }
    for (size_t i = 0; i < sizeof(other_names) / sizeof(other_names[0]); i++) {
        if (strcmp(name, other_names[i].name) == 0) {
            *out = other_names[i].shell;
            return true;
        }
    }
    return false;
}

/* --- variables ------------------------------------------------------------ */

struct sink {
    enum recipe_shell shell;
    struct assay_buf *to;
    struct assay_json_out json;
};

static void
put(struct sink *s, const char *name, const char *value)
{
    if (s->shell == RECIPE_JSON) {
        assay_json_out_text(&s->json, name, value);
        return;
    }
    assay_buf_add_text(s->to, shells[s->shell].before);
    assay_buf_add_text(s->to, name);
    assay_buf_add_text(s->to, shells[s->shell].between);
    assay_buf_add_text(s->to, value);
    assay_buf_add_text(s->to, shells[s->shell].behind);
}

/* The proxy's host as NO_PROXY has it, where the usual names are not enough. */
static void
host_of(const char *url, char host[ASSAY_URI_HOST_MAX + 2])
{
    struct assay_error err;
    struct assay_uri uri;
    bool known = assay_uri_parse(assay_slice_of(url), &uri, &err) != ASSAY_OK ||
                 strcmp(uri.host, "127.0.0.1") == 0 ||
                 strcmp(uri.host, "::1") == 0 ||
                 strcmp(uri.host, "localhost") == 0;

    (void)snprintf(host, ASSAY_URI_HOST_MAX + 2, "%s%s", known ? "" : ",",
                   known ? "" : uri.host);
}

/* As it does behind an env before this one. */
static bool
ends_with(const char *list, const char *hosts)
{
    size_t n = strlen(list);
    size_t len = strlen(hosts);

    return n >= len && strcmp(list + n - len, hosts) == 0 &&
           (n == len || list[n - len - 1] == ',');
}

/* The list of now, if that can be written down as it is, this machine, and
 * where the proxy is. */
static void
put_no_proxy(struct sink *s, const char *now, const char *url)
{
    bool plain = now[strspn(now, RUNNING_PLAIN ",* ")] == '\0';
    bool kept = plain && now[0] != '\0' && strlen(now) <= NO_PROXY_MAX_BYTES;
    char ours[ASSAY_URI_HOST_MAX + sizeof(USUAL_HOSTS) + 2];
    char host[ASSAY_URI_HOST_MAX + 2];
    char value[NO_PROXY_MAX_BYTES + sizeof(ours) + 1];

    host_of(url, host);
    (void)snprintf(ours, sizeof(ours), USUAL_HOSTS "%s", host);
    if (kept && ends_with(now, ours)) {
        (void)snprintf(value, sizeof(value), "%s", now);
    } else {
        (void)snprintf(value, sizeof(value), "%s%s%s", kept ? now : "",
                       kept ? "," : "", ours);
    }
    put(s, "NO_PROXY", value);
    put(s, "no_proxy", value);
}

void
recipe_put_env(const struct recipe_env *e, enum recipe_shell shell,
               struct assay_buf *to)
{
    struct sink s = {.shell = shell, .to = to};

    if (shell == RECIPE_JSON) {
        assay_json_out_init(&s.json, to, false);
        assay_json_out_open(&s.json, NULL, '{');
    }
    put(&s, "OPENAI_BASE_URL", e->url);
    put(&s, "OPENAI_API_BASE", e->url);
    if (e->has_key) {
        put(&s, "OPENAI_API_KEY", "the-proxy-puts-it-in");
    }
    if (e->no_proxy != NULL) {
        put_no_proxy(&s, e->no_proxy, e->url);
    }
    if (shell == RECIPE_JSON) {
        assay_json_out_close(&s.json, '}');
        assay_buf_add_u8(to, '\n');
    }
}

/* --- the command ---------------------------------------------------------- */

/* Also of one that was started the moment before, by the line above in a
 * script.
 */
static enum assay_code
find(const struct command_options *o, struct command_target *target,
     struct assay_error *err)
{
    unsigned waited = 0;

    while (command_target_find(o, target, err) == ASSAY_IO &&
           waited < WAIT_MS) {
        command_target_free(target);
        uv_sleep(STEP_MS);
        waited += STEP_MS;
    }
    return err->code;
}

/* The shell that evaluates this sees no exit code but that of what it is given:
 * a script that goes on would speak to OpenAI, or whoever else is set. */
static void
put_failure(enum recipe_shell shell)
{
    if (shell == RECIPE_SH || shell == RECIPE_FISH) {
        puts("false");
    }
}

static int
run(const struct command_options *o, enum recipe_shell shell)
{
    struct command_target target;
    struct assay_error err;
    struct assay_buf text;

    if (find(o, &target, &err) == ASSAY_OK) {
        const struct recipe_env e = {target.url, target.has_secret,
                                     recipe_no_proxy()};

        assay_buf_init(&text, TEXT_MAX_BYTES);
        recipe_put_env(&e, shell, &text);
        front_print(&text);
    } else {
        fprintf(stderr, "assay-proxy env: %s\n", err.msg);
        command_target_hint(o, &err);
        put_failure(shell);
    }
    command_target_free(&target);
    return err.code == ASSAY_OK        ? DAEMON_DONE
           : err.code == ASSAY_INVALID ? DAEMON_USAGE
                                       : DAEMON_FAILED;
}

int
env_main(int argc, char **argv)
{
    struct command_options o;
    enum recipe_shell shell = RECIPE_SH;
    int code =
        (int)command_options_read(argc, argv, 1u << COMMAND_TOKEN_FILE, &o);

    if (code != DAEMON_DONE) {
        put_failure(shell);
        return code;
    }
    if (o.help) {
        front_help(help);
    } else if (o.shell != NULL && !recipe_shell_of(o.shell, &shell)) {
        fputs("assay-proxy env: --shell takes sh, fish or powershell\n",
              stderr);
        put_failure(shell);
        code = DAEMON_USAGE;
    } else {
        code = run(&o, o.json ? RECIPE_JSON : shell);
    }
    command_options_free(&o);
    return code;
}
