/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * cmd_prefetch.c - assay collateral prefetch: the cache, filled ahead.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/json_out.h"
#include "base/timestamp.h"
#include "help.h"
#include "io/cache.h"
#include "io/cache_prune.h"
#include "io/pcs.h"
#include "io/prefetch.h"
#include "load.h"
#include "progress.h"
#include "source.h"
#include "terminal.h"

/* Of as many quotes as a command line can name. */
#define JSON_MAX_BYTES (256u * 1024u * 1024u)

/* Everything that one run owns. */
struct run {
    const struct command *c;
    const struct options *o;
    struct assay_ctx *ctx;
    struct assay_verifier *verifier;
    struct assay_policy *policy; /* NULL: none was named */
    struct assay_root *own_root; /* NULL: Intel's */
    struct assay_seen *seen;
    const char *urls[ASSAY_SOURCES_MAX];
    size_t url_count;
    struct assay_json_out *json; /* NULL: text */
    bool refused;                /* one of them at least */
    struct assay_error first;    /* of those that could not be had */
};

/* Where nothing else is said: TEE's default, which names no sources. */
static enum assay_code
take_policy(struct run *r, struct assay_error *err)
{
    enum assay_code code =
        r->o->policy != NULL
            ? assay_load_policy(r->ctx, r->o->policy, &r->policy, err)
            : assay_policy_default(ASSAY_TEE_TDX, &r->policy, err);

    if (code == ASSAY_OK && !assay_policy_cache_collateral(r->policy)) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "%s: cache_collateral is false, so nothing may be kept",
                   r->o->policy);
    }
    return err->code;
}

static enum assay_code
set_up(struct run *r, struct assay_error *err)
{
    r->seen = source_seen(err);
    if (r->seen == NULL || assay_ctx_new(&r->ctx, err) != ASSAY_OK ||
        assay_verifier_new(r->ctx, 1, &r->verifier, err) != ASSAY_OK ||
        take_policy(r, err) != ASSAY_OK) {
        return err->code;
    }
    r->url_count = source_urls(r->o, r->policy, r->urls);
    return load_trusted_root(r->ctx, r->o, r->policy, &r->own_root, err);
}

static void
run_free(struct run *r)
{
    assay_root_free(r->own_root);
    assay_policy_free(r->policy);
    assay_seen_free(r->seen);
    assay_verifier_free(r->verifier);
    assay_ctx_free(r->ctx);
}

/* --- telling ------------------------------------------------------------ */

static const struct {
    const char *name; /* in JSON */
    const char *text;
    bool good;
} results[] = {
    [ASSAY_PREFETCHED] = {"kept", "kept", true},
    [ASSAY_PREFETCHED_OLDER] = {"cache_is_newer",
                                "the cache has a newer one, which stays", true},
    [ASSAY_PREFETCHED_REFUSED] = {"not_authentic", "not kept: not authentic",
                                  false},
    [ASSAY_PREFETCHED_ROLLBACK] = {"rollback",
                                   "not kept: its TCB evaluation was overtaken",
                                   false},
    [ASSAY_PREFETCHED_EXPIRED] = {"expired", "not kept: it has run out", false},
};

static void
put_text(const struct assay_collateral_need *need,
         const struct assay_prefetch *p)
{
    char expires[ASSAY_TIME_TEXT];

    assay_time_format(assay_collateral_expires(p->collateral), expires);
    printf("%s %s %s: %s%s, expires %s", need->tdx ? "tdx" : "sgx", need->fmspc,
           need->ca, results[p->how].text,
           p->how != ASSAY_PREFETCHED ? ""
           : p->verified              ? ", verified"
                                      : ", to be verified when it is used",
           expires);
    fputs(p->why[0] != '\0' ? ": " : "", stdout);
    terminal_put_text(stdout, p->why);
    putchar('\n');
}

