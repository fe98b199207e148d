/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * wire.c - the generations of the attestation exchange.
 */
#include "atls/wire.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"

#define WANT_COLLATERAL ",\"want_collateral\":true"
#define V2_NONCE        32u
#define V1_NONCE        64u
#define V0_NONCE        32u

enum assay_code
assay_wire_bind(const struct assay_ctx *ctx, const uint8_t nonce[32],
                const uint8_t exporter[ASSAY_EXPORTER_BYTES], uint8_t out[64],
                struct assay_error *err)
{
    const struct assay_slice parts[] = {
        {nonce, V2_NONCE},
        {exporter, ASSAY_EXPORTER_BYTES},
    };

    return assay_digest(ctx, ASSAY_SHA512, parts, 2, out, err);
}

enum assay_code
assay_wire_bind_client(const struct assay_ctx *ctx,
                       const uint8_t nonce[ASSAY_CLIENT_NONCE_BYTES],
                       const uint8_t exporter[ASSAY_EXPORTER_BYTES],
                       uint8_t out[64], struct assay_error *err)
{
    static const uint8_t domain[] = "assay-client-v1"; /* and its NUL */
    const struct assay_slice parts[] = {
        {domain, sizeof(domain)},
        {nonce, ASSAY_CLIENT_NONCE_BYTES},
        {exporter, ASSAY_EXPORTER_BYTES},
    };

    return assay_digest(ctx, ASSAY_SHA512, parts, 3, out, err);
}

static enum assay_code
report_v2(const struct assay_ctx *ctx, const uint8_t *nonce,
          const uint8_t exporter[ASSAY_EXPORTER_BYTES], uint8_t out[64],
          struct assay_error *err)
{
    return assay_wire_bind(ctx, nonce, exporter, out, err);
}

/* The client's own octets; only the certificate event ties them to TLS. */
static enum assay_code
report_v1(const struct assay_ctx *ctx, const uint8_t *nonce,
          const uint8_t exporter[ASSAY_EXPORTER_BYTES], uint8_t out[64],
          struct assay_error *err)
{
    (void)ctx;
    (void)exporter;
    memcpy(out, nonce, V1_NONCE);
    return err->code;
}

/* The text of the nonce, 64 digits; tied to TLS as v1 is. */
static enum assay_code
report_v0(const struct assay_ctx *ctx, const uint8_t *nonce,
          const uint8_t exporter[ASSAY_EXPORTER_BYTES], uint8_t out[64],
          struct assay_error *err)
{
    char hex[2 * V0_NONCE + 1];

    (void)ctx;
    (void)exporter;
    assay_hex_to(hex, (struct assay_slice){nonce, V0_NONCE});
    memcpy(out, hex, 2 * (size_t)V0_NONCE);
    return err->code;
}

static const struct assay_wire_rule rules[ASSAY_WIRE_COUNT] = {
    [ASSAY_WIRE_V2] = {ASSAY_WIRE_V2, "nonce_hex", V2_NONCE, NULL, report_v2},
    [ASSAY_WIRE_V1] = {ASSAY_WIRE_V1, "report_data_hex", V1_NONCE, NULL,
                       report_v1},
    [ASSAY_WIRE_V0] = {ASSAY_WIRE_V0, "report_data", V0_NONCE, "localhost",
                       report_v0},
};

const struct assay_wire_rule *
assay_wire_rule(enum assay_wire w)
{
    return &rules[w];
}

void
assay_wire_head(const char *path, const char *host, size_t body_len,
                struct assay_buf *out)
{
    bool ipv6 = strchr(host, ':') != NULL;

    assay_buf_printf(out,
                     "POST %s HTTP/1.1\r\n"
                     "Host: %s%s%s\r\n"
                     "Content-Type: application/json\r\n"
                     "Content-Length: %zu\r\n"
                     "Connection: keep-alive\r\n"
                     "\r\n",
                     path, ipv6 ? "[" : "", host, ipv6 ? "]" : "", body_len);
}

void
assay_wire_request(const struct assay_wire_rule *rule, const char *name,
                   const uint8_t *nonce, bool want_collateral,
                   struct assay_buf *out)
{
    const char *more =
        want_collateral && rule->wire == ASSAY_WIRE_V2 ? WANT_COLLATERAL : "";
    size_t len = strlen(rule->member) + 2 * rule->nonce_len + strlen(more) + 7;

    assay_wire_head(ASSAY_WIRE_PATH, rule->host != NULL ? rule->host : name,
                    len, out);
    assay_buf_printf(out, "{\"%s\":\"", rule->member);
    assay_hex_encode(out, (struct assay_slice){nonce, rule->nonce_len});
    assay_buf_printf(out, "\"%s}", more);
}

/* Exactly the members that are known, of their types. */
static void
read_ask(const struct assay_json *doc, struct assay_wire_ask *out,
         struct assay_error *err)
{
    uint32_t nonce = assay_json_member(doc, ASSAY_JSON_ROOT, "nonce_hex");
    uint32_t want = assay_json_member(doc, ASSAY_JSON_ROOT, "want_collateral");
    bool wants = want != ASSAY_JSON_NONE;

    if (nonce == ASSAY_JSON_NONE ||
        assay_json_count(doc, ASSAY_JSON_ROOT) != (wants ? 2 : 1) ||
        assay_json_type(doc, nonce) != ASSAY_JSON_STRING ||
        (wants && assay_json_type(doc, want) != ASSAY_JSON_TRUE &&
         assay_json_type(doc, want) != ASSAY_JSON_FALSE)) {
        assay_fail(err, ASSAY_MALFORMED, 0,
                   "quote request: must be an object with nonce_hex, perhaps "
                   "want_collateral, and nothing else");
    } else if (assay_hex_decode(assay_json_string(doc, nonce), out->nonce,
                                V2_NONCE, "quote request: nonce_hex",
                                err) != ASSAY_OK) {
        err->code = ASSAY_MALFORMED; /* also where only the length is wrong */
    } else {
        out->want_collateral =
            wants && assay_json_type(doc, want) == ASSAY_JSON_TRUE;
    }
}

enum assay_code
assay_wire_ask_parse(struct assay_slice body, struct assay_wire_ask *out,
                     struct assay_error *err)
{
    static const struct assay_json_limits limits = {
        .max_bytes = ASSAY_WIRE_REQUEST_MAX_BYTES,
        .max_depth = 1,
        .max_nodes = 8,
    };
    struct assay_json *doc = NULL;

    *out = (struct assay_wire_ask){{0}, false};
    if (assay_json_parse(body, &limits, "quote request", &doc, err) ==
        ASSAY_OK) {
        read_ask(doc, out, err);
    }
    assay_json_free(doc);
    return err->code;
}
