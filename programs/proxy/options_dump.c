/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * options_dump.c - the settings and the upstreams as a file.
 */
#include "base/buf.h"
#include "options.h"

static void
put_text(struct assay_buf *to, const char *member, const char *value)
{
    if (value != NULL) {
        assay_buf_printf(to, "%s = ", member);
        settings_dump_text(to, value);
        assay_buf_add_u8(to, '\n');
    }
}

/* Compact JSON that was made from TOML, so there is no null in it, as an inline
 * table: its escapes are TOML's too. */
static void
put_policy(struct assay_buf *to, const char *json)
{
    bool in_text = false;
    bool escaped = false;

    assay_buf_add_text(to, "policy = ");
    for (const char *c = json; *c != '\0'; c++) {
        if (!in_text && *c == ':') {
            assay_buf_add_text(to, " = ");
        } else if (*c == '\x7f') {
            assay_buf_add_text(to, "\\u007f");
        } else {
            assay_buf_add_u8(to, (uint8_t)*c);
        }
        if (*c == '"' && !escaped) {
            in_text = !in_text;
        }
        escaped = *c == '\\' && !escaped;
    }
    assay_buf_add_u8(to, '\n');
}

void
options_dump(const struct options *o, struct assay_buf *to)
{
    settings_dump(&proxy_settings, &o->given, to);
    for (size_t i = 0; i < o->upstream_count; i++) {
        const struct upstream_entry *e = &o->upstreams[i];

        assay_buf_add_text(to, "\n[upstreams.");
        settings_dump_text(to, e->name);
        assay_buf_add_text(to, "]\n");
        put_text(to, "name", e->title);
        put_text(to, "base_url", e->base_url);
        put_text(to, "wire_api", e->wire_api);
        put_text(to, "policy", e->policy_file);
        if (e->policy_json != NULL) {
            put_policy(to, e->policy_json);
        }
        put_text(to, "server_name", e->server_name);
        put_text(to, "api_key_file", e->api_key_file);
        put_text(to, "api_key_env", e->api_key_env);
        put_text(to, "http_proxy", e->http_proxy);
        put_text(to, "resolve", e->resolve);
    }
}
