/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_launch.c - what the user may tell Codex when it is promised that
 * prompts go to attested providers only, and what we tell it.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "programs/proxy/launch_codex.h"
#include "programs/proxy/launch_environment.h"

#include "harness/unit.h"

#define WORDS_MAX 8

/* --- the user's words ---------------------------------------------------- */

static const struct {
    const char *name;
    const char *words[WORDS_MAX];
    const char *refusal; /* how the message begins; NULL: it is fine */
    const char *profile;
    const char *provider;
} lines[] = {
    {"nothing", {NULL}, NULL, NULL, NULL},
    {"a prompt", {"exec", "say cloud", NULL}, NULL, NULL, NULL},
    {"a model", {"-m", "cloud", "hi", NULL}, NULL, NULL, NULL},
    {"-p", {"-p", "w", NULL}, NULL, "w", NULL},
    {"-pW", {"-pw", NULL}, NULL, "w", NULL},
    {"-p=W", {"-p=w", NULL}, NULL, "w", NULL},
    {"--profile", {"exec", "--profile", "w", NULL}, NULL, "w", NULL},
    {"--profile=", {"exec", "--profile=w", NULL}, NULL, "w", NULL},
    {"not --profiles", {"--profiles", "w", NULL}, NULL, NULL, NULL},
    {"profile by -c", {"-c", "profile=w", NULL}, NULL, "w", NULL},
    {"profile of a path",
     {"-p", "../w", NULL},
     "--profile: '../w' is no name",
     NULL,
     NULL},
    {"-p without a value", {"-p", NULL}, "--profile: '' is no", NULL, NULL},
    {"-c bare", {"-c", "model_provider=tee", NULL}, NULL, NULL, "tee"},
    {"-cK=V", {"-cmodel_provider=tee", NULL}, NULL, NULL, "tee"},
    {"-c=K=V", {"-c=model_provider=tee", NULL}, NULL, NULL, "tee"},
    {"--config", {"--config", "model_provider=tee", 0}, NULL, NULL, "tee"},
    {"--config=", {"--config=model_provider=tee", 0}, NULL, NULL, "tee"},
    {"spaces", {"-c", " model_provider = tee ", 0}, NULL, NULL, "tee"},
    {"quoted", {"-c", "model_provider=\"tee\"", 0}, NULL, NULL, "tee"},
    {"escaped", {"-c", "model_provider=\"t\\u0065e\"", 0}, NULL, NULL, "tee"},
    {"literal", {"-c", "model_provider='tee'", 0}, NULL, NULL, "tee"},
    {"no text", {"-c", "model_provider=1", 0}, "-c model_provider", 0, 0},
    {"no name", {"-c", "model_provider=a.b", 0}, "-c model_provider", 0, 0},
    {"behind a command",
     {"exec", "-c", "model_provider=tee", NULL},
     NULL,
     NULL,
     "tee"},
    {"another key", {"-c", "model_provider_x=tee", NULL}, NULL, NULL, NULL},
    {"no =", {"-c", "model_provider", NULL}, NULL, NULL, NULL},
    {"-c without a value", {"-c", NULL}, NULL, NULL, NULL},
    {"retries", {"-c", "model_providers.t.request_max_retries=0", 0}, 0, 0, 0},
    {"base_url", {"-c", "model_providers.t.base_url=x", 0}, "-c model_p", 0, 0},
    {"base_url, spaces",
     {"exec", "-c", " model_providers.t.base_url =x", NULL},
     "-c model_providers.t.base_url: where prompts go",
     NULL,
     NULL},
    {"wire_api", {"-c", "model_providers.t.wire_api=x", 0}, "-c model_p", 0, 0},
    {"use_ratls",
     {"-c", "model_providers.t.use_ratls=false", NULL},
     "-c model_providers.t.use_ratls",
     NULL,
     NULL},
    {"policy",
     {"-c", "model_providers.t.ratls_policy.tee_type=x", NULL},
     "-c model_providers.t.ratls_policy.tee_type",
     NULL,
     NULL},
    {"a provider", {"-c", "model_providers.t={}", NULL}, "-c model_p", 0, 0},
    {"all of them", {"-c", "model_providers={}", NULL}, "-c model_p", 0, 0},
    {"a profile's", {"-c", "profiles.w.model_provider=x", 0}, "-c prof", 0, 0},
    {"a profile", {"-c", "profiles.w={}", NULL}, "-c profiles.w", 0, 0},
    {"all profiles", {"-c", "profiles={}", NULL}, "-c profiles", 0, 0},
    {"a profile's model", {"-c", "profiles.w.model=x", NULL}, NULL, 0, 0},
    {"--oss", {"--oss", NULL}, "codex --oss chooses", NULL, NULL},
    {"exec --oss", {"exec", "--oss", "hi", NULL}, "codex --oss", NULL, NULL},
    {"--local-provider=",
     {"--local-provider=ollama", NULL},
     "codex --local-provider",
     NULL,
     NULL},
    {"--remote", {"--remote", "ws://a:1", NULL}, "codex --remote", 0, 0},
    {"not --remote", {"--remote-auth-token-env", "X", NULL}, NULL, NULL, NULL},
    {"cloud", {"cloud", NULL}, "codex cloud sends prompts", NULL, NULL},
    {"cloud exec",
     {"-m", "x", "--new-option", "v", "cloud", "exec", NULL},
     "codex cloud",
     NULL,
     NULL},
    {"sandbox", {"sandbox", "sh", "-c", "x", NULL}, "codex sandbox runs", 0, 0},
    {"app-server", {"app-server", NULL}, "codex app-server lets", 0, 0},
    {"behind --", {"--", "cloud", "--oss", "-p", "w", NULL}, NULL, 0, 0},
};

