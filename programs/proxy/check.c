/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * check.c - what --check says, and what a start warns of.
 */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/json.h"
#include "base/url.h"
#include "daemon/start_check.h"
#include "io/socket_name.h"
#include "providers_make.h"

#define DESCRIPTORS_ASIDE 256u
#define SHOWN_MAX_BYTES   512u

/* One that is not there yet is made at the start. */
static void
check_folder(const char *path, struct assay_error *err)
{
    struct stat st;

    if (stat(path, &st) != 0) {
        if (errno != ENOENT) {
            assay_fail_uv(err, ASSAY_IO, -errno, "%.200s", path);
        }
    } else if (!S_ISDIR(st.st_mode)) {
        assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET,
                   "%.200s: is a file, not a folder", path);
    } else if (access(path, W_OK | X_OK) != 0) {
        assay_fail_uv(err, ASSAY_IO, -errno, "%.200s: cannot write", path);
    }
}

enum assay_code
check_roots(const struct options *o, const struct assay_ctx *ctx,
            struct assay_error *err)
{
    assay_error_clear(err);
    return o->pccs_ca != NULL ? start_try_roots(o->pccs_ca, ctx, err)
                              : ASSAY_OK;
}

enum assay_code
check_files(const struct options *o, const struct assay_ctx *ctx,
            struct assay_error *err)
{
    assay_error_clear(err);
    if (o->evidence != NULL) {
        check_folder(o->evidence, err);
        assay_error_prefix(err, "--evidence");
    }
    return err->code == ASSAY_OK ? check_roots(o, ctx, err) : err->code;
}

/* --- what it says of a policy --------------------------------------------- */

static const struct assay_json_limits limits = {
    .max_bytes = 8u * 1024u * 1024u,
    .max_depth = 16,
    .max_nodes = 64u * 1024u,
};

/* NULL: no memory; then there is less to say. */
static struct assay_json *
policy_of(const struct provider *p)
{
    struct assay_json *doc = NULL;
    struct assay_error err;

    assay_error_clear(&err);
    (void)!assay_json_parse(assay_buf_slice(&p->policy_text), &limits, "policy",
                            &doc, &err);
    return doc;
}

static bool
says(const struct assay_json *policy, const char *member)
{
    uint32_t node = assay_json_member(policy, ASSAY_JSON_ROOT, member);

    return node != ASSAY_JSON_NONE &&
           assay_json_type(policy, node) == ASSAY_JSON_TRUE;
}

enum software { SOFTWARE_ALL, SOFTWARE_SOME, SOFTWARE_ANY };

/* How much of what runs there a policy looks at. */
static enum software
software_of(const struct assay_json *policy)
{
    static const char *const members[] = {
        "mrtd",           "rtmr0",        "rtmr1",
        "rtmr2",          "rtmr3",        "expected_bootchain",
        "os_image_hash",  "app_compose",  "compose_hash",
        "expected_rtmr3", "mr_config_id", "mrenclave",
        "mrsigner",
    };

    if (says(policy, "disable_runtime_verification")) {
        return SOFTWARE_ANY;
    }
    if (!says(policy, "partial")) {
        return SOFTWARE_ALL;
    }
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (assay_json_member(policy, ASSAY_JSON_ROOT, members[i]) !=
            ASSAY_JSON_NONE) {
            return SOFTWARE_SOME;
        }
    }
    return SOFTWARE_ANY;
}

static void
put_statuses(const struct assay_json *policy, struct assay_buf *to)
{
    uint32_t node =
        assay_json_member(policy, ASSAY_JSON_ROOT, "allowed_tcb_status");
    const char *comma = "";

    if (node == ASSAY_JSON_NONE) {
        assay_buf_add_text(to, "UpToDate");
    }
    for (uint32_t n = assay_json_first(policy, node); n != ASSAY_JSON_NONE;
         n = assay_json_next(policy, n)) {
        assay_buf_add_text(to, comma);
        assay_buf_add(to, assay_json_string(policy, n));
        comma = ", ";
    }
}

static void
put_policy(const struct provider *p, struct assay_buf *to)
{
    static const char *const looks_at[] = {
        [SOFTWARE_ALL] = "",
        [SOFTWARE_SOME] = ", which names part of the software",
        [SOFTWARE_ANY] = ", for any software in a TEE",
    };
    struct assay_json *policy = policy_of(p);
    struct assay_slice type;

    if (policy != NULL) {
        type = assay_json_string(
            policy, assay_json_member(policy, ASSAY_JSON_ROOT, "type"));
        assay_buf_add_text(to, "  policy: ");
        assay_buf_add(to, type);
        assay_buf_add_text(to, looks_at[software_of(policy)]);
        assay_buf_add_text(to, "; accepts ");
        put_statuses(policy, to);
        assay_buf_printf(to, "; wire %s\n", assay_wire_name(p->wire));
    }
    assay_json_free(policy);
}

