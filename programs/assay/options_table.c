/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * options_table.c - the options of all commands, in one table, and what each
 * does with its value.
 */
#include "options_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/timestamp.h"
#include "base/url.h"
#include "io/args.h"

#define TIMEOUT_MAX_S   3600.0
#define WITHIN_MAX_DAYS 36500u

static void
set_at(struct options *o, const char *value, struct assay_error *err)
{
    o->at = true;
    (void)!assay_time_parse_loose(assay_slice_of(value), &o->now_s, "--at",
                                  err);
}

static void
fail_status_name(const char *name, struct assay_error *err)
{
#define X(code, text) " " text
    assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
               "--accept: '%.24s' is not one of" ASSAY_TCB_STATUSES(X), name);
#undef X
}

static void
set_accept(struct options *o, const char *value, struct assay_error *err)
{
    const char *name = value;

    while (err->code == ASSAY_OK) {
        size_t n = strcspn(name, ",");
        enum assay_tcb_status s = assay_tcb_status_parse(
            (struct assay_slice){(const uint8_t *)name, n});
        if (s == ASSAY_TCB_NONE) {
            char shown[32];
            snprintf(shown, sizeof(shown), "%.*s", (int)(n < 24 ? n : 24),
                     name);
            fail_status_name(shown, err);
        } else if (o->accept_count == STATUSES_MAX) {
            assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                       "--accept: more than %u statuses", STATUSES_MAX);
        } else {
            o->accept[o->accept_count++] = s;
        }
        if (name[n] == '\0') {
            return;
        }
        name += n + 1;
    }
}

static void
add_source(struct options *o, const char *url, struct assay_error *err)
{
    bool intel = strcmp(url, "intel") == 0;

    if (o->source_count == ASSAY_SOURCES_MAX) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "--pccs: more than %u sources", ASSAY_SOURCES_MAX);
        return;
    }
    if (!intel && assay_url_check_base(url, err) != ASSAY_OK) {
        assay_error_prefix(err, "--pccs");
        return;
    }
    o->sources[o->source_count++] = intel ? ASSAY_SOURCE_INTEL : url;
}

static void
set_pccs(struct options *o, const char *value, struct assay_error *err)
{
    char *url;

    free(o->list);
    o->source_count = 0;
    o->list = strdup(value);
    if (o->list == NULL) {
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "--pccs");
        return;
    }
    url = o->list;
    while (err->code == ASSAY_OK) {
        size_t n = strcspn(url, ",");
        bool last = url[n] == '\0';
        url[n] = '\0';
        add_source(o, url, err);
        if (last) {
            return;
        }
        url += n + 1;
    }
}

static void
set_connect_timeout(struct options *o, const char *v, struct assay_error *err)
{
    o->connect_timeout_ms =
        assay_arg_seconds(v, "--connect-timeout", TIMEOUT_MAX_S, err);
}

static void
set_timeout(struct options *o, const char *v, struct assay_error *err)
{
    o->timeout_ms = assay_arg_seconds(v, "--timeout", TIMEOUT_MAX_S, err);
}

static void
set_evaluation(struct options *o, const char *v, struct assay_error *err)
{
    o->evaluation =
        (uint32_t)assay_arg_number(v, "--evaluation", 1, UINT32_MAX, err);
}

static void
set_within(struct options *o, const char *v, struct assay_error *err)
{
    o->within_s =
        (int64_t)assay_arg_number(v, "--within", 0, WITHIN_MAX_DAYS, err) *
        86400;
}

/* One of two words. */
static const char *
one_of(const char *value, const char *a, const char *b, const char *option,
       struct assay_error *err)
{
    if (strcmp(value, a) == 0 || strcmp(value, b) == 0) {
        return value;
    }
    assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
               "%s: '%.20s' is neither "
               "'%s' nor '%s'",
               option, value, a, b);
    return NULL;
}

static void
set_tee(struct options *o, const char *v, struct assay_error *err)
{
    o->tee = one_of(v, "tdx", "sgx", "--tee", err);
}

static void
set_pck_ca(struct options *o, const char *v, struct assay_error *err)
{
    o->pck_ca = one_of(v, "platform", "processor", "--ca", err);
}

