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
    uint8_t key[16];
    unsigned count;
    unsigned bucket;
};

static void
make_key(const struct cidr_ip *ip, uint8_t key[16])
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255};

    memcpy(key, ip->octets, 16);
    if (memcmp(key, mapped, sizeof(mapped)) != 0) {
        memset(key + 8, 0, 8);
    }
}

/* FNV-1a. Who collides on purpose makes a list as long as it has addresses,
 * and that is walked once for a connection. */
static unsigned
bucket_of(const uint8_t key[16])
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < 16; i++) {
        h = (h ^ key[i]) * 16777619u;
    }
    return h % CROWD_BUCKETS;
}

struct crowd_member *
crowd_enter(struct crowd *c, const struct cidr_ip *ip, unsigned max)
{
    struct crowd_member *m;
    uint8_t key[16];
    unsigned bucket;

    make_key(ip, key);
    bucket = bucket_of(key);
    m = c->buckets[bucket];
    while (m != NULL && memcmp(m->key, key, sizeof(key)) != 0) {
        m = m->next;
    }
    if (m == NULL && max > 0) {
        m = calloc(1, sizeof(*m));
        if (m == NULL) {
            return NULL;
        }
        memcpy(m->key, key, sizeof(key));
        m->bucket = bucket;
        m->next = c->buckets[bucket];
        c->buckets[bucket] = m;
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
