/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * source.c - asking for collateral, and what a verdict says of the answer.
 */
#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "cli.h"
#include "progress.h"

size_t
source_urls(const struct options *o, const struct assay_policy *p,
            const char *out[ASSAY_SOURCES_MAX])
{
    if (o->source_count == 0 && o->policy == NULL &&
        assay_policy_pccs_count(p) == 0) {
        out[0] = ASSAY_SOURCE_INTEL;
        return 1;
    }
    return assay_pcs_sources(o->sources, o->source_count, p, out);
}

struct assay_fetch_options
source_fetch(const struct options *o, const struct assay_policy *p)
{
    return (struct assay_fetch_options){
        .ca_file = o->pccs_ca,
        .more_ca_file = assay_policy_ca_file(p),
        .connect_timeout_ms = o->connect_timeout_ms,
        .timeout_ms = o->timeout_ms,
    };
}

enum assay_code
source_of(const struct options *o, const struct assay_quote *q,
          const struct assay_policy *p, struct source *s,
          struct assay_error *err)
{
    *s = (struct source){
        .fetch = source_fetch(o, p),
        .request =
            {
                .need = &s->need,
                .sources = s->urls,
            },
        .in =
            {
                .request = &s->request,
                .ask = assay_pcs_ask(&s->fetch),
                .use_cache = !o->no_cache && assay_policy_cache_collateral(p),
                .now_s = o->now_s,
                .grace_s = assay_policy_collateral_grace(p),
                .fresh = assay_policy_freshness(p),
            },
    };
    s->request.source_count = source_urls(o, p, s->urls);
    if (assay_collateral_need(q, ASSAY_EMPTY, &s->need, err) != ASSAY_OK) {
        assay_error_prefix(err, "%s", o->operand);
    }
    return err->code;
}

enum assay_code
source_obtain(const struct assay_ctx *ctx, struct source *s,
              struct assay_obtained *out, struct assay_error *err)
{
    progress_attach(&s->fetch);
    (void)!assay_obtain_collateral(ctx, &s->in, out, err);
    progress_end();
    return err->code;
}

struct assay_seen *
source_seen(struct assay_error *err)
{
    char *folder = assay_seen_folder();
    struct assay_seen *seen = assay_seen_new(folder);
    char note[ASSAY_SEEN_NOTE_BYTES];

    if (seen == NULL) { /* not to know would let a rollback pass */
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                   "TCB evaluations: out of memory");
    } else if (assay_seen_note(seen, note)) { /* and this may, too */
        fputs("assay: warning: ", stderr);
        cli_put_safe(note);
        putc('\n', stderr);
    }
    free(folder);
    return seen;
}

static void
tell(const struct options *o, const char *note)
{
    if (o->get.verbose && note[0] != '\0') {
        fputs("assay: note: ", stderr);
        cli_put_safe(note);
        putc('\n', stderr);
    }
}

void
source_learn(const struct options *o, struct source *s, struct assay_seen *seen,
             const struct assay_root *root, const struct assay_verdict *v,
             struct assay_obtained *what)
{
    struct assay_error err;
    char note[ASSAY_SEEN_NOTE_BYTES];

    tell(o, what->note); /* of the loading; keeping may have another */
    what->note[0] = '\0';
    if (assay_obtain_is_authentic(v)) {
        assay_obtain_keep(&s->in, what);
        tell(o, what->note);
    }
    if (assay_obtain_is_sound(v) &&
        assay_seen_learn(seen, root, what->collateral, &err) != ASSAY_OK) {
        tell(o, err.msg);
    }
    if (!assay_seen_note(seen, note)) { /* else source_seen() has said it */
        tell(o, note);
    }
}