static void
set_fmspc(struct options *o, const char *v, struct assay_error *err)
{
    if (strlen(v) != 12 || strspn(v, "0123456789abcdef") != 12) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "--fmspc: '%.20s' is not 12 lower-case hex digits", v);
    }
    o->fmspc = v;
}

#define FLAG(member)                                                           \
    static void set_##member(struct options *o, const char *value,             \
                             struct assay_error *err)                          \
    {                                                                          \
        (void)value;                                                           \
        (void)err;                                                             \
        o->member = true;                                                      \
    }
#define TEXT(member)                                                           \
    static void set_##member(struct options *o, const char *value,             \
                             struct assay_error *err)                          \
    {                                                                          \
        (void)err;                                                             \
        o->member = value;                                                     \
    }
FLAG(from_cache)
FLAG(json)
FLAG(no_cache)
FLAG(early)
FLAG(help)
TEXT(collateral)
TEXT(root)
TEXT(policy)
TEXT(output)
TEXT(pccs_ca)
TEXT(event_log)
TEXT(app_compose)
TEXT(vm_config)
TEXT(evidence)
#undef TEXT

#define GET_FLAG(member)                                                       \
    static void set_get_##member(struct options *o, const char *value,         \
                                 struct assay_error *err)                      \
    {                                                                          \
        (void)value;                                                           \
        (void)err;                                                             \
        o->get.member = true;                                                  \
    }
#define GET_TEXT(member)                                                       \
    static void set_get_##member(struct options *o, const char *value,         \
                                 struct assay_error *err)                      \
    {                                                                          \
        (void)err;                                                             \
        o->get.member = value;                                                 \
    }
#define GET_PARSED(name)                                                       \
    static void set_get_##name(struct options *o, const char *value,           \
                               struct assay_error *err)                        \
    {                                                                          \
        get_set_##name(&o->get, value, err);                                   \
    }
GET_FLAG(include)
GET_FLAG(follow)
GET_FLAG(timing)
GET_FLAG(verbose)
GET_TEXT(data)
GET_TEXT(verdict_file)
GET_TEXT(save_evidence)
GET_TEXT(ca)
GET_TEXT(quotes)
GET_PARSED(request)
GET_PARSED(header)
GET_PARSED(resolve)
GET_PARSED(wire)
GET_PARSED(proxy)
GET_PARSED(max_size)
GET_PARSED(max_age)

#define TOOL_FLAG(member)                                                      \
    static void set_tool_##member(struct options *o, const char *value,        \
                                  struct assay_error *err)                     \
    {                                                                          \
        (void)value;                                                           \
        (void)err;                                                             \
        o->tools.member = true;                                                \
    }
#define TOOL_TEXT(member)                                                      \
    static void set_tool_##member(struct options *o, const char *value,        \
                                  struct assay_error *err)                     \
    {                                                                          \
        (void)err;                                                             \
        o->tools.member = value;                                               \
    }
#define TOOL_PARSED(name)                                                      \
    static void set_tool_##name(struct options *o, const char *value,          \
                                struct assay_error *err)                       \
    {                                                                          \
        policy_set_##name(&o->tools, value, err);                              \
    }
TOOL_FLAG(toml)
TOOL_FLAG(force)
TOOL_FLAG(accept_self_signed)
TOOL_TEXT(quote)
TOOL_TEXT(compose_out)
TOOL_PARSED(allow)
TOOL_PARSED(type)
TOOL_PARSED(pin)
TOOL_PARSED(fail_on)

#define ALL (~0u)
/* What is not for one JSON object. */
#define WITHOUT_JSON                                                           \
    ((unsigned)OPTIONS_PIPE | OPTIONS_POLICY_SCHEMA | OPTIONS_COMPLETION)
#define PIN     OPTIONS_POLICY_PIN
#define DIFF    OPTIONS_POLICY_DIFF
#define LINT    OPTIONS_POLICY_LINT
#define SESSION (OPTIONS_GET | OPTIONS_PIPE)
#define DIALING (SESSION | PIN | DIFF)
#define JUDGING (OPTIONS_VERIFY | DIALING)
#define SOURCES (JUDGING | OPTIONS_FETCH | OPTIONS_PREFETCH)

