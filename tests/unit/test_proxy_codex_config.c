/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_codex_config.c - Codex's config.toml: what attests in it, what is
 * passed by, and what must not pass in silence.
 */
#include "programs/proxy/codex_config.h"

#include <stdio.h>

#include "base/buf.h"
#include "harness/unit.h"

#define HEAD                                                                   \
    "[model_providers.x]\n"                                                    \
    "base_url = \"https://x.example/v1\"\n"
#define USES   HEAD "use_ratls = true\n"
#define POLICY USES "[model_providers.x.ratls_policy]\n"

static struct codex_config *
read_good(const char *text)
{
    struct codex_config *c = NULL;
    struct assay_error err;

    if (codex_config_read(assay_slice_of(text), &c, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    return c;
}

/* Every rule that it has; no text in them has white space. */
static void
check_policy(const struct assay_policy *p, const char *json)
{
    struct assay_buf text;
    struct assay_error err;
    size_t len = 0;

    assay_buf_init(&text, ASSAY_POLICY_MAX_BYTES);
    assert_int_equal(assay_policy_to_json(p, false, &text, &err), ASSAY_OK);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != ' ' && text.ptr[i] != '\n') {
            text.ptr[len++] = text.ptr[i];
        }
    }
    text.len = len;
    if (!assay_slice_is(assay_buf_slice(&text), json)) {
        fail_msg("%.*s, want %s", (int)text.len, (const char *)text.ptr, json);
    }
    assay_buf_free(&text);
}

/* --- the readme ----------------------------------------------------------- */

/* The file of its "Enabling RA-TLS for a Provider", with the rest of a file
 * that people have. */
static void
as_the_readme_has_it(void **state)
{
    static const char file[] =
        "model_provider = \"vllm-tee\"\n"
        "model = \"your-model-name\"\n"
        "notify = [\"sh\", \"-c\", \"true\"]\n"
        "\n"
        "[model_providers.vllm-tee]\n"
        "name = \"vLLM TEE\"\n"
        "base_url = \"https://vllm.example.com/v1\"\n"
        "wire_api = \"chat\"\n"
        "use_ratls = true\n"
        "\n"
        "[model_providers.vllm-tee.ratls_policy]\n"
        "tee_type = \"Tdx\"\n"
        "allowed_tdx_status = [\"UpToDate\", \"SWHardeningNeeded\", "
        "\"ConfigurationNeeded\"]\n"
        "pccs_url = \"https://pccs.phala.network/tdx/certification/v4\"\n"
        "\n"
        "[mcp_servers.docs]\n"
        "command = \"npx\"\n"
        "env = { \"API_KEY\" = \"value\" }\n"
        "[projects.\"/home/me/src\"]\n"
        "trust_level = \"trusted\"\n";
    struct codex_config *c = read_good(file);
    const struct codex_provider *p = c->all[0];

    (void)state;
    assert_int_equal(c->count, 1);
    assert_string_equal(p->name, "vllm-tee");
    assert_string_equal(p->title, "vLLM TEE");
    assert_string_equal(p->base.host, "vllm.example.com");
    assert_int_equal(p->base.port, 443);
    assert_string_equal(p->base.target, "/v1");
    assert_int_equal(p->wire_api, WIRE_API_CHAT);
    assert_false(p->typed);
    check_policy(p->policy,
                 "{\"type\":\"tdx\",\"partial\":true,"
                 "\"allowed_tcb_status\":[\"UpToDate\",\"SWHardeningNeeded\","
                 "\"ConfigurationNeeded\"],"
                 "\"pccs_url\":"
                 "\"https://pccs.phala.network/tdx/certification/v4\"}");
    codex_config_free(c);
}

#define UP_TO_DATE "{\"type\":\"tdx\",\"partial\":true}"

/* Its other examples, and its table of defaults: nothing said is UpToDate
 * alone, collateral from where policies have it by default. */
