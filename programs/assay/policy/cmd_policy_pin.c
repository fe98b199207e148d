/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * cmd_policy_pin.c - assay policy pin: a policy from what a genuine TD proves
 * of itself. Trust on first use, and the policy says so.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "io/file.h"
#include "pin_write.h"
#include "programs/assay/help.h"

/* Early, so that nobody waits for what cannot be written. */
static enum assay_code
check_absent(const char *path, bool force, struct assay_error *err)
{
    struct stat st;

    if (path != NULL && !force && lstat(path, &st) == 0) {
        assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET,
                   "%s: the file is there already; --force replaces it", path);
    }
    return err->code;
}

/* Without --force the name is still free when it is taken. */
static enum assay_code
write_to(const char *path, struct assay_slice content, bool force,
         struct assay_error *err)
{
    return force ? assay_file_write(path, content, 0666, err)
                 : assay_file_write_new(path, content, 0666, err);
}

/* --- telling ------------------------------------------------------------ */

static void
tell_pinned(const struct command *c, const struct found *f, const struct pin *p)
{
    const char *separator = "";

    fprintf(stderr, "assay: %s: pinned ", c->name);
    for (int i = 0; i < PIN_COUNT; i++) {
        if ((p->pinned & 1u << i) != 0) {
            fprintf(stderr, "%s%s", separator, pin_item_name((enum pin_item)i));
            separator = ", ";
        }
    }
    fputs(" of ", stderr);
    cli_put_safe(f->from);
    fputs(", trusted on first use\n", stderr);
    for (int i = 0; i < PIN_COUNT; i++) {
        if (p->left_out[i] != NULL) {
            fprintf(stderr, "assay: %s: not pinned: %s (%s)\n", c->name,
                    pin_item_name((enum pin_item)i), p->left_out[i]);
        }
    }
}

static void
tell_doubts(const struct command *c, const struct options *o,
            const struct found *f)
{
    if (f->in_session && !f->certificate_checked) {
        fprintf(stderr,
                "assay: %s: note: the TLS certificate was not checked: any "
                "genuine TD may have been at the other end\n",
                c->name);
    }
    if (o->get.ca != NULL && f->certificate_checked) {
        fprintf(stderr,
                "assay: %s: note: the roots of --ca are not in the policy: "
                "give them again, or name them as its ca_file\n",
                c->name);
    }
    if (!f->in_session) {
        fprintf(stderr,
                "assay: %s: note: nothing shows that the quote is fresh\n",
                c->name);
    }
    if (o->root != NULL) {
        fprintf(stderr,
                "assay: %s: note: the policy trusts the root of --root, not "
                "Intel's\n",
                c->name);
    }
    if (o->tools.compose_out != NULL && f->app_compose.len == 0) {
        fprintf(stderr,
                "assay: %s: note: no app-compose with the proven hash was "
                "offered, so none is written\n",
                c->name);
    }
}

/* --- doing -------------------------------------------------------------- */

static const char *
type_of(const struct options *o)
{
    return o->tools.type != NULL ? o->tools.type : "dstack_tdx";
}

static bool
wants_toml(const struct options *o)
{
    size_t len = o->output != NULL ? strlen(o->output) : 0;

    return o->tools.toml ||
           (!o->json && len > 5 && strcmp(o->output + len - 5, ".toml") == 0);
}

static enum assay_code
put(const struct options *o, const struct found *f, struct assay_buf *policy,
    struct assay_error *err)
{
    const char *beside = f->app_compose.len > 0 ? o->tools.compose_out : NULL;
    bool force = o->tools.force;

    if (beside != NULL && write_to(beside, assay_buf_slice(&f->app_compose),
                                   force, err) != ASSAY_OK) {
        return err->code;
    }
    if (o->output == NULL) {
        cli_print(policy);
    } else if (write_to(o->output, assay_buf_slice(policy), force, err) !=
                   ASSAY_OK &&
               beside != NULL && !force) {
        (void)unlink(beside); /* which was not there before */
    }
    return err->code;
}

static enum assay_code
find(const struct command *c, const struct options *o, struct found *f,
     bool *peer, struct assay_error *err)
{
    const struct found_terms t = {
        .type = type_of(o),
        .self_signed = o->tools.accept_self_signed,
    };

    return o->tools.quote != NULL
               ? found_in_files(o, &t, f, peer, err)
               : found_in_session(c, o, o->operand, &t, f, peer, err);
}

