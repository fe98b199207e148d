/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_lint.c - what is found, and where: each row is a good text with an edit
 * and the codes of all that is found in it, in order.
 */
#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"
#include "harness/unit.h"
#include "programs/assay/lint/lint.h"
#include "programs/assay/lint/lint_path.h"
#include "programs/assay/lint/lint_yaml.h"

static const struct assay_json_limits limits = {1u << 20, 32, 1u << 16};

static struct assay_ctx *ctx;
static bool seen[LINT_CODE_COUNT];

static int
set_up(void **state)
{
    struct assay_error err;

    (void)state;
    return assay_ctx_new(&ctx, &err) == ASSAY_OK ? 0 : -1;
}

static int
tear_down(void **state)
{
    (void)state;
    assay_ctx_free(ctx);
    return 0;
}

/* "code@where code@where": what a row expects. */
static void
check_findings(const char *row, struct lint *l, const char *expected)
{
    struct assay_buf text;

    CHECK(row, l->err->code == ASSAY_OK);
    assay_buf_init(&text, 1u << 20);
    for (size_t i = 0; i < l->count; i++) {
        const struct finding *f = &l->finding[i];

        seen[f->code] = true;
        assay_buf_printf(&text, "%s%s@%s", i > 0 ? " " : "",
                         lint_code_name(f->code), f->where);
        CHECK(row, f->message[0] != '\0');
    }
    if (!assay_slice_is(assay_buf_slice(&text), expected)) {
        fail_msg("%s: found\n  %.*s\nnot\n  %s", row, (int)text.len,
                 text.len > 0 ? (const char *)text.ptr : "", expected);
    }
    assay_buf_free(&text);
    lint_free(l);
}

/* --- docker-compose ----------------------------------------------------- */

#define DIGEST                                                                 \
    "@sha256:4242424242424242424242424242424242424242424242424242424242424242"
#define X32  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X128 X32 X32 X32 X32
#define GOOD "services:\n  a:\n    image: r.example/a" DIGEST "\n"