static void
defaults(void **state)
{
    static const struct {
        const char *text;
        const char *json;
    } rows[] = {
        {USES, UP_TO_DATE},
        {POLICY, UP_TO_DATE},
        {POLICY "tee_type = \"Tdx\"\nallowed_tdx_status = [\"UpToDate\"]\n",
         UP_TO_DATE},
        {POLICY "tee_type = \"Tdx\"\n"
                "allowed_tdx_status = [\n"
                "    \"UpToDate\",\n"
                "    \"SWHardeningNeeded\",\n"
                "    \"ConfigurationNeeded\",\n"
                "    \"OutOfDateConfigurationNeeded\"\n"
                "]\n",
         "{\"type\":\"tdx\",\"partial\":true,"
         "\"allowed_tcb_status\":[\"UpToDate\",\"SWHardeningNeeded\","
         "\"ConfigurationNeeded\",\"OutOfDateConfigurationNeeded\"]}"},
        {USES "ratls_policy = { allowed_tdx_status = [\"OutOfDate\"] }\n",
         "{\"type\":\"tdx\",\"partial\":true,"
         "\"allowed_tcb_status\":[\"OutOfDate\"]}"},
        {USES "ratls_policy.allowed_tdx_status = [\"OutOfDate\"]\n",
         "{\"type\":\"tdx\",\"partial\":true,"
         "\"allowed_tcb_status\":[\"OutOfDate\"]}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct codex_config *c = read_good(rows[i].text);

        assert_int_equal(c->count, 1);
        assert_string_equal(c->all[0]->title, "");
        assert_int_equal(c->all[0]->wire_api, WIRE_API_ANY);
        assert_int_equal(assay_policy_wire(c->all[0]->policy, 0),
                         ASSAY_WIRE_V2);
        check_policy(c->all[0]->policy, rows[i].json);
        codex_config_free(c);
    }
}

static void
a_policy_with_a_type_is_like_any_other(void **state)
{
    struct codex_config *c = read_good(POLICY "type = \"tdx\"\n"
                                              "wires = [\"v0\"]\n"
                                              "partial = true\n");

    (void)state;
    assert_true(c->all[0]->typed);
    assert_int_equal(assay_policy_wire(c->all[0]->policy, 0), ASSAY_WIRE_V0);
    codex_config_free(c);
}

/* --- what is Codex's ------------------------------------------------------ */

/* Others in the file are not judged, whatever they are. */
static void
others_pass_by(void **state)
{
    struct codex_config *c =
        read_good("model_providers.a.base_url = 5\n"
                  "model_providers.b = \"text\"\n"
                  "[model_providers.openai]\n"
                  "base_url = \"http://localhost\"\n"
                  "[model_providers.v1]\n"
                  "use_ratls = false\n"
                  "[model_providers.\"no path\"]\n"
                  "name = 1\n"
                  "[model_providers.my-ratls]\n"
                  "base_url = \"https://y.example:8443//\"\n"
                  "use_ratls = true\n"
                  "wire_api = \"responses\"\n"
                  "env_key = \"KEY\"\n"
                  "query_params = { api-version = \"1\" }\n"
                  "http_headers = { X = \"y\" }\n"
                  "requires_openai_auth = false\n"
                  "supports_websockets = true\n"
                  "request_max_retries = 4\n"
                  "stream_idle_timeout_ms = 300000\n" USES "[profiles.ratls]\n"
                  "model_provider = \"x\"\n");

    (void)state;
    assert_int_equal(c->count, 2);
    assert_string_equal(c->all[0]->name, "my-ratls");
    assert_int_equal(c->all[0]->base.port, 8443);
    assert_string_equal(c->all[0]->base.target, "");
    assert_int_equal(c->all[0]->wire_api, WIRE_API_RESPONSES);
    assert_string_equal(c->all[1]->name, "x");
    codex_config_free(c);
}

/* --- what is refused ------------------------------------------------------ */

static const struct {
    const char *text;
    enum assay_code code;
    const char *says; /* the message begins with it */
} bad[] = {
    /* nothing attests */
    {"", ASSAY_MISSING,
     "no provider attests: [model_providers.NAME] wants use_ratls = true"},
    {HEAD, ASSAY_MISSING, "no provider attests"},
    {HEAD "use_ratls = false\n", ASSAY_MISSING, "no provider attests"},
    {"model_providers = 1\n", ASSAY_MISSING, "no provider attests"},
    /* a slip of the pen */
    {HEAD "use_rattls = true\n", ASSAY_INVALID,
     "line 3: model_providers.x: 'use_rattls' is unknown, did you mean "
     "'use_ratls'?"},
    {HEAD "use_ra_tls = true\n", ASSAY_INVALID,
     "line 3: model_providers.x: 'use_ra_tls' is unknown, did you mean "
     "'use_ratls'?"},
    {HEAD "use-ratls = true\n", ASSAY_INVALID, "line 3: "},
    {HEAD "USE_RATLS = true\n", ASSAY_INVALID, "line 3: "},
    {HEAD "useratls = true\n", ASSAY_INVALID, "line 3: "},
    {HEAD "use_tls = true\n", ASSAY_INVALID, "line 3: "},
    {HEAD "ratls = true\n", ASSAY_INVALID,
     "line 3: model_providers.x: 'ratls' is unknown, did you mean "
     "'use_ratls'?"},
    {HEAD "enable_ratls = true\n", ASSAY_INVALID, "line 3: "},
    {USES "[model_providers.x.ratls-policy]\n", ASSAY_INVALID,
     "line 4: model_providers.x: 'ratls-policy' is unknown, did you mean "
     "'ratls_policy'?"},
    {USES "[model_providers.x.ratls_polcy]\n", ASSAY_INVALID,
     "line 4: model_providers.x: 'ratls_polcy' is unknown, did you mean "
     "'ratls_policy'?"},
    {USES "[model_providers.x.tls_policy]\n", ASSAY_INVALID, "line 4: "},
    /* also where another provider is right */
    {USES "[model_providers.y]\nuse_ratl = true\n", ASSAY_INVALID,
     "line 5: model_providers.y: 'use_ratl' is unknown"},
    /* where they say nothing */
    {"use_ratls = true\n" USES, ASSAY_INVALID,
     "line 1: 'use_ratls' says nothing here; it belongs in "
     "[model_providers.NAME]"},
    {USES "[ratls_policy]\n", ASSAY_INVALID,
     "line 4: 'ratls_policy' says nothing here"},
    {"[model_providers]\nuse_ratls = true\n", ASSAY_INVALID,
     "line 2: 'use_ratls' says nothing here"},
    {USES "[profiles.p]\nuse_ratls = true\n", ASSAY_INVALID,
     "line 5: 'use_ratls' says nothing here"},
    /* halves */
    {HEAD "[model_providers.x.ratls_policy]\n", ASSAY_INVALID,
     "line 3: model_providers.x.ratls_policy: it holds only with use_ratls = "
     "true"},
    {HEAD "use_ratls = false\n[model_providers.x.ratls_policy]\n",
     ASSAY_INVALID, "line 4: model_providers.x.ratls_policy: it holds only"},
    {"[model_providers.x]\nuse_ratls = true\n", ASSAY_INVALID,
     "line 1: model_providers.x: use_ratls wants a base_url"},
    /* types */
    {HEAD "use_ratls = \"true\"\n", ASSAY_INVALID,
     "line 3: model_providers.x.use_ratls: it takes true or false"},
    {HEAD "use_ratls = 1\n", ASSAY_INVALID,
     "line 3: model_providers.x.use_ratls: it takes true or false"},
    {USES "ratls_policy = true\n", ASSAY_INVALID,
     "line 4: model_providers.x.ratls_policy: it is a table"},
    {USES "[[model_providers.x.ratls_policy]]\n", ASSAY_INVALID,
     "line 4: model_providers.x.ratls_policy: it is a table"},
    {USES "wire_api = 1\n", ASSAY_INVALID,
     "line 4: model_providers.x.wire_api: it takes a text"},
    {USES "wire_api = \"Chat\"\n", ASSAY_INVALID,
     "line 4: model_providers.x.wire_api: 'Chat' is neither \"chat\" nor "
     "\"responses\""},
    {USES "name = []\n", ASSAY_INVALID,
     "line 4: model_providers.x.name: it takes a text"},
    {USES "name = \"a\\u0000b\"\n", ASSAY_INVALID,
     "line 4: model_providers.x.name: "},
    {"[model_providers.x]\nuse_ratls = true\nbase_url = 1\n", ASSAY_INVALID,
     "line 3: model_providers.x.base_url: it takes a text"},
    /* the policy */
    {POLICY "tee_tipe = \"Tdx\"\n", ASSAY_INVALID,
     "line 5, column 12: policy: unknown member 'tee_tipe' for this type; the "
     "nearest is tee_type"},
    {POLICY "tee_type = \"Sgx\"\n", ASSAY_INVALID,
     "line 5, column 12: policy.tee_type: "},
    {POLICY "allowed_tdx_status = [\"Uptodate\"]\n", ASSAY_INVALID,
     "line 5, column 22: policy.allowed_tdx_status: "},
    {POLICY "allowed_tdx_status = []\n", ASSAY_INVALID,
     "line 5, column 22: policy.allowed_tdx_status: "},
    {POLICY "allowed_tdx_status = \"UpToDate\"\npccs_url = 1\n", ASSAY_INVALID,
     "line 5, column 22: policy.allowed_tdx_status: "},
    {POLICY "wires = [\"v0\"]\n", ASSAY_INVALID,
     "line 5, column 9: policy: unknown member 'wires'"},
    {POLICY "min_tdx_tcb = { mrseam = \"00\" }\n", ASSAY_INVALID,
     "line 5, column "},
    /* addresses */
    {"[model_providers.x]\nuse_ratls = true\nbase_url = \"http://a/v1\"\n",
     ASSAY_INVALID,
     "line 3: model_providers.x.base_url: what proves itself is reached by "
     "https://"},
    {"[model_providers.x]\nuse_ratls = true\nbase_url = \"https://a/?k=v\"\n",
     ASSAY_INVALID, "line 3: model_providers.x.base_url: requests get"},
    {"[model_providers.x]\nuse_ratls = true\nbase_url = \"https://a/#f\"\n",
     ASSAY_INVALID, "line 3: model_providers.x.base_url: requests get"},
    {"[model_providers.x]\nuse_ratls = true\nbase_url = \"https://a/v1?\"\n",
     ASSAY_INVALID, "line 3: model_providers.x.base_url: requests get"},
    {"[model_providers.x]\nuse_ratls = true\nbase_url = \"https://u:p@a/\"\n",
     ASSAY_INVALID, "line 3: model_providers.x.base_url: "},
    {"[model_providers.x]\nuse_ratls = true\nbase_url = \"a.example/v1\"\n",
     ASSAY_INVALID, "line 3: model_providers.x.base_url: "},
    {"[model_providers.x]\nuse_ratls = true\nbase_url = \"ftp://a/\"\n",
     ASSAY_UNSUPPORTED, "line 3: model_providers.x.base_url: "},
    {"[model_providers.x]\nuse_ratls = true\nbase_url = \"\"\n", ASSAY_INVALID,
     "line 3: model_providers.x.base_url: "},
    /* names */
    {"[model_providers.v1]\nuse_ratls = true\n", ASSAY_INVALID,
     "line 1: model_providers: 'v1' is a path of the proxy itself"},
    {"[model_providers.\".well-known\"]\nuse_ratls = true\n", ASSAY_INVALID,
     "line 1: model_providers: '.well-known' cannot be part of a path"},
    {"[model_providers.Metrics]\nuse_ratls = true\n", ASSAY_INVALID,
     "line 1: model_providers: 'Metrics' is a path of the proxy itself"},
    {"[model_providers.\"a/b\"]\nuse_ratls = true\n", ASSAY_INVALID,
     "line 1: model_providers: 'a/b' cannot be part of a path"},
    {"[model_providers.\"\"]\nuse_ratls = true\n", ASSAY_INVALID,
     "line 1: model_providers: '' cannot be part of a path"},
    {"[model_providers.\"a\\u0000\"]\nuse_ratls = true\n", ASSAY_INVALID,
     "line 1: model_providers: "},
    {"[model_providers.openai]\nuse_ratls = true\n", ASSAY_INVALID,
     "line 1: model_providers.openai: Codex has a provider of this name of its "
     "own"},
    /* no TOML */
    {USES "x = \n", ASSAY_MALFORMED, "line 4: TOML"},
    {USES "use_ratls = true\n", ASSAY_MALFORMED, "line 4: TOML"},
};

static void
refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct assay_slice text = exact_copy(assay_slice_of(bad[i].text));
        struct codex_config *c = NULL;
        struct assay_error err;
        enum assay_code code = codex_config_read(text, &c, &err);

        if (code != bad[i].code || c != NULL ||
            strncmp(err.msg, bad[i].says, strlen(bad[i].says)) != 0) {
            fail_msg("%s\n%s: %s", bad[i].text, assay_code_name(code), err.msg);
        }
        free((void *)text.ptr);
    }
}

