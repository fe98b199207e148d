/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * running.c - see running.h.
 */
#include "running.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/json.h"
#include "claim.h"
#include "io/file.h"
#include "io/home.h"

/* Copies what is read, each text with a NUL behind it: never longer than the
 * document. */
struct reader {
    const struct assay_json *json;
    const char *what;
    char *free;
    struct assay_error *err;
};

static bool
is_plain(struct assay_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '\0' || strchr(RUNNING_PLAIN, s.ptr[i]) == NULL) {
            return false;
        }
    }
    return true;
}

/* "" where it is not there. */
static const char *
take_text(struct reader *r, uint32_t object, const char *member)
{
    uint32_t node = assay_json_member(r->json, object, member);
    struct assay_slice text = assay_json_string(r->json, node);
    char *copy = r->free;

    if (!is_plain(text)) {
        assay_fail(r->err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "%s: '%s' has characters that no URL and no name has",
                   r->what, member);
        text = ASSAY_EMPTY;
    }
    assay_copy(copy, text);
    copy[text.len] = '\0';
    r->free += text.len + 1;
    return copy;
}

static void
take_provider(struct reader *r, uint32_t node, struct running *out)
{
    if (out->count == PROVIDERS_MAX) {
        assay_fail(r->err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "%s: more than %u providers", r->what, PROVIDERS_MAX);
        return;
    }
    out->providers[out->count++] = (struct running_provider){
        .name = take_text(r, node, "name"),
        .url = take_text(r, node, "url"),
        .wire_api = take_text(r, node, "wire_api"),
    };
}

static void
take_all(struct reader *r, struct running *out)
{
    uint32_t all = assay_json_member(r->json, ASSAY_JSON_ROOT, "providers");

    out->address = take_text(r, ASSAY_JSON_ROOT, "address");
    out->base = take_text(r, ASSAY_JSON_ROOT, "base");
    out->v1 = take_text(r, ASSAY_JSON_ROOT, "v1");
    for (uint32_t n = assay_json_first(r->json, all);
         n != ASSAY_JSON_NONE && r->err->code == ASSAY_OK;
         n = assay_json_next(r->json, n)) {
        take_provider(r, n, out);
    }
    if (out->address[0] == '\0' || out->base[0] == '\0' || out->count == 0) {
        assay_fail(r->err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "%s: it does not say where a proxy is", r->what);
    }
}

enum assay_code
running_parse(struct assay_slice text, const char *what, struct running *out,
              struct assay_error *err)
{
    static const struct assay_json_limits limits = {RUNNING_MAX_BYTES, 4, 4096};
    struct assay_json *json = NULL;

    *out = (struct running){.count = 0};
    assay_error_clear(err);
    if (assay_json_parse(text, &limits, what, &json, err) != ASSAY_OK) {
        return err->code;
    }
    /* A text has quotes around it, but one that is not there has not. */
    out->memory = malloc(text.len + 8 + 3 * (size_t)PROVIDERS_MAX);
    if (out->memory == NULL) {
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "%s", what);
    } else {
        struct reader r = {json, what, out->memory, err};

        take_all(&r, out);
    }
    assay_json_free(json);
    return err->code;
}

enum assay_code
running_read(const char *path, struct running *out, struct assay_error *err)
{
    struct assay_buf usual;
    struct assay_buf text = {.ptr = NULL};

    *out = (struct running){.count = 0};
    assay_error_clear(err);
    assay_buf_init(&usual, RUNNING_MAX_BYTES);
    if (path == NULL && running_usual_path(&usual)) {
        assay_buf_add_u8(&usual, '\0');
        path = usual.failed ? NULL : (const char *)usual.ptr;
    }
    if (path == NULL) {
        assay_fail(err, ASSAY_MISSING, ASSAY_NO_OFFSET,
                   "neither XDG_RUNTIME_DIR nor HOME says where a proxy's "
                   "state is: give --state or --url");
    } else if (assay_file_read_secret(path, RUNNING_MAX_BYTES, &text, err) ==
               ASSAY_OK) {
        if (claim_is_over(path)) {
            assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET,
                       "%.200s: the proxy that wrote it has ended", path);
        } else {
            (void)!running_parse(assay_buf_slice(&text), path, out, err);
        }
    }
    assay_buf_free(&text);
    assay_buf_free(&usual);
    return err->code;
}

void
running_free(struct running *r)
{
    free(r->memory);
    *r = (struct running){.count = 0};
}

const struct running_provider *
running_find(const struct running *r, const char *name)
{
    for (size_t i = 0; i < r->count; i++) {
        if (strcmp(r->providers[i].name, name) == 0) {
            return &r->providers[i];
        }
    }
    return NULL;
}

bool
running_has_url(const struct running *r)
{
    return strncmp(r->base, "http://", 7) == 0;
}

const char *
running_secret(const struct running *r)
{
    return running_has_url(r) ? strchr(r->base + 7, '/') : NULL;
}

bool
running_has_secret(const struct running *r)
{
    return running_secret(r) != NULL;
}

bool
running_usual_path(struct assay_buf *path)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");

    if (runtime != NULL && runtime[0] == '/') {
        assay_buf_printf(path, "%s/assay-proxy.json", runtime);
    } else if (assay_home_add(path, "XDG_CACHE_HOME", ".cache")) {
        assay_buf_add_text(path, "/assay/proxy.json");
    } else {
        return false;
    }
    return true;
}
