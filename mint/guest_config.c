/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * guest_config.c - who the guest is, before anything is measured.
 */
#include "base/buf.h"
#include "base/bytes.h"
#include "base/json.h"
#include "base/json_out.h"
#include "base/text.h"
#include "crypto/keccak.h"
#include "mint/guest_state.h"

static const char default_compose[] =
    "{\n"
    "    \"manifest_version\": 2,\n"
    "    \"name\": \"assay-sim\",\n"
    "    \"runner\": \"docker-compose\",\n"
    "    \"docker_compose_file\": \"services:\\n  app:\\n    image: "
    "registry.example/app@sha256:"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\\n\",\n"
    "    \"kms_enabled\": true,\n"
    "    \"gateway_enabled\": false,\n"
    "    \"local_key_provider_enabled\": false,\n"
    "    \"public_logs\": true,\n"
    "    \"public_sysinfo\": true,\n"
    "    \"allowed_envs\": [],\n"
    "    \"no_instance_id\": false,\n"
    "    \"secure_time\": false\n"
    "}\n";

const char *
mint_provider_name(enum mint_key_provider p)
{
    static const char *const names[MINT_PROVIDER_COUNT] = {
        [MINT_PROVIDER_KMS] = "kms",
        [MINT_PROVIDER_LOCAL_SGX] = "local-sgx",
        [MINT_PROVIDER_NONE] = "none",
        [MINT_PROVIDER_TPM] = "tpm",
    };

    return names[p];
}

/* --- MRCONFIGID: its kind, 32 octets, 15 zero octets ---------------------- */

static struct assay_slice
provider_id(const struct mint_guest *g)
{
    return g->provider == MINT_PROVIDER_NONE ? ASSAY_EMPTY
                                             : ASSAY_SLICE(g->provider_id);
}

/* Kind 2: Keccak-256 over the app's identity and where its keys come from. */
static void
hash_identity(struct mint_guest *g, uint8_t out[ASSAY_KECCAK256_BYTES])
{
    static const uint8_t octets[MINT_PROVIDER_COUNT] = {
        [MINT_PROVIDER_NONE] = 0,
        [MINT_PROVIDER_LOCAL_SGX] = 1,
        [MINT_PROVIDER_KMS] = 2,
        [MINT_PROVIDER_TPM] = 3,
    };
    const struct assay_slice parts[] = {
        ASSAY_SLICE(g->facts.compose_hash),
        ASSAY_SLICE(g->facts.app_id),
        {&octets[g->provider], 1},
        provider_id(g),
    };

    assay_keccak256(parts, sizeof(parts) / sizeof(parts[0]), out);
}

/* Kind 3: SHA-256 over a document; members sorted and compact (RFC 8785). */
static enum assay_code
hash_document(struct mint_guest *g, uint8_t out[ASSAY_SHA256_BYTES],
              struct assay_error *err)
{
    static const uint8_t tag[] = "dstack-mr-config-v3:"; /* with its NUL */
    struct assay_slice parts[2] = {ASSAY_SLICE(tag)};
    struct assay_json_out j;
    enum assay_code code;

    assay_json_out_init(&j, &g->config_document, true);
    assay_json_out_open(&j, NULL, '{');
    assay_json_out_hex(&j, "app_id", ASSAY_SLICE(g->facts.app_id));
    assay_json_out_hex(&j, "compose_hash", ASSAY_SLICE(g->facts.compose_hash));
    if (g->facts.has_instance_id) {
        assay_json_out_hex(&j, "instance_id",
                           ASSAY_SLICE(g->facts.instance_id));
    }
    assay_json_out_text(&j, "key_provider", mint_provider_name(g->provider));
    if (g->provider != MINT_PROVIDER_NONE) {
        assay_json_out_hex(&j, "key_provider_id", provider_id(g));
    }
    assay_json_out_i64(&j, "version", 3);
    assay_json_out_close(&j, '}');
    code = assay_buf_check(&g->config_document, "mint: mr_config", err);
    parts[1] = assay_buf_slice(&g->config_document);
    return code == ASSAY_OK
               ? assay_digest(g->ctx, ASSAY_SHA256, parts, 2, out, err)
               : code;
}

static enum assay_code
configure(struct mint_guest *g, int32_t kind, struct assay_error *err)
{
    uint8_t *to = g->facts.config_id;

    to[0] = (uint8_t)(kind == MINT_ZERO ? 0 : kind == 0 ? 1 : kind);
    switch (to[0]) {
    case 0:
        return ASSAY_OK;
    case 1:
        memcpy(to + 1, g->facts.compose_hash, ASSAY_SHA256_BYTES);
        return ASSAY_OK;
    case 2:
        hash_identity(g, to + 1);
        return ASSAY_OK;
    case 3:
        return hash_document(g, to + 1, err);
    default:
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "mint: no MRCONFIGID of kind %d", (int)kind);
    }
}

/* --- identity ----------------------------------------------------------- */

