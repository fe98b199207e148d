/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * lint.h - findings: what is weak in a policy or a compose, and where.
 */
#pragma once

#include "assay/assay.h"
#include "base/json.h"

enum severity {
    SEVERITY_INFO = 1,
    SEVERITY_WARNING,
    SEVERITY_ERROR,
};
/* "info" ...; static storage. */
const char *severity_name(enum severity s);

/* One row per kind of finding: enumerator, code, severity, next step. */
#define LINT_CODES(X)                                                          \
    /* of a policy */                                                          \
    X(PARTIAL, "partial", WARNING, "name the workload in full")                \
    X(NO_WORKLOAD, "no-workload", ERROR,                                       \
      "name measurements: 'assay policy pin' finds them")                      \
    X(NO_VERIFICATION, "runtime-verification-disabled", ERROR,                 \
      "leave out disable_runtime_verification")                                \
    X(DEBUG, "debug-allowed", ERROR, "leave out allow_debug")                  \
    X(SERVICE_TD, "service-td-allowed", WARNING, "leave out allow_service_td") \
    X(SEPT, "sept-ve-disable-not-required", WARNING,                           \
      "leave out require_sept_ve_disable")                                     \
    X(REVOKED, "status-revoked", ERROR,                                        \
      "take Revoked out of the list: it never makes a verdict trusted")        \
    X(OUT_OF_DATE, "status-out-of-date", ERROR,                                \
      "take it out of the list, or add grace_period")                          \
    X(OUT_OF_DATE_GRACE, "status-out-of-date-for-a-time", WARNING,             \
      "take it out of the list once the platform is updated")                  \
    X(LONG_GRACE, "grace-period-long", WARNING,                                \
      "90 days are long enough for an update")                                 \
    X(STATUS_WEAK, "status-weak", INFO,                                        \
      "accepted_advisories says which of its advisories are accepted")         \
    X(SELF_SIGNED, "self-signed-accepted", WARNING,                            \
      "give the server's CA as ca_file instead")                               \
    X(OLD_WIRE, "old-wire", WARNING,                                           \
      "use wire v2, which ties the quote to the session")                      \
    X(CERTIFICATE_OFF, "certificate-event-off", INFO,                          \
      "leave out certificate_event, or require it")                            \
    X(ROOT, "root-custom", WARNING,                                            \
      "leave out trusted_root but for a simulated platform")                   \
    X(NO_AGE, "no-collateral-age", INFO,                                       \
      "add max_collateral_age_secs, for example 604800")                       \
    X(NO_EVALUATION, "no-minimum-evaluation", INFO,                            \
      "add min_tcb_evaluation_data_number, so that older collateral is "       \
      "refused")                                                               \
    X(GRACE, "expired-collateral-used", WARNING,                               \
      "leave out collateral_grace_secs, or keep it below a few days")          \
    X(ROLLBACK, "collateral-rollback", WARNING,                                \
      "leave out collateral_rollback")                                         \
    X(LEGACY, "legacy-prefix-match", WARNING, "use tee_tcb_svn")               \
    X(NO_REATTESTATION, "no-reattestation", INFO,                              \
      "leave out reattestation_interval_secs")                                 \
    X(PLAIN_SOURCE, "collateral-over-http", INFO,                              \
      "use https: whoever is on the way can keep newer collateral back")       \
    X(WIDE, "list-wide", WARNING,                                              \
      "take out the versions that are no longer in use")                       \
    X(NO_BOOT, "boot-not-checked", WARNING,                                    \
      "name mrtd and rtmr0 to rtmr2: without them no event means anything")    \
    X(PINNED, "pinned", INFO,                                                  \
      "compare the values with those of whoever builds the software")          \
    X(NO_TEXT, "compose-not-read", INFO, "give its text with --app-compose")   \
    X(OTHER_TEXT, "compose-mismatch", ERROR,                                   \
      "give the app-compose that the policy names")                            \
    /* of an app-compose */                                                    \
    X(ENVS, "allowed-envs", WARNING,                                           \
      "their names are measured, their values are not: whoever deploys "       \
      "chooses them; put what matters into the compose file")                  \
    X(ENV_CODE, "env-runs-code", ERROR,                                        \
      "take it out of allowed_envs: its value decides which code runs")        \
    X(SCRIPT, "script-unknown", WARNING,                                       \
      "read it: it runs as root before everything else")                       \
    X(RUNNER, "runner-unknown", WARNING, "use \"docker-compose\"")             \
    X(NO_SERVICES, "no-compose-file", WARNING,                                 \
      "what runs is decided somewhere else: read that")                        \
    X(PUBLIC, "public-information", INFO,                                      \
      "set it to false unless strangers shall read it")                        \
    X(NO_KMS, "no-kms", INFO,                                                  \
      "without the key service there is no os-image-hash event")               \
    X(LOCAL_KEYS, "local-key-provider", INFO,                                  \
      "keys are bound to one machine, by whoever runs its key provider")       \
    X(NO_INSTANCE, "no-instance-id", INFO,                                     \
      "all instances of the app share one identity")                           \
    X(MEMBER, "member-unknown", WARNING,                                       \
      "what it does, this program does not know: look it up")                  \
    /* of a docker-compose file */                                             \
    X(NO_IMAGE, "image-missing", ERROR, "name an image by its digest")         \
    X(NO_DIGEST, "image-without-digest", WARNING,                              \
      "add @sha256:...: a tag may name another image tomorrow, and the "       \
      "compose hash stays the same")                                           \
    X(LATEST, "image-latest", WARNING, "name a version, and its digest")       \
    X(IMAGE_VARIABLE, "image-from-environment", ERROR,                         \
      "write the image out: values of the environment are not measured")       \
    X(BUILD, "image-built", ERROR,                                             \
      "build it elsewhere and name it by its digest: sources are not "         \
      "measured")                                                              \
    X(VARIABLE, "environment-decides", ERROR,                                  \
      "write the value out: values of the environment are not measured")       \
    X(SOCKET, "docker-socket", ERROR,                                          \
      "whoever has the socket runs any container as root")                     \
    X(PRIVILEGED, "privileged", ERROR, "leave it out")                         \
    X(NAMESPACE, "host-namespace", WARNING, "leave it out")                    \
    X(CAPABILITY, "capability", WARNING, "add only those that it needs")       \
    X(DEVICE, "device", INFO, "make sure that it needs it")                    \
    X(BIND, "bind-mount", WARNING,                                             \
      "use a named volume: what lies there is not measured")                   \
    X(PORT, "port-published", INFO,                                            \
      "publish on 127.0.0.1 what only the TLS front shall reach")              \
    X(SECURITY_OPT, "security-option", WARNING, "leave it out")                \
    X(OTHER_FILE, "other-file", WARNING,                                       \
      "write it into this file: others are not measured")                      \
    X(GUEST_SOCKET, "dstack-socket", INFO,                                     \
      "such a container asks for quotes and keys in the app's name")           \
    X(SHAPE, "shape-unknown", ERROR, "write it as docker-compose has it")      \
    /* of YAML */                                                              \
    X(DUPLICATE, "yaml-duplicate", ERROR,                                      \
      "leave one: programs differ on which of them holds")                     \
    X(MERGE, "yaml-merge", WARNING, "write out what is merged")                \
    X(DEEP_MERGE, "yaml-merge-nested", ERROR,                                  \
      "write out what is merged: this is not followed here")                   \
    X(ANCHOR, "yaml-alias", WARNING, "write out what the alias stands for")    \
    X(TAG, "yaml-tag", WARNING, "leave out the tag")                           \
    X(DOCUMENTS, "yaml-documents", ERROR,                                      \
      "leave one document: those behind it were not looked at")                \
    X(TOO_MANY, "too-many-findings", ERROR, "mend these first")

