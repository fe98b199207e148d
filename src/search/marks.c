/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * marks.c - the highest tcbEvaluationDataNumbers that were ever verified.
 */
#include "search/marks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"
#include "collateral/collateral.h"
#include "dcap/root.h"

/* The highest of its key. */
struct known {
    struct assay_mark mark;
    bool kept;      /* by the caller, too */
    uint64_t taken; /* counts up */
};

struct assay_marks {
    size_t count;
    size_t others; /* of them, of another root than Intel's */
    uint64_t taken;
    struct known known[ASSAY_MARKS_MAX];
};

struct assay_marks *
assay_marks_new(void)
{
    return calloc(1, sizeof(struct assay_marks));
}

void
assay_marks_free(struct assay_marks *s)
{
    free(s);
}

static size_t
find(const struct assay_marks *s, const char *key)
{
    size_t i = 0;

    while (i < s->count && strcmp(s->known[i].mark.key, key) != 0) {
        i++;
    }
    return i;
}

/* The other root's that was taken first. */
static struct known *
oldest_other(struct assay_marks *s)
{
    struct known *oldest = NULL;

    for (size_t i = 0; i < s->count; i++) {
        struct known *k = &s->known[i];

        if (!assay_mark_is_intels(&k->mark) &&
            (oldest == NULL || k->taken < oldest->taken)) {
            oldest = k;
        }
    }
    return oldest;
}

/* Room for a new key. A memory that is full of Intel's learns no new ones:
 * forgetting one would let it be rolled back. */
static struct known *
room_for(struct assay_marks *s, const struct assay_mark *m)
{
    bool other = !assay_mark_is_intels(m);

    if (other && s->others == ASSAY_MARKS_OTHERS_MAX) {
        return oldest_other(s);
    }
    if (s->count == ASSAY_MARKS_MAX) {
        return NULL;
    }
    s->others += other;
    return &s->known[s->count++];
}

/* The highest of its key, which is this one if it is news; NULL: no room. */
static struct known *
take(struct assay_marks *s, const struct assay_mark *m, bool kept)
{
    size_t i = find(s, m->key);
    struct known *k = i < s->count ? &s->known[i] : NULL;

    if (k == NULL) {
        k = room_for(s, m);
        if (k != NULL) {
            *k = (struct known){*m, kept, s->taken++};
        }
    } else if (m->number > k->mark.number) {
        k->mark = *m;
        k->kept = kept;
    } else if (m->number == k->mark.number && kept &&
               m->since_s <= k->mark.since_s) {
        k->mark = *m; /* two learnt it at once, from two issues */
        k->kept = true;
    }
    return k;
}

void
assay_marks_add(struct assay_marks *s, const struct assay_mark *kept)
{
    (void)take(s, kept, true);
}

static void
make_key(char key[ASSAY_MARK_KEY_MAX], const struct assay_root *root, bool tdx,
         const char *document)
{
    char hex[2 * sizeof(root->der_sha256) + 1];

    assay_hex_to(hex, ASSAY_SLICE(root->der_sha256));
    (void)snprintf(key, ASSAY_MARK_KEY_MAX, "%s_%s-%s",
                   root->intel ? "intel" : hex, tdx ? "tdx" : "sgx", document);
}

static uint32_t
recall(const struct assay_marks *s, const struct assay_root *root, bool tdx,
       const char *document, int64_t now_s)
{
    char key[ASSAY_MARK_KEY_MAX];
    size_t i;

    make_key(key, root, tdx, document);
    i = find(s, key);
    return i < s->count && s->known[i].mark.since_s <= now_s
               ? s->known[i].mark.number
               : 0;
}

struct assay_evaluations
assay_marks_recall(const struct assay_marks *s, const struct assay_root *root,
                   const struct assay_collateral_need *need, int64_t now_s)
{
    return (struct assay_evaluations){
        .tcb_info = recall(s, root, need->tdx, need->fmspc, now_s),
        .qe_identity = recall(s, root, need->tdx, "qe", now_s),
    };
}

size_t
assay_marks_learn(struct assay_marks *s, const struct assay_root *root,
                  const struct assay_collateral *c,
                  struct assay_mark out[ASSAY_MARKS_LEARNT_MAX])
{
    struct assay_mark m[ASSAY_MARKS_LEARNT_MAX] = {
        {.number = c->tcb_info.evaluation, .since_s = c->tcb_info.issue_s},
        {.number = c->qe_identity.evaluation,
         .since_s = c->qe_identity.issue_s},
    };
    char fmspc[13];
    size_t count = 0;

    assay_hex_to(fmspc, ASSAY_SLICE(c->tcb_info.fmspc));
    make_key(m[0].key, root, c->tcb_info.tdx, fmspc);
    make_key(m[1].key, root, c->qe_identity.tdx, "qe");
    for (size_t i = 0; i < ASSAY_MARKS_LEARNT_MAX; i++) {
        const struct known *k = take(s, &m[i], false);

        if (k != NULL && !k->kept) {
            out[count++] = k->mark;
        }
    }
    return count;
}