const struct option_row option_table[] = {
    {"collateral", 0, true, JUDGING, set_collateral},
    {"pccs", 0, true, SOURCES, set_pccs},
    {"pccs-ca", 0, true, SOURCES, set_pccs_ca},
    {"at", 0, true, OPTIONS_VERIFY | OPTIONS_CHECK | OPTIONS_PREFETCH | PIN,
     set_at},
    {"root", 0, true, JUDGING | OPTIONS_PREFETCH, set_root},
    {"policy", 0, true, OPTIONS_VERIFY | SESSION | OPTIONS_PREFETCH,
     set_policy},
    {"fmspc", 0, true, OPTIONS_PREFETCH, set_fmspc},
    {"tee", 0, true, OPTIONS_PREFETCH, set_tee},
    {"ca", 0, true, OPTIONS_PREFETCH, set_pck_ca},
    {"from-cache", 0, false, OPTIONS_PREFETCH, set_from_cache},
    {"within", 0, true, OPTIONS_CHECK, set_within},
    {"accept", 0, true, OPTIONS_VERIFY | PIN | DIFF, set_accept},
    {"no-cache", 0, false, JUDGING, set_no_cache},
    {"output", 'o', true, OPTIONS_FETCH | OPTIONS_GET | PIN, set_output},
    {"event-log", 0, true, OPTIONS_VERIFY | PIN, set_event_log},
    {"app-compose", 0, true, OPTIONS_VERIFY | PIN | LINT | DIFF,
     set_app_compose},
    {"vm-config", 0, true, OPTIONS_VERIFY | PIN, set_vm_config},
    {"evidence", 0, true, OPTIONS_VERIFY, set_evidence},
    {"early", 0, false, OPTIONS_FETCH, set_early},
    {"evaluation", 0, true, OPTIONS_FETCH, set_evaluation},
    {"connect-timeout", 0, true, SOURCES, set_connect_timeout},
    {"timeout", 0, true, SOURCES, set_timeout},
    {"request", 'X', true, OPTIONS_GET, set_get_request},
    {"header", 'H', true, OPTIONS_GET, set_get_header},
    {"data", 'd', true, OPTIONS_GET, set_get_data},
    {"ca", 0, true, DIALING, set_get_ca},
    {"quotes", 0, true, SESSION, set_get_quotes},
    {"max-age", 0, true, OPTIONS_PIPE, set_get_max_age},
    {"wire", 0, true, DIALING, set_get_wire},
    {"proxy", 0, true, DIALING, set_get_proxy},
    {"resolve", 0, true, DIALING, set_get_resolve},
    {"verdict", 0, true, SESSION, set_get_verdict_file},
    {"save-evidence", 0, true, SESSION, set_get_save_evidence},
    {"max-size", 0, true, OPTIONS_GET, set_get_max_size},
    {"include", 'i', false, OPTIONS_GET, set_get_include},
    {"location", 'L', false, OPTIONS_GET, set_get_follow},
    {"timing", 0, false, SESSION, set_get_timing},
    {"verbose", 'v', false, OPTIONS_VERIFY | SESSION, set_get_verbose},
    {"type", 0, true, PIN, set_tool_type},
    {"pin", 0, true, PIN, set_tool_pin},
    {"quote", 0, true, PIN, set_tool_quote},
    {"toml", 0, false, PIN, set_tool_toml},
    {"force", 0, false, PIN, set_tool_force},
    {"compose-out", 0, true, PIN, set_tool_compose_out},
    {"accept-self-signed", 0, false, PIN | DIFF, set_tool_accept_self_signed},
    {"fail-on", 0, true, LINT, set_tool_fail_on},
    {"allow", 0, true, LINT, set_tool_allow},
    {"json", 0, false, ALL & ~WITHOUT_JSON, set_json},
    {"help", 'h', false, ALL, set_help},
};
_Static_assert(sizeof(option_table) / sizeof(option_table[0]) == OPTION_ROWS,
               "OPTION_ROWS is not the number of rows");
