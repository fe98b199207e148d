/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * web.h - the server of the page: its files, what it has to know, and the
 * scenes that it may ask for. Only this machine's browsers are answered.
 *
 *     GET  /settings.json  {"atls": what createAtlsFetch() takes, "model", ...}
 *     GET  /demo/state     {"scene", "asked": messages that the model has had}
 *     POST /demo/scene     {"scene": NAME}; answered as the state, once it
 *                          plays
 */
#pragma once

#include "io/http_server.h"
#include "page.h"

#define WEB_CONNECTIONS_MAX  32u
#define WEB_ASK_MAX_BYTES    4096u
#define WEB_CONFIG_MAX_BYTES (1024u * 1024u)

struct web; /* opaque */

/* The page must outlive it. Errors of assay_listen(). */
ASSAY_MUST_CHECK enum assay_code
web_new(uv_loop_t *loop, const struct assay_address *at,
        const struct page *page, struct web **out, struct assay_error *err);
void web_free(struct web *w);                 /* NULL is fine */
const char *web_address(const struct web *w); /* "127.0.0.1:41234" */
/* Before, all is answered 503. bridge: HOST:PORT, which pages may connect to;
 * config: JSON, copied; state: appends JSON. */
bool web_open(struct web *w, const char *bridge, struct assay_slice config,
              void (*state)(void *user, struct assay_buf *to), void *user);

/* Does somebody wait for a scene? As a pump_condition. */
bool web_is_asked(const void *web);
size_t web_asked_scene(const struct web *w);
/* Answers whoever waits, with the state or why it could not be played. */
void web_answer(struct web *w, const struct assay_error *err);
