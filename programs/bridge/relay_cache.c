/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * relay_cache.c - replies by question, in the order in which they were asked
 * for. They are few (see relay.h), so a list is searched.
 */
#include "relay_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    struct entry *next; /* asked for less recently */
    struct relay_reply *reply;
};

struct relay_cache {
    pthread_mutex_t lock; /* of all that changes */
    size_t max_bytes;
    unsigned max_replies;
    size_t bytes;
    unsigned replies;
    struct entry *first;
};

struct relay_cache *
relay_cache_new(size_t max_bytes, unsigned max_replies)
{
    struct relay_cache *c = calloc(1, sizeof(*c));

    if (c != NULL && pthread_mutex_init(&c->lock, NULL) != 0) {
        free(c);
        return NULL;
    }
    if (c != NULL) {
        c->max_bytes = max_bytes;
        c->max_replies = max_replies;
    }
    return c;
}

/* --- under the lock ------------------------------------------------------ */

static struct entry *
take_out(struct relay_cache *c, struct entry **at)
{
    struct entry *e = *at;

    *at = e->next;
    c->bytes -= relay_reply_bytes(e->reply);
    c->replies--;
    return e;
}

static void
put_first(struct relay_cache *c, struct entry *e)
{
    e->next = c->first;
    c->first = e;
    c->bytes += relay_reply_bytes(e->reply);
    c->replies++;
}

static struct entry **
find(struct relay_cache *c, const char *path)
{
    struct entry **at = &c->first;

    while (*at != NULL && strcmp((*at)->reply->path, path) != 0) {
        at = &(*at)->next;
    }
    return at;
}

static void
drop(struct relay_cache *c, struct entry **at)
{
    struct entry *e = take_out(c, at);

    relay_reply_release(e->reply);
    free(e);
}

static void
drop_last(struct relay_cache *c)
{
    struct entry **at = &c->first;

    while (*at != NULL && (*at)->next != NULL) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        drop(c, at);
    }
}

/* --- for all ------------------------------------------------------------- */

void
relay_cache_free(struct relay_cache *c)
{
    if (c != NULL) {
        while (c->first != NULL) {
            drop(c, &c->first);
        }
        pthread_mutex_destroy(&c->lock);
        free(c);
    }
}

struct relay_reply *
relay_cache_get(struct relay_cache *c, const char *path)
{
    struct relay_reply *r = NULL;
    struct entry **at;

    pthread_mutex_lock(&c->lock);
    at = find(c, path);
    if (*at != NULL) {
        put_first(c, take_out(c, at));
        r = relay_reply_hold(c->first->reply);
    }
    pthread_mutex_unlock(&c->lock);
    return r;
}

/* In place of the one to its question. NULL: there is no room for it. */
static void
replace(struct relay_cache *c, const char *path, struct entry *e)
{
    struct entry **at = find(c, path);

    if (*at != NULL) {
        drop(c, at);
    }
    if (e != NULL) {
        put_first(c, e);
    }
    while (c->bytes > c->max_bytes || c->replies > c->max_replies) {
        drop_last(c);
    }
}

void
relay_cache_put(struct relay_cache *c, struct relay_reply *r)
{
    struct entry *e = NULL;

    if (relay_reply_bytes(r) <= c->max_bytes) {
        e = malloc(sizeof(*e));
    }
    if (e != NULL) {
        e->reply = relay_reply_hold(r);
    }
    pthread_mutex_lock(&c->lock);
    replace(c, r->path, e);
    pthread_mutex_unlock(&c->lock);
}

void
relay_cache_use(struct relay_cache *c, size_t *bytes, unsigned *replies)
{
    pthread_mutex_lock(&c->lock);
    *bytes = c->bytes;
    *replies = c->replies;
    pthread_mutex_unlock(&c->lock);
}
