/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * cmd_policy_lint.c - assay policy lint: what is weak in a policy, an
 * app-compose or a docker-compose file.
 */
#include <stdio.h>
#include <string.h>

#include "assay/compose.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/json_out.h"
#include "io/file.h"
#include "programs/assay/lint/lint.h"
#include "programs/assay/load.h"
#include "programs/assay/terminal.h"

#define LINT_JSON_MAX_BYTES (2u * 1024u * 1024u)

static const struct assay_json_limits limits = {ASSAY_POLICY_MAX_BYTES, 32,
                                                256u * 1024u};

/* --- what it is --------------------------------------------------------- */

static bool
ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);

    return len >= strlen(end) && strcmp(text + len - strlen(end), end) == 0;
}

static bool
starts_object(struct assay_slice s)
{
    size_t i = 0;

    while (i < s.len && strchr(" \t\r\n", s.ptr[i]) != NULL && s.ptr[i] != 0) {
        i++;
    }
    return i < s.len && s.ptr[i] == '{';
}

/* A policy has a type, a docker-compose file has services; what is left is an
 * app-compose. */
enum subject {
    SUBJECT_POLICY,
    SUBJECT_APP_COMPOSE,
    SUBJECT_SERVICES,
};

static enum subject
subject_of(const char *path, const struct assay_json *doc)
{
    if (ends_with(path, ".toml")) {
        return SUBJECT_POLICY;
    }
    if (doc == NULL || assay_json_member(doc, ASSAY_JSON_ROOT, "services") !=
                           ASSAY_JSON_NONE) {
        return SUBJECT_SERVICES;
    }
    return assay_json_member(doc, ASSAY_JSON_ROOT, "type") != ASSAY_JSON_NONE
               ? SUBJECT_POLICY
               : SUBJECT_APP_COMPOSE;
}

/* --- looking ------------------------------------------------------------ */

static void
look_at_policy(struct lint *l, const struct options *o,
               const struct assay_buf *text)
{
    struct assay_policy *policy = NULL;
    struct assay_load_policy_texts texts = {.text = *text};
    struct assay_buf given;

    if (load_text(o->app_compose, ASSAY_COMPOSE_MAX_BYTES, &given, l->err) ==
            ASSAY_OK &&
        assay_load_policy_of(l->ctx, o->operand, &policy, &texts, l->err) ==
            ASSAY_OK) {
        lint_policy(
            l, policy,
            assay_buf_slice(given.len > 0 ? &given : &texts.compose_file));
    }
    assay_buf_free(&texts.compose_file); /* the text is the caller's */
    assay_policy_free(policy);
    assay_buf_free(&given);
}

static void
look_at(struct lint *l, const struct options *o, const struct assay_buf *text,
        const struct assay_json *doc)
{
    static const struct lint_envs none = {NULL, ASSAY_JSON_NONE};

    switch (subject_of(o->operand, doc)) {
    case SUBJECT_POLICY:
        look_at_policy(l, o, text);
        return; /* its errors have the path */
    case SUBJECT_APP_COMPOSE:
        lint_app_compose(l, doc, ASSAY_JSON_ROOT, "");
        break;
    case SUBJECT_SERVICES:
        lint_services(l, assay_buf_slice(text), &none, "");
        break;
    }
    assay_error_prefix(l->err, "%s", o->operand);
}

static void
look(struct lint *l, const struct options *o)
{
    struct assay_json *doc = NULL;
    struct assay_buf content;
    struct assay_slice text;

    if (assay_file_read(o->operand, ASSAY_POLICY_MAX_BYTES, &content, l->err) !=
        ASSAY_OK) {
        return;
    }
    text = assay_buf_slice(&content);
    if (starts_object(text) && !ends_with(o->operand, ".toml") &&
        assay_json_parse(text, &limits, "JSON", &doc, l->err) != ASSAY_OK) {
        assay_error_prefix(l->err, "%s", o->operand);
    } else {
        look_at(l, o, &content, doc);
    }
    assay_json_free(doc);
    assay_buf_free(&content);
}

/* --- telling ------------------------------------------------------------ */

static size_t
count_of(const struct lint *l, enum severity s)
{
    size_t count = 0;

    for (size_t i = 0; i < l->count; i++) {
        count += lint_code_severity(l->finding[i].code) == s;
    }
    return count;
}

