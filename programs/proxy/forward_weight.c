/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * forward_weight.c - what a translated request holds of memory, as part of what
 * all of them may: nothing else that a client can make us hold is large.
 */
#include "forward_state.h"

#define TOO_MUCH                                                               \
    "this request needs more memory to be translated than this proxy has for " \
    "all of them; --max-translating is its limit"
#define BUSY                                                                   \
    "requests that are being translated hold all the memory that this proxy "  \
    "has for them; --max-translating is its limit"

/* What waits for a client that does not read is bounded, but for the end of a
 * translated stream. */
size_t
forward_weight_queued(const struct assay_stream *client)
{
    size_t waits = assay_stream_queued(client);

    return waits > FORWARD_QUEUE_MAX_BYTES ? waits : 0;
}

size_t
forward_weight(const struct forward *f)
{
    const struct forward_translation *t = f->translation;

    return t == NULL ? 0
                     : t->body.cap + t->head.cap + t->told.cap +
                           translation_weight(t->with);
}

bool
forward_hold(struct forward *f, size_t soon)
{
    const struct visits *all = f->client.all;
    uint64_t max = all->limits.max_translating;
    size_t wanted =
        forward_weight(f) + forward_weight_queued(f->client.stream) + soon;

    if (budget_hold(all->translating, max, f->client.held, wanted)) {
        return true;
    }
    if (wanted > max && f->call == NULL) {
        forward_refuse_saying(f, REFUSED_LARGE, TOO_MUCH, NULL);
    } else {
        forward_refuse_saying(f, REFUSED_BUSY, BUSY, NULL);
    }
    return false;
}
