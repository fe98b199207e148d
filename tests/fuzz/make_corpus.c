/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * make_corpus.c - writes the seeds of the fuzz targets from minted worlds.
 * They are kept in the repository (tests/fuzz/corpus); run this again when a
 * format or mint/ changes: fuzz_corpus tests/fuzz/corpus
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "assay/evidence.h"
#include "base/bytes.h"
#include "base/text.h"
#include "collateral/parts.h"
#include "harness/eventlog.h"
#include "harness/gather.h"
#include "harness/world.h"
#include "pki/cert.h"

static const char *folder;

static void
save(const char *target, const char *name, struct assay_slice s)
{
    char path[4096];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, target);
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    (void)snprintf(path, sizeof(path), "%s/%s/%s", folder, target, name);
    f = fopen(path, "wb");
    if (f == NULL || fwrite(s.ptr, 1, s.len, f) != s.len || fclose(f) != 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

/* A seed of fuzz_verify: its two leading bytes and the rest. */
static void
save_verify(const char *name, uint8_t what, uint8_t how, struct assay_slice s)
{
    struct assay_buf b;

    assay_buf_init(&b, MINT_QUOTE_MAX);
    assay_buf_add_u8(&b, what);
    assay_buf_add_u8(&b, how);
    assay_buf_add(&b, s);
    save("verify", name, assay_buf_slice(&b));
    assay_buf_free(&b);
}

static struct mint_world *
new_world(const struct mint_options *o)
{
    struct mint_world *w = NULL;
    struct assay_error err;

    evidence_need(mint_world_new(o, &w, &err) == ASSAY_OK, &err);
    return w;
}

static void
save_quote(const char *name, struct mint_options o)
{
    struct mint_world *w;
    struct assay_buf b;
    struct assay_error err;

    o.seed = MINT_TEST_SEED;
    w = new_world(&o);
    assay_buf_init(&b, MINT_QUOTE_MAX);
    evidence_need(mint_world_quote(w, &b, &err) == ASSAY_OK, &err);
    save("quote", name, assay_buf_slice(&b));
    assay_buf_free(&b);
    mint_world_free(w);
}

static void
save_quotes(void)
{
    save_quote("v3", (struct mint_options){.quote.version = 3});
    save_quote("v4_tdx", (struct mint_options){.quote.version = 4});
    save_quote("v4_sgx",
               (struct mint_options){.quote = {.version = 4, .body_type = 1}});
    save_quote("v5_sgx",
               (struct mint_options){.quote = {.version = 5, .body_type = 1}});
    save_quote("v5_td10",
               (struct mint_options){.quote = {.version = 5, .body_type = 2}});
    save_quote("v5_td15", (struct mint_options){.quote.version = 5});
    save_quote("v5_td15ex",
               (struct mint_options){.quote = {.version = 5, .body_type = 4}});
    for (int32_t type = 1; type <= 4; type++) {
        char name[32];

        (void)snprintf(name, sizeof(name), "cert_type_%d", (int)type);
        save_quote(name, (struct mint_options){
                             .quote = {.version = 4, .cert_type = type}});
    }
    save_quote("slack", (struct mint_options){.quote = {
                                                  .version = 4,
                                                  .cert_type = 1,
                                                  .slack_in_signature = 5,
                                                  .trailing = 7,
                                              }});
}

static void
save_certs(const struct mint_world *w)
{
    static const struct {
        const char *name;
        enum mint_cert_id id;
    } rows[] = {{"root", MINT_CERT_ROOT},
                {"ca", MINT_CERT_CA},
                {"tcb_signer", MINT_CERT_TCB_SIGNER},
                {"pck", MINT_CERT_PCK}};
    struct assay_cert cert;
    struct assay_error err;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        save("der_cert", rows[i].name, mint_world_cert_der(w, rows[i].id));
    }
    evidence_need(assay_cert_parse(mint_world_cert_der(w, MINT_CERT_PCK), &cert,
                                   &err) == ASSAY_OK,
                  &err);
    save("sgx_extension",
         mint_world_options((struct mint_world *)(uintptr_t)w)->processor_ca
             ? "processor"
             : "platform",
         cert.sgx_extension);
}

/* One certificate of each kind of chain that there is in collateral. */
static void
save_documents(const char *name, const struct mint_world *w)
{
    struct assay_collateral_parts p = mint_world_collateral_parts(w);
    struct assay_buf bundle;
    struct assay_error err;

    save("tcb_info", name, p.tcb_info);
    save("qe_identity", name, p.qe_identity);
    assay_buf_init(&bundle, MINT_TEXT_MAX);
    evidence_need(mint_world_bundle(w, &bundle, &err) == ASSAY_OK, &err);
    save("bundle", name, assay_buf_slice(&bundle));
    assay_buf_free(&bundle);
}

