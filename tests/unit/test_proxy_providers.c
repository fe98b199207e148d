/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_providers.c - upstreams as both files have them, with what they
 * are judged by: from real files, in a folder of their own.
 */
#include "programs/proxy/providers.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "daemon/sandbox.h"
#include "harness/ctx.h"
#include "harness/folder.h"
#include "io/file.h"
#include "mint/world.h"
#include "programs/proxy/check.h"

#define CODEX                                                                  \
    "[model_providers.x]\n"                                                    \
    "name = \"Mr X\"\n"                                                        \
    "base_url = \"https://X.example:8443/v1/\"\n"                              \
    "wire_api = \"chat\"\n"                                                    \
    "use_ratls = true\n"                                                       \
    "[model_providers.y]\n"                                                    \
    "base_url = \"https://[::1]\"\n"                                           \
    "use_ratls = true\n"                                                       \
    "[model_providers.y.ratls_policy]\n"                                       \
    "pccs_url = \"https://pccs.example\"\n"
#define OWN                                                                    \
    "[upstreams.a]\n"                                                          \
    "base_url = \"https://a.example/v1\"\n"
#define ZEROS                                                                  \
    "000000000000000000000000000000000000000000000000"                         \
    "000000000000000000000000000000000000000000000000"
#define PARTIAL OWN "policy = {}\n"

static char folder[] = "/tmp/assay-providers-XXXXXX";

static int
setup(void **state)
{
    /* the machine's own settings are not what is tested */
    (void)unsetenv("HTTPS_PROXY");
    (void)unsetenv("https_proxy");
    (void)unsetenv("ALL_PROXY");
    (void)unsetenv("all_proxy");
    (void)unsetenv("NO_PROXY");
    (void)unsetenv("no_proxy");
    (void)unsetenv("SSL_CERT_FILE");
    return mkdtemp(folder) != NULL ? ctx_setup(state) : -1;
}

static int
teardown(void **state)
{
    folder_clear(folder);
    (void)rmdir(folder);
    return ctx_teardown(state);
}

static const char *
path_of(const char *name)
{
    static char paths[64][96];
    static unsigned next;
    char *path = paths[next++ % COUNT_OF(paths)];

    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static void
put(const char *name, struct assay_slice content, mode_t mode)
{
    struct assay_error err;

    assert_int_equal(assay_file_write(path_of(name), content, 0600, &err),
                     ASSAY_OK);
    assert_int_equal(chmod(path_of(name), mode), 0);
}

/* --- reading them --------------------------------------------------------- */

#define WORDS_MAX 12

struct told {
    struct options options;
    struct providers *providers;
    struct assay_error err;
};

/* codex, own: contents of files, or NULL; words: the rest of the line. */
static enum assay_code
tell(struct told *t, const char *codex, const char *own,
     const char *const *words)
{
    char *argv[WORDS_MAX + 6] = {(char *)(uintptr_t)"assay-proxy"};
    int argc = 1;

    *t = (struct told){.providers = NULL};
    if (codex != NULL) {
        put("config.toml", assay_slice_of(codex), 0600);
        argv[argc++] = (char *)(uintptr_t)"--codex-config";
        argv[argc++] = (char *)(uintptr_t)path_of("config.toml");
    }
    if (own != NULL) {
        put("assay.toml", assay_slice_of(own), 0600);
        argv[argc++] = (char *)(uintptr_t)"--config";
        argv[argc++] = (char *)(uintptr_t)path_of("assay.toml");
    }
    for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
        argv[argc++] = (char *)(uintptr_t)words[i];
    }
    if (options_parse(&t->options, argc, argv, &t->err) != DAEMON_DONE) {
        fail_msg("%s", t->err.msg);
    }
    return providers_read(ctx, &t->options, &t->providers, &t->err);
}

static void
tell_good(struct told *t, const char *codex, const char *own,
          const char *const *words)
{
    if (tell(t, codex, own, words) != ASSAY_OK) {
        fail_msg("%s", t->err.msg);
    }
}

static void
end(struct told *t)
{
    providers_free(t->providers);
    options_free(&t->options);
}

static void
refuses(const char *codex, const char *own, const char *const *words,
        enum assay_code code, const char *says)
{
    struct told t;
    enum assay_code is = tell(&t, codex, own, words);