/* --- what it says of the rest --------------------------------------------- */

static void
put_sources(const struct provider *p, struct assay_buf *to)
{
    char shown[SHOWN_MAX_BYTES];

    assay_buf_add_text(to, "  collateral: ");
    for (size_t i = 0; i < p->source_count; i++) {
        assay_url_show(p->sources[i], shown, sizeof(shown));
        assay_buf_printf(to, "%s%s", i > 0 ? ", " : "",
                         shown[0] != '\0' ? shown : "Intel's PCS");
    }
    assay_buf_add_u8(to, '\n');
}

static void
put_provider(const struct provider *p, struct assay_buf *to)
{
    static const char *const speaks[] = {
        [WIRE_API_ANY] = "",
        [WIRE_API_CHAT] = "  speaks: chat; Responses are translated\n",
        [WIRE_API_RESPONSES] = "  speaks: responses\n",
    };
    const struct own_provider *own = (const struct own_provider *)p;
    char authority[ASSAY_URI_HOST_MAX + 10];
    char proxy[SHOWN_MAX_BYTES];

    assay_uri_authority(&p->base, authority);
    assay_buf_printf(to, "upstream: %s at https://%s%s\n", p->name, authority,
                     p->base.target);
    assay_buf_add_text(to, speaks[p->wire_api]);
    put_policy(p, to);
    put_sources(p, to);
    if (p->own_root != NULL) {
        assay_buf_add_text(to, "  root: not Intel's\n");
    }
    if (p->dial.proxy != NULL) {
        assay_url_show(p->dial.proxy, proxy, sizeof(proxy));
        assay_buf_printf(to, "  by the proxy %s\n", proxy);
    }
    if (p->authorization.len > 0) {
        assay_buf_printf(to, "  key: put in, from %s\n",
                         own->key_path != NULL ? own->key_path
                                               : "the environment");
    }
}

void
check_describe(const struct options *o, const struct providers *p,
               struct assay_buf *to)
{
    start_put_address("listen", &o->listen, to);
    if (o->has_admin) {
        start_put_address("admin", &o->admin, to);
    }
    if (o->token_file != NULL) {
        assay_buf_printf(to, "token: from %s\n", o->token_file);
    }
    for (size_t i = 0; i < p->count; i++) {
        put_provider(p->all[i], to);
    }
    if (o->evidence != NULL) {
        assay_buf_printf(to, "evidence: kept in %s, the last %u\n", o->evidence,
                         (unsigned)o->evidence_max);
    }
}

/* --- warnings ------------------------------------------------------------- */

static void
warn(const struct provider *p, const char *event, const struct log *log)
{
    log_event(log, LOG_WARNING, event,
              (struct log_field[]){{"provider", assay_slice_of(p->name)}}, 1);
}

static void
warn_of_provider(const struct provider *p, const struct log *log)
{
    struct assay_json *policy = policy_of(p);

    if (p->own_root != NULL) {
        warn(p, "evidence of a root that is not Intel's is trusted", log);
    }
    if (policy != NULL && software_of(policy) == SOFTWARE_ANY) {
        warn(p, "its policy lets any software in a genuine TEE pass", log);
    }
    if (p->wire != ASSAY_WIRE_V2) {
        warn(p, "an old wire: its evidence is bound to the certificate only",
             log);
    }
    assay_json_free(policy);
}

/* A client and a share of a connection to an upstream for each, and some for
 * the loops, the logs and look-ups. */
static void
warn_of_descriptors(const struct options *o, const struct providers *p,
                    const struct log *log)
{
    uint64_t need = (uint64_t)o->max_connections +
                    (uint64_t)o->workers * o->max_links * p->count +
                    DESCRIPTORS_ASIDE;
    struct rlimit have;
    char had[24];
    char needed[24];

    if (getrlimit(RLIMIT_NOFILE, &have) == 0 && have.rlim_cur < need) {
        snprintf(had, sizeof(had), "%llu", (unsigned long long)have.rlim_cur);
        snprintf(needed, sizeof(needed), "%llu", (unsigned long long)need);
        log_event(log, LOG_WARNING,
                  "fewer descriptors than max-connections and max-links may "
                  "need: raise the limit (LimitNOFILE=, ulimit -n) or lower "
                  "them",
                  (struct log_field[]){{"has", assay_slice_of(had)},
                                       {"needs", assay_slice_of(needed)}},
                  2);
    }
}

void
check_warn(const struct options *o, const struct providers *p,
           const struct log *log)
{
    warn_of_descriptors(o, p, log);
    if (!options_is_local(&o->listen)) {
        log_event(
            log, LOG_WARNING,
            "prompts and the token come over the network unencrypted",
            (struct log_field[]){{"listen", assay_slice_of(o->listen.host)}},
            1);
    }
    for (size_t i = 0; i < p->count; i++) {
        warn_of_provider(p->all[i], log);
    }
}
