/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * cmd_policy_explain.c - assay policy explain: a policy in words, and what it
 * leaves unchecked.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/json_canon.h"
#include "base/json_out.h"
#include "policy_document.h"
#include "policy_words.h"
#include "programs/assay/load.h"
#include "programs/assay/terminal.h"

#define EXPLAIN_MAX_BYTES (16u * 1024u * 1024u)
#define VALUE_MAX_BYTES   (8u * 1024u * 1024u)
#define VALUE_SHOWN       100u /* characters of one value in a text */
#define WIDTH             72   /* of a line of words */

enum section {
    SECTION_WEAKENS,
    SECTION_ASKS,
    SECTION_DEFAULT,
    SECTION_OPEN,
    SECTION_COUNT,
};

static const struct {
    const char *name; /* in JSON */
    const char *title;
} sections[SECTION_COUNT] = {
    [SECTION_WEAKENS] = {"weakens", "Weaker than the default"},
    [SECTION_ASKS] = {"asks", "Asked for"},
    [SECTION_DEFAULT] = {"default", "By default"},
    [SECTION_OPEN] = {"open", "Not checked"},
};

/* Another member says what this one might. */
static bool
is_said(const struct policy_document *d, const struct policy_words *w)
{
    return w->compose &&
           (policy_document_sets(d, assay_slice_of("app_compose")) ||
            policy_document_sets(d, assay_slice_of("compose_hash")) ||
            policy_document_sets(d, assay_slice_of("compose_file")));
}

/* It may stand there, and nobody looks at it. */
static bool
is_disabled(const struct policy_document *d, const struct policy_words *w)
{
    return w->runtime && policy_document_sets(
                             d, assay_slice_of("disable_runtime_verification"));
}

static enum section
section_of(const struct policy_document *d, const struct policy_words *w)
{
    if (is_disabled(d, w)) {
        return SECTION_OPEN;
    }
    if (policy_document_sets(d, assay_slice_of(w->name))) {
        return w->weakens ? SECTION_WEAKENS : SECTION_ASKS;
    }
    return w->open && !is_said(d, w) ? SECTION_OPEN : SECTION_DEFAULT;
}

static const char *
sentence_of(const struct policy_document *d, const struct policy_words *w,
            enum section s)
{
    if (is_disabled(d, w)) {
        return "Not looked at, whatever the policy says of it: runtime "
               "verification is disabled.";
    }
    if (s == SECTION_DEFAULT && w->open) {
        return "Not needed: another member names the app-compose.";
    }
    return s == SECTION_WEAKENS || s == SECTION_ASKS ? w->set : w->otherwise;
}

/* --- for people --------------------------------------------------------- */

/* Words in lines of WIDTH, indented. */
static void
put_words(const char *text)
{
    while (*text != '\0') {
        size_t n = strlen(text);

        if (n > WIDTH) {
            n = WIDTH;
            while (n > 0 && text[n] != ' ') {
                n--;
            }
        }
        printf("      %.*s\n", (int)n, text);
        text += n;
        text += *text == ' ';
    }
}

/* One value as one line: strings without their quotes, what is long cut. */
static void
put_value(const struct assay_json *j, uint32_t node, struct assay_slice name)
{
    bool string = assay_json_type(j, node) == ASSAY_JSON_STRING;
    struct assay_slice s =
        string ? assay_json_string(j, node) : assay_json_span(j, node);
    size_t shown = s.len < VALUE_SHOWN ? s.len : VALUE_SHOWN;

    fputs("      ", stdout);
    terminal_put(stdout, name);
    fputs(name.len > 0 ? " = " : "", stdout);
    terminal_put(stdout, (struct assay_slice){s.ptr, shown});
    puts(shown < s.len ? "..." : "");
}

static void
put_values(const struct assay_json *j, uint32_t value)
{
    if (assay_json_type(j, value) == ASSAY_JSON_OBJECT) {
        for (uint32_t n = assay_json_first(j, value); n != ASSAY_JSON_NONE;
             n = assay_json_next(j, n)) {
            uint32_t list = assay_json_value(j, n);

            for (uint32_t i = policy_document_first(j, list);
                 i != ASSAY_JSON_NONE; i = policy_document_next(j, list, i)) {
                put_value(j, i, assay_json_string(j, n));
            }
        }
        return;
    }
    for (uint32_t i = policy_document_first(j, value); i != ASSAY_JSON_NONE;
         i = policy_document_next(j, value, i)) {
        put_value(j, i, ASSAY_EMPTY);
    }
}

