/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * lint_app_compose.c - what is weak in an app-compose.
 */
#include <stdio.h>
#include <string.h>

#include "assay/compose.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "lint.h"
#include "lint_yaml.h"

#define HASH_DIGITS 64u

/* How a member is judged. */
enum test {
    IS_TRUE,
    IS_FALSE,
    IS_CODE, /* a text that runs */
    IS_OTHER_TEXT,
};

static const struct rule {
    const char *member;
    enum test test;
    const char *word;
    enum lint_code code;
    const char *message;
} rules[] = {
    {"pre_launch_script", IS_CODE, NULL, LINT_SCRIPT,
     "a script that runs before the containers"},
    {"init_script", IS_CODE, NULL, LINT_SCRIPT,
     "a script that runs when the TD starts"},
    {"bash_script", IS_CODE, NULL, LINT_SCRIPT, "a script is the app"},
    {"runner", IS_OTHER_TEXT, "docker-compose", LINT_RUNNER,
     "the app is run by something else than docker-compose"},
    {"public_logs", IS_TRUE, NULL, LINT_PUBLIC, "strangers may read the logs"},
    {"public_sysinfo", IS_TRUE, NULL, LINT_PUBLIC,
     "strangers may read how the machine is doing"},
    {"kms_enabled", IS_FALSE, NULL, LINT_NO_KMS,
     "keys do not come from the key service"},
    {"local_key_provider_enabled", IS_TRUE, NULL, LINT_LOCAL_KEYS,
     "keys come from a provider on the same machine"},
    {"no_instance_id", IS_TRUE, NULL, LINT_NO_INSTANCE,
     "the instance has no ID"},
};

/* SHA-256 of scripts whose text is known: that of the default app-compose. */
static const char *const known_scripts[] = {
    "edd7311d8caed101ff09506a65c29c2bf5739af1b0fffe4dd545fa0f0c86b59f",
};

static const char *const known_members[] = {
    "allowed_envs",
    "bash_script",
    "default_gateway_domain",
    "docker_compose_file",
    "docker_config",
    "features",
    "gateway_enabled",
    "init_script",
    "key_provider",
    "key_provider_id",
    "kms_enabled",
    "local_key_provider_enabled",
    "manifest_version",
    "name",
    "no_instance_id",
    "pre_launch_script",
    "public_logs",
    "public_sysinfo",
    "public_tcbinfo",
    "runner",
    "secure_time",
    "salt",
    "storage_fs",
    "swap_size",
    "tproxy_enabled",
    "version",
};
static const char *const known_features[] = {"kms", "tproxy-net"};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static bool
is_one_of(struct assay_slice s, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (assay_slice_is(s, list[i])) {
            return true;
        }
    }
    return false;
}

/* --- scripts ------------------------------------------------------------ */

/* The SHA-256 of a text, or the one that stands for it. */
static struct assay_slice
hash_of(struct lint *l, const struct assay_json *doc, uint32_t node,
        char hex[HASH_DIGITS + 1])
{
    uint8_t hash[32];
    uint32_t list = assay_json_member(doc, node, "sha256");

    if (assay_json_type(doc, node) == ASSAY_JSON_OBJECT) {
        return assay_json_string(doc, assay_json_first(doc, list));
    }
    if (assay_compose_hash(l->ctx, assay_json_string(doc, node),
                           ASSAY_COMPOSE_RAW, hash, l->err) != ASSAY_OK) {
        return ASSAY_EMPTY;
    }
    assay_hex_to(hex, (struct assay_slice){hash, sizeof(hash)});
    return assay_slice_of(hex);
}

static bool
is_known_script(struct lint *l, const struct assay_json *doc, uint32_t node,
                struct assay_slice *hash, char hex[HASH_DIGITS + 1])
{
    uint32_t list = assay_json_member(doc, node, "sha256");

    *hash = hash_of(l, doc, node, hex);
    if (list != ASSAY_JSON_NONE && assay_json_count(doc, list) != 1) {
        return false; /* one of several: all would have to be known */
    }
    return is_one_of(*hash, known_scripts, COUNT_OF(known_scripts));
}

static void
judge_script(struct lint *l, const struct assay_json *doc, uint32_t node,
             const struct rule *r, const char *where)
{
    bool text = assay_json_type(doc, node) == ASSAY_JSON_STRING;
    char hex[HASH_DIGITS + 1];
    struct assay_slice hash;

    if ((text && assay_json_string(doc, node).len == 0) ||
        assay_json_type(doc, node) == ASSAY_JSON_NULL ||
        is_known_script(l, doc, node, &hash, hex)) {
        return;
    }
    lint_add(l, r->code, where, "%s, and nobody here knows it (SHA-256 %.*s)",
             r->message, (int)(hash.len < HASH_DIGITS ? hash.len : HASH_DIGITS),
             (const char *)hash.ptr);
}