    if (is != code || strstr(t.err.msg, says) == NULL) {
        fail_msg("%s: %s, want %s", assay_code_name(is), t.err.msg, says);
    }
    assert_null(t.providers);
    end(&t);
}

static const struct provider *
find(const struct told *t, const char *name)
{
    const struct provider *p =
        providers_find(t->providers, assay_slice_of(name));

    assert_non_null(p);
    return p;
}

static bool
says(const struct provider *p, const char *text)
{
    return assay_slice_find(assay_buf_slice(&p->policy_text), text) !=
           ASSAY_NO_OFFSET;
}

/* --- what comes of them --------------------------------------------------- */

static void
both_files(void **state)
{
    const struct provider *x;
    const struct provider *y;
    const struct provider *a;
    struct told t;

    (void)state;
    tell_good(&t, CODEX, PARTIAL, NULL);
    assert_int_equal(t.providers->count, 3);
    x = find(&t, "x");
    y = find(&t, "y");
    a = find(&t, "a");
    assert_string_equal(x->title, "Mr X");
    assert_string_equal(x->base.target, "/v1");
    assert_int_equal(x->wire_api, WIRE_API_CHAT);
    assert_string_equal(x->server_name, "x.example");
    assert_string_equal(x->authority, "x.example:8443");
    assert_string_equal(x->dial.to.host, "x.example");
    assert_string_equal(x->dial.to.port, "8443");
    assert_int_equal(x->dial.timeout_ms, t.options.connect_ms);
    assert_null(x->dial.proxy);
    assert_int_equal(x->wire, ASSAY_WIRE_V2);
    assert_true(says(x, "\"partial\": true"));
    assert_null(x->own_root);
    assert_true(x->root == assay_root_intel());
    assert_non_null(x->roots);
    assert_true(x->use_cache);
    assert_int_equal(x->authorization.len, 0);
    /* no source named: Phala's, then Intel's */
    assert_int_equal(x->source_count, 2);
    assert_string_equal(x->sources[0], ASSAY_SOURCE_PHALA);
    assert_string_equal(x->sources[1], ASSAY_SOURCE_INTEL);
    assert_int_equal(x->fetch.timeout_ms, 30000 / 3 + 1);
    assert_int_equal(y->source_count, 1);
    assert_string_equal(y->sources[0], "https://pccs.example");
    assert_string_equal(y->title, "");
    assert_string_equal(y->base.target, "");
    assert_string_equal(y->authority, "[::1]");
    assert_string_equal(y->server_name, "::1");
    assert_int_equal(y->wire_api, WIRE_API_ANY);
    assert_true(x->roots == y->roots && y->roots == a->roots);
    assert_string_equal(a->authority, "a.example");
    end(&t);
}

static void
names_differ(void **state)
{
    (void)state;
    refuses(CODEX, "[upstreams.y]\nbase_url = \"https://a\"\npolicy = {}\n",
            NULL, ASSAY_INVALID,
            "upstreams.y: both files have an upstream of this name");
}

static void
files_that_are_not_there(void **state)
{
    static const char *const words[] = {"--codex-config", "/nowhere/c", NULL};
    static const char *const ca[] = {"--ca", "/nowhere/ca", NULL};
    static const char *const root[] = {"--root", "/nowhere/root", NULL};

    (void)state;
    refuses(NULL, NULL, words, ASSAY_IO, "/nowhere/c: ");
    refuses("", NULL, NULL, ASSAY_MISSING,
            "/config.toml: no provider attests: ");
    refuses("model = 1\nx = \n", NULL, NULL, ASSAY_MALFORMED,
            "/config.toml: line 2: ");
    refuses(NULL, OWN "policy = \"none.toml\"\n", NULL, ASSAY_IO,
            "upstreams.a: policy: ");
    refuses(CODEX, NULL, ca, ASSAY_IO,
            "model_providers.x: --ca: /nowhere/ca: ");
    refuses(CODEX, NULL, root, ASSAY_IO,
            "model_providers.x: --root: /nowhere/root: ");
}

/* --- wires ---------------------------------------------------------------- */

