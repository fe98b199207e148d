/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * source.c - asking for collateral.
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
    return assay_search_sources(o->sources, o->source_count, p, out);
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
        .lookup =
            {
                .quote = q,
                .need = &s->need,
                .fresh = assay_policy_freshness(p),
                .now_s = o->now_s,
                .sources = s->urls,
                .ask = assay_pcs_ask(&s->fetch),
                .use_cache = !o->no_cache && assay_policy_cache_collateral(p),
                .grace_s = assay_policy_collateral_grace(p),
            },
    };
    s->lookup.source_count = source_urls(o, p, s->urls);
    if (assay_collateral_need(q, ASSAY_EMPTY, &s->need, err) != ASSAY_OK) {
        assay_error_prefix(err, "%s", o->operand);
    }
    return err->code;
}

enum assay_code
source_find(struct source *s, struct assay_error *err)
{
    progress_attach(&s->fetch);
    assay_lookup_run(&s->lookup);
    progress_end();
    *err = s->lookup.err;
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
source_tell(const struct options *o, const struct source *s)
{
    char note[ASSAY_SEEN_NOTE_BYTES];

    for (size_t i = 0; i < ASSAY_LOOKUP_NOTES; i++) {
        tell(o, s->lookup.note[i]);
    }
    if (!assay_seen_note(s->lookup.seen, note)) { /* else source_seen() has
                                                     said it */
        tell(o, note);
    }
}