static void
put_json(struct assay_json_out *j, const struct assay_collateral_need *need,
         const struct assay_prefetch *p, const struct assay_error *err)
{
    struct assay_evaluations e;

    assay_json_out_open(j, NULL, '{');
    assay_json_out_text(j, "tee_type", need->tdx ? "tdx" : "sgx");
    assay_json_out_text(j, "fmspc", need->fmspc);
    assay_json_out_text(j, "ca", need->ca);
    if (err->code != ASSAY_OK) {
        assay_json_out_text(j, "result", "error");
        assay_json_out_error(j, "error", err, NULL);
    } else {
        e = assay_collateral_evaluations(p->collateral);
        assay_json_out_text(j, "result", results[p->how].name);
        assay_json_out_bool(j, "verified", p->verified);
        assay_json_out_text(j, "why", p->why[0] != '\0' ? p->why : NULL);
        assay_json_out_time(j, "issued",
                            assay_collateral_issued(p->collateral));
        assay_json_out_time(j, "expires",
                            assay_collateral_expires(p->collateral));
        assay_json_out_u64(j, "tcb_evaluation_data_number", e.tcb_info);
        assay_json_out_u64(j, "qe_identity_evaluation_data_number",
                           e.qe_identity);
    }
    assay_json_out_close(j, '}');
}

/* --- fetching ----------------------------------------------------------- */

/* One platform; the others are tried whatever becomes of it. */
static void
prefetch(struct run *r, const struct assay_collateral_need *need,
         const struct assay_quote *quote)
{
    struct assay_fetch_options fetch = source_fetch(r->o, r->policy);
    const struct assay_gather_request request = {
        .need = need,
        .sources = r->urls,
        .source_count = r->url_count,
    };
    const struct assay_prefetch_input in = {
        .ctx = r->ctx,
        .verifier = r->verifier,
        .root = r->own_root != NULL ? r->own_root : assay_root_intel(),
        .request = &request,
        .ask = assay_pcs_ask(&fetch),
        .quote = quote,
        .seen = r->seen,
        .now_s = r->o->now_s,
        .fresh = assay_policy_freshness(r->policy),
    };
    struct assay_prefetch p;
    struct assay_error err;

    progress_attach(&fetch);
    (void)!assay_prefetch(&in, &p, &err);
    progress_end();
    if (r->json != NULL) {
        put_json(r->json, need, &p, &err);
    } else if (err.code == ASSAY_OK) {
        put_text(need, &p);
    } else {
        cli_error(r->c, &err);
    }
    if (err.code != ASSAY_OK && r->first.code == ASSAY_OK) {
        r->first = err;
    }
    r->refused = r->refused || (err.code == ASSAY_OK && !results[p.how].good);
    assay_collateral_free(p.collateral);
}

/* A file that cannot be read ends it: it is a slip of the pen. */
static enum assay_code
prefetch_quotes(struct run *r, struct assay_error *err)
{
    for (size_t i = 0; i < r->o->operand_count && err->code == ASSAY_OK; i++) {
        struct assay_quote *quote = NULL;
        struct assay_collateral_need need;

        if (load_quote(r->o->operands[i], &quote, err) == ASSAY_OK) {
            if (assay_collateral_need(quote, ASSAY_EMPTY, &need, err) ==
                ASSAY_OK) {
                prefetch(r, &need, quote);
            } else {
                assay_error_prefix(err, "%s", r->o->operands[i]);
            }
        }
        assay_quote_free(quote);
    }
    return err->code;
}

static void
prefetch_named(struct run *r)
{
    struct assay_collateral_need need = {.tdx = strcmp(r->o->tee, "tdx") == 0};

    (void)snprintf(need.fmspc, sizeof(need.fmspc), "%s", r->o->fmspc);
    (void)snprintf(need.ca, sizeof(need.ca), "%s", r->o->pck_ca);
    prefetch(r, &need, NULL);
}

static enum assay_code
prefetch_cached(struct run *r, struct assay_error *err)
{
    struct assay_collateral_need needs[ASSAY_CACHE_FILES_MAX];
    size_t count;

    if (assay_cache_needs(needs, ASSAY_CACHE_FILES_MAX, &count, err) !=
        ASSAY_OK) {
        return err->code;
    }
    for (size_t i = 0; i < count; i++) {
        prefetch(r, &needs[i], NULL);
    }
    if (count == 0 && r->json == NULL) {
        puts("the cache has nothing to refresh");
    }
    return ASSAY_OK;
}

static enum assay_code
prefetch_all(struct run *r, struct assay_error *err)
{
    if (set_up(r, err) != ASSAY_OK) {
        return err->code;
    }
    if (r->o->from_cache) {
        return prefetch_cached(r, err);
    }
    if (r->o->fmspc != NULL) {
        prefetch_named(r);
    }
    return prefetch_quotes(r, err);
}

