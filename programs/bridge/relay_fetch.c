/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * relay_fetch.c - a question is asked at its sources.
 */
#include "relay_fetch.h"

#include <uv.h>

#include "assay/gather.h"
#include "base/bytes.h"
#include "base/url.h"
#include "http1/fields.h"

/* The next base URL, "" for Intel's; false behind the last one. */
static bool
next_source(struct assay_slice *rest, char url[ASSAY_URL_MAX_BYTES],
            struct assay_error *err)
{
    struct assay_slice name;

    if (!assay_http1_list_next(rest, &name)) {
        return false;
    }
    url[0] = '\0';
    if (name.len >= ASSAY_URL_MAX_BYTES) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "a source is too long for a URL");
    } else if (!assay_slice_is(name, "intel")) {
        assay_copy(url, name);
        url[name.len] = '\0';
    }
    return true;
}

enum assay_code
relay_sources_check(const char *list, struct assay_error *err)
{
    struct assay_slice rest = assay_slice_of(list);
    char url[ASSAY_URL_MAX_BYTES];
    size_t count = 0;

    assay_error_clear(err);
    while (err->code == ASSAY_OK && next_source(&rest, url, err)) {
        count++;
        if (url[0] != '\0') {
            (void)!assay_url_check_base(url, err);
        }
    }
    if (err->code == ASSAY_OK && (count == 0 || count > ASSAY_SOURCES_MAX)) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "%zu collateral sources; 1 to %u are possible", count,
                   ASSAY_SOURCES_MAX);
    }
    return err->code;
}

static uint64_t
now_ms(void)
{
    return uv_hrtime() / 1000000;
}

/* NULL and *err, or what this source said. */
static struct relay_reply *
ask(struct assay_fetcher *fetcher, const struct relay_question *q,
    const char *source, struct assay_error *err)
{
    struct relay_reply *reply = NULL;
    char shown[ASSAY_URL_MAX_BYTES];
    struct assay_response r;
    struct assay_buf url;

    assay_buf_init(&url, ASSAY_URL_MAX_BYTES - 1);
    assay_url_put_source(&url, source, q->path);
    assay_buf_add_u8(&url, '\0');
    if (assay_buf_check(&url, "URL", err) == ASSAY_OK &&
        assay_fetch(fetcher, (const char *)url.ptr, relay_body_max(q->kind), &r,
                    err) == ASSAY_OK) {
        if (relay_reply_read(q, assay_buf_slice(&r.headers), &r.body, now_ms(),
                             &reply, err) != ASSAY_OK) {
            assay_url_show((const char *)url.ptr, shown, sizeof(shown));
            assay_error_prefix(err, "%s", shown);
        }
        assay_response_free(&r);
    }
    assay_buf_free(&url);
    return reply;
}

static unsigned
status_of(enum assay_code code)
{
    return code == ASSAY_NOT_FOUND ? 404 : code == ASSAY_TIMEOUT ? 504 : 502;
}

/* The last error stands for all: what each source said does not fit. */
static struct relay_reply *
ask_all(struct assay_fetcher *fetcher, const struct relay_question *q,
        const struct relay_sources *from, const atomic_bool *cancel,
        struct assay_error *err)
{
    struct assay_slice rest = assay_slice_of(from->list);
    char source[ASSAY_URL_MAX_BYTES];
    struct relay_reply *reply = NULL;
    unsigned status = 0;

    while (reply == NULL && !atomic_load(cancel) &&
           next_source(&rest, source, err)) {
        assay_error_clear(err);
        reply = ask(fetcher, q, source, err);
        if (err->code == ASSAY_NO_MEMORY) {
            return NULL;
        }
        status = status == 0 || status == status_of(err->code)
                     ? status_of(err->code)
                     : 502;
    }
    return reply != NULL || atomic_load(cancel)
               ? reply
               : relay_reply_new(q, status == 0 ? 502 : status, now_ms());
}

struct relay_reply *
relay_fetch(const struct relay_question *q, const struct relay_sources *from,
            const atomic_bool *cancel, struct assay_error *err)
{
    const struct assay_fetch_options options = {
        .ca_file = from->ca_file,
        .timeout_ms = from->timeout_ms,
        .cancel = cancel,
    };
    struct assay_fetcher *fetcher = NULL;
    struct relay_reply *reply = NULL;

    if (assay_fetcher_new(&options, &fetcher, err) == ASSAY_OK) {
        reply = ask_all(fetcher, q, from, cancel, err);
    } else if (err->code != ASSAY_NO_MEMORY) {
        reply = relay_reply_new(q, 502, now_ms());
    }
    assay_fetcher_free(fetcher);
    return reply;
}
