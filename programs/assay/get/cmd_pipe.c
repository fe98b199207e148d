/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * cmd_pipe.c - assay pipe: standard input and output over a session with a
 * server that has proven itself.
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "pipe.h"
#include "programs/assay/help.h"

static void
on_failed(void *user, const struct assay_error *err, bool peer)
{
    struct pipe *p = user;

    get_end_failed(&p->get, err, peer);
}

/* --- the command -------------------------------------------------------- */

static void
run_loop(struct pipe *p)
{
    static const struct assay_attested_events events = {
        .open = pipe_on_open,
        .failed = on_failed,
        .data = pipe_on_data,
        .read_done = pipe_on_closed,
        .closed = pipe_on_closed,
        .drained = pipe_on_drained,
    };
    struct get *g = &p->get;

    uv_timer_init(&g->loop, &p->answer); /* never fails */
    uv_timer_init(&g->loop, &p->max_age);
    p->answer.data = p;
    p->max_age.data = p;
    get_watch_signals(g, false); /* ssh hangs up when it is done */
    get_connect(g, &events, p);
    get_run(g);
    uv_close((uv_handle_t *)&p->answer, NULL);
    uv_close((uv_handle_t *)&p->max_age, NULL);
}

static enum exit_code
carry(const struct command *c, const struct options *o,
      const struct assay_uri *uri)
{
    struct pipe p = {.get = {.c = c, .o = o, .uri = *uri}};
    bool busy;

    get_init(&p.get);
    if (get_set_up_session(&p.get) == ASSAY_OK) {
        run_loop(&p);
    }
    /* A thread that waits for somebody to type cannot be interrupted. */
    busy = assay_inout_is_busy(p.in) || assay_inout_is_busy(p.out);
    assay_inout_free(p.in);
    assay_inout_free(p.out);
    return get_leave(&p.get, busy);
}

/* HOST:PORT is the authority of a URL. */
static bool
read_target(const struct command *c, const char *operand, struct assay_uri *uri,
            enum exit_code *code)
{
    char text[ASSAY_URI_HOST_MAX + 64];
    struct assay_error err;

    assay_error_clear(&err);
    if (strpbrk(operand, "/?#@") != NULL ||
        strlen(operand) > ASSAY_URI_HOST_MAX + 10) {
        *code = cli_usage(c, "'%.40s' is not of the form HOST:PORT", operand);
        return false;
    }
    (void)snprintf(text, sizeof(text), "https://%s" ASSAY_PIPE_PATH, operand);
    if (assay_uri_parse(assay_slice_of(text), uri, &err) != ASSAY_OK) {
        *code = cli_usage(c, "%s", err.msg);
        return false;
    }
    return true;
}

static enum exit_code
run(const struct command *c, const struct options *o)
{
    struct assay_uri uri;
    enum exit_code code;

    if (o->policy == NULL) {
        return cli_usage(c, "--policy FILE is missing: it says what the "
                            "server has to prove");
    }
    return read_target(c, o->operand, &uri, &code) ? carry(c, o, &uri) : code;
}

const struct command command_pipe = {
    .name = "pipe",
    .summary = "standard input and output over an attested session",
    .help =
        "Usage: assay pipe --policy FILE [OPTIONS] HOST[:PORT]\n"
        "\n"
        "Connects to a server (port 443), has it prove by its evidence what\n"
        "the policy asks for, and only then carries standard input to it and\n"
        "what it answers to standard output, as octets. Each direction ends\n"
        "for itself. Nothing else is written to standard output, so it serves\n"
        "as ProxyCommand of ssh:\n"
        "\n"
        "  ssh -o ProxyCommand='assay pipe --policy FILE %h:443' HOST\n"
        "\n"
        "  --policy FILE       what the server has to prove (JSON, or TOML if\n"
        "                      the name ends in .toml)\n"
        "  --max-age S         end when the evidence is older than so many\n"
        "                      seconds; without it, a pipe that was opened on\n"
        "                      fresh evidence lasts until one side ends it\n"
        "  --verdict FILE      write verdict and session facts there (JSON)\n"
        "  --save-evidence FILE|FOLDER\n"
        "                      keep what the server gave, to be judged again\n"
        "                      with 'assay verify --evidence'; before "
        "anything\n"
        "                      goes out\n"
        "  --timing            how long each phase took, on standard error\n"
        "  -v, --verbose       who was reached and what was proven\n"
        "\n" HELP_SESSION "\n"
        "Exit: 0 both sides ended as they should, 1 the server did not prove\n"
        "itself, 2 it could not be tried or finished, 64 usage.\n",
    .options = OPTIONS_PIPE,
    .operands = "HOST:PORT",
    .run = run,
};
