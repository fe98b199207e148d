/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "dcap/memo.h"

#include <stdlib.h>

#define NONE    UINT32_MAX
#define KEY_MAX 160u

struct entry {
    struct assay_p256 *value;
    uint32_t chain; /* next entry in the same bucket */
    uint32_t newer; /* towards the most recently used */
    uint32_t older;
    uint8_t key[KEY_MAX];
};

struct assay_memo {
    size_t key_len;
    uint32_t max;
    uint32_t count; /* entries in use: entry[0] to entry[count - 1] */
    uint32_t room;  /* entries allocated */
    uint32_t newest;
    uint32_t oldest;
    uint32_t bucket_count; /* a power of two */
    uint32_t *bucket;
    struct entry *entry;
};

struct assay_memo *
assay_memo_new(uint32_t max, size_t key_len)
{
    struct assay_memo *m = NULL;

    if (key_len > KEY_MAX || max > (1u << 24)) {
        return NULL;
    }
    m = calloc(1, sizeof(*m));
    if (m == NULL) {
        return NULL;
    }
    m->key_len = key_len;
    m->max = max;
    m->newest = NONE;
    m->oldest = NONE;
    m->bucket_count = 16;
    while (m->bucket_count < max) {
        m->bucket_count *= 2;
    }
    m->bucket = malloc(m->bucket_count * sizeof(*m->bucket));
    if (m->bucket == NULL) {
        free(m);
        return NULL;
    }
    for (uint32_t i = 0; i < m->bucket_count; i++) {
        m->bucket[i] = NONE;
    }
    return m;
}

void
assay_memo_free(struct assay_memo *m)
{
    if (m == NULL) {
        return;
    }
    for (uint32_t i = 0; i < m->count; i++) {
        assay_p256_free(m->entry[i].value);
    }
    free(m->entry);
    free(m->bucket);
    free(m);
}

/* Keys hold digests, signatures and curve points, so any eight bytes spread
 * well; taking some from both ends leaves little to choose for whoever makes
 * them. */
static uint32_t *
bucket_of(const struct assay_memo *m, const uint8_t *key)
{
    uint64_t a;
    uint64_t b;

    memcpy(&a, key, sizeof(a));
    memcpy(&b, key + m->key_len - sizeof(b), sizeof(b));
    a = (a ^ (b << 1 | b >> 63)) * UINT64_C(0x9e3779b97f4a7c15);
    return &m->bucket[(a >> 32) & (m->bucket_count - 1)];
}

static void
unlink_use(struct assay_memo *m, uint32_t i)
{
    struct entry *e = &m->entry[i];

    *(e->newer == NONE ? &m->newest : &m->entry[e->newer].older) = e->older;
    *(e->older == NONE ? &m->oldest : &m->entry[e->older].newer) = e->newer;
}

static void
link_newest(struct assay_memo *m, uint32_t i)
{
    m->entry[i].newer = NONE;
    m->entry[i].older = m->newest;
    *(m->newest == NONE ? &m->oldest : &m->entry[m->newest].newer) = i;
    m->newest = i;
}

static uint32_t
find(const struct assay_memo *m, const uint8_t *key)
{
    uint32_t i = *bucket_of(m, key);

    while (i != NONE && memcmp(m->entry[i].key, key, m->key_len) != 0) {
        i = m->entry[i].chain;
    }
    return i;
}

bool
assay_memo_get(struct assay_memo *m, const uint8_t *key,
               struct assay_p256 **value)
{
    uint32_t i = find(m, key);

    if (value != NULL) {
        *value = NULL;
    }
    if (i == NONE) {
        return false;
    }
    unlink_use(m, i);
    link_newest(m, i);
    if (value != NULL) {
        *value = assay_p256_ref(m->entry[i].value);
    }
    return true;
}

/* Takes the least recently used entry out and returns its place. */
static uint32_t
forget_oldest(struct assay_memo *m)
{
    uint32_t i = m->oldest;
    uint32_t *at = bucket_of(m, m->entry[i].key);

    while (*at != i) {
        at = &m->entry[*at].chain;
    }
    *at = m->entry[i].chain;
    unlink_use(m, i);
    assay_p256_free(m->entry[i].value);
    m->entry[i].value = NULL;
    return i;
}

/* A free place, or NONE. */
static uint32_t
new_place(struct assay_memo *m)
{
    if (m->count == m->max) {
        return m->max == 0 ? NONE : forget_oldest(m);
    }
    if (m->count == m->room) {
        uint32_t room = m->room == 0 ? 16 : m->room * 2;
        struct entry *grown;

        room = room < m->max ? room : m->max;
        grown = realloc(m->entry, room * sizeof(*grown));
        if (grown == NULL) {
            return m->count == 0 ? NONE : forget_oldest(m);
        }
        m->entry = grown;
        m->room = room;
    }
    return m->count++;
}

void
assay_memo_put(struct assay_memo *m, const uint8_t *key,
               struct assay_p256 *value)
{
    uint32_t i;
    uint32_t *bucket;

    if (find(m, key) != NONE) {
        return;
    }
    i = new_place(m);
    if (i == NONE) {
        return;
    }
    bucket = bucket_of(m, key);
    memcpy(m->entry[i].key, key, m->key_len);
    m->entry[i].value = assay_p256_ref(value);
    m->entry[i].chain = *bucket;
    *bucket = i;
    link_newest(m, i);
}
