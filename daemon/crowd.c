/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * crowd.c - how many connections each address has.
 */
#include "daemon/crowd.h"

#include <stdlib.h>
#include <string.h>

struct crowd_member {
    struct crowd_member *next;
    uint8_t key[CROWD_KEY_BYTES];
    unsigned count;
    unsigned bucket;
};

void
crowd_key(const struct cidr_ip *ip, uint8_t out[CROWD_KEY_BYTES])
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255};

    memcpy(out, ip->octets, CROWD_KEY_BYTES);
    if (memcmp(out, mapped, sizeof(mapped)) != 0) {
        memset(out + 8, 0, 8);
    }
}

/* FNV-1a. Who collides on purpose makes a list as long as it has addresses,
 * and that is walked once for a connection. */
static unsigned
bucket_of(const uint8_t key[CROWD_KEY_BYTES])
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < CROWD_KEY_BYTES; i++) {
        h = (h ^ key[i]) * 16777619u;
    }
    return h % CROWD_BUCKETS;
}

static struct crowd_member *
find(const struct crowd *c, const uint8_t key[CROWD_KEY_BYTES])
{
    struct crowd_member *m = c->buckets[bucket_of(key)];

    while (m != NULL && memcmp(m->key, key, CROWD_KEY_BYTES) != 0) {
        m = m->next;
    }
    return m;
}

struct crowd_member *
crowd_enter(struct crowd *c, const struct cidr_ip *ip, unsigned max)
{
    uint8_t key[CROWD_KEY_BYTES];

    crowd_key(ip, key);
    return crowd_enter_as(c, key, max);
}

struct crowd_member *
crowd_enter_as(struct crowd *c, const uint8_t key[CROWD_KEY_BYTES],
               unsigned max)
{
    struct crowd_member *m = find(c, key);

    if (m == NULL && max > 0) {
        m = calloc(1, sizeof(*m));
        if (m == NULL) {
            return NULL;
        }
        memcpy(m->key, key, CROWD_KEY_BYTES);
        m->bucket = bucket_of(key);
        m->next = c->buckets[m->bucket];
        c->buckets[m->bucket] = m;
    }
    if (m == NULL || m->count >= max) {
        return NULL;
    }
    m->count++;
    return m;
}

void
crowd_leave(struct crowd *c, struct crowd_member *m)
{
    struct crowd_member **link;

    if (m == NULL || --m->count > 0) {
        return;
    }
    link = &c->buckets[m->bucket];
    while (*link != m) {
        link = &(*link)->next;
    }
    *link = m->next;
    free(m);
}

unsigned
crowd_count(const struct crowd *c, const uint8_t key[CROWD_KEY_BYTES])
{
    const struct crowd_member *m = find(c, key);

    return m != NULL ? m->count : 0;
}