static enum exit_code
run_with_json(struct run *r)
{
    struct assay_error err;
    struct assay_buf text;
    struct assay_json_out json;

    assay_error_clear(&err);
    assay_buf_init(&text, JSON_MAX_BYTES);
    assay_json_out_init(&json, &text, false);
    assay_json_out_open(&json, NULL, '{');
    assay_json_out_open(&json, "platforms", '[');
    r->json = &json;
    (void)!prefetch_all(r, &err);
    r->json = NULL;
    assay_json_out_close(&json, ']');
    assay_json_out_close(&json, '}');
    if (err.code != ASSAY_OK ||
        assay_buf_check(&text, "document", &err) != ASSAY_OK) {
        assay_buf_free(&text);
        return cli_fail(r->c, true, &err);
    }
    cli_print(&text);
    return EXIT_TRUSTED;
}

static enum exit_code
run_all(struct run *r)
{
    struct assay_error err;
    enum exit_code code = EXIT_TRUSTED;

    assay_error_clear(&err);
    if (r->o->json) {
        code = run_with_json(r);
    } else if (prefetch_all(r, &err) != ASSAY_OK) {
        code = cli_fail(r->c, false, &err);
    }
    if (code != EXIT_TRUSTED || r->first.code != ASSAY_OK) {
        return EXIT_UNREADABLE;
    }
    return r->refused ? EXIT_NOT_TRUSTED : EXIT_TRUSTED;
}

/* What is to be fetched is said in one of three ways. */
static bool
check_ways(const struct command *c, const struct options *o,
           enum exit_code *code)
{
    bool named = o->fmspc != NULL || o->tee != NULL || o->pck_ca != NULL;
    int ways = (o->operand_count > 0) + named + o->from_cache;

    if (ways == 0) {
        *code = cli_usage(c, "name a QUOTE, --fmspc, or --from-cache");
    } else if (ways > 1) {
        *code = cli_usage(c, "QUOTE, --fmspc and --from-cache exclude each "
                             "other");
    } else if (named &&
               (o->fmspc == NULL || o->tee == NULL || o->pck_ca == NULL)) {
        *code = cli_usage(c, "--fmspc, --tee and --ca go together");
    } else {
        return true;
    }
    return false;
}

static enum exit_code
run(const struct command *c, const struct options *o)
{
    struct run r = {.c = c, .o = o};
    enum exit_code code;

    assay_error_clear(&r.first);
    if (check_ways(c, o, &code)) {
        code = run_all(&r);
        run_free(&r);
    }
    return code;
}

const struct command command_collateral_prefetch = {
    .name = "collateral prefetch",
    .summary = "fill or refresh the cache ahead of time",
    .help =
        "Usage: assay collateral prefetch [OPTIONS] QUOTE...\n"
        "       assay collateral prefetch [OPTIONS] --fmspc HEX --tee tdx|sgx\n"
        "                                 --ca platform|processor\n"
        "       assay collateral prefetch [OPTIONS] --from-cache\n"
        "\n"
        "Asks the sources for collateral and puts it into the cache, where\n"
        "'assay verify' and 'assay get' find it if they have the same "
        "sources.\n"
        "What comes for a QUOTE is verified on it first; the other two ways\n"
        "cannot do that, so it is verified when it is used, as all of the\n"
        "cache is, and never takes the place of something newer.\n"
        "\n"
        "  --fmspc HEX         platform family, 12 digits\n"
        "  --tee tdx|sgx       and its TEE\n"
        "  --ca NAME           and who issued its PCK: platform or processor\n"
        "  --from-cache        whatever the cache has now\n"
        "  --policy FILE       sources and root as this policy has "
        "them\n" HELP_SOURCES
        "  --root FILE         trust this root (PEM) instead of Intel's\n"
        "  --at TIME           judge as of then: Unix seconds or RFC "
        "3339\n" HELP_SOURCE_TIMEOUTS "  --json              one JSON object\n"
        "  -h, --help          this text\n"
        "\n"
        "Exit: 0 all are in the cache, 1 something that came was not kept, 2\n"
        "unreadable quote, network or cache, 64 usage.\n",
    .options = OPTIONS_PREFETCH,
    .operands = "QUOTE...",
    .run = run,
};