/* --- single members ----------------------------------------------------- */

static void
judge_member(struct lint *l, const struct assay_json *doc, uint32_t value,
             const struct rule *r, const char *where)
{
    enum assay_json_type type = assay_json_type(doc, value);
    bool bad = false;

    switch (r->test) {
    case IS_TRUE:
        bad = type == ASSAY_JSON_TRUE;
        break;
    case IS_FALSE:
        bad = type == ASSAY_JSON_FALSE;
        break;
    case IS_OTHER_TEXT:
        bad = !assay_slice_is(assay_json_string(doc, value), r->word);
        break;
    case IS_CODE:
        judge_script(l, doc, value, r, where);
        break;
    }
    if (bad) {
        lint_add(l, r->code, where, "%s", r->message);
    }
}

static void
judge_members(struct lint *l, const struct assay_json *doc, uint32_t node,
              const char *where)
{
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        uint32_t value = assay_json_member(doc, node, rules[i].member);
        char place[80];

        (void)snprintf(place, sizeof(place), "%s%s", where, rules[i].member);
        if (value != ASSAY_JSON_NONE) {
            judge_member(l, doc, value, &rules[i], place);
        }
    }
}

static void
judge_names(struct lint *l, const struct assay_json *doc, uint32_t node,
            const char *where)
{
    uint32_t features = assay_json_member(doc, node, "features");

    for (uint32_t n = assay_json_first(doc, node); n != ASSAY_JSON_NONE;
         n = assay_json_next(doc, n)) {
        struct assay_slice name = assay_json_string(doc, n);

        if (!is_one_of(name, known_members, COUNT_OF(known_members))) {
            lint_add(l, LINT_MEMBER, where, "the member '%.*s' is not known",
                     (int)(name.len < 40 ? name.len : 40),
                     (const char *)name.ptr);
        }
    }
    for (uint32_t n = assay_json_first(doc, features); n != ASSAY_JSON_NONE;
         n = assay_json_next(doc, n)) {
        struct assay_slice name = assay_json_string(doc, n);

        if (!is_one_of(name, known_features, COUNT_OF(known_features))) {
            lint_add(l, LINT_MEMBER, where, "the feature '%.*s' is not known",
                     (int)(name.len < 40 ? name.len : 40),
                     (const char *)name.ptr);
        }
    }
}

/* --- environment and services ------------------------------------------- */

static void
judge_envs(struct lint *l, const struct assay_json *doc, uint32_t list,
           const char *where)
{
    char place[80];

    (void)snprintf(place, sizeof(place), "%sallowed_envs", where);
    if (list != ASSAY_JSON_NONE &&
        assay_json_type(doc, list) != ASSAY_JSON_ARRAY) {
        lint_add(l, LINT_SHAPE, place, "it is no list of names");
    }
    for (uint32_t n = assay_json_first(doc, list);
         list != ASSAY_JSON_NONE && n != ASSAY_JSON_NONE;
         n = assay_json_next(doc, n)) {
        struct assay_slice s = assay_json_string(doc, n);
        char name[64];

        (void)snprintf(name, sizeof(name), "%.*s",
                       (int)(s.len < 63 ? s.len : 63), (const char *)s.ptr);
        if (lint_env_runs_code(name)) {
            lint_add(l, LINT_ENV_CODE, place,
                     "whoever deploys sets %.40s, which decides which code "
                     "runs",
                     name);
        } else {
            lint_add(l, LINT_ENVS, place,
                     "whoever deploys sets %.40s, and nobody sees the value",
                     name);
        }
    }
}

void
lint_app_compose(struct lint *l, const struct assay_json *doc, uint32_t node,
                 const char *where)
{
    const struct lint_envs envs = {
        doc, assay_json_member(doc, node, "allowed_envs")};
    uint32_t services = assay_json_member(doc, node, "docker_compose_file");
    struct assay_slice text = assay_json_string(doc, services);
    char place[80];

    (void)snprintf(place, sizeof(place), "%sdocker_compose_file", where);
    judge_members(l, doc, node, where);
    judge_names(l, doc, node, where);
    judge_envs(l, doc, envs.list, where);
    if (services != ASSAY_JSON_NONE &&
        assay_json_type(doc, services) == ASSAY_JSON_OBJECT) {
        lint_add(l, LINT_NO_TEXT, place, "only its hash is here");
    } else if (text.len == 0) {
        lint_add(l, LINT_NO_SERVICES, place, "there is no docker-compose file");
    } else {
        (void)snprintf(place, sizeof(place), "%sdocker_compose_file:", where);
        lint_services(l, text, &envs, place);
    }
}
