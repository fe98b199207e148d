/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * places.c - who may come in.
 *
 * One lock for all of it, held for less than a microsecond, two or three times
 * for each connection; digests are made outside of it. Addresses and targets
 * are known by their digests alone: clients choose the names below a "*." and
 * their addresses in a large network, but not where in a table these land.
 */
#include "places.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "io/rate.h"
#include "io/who.h"

struct places {
    pthread_mutex_t lock;
    struct assay_who who;
    struct place_limits limits;
    struct places_counts counts;
    struct crowd addresses;
    struct crowd targets;
    struct assay_rate rate;
};

_Static_assert(ASSAY_RATE_DIGEST_BYTES == ASSAY_WHO_DIGEST_BYTES &&
                   CROWD_KEY_BYTES <= ASSAY_WHO_DIGEST_BYTES,
               "one digest for both");

/* --- life ---------------------------------------------------------------- */

enum assay_code
places_new(const struct place_limits *limits, const struct assay_ctx *ctx,
           struct places **out, struct assay_error *err)
{
    struct places *p = calloc(1, sizeof(*p));

    *out = NULL;
    assay_error_clear(err);
    if (p == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "places");
    }
    if (!assay_who_init(&p->who, ctx) ||
        pthread_mutex_init(&p->lock, NULL) != 0) {
        free(p);
        return assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET,
                          "places: the system gave no randomness or no lock");
    }
    p->limits = *limits;
    assay_rate_init(&p->rate, limits->per_s, limits->burst);
    *out = p;
    return ASSAY_OK;
}

void
places_free(struct places *p)
{
    if (p != NULL) {
        pthread_mutex_destroy(&p->lock);
        free(p);
    }
}

/* A new rate begins with full buckets; the same one goes on with what was in
 * them, or each reload would be a burst for everybody. */
void
places_limit(struct places *p, const struct place_limits *limits)
{
    pthread_mutex_lock(&p->lock);
    if (limits->per_s != p->limits.per_s || limits->burst != p->limits.burst) {
        assay_rate_init(&p->rate, limits->per_s, limits->burst);
    }
    p->limits = *limits;
    pthread_mutex_unlock(&p->lock);
}

struct places_counts
places_count(struct places *p)
{
    struct places_counts c;

    pthread_mutex_lock(&p->lock);
    c = p->counts;
    pthread_mutex_unlock(&p->lock);
    return c;
}

/* --- under the lock ------------------------------------------------------ */

/* One more of this digest, or why not. max 0: any number. */
static enum denial
join(struct crowd *c, const uint8_t digest[ASSAY_WHO_DIGEST_BYTES],
     uint32_t max, enum denial full, struct crowd_member **out)
{
    if (max > 0 && crowd_count(c, digest) >= max) {
        return full;
    }
    *out = crowd_enter_as(c, digest, UINT_MAX);
    return *out != NULL ? ADMITTED : DENIED_INTERNAL;
}

/* The rate comes first: who is denied for another reason has asked, too. */
static enum denial
name(struct places *p, const uint8_t who[ASSAY_WHO_DIGEST_BYTES],
     int64_t now_us, struct place *place)
{
    if (assay_rate_take(&p->rate, who, now_us) > 0) {
        return DENIED_RATE;
    }
    return join(&p->addresses, who, p->limits.per_address, DENIED_CROWD,
                &place->address);
}

static enum denial
take(struct places *p, struct place *place)
{
    if (p->counts.connections >= p->limits.connections) {
        return DENIED_FULL;
    }
    p->counts.connections++;
    place->taken = true;
    return ADMITTED;
}

static void
leave(struct places *p, struct place *place)
{
    p->counts.connections -= place->taken ? 1 : 0;
    p->counts.entered -= place->target != NULL ? 1 : 0;
    crowd_leave(&p->addresses, place->address);
    crowd_leave(&p->targets, place->target);
    *place = (struct place){0};
}

/* --- one connection ------------------------------------------------------ */

static bool
digest_of_ip(const struct places *p, const struct cidr_ip *ip,
             uint8_t out[ASSAY_WHO_DIGEST_BYTES])
{
    uint8_t key[CROWD_KEY_BYTES];

    crowd_key(ip, key);
    return assay_who_digest(&p->who, ASSAY_SLICE(key), out);
}

enum denial
places_knock(struct places *p, const struct cidr_ip *ip, int64_t now_us,
             struct place *out)
{
    uint8_t who[ASSAY_WHO_DIGEST_BYTES];
    enum denial d;

    *out = (struct place){0};
    if (ip != NULL && !digest_of_ip(p, ip, who)) {
        return DENIED_INTERNAL;
    }
    pthread_mutex_lock(&p->lock);
    d = take(p, out);
    if (d == ADMITTED && ip != NULL) {
        d = name(p, who, now_us, out);
    }
    if (d != ADMITTED) {
        leave(p, out);
    }
    pthread_mutex_unlock(&p->lock);
    return d;
}

enum denial
places_name(struct places *p, const struct cidr_ip *ip, int64_t now_us,
            struct place *place)
{
    uint8_t who[ASSAY_WHO_DIGEST_BYTES];
    enum denial d;

    if (!digest_of_ip(p, ip, who)) {
        return DENIED_INTERNAL;
    }
    pthread_mutex_lock(&p->lock);
    d = name(p, who, now_us, place);
    pthread_mutex_unlock(&p->lock);
    return d;
}

enum denial
places_enter(struct places *p, const struct target *t, struct place *place)
{
    uint8_t where[ASSAY_WHO_DIGEST_BYTES];
    char text[TARGET_TEXT_BYTES];
    enum denial d;

    target_text(t, text);
    if (!assay_who_digest(&p->who, assay_slice_of(text), where)) {
        return DENIED_INTERNAL;
    }
    pthread_mutex_lock(&p->lock);
    d = join(&p->targets, where, p->limits.per_target, DENIED_TARGET_FULL,
             &place->target);
    p->counts.entered += d == ADMITTED ? 1 : 0;
    pthread_mutex_unlock(&p->lock);
    return d;
}

void
places_leave(struct places *p, struct place *place)
{
    pthread_mutex_lock(&p->lock);
    leave(p, place);
    pthread_mutex_unlock(&p->lock);
}