/* The four answers of a source, as fuzz_gather reads them. */
static void
save_answers(const char *name, const struct mint_world *w)
{
    static const char *const asked[] = {"/tcb?", "/qe/identity", "/pckcrl",
                                        "/rootcacrl"};
    const struct assay_collateral_parts p = mint_world_collateral_parts(w);
    struct assay_buf all;
    struct assay_error err;

    assay_buf_init(&all, MINT_TEXT_MAX);
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        struct gather_answer a = gather_answer_of(&p, asked[i]);

        assay_buf_add(&all, assay_buf_slice(&a.headers));
        assay_buf_add_text(&all, "\n\n");
        assay_buf_add(&all, a.body);
        assay_buf_add_text(&all, "\n--\n");
        assay_buf_free(&a.headers);
    }
    assay_error_clear(&err);
    evidence_need(assay_buf_check(&all, "answers", &err) == ASSAY_OK, &err);
    save("gather", name, assay_buf_slice(&all));
    assay_buf_free(&all);
}

static void
save_crls(const char *name, const struct mint_world *w)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "%s_root", name);
    save("crl", path, mint_world_root_crl_der(w));
    (void)snprintf(path, sizeof(path), "%s_pck", name);
    save("crl", path, mint_world_pck_crl_der(w));
}

static void
save_world(const char *name, struct mint_options o)
{
    struct mint_world *w;

    o.seed = MINT_TEST_SEED;
    w = new_world(&o);
    save_documents(name, w);
    save_answers(name, w);
    save_crls(name, w);
    save_certs(w);
    save("chain", name, mint_world_collateral_parts(w).pck_crl_issuer_chain);
    if (mint_world_collateral_parts(w).pck_certificate_chain.len > 0) {
        save("chain", "pck",
             mint_world_collateral_parts(w).pck_certificate_chain);
        save("chain", "root", mint_world_root_pem(w));
    }
    mint_world_free(w);
}

/* Seeds of fuzz_verify: each thing as it is, and a patch of each. */
static void
save_verify_seeds(void)
{
    static const uint8_t patch[] = {0x40, 0x00, 0x01};
    struct assay_slice p = ASSAY_SLICE(patch);

    for (uint8_t kind = 0; kind < EVIDENCE_KINDS; kind++) {
        struct mint_options o = evidence_options((enum evidence_kind)kind);
        struct mint_world *w = new_world(&o);
        struct assay_collateral_parts parts = mint_world_collateral_parts(w);
        struct assay_buf quote;
        struct assay_error err;
        char name[64];

        assay_buf_init(&quote, MINT_QUOTE_MAX);
        evidence_need(mint_world_quote(w, &quote, &err) == ASSAY_OK, &err);
        (void)snprintf(name, sizeof(name), "quote_%d", kind);
        save_verify(name, 0xff, kind, assay_buf_slice(&quote));
        (void)snprintf(name, sizeof(name), "quote_%d_patch", kind);
        save_verify(name, 0xff, (uint8_t)(kind | 0xc0), p);
        for (uint8_t i = 0; i < 7; i++) {
            struct assay_slice part = *assay_part(&parts, i);

            (void)snprintf(name, sizeof(name), "%s_%d_patch",
                           assay_part_rows[i].name, kind);
            save_verify(name, i, (uint8_t)(kind | 0xc0), p);
            if (kind == 1 && part.len > 0) {
                (void)snprintf(name, sizeof(name), "%s_%d",
                               assay_part_rows[i].name, kind);
                save_verify(name, i, kind, part);
            }
        }
        assay_buf_free(&quote);
        mint_world_free(w);
    }
}

