/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * quoter.c - which source a quote comes from, calls and their time limits.
 */
#include "io/quoter.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "assay/quote.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "io/quoter_source.h"

typedef enum assay_code open_function(struct assay_quoter *q, const char *path,
                                      struct assay_error *err);

static const struct {
    const char *name;
    const char *path; /* where the text names none */
    open_function *open;
} kinds[] = {
    {"dstack", ASSAY_DSTACK_SOCKET, assay_quoter_open_dstack},
    {"configfs", ASSAY_CONFIGFS_DIR, assay_quoter_open_configfs},
};

const char *
assay_quoter_choose(const char *socket, const char *folder)
{
    struct stat st;

    if (stat(socket, &st) == 0 && S_ISSOCK(st.st_mode)) {
        return "dstack";
    }
    if (stat(folder, &st) == 0 && S_ISDIR(st.st_mode)) {
        return "configfs";
    }
    return NULL;
}

static enum assay_code
open_source(struct assay_quoter *q, const char *spec, struct assay_error *err)
{
    if (strcmp(spec, "auto") == 0) {
        spec = assay_quoter_choose(ASSAY_DSTACK_SOCKET, ASSAY_CONFIGFS_DIR);
        if (spec == NULL) {
            return assay_fail(err, ASSAY_NOT_FOUND, ASSAY_NO_OFFSET,
                              "no source of quotes: neither %s nor %s is "
                              "there; run this in a TD, or name a source",
                              ASSAY_DSTACK_SOCKET, ASSAY_CONFIGFS_DIR);
        }
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t len = strlen(kinds[i].name);

        if (strncmp(spec, kinds[i].name, len) != 0) {
            continue;
        }
        if (spec[len] == '\0') {
            return kinds[i].open(q, kinds[i].path, err);
        }
        if (spec[len] == ':' && spec[len + 1] != '\0') {
            return kinds[i].open(q, spec + len + 1, err);
        }
    }
    return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                      "source of quotes \"%.60s\": must be auto, dstack, "
                      "dstack:PATH, configfs or configfs:DIR",
                      spec);
}

enum assay_code
assay_quoter_new(uv_loop_t *loop, const char *spec, uint32_t timeout_ms,
                 struct assay_quoter **out, struct assay_error *err)
{
    struct assay_quoter *q = calloc(1, sizeof(*q));

    *out = NULL;
    assay_error_clear(err);
    if (q == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "quoter");
    }
    q->loop = loop;
    q->timeout_ms = timeout_ms > 0 ? timeout_ms : ASSAY_QUOTER_TIMEOUT_MS;
    if (open_source(q, spec, err) != ASSAY_OK) {
        free(q->name);
        free(q);
        return err->code;
    }
    *out = q;
    return ASSAY_OK;
}

void
assay_quoter_free(struct assay_quoter *q)
{
    if (q == NULL) {
        return;
    }
    while (q->calls != NULL) {
        assay_quoter_cancel(q->calls);
    }
    q->source->close(q);
    free(q->name);
    free(q);
}

const char *
assay_quoter_name(const struct assay_quoter *q)
{
    return q->name;
}

enum assay_code
assay_quoter_set_name(struct assay_quoter *q, const char *kind,
                      const char *path, struct assay_error *err)
{
    struct assay_buf text;

    assay_buf_init(&text, strlen(kind) + strlen(path) + 4);
    assay_buf_printf(&text, "%s (%s)", kind, path);
    assay_buf_add_u8(&text, 0);
    if (assay_buf_check(&text, "quoter", err) == ASSAY_OK) {
        q->name = (char *)text.ptr; /* handed over */
        return ASSAY_OK;
    }
    assay_buf_free(&text);
    return err->code;
}

enum assay_code
assay_quoter_check(struct assay_slice quote,
                   const uint8_t report_data[ASSAY_QUOTER_DATA_BYTES],
                   struct assay_error *err)
{
    struct assay_quote *parsed = NULL;
    struct assay_error why;

