/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * cmd_verify.c - assay verify: is a quote genuine, and how healthy is its
 * platform?
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "load.h"
#include "progress.h"
#include "report.h"
#include "report_json.h"
#include "source.h"
#include "verify_evidence.h"

#define VERDICT_JSON_MAX_BYTES (4u * 1024u * 1024u)
#define VM_CONFIG_MAX_BYTES    (1024u * 1024u)

/* Everything that one run owns. */
struct run {
    const struct options *o;
    struct assay_ctx *ctx;
    struct assay_quote *quote;
    struct assay_policy *policy;
    struct assay_eventlog *event_log; /* NULL: not given */
    struct assay_buf app_compose;
    struct assay_buf vm_config;
    struct assay_root *own_root;   /* NULL: Intel's */
    const struct assay_root *root; /* own_root or Intel's */
    struct source source;          /* unless --collateral names a file */
    struct assay_seen *seen;       /* evaluations, by earlier runs */
    struct assay_obtained obtained;
    const char *collateral_source; /* for people */
    struct assay_verifier *verifier;
    struct assay_verdict *verdict;
};

static void
run_free(struct run *r)
{
    assay_verdict_free(r->verdict);
    assay_verifier_free(r->verifier);
    assay_obtained_free(&r->obtained);
    assay_seen_free(r->seen);
    assay_root_free(r->own_root);
    assay_buf_free(&r->vm_config);
    assay_buf_free(&r->app_compose);
    assay_eventlog_free(r->event_log);
    assay_policy_free(r->policy);
    assay_quote_free(r->quote);
    assay_ctx_free(r->ctx);
}

static enum assay_code
take_policy(struct run *r, struct assay_error *err)
{
    const struct options *o = r->o;
    enum assay_tee tee = (enum assay_tee)assay_quote_view(r->quote)->tee_type;
    enum assay_code code =
        o->policy != NULL
            ? assay_load_policy(r->ctx, o->policy, &r->policy, err)
            : assay_policy_default(tee, &r->policy, err);

    if (code == ASSAY_OK && o->accept_count > 0) {
        code = assay_policy_accept(r->policy, o->accept, o->accept_count, err);
    }
    return code;
}

/* What came with the quote. */
static enum assay_code
take_evidence(struct run *r, struct assay_error *err)
{
    const struct options *o = r->o;

    if (load_text(o->app_compose, ASSAY_COMPOSE_MAX_BYTES, &r->app_compose,
                  err) != ASSAY_OK ||
        load_text(o->vm_config, VM_CONFIG_MAX_BYTES, &r->vm_config, err) !=
            ASSAY_OK) {
        return err->code;
    }
    return o->event_log != NULL
               ? load_event_log(o->event_log, &r->event_log, err)
               : ASSAY_OK;
}

static enum assay_code
take_root(struct run *r, struct assay_error *err)
{
    const char *of_policy = assay_policy_trusted_root(r->policy);
    enum assay_code code = ASSAY_OK;

    if (r->o->root != NULL) {
        code = assay_load_root(r->ctx, r->o->root, &r->own_root, err);
    } else if (of_policy != NULL) {
        code = assay_load_root_of_policy(r->ctx, of_policy, &r->own_root, err);
    }
    r->root = r->own_root != NULL ? r->own_root : assay_root_intel();
    return code;
}

/* From a file, or from cache or source. */
static enum assay_code
take_collateral(struct run *r, struct assay_error *err)
{
    static const char *const origins[] = {
        [ASSAY_ORIGIN_CACHED] = "from the cache",
        [ASSAY_ORIGIN_FETCHED] = "fetched now",
        [ASSAY_ORIGIN_STAPLED] = "from the server",
        [ASSAY_ORIGIN_STALE] = "STALE, from the cache: no source answered",
    };

    if (r->o->collateral != NULL) {
        r->collateral_source = r->o->collateral;
        return assay_load_bundle(r->ctx, r->o->collateral,
                                 &r->obtained.collateral, err);
    }
    if (source_of(r->o, r->quote, r->policy, &r->source, err) != ASSAY_OK) {
        return err->code;
    }
    r->source.in.seen =
        assay_seen_recall(r->seen, r->root, &r->source.need, r->o->now_s);
    if (source_obtain(r->ctx, &r->source, &r->obtained, err) == ASSAY_OK) {
        r->collateral_source = origins[r->obtained.origin];
    }
    return err->code;
}

static enum assay_code
judge(struct run *r, struct assay_error *err)
{
    struct assay_verify_input in = {
        .quote = r->quote,
        .collateral = r->obtained.collateral,
        .root = r->root,
        .policy = r->policy,
        .now_s = r->o->now_s,
        .event_log = r->event_log,
        .app_compose = assay_buf_slice(&r->app_compose),
        .vm_config = assay_buf_slice(&r->vm_config),
        .seen = assay_seen_recall_for(r->seen, r->root, r->obtained.collateral,
                                      r->o->now_s),
    };

    if (assay_verifier_new(r->ctx, 0, &r->verifier, err) != ASSAY_OK) {
        return err->code;
    }
    if (assay_verify(r->verifier, &in, &r->verdict, err) != ASSAY_OK) {
        assay_error_prefix(err, "%s", r->o->operand);
    }
    return err->code;
}

/* The cache had something that is not what it should be: nobody is helped by
 * refusing on its account until it expires. */
