/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * get_options.c - what only `assay get` is told.
 */
#include "get_options.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "http1/http1.h"
#include "io/args.h"
#include "io/proxy.h"
#include "io/resolve.h"

#define MAX_AGE_MAX_S (30.0 * 86400.0)

/* Letters only, as no method in use has anything else; upper and lower case
 * are different methods. */
void
get_set_request(struct get_options *g, const char *value,
                struct assay_error *err)
{
    size_t n = strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "abcdefghijklmnopqrstuvwxyz-");

    if (n == 0 || value[n] != '\0' || n > 32) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "--request: '%.40s' is no method", value);
    } else if (strcmp(value, "CONNECT") == 0) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "--request: CONNECT is not a method of this command");
    }
    g->method = value;
}

/* Fields that frame the message are ours: two answers to where it ends are
 * none. */
static const char *const framing[] = {
    "content-length", "transfer-encoding",
    "connection",     "upgrade",
    "expect",         "te",
    "trailer",
};

/* Text that would break out of its line is found out by writing it. */
static void
check_field(const char *field, size_t name_len, struct assay_error *err)
{
    struct assay_slice name = {(const uint8_t *)field, name_len};
    struct assay_buf scratch;

    assay_buf_init(&scratch, ASSAY_HTTP1_HEAD_MAX_BYTES);
    if (assay_http1_put_field(&scratch, name,
                              get_field_value(field + name_len + 1),
                              err) != ASSAY_OK) {
        assay_error_prefix(err, "--header");
    }
    assay_buf_free(&scratch);
}

struct assay_slice
get_field_value(const char *text)
{
    size_t len;

    while (*text == ' ' || *text == '\t') {
        text++;
    }
    len = strlen(text);
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t')) {
        len--;
    }
    return (struct assay_slice){(const uint8_t *)text, len};
}

void
get_set_header(struct get_options *g, const char *value,
               struct assay_error *err)
{
    size_t name = strcspn(value, ":");

    if (value[name] != ':' || name == 0) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "--header: '%.40s' is not of the form 'Name: value'", value);
        return;
    }
    for (size_t i = 0; i < sizeof(framing) / sizeof(framing[0]); i++) {
        if (assay_slice_is_nocase(
                (struct assay_slice){(const uint8_t *)value, name},
                framing[i])) {
            assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                       "--header: %s is written by this command", framing[i]);
            return;
        }
    }
    if (g->field_count == GET_FIELDS_MAX) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "--header: more than %u", GET_FIELDS_MAX);
        return;
    }
    check_field(value, name, err);
    g->fields[g->field_count++] = value;
}

void
get_set_resolve(struct get_options *g, const char *value,
                struct assay_error *err)
{
    char *text;

    if (g->resolve_count == ASSAY_DIAL_RESOLVE_MAX) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "--resolve: more than %u", ASSAY_DIAL_RESOLVE_MAX);
        return;
    }
    text = strdup(value);
    if (text == NULL) {
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "--resolve");
        return;
    }
    g->resolve_text[g->resolve_count] = text;
    if (assay_resolve_parse(text, &g->resolve[g->resolve_count++], err) !=
        ASSAY_OK) {
        assay_error_prefix(err, "--resolve");
    }
}

void
get_set_wire(struct get_options *g, const char *value, struct assay_error *err)
{
    bool known = false;

    for (int w = 0; w < (int)ASSAY_WIRE_COUNT; w++) {
        known =
            known || strcmp(assay_wire_name((enum assay_wire)w), value) == 0;
    }
    if (!known) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "--wire: '%.20s' is not one of v2, v1 and v0", value);
    }
    g->wire = value;
}

void
get_set_proxy(struct get_options *g, const char *value, struct assay_error *err)
{
    struct assay_proxy proxy;

    if (value[0] != '\0') {
        if (assay_proxy_parse(value, &proxy, err) != ASSAY_OK) {
            assay_error_prefix(err, "--proxy");
        }
        assay_proxy_free(&proxy);
    }
    g->proxy = value;
}

void
get_set_max_size(struct get_options *g, const char *value,
                 struct assay_error *err)
{
    g->body_max = assay_arg_number(value, "--max-size", 1, UINT64_MAX, err);
}

void
get_set_max_age(struct get_options *g, const char *value,
                struct assay_error *err)
{
    g->max_age_ms = assay_arg_seconds(value, "--max-age", MAX_AGE_MAX_S, err);
}

void
get_options_free(struct get_options *g)
{
    for (size_t i = 0; i < g->resolve_count; i++) {
        free(g->resolve_text[i]);
    }
    g->resolve_count = 0;
}