static const struct row {
    const char *name;
    const char *yaml;
    const char *found;
} services[] = {
    {"good", GOOD, ""},
    {"a tag beside the digest",
     "services:\n  a:\n    image: r.example:5000/a:1" DIGEST "\n", ""},
    {"unknown keys", GOOD "    x-mine: 1\nname: n\n", ""},
    /* the shape */
    {"empty", "", "shape-unknown@"},
    {"no services", "a: b", "shape-unknown@1:1"},
    {"services are a list", "services: [a]", "shape-unknown@1:1"},
    {"a service is a text", "services:\n  a: b\n", "shape-unknown@2:6"},
    {"volumes are a text", GOOD "    volumes: a:b\n", "shape-unknown@4:14"},
    {"a volume is a list", GOOD "    volumes: [[a]]\n", "shape-unknown@4:15"},
    /* images: hole 10 has its own test */
    {"no image", "services:\n  a:\n    command: b\n", "image-missing@3:5"},
    {"an empty image", "services:\n  a:\n    image:\n", "image-missing@3:5"},
    {"an image that is a list", "services:\n  a:\n    image: [x]\n",
     "shape-unknown@3:12"},
    {"an image of a variable", "services:\n  a:\n    image: x${T}" DIGEST "\n",
     "image-from-environment@3:12"},
    {"an image of a default", "services:\n  a:\n    image: ${T:-x" DIGEST "}\n",
     "image-from-environment@3:12"},
    {"a dollar that is none", "services:\n  a:\n    image: x$$T" DIGEST "\n",
     ""},
    {"built", "services:\n  a:\n    build: .\n", "image-built@3:12"},
    {"built all the same", GOOD "    pull_policy: Build\n", "image-built@4:18"},
    /* what rules the TD */
    {"privileged", GOOD "    privileged: true\n", "privileged@4:17"},
    {"privileged as a text", GOOD "    privileged: \"true\"\n",
     "privileged@4:17"},
    {"privileged in YAML 1.1", GOOD "    privileged: Yes\n", "privileged@4:17"},
    {"privileged, on", GOOD "    privileged: on\n", "privileged@4:17"},
    {"privileged, 1", GOOD "    privileged: 1\n", "privileged@4:17"},
    {"privileged by a variable", GOOD "    privileged: ${P:-false}\n",
     "privileged@4:17 environment-decides@4:17"},
    {"not privileged", GOOD "    privileged: off\n", ""},
    {"not privileged, as a text", GOOD "    privileged: 'False'\n", ""},
    {"a privileged hook",
     GOOD "    post_start:\n      - command: x\n        privileged: yes\n",
     "privileged@6:21"},
    {"network", GOOD "    network_mode: HOST\n", "host-namespace@4:19"},
    {"another network", GOOD "    network_mode: bridge\n", ""},
    {"pid", GOOD "    pid: host\n", "host-namespace@4:10"},
    {"ipc", GOOD "    ipc: \"host\"\n", "host-namespace@4:10"},
    {"capability", GOOD "    cap_add: [CHOWN, cap_sys_admin]\n",
     "capability@4:22"},
    {"all capabilities", GOOD "    cap_add:\n      - ALL\n", "capability@5:9"},
    {"harmless capabilities", GOOD "    cap_add: [NET_BIND_SERVICE]\n", ""},
    {"security options", GOOD "    security_opt: [\"seccomp:unconfined\"]\n",
     "security-option@4:20"},
    {"labels off", GOOD "    security_opt: [\"label=disable\"]\n",
     "security-option@4:20"},
    {"a protection more",
     GOOD "    security_opt: [\"no-new-privileges:true\"]\n", ""},
    {"devices", GOOD "    devices: [/dev/kvm]\n", "device@4:14"},
    /* mounts */
    {"the socket", GOOD "    volumes: [\"/var/run/docker.sock:/s\"]\n",
     "docker-socket@4:15"},
    {"the socket, spelled oddly",
     GOOD "    volumes: [\"//var/../run/./docker.sock:/s\"]\n",
     "docker-socket@4:15"},
    {"the socket in long form",
     GOOD "    volumes:\n      - type: bind\n        source: "
          "/run/docker.sock\n        target: /s\n",
     "docker-socket@6:17"},
    {"the socket's folder", GOOD "    volumes: [\"/var/run:/s:ro\"]\n",
     "docker-socket@4:15"},
    {"everything", GOOD "    volumes: [\"/:/host\"]\n", "docker-socket@4:15"},
    {"the socket as a volume's device",
     GOOD "volumes:\n  v:\n    driver_opts:\n      device: /var/run\n",
     "docker-socket@7:15"},
    {"the socket by its own name", GOOD "    use_api_socket: true\n",
     "docker-socket@4:21"},
    {"the guest agent", GOOD "    volumes: [\"/var/run/dstack.sock:/s\"]\n",
     "dstack-socket@4:15"},
    {"the socket by a long way",
     GOOD "    volumes: [\"/" X128 "/../" X128
          "/../var/run/docker.sock:/s\"]\n",
     "docker-socket@4:15"},
    {"a folder", GOOD "    volumes: [\"./data:/d\"]\n", "bind-mount@4:15"},
    {"a home", GOOD "    volumes: [\"~/.x:/d\"]\n", "bind-mount@4:15"},
    {"a named volume", GOOD "    volumes: [\"data:/d\", /anonymous]\n", ""},
    {"others' volumes", GOOD "    volumes_from: [b]\n", "bind-mount@4:19"},
    /* ports */
    {"a port", GOOD "    ports: [\"80:80\", 8080]\n",
     "port-published@4:13 port-published@4:22"},
    {"a port of the loopback", GOOD "    ports: [\"127.0.0.1:80:80\"]\n", ""},
    {"a port in long form",
     GOOD "    ports:\n      - target: 80\n        published: 80\n",
     "port-published@6:20"},
    /* other files */
    {"a provider", "services:\n  a:\n    provider: {type: x}\n",
     "image-missing@3:5 other-file@3:15"},
    {"extends", GOOD "    extends: {file: x.yml, service: a}\n",
     "other-file@4:14"},
    {"a file of the environment", GOOD "    env_file: .env\n",
     "other-file@4:15"},
    {"include", GOOD "include: [x.yml]\n", "other-file@4:10"},
    {"a config's file", GOOD "configs:\n  c:\n    file: ./c\n",
     "other-file@6:11"},
    {"a secret's file", GOOD "secrets:\n  c:\n    file: ./c\n",
     "other-file@6:11"},
    /* the environment: hole 9 has its own test */
    {"a variable in the environment", GOOD "    environment: {A: \"${B}\"}\n",
     ""},
    {"a variable in the environment's list",
     GOOD "    environment: [\"A=$B\", C]\n", ""},
    {"code from outside", GOOD "    environment: {LD_PRELOAD: \"$B\"}\n",
     "env-runs-code@4:31"},
    {"code from outside, passed on", GOOD "    environment: [NODE_OPTIONS]\n",
     "env-runs-code@4:19"},
    {"code from inside", GOOD "    environment: {LD_PRELOAD: /lib/x.so}\n", ""},
    {"a command", GOOD "    command: [sh, -c, \"$A\"]\n",
     "environment-decides@4:23"},
    {"two in an entrypoint", GOOD "    entrypoint: ${A}-${B}\n",
     "environment-decides@4:17 environment-decides@4:17"},
    {"a health check", GOOD "    healthcheck: {test: \"${A}\"}\n",
     "environment-decides@4:25"},
    {"a service that is called labels",
     "services:\n  labels:\n    image: a" DIGEST "\n    command: $A\n",
     "environment-decides@4:14"},
    {"an environment that may be used elsewhere",
     "x-e:\n  environment: &e {command: $A}\n" GOOD "    <<: *e\n",
     "yaml-merge@6:5 environment-decides@2:29"},
    {"a shell's own variable", GOOD "    command: sh -c 'echo $$A'\n", ""},
    /* YAML */
    {"names that stand twice", GOOD "    privileged: no\n    privileged: yes\n",
     "yaml-duplicate@5:5"},
    {"a merge", "x: &x {privileged: true}\n" GOOD "    <<: *x\n",
     "yaml-merge@5:5 privileged@1:20"},
    {"an own value before a merge",
     "x: &x {privileged: true}\n" GOOD "    <<: *x\n    privileged: no\n",
     "yaml-merge@5:5"},
    {"a merge in a merge",
     "x: &x {privileged: true}\ny: &y {<<: *x}\n" GOOD "    <<: *y\n",
     "yaml-merge@2:8 yaml-merge@6:5 yaml-merge-nested@6:5"},
    {"many maps merged",
     GOOD "    <<: [{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},"
          "{privileged: yes}]\n",
     "yaml-merge@4:5 privileged@4:82"},
    {"more maps than are followed",
     GOOD "    <<: [{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},"
          "{}, {privileged: yes}]\n",
     "yaml-merge@4:5 yaml-merge-nested@4:5"},
    {"services merged", "x: &x {}\n" GOOD "  <<: *x\n",
     "yaml-merge@5:3 yaml-merge-nested@5:3"},
    {"an alias, twice",
     "x: &x [SYS_ADMIN]\n" GOOD "    cap_add: *x\n    cap_drop: *x\n",
     "yaml-alias@5:14 capability@1:8"},
    {"a tag", GOOD "    tty: !!bool yes\n", "yaml-tag@4:10"},
    {"another document", GOOD "---\n" GOOD, "yaml-documents@1:1"},
};

