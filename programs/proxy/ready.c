/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * ready.c - see ready.h.
 */
#include "ready.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/json_out.h"
#include "claim.h"
#include "io/file.h"
#include "running.h"

#define READY_MAX_BYTES (256u * 1024u)
#define URL_MAX_BYTES   1024u
#define PATH_MAX_BYTES  4096u

static const char *
wire_api_name(enum wire_api w)
{
    static const char *const names[] = {NULL, "chat", "responses"};

    return names[w];
}

/* "http://127.0.0.1:8989", or "http+unix:/run/assay.sock"; and the secret. */
static void
put_url(struct assay_json_out *out, const char *member, const struct program *p,
        const char *rest)
{
    const char *address = p->doors.address;
    bool tcp = address[0] != 'u';
    struct assay_buf url;

    assay_buf_init(&url, URL_MAX_BYTES);
    assay_buf_printf(&url, "%s%s", tcp ? "http://" : "http+", address);
    if (p->site->secret[0] != '\0') {
        assay_buf_printf(&url, "/%s", p->site->secret);
    }
    assay_buf_add_text(&url, rest);
    assay_json_out_string(out, member, assay_buf_slice(&url));
    assay_buf_free(&url);
}

static void
put_provider(struct assay_json_out *out, const struct program *p,
             const struct provider *provider)
{
    char path[PROVIDER_NAME_MAX_BYTES + 2];

    snprintf(path, sizeof(path), "/%s", provider->name);
    assay_json_out_open(out, NULL, '{');
    assay_json_out_text(out, "name", provider->name);
    put_url(out, "url", p, path);
    assay_json_out_text(out, "wire_api", wire_api_name(provider->wire_api));
    assay_json_out_close(out, '}');
}

static void
put(const struct program *p, struct assay_buf *to)
{
    const struct providers *all = p->site->providers;
    struct assay_json_out out;

    assay_json_out_init(&out, to, false);
    assay_json_out_open(&out, NULL, '{');
    assay_json_out_text(&out, "address", p->doors.address);
    if (admin_address(&p->admin) != NULL) {
        assay_json_out_text(&out, "admin", admin_address(&p->admin));
    }
    assay_json_out_u64(&out, "pid", (uint64_t)getpid());
    put_url(&out, "base", p, "");
    if (all->count == 1) {
        put_url(&out, "v1", p, "/v1");
    }
    assay_json_out_open(&out, "providers", '[');
    for (size_t i = 0; i < all->count; i++) {
        put_provider(&out, p, all->all[i]);
    }
    assay_json_out_close(&out, ']');
    assay_json_out_close(&out, '}');
    assay_buf_add_u8(to, '\n');
}

/* A usual place that cannot be written to is warned of later, by ready_tell().
 * The path is given up with the claim, so that nobody removes another's. */
static enum assay_code
take_claim(struct program *p, bool usual, struct assay_error *err)
{
    const char *path = (const char *)p->state.ptr;

    if (claim_take(path, &p->claim, err) == ASSAY_IO && usual) {
        assay_error_clear(err);
    }
    if (err->code != ASSAY_OK) {
        assay_error_prefix(err, "--state");
        assay_buf_free(&p->state);
    }
    return err->code;
}

enum assay_code
ready_open(struct program *p, struct assay_error *err)
{
    const char *given = p->site->options.state;
    struct assay_error lost;
    char *slash;

    assay_error_clear(err);
    assay_error_clear(&lost);
    p->claim = -1;
    assay_buf_init(&p->state, PATH_MAX_BYTES);
    if (given != NULL && strcmp(given, "off") == 0) {
        return ASSAY_OK;
    }
    if (given != NULL) {
        assay_buf_add_text(&p->state, given);
    } else if (!running_usual_path(&p->state)) {
        assay_buf_free(&p->state);
        return ASSAY_OK;
    }
    assay_buf_add_u8(&p->state, '\0');
    if (assay_buf_check(&p->state, "--state", err) != ASSAY_OK) {
        return err->code;
    }
    slash = strrchr((char *)p->state.ptr, '/');
    if (given == NULL && slash != NULL) {
        *slash = '\0';
        (void)!assay_folder_make((const char *)p->state.ptr, &lost);
        *slash = '/';
    }
    return take_claim(p, given == NULL, err);
}

static const char *
state_path(const struct program *p)
{
    return p->state.len > 1 ? (const char *)p->state.ptr : NULL;
}

static enum assay_code
write_to(const char *path, struct assay_slice text, struct assay_error *err)
{
    if (claim_check_owner(path, err) != ASSAY_OK) {
        return err->code;
    }
    return assay_file_write(path, text, 0600, err);
}

enum assay_code
ready_tell(const struct program *p, struct assay_error *err)
{
    const struct options *o = &p->site->options;
    struct assay_buf text;

    assay_error_clear(err);
    assay_buf_init(&text, READY_MAX_BYTES);
    put(p, &text);
    if (assay_buf_check(&text, "--ready-file", err) == ASSAY_OK &&
        state_path(p) != NULL &&
        write_to(state_path(p), assay_buf_slice(&text), err) != ASSAY_OK &&
        o->state == NULL) {
        log_failure(&p->keeper.log, LOG_WARNING,
                    "assay proxy status will not find this proxy", err);
        assay_error_clear(err);
    }
    if (err->code == ASSAY_OK && o->ready_file != NULL) {
        (void)!write_to(o->ready_file, assay_buf_slice(&text), err);
    }
    assay_buf_free(&text);
    return err->code;
}

/* Text that this process has put there. */
static bool
is_ours(const struct program *p, struct assay_slice text)
{
    struct assay_buf ours;
    bool same;

    assay_buf_init(&ours, READY_MAX_BYTES);
    put(p, &ours);
    same = !ours.failed && ours.len == text.len &&
           memcmp(ours.ptr, text.ptr, text.len) == 0;
    assay_buf_free(&ours);
    return same;
}

static void
remove_state(const struct program *p)
{
    struct assay_error err;
    struct assay_buf text;

    if (assay_file_read_plain(state_path(p), READY_MAX_BYTES, &text, &err) ==
            ASSAY_OK &&
        is_ours(p, assay_buf_slice(&text))) {
        (void)unlink(state_path(p));
    }
    assay_buf_free(&text);
}

void
ready_end(struct program *p)
{
    if (state_path(p) == NULL) {
        return;
    }
    if (p->doors.address[0] != '\0') {
        remove_state(p);
    }
    assay_buf_free(&p->state);
    if (p->claim >= 0) {
        (void)close(p->claim);
        p->claim = -1;
    }
}