static enum assay_code
read_compose(struct mint_guest *g, const struct mint_guest_options *o,
             struct assay_error *err)
{
    static const struct assay_json_limits limits = {ASSAY_COMPOSE_MAX_BYTES, 64,
                                                    65536};
    struct assay_slice text = assay_buf_slice(&g->app_compose);
    struct assay_json *j = NULL;
    struct assay_slice name;
    uint64_t version = 0;

    if (assay_json_parse(text, &limits, "app_compose", &j, err) != ASSAY_OK) {
        return err->code;
    }
    if (assay_json_type(j, ASSAY_JSON_ROOT) != ASSAY_JSON_OBJECT) {
        (void)assay_fail(err, ASSAY_INVALID, 0,
                         "app_compose: must be a JSON object");
    }
    name = assay_json_string(j, assay_json_member(j, ASSAY_JSON_ROOT, "name"));
    name.len = name.len > MINT_APP_NAME_MAX ? MINT_APP_NAME_MAX : name.len;
    assay_copy(g->facts.app_name, name);
    g->facts.has_instance_id =
        assay_json_type(
            j, assay_json_member(j, ASSAY_JSON_ROOT, "no_instance_id")) !=
        ASSAY_JSON_TRUE;
    (void)assay_json_u64(
        j, assay_json_member(j, ASSAY_JSON_ROOT, "event_log_version"),
        &version);
    g->log_version = o->log_version != 0 ? (uint32_t)o->log_version
                     : version == 2      ? 2
                                         : 1;
    assay_json_free(j);
    return err->code;
}

static enum assay_code
take_compose(struct mint_guest *g, const struct mint_guest_options *o,
             struct assay_error *err)
{
    enum assay_code code;

    assay_buf_add(&g->app_compose, o->app_compose.len > 0
                                       ? o->app_compose
                                       : assay_slice_of(default_compose));
    g->facts.app_compose = assay_buf_slice(&g->app_compose);
    code = mint_check(&g->app_compose, "app_compose", err);
    if (code == ASSAY_OK) {
        code = read_compose(g, o, err);
    }
    if (code == ASSAY_OK && g->log_version != 1 && g->log_version != 2) {
        code = assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "mint: events are of version 1 or 2");
    }
    return code;
}

/* {"name":"kms","id":"hex"}, the payload of key-provider. */
static enum assay_code
describe_provider(struct mint_guest *g, struct assay_error *err)
{
    struct assay_slice id = ASSAY_SLICE(g->provider_id);
    struct assay_buf *b = &g->provider_text;

    assay_buf_printf(b, "{\"name\":\"%s\",\"id\":\"",
                     mint_provider_name(g->provider));
    if (g->provider != MINT_PROVIDER_NONE) {
        assay_hex_encode(b, id);
    }
    assay_buf_add_text(b, "\"}");
    g->facts.key_provider = assay_buf_slice(b);
    return assay_buf_check(b, "mint: key provider", err);
}

static enum assay_code
hash_text(const struct mint_guest *g, const char *a, const char *b,
          uint8_t out[ASSAY_SHA256_BYTES], struct assay_error *err)
{
    const struct assay_slice parts[] = {assay_slice_of(a), assay_slice_of(b)};

    return assay_digest(g->ctx, ASSAY_SHA256, parts, 2, out, err);
}

static enum assay_code
name_image(struct mint_guest *g, const struct mint_guest_options *o,
           const char *image, struct assay_error *err)
{
    struct mint_guest_facts *f = &g->facts;

    f->has_os_image_hash =
        o->os_image_hash == NULL || o->os_image_hash[0] != '\0';
    f->has_os_image_event =
        f->has_os_image_hash && g->provider == MINT_PROVIDER_KMS;
    if (o->os_image_hash == NULL) {
        return hash_text(g, "assay-sim image ", image, f->os_image_hash, err);
    }
    if (f->has_os_image_hash) {
        mint_put_hex(f->os_image_hash, sizeof(f->os_image_hash),
                     o->os_image_hash, "os_image_hash", err);
    }
    return err->code;
}

enum assay_code
mint_guest_identify(struct mint_guest *g, const struct mint_guest_options *o,
                    const char *image, struct assay_error *err)
{
    struct mint_guest_facts *f = &g->facts;
    uint8_t secret[32];
    enum assay_code code = take_compose(g, o, err);

    if (code == ASSAY_OK) {
        code = assay_sha256(g->ctx, f->app_compose, f->compose_hash, err);
    }
    if (code == ASSAY_OK) {
        memcpy(f->app_id, f->compose_hash, sizeof(f->app_id));
        code = mint_guest_secret(g, "instance", NULL, 0, secret, err);
    }
    if (code == ASSAY_OK) {
        memcpy(f->instance_id, secret, sizeof(f->instance_id));
        code = hash_text(g, "assay-sim key provider ",
                         mint_provider_name(g->provider), g->provider_id, err);
    }
    if (code == ASSAY_OK) {
        code = hash_text(g, "assay-sim device", "", f->device_id, err);
    }
    if (code == ASSAY_OK) {
        code = describe_provider(g, err);
    }
    if (code == ASSAY_OK) {
        code = name_image(g, o, image, err);
    }
    return code == ASSAY_OK ? configure(g, o->config_id, err) : code;
}