static void
look_at_services(const char *row, const char *yaml, const char *found)
{
    static const struct lint_envs none = {NULL, ASSAY_JSON_NONE};
    struct assay_slice copy = exact_copy(assay_slice_of(yaml));
    struct assay_error err;
    struct lint l = {.ctx = ctx, .err = &err};

    assay_error_clear(&err);
    lint_services(&l, copy, &none, "");
    free((void *)copy.ptr);
    check_findings(row, &l, found);
}

static void
test_services(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(services); i++) {
        look_at_services(services[i].name, services[i].yaml, services[i].found);
    }
}

/* What cannot be read is not found to be good: it is an error. */
static void
test_unreadable(void **state)
{
    static const struct lint_envs none = {NULL, ASSAY_JSON_NONE};
    static const struct {
        const char *yaml;
        enum assay_code code;
        const char *msg;
    } rows[] = {
        {"a: [", ASSAY_MALFORMED, "compose: line 2, column 1: "},
        {"? [a]\n: b", ASSAY_INVALID, "compose: line 1, column 3: "},
        {"a: &a [*a]", ASSAY_MALFORMED, "compose: line 1, column 8: "},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_error err;
        struct lint l = {.ctx = ctx, .err = &err, .allow = "shape-unknown"};

        assay_error_clear(&err);
        lint_services(&l, assay_slice_of(rows[i].yaml), &none, "compose");
        check_error(rows[i].yaml, &err, rows[i].code, rows[i].msg,
                    ASSAY_NO_OFFSET);
        assert_int_equal(l.count, 0);
        lint_free(&l);
    }
}