static void
print_text(const struct lint *l, const char *path)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct finding *f = &l->finding[i];

        terminal_put_text(stdout, path);
        printf(":%s%s %s: %s [%s]\n    %s\n", f->where,
               f->where[0] != '\0' ? ":" : "",
               severity_name(lint_code_severity(f->code)), f->message,
               lint_code_name(f->code), lint_code_hint(f->code));
    }
    if (l->count > 0) {
        fflush(stdout);
    }
    fprintf(stderr, "assay: policy lint: ");
    cli_put_safe(path);
    fprintf(stderr, ": %zu errors, %zu warnings, %zu remarks\n",
            count_of(l, SEVERITY_ERROR), count_of(l, SEVERITY_WARNING),
            count_of(l, SEVERITY_INFO));
}

static void
print_json(const struct lint *l, const char *path, bool failed)
{
    struct assay_json_out o;
    struct assay_buf out;

    assay_buf_init(&out, LINT_JSON_MAX_BYTES);
    assay_json_out_init(&o, &out, false);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_text(&o, "file", path);
    assay_json_out_bool(&o, "failed", failed);
    assay_json_out_u64(&o, "errors", count_of(l, SEVERITY_ERROR));
    assay_json_out_u64(&o, "warnings", count_of(l, SEVERITY_WARNING));
    assay_json_out_u64(&o, "infos", count_of(l, SEVERITY_INFO));
    assay_json_out_open(&o, "findings", '[');
    for (size_t i = 0; i < l->count; i++) {
        const struct finding *f = &l->finding[i];

        assay_json_out_open(&o, NULL, '{');
        assay_json_out_text(&o, "code", lint_code_name(f->code));
        assay_json_out_text(&o, "severity",
                            severity_name(lint_code_severity(f->code)));
        assay_json_out_text(&o, "where", f->where);
        assay_json_out_text(&o, "message", f->message);
        assay_json_out_text(&o, "hint", lint_code_hint(f->code));
        assay_json_out_close(&o, '}');
    }
    assay_json_out_close(&o, ']');
    assay_json_out_close(&o, '}');
    cli_print(&out);
}

/* --- the command -------------------------------------------------------- */

static bool
fails(const struct lint *l, enum severity from)
{
    for (size_t i = 0; i < l->count; i++) {
        if (lint_code_severity(l->finding[i].code) >= from) {
            return true;
        }
    }
    return false;
}

static enum exit_code
lint(const struct command *c, const struct options *o)
{
    struct assay_error err;
    struct assay_ctx *ctx = NULL;
    struct lint l = {.allow = o->tools.allow, .err = &err};
    enum exit_code code = EXIT_TRUSTED;
    bool failed;

    if (assay_ctx_new(&ctx, &err) == ASSAY_OK) {
        l.ctx = ctx;
        look(&l, o);
    }
    failed =
        fails(&l, o->tools.fail_on != 0 ? o->tools.fail_on : SEVERITY_WARNING);
    if (err.code != ASSAY_OK) {
        code = cli_fail(c, o->json, &err);
    } else if (o->json) {
        print_json(&l, o->operand, failed);
    } else {
        print_text(&l, o->operand);
    }
    if (err.code == ASSAY_OK && failed) {
        code = EXIT_NOT_TRUSTED;
    }
    lint_free(&l);
    assay_ctx_free(ctx);
    return code;
}

const struct command command_policy_lint = {
    .name = "policy lint",
    .summary = "find what is weak in a policy or a compose",
    .help =
        "Usage: assay policy lint [OPTIONS] FILE\n"
        "\n"
        "Finds what is weak in a policy (JSON, or TOML if the name ends in\n"
        ".toml), in an app-compose (JSON) or in a docker-compose file (YAML):\n"
        "images without a digest, values that nobody measures, containers\n"
        "that rule the TD, checks that are off, YAML that programs read\n"
        "differently. The app-compose in a policy, and the docker-compose "
        "file\n"
        "in an app-compose, are looked at as well.\n"
        "\n"
        "  --app-compose FILE  the text of which the policy has the hash\n"
        "  --fail-on SEVERITY  exit with 1 from here on: error, warning (the\n"
        "                      default) or info\n"
        "  --allow CODE[,CODE...]\n"
        "                      leave out findings of these codes\n"
        "  --json              one JSON object\n"
        "  -h, --help          this text\n"
        "\n"
        "Exit: 0 nothing to fail on, 1 findings, 2 unreadable input, 64 "
        "usage.\n",
    .options = OPTIONS_POLICY_LINT,
    .operands = "FILE",
    .run = lint,
};