static void
codex_wires(void **state)
{
    static const char *const all[] = {"--codex-wire", "v0", NULL};
    static const char *const one[] = {"--codex-wire", "y=v1", NULL};
    static const char *const both[] = {"--codex-wire", "y=v2,v0", NULL};
    static const char *const nobody[] = {"--codex-wire", "z=v0", NULL};
    static const char typed[] = "[model_providers.x]\n"
                                "base_url = \"https://x\"\n"
                                "use_ratls = true\n"
                                "[model_providers.x.ratls_policy]\n"
                                "type = \"tdx\"\n"
                                "partial = true\n"
                                "wires = [\"v1\", \"v2\"]\n";
    struct told t;

    (void)state;
    tell_good(&t, CODEX, NULL, all);
    assert_int_equal(find(&t, "x")->wire, ASSAY_WIRE_V0);
    assert_int_equal(find(&t, "y")->wire, ASSAY_WIRE_V0);
    /* the session refuses a wire that the policy does not allow */
    assert_int_equal(assay_policy_wire(find(&t, "x")->policy, 0),
                     ASSAY_WIRE_V0);
    assert_int_equal(assay_policy_wire_count(find(&t, "x")->policy), 1);
    assert_true(says(find(&t, "y"), "\"v0\""));
    assert_true(says(find(&t, "y"), "https://pccs.example"));
    assert_true(says(find(&t, "y"), "\"partial\": true"));
    end(&t);
    tell_good(&t, CODEX, NULL, one);
    assert_int_equal(find(&t, "x")->wire, ASSAY_WIRE_V2);
    assert_int_equal(find(&t, "y")->wire, ASSAY_WIRE_V1);
    end(&t);
    tell_good(&t, CODEX, NULL, both);
    assert_int_equal(find(&t, "x")->wire, ASSAY_WIRE_V0);
    assert_int_equal(find(&t, "y")->wire, ASSAY_WIRE_V2);
    end(&t);
    refuses(CODEX, NULL, nobody, ASSAY_INVALID,
            "--codex-wire: no provider of 'z=v0' attests");
    /* a policy that can say it is asked */
    tell_good(&t, typed, NULL, NULL);
    assert_int_equal(find(&t, "x")->wire, ASSAY_WIRE_V1);
    end(&t);
    refuses(typed, NULL, all, ASSAY_INVALID,
            "model_providers.x: --codex-wire: the policy does not allow v0");
}

/* --- policies ------------------------------------------------------------- */

/* Files that our file names are beside it, and those that a policy names
 * beside the policy. */
static void
own_policies(void **state)
{
    static const char dstack[] =
        "{\"type\": \"dstack_tdx\", \"partial\": true, "
        "\"compose_file\": \"compose.json\"}";
    struct told t;

    (void)state;
    put("p.json", assay_slice_of(dstack), 0600);
    put("p.toml",
        assay_slice_of("type = \"tdx\"\npartial = true\nwires = [\"v0\"]\n"
                       "cache_collateral = false\n"),
        0600);
    put("compose.json", assay_slice_of("{\"a\": 1}"), 0600);
    tell_good(&t, NULL,
              OWN "policy = \"p.json\"\n"
                  "[upstreams.b]\n"
                  "base_url = \"https://b\"\n"
                  "policy = \"p.toml\"\n"
                  "[upstreams.c]\n"
                  "base_url = \"https://c\"\n"
                  "server_name = \"D.example.\"\n"
                  "[upstreams.c.policy]\n"
                  "type = \"dstack_tdx\"\n"
                  "partial = true\n"
                  "compose_file = \"compose.json\"\n",
              NULL);
    assert_null(assay_policy_compose_file(find(&t, "a")->policy));
    assert_true(says(find(&t, "a"), "\"compose_hash\""));
    assert_int_equal(find(&t, "b")->wire, ASSAY_WIRE_V0);
    assert_false(find(&t, "b")->use_cache);
    assert_null(assay_policy_compose_file(find(&t, "c")->policy));
    assert_true(says(find(&t, "c"), "\"compose_hash\""));
    assert_string_equal(find(&t, "c")->server_name, "d.example");
    assert_string_equal(find(&t, "c")->authority, "d.example");
    assert_string_equal(find(&t, "c")->dial.to.host, "c");
    end(&t);
    put("p.toml", assay_slice_of("type = \"tdx\"\nmrdt = 1\n"), 0600);
    refuses(NULL, OWN "policy = \"p.toml\"\n", NULL, ASSAY_INVALID,
            "p.toml: line 2, column 8: policy: unknown member 'mrdt'");
    refuses(NULL,
            OWN "policy = { type = \"dstack_tdx\", partial = true, "
                "compose_file = \"none\" }\n",
            NULL, ASSAY_IO, "upstreams.a: ");
}