    if (assay_quote_parse(quote, &parsed, &why) != ASSAY_OK) {
        return assay_fail(
            err, why.code == ASSAY_NO_MEMORY ? why.code : ASSAY_REPLY,
            ASSAY_NO_OFFSET, "the answer is no quote: %s", why.msg);
    }
    if (assay_quote_view(parsed)->tee_type != ASSAY_TEE_TDX) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "the answer is a quote, but not of a TD");
    } else if (!assay_slice_equal(assay_quote_view(parsed)->report_data,
                                  (struct assay_slice){
                                      report_data, ASSAY_QUOTER_DATA_BYTES})) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "the answer is a quote over other report data than was "
                   "asked for");
    }
    assay_quote_free(parsed);
    return err->code;
}

static void
call_closed(uv_handle_t *timer)
{
    free(timer->data);
}

/* The call is no longer under way; its memory goes when libuv lets it. */
static void
end_call(struct assay_quoter_call *call)
{
    if (call->prev != NULL) {
        call->prev->next = call->next;
    } else {
        call->q->calls = call->next;
    }
    if (call->next != NULL) {
        call->next->prev = call->prev;
    }
    uv_close((uv_handle_t *)&call->timer, call_closed);
}

void
assay_quoter_finish(struct assay_quoter_call *call,
                    const struct assay_quoted *quoted,
                    const struct assay_error *err)
{
    end_call(call);
    call->done(call->user, err->code == ASSAY_OK ? quoted : NULL, err);
}

void
assay_quoter_cancel(struct assay_quoter_call *call)
{
    if (call->state != NULL) {
        call->q->source->drop(call);
    }
    end_call(call);
}

static void
on_timeout(uv_timer_t *timer)
{
    struct assay_quoter_call *call = timer->data;
    struct assay_error err;

    if (call->q->source->finish_late(call)) {
        return;
    }
    assay_error_clear(&err);
    assay_fail(&err, ASSAY_TIMEOUT, ASSAY_NO_OFFSET,
               "%.160s: no answer within %.1f s", call->q->name,
               call->q->timeout_ms / 1000.0);
    call->q->source->drop(call);
    assay_quoter_finish(call, NULL, &err);
}

static void
on_cannot(uv_timer_t *timer)
{
    struct assay_quoter_call *call = timer->data;
    struct assay_error err;

    assay_error_clear(&err);
    assay_fail(&err, ASSAY_NOT_FOUND, ASSAY_NO_OFFSET,
               "%.160s: has no call that announces a certificate",
               call->q->name);
    assay_quoter_finish(call, NULL, &err);
}

/* Time is counted from now, not from when the loop last looked. */
static bool
begin(struct assay_quoter_call *call)
{
    const struct assay_quoter *q = call->q;

    if (call->announce && !q->source->can_announce) {
        return uv_timer_start(&call->timer, on_cannot, 0, 0) == 0;
    }
    uv_update_time(q->loop);
    return uv_timer_start(&call->timer, on_timeout, q->timeout_ms, 0) == 0 &&
           q->source->start(call);
}

static struct assay_quoter_call *
start_call(struct assay_quoter *q, bool announce, struct assay_slice input,
           assay_quoter_done *done, void *user)
{
    struct assay_quoter_call *call = calloc(1, sizeof(*call));

    if (call == NULL) {
        return NULL;
    }
    if (uv_timer_init(q->loop, &call->timer) != 0) {
        free(call);
        return NULL;
    }
    call->timer.data = call;
    call->q = q;
    call->announce = announce;
    assay_copy(call->input, input);
    call->done = done;
    call->user = user;
    call->next = q->calls;
    if (call->next != NULL) {
        call->next->prev = call;
    }
    q->calls = call;
    if (!begin(call)) {
        end_call(call);
        return NULL;
    }
    return call;
}

struct assay_quoter_call *
assay_quoter_get(struct assay_quoter *q,
                 const uint8_t report_data[ASSAY_QUOTER_DATA_BYTES],
                 assay_quoter_done *done, void *user)
{
    return start_call(
        q, false, (struct assay_slice){report_data, ASSAY_QUOTER_DATA_BYTES},
        done, user);
}

struct assay_quoter_call *
assay_quoter_announce(
    struct assay_quoter *q,
    const uint8_t certificate_sha256[ASSAY_QUOTER_DIGEST_BYTES],
    assay_quoter_done *done, void *user)
{
    return start_call(
        q, true,
        (struct assay_slice){certificate_sha256, ASSAY_QUOTER_DIGEST_BYTES},
        done, user);
}