/* Seeds of fuzz_verify_log: flags, length of the log, log, the rest. */
static void
save_verify_logs(void)
{
    static const struct {
        const char *name;
        uint8_t flags;
        const char *log; /* a patch; NULL: the good log as text */
        const char *rest;
    } rows[] = {
        {"good", 0x10, NULL, ""},
        {"tdx", 0x12, NULL, ""},
        {"object", 0x11, NULL, "{\"name\":\"x\"}"},
        {"kind_3", 0x70, NULL,
         "{\"mr_config\":\"{\\\"compose_hash\\\":\\\"00\\\"}\"}"},
        {"no_log", 0x06, "", ""},
        {"disabled", 0x88, "\x40\x01\x01", ""},
        {"patched", 0x90, "\x20\x02\x01", ""},
    };
    struct assay_ctx *ctx = NULL;
    struct assay_error err;
    struct log_made log;

    evidence_need(assay_ctx_new(&ctx, &err) == ASSAY_OK, &err);
    log_make(ctx, log_small_app, &log);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct assay_slice text = rows[i].log != NULL
                                      ? assay_slice_of(rows[i].log)
                                      : assay_buf_slice(&log.json);
        struct assay_buf b;

        assay_buf_init(&b, MINT_QUOTE_MAX);
        assay_buf_add_u8(&b, rows[i].flags);
        assay_buf_add_le16(&b, (uint16_t)text.len);
        assay_buf_add(&b, text);
        assay_buf_add_text(&b, rows[i].rest);
        save("verify_log", rows[i].name, assay_buf_slice(&b));
        assay_buf_free(&b);
    }
    log_free(&log);
    assay_ctx_free(ctx);
}

