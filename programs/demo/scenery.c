/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * scenery.c - see scenery.h.
 */
#include "scenery.h"

#include <stdio.h>
#include <sys/random.h>
#include <time.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/json.h"
#include "base/json_out.h"
#include "io/file.h"
#include "mint/tls_cert.h"

#define POLICY_MAX_BYTES (1024u * 1024u)
#define DAY_S            INT64_C(86400)

/* Two composes that differ in what matters only: the image. */
#define COMPOSE(digit)                                                         \
    "{\"manifest_version\":2,\"name\":\"demo\",\"runner\":"                    \
    "\"docker-compose\",\"docker_compose_file\":\"services:\\n"                \
    "  app:\\n    image: registry.example/app@sha256:" digit digit digit digit \
        digit digit digit digit "\\n\"}\n"
#define EIGHT(d) d d d d d d d d

static enum assay_code
write_text(const char *name, struct assay_slice text, mode_t mode,
           struct assay_error *err)
{
    return assay_file_write(name, text, mode, err);
}

/* Number 0 is the server's, 1 the attacker's. */
static enum assay_code
write_certificate(const uint8_t seed[MINT_SEED_BYTES], unsigned number,
                  const char *name, struct assay_error *err)
{
    int64_t now_s = (int64_t)time(NULL);
    const struct mint_tls_options o = {
        .subject = "assay demo",
        .alt_names = {"127.0.0.1", "localhost"},
        .server_auth = true,
        .ca_from_s = now_s - DAY_S,
        .not_before_s = now_s - DAY_S,
        .not_after_s = now_s + DAY_S,
        .number = number,
    };
    struct mint_tls_cert made;
    char file[64];

    (void)!mint_tls_issue(seed, &o, &made, err);
    if (err->code == ASSAY_OK) {
        (void)snprintf(file, sizeof(file), "%s.pem", name);
        (void)!write_text(file, assay_buf_slice(&made.leaf_pem), 0600, err);
    }
    if (err->code == ASSAY_OK) {
        (void)snprintf(file, sizeof(file), "%s.key", name);
        (void)!write_text(file, assay_buf_slice(&made.key_pem), 0600, err);
    }
    if (err->code == ASSAY_OK) {
        (void)!write_text("ca.pem", assay_buf_slice(&made.ca_pem), 0600, err);
    }
    mint_tls_cert_free(&made);
    return err->code;
}

enum assay_code
scenery_write(struct assay_error *err)
{
    static const char ours[] = COMPOSE(EIGHT("1"));
    static const char other[] = COMPOSE(EIGHT("6"));
    uint8_t seed[MINT_SEED_BYTES];

    if (getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed)) {
        return assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET, "no randomness");
    }
    if (write_text("compose.json", assay_slice_of(ours), 0600, err) ==
            ASSAY_OK &&
        write_text("other-compose.json", assay_slice_of(other), 0600, err) ==
            ASSAY_OK &&
        write_certificate(seed, 0, "server", err) == ASSAY_OK) {
        (void)!write_certificate(seed, 1, "attacker", err);
    }
    return err->code;
}

/* All members as they stand, but for one that goes and one that comes. */
static void
copy_policy(const struct assay_json *j, struct assay_buf *to)
{
    assay_buf_add_text(to, "{\n  \"certificate_event\": \"required\"");
    for (uint32_t name = assay_json_first(j, ASSAY_JSON_ROOT);
         name != ASSAY_JSON_NONE; name = assay_json_next(j, name)) {
        if (!assay_slice_is(assay_json_string(j, name),
                            "accept_self_signed_certs")) {
            assay_buf_add_text(to, ",\n  ");
            assay_buf_add(to, assay_json_span(j, name));
            assay_buf_add_text(to, ": ");
            assay_buf_add(to, assay_json_span(j, assay_json_value(j, name)));
        }
    }
    assay_buf_add_text(to, "\n}\n");
}

enum assay_code
scenery_write_policy(const char *of_simulator, struct assay_error *err)
{
    static const struct assay_json_limits limits = {POLICY_MAX_BYTES, 16, 4096};
    struct assay_json *j = NULL;
    struct assay_buf text;
    struct assay_buf ours;

    assay_buf_init(&ours, POLICY_MAX_BYTES);
    if (assay_file_read(of_simulator, POLICY_MAX_BYTES, &text, err) ==
            ASSAY_OK &&
        assay_json_parse(assay_buf_slice(&text), &limits, "policy", &j, err) ==
            ASSAY_OK) {
        copy_policy(j, &ours);
        if (assay_buf_check(&ours, "policy", err) == ASSAY_OK) {
            (void)!write_text("policy.json", assay_buf_slice(&ours), 0600, err);
        }
    }
    assay_json_free(j);
    assay_buf_free(&text);
    assay_buf_free(&ours);
    return err->code;
}