/* One more than there may be, and a name that is as long as one may be. */
static void
limits(void **state)
{
    struct codex_config *c = NULL;
    struct assay_error err;
    struct assay_buf text;

    (void)state;
    for (unsigned extra = 0; extra < 2; extra++) {
        assay_buf_init(&text, 1u << 20);
        for (unsigned i = 0; i < PROVIDERS_MAX + extra; i++) {
            assay_buf_printf(&text,
                             "[model_providers.a%063u]\nuse_ratls = true\n"
                             "base_url = \"https://a/\"\n",
                             i);
        }
        assert_int_equal(codex_config_read(assay_buf_slice(&text), &c, &err),
                         extra == 0 ? ASSAY_OK : ASSAY_INVALID);
        assert_true(extra == 0 ||
                    strstr(err.msg, "line 193: more than 64") != NULL);
        codex_config_free(c);
        assay_buf_free(&text);
    }
    (void)!codex_config_read(
        assay_slice_of("[model_providers.a"
                       "0123456789012345678901234567890123456789"
                       "012345678901234567890123"
                       "]\nuse_ratls = true\n"),
        &c, &err);
    assert_int_equal(err.code, ASSAY_INVALID);
    assert_non_null(strstr(err.msg, "cannot be part of a path"));
    assert_null(c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_the_readme_has_it),
        cmocka_unit_test(defaults),
        cmocka_unit_test(a_policy_with_a_type_is_like_any_other),
        cmocka_unit_test(others_pass_by),
        cmocka_unit_test(refused),
        cmocka_unit_test(limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