enum lint_code {
#define X(code, name, severity, hint) LINT_##code,
    LINT_CODES(X)
#undef X
        LINT_CODE_COUNT,
};
const char *lint_code_name(enum lint_code code);
enum severity lint_code_severity(enum lint_code code);
const char *lint_code_hint(enum lint_code code);

#define LINT_FINDINGS_MAX 1000u

struct finding {
    enum lint_code code;
    char where[120]; /* member, or line and column */
    char message[160];
};

struct lint {
    const struct assay_ctx *ctx;

    const char *allow; /* codes that are left out, joined by commas; or NULL */
    struct finding *finding;
    size_t count;
    size_t room;
    struct assay_error *err; /* what could not be looked at: YAML that cannot be
                                read, memory, the cryptographic library */
};

/* Notes a finding, unless its code is allowed. Both texts may quote the input:
 * what is not printable ASCII becomes '?'. */
void lint_add(struct lint *l, enum lint_code code, const char *where,
              const char *fmt, ...) ASSAY_PRINTF(4, 5);
/* Is `list` (codes joined by commas) made of codes? Else the first that is none
 * is in *bad. */
bool lint_codes_known(const char *list, char bad[32]);
void lint_free(struct lint *l);

/* A policy; `app_compose` is its text if there is one. */
void lint_policy(struct lint *l, const struct assay_policy *p,
                 struct assay_slice app_compose);
/* An app-compose, with the compose file in it; where: what its members' names
 * start with ("app_compose."), or "". */
void lint_app_compose(struct lint *l, const struct assay_json *doc,
                      uint32_t node, const char *where);
/* A docker-compose file; envs: names that an app-compose allows, an array of
 * strings, or NONE. where: "docker_compose_file:" or "". */
struct lint_envs {
    const struct assay_json *doc;
    uint32_t list;
};
void lint_services(struct lint *l, struct assay_slice yaml,
                   const struct lint_envs *envs, const char *where);