static enum exit_code
pin_to(const struct command *c, const struct options *o, struct found *f)
{
    struct assay_buf policy;
    struct assay_error err;
    struct pin p;
    bool peer = false;

    assay_buf_init(&policy, 0);
    if (find(c, o, f, &peer, &err) == ASSAY_OK &&
        pin_choose(o, type_of(o), f, &p, &err) == ASSAY_OK &&
        pin_write(o, f, &p, wants_toml(o), &policy, &err) == ASSAY_OK &&
        put(o, f, &policy, &err) == ASSAY_OK) {
        tell_pinned(c, f, &p);
        tell_doubts(c, o, f);
    }
    assay_buf_free(&policy);
    if (err.code == ASSAY_OK) {
        return EXIT_TRUSTED;
    }
    (void)cli_fail(c, o->json, &err);
    return peer || err.code == ASSAY_NOT_TRUSTED ? EXIT_NOT_TRUSTED
                                                 : EXIT_UNREADABLE;
}

static enum exit_code
pin(const struct command *c, const struct options *o)
{
    struct found f = {.in_session = false};
    struct assay_error err;
    enum exit_code code;

    assay_error_clear(&err);
    if (check_absent(o->output, o->tools.force, &err) == ASSAY_OK &&
        check_absent(o->tools.compose_out, o->tools.force, &err) == ASSAY_OK) {
        code = pin_to(c, o, &f);
    } else {
        code = cli_fail(c, o->json, &err);
    }
    found_free(&f);
    return code;
}

/* --- the command -------------------------------------------------------- */

static bool
check_usage(const struct command *c, const struct options *o,
            enum exit_code *code)
{
    const struct {
        const char *name;
        bool given;
        bool of_files; /* else of a session */
    } options[] = {
        {"--event-log", o->event_log != NULL, true},
        {"--app-compose", o->app_compose != NULL, true},
        {"--vm-config", o->vm_config != NULL, true},
        {"--at", o->at, true},
        {"--accept-self-signed", o->tools.accept_self_signed, false},
        {"--ca", o->get.ca != NULL, false},
        {"--wire", o->get.wire != NULL, false},
        {"--proxy", o->get.proxy != NULL, false},
        {"--resolve", o->get.resolve_count > 0, false},
    };

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (options[i].given &&
            options[i].of_files != (o->tools.quote != NULL)) {
            *code = cli_usage(c, "%s is for %s", options[i].name,
                              options[i].of_files ? "--quote" : "a server");
            return false;
        }
    }
    if (o->output != NULL && o->tools.compose_out != NULL &&
        strcmp(o->output, o->tools.compose_out) == 0) {
        *code = cli_usage(c, "--output and --compose-out are the same file");
        return false;
    }
    if (o->json && o->tools.toml) {
        *code = cli_usage(c, "--json and --toml exclude each other");
        return false;
    }
    return true;
}

static enum exit_code
run(const struct command *c, const struct options *o)
{
    enum exit_code code;

    return check_usage(c, o, &code) ? pin(c, o) : code;
}

const struct command command_policy_pin = {
    .name = "policy pin",
    .summary = "write a policy from what a genuine TD proves of itself",
    .help =
        "Usage: assay policy pin [OPTIONS] HOST:PORT|URL\n"
        "       assay policy pin [OPTIONS] --quote FILE\n"
        "\n"
        "Writes a policy that asks for what a server, or evidence in files,\n"
        "proves: only from a genuine quote of a healthy platform that is not\n"
        "under debug, and only what that quote proves. This is trust on first\n"
        "use: that it is the right software, nobody has said. The policy has\n"
        "a member 'pinned' for that, and every verdict under it tells.\n"
        "\n"
        "  --type TYPE         dstack_tdx (the default) or tdx\n"
        "  --pin ITEM[,ITEM...]\n"
        "                      what to pin: mrtd, rtmr0 to rtmr3, mr_seam,\n"
        "                      mr_config_id, mr_owner, mr_owner_config,\n"
        "                      compose, os_image, certificate. Default: what\n"
        "                      makes the policy complete, and what is there\n"
        "  --accept STATUS,... accept these TCB statuses (UpToDate)\n"
        "  -o, --output FILE   the policy goes there, not to standard output\n"
        "  --compose-out FILE  and the app-compose, if its text was offered\n"
        "  --force             although the file is there already\n"
        "  --json, --toml      its form; else by the name of FILE, or JSON\n"
        "\n"
        "A server:\n"
        "  --accept-self-signed\n"
        "                      do not check the TLS certificate: then any\n"
        "                      genuine TD can be at the other end\n" HELP_LOOK
        "Files:\n"
        "  --quote FILE        as of 'assay verify', and with it:\n"
        "  --event-log FILE, --app-compose FILE, --vm-config FILE, --at TIME\n"
        "\n"
        "  --root FILE         trust this root (PEM) instead of Intel's\n"
        "  --pccs URL[,URL...] sources of collateral; 'intel' is Intel's "
        "PCS\n" HELP_DIALING "\n"
        "Exit: 0 done, 1 the evidence is not genuine or does not prove what "
        "is\n"
        "to be pinned, 2 it could not be tried or finished, 64 usage.\n",
    .options = OPTIONS_POLICY_PIN,
    .operands = "HOST:PORT",
    .run = run,
};