static void
roots(void **state)
{
    static const struct mint_options options = {.seed = MINT_TEST_SEED};
    const char *const line[] = {"--root", path_of("root.pem"), "--ca",
                                path_of("root.pem"), NULL};
    struct mint_world *w = NULL;
    struct assay_error err;
    struct assay_buf own;
    struct told t;

    (void)state;
    assert_int_equal(mint_world_new(&options, &w, &err), ASSAY_OK);
    put("root.pem", mint_world_root_pem(w), 0600);
    tell_good(&t, CODEX, NULL, line);
    assert_non_null(find(&t, "x")->own_root);
    assert_true(find(&t, "x")->root == find(&t, "x")->own_root);
    assert_false(assay_root_is_intel(find(&t, "x")->root));
    end(&t);
    /* of policies: two have another file, so they have other roots */
    assay_buf_init(&own, 65536);
    assay_buf_printf(&own,
                     OWN "policy = { type = \"tdx\", partial = true, "
                         "trusted_root = \"%s\" }\n"
                         "[upstreams.b]\n"
                         "base_url = \"https://b\"\n"
                         "policy = { type = \"tdx\", partial = true, "
                         "ca_file = \"%s\" }\n"
                         "[upstreams.c]\n"
                         "base_url = \"https://c\"\n"
                         "policy = { type = \"tdx\", partial = true, "
                         "ca_file = \"%s\" }\n",
                     path_of("root.pem"), path_of("root.pem"),
                     path_of("root.pem"));
    assay_buf_add_u8(&own, '\0');
    tell_good(&t, NULL, (const char *)own.ptr, NULL);
    assert_non_null(find(&t, "a")->own_root);
    assert_null(find(&t, "b")->own_root);
    assert_true(find(&t, "b")->roots == find(&t, "c")->roots);
    assert_true(find(&t, "a")->roots != find(&t, "b")->roots);
    assert_string_equal(find(&t, "b")->fetch.more_ca_file, path_of("root.pem"));
    end(&t);
    put("root.pem", assay_slice_of("no certificate\n"), 0600);
    refuses(CODEX, NULL, line, ASSAY_MALFORMED,
            "model_providers.x: --root: /tmp/assay-providers-");
    refuses(CODEX, NULL, &line[2], ASSAY_INVALID,
            "model_providers.x: --ca: /tmp/assay-providers-");
    assay_buf_free(&own);
    mint_world_free(w);
}

/* --- keys ----------------------------------------------------------------- */

static void
keys(void **state)
{
    static const char of_file[] = PARTIAL "api_key_file = \"key\"\n";
    static const char of_env[] = PARTIAL "api_key_env = \"ASSAY_TEST_KEY\"\n";
    struct told t;

    (void)state;
    put("key", assay_slice_of("sk-secret\r\n"), 0600);
    tell_good(&t, NULL, of_file, NULL);
    assert_true(assay_slice_is(assay_buf_slice(&find(&t, "a")->authorization),
                               "Bearer sk-secret"));
    end(&t);
    put("key", assay_slice_of("sk-secret\n"), 0644);
    refuses(NULL, of_file, NULL, ASSAY_INVALID, "/key: ");
    put("key", assay_slice_of("sk-secret\r\nX: y"), 0600);
    refuses(NULL, of_file, NULL, ASSAY_INVALID,
            "/key: a key is one line of visible ASCII");
    put("key", assay_slice_of("\n"), 0600);
    refuses(NULL, of_file, NULL, ASSAY_INVALID, "/key: a key has 1 to");
    assert_int_equal(unlink(path_of("key")), 0);
    refuses(NULL, of_file, NULL, ASSAY_IO, "upstreams.a: api_key_file: ");
    assert_int_equal(setenv("ASSAY_TEST_KEY", "sk-env", 1), 0);
    tell_good(&t, NULL, of_env, NULL);
    assert_true(assay_slice_is(assay_buf_slice(&find(&t, "a")->authorization),
                               "Bearer sk-env"));
    end(&t);
    assert_int_equal(setenv("ASSAY_TEST_KEY", "sk secret", 1), 0);
    refuses(NULL, of_env, NULL, ASSAY_INVALID,
            "upstreams.a: api_key_env: ASSAY_TEST_KEY: a key is one line");
    assert_int_equal(setenv("ASSAY_TEST_KEY", "", 1), 0);
    refuses(NULL, of_env, NULL, ASSAY_MISSING,
            "upstreams.a: api_key_env: the environment has no ASSAY_TEST_KEY");
    assert_int_equal(unsetenv("ASSAY_TEST_KEY"), 0);
    refuses(NULL, of_env, NULL, ASSAY_MISSING, "has no ASSAY_TEST_KEY");
}

