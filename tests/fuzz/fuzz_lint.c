/* Target functions: lint_services lint_app_compose lint_policy
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The input is looked at as a docker-compose file, as an app-compose and as a
 * policy. Findings are safe lines with a code, and no more than so many; what
 * cannot be looked at is found, too.
 */
#include "base/bytes.h"
#include "base/error.h"
#include "harness/fuzz.h"
#include "programs/assay/lint/lint.h"

static void
check_line(const char *text, size_t room)
{
    PROMISE(memchr(text, '\0', room) != NULL);
    for (; *text != '\0'; text++) {
        PROMISE(*text >= ' ' && *text <= '~');
    }
}

static void
check_findings(struct lint *l)
{
    PROMISE(l->count <= LINT_FINDINGS_MAX + 1);
    for (size_t i = 0; i < l->count; i++) {
        PROMISE(l->finding[i].code < LINT_CODE_COUNT);
        check_line(l->finding[i].where, sizeof(l->finding[i].where));
        check_line(l->finding[i].message, sizeof(l->finding[i].message));
    }
    lint_free(l);
}

/* Only what cannot be read. */
static void
check_error(const struct assay_error *err)
{
    fuzz_check_error(err, err->code, FUZZ_OUT_MAX);
}

static struct lint
make_lint(struct assay_error *err)
{
    assay_error_clear(err);
    return (struct lint){.ctx = fuzz_ctx(), .err = err};
}

static void
look_at_services(struct assay_slice in)
{
    static const struct lint_envs none = {NULL, ASSAY_JSON_NONE};
    struct assay_error err;
    struct lint l = make_lint(&err);

    lint_services(&l, in, &none, "");
    check_error(&err);
    check_findings(&l);
}

static void
look_at_app_compose(struct assay_slice in)
{
    static const struct assay_json_limits limits = {1u << 20, 32, 1u << 18};
    struct assay_error err;
    struct lint l = make_lint(&err);
    struct assay_json *j = NULL;

    if (assay_json_parse(in, &limits, "JSON", &j, &err) == ASSAY_OK) {
        lint_app_compose(&l, j, ASSAY_JSON_ROOT, "");
        check_error(&err);
    }
    assay_json_free(j);
    check_findings(&l);
}

static void
look_at_policy(struct assay_slice in)
{
    struct assay_error err;
    struct lint l = make_lint(&err);
    struct assay_policy *p = NULL;

    if (assay_policy_parse(in, &p, &err) == ASSAY_OK) {
        lint_policy(&l, p, ASSAY_EMPTY);
        check_error(&err);
    }
    assay_policy_free(p);
    check_findings(&l);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_slice in = {data, size};

    look_at_services(in);
    look_at_app_compose(in);
    look_at_policy(in);
    return 0;
}
