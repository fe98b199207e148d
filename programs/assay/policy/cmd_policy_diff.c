/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * cmd_policy_diff.c - assay policy diff: what differs between two policies, or
 * between a policy and a server.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "assay/compose.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/json_out.h"
#include "base/text.h"
#include "policy_diff.h"
#include "programs/assay/help.h"
#include "programs/assay/load.h"
#include "programs/assay/terminal.h"

#define DIFF_JSON_MAX_BYTES (64u * 1024u * 1024u)
#define VALUE_SHOWN         120u /* characters of a value in a text */

/* One policy, from its file. */
struct side {
    struct assay_policy *policy;
    struct assay_load_policy_texts texts;
    struct policy_document document;
};

/* All that one run owns. */
struct run {
    const struct options *o;
    struct assay_ctx *ctx;
    struct side old;
    struct side new; /* unless it is a server */
    struct assay_buf app_compose;
    struct found found;
    struct policy_diff diff;
    struct assay_error err;
    bool peer; /* the server did not prove itself */
};

static void
side_free(struct side *s)
{
    policy_document_free(&s->document);
    assay_load_policy_texts_free(&s->texts);
    assay_policy_free(s->policy);
}

static void
side_load(struct run *r, const char *path, struct side *s)
{
    if (r->err.code == ASSAY_OK &&
        assay_load_policy_texts(r->ctx, path, &s->policy, &s->texts, &r->err) ==
            ASSAY_OK) {
        (void)!policy_document_make(s->policy, &s->document, &r->err);
    }
}

/* A file, if there is one of that name. */
static bool
is_server(const char *operand)
{
    const char *colon = strrchr(operand, ':');

    if (strstr(operand, "://") != NULL) {
        return true;
    }
    return access(operand, F_OK) != 0 && colon != NULL && colon[1] != '\0' &&
           colon[strspn(colon + 1, "0123456789") + 1] == '\0';
}

/* --- comparing ---------------------------------------------------------- */

static struct diff_side
side_of(const struct side *s, const struct assay_buf *given)
{
    return (struct diff_side){
        &s->document,
        assay_buf_slice(
            given != NULL && given->len > 0 ? given : &s->texts.compose_file),
    };
}

/* The server is judged as the policy says, but for what it runs. */
static void
compare_server(const struct command *c, struct run *r)
{
    const struct assay_json *all = r->old.document.all;
    const struct diff_side old = side_of(&r->old, &r->app_compose);
    struct assay_slice type =
        assay_json_string(all, assay_json_member(all, ASSAY_JSON_ROOT, "type"));
    const struct found_terms terms = {
        .type = assay_slice_is(type, "tdx") ? "tdx" : "dstack_tdx",
        .like = r->old.document.rules,
        .self_signed = r->o->tools.accept_self_signed ||
                       assay_policy_accepts_self_signed(r->old.policy),
    };

    if (assay_slice_is(type, "sgx")) {
        assay_fail(&r->err, ASSAY_UNSUPPORTED, ASSAY_NO_OFFSET,
                   "%s: an SGX policy has no server to be compared with",
                   r->o->operand);
        return;
    }
    if (found_in_session(c, r->o, r->o->operands[1], &terms, &r->found,
                         &r->peer, &r->err) == ASSAY_OK) {
        policy_diff_found(&r->diff, &old, &r->found);
    }
}

static void
compare_policies(struct run *r)
{
    struct diff_side old;
    struct diff_side new;

    side_load(r, r->o->operands[1], &r->new);
    if (r->err.code == ASSAY_OK) {
        old = side_of(&r->old, &r->app_compose);
        new = side_of(&r->new, NULL);
        policy_diff_policies(&r->diff, &old, &new);
    }
}

/* A text that OLD does not mean would make up differences. */
static void
check_text(struct run *r)
{
    const struct assay_json *all = r->old.document.all;
    uint32_t list = assay_json_member(all, ASSAY_JSON_ROOT, "compose_hash");
    uint8_t hash[32];
    char hex[2 * sizeof(hash) + 1];

    if (r->app_compose.len == 0 || list == ASSAY_JSON_NONE ||
        assay_json_type(all, list) == ASSAY_JSON_NULL ||
        assay_compose_hash(r->ctx, assay_buf_slice(&r->app_compose),
                           ASSAY_COMPOSE_RAW, hash, &r->err) != ASSAY_OK) {
        return;
    }
    assay_hex_to(hex, (struct assay_slice){hash, sizeof(hash)});
    for (uint32_t i = policy_document_first(all, list); i != ASSAY_JSON_NONE;
         i = policy_document_next(all, list, i)) {
        if (assay_slice_is(assay_json_string(all, i), hex)) {
            return;
        }
    }
    assay_fail(&r->err, ASSAY_INVALID, ASSAY_NO_OFFSET,
               "%s: its SHA-256 is %s, which the policy does not name",
               r->o->app_compose, hex);
}

static void
compare(const struct command *c, struct run *r)
{
    if (load_text(r->o->app_compose, ASSAY_COMPOSE_MAX_BYTES, &r->app_compose,
                  &r->err) != ASSAY_OK ||
        assay_ctx_new(&r->ctx, &r->err) != ASSAY_OK) {
        return;
    }
    r->diff.ctx = r->ctx;
    side_load(r, r->o->operand, &r->old);
    if (r->err.code == ASSAY_OK) {
        check_text(r);
    }
    if (r->err.code != ASSAY_OK) {
        return;
    }
    if (is_server(r->o->operands[1])) {
        compare_server(c, r);
    } else {
        compare_policies(r);
    }
}