static void
words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct launch_args a;
        struct assay_error err;
        enum assay_code code = launch_args_read(
            (char *const *)(uintptr_t)lines[i].words, &a, &err);

        if (lines[i].refusal != NULL) {
            check_error(lines[i].name, &err, ASSAY_INVALID, lines[i].refusal,
                        ASSAY_NO_OFFSET);
            continue;
        }
        CHECK(lines[i].name, code == ASSAY_OK);
        CHECK(lines[i].name, a.profile_count == (lines[i].profile != NULL));
        CHECK(lines[i].name, a.provider_count == (lines[i].provider != NULL));
        CHECK(lines[i].name,
              lines[i].profile == NULL ||
                  strcmp(a.profiles[0].text, lines[i].profile) == 0);
        CHECK(lines[i].name,
              lines[i].provider == NULL ||
                  strcmp(a.providers[0].text, lines[i].provider) == 0);
    }
}

static void
too_many_words(void **state)
{
    char *argv[LAUNCH_NAMES_MAX + 2] = {NULL};
    struct launch_args a;
    struct assay_error err;

    (void)state;
    for (size_t i = 0; i < LAUNCH_NAMES_MAX; i++) {
        argv[i] = (char *)(uintptr_t)"-pw";
    }
    assert_int_equal(launch_args_read(argv, &a, &err), ASSAY_OK);
    argv[LAUNCH_NAMES_MAX] = argv[0];
    assert_int_equal(launch_args_read(argv, &a, &err), ASSAY_INVALID);
}

/* --- what is chosen ------------------------------------------------------ */

static char folder[] = "/tmp/test_proxy_launch.XXXXXX";

static void
put_file(const char *name, const char *text)
{
    char path[256];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    (void)unlink(path);
    if (text != NULL) {
        f = fopen(path, "w");
        assert_non_null(f);
        (void)fputs(text, f);
        assert_int_equal(fclose(f), 0);
    }
}

