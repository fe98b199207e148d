/* Target functions: settings_take_text, options_dump, codex_config_read
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Read as assay-proxy's own file: what it says, written as a file, says the
 * same, and no upstream in it is without a policy. Read as Codex's: whatever
 * attests has an https address, a name that is part of a path, and a policy.
 */
#include "base/buf.h"
#include "harness/fuzz.h"
#include "programs/proxy/codex_config.h"
#include "programs/proxy/options.h"
#include "programs/proxy/provider_values.h"

static enum assay_code
take(struct options *o, struct assay_slice text, struct assay_error *err)
{
    proxy_settings.defaults(o);
    return settings_take_text(&proxy_settings, &o->given, text, "file", err);
}

static void
dump(const struct options *o, struct assay_buf *text)
{
    assay_buf_init(text, OPTIONS_DUMP_MAX_BYTES);
    options_dump(o, text);
    PROMISE(!text->failed);
}

/* A file may be too large once it is written out in full. */
static void
check_again(const struct options *o)
{
    struct assay_buf first;
    struct assay_buf second;
    struct assay_error err;
    struct options again;

    dump(o, &first);
    if (first.len <= proxy_settings.limits->max_bytes) {
        PROMISE(take(&again, assay_buf_slice(&first), &err) == ASSAY_OK);
        dump(&again, &second);
        PROMISE(assay_slice_equal(assay_buf_slice(&first),
                                  assay_buf_slice(&second)));
        assay_buf_free(&second);
        options_free(&again);
    }
    assay_buf_free(&first);
}

static void
check_upstreams(const struct options *o)
{
    PROMISE(o->upstream_count <= PROVIDERS_MAX);
    for (size_t i = 0; i < o->upstream_count; i++) {
        const struct upstream_entry *e = &o->upstreams[i];
        struct assay_policy *policy = NULL;
        struct assay_uri base;
        struct assay_error err;

        PROMISE(provider_check_name(assay_slice_of(e->name), &err) == ASSAY_OK);
        PROMISE(provider_parse_base(assay_slice_of(e->base_url), &base, &err) ==
                ASSAY_OK);
        PROMISE(base.https);
        PROMISE((e->policy_file != NULL) != (e->policy_json != NULL));
        PROMISE(e->policy_json == NULL ||
                assay_policy_parse_ratls(assay_slice_of(e->policy_json),
                                         &policy, &err) == ASSAY_OK);
        assay_policy_free(policy);
    }
}

static void
check_own(struct assay_slice text)
{
    struct assay_error err;
    struct options o;
    enum assay_code code = take(&o, text, &err);

    fuzz_check_error(&err, code, text.len);
    if (code == ASSAY_OK) {
        check_upstreams(&o);
        check_again(&o);
    }
    options_free(&o);
}

static void
check_codex(struct assay_slice text)
{
    struct codex_config *c = NULL;
    struct assay_error err;
    enum assay_code code = codex_config_read(text, &c, &err);

    fuzz_check_error(&err, code, text.len);
    PROMISE((code == ASSAY_OK) == (c != NULL));
    PROMISE(c == NULL || (c->count > 0 && c->count <= PROVIDERS_MAX));
    for (size_t i = 0; c != NULL && i < c->count; i++) {
        const struct codex_provider *p = c->all[i];
        size_t len = strlen(p->base.target);

        PROMISE(p->base.https && p->policy != NULL && p->title != NULL);
        PROMISE(provider_check_name(assay_slice_of(p->name), &err) == ASSAY_OK);
        PROMISE(len == 0 || p->base.target[len - 1] != '/');
    }
    codex_config_free(c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_own((struct assay_slice){data, size});
    check_codex((struct assay_slice){data, size});
    return 0;
}