/* --- telling ------------------------------------------------------------ */

static void
put_value(char sign, const struct assay_buf *value)
{
    size_t shown = value->len < VALUE_SHOWN ? value->len : VALUE_SHOWN;

    if (value->len == 0) {
        return;
    }
    printf("  %c ", sign);
    terminal_put(stdout, (struct assay_slice){value->ptr, shown});
    puts(shown < value->len ? "..." : "");
}

static void
print_text(const struct policy_diff *d)
{
    for (size_t i = 0; i < d->count; i++) {
        const struct difference *one = &d->difference[i];

        terminal_put_text(stdout, one->member);
        putchar('\n');
        if (one->lines.len > 0) {
            terminal_put_lines(stdout, assay_buf_slice(&one->lines), "  ");
        } else {
            put_value('-', &one->old);
            put_value('+', &one->new);
        }
    }
}

static void
put_json_value(struct assay_json_out *o, const char *name,
               const struct assay_buf *value)
{
    if (value->len > 0) {
        assay_json_out_document(o, name, assay_buf_slice(value));
    } else {
        assay_json_out_null(o, name);
    }
}

static void
put_json_lines(struct assay_json_out *o, const struct assay_buf *lines)
{
    struct assay_slice left = assay_buf_slice(lines);

    if (left.len == 0) {
        assay_json_out_null(o, "lines");
        return;
    }
    assay_json_out_open(o, "lines", '[');
    while (left.len > 0) {
        const uint8_t *lf = memchr(left.ptr, '\n', left.len);
        size_t n = lf != NULL ? (size_t)(lf - left.ptr) : left.len;

        assay_json_out_string(o, NULL, (struct assay_slice){left.ptr, n});
        n += lf != NULL;
        left.ptr += n;
        left.len -= n;
    }
    assay_json_out_close(o, ']');
}

static enum assay_code
print_json(const struct run *r, struct assay_error *err)
{
    struct assay_json_out o;
    struct assay_buf out;

    assay_buf_init(&out, DIFF_JSON_MAX_BYTES);
    assay_json_out_init(&o, &out, false);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_text(&o, "old", r->o->operand);
    assay_json_out_text(&o, "new", r->o->operands[1]);
    assay_json_out_bool(&o, "same", r->diff.count == 0);
    assay_json_out_open(&o, "differences", '[');
    for (size_t i = 0; i < r->diff.count; i++) {
        const struct difference *d = &r->diff.difference[i];

        assay_json_out_open(&o, NULL, '{');
        assay_json_out_text(&o, "member", d->member);
        put_json_value(&o, "old", &d->old);
        put_json_value(&o, "new", &d->new);
        put_json_lines(&o, &d->lines);
        assay_json_out_close(&o, '}');
    }
    assay_json_out_close(&o, ']');
    assay_json_out_close(&o, '}');
    return cli_print_made(&out, err);
}

/* --- the command -------------------------------------------------------- */

static enum exit_code
tell(const struct command *c, struct run *r)
{
    if (r->err.code == ASSAY_OK && r->o->json) {
        (void)!print_json(r, &r->err);
    } else if (r->err.code == ASSAY_OK) {
        print_text(&r->diff);
    }
    if (r->err.code != ASSAY_OK) {
        (void)cli_fail(c, r->o->json, &r->err);
        return r->peer ? EXIT_NOT_TRUSTED : EXIT_UNREADABLE;
    }
    return r->diff.count == 0 ? EXIT_TRUSTED : EXIT_NOT_TRUSTED;
}

static enum exit_code
diff(const struct command *c, const struct options *o)
{
    struct run r = {.o = o};
    enum exit_code code;

    assay_error_clear(&r.err);
    r.diff.err = &r.err;
    compare(c, &r);
    code = tell(c, &r);
    policy_diff_free(&r.diff);
    found_free(&r.found);
    side_free(&r.new);
    side_free(&r.old);
    assay_buf_free(&r.app_compose);
    assay_ctx_free(r.ctx);
    return code;
}

const struct command command_policy_diff = {
    .name = "policy diff",
    .summary = "tell what differs between policies, or from a server",
    .help =
        "Usage: assay policy diff [OPTIONS] OLD NEW\n"
        "       assay policy diff [OPTIONS] OLD HOST:PORT|URL\n"
        "\n"
        "Tells in which members two policies differ, whatever their form:\n"
        "lists are sets, defaults count. Of a server, which has to be genuine\n"
        "by the terms of the policy, it tells what it proves of itself and\n"
        "the policy does not accept. An app-compose is compared member by\n"
        "member, and its texts line by line.\n"
        "\n"
        "  --app-compose FILE  the text of which OLD has the hash\n"
        "  --json              one JSON object\n"
        "\n"
        "A server:\n"
        "  --accept-self-signed\n"
        "                      do not check the TLS certificate\n"
        "  --accept STATUS,... accept these TCB statuses instead of "
        "OLD's\n" HELP_LOOK
        "  --root FILE         trust this root (PEM) instead of OLD's\n"
        "  --pccs URL[,URL...] sources of collateral instead of "
        "OLD's\n" HELP_DIALING "\n"
        "Exit: 0 the same, 1 they differ, or the server is not genuine, 2 it\n"
        "could not be tried or finished, 64 usage.\n",
    .options = OPTIONS_POLICY_DIFF,
    .operands = "OLD NEW",
    .run = diff,
};