static const struct {
    const char *name;
    const char *config;  /* NULL: no file */
    const char *profile; /* w.config.toml */
    const char *words[WORDS_MAX];
    const char *chosen; /* separated by spaces; NULL: a failure */
} choices[] = {
    {"no file", NULL, NULL, {NULL}, "openai"},
    {"nothing said", "model = \"m\"\n", NULL, {NULL}, "openai"},
    {"said", "model_provider = \"tee\"\n", NULL, {NULL}, "tee"},
    {"the line's",
     "model_provider = \"plain\"\n",
     NULL,
     {"-c", "model_provider=tee"},
     "tee"},
    {"twice on the line",
     NULL,
     NULL,
     {"-c", "model_provider=tee", "exec", "-c", "model_provider=plain"},
     "tee plain"},
    {"an old profile",
     "model_provider = \"plain\"\n[profiles.w]\nmodel_provider = \"tee\"\n",
     NULL,
     {"-p", "w"},
     "tee"},
    {"an old profile without one",
     "model_provider = \"plain\"\n[profiles.w]\nmodel = \"m\"\n",
     NULL,
     {"-p", "w"},
     "plain"},
    {"the file's profile",
     "profile = \"w\"\nmodel_provider = \"tee\"\n"
     "[profiles.w]\nmodel_provider = \"plain\"\n",
     NULL,
     {NULL},
     "plain"},
    {"an old profile wins over the line in some releases",
     "[profiles.w]\nmodel_provider = \"plain\"\n",
     NULL,
     {"-p", "w", "-c", "model_provider=tee"},
     "plain tee"},
    {"a new profile",
     "model_provider = \"tee\"\n",
     "model_provider = \"plain\"\n",
     {"-p", "w"},
     "plain"},
    {"a new profile without one",
     "model_provider = \"tee\"\n",
     "model = \"m\"\n",
     {"-p", "w"},
     "tee"},
    {"both kinds",
     "[profiles.w]\nmodel_provider = \"old\"\n",
     "model_provider = \"new\"\n",
     {"-p", "w"},
     "new old"},
    {"one of two profiles has none",
     "model_provider = \"base\"\n",
     "model_provider = \"new\"\n",
     {"-p", "w", "exec", "-p", "other"},
     "new base"},
    {"no profile", "model_provider = \"tee\"\n", "x = ", {NULL}, "tee"},
    {"a profile that cannot be read", NULL, "x = ", {"-p", "w"}, NULL},
    {"a file that cannot be read", "x = ", NULL, {NULL}, NULL},
};

static void
chosen(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(choices); i++) {
        struct launch_args a;
        struct launch_choice c;
        struct assay_error err;
        char all[256] = "";
        size_t n = 0;

        put_file("config.toml", choices[i].config);
        put_file("w.config.toml", choices[i].profile);
        CHECK(choices[i].name,
              launch_args_read((char *const *)(uintptr_t)choices[i].words, &a,
                               &err) == ASSAY_OK);
        if (launch_choose(folder, &a, &c, &err) != ASSAY_OK) {
            CHECK(choices[i].name, choices[i].chosen == NULL);
            CHECK(choices[i].name,
                  strncmp(err.msg, folder, strlen(folder)) == 0);
            continue;
        }
        for (size_t k = 0; k < c.count; k++) {
            n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s",
                                  k > 0 ? " " : "", c.all[k].text);
        }
        CHECK(choices[i].name, choices[i].chosen != NULL);
        CHECK(choices[i].name, strcmp(all, choices[i].chosen) == 0);
    }
}

/* --- what Codex is like --------------------------------------------------- */

static const struct {
    const char *text;
    bool chat;
    bool strays;
} versions[] = {
    {"codex-cli 0.77.0\n", true, false},
    {"codex-cli 0.94.0\n", true, false},
    {"codex-cli 0.95.0\n", false, false},
    {"codex-cli 0.101.0\n", false, false},
    {"codex-cli 0.102.0\n", false, true},
    {"codex-cli 0.148.0\n", false, true},
    {"codex-cli 0.149.0\n", false, false},
    {"codex-cli 0.169.0\n", false, false},
    {"codex-cli 1.120.0\n", false, false},
    {"codex-cli 1.2.0\n", false, false},
    {"codex-cli 0.94.0-alpha.1\n", true, false},
    {"codex-cli 0.9400.0\n", false, false},
    {"codex-cli 0.\n", false, false},
    {"codex-cli 0", false, false},
    {"codex-cli 0.0.0", false, false},
    {"codex-cli", false, false},
    {"", false, false},
    {"codex-cli x.77.0", false, false},
};

static void
what_it_is_like(void **state)
{
    struct codex_facts f;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(versions); i++) {
        CHECK(versions[i].text, codex_version_speaks_chat(assay_slice_of(
                                    versions[i].text)) == versions[i].chat);
        CHECK(versions[i].text, codex_version_can_stray(assay_slice_of(
                                    versions[i].text)) == versions[i].strays);
    }
    codex_read_help(assay_slice_of("  -p, --profile <CONFIG_PROFILE>\n"), &f);
    assert_true(f.old_profiles && !f.has_daemon);
    codex_read_help(assay_slice_of("  -p, --profile <CONFIG_PROFILE_V2>\n"
                                   "      --no-daemon\n"),
                    &f);
    assert_true(!f.old_profiles && f.has_daemon);
}

