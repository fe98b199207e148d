/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_settings_oom.c - every allocation of reading assay-proxy's file,
 * Codex's, and what comes of both refused in turn.
 */
#include "harness/oom.h"

#include <stdlib.h>
#include <unistd.h>

#include "harness/ctx.h"
#include "io/file.h"
#include "programs/proxy/codex_config.h"
#include "programs/proxy/providers.h"

static const char codex[] = "[model_providers.x]\n"
                            "name = \"X\"\n"
                            "base_url = \"https://x.example/v1\"\n"
                            "use_ratls = true\n"
                            "[model_providers.x.ratls_policy]\n"
                            "pccs_url = [\"https://p\"]\n"
                            "[model_providers.y]\n"
                            "base_url = \"https://y.example/v1\"\n"
                            "use_ratls = true\n";
static const char own[] = "codex-wire = \"y=v0\"\n"
                          "[upstreams.a]\n"
                          "base_url = \"https://a.example\"\n"
                          "server_name = \"b.example\"\n"
                          "resolve = [\"a.example:443:127.0.0.1\"]\n"
                          "http_proxy = \"http://u:p@h:1\"\n"
                          "api_key_env = \"ASSAY_TEST_KEY\"\n"
                          "policy = { wires = [\"v1\"], type = \"tdx\", "
                          "partial = true }\n";

static char codex_path[] = "/tmp/assay-codex-XXXXXX";

static int
setup(void **state)
{
    int fd = mkstemp(codex_path);
    struct assay_error err;

    if (fd < 0 || close(fd) != 0 ||
        assay_file_write(codex_path, assay_slice_of(codex), 0600, &err) !=
            ASSAY_OK) {
        return -1;
    }
    (void)setenv("ASSAY_TEST_KEY", "sk", 1);
    return ctx_setup(state);
}

static int
teardown(void **state)
{
    (void)unlink(codex_path);
    return ctx_teardown(state);
}

static enum assay_code
read_own(struct options *o, struct assay_error *err)
{
    proxy_settings.defaults(o);
    return settings_take_text(&proxy_settings, &o->given, assay_slice_of(own),
                              "file", err);
}

/* What is made from nothing, and taken down again. */
static enum assay_code
own_file(struct assay_error *err)
{
    struct options o;
    enum assay_code code = read_own(&o, err);

    assert_true(code != ASSAY_OK || o.upstream_count == 1);
    options_free(&o);
    return code;
}

static enum assay_code
codex_file(struct assay_error *err)
{
    struct codex_config *c = NULL;
    enum assay_code code = codex_config_read(assay_slice_of(codex), &c, err);

    assert_true((code == ASSAY_OK) == (c != NULL));
    codex_config_free(c);
    return code;
}

static enum assay_code
both(struct assay_error *err)
{
    struct providers *p = NULL;
    struct options o;

    if (read_own(&o, err) == ASSAY_OK) {
        o.codex_config = codex_path;
        (void)!providers_read(ctx, &o, &p, err);
        assert_true((err->code == ASSAY_OK) == (p != NULL));
        assert_true(p == NULL || p->count == 3);
    }
    providers_free(p);
    options_free(&o);
    return err->code;
}

static void
refuse_each(enum assay_code (*make)(struct assay_error *err), long least)
{
    for (long n = 0;; n++) {
        struct assay_error err;
        enum assay_code code;

        oom_fail_after(n);
        code = make(&err);
        if (!oom_stop()) {
            assert_int_equal(code, ASSAY_OK);
            assert_true(n > least);
            break;
        }
        if (code != ASSAY_NO_MEMORY || err.code != ASSAY_NO_MEMORY) {
            fail_msg("%ld: %s: %s", n, assay_code_name(code), err.msg);
        }
    }
}

static void
our_file_is_refused(void **state)
{
    (void)state;
    refuse_each(own_file, 20);
}

static void
codex_file_is_refused(void **state)
{
    (void)state;
    refuse_each(codex_file, 10);
}

static void
providers_are_refused(void **state)
{
    (void)state;
    refuse_each(both, 60);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_file_is_refused),
        cmocka_unit_test(codex_file_is_refused),
        cmocka_unit_test(providers_are_refused),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