static enum assay_code
judge_again(struct run *r, struct assay_error *err)
{
    struct assay_obtained cached = r->obtained;

    r->source.in.pass_by_cache = true;
    if (source_obtain(r->ctx, &r->source, &r->obtained, err) != ASSAY_OK) {
        r->obtained = cached; /* no better answer: the verdict stands */
        assay_error_clear(err);
        return ASSAY_OK;
    }
    assay_obtained_free(&cached);
    assay_verdict_free(r->verdict);
    assay_verifier_free(r->verifier);
    r->verdict = NULL;
    r->verifier = NULL;
    r->collateral_source = "fetched now: the cache was damaged";
    return judge(r, err);
}

static enum assay_code
run_all(struct run *r, struct assay_error *err)
{
    r->seen = source_seen(err);
    if (r->seen == NULL ||
        load_quote(r->o->operand, &r->quote, err) != ASSAY_OK ||
        assay_ctx_new(&r->ctx, err) != ASSAY_OK ||
        take_evidence(r, err) != ASSAY_OK || take_policy(r, err) != ASSAY_OK ||
        take_root(r, err) != ASSAY_OK || take_collateral(r, err) != ASSAY_OK ||
        judge(r, err) != ASSAY_OK) {
        return err->code;
    }
    if (r->o->collateral != NULL) {
        return ASSAY_OK;
    }
    if (r->obtained.origin == ASSAY_ORIGIN_CACHED &&
        assay_obtain_is_forged(r->verdict) && judge_again(r, err) != ASSAY_OK) {
        return err->code;
    }
    source_learn(r->o, &r->source, r->seen, r->root, r->verdict, &r->obtained);
    return ASSAY_OK;
}

static enum assay_code
print_json(const struct run *r, struct assay_error *err)
{
    struct assay_buf json;

    assay_buf_init(&json, VERDICT_JSON_MAX_BYTES);
    if (assay_verdict_to_json(r->verdict, r->quote, r->obtained.collateral,
                              &json, err) != ASSAY_OK) {
        assay_buf_free(&json);
        return err->code;
    }
    cli_print(&json);
    return ASSAY_OK;
}

static void
print_text(const struct command *c, const struct run *r)
{
    struct report_input in = {
        .verdict = r->verdict,
        .quote = r->quote,
        .collateral = r->obtained.collateral,
        .source = r->collateral_source,
        .root = assay_root_is_intel(r->root) ? "Intel SGX Root CA"
                                             : "CUSTOM, not Intel's",
        .colour = cli_colour(),
    };

    report_text(stdout, &in);
    if (!assay_verdict_trusted(r->verdict)) {
        fflush(stdout);
        fprintf(stderr, "assay: %s: %s: not trusted: %s\n", c->name,
                r->o->operand, assay_verdict_summary(r->verdict));
    }
}

static enum exit_code
verify(const struct command *c, const struct options *o)
{
    struct run r = {.o = o};
    struct assay_error err;
    enum exit_code code;

    assay_error_clear(&err);
    if (run_all(&r, &err) == ASSAY_OK && o->json) {
        (void)!print_json(&r, &err);
    } else if (err.code == ASSAY_OK) {
        print_text(c, &r);
    }
    code = report_exit(c, o->json, r.verdict, &err);
    run_free(&r);
    return code;
}

static enum exit_code
run(const struct command *c, int argc, char **argv)
{
    struct options o;
    enum exit_code code;

    if (!options_parse(&o, c, OPTIONS_VERIFY, "QUOTE", argc, argv, &code)) {
        return code;
    }
    code = o.evidence != NULL ? verify_evidence(c, &o) : verify(c, &o);
    options_free(&o);
    return code;
}

const struct command command_verify = {
    .name = "verify",
    .summary = "tell whether an SGX or TDX quote is genuine and healthy",
    .help =
        "Usage: assay verify [OPTIONS] QUOTE\n"
        "       assay verify --evidence FILE --policy FILE [OPTIONS]\n"
        "\n"
        "Tells whether an Intel SGX or TDX quote is genuine, how healthy its\n"
        "platform is, and whether it meets the policy.\n"
        "\n"
        "QUOTE is raw, hex or base64, recognised by content; - is standard\n"
        "input. Without --collateral and --pccs, Intel's PCS is asked and its\n"
        "answers are kept in $XDG_CACHE_HOME/assay until they expire.\n"
        "\n"
        "  --collateral FILE   a bundle made by 'assay collateral fetch'\n"
        "  --pccs URL[,URL...] sources in order; 'intel' names Intel's PCS.\n"
        "                      Plain http only if the URL says http://\n"
        "  --pccs-ca FILE      TLS roots (PEM) of the sources\n"
        "  --no-cache          neither read nor write the cache\n"
        "  --connect-timeout S seconds to connect (5)\n"
        "  --timeout S         seconds per request (20); four are made\n"
        "  --at TIME           judge as of then: Unix seconds or RFC 3339\n"
        "  --root FILE         trust this root (PEM) instead of Intel's\n"
        "  --policy FILE       what to require; without it: UpToDate, no "
        "debug\n"
        "  --event-log FILE    event log of the TD: JSON, alone or in the\n"
        "                      answer that the quote came with\n"
        "  --app-compose FILE  its app-compose, as it is\n"
        "  --vm-config FILE    its vm_config: JSON\n"
        "  --accept STATUS,... accept these TCB statuses, and only these,\n"
        "                      whatever the policy lists\n"
        "  --evidence FILE     judge a bundle of 'assay get --save-evidence',\n"
        "                      without any network; policy, root and time in\n"
        "                      it are its author's claims, so 0 takes a\n"
        "                      --policy of your own\n"
        "  -v, --verbose       say what the cache and the memory of "
        "evaluations\n"
        "                      could not do\n"
        "  --json              one JSON object\n"
        "  -h, --help          this text\n"
        "\n"
        "Exit: 0 trusted, 1 not trusted, 2 unreadable input or network, 64\n"
        "usage.\n",
    .run = run,
};