/* --- what it is told ------------------------------------------------------ */

#define U "http://127.0.0.1:1/s"

#define QUIET "-c otel.exporter=\"none\" -c otel.trace_exporter=\"none\" "

/* The secret of the URLs is on no command line. */
#define AT(name)                                                               \
    "-c model_providers." name ".base_url=\"http://127.0.0.1:1/" name          \
    "\" -c model_providers." name                                              \
    ".env_http_headers.x-assay-secret=\"ASSAY_PROXY_SECRET\" "

static const struct codex_facts today = {.has_daemon = true};
static const struct codex_facts old = {.speaks_chat = true,
                                       .old_profiles = true};

static const struct {
    const char *name;
    const struct codex_facts *facts;
    const char *config;
    const char *words[WORDS_MAX];
    const char *told; /* NULL: refused */
} tellings[] = {
    {"today's",
     &today,
     "model_provider = \"tee\"\n",
     {"exec", "hi"},
     "codex " QUIET "--no-daemon " AT(
         "tee") "-c "
                "model_providers.tee.wire_api="
                "\"responses\" " AT("other") "-c model_provider=\"tee\" -c "
                                             "web_search=\"disabled\" exec "
                                             "hi"},
    {"an old one",
     &old,
     "model_provider = \"tee\"\n",
     {"exec", "hi"},
     "codex " QUIET AT("tee")
         AT("other") "-c model_provider=\"tee\" -c profile=\"assay-proxy\" "
                     "-c profiles.assay-proxy.model_provider=\"tee\" exec hi"},
    {"an old one with a profile of its file",
     &old,
     "profile = \"w\"\n[profiles.w]\nmodel_provider = \"other\"\n",
     {NULL},
     "codex " QUIET AT("tee")
         AT("other") "-c model_provider=\"other\" -c profile=\"w\" "
                     "-c profiles.w.model_provider=\"other\""},
    {"an old one with a profile",
     &old,
     "model_provider = \"tee\"\n",
     {"-p", "w"},
     "codex " QUIET AT("tee")
         AT("other") "-c model_provider=\"tee\" -c "
                     "profiles.w.model_provider=\"tee\" -p w"},
    {"the user's provider",
     &today,
     NULL,
     {"-c", "model_provider=other"},
     "codex " QUIET "--no-daemon " AT(
         "tee") "-c "
                "model_providers.tee.wire_api="
                "\"responses\" " AT("other") "-c model_provider=other"},
    {"the user's overrides go before commands",
     &today,
     NULL,
     {"exec", "-cmodel_provider=other", "-m", "x", "--config=a=1", "hi"},
     "codex " QUIET "--no-daemon " AT(
         "tee") "-c "
                "model_providers.tee.wire_api="
                "\"responses\" " AT("other") "-c model_provider=other -c "
                                             "a=1 exec -m x hi"},
    {"but not what is behind --",
     &today,
     NULL,
     {"-c", "model_provider=other", "exec", "--", "-c", "hi"},
     "codex " QUIET "--no-daemon " AT(
         "tee") "-c "
                "model_providers.tee.wire_api="
                "\"responses\" " AT("other") "-c model_provider=other exec "
                                             "-- -c hi"},
    {"an override without a value stays",
     &today,
     "model_provider = \"other\"\n",
     {"exec", "-c"},
     "codex " QUIET "--no-daemon " AT(
         "tee") "-c "
                "model_providers.tee.wire_api="
                "\"responses\" " AT("other") "-c model_provider=\"other\" "
                                             "exec -c"},
    {"none", &today, NULL, {NULL}, NULL},
    {"another", &today, "model_provider = \"plain\"\n", {NULL}, NULL},
    {"a name with a dot", &today, "model_provider = \"do.t\"\n", {NULL}, NULL},
    {"two, of which one is another",
     &today,
     "[profiles.w]\nmodel_provider = \"plain\"\n",
     {"-p", "w", "-c", "model_provider=tee"},
     NULL},
};

static const char ready[] =
    "{\"address\": \"127.0.0.1:1\", \"base\": \"" U "\", \"providers\": ["
    "{\"name\": \"tee\", \"url\": \"" U "/tee\", \"wire_api\": \"chat\"},"
    "{\"name\": \"do.t\", \"url\": \"" U "/do.t\", \"wire_api\": \"chat\"},"
    "{\"name\": \"other\", \"url\": \"" U "/other\", \"wire_api\": null}]}";