/* The compose hash says what the file says, and a tag says nothing about what
 * the registry hands out. */
static void
test_hole_10_image_tags(void **state)
{
    static const struct {
        const char *image;
        const char *found;
    } rows[] = {
        {"r.example/a" DIGEST, ""},
        {"a", "image-without-digest@3:12 image-latest@3:12"},
        {"a:latest", "image-without-digest@3:12 image-latest@3:12"},
        {"a:1.2.3", "image-without-digest@3:12"},
        {"r.example:5000/a", "image-without-digest@3:12 image-latest@3:12"},
        {"r.example:5000/a:2", "image-without-digest@3:12"},
        {"a@sha256:42", "image-without-digest@3:12"},
        {"a:1" DIGEST "0", "image-without-digest@3:12"},
        {"a:1@sha512:42", "image-without-digest@3:12"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char yaml[256];

        (void)snprintf(yaml, sizeof(yaml), "services:\n  a:\n    image: %s\n",
                       rows[i].image);
        look_at_services(rows[i].image, yaml, rows[i].found);
    }
}

/* --- app-composes ------------------------------------------------------- */

#define SERVICES                                                               \
    "\"docker_compose_file\":\"services:\\n  a:\\n    image: a" DIGEST         \
    "\\n    command: $CMD\\n    environment: [KEY]\\n\""
#define PLAIN                                                                  \
    "\"docker_compose_file\":\"services:\\n  a:\\n    image: a" DIGEST "\\n\""

static void
look_at_app_compose(const char *row, const char *json, const char *found)
{
    struct assay_error err;
    struct lint l = {.ctx = ctx, .err = &err};
    struct assay_json *j = NULL;

    assay_error_clear(&err);
    CHECK(row, assay_json_parse(assay_slice_of(json), &limits, row, &j, &err) ==
                   ASSAY_OK);
    lint_app_compose(&l, j, ASSAY_JSON_ROOT, "");
    check_findings(row, &l, found);
    assay_json_free(j);
}

static void
test_app_composes(void **state)
{
    static const struct {
        const char *name;
        const char *json;
        const char *found;
    } rows[] = {
        {"good", "{" PLAIN "}", ""},
        {"no file", "{}", "no-compose-file@docker_compose_file"},
        {"an empty file", "{\"docker_compose_file\":\"\"}",
         "no-compose-file@docker_compose_file"},
        {"only its hash", "{\"docker_compose_file\":{\"sha256\":[\"00\"]}}",
         "compose-not-read@docker_compose_file"},
        {"a script", "{" PLAIN ",\"pre_launch_script\":\"echo\"}",
         "script-unknown@pre_launch_script"},
        {"no script", "{" PLAIN ",\"pre_launch_script\":\"\"}", ""},
        {"the default's script",
         "{" PLAIN ",\"pre_launch_script\":{\"sha256\":[\"edd7311d8caed101"
         "ff09506a65c29c2bf5739af1b0fffe4dd545fa0f0c86b59f\"]}}",
         ""},
        {"that one or another",
         "{" PLAIN ",\"pre_launch_script\":{\"sha256\":[\"edd7311d8caed101"
         "ff09506a65c29c2bf5739af1b0fffe4dd545fa0f0c86b59f\",\"00\"]}}",
         "script-unknown@pre_launch_script"},
        {"a script at the start", "{" PLAIN ",\"init_script\":\"x\"}",
         "script-unknown@init_script"},
        {"another runner", "{" PLAIN ",\"runner\":\"bash\"}",
         "runner-unknown@runner"},
        {"public", "{" PLAIN ",\"public_logs\":true,\"public_sysinfo\":true}",
         "public-information@public_logs public-information@public_sysinfo"},
        {"keys",
         "{" PLAIN ",\"kms_enabled\":false,"
         "\"local_key_provider_enabled\":true,\"no_instance_id\":true}",
         "no-kms@kms_enabled local-key-provider@local_key_provider_enabled "
         "no-instance-id@no_instance_id"},
        {"unknown", "{" PLAIN ",\"backdoor\":1,\"features\":[\"kms\",\"x\"]}",
         "member-unknown@ member-unknown@"},
        {"names that are no list", "{" PLAIN ",\"allowed_envs\":\"A\"}",
         "shape-unknown@allowed_envs"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        look_at_app_compose(rows[i].name, rows[i].json, rows[i].found);
    }
}

/* The names of allowed_envs are measured, the values are not: whoever deploys
 * sets them. Each name is told; where a value decides which code runs, that is
 * an error. */
static void
test_hole_9_values_of_the_environment(void **state)
{
    static const struct {
        const char *name;
        const char *json;
        const char *found;
    } rows[] = {
        {"none", "{" PLAIN ",\"allowed_envs\":[]}", ""},
        {"each name", "{" PLAIN ",\"allowed_envs\":[\"KEY\",\"OTHER\"]}",
         "allowed-envs@allowed_envs allowed-envs@allowed_envs"},
        {"a loader's name", "{" PLAIN ",\"allowed_envs\":[\"LD_PRELOAD\"]}",
         "env-runs-code@allowed_envs"},
        {"a prefix", "{" PLAIN ",\"allowed_envs\":[\"COMPOSE_FILE\"]}",
         "env-runs-code@allowed_envs"},
        {"it reaches a command", "{" SERVICES ",\"allowed_envs\":[\"CMD\"]}",
         "allowed-envs@allowed_envs environment-decides@docker_compose_file:"
         "4:14"},
        {"a command of no name that is allowed", "{" SERVICES "}",
         "environment-decides@docker_compose_file:4:14"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        look_at_app_compose(rows[i].name, rows[i].json, rows[i].found);
    }
    assert_int_equal(lint_code_severity(LINT_ENVS), SEVERITY_WARNING);
    assert_int_equal(lint_code_severity(LINT_ENV_CODE), SEVERITY_ERROR);
    assert_int_equal(lint_code_severity(LINT_VARIABLE), SEVERITY_ERROR);
    assert_int_equal(lint_code_severity(LINT_NO_DIGEST), SEVERITY_WARNING);
}

/* --- policies ----------------------------------------------------------- */

#define R                                                                      \
    "\"3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d" \
    "3d3d3d3d3d3d3d3d3d3d3d3d3d\""
#define MANY                                                                   \
    "[" R "," R "," R "," R "," R "," R "," R "," R "," R "," R "," R "," R    \
    "," R "," R "," R "," R "," R "]"
#define FRESH                                                                  \
    ",\"max_collateral_age_secs\":604800,"                                     \
    "\"min_tcb_evaluation_data_number\":18"
#define TDX                                                                    \
    "{\"type\":\"tdx\",\"mrtd\":" R ",\"rtmr1\":" R ",\"rtmr2\":" R FRESH
#define APP                                                                    \
    "{\"type\":\"dstack_tdx\",\"expected_bootchain\":{\"mrtd\":" R             \
    ",\"rtmr0\":" R ",\"rtmr1\":" R ",\"rtmr2\":" R                            \
    "},\"os_image_hash\":\"05050505050505050505050505050505050505050505050505" \
    "05050505050505\"" FRESH
/* SHA-256 of "{}" */
#define HASH                                                                   \
    ",\"compose_hash\":"                                                       \
    "\"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\""

static void
test_policies(void **state)
{
    static const struct {
        const char *name;
        const char *policy;
        const char *text; /* of the app-compose */
        const char *found;
    } rows[] = {
        {"good", TDX "}", "", ""},
        {"partial", "{\"type\":\"tdx\",\"partial\":true" FRESH "}", "",
         "partial@partial boot-not-checked@mrtd boot-not-checked@rtmr1 "
         "boot-not-checked@rtmr2 no-workload@"},
        {"development", APP ",\"disable_runtime_verification\":true}", "",
         "runtime-verification-disabled@disable_runtime_verification"},
        {"debug", TDX ",\"allow_debug\":true}", "",
         "debug-allowed@allow_debug"},
        {"service TD", TDX ",\"allow_service_td\":true}", "",
         "service-td-allowed@allow_service_td"},
        {"faults", TDX ",\"require_sept_ve_disable\":false}", "",
         "sept-ve-disable-not-required@require_sept_ve_disable"},
        {"statuses",
         TDX ",\"allowed_tcb_status\":[\"UpToDate\",\"Revoked\","
             "\"SWHardeningNeeded\",\"OutOfDate\"]}",
         "",
         "status-revoked@allowed_tcb_status status-weak@allowed_tcb_status "
         "status-out-of-date@allowed_tcb_status"},
        {"statuses for a time",
         TDX ",\"allowed_tcb_status\":[\"OutOfDate\"],\"grace_period\":60}", "",
         "status-out-of-date-for-a-time@allowed_tcb_status"},
        {"statuses for a long time",
         TDX ",\"allowed_tcb_status\":[\"OutOfDateConfigurationNeeded\"],"
             "\"grace_period\":7776001}",
         "",
         "grace-period-long@grace_period "
         "status-out-of-date-for-a-time@allowed_tcb_status"},
        {"self-signed", TDX ",\"accept_self_signed_certs\":true}", "",
         "self-signed-accepted@accept_self_signed_certs"},
        {"wires", TDX ",\"wires\":[\"v1\",\"v0\"]}", "",
         "old-wire@wires old-wire@wires"},
        {"certificate", TDX ",\"certificate_event\":\"off\"}", "",
         "certificate-event-off@certificate_event"},
        {"root", TDX ",\"trusted_root\":\"x.pem\"}", "",
         "root-custom@trusted_root"},
        {"freshness",
         "{\"type\":\"sgx\",\"mrsigner\":\"0505050505050505050505"
         "050505050505050505050505050505050505050505\"}",
         "",
         "no-collateral-age@max_collateral_age_secs "
         "no-minimum-evaluation@min_tcb_evaluation_data_number"},
        {"expired collateral", TDX ",\"collateral_grace_secs\":604801}", "",
         "expired-collateral-used@collateral_grace_secs"},
        {"older collateral", TDX ",\"collateral_rollback\":\"warn\"}", "",
         "collateral-rollback@collateral_rollback"},
        {"expired collateral, briefly",
         TDX ",\"collateral_grace_secs\":604800}", "", ""},
        {"prefixes",
         TDX ",\"min_tdx_tcb\":{\"legacy_prefix_match\":true,"
             "\"mrseam\":\"00\"}}",
         "", "legacy-prefix-match@min_tdx_tcb"},
        {"never again", TDX ",\"reattestation_interval_secs\":0}", "",
         "no-reattestation@reattestation_interval_secs"},
        {"plain http", TDX ",\"pccs_url\":[\"\",\"http://x/\"]}", "",
         "collateral-over-http@pccs_url"},
        {"plain http in capitals", TDX ",\"pccs_url\":\"HTTP://x/\"}", "",
         "collateral-over-http@pccs_url"},
        {"many values", TDX ",\"rtmr0\":" MANY ",\"mr_seam\":" MANY "}", "",
         ""},
        {"many kernels",
         "{\"type\":\"tdx\",\"mrtd\":" R ",\"rtmr1\":" MANY
         ",\"rtmr2\":" R FRESH "}",
         "", "list-wide@rtmr1"},
        {"pinned",
         TDX ",\"pinned\":{\"at\":\"2026-01-01\",\"from\":\"x\","
             "\"how\":\"quote\"}}",
         "", "pinned@pinned"},
        {"a compose by its hash", APP HASH "}", "",
         "compose-not-read@compose_hash"},
        {"and its text", APP HASH "}", "{}",
         "no-compose-file@docker_compose_file"},
        {"another text", APP HASH "}", "{ }",
         "compose-mismatch@compose_hash no-compose-file@docker_compose_file"},
        {"a compose with the defaults", APP ",\"app_compose\":{" PLAIN "}}", "",
         "public-information@app_compose.public_logs "
         "public-information@app_compose.public_sysinfo"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_policy *p = NULL;
        struct assay_error err;
        struct lint l = {.ctx = ctx, .err = &err};

        if (assay_policy_parse(assay_slice_of(rows[i].policy), &p, &err) !=
            ASSAY_OK) {
            fail_msg("%s: %s", rows[i].name, err.msg);
        }
        lint_policy(&l, p, assay_slice_of(rows[i].text));
        check_findings(rows[i].name, &l, rows[i].found);
        assay_policy_free(p);
    }
}

/* --- findings as such --------------------------------------------------- */

static void
test_allow(void **state)
{
    struct assay_error err;
    struct lint l = {
        .ctx = ctx, .err = &err, .allow = "privileged,image-latest"};
    char bad[32];

    (void)state;
    assay_error_clear(&err);
    lint_add(&l, LINT_PRIVILEGED, "", "not told");
    lint_add(&l, LINT_LATEST, "", "not told");
    lint_add(&l, LINT_SOCKET, "a\nb", "told\x1b%s", "!");
    assert_int_equal(l.count, 1);
    assert_string_equal(l.finding[0].where, "a?b");
    assert_string_equal(l.finding[0].message, "told?!");
    lint_free(&l);
    assert_true(lint_codes_known("privileged,image-latest", bad));
    assert_false(lint_codes_known("privileged,image", bad));
    assert_string_equal(bad, "image");
    assert_false(lint_codes_known("privileged,", bad));
    assert_string_equal(bad, "");
}

static void
test_too_many(void **state)
{
    struct assay_error err;
    struct lint l = {.ctx = ctx, .err = &err};

    (void)state;
    assay_error_clear(&err);
    for (size_t i = 0; i < LINT_FINDINGS_MAX + 10; i++) {
        lint_add(&l, LINT_PORT, "", "one");
    }
    assert_int_equal(l.count, LINT_FINDINGS_MAX + 1);
    assert_int_equal(l.finding[LINT_FINDINGS_MAX].code, LINT_TOO_MANY);
    seen[LINT_TOO_MANY] = true;
    lint_free(&l);
}

static void
test_paths(void **state)
{
    static const struct {
        const char *source;
        enum lint_path is;
    } rows[] = {
        {"data", LINT_PATH_VOLUME},
        {"", LINT_PATH_VOLUME},
        {"/data", LINT_PATH_HOST},
        {"./docker.sock", LINT_PATH_RUNTIME},
        {"../../var/run/docker.sock", LINT_PATH_RUNTIME},
        {"../../var/run", LINT_PATH_RUNTIME},
        {"~/../../run/dstack.sock", LINT_PATH_GUEST_SOCKET},
        {"./run", LINT_PATH_HOST},
        {"./a..b/run", LINT_PATH_HOST},
        {"~", LINT_PATH_HOST},
        {"/run", LINT_PATH_RUNTIME},
        {"/run/", LINT_PATH_RUNTIME},
        {"/x/../..//run/.", LINT_PATH_RUNTIME},
        {"/x/..", LINT_PATH_RUNTIME},
        {"/runs", LINT_PATH_HOST},
        {"/var/run/tappd.sock", LINT_PATH_GUEST_SOCKET},
        {"/run/containerd/containerd.sock", LINT_PATH_RUNTIME},
        {"/.", LINT_PATH_RUNTIME},
    };
    char longest[4200];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CHECK(rows[i].source,
              lint_path_of(assay_slice_of(rows[i].source)) == rows[i].is);
    }
    memset(longest, 'x', sizeof(longest));
    longest[0] = '/';
    (void)snprintf(longest + 1500, 100, "/docker.sock");
    assert_int_equal(lint_path_of(assay_slice_of(longest)), LINT_PATH_RUNTIME);
    (void)snprintf(longest + 1500, 100, "/../run");
    assert_int_equal(lint_path_of(assay_slice_of(longest)), LINT_PATH_RUNTIME);
    memset(longest + 1500, 'x', sizeof(longest) - 1500);
    longest[sizeof(longest) - 1] = '\0';
    assert_int_equal(lint_path_of(assay_slice_of(longest)), LINT_PATH_RUNTIME);
}

/* Every code is found in some row above. */
static void
test_every_code(void **state)
{
    (void)state;
    for (int i = 0; i < (int)LINT_CODE_COUNT; i++) {
        const char *name = lint_code_name((enum lint_code)i);

        CHECK(name, seen[i]);
        CHECK(name, lint_code_hint((enum lint_code)i)[0] != '\0');
        for (int other = 0; other < i; other++) {
            CHECK(name,
                  strcmp(name, lint_code_name((enum lint_code)other)) != 0);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_services),
        cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_hole_10_image_tags),
        cmocka_unit_test(test_app_composes),
        cmocka_unit_test(test_hole_9_values_of_the_environment),
        cmocka_unit_test(test_policies),
        cmocka_unit_test(test_allow),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_every_code), /* the last: it counts */
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