/* What is wrong with a key is said without it. */
static void
keys_are_not_told(void **state)
{
    struct told t;

    (void)state;
    put("key", assay_slice_of("sk-\x01secret"), 0600);
    assert_int_equal(tell(&t, NULL, PARTIAL "api_key_file = \"key\"\n", NULL),
                     ASSAY_INVALID);
    assert_null(strstr(t.err.msg, "secret"));
    end(&t);
}

/* --- ways ----------------------------------------------------------------- */

static void
proxies(void **state)
{
    static const char *const off[] = {"--http-proxy", "off", NULL};
    static const char *const line[] = {"--http-proxy", "http://l:1", NULL};
    struct told t;

    (void)state;
    assert_int_equal(setenv("HTTPS_PROXY", "http://e:1", 1), 0);
    tell_good(&t, CODEX, PARTIAL "http_proxy = \"http://o:1\"\n", NULL);
    assert_string_equal(find(&t, "x")->dial.proxy, "http://e:1");
    assert_null(find(&t, "y")->dial.proxy); /* loopback */
    assert_string_equal(find(&t, "a")->dial.proxy, "http://o:1");
    end(&t);
    tell_good(&t, CODEX, PARTIAL "http_proxy = \"\"\n", line);
    assert_string_equal(find(&t, "x")->dial.proxy, "http://l:1");
    assert_null(find(&t, "a")->dial.proxy);
    end(&t);
    tell_good(&t, CODEX, NULL, off);
    assert_null(find(&t, "x")->dial.proxy);
    end(&t);
    assert_int_equal(setenv("NO_PROXY", "x.example", 1), 0);
    tell_good(&t, CODEX, NULL, NULL);
    assert_null(find(&t, "x")->dial.proxy);
    end(&t);
    assert_int_equal(unsetenv("NO_PROXY"), 0);
    /* one that cannot be used is not passed by */
    assert_int_equal(setenv("HTTPS_PROXY", "socks5://u:secret@e:1", 1), 0);
    refuses(CODEX, NULL, NULL, ASSAY_UNSUPPORTED,
            "model_providers.x: proxy of the environment");
    assert_int_equal(unsetenv("HTTPS_PROXY"), 0);
}

static void
resolves(void **state)
{
    static const char *const line[] = {"--resolve", "A.example:443:127.0.0.2",
                                       NULL};
    struct told t;

    (void)state;
    tell_good(&t, CODEX,
              PARTIAL "resolve = [\"a.example:443:127.0.0.3\", "
                      "\"a.example:443:[::1]\"]\n",
              line);
    assert_int_equal(find(&t, "x")->dial.resolve_count, 1);
    assert_string_equal(find(&t, "x")->dial.resolve[0].host, "a.example");
    assert_int_equal(find(&t, "a")->dial.resolve_count, 3);
    assert_string_equal(find(&t, "a")->dial.resolve[0].address, "127.0.0.3");
    assert_string_equal(find(&t, "a")->dial.resolve[1].address, "::1");
    assert_string_equal(find(&t, "a")->dial.resolve[2].address, "127.0.0.2");
    end(&t);
}

static void
sources(void **state)
{
    static const char *const line[] = {
        "--pccs", "https://p,intel", "--no-cache", "--pccs-ca", "ca.pem", NULL};
    struct told t;

    (void)state;
    tell_good(&t, CODEX, NULL, line);
    assert_int_equal(find(&t, "y")->source_count, 2);
    assert_string_equal(find(&t, "y")->sources[0], "https://p");
    assert_string_equal(find(&t, "y")->sources[1], ASSAY_SOURCE_INTEL);
    assert_false(find(&t, "y")->use_cache);
    assert_string_equal(find(&t, "y")->fetch.ca_file, "ca.pem");
    assert_int_equal(check_files(&t.options, ctx, &t.err), ASSAY_IO);
    end(&t);
}

/* --- what is said --------------------------------------------------------- */