static void
told(void **state)
{
    struct running r;
    struct assay_error err;

    (void)state;
    assert_int_equal(running_parse(assay_slice_of(ready), "it", &r, &err),
                     ASSAY_OK);
    put_file("w.config.toml", NULL);
    for (size_t i = 0; i < COUNT_OF(tellings); i++) {
        char *const *users = (char *const *)(uintptr_t)tellings[i].words;
        struct launch_args a;
        struct launch_choice c;
        char **argv;
        char all[2048] = "";
        size_t n = 0;

        put_file("config.toml", tellings[i].config);
        assert_int_equal(launch_args_read(users, &a, &err), ASSAY_OK);
        assert_int_equal(launch_choose(folder, &a, &c, &err), ASSAY_OK);
        if (codex_argv("codex", tellings[i].facts, &a, &c, &r, users, &argv,
                       &err) != ASSAY_OK) {
            CHECK(tellings[i].name, tellings[i].told == NULL);
            CHECK(tellings[i].name, err.code == ASSAY_INVALID && argv == NULL);
            continue;
        }
        for (char **word = argv; *word != NULL; word++) {
            n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s",
                                  word > argv ? " " : "", *word);
        }
        CHECK(tellings[i].name, tellings[i].told != NULL);
        assert_string_equal(all, tellings[i].told);
        free(argv);
    }
    running_free(&r);
}

/* --- an administrator's choice ---------------------------------------------
 */

static const struct {
    const char *text; /* NULL: no file */
    const char *chosen;
    bool refused;
} managed[] = {
    {NULL, "", false},
    {"approval_policy = \"never\"\n", "", false},
    {"model_provider = \"decoy\"\n", "decoy", false},
    {"profile = \"a\"\n", "", true},
    {"[profiles.a]\nmodel = \"m\"\n", "", true},
    {"[model_providers.tee]\nbase_url = \"http://a\"\n", "", true},
    {"model_provider = ", "", true},
};

static void
what_is_managed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(managed); i++) {
        struct launch_choice c = {.count = 0};
        struct assay_error err;

        put_file("managed_config.toml", managed[i].text);
        CHECK(managed[i].text, (launch_choose_managed(folder, &c, &err) !=
                                ASSAY_OK) == managed[i].refused);
        CHECK(managed[i].text, c.count == (managed[i].chosen[0] != '\0'));
        CHECK(managed[i].text,
              c.count == 0 || strcmp(c.all[0].text, managed[i].chosen) == 0);
    }
    put_file("managed_config.toml", NULL);
}

/* --- what it sets itself -------------------------------------------------- */

static const struct {
    const char *text;
    bool spares;
} variables[] = {
    {"", true},
    {"HTTP_PROXY=http://a\n", true},
    {"NO_PROXY=127.0.0.1", true},
    {"export no_proxy=\"a,127.0.0.1\"\r\n", true},
    {"NO_PROXY='127.0.0.1, b'\n", true},
    {"# NO_PROXY=a\n", true},
    {"NO_PROXY=", false},
    {"A=127.0.0.1\nNO_PROXY=a\n", false},
    {"NO_PROXY=127.0.0.1\nNo_Proxy=a\n", false},
    {"NO_PROXY=127.0.0.10\n", false},
    {"NO_PROXY=1127.0.0.1\n", false},
    {"NO_PROXY=127.0.0.1.a\n", false},
    {"NO_PROXY=a # 127.0.0.1\n", false},
    {"NO_PROXY=$HOSTS\n", false},
};

static void
what_it_sets(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(variables); i++) {
        CHECK(variables[i].text,
              launch_dotenv_spares(assay_slice_of(variables[i].text),
                                   assay_slice_of("127.0.0.1")) ==
                  variables[i].spares);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),           cmocka_unit_test(too_many_words),
        cmocka_unit_test(chosen),          cmocka_unit_test(told),
        cmocka_unit_test(what_it_is_like), cmocka_unit_test(what_it_sets),
        cmocka_unit_test(what_is_managed),
    };
    int failed;

    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    put_file("config.toml", NULL);
    put_file("w.config.toml", NULL);
    (void)rmdir(folder);
    return failed;
}