static void
save_policies(void)
{
#define X8  "00112233445566ff"
#define X32 X8 X8 X8 X8
#define X48 X32 X8 X8
    static const struct {
        const char *name;
        const char *text;
    } rows[] = {
        {"smallest", "{\"type\":\"tdx\",\"partial\":true}"},
        {"sgx", "{\"type\":\"sgx\",\"mrenclave\":\"" X32
                "\",\"mrsigner\":[\"" X32 "\",\"" X32
                "\"],\"isvprodid\":1,\"min_isvsvn\":3,\"allow_debug\":false}"},
        {"statuses",
         "{\"type\":\"tdx\",\"partial\":true,\"allowed_tcb_status\":"
         "[\"UpToDate\",\"SWHardeningNeeded\",\"OutOfDate\",\"Revoked\","
         "\"TDRelaunchAdvised\"],\"grace_period\":86400,"
         "\"min_tcb_evaluation_data_number\":17,"
         "\"min_tcb_date\":\"2024-03-13T00:00:00Z\","
         "\"denied_advisories\":[\"INTEL-SA-00615\"],"
         "\"accepted_advisories\":[\"INTEL-SA-00828\"],"
         "\"max_collateral_age_secs\":3600,\"collateral_grace_secs\":60}"},
        {"sources", "{\"type\":\"tdx\",\"partial\":true,"
                    "\"pccs_url\":[\"https://pccs.example:8081\",\"\"],"
                    "\"cache_collateral\":false,\"trusted_root\":\"root.pem\","
                    "\"ca_file\":\"ca.pem\"}"},
        {"registers",
         "{\"type\":\"tdx\",\"mrtd\":\"" X48 "\",\"rtmr0\":[\"" X48
         "\"],\"rtmr1\":\"" X48 "\",\"rtmr2\":\"" X48 "\",\"rtmr3\":\"" X48
         "\",\"mr_seam\":\"" X48 "\",\"mr_config_id\":\"" X48
         "\",\"mr_owner\":\"" X48 "\",\"mr_owner_config\":\"" X48
         "\",\"allow_service_td\":true,\"require_sept_ve_disable\":false,"
         "\"td_attributes\":{\"mask\":\"ffffffffffffffff\",\"value\":"
         "\"0000001000000000\"},\"xfam\":{\"mask\":\"" X8
         "\",\"value\":\"0000000000000000\"},\"min_tdx_tcb\":{"
         "\"tee_tcb_svn\":\"06010300000000000000000000000000\","
         "\"tcb_evaluation_data_number\":17,\"tcb_date\":"
         "\"2024-03-13T00:00:00Z\"}}"},
        {"dstack",
         "{\"type\":\"dstack_tdx\",\"expected_bootchain\":{\"mrtd\":\"" X48
         "\",\"rtmr0\":\"" X48 "\",\"rtmr1\":[\"" X48 "\"],\"rtmr2\":\"" X48
         "\"},\"os_image_hash\":\"" X32 "\",\"app_compose\":{ \"name\": \"x\","
         "\"features\":[1.5, null]},\"compose_hash\":[\"" X32
         "\"],\"compose_file\":\"app.json\",\"expected_rtmr3\":\"" X48
         "\",\"accept_self_signed_certs\":true}"},
        {"session",
         "{\"type\":\"dstack_tdx\",\"disable_runtime_verification\":true,"
         "\"wires\":[\"v2\",\"v0\"],\"certificate_event\":\"required\","
         "\"reattestation_interval_secs\":0,\"staple\":true,\"tee_type\":"
         "\"Tdx\",\"min_tdx_tcb\":{\"legacy_prefix_match\":true,\"mrseam\":"
         "\"0a\",\"mrtmrs\":[\"0b0c\",\"0d0e\"]}}"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct assay_policy *p = NULL;
        struct assay_error err;

        evidence_need(assay_policy_parse(assay_slice_of(rows[i].text), &p,
                                         &err) == ASSAY_OK,
                      &err);
        assay_policy_free(p);
        save("policy", rows[i].name, assay_slice_of(rows[i].text));
    }
}

/* A bundle in which all belongs together. */
static void
save_bundle(const struct assay_ctx *ctx, const char *name,
            const struct log_made *log, struct assay_slice app_compose)
{
    struct assay_evidence_view v = {
        .app_compose = app_compose,
        .vm_config = assay_slice_of("{\"cpu_count\":2}"),
        .nonce_len = 32,
        .server_name = "tee.example.com",
        .time_s = MINT_NOW_S,
        .policy = assay_slice_of("{\"type\":\"tdx\",\"partial\":true,"
                                 "\"accept_self_signed_certs\":false}"),
        .trusted = true,
        .summary = assay_slice_of("as it was"),
    };
    const struct assay_slice bound[] = {{v.nonce, 32}, ASSAY_SLICE(v.exporter)};
    struct mint_options o = {.seed = MINT_TEST_SEED, .quote.version = 4};
    struct assay_eventlog *events = NULL;
    struct assay_quote *quote = NULL;
    struct evidence e;
    struct assay_buf text;
    struct assay_error err;
    uint8_t digest[64];
    char hex[129];

    for (size_t i = 0; i < 32; i++) {
        v.nonce[i] = (uint8_t)i;
        v.exporter[i] = (uint8_t)(32 + i);
    }
    assay_error_clear(&err);
    evidence_need(assay_digest(ctx, ASSAY_SHA512, bound, 2, digest, &err) ==
                      ASSAY_OK,
                  &err);
    assay_hex_to(hex, ASSAY_SLICE(digest));
    o.quote.td.report_data = hex;
    for (size_t i = 0; log != NULL && i < 4; i++) {
        o.quote.td.rtmr[i] = log->rtmr_hex[i];
    }
    evidence_make(&e, ctx, &o);
    evidence_need(assay_quote_parse(assay_buf_slice(&e.quote), &quote, &err) ==
                      ASSAY_OK,
                  &err);
    if (log != NULL) {
        evidence_need(assay_eventlog_parse(assay_buf_slice(&log->json), &events,
                                           &err) == ASSAY_OK,
                      &err);
    }
    v.quote = quote;
    v.event_log = events;
    v.collateral = e.collateral;
    v.certificate = mint_world_cert_der(e.world, MINT_CERT_PCK);
    assay_root_sha256(e.root, v.root_sha256);
    assay_buf_init(&text, ASSAY_EVIDENCE_MAX_BYTES);
    evidence_need(assay_evidence_write(&v, &text, &err) == ASSAY_OK, &err);
    save("evidence", name, assay_buf_slice(&text));
    assay_buf_free(&text);
    assay_quote_free(quote);
    assay_eventlog_free(events);
    evidence_free(&e);
}

static void
save_bundles(void)
{
    struct assay_ctx *ctx = NULL;
    struct assay_error err;
    struct log_made log;

    evidence_need(assay_ctx_new(&ctx, &err) == ASSAY_OK, &err);
    log_make(ctx, log_small_app, &log);
    save_bundle(ctx, "app", &log, assay_slice_of("{\"name\":\"x\"}"));
    save_bundle(ctx, "quote_alone", NULL, ASSAY_EMPTY);
    log_free(&log);
    assay_ctx_free(ctx);
}

int
main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 64;
    }
    folder = argv[1];
    save_quotes();
    save_world("tdx", (struct mint_options){.quote.version = 4});
    save_world("sgx", (struct mint_options){.processor_ca = true,
                                            .chain_in_collateral = MINT_YES,
                                            .quote.version = 3,
                                            .root_crl.revoke =
                                                MINT_REVOKE(MINT_CERT_CA),
                                            .pck_crl.fill = 3});
    save_world("v2", (struct mint_options){.quote.version = 3,
                                           .tcb_info.version = 2,
                                           .pck_crl.omit = MINT_CRL_REASON,
                                           .pck_crl.fill = 1});
    save_verify_seeds();
    save_verify_logs();
    save_policies();
    save_bundles();
    return EXIT_SUCCESS;
}