static void
print_section(const struct policy_document *d, enum section s)
{
    bool any = false;

    for (uint32_t n = assay_json_first(d->all, ASSAY_JSON_ROOT);
         n != ASSAY_JSON_NONE; n = assay_json_next(d->all, n)) {
        const struct policy_words *w =
            policy_words_of(assay_json_string(d->all, n));

        if (w == NULL || section_of(d, w) != s ||
            strcmp(w->name, "type") == 0) {
            continue;
        }
        if (!any) {
            printf("\n%s:\n", sections[s].title);
            any = true;
        }
        printf("\n  %s\n", w->name);
        put_words(sentence_of(d, w, s));
        if (s == SECTION_WEAKENS || s == SECTION_ASKS) {
            put_values(d->all, assay_json_value(d->all, n));
        }
    }
}

static void
print_text(const struct policy_document *d)
{
    struct assay_slice type = assay_json_string(
        d->all, assay_json_member(d->all, ASSAY_JSON_ROOT, "type"));

    printf("A policy for %s (%.*s).\n", policy_words_type(type), (int)type.len,
           (const char *)type.ptr);
    for (int s = 0; s < SECTION_COUNT; s++) {
        print_section(d, (enum section)s);
    }
}

/* --- for programs ------------------------------------------------------- */

static void
put_member(struct assay_json_out *o, const struct policy_document *d,
           uint32_t name, struct assay_error *err)
{
    const struct policy_words *w =
        policy_words_of(assay_json_string(d->all, name));
    enum section s;
    struct assay_buf value;

    if (w == NULL) {
        return;
    }
    s = section_of(d, w);
    assay_buf_init(&value, VALUE_MAX_BYTES);
    if (assay_json_canon(d->all, assay_json_value(d->all, name),
                         ASSAY_JSON_AS_IT_STANDS, "policy", &value,
                         err) == ASSAY_OK) {
        assay_json_out_open(o, NULL, '{');
        assay_json_out_text(o, "name", w->name);
        assay_json_out_text(o, "state", sections[s].name);
        assay_json_out_document(o, "value", assay_buf_slice(&value));
        assay_json_out_text(o, "words", sentence_of(d, w, s));
        assay_json_out_close(o, '}');
    }
    assay_buf_free(&value);
}

static enum assay_code
print_json(const struct policy_document *d, struct assay_error *err)
{
    struct assay_json_out o;
    struct assay_buf out;

    assay_buf_init(&out, EXPLAIN_MAX_BYTES);
    assay_json_out_init(&o, &out, false);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_open(&o, "members", '[');
    for (uint32_t n = assay_json_first(d->all, ASSAY_JSON_ROOT);
         n != ASSAY_JSON_NONE && err->code == ASSAY_OK;
         n = assay_json_next(d->all, n)) {
        put_member(&o, d, n, err);
    }
    assay_json_out_close(&o, ']');
    assay_json_out_close(&o, '}');
    return cli_print_made(&out, err);
}

/* --- the command -------------------------------------------------------- */

static enum exit_code
explain(const struct command *c, const struct options *o)
{
    struct assay_ctx *ctx = NULL;
    struct assay_policy *policy = NULL;
    struct policy_document d = {.all = NULL};
    struct assay_error err;

    if (assay_ctx_new(&ctx, &err) == ASSAY_OK &&
        assay_load_policy(ctx, o->operand, &policy, &err) == ASSAY_OK &&
        policy_document_make(policy, &d, &err) == ASSAY_OK) {
        if (o->json) {
            (void)!print_json(&d, &err);
        } else {
            print_text(&d);
        }
    }
    policy_document_free(&d);
    assay_policy_free(policy);
    assay_ctx_free(ctx);
    return err.code == ASSAY_OK ? EXIT_TRUSTED : cli_fail(c, o->json, &err);
}

const struct command command_policy_explain = {
    .name = "policy explain",
    .summary = "tell a policy in words, and what it leaves unchecked",
    .help =
        "Usage: assay policy explain [--json] POLICY\n"
        "\n"
        "Tells in words what a policy asks for, member by member: what is\n"
        "weaker than the default, what is asked for, what holds by default,\n"
        "and what nobody checks. POLICY is JSON, or TOML if its name ends in\n"
        ".toml.\n"
        "\n"
        "  --json              one JSON object\n"
        "  -h, --help          this text\n"
        "\n"
        "Exit: 0 done, 2 unreadable input, 64 usage.\n",
    .options = OPTIONS_POLICY_EXPLAIN,
    .operands = "POLICY",
    .run = explain,
};