static void
described(void **state)
{
    static const char want[] =
        "listen: 127.0.0.1:8989\n"
        "upstream: x at https://x.example:8443/v1\n"
        "  speaks: chat; Responses are translated\n"
        "  policy: tdx, for any software in a TEE; accepts "
        "UpToDate; wire v2\n"
        "  collateral: https://pccs.phala.network, Intel's PCS\n"
        "  by the proxy http://l:1\n"
        "upstream: y at https://[::1]\n"
        "  policy: tdx, for any software in a TEE; accepts "
        "UpToDate; wire v2\n"
        "  collateral: https://pccs.example\n"
        "  by the proxy http://l:1\n"
        "upstream: a at https://a.example/v1\n"
        "  policy: tdx, which names part of the software; accepts "
        "UpToDate, OutOfDate; wire v2\n"
        "  collateral: https://pccs.phala.network, Intel's PCS\n"
        "  key: put in, from the environment\n";
    static const char *const line[] = {"--http-proxy", "http://u:secret@l:1",
                                       NULL};
    struct assay_buf text;
    struct told t;

    (void)state;
    assay_buf_init(&text, 65536);
    assert_int_equal(setenv("ASSAY_TEST_KEY", "sk-secret", 1), 0);
    tell_good(&t, CODEX,
              OWN "policy = { type = \"tdx\", partial = true, mr_config_id = "
                  "\"" ZEROS "\", allowed_tcb_status = [\"UpToDate\", "
                  "\"OutOfDate\"] }\n"
                  "api_key_env = \"ASSAY_TEST_KEY\"\n"
                  "http_proxy = \"\"\n",
              line);
    check_describe(&t.options, t.providers, &text);
    assay_buf_add_u8(&text, '\0');
    assert_string_equal((const char *)text.ptr, want);
    assay_buf_free(&text);
    end(&t);
    assert_int_equal(unsetenv("ASSAY_TEST_KEY"), 0);
}

static bool
is_let_in(const struct sandbox_paths *p, const char *path, bool write)
{
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->list[i].path, path) == 0 && p->list[i].write == write) {
            return true;
        }
    }
    return false;
}

static void
checked(void **state)
{
    const char *const file[] = {"--evidence", path_of("config.toml"), NULL};
    const char *const none[] = {"--evidence", path_of("none"), NULL};
    const char *const there[] = {"--evidence", folder, NULL};
    struct told t;

    (void)state;
    tell_good(&t, CODEX, NULL, file);
    assert_int_equal(check_files(&t.options, ctx, &t.err), ASSAY_IO);
    assert_non_null(strstr(t.err.msg, "/config.toml: is a file, not a folder"));
    end(&t);
    tell_good(&t, CODEX, NULL, none);
    assert_int_equal(check_files(&t.options, ctx, &t.err), ASSAY_OK);
    assert_int_equal(access(path_of("none"), F_OK), -1); /* only looked at */
    end(&t);
    tell_good(&t, CODEX, NULL, there);
    assert_int_equal(check_files(&t.options, ctx, &t.err), ASSAY_OK);
    end(&t);
}

/* Files that only a table names are there at a reload, too. */
static void
sandboxed(void **state)
{
    const char *const line[] = {"--evidence", path_of("evidence"), NULL};
    struct sandbox_paths paths = {.count = 0};
    struct told t;

    (void)state;
    put("key", assay_slice_of("sk-secret\n"), 0600);
    tell_good(&t, NULL, PARTIAL "api_key_file = \"key\"\n", line);
    providers_allow_files(&t.options, t.providers, &paths);
    assert_int_equal(paths.count, 2);
    assert_true(is_let_in(&paths, folder, false));
    assert_true(is_let_in(&paths, path_of("evidence"), true));
    assert_int_equal(rmdir(path_of("evidence")), 0);
    sandbox_paths_free(&paths);
    end(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_files),
        cmocka_unit_test(names_differ),
        cmocka_unit_test(files_that_are_not_there),
        cmocka_unit_test(codex_wires),
        cmocka_unit_test(own_policies),
        cmocka_unit_test(roots),
        cmocka_unit_test(keys),
        cmocka_unit_test(keys_are_not_told),
        cmocka_unit_test(proxies),
        cmocka_unit_test(resolves),
        cmocka_unit_test(sources),
        cmocka_unit_test(described),
        cmocka_unit_test(checked),
        cmocka_unit_test(sandboxed),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
