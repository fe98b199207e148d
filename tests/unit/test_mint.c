/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_mint.c - worlds, signed documents and quotes of mint/. Layouts are
 * read here by hand and signatures checked by OpenSSL, so that writer and
 * library cannot be wrong together.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/text.h"
#include "mint/world.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct mint_world *
new_world(const struct mint_options *changes)
{
    struct mint_options o = {.seed = NULL};
    struct mint_world *w = NULL;
    struct assay_error err;

    if (changes != NULL) {
        o = *changes;
    }
    o.seed = o.seed != NULL ? o.seed : MINT_TEST_SEED;
    if (mint_world_new(&o, &w, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    return w;
}

static struct assay_buf
new_quote(const struct mint_world *w)
{
    struct assay_buf b;
    struct assay_error err;

    assay_buf_init(&b, MINT_QUOTE_MAX);
    if (mint_world_quote(w, &b, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    return b;
}

static bool
starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* ECDSA by OpenSSL's own route: public key from bytes, signature from r||s. */
static bool
signature_good(const uint8_t *xy, struct assay_slice message,
               const uint8_t *sig)
{
    uint8_t point[65] = {0x04};
    char group[] = "prime256v1";
    OSSL_PARAM params[] = {
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 10),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
        OSSL_PARAM_END,
    };
    EVP_PKEY_CTX *pctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    EVP_PKEY *key = NULL;
    struct assay_buf der;
    int good = 0;

    memcpy(point + 1, xy, 64);
    assay_buf_init(&der, 128);
    mint_der_signature(&der, sig);
    if (EVP_PKEY_fromdata_init(pctx) == 1 &&
        EVP_PKEY_fromdata(pctx, &key, EVP_PKEY_PUBLIC_KEY, params) == 1 &&
        EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, key) == 1) {
        good = EVP_DigestVerify(md, der.ptr, der.len, message.ptr, message.len);
    }
    assay_buf_free(&der);
    EVP_PKEY_free(key);
    EVP_MD_CTX_free(md);
    EVP_PKEY_CTX_free(pctx);
    return good == 1;
}

static uint32_t
le(const struct assay_buf *b, size_t at, size_t n)
{
    uint32_t v = 0;

    assert_true(at + n <= b->len);
    for (size_t i = n; i-- > 0;) {
        v = v << 8 | b->ptr[at + i];
    }
    return v;
}

/* Where the parts of a quote are. */
struct layout {
    size_t body_end; /* also the end of what is signed */
    size_t section_end;
    size_t key;
    size_t qe; /* QE report */
    size_t auth_len;
    size_t cert; /* certification data */
    size_t cert_len;
    uint32_t cert_type;
};

static struct layout
read_layout(const struct assay_buf *q, int32_t version, size_t body_len)
{
    struct layout l = {.body_end = (version >= 5 ? 54 : 48) + body_len};

    l.section_end = l.body_end + 4 + le(q, l.body_end, 4);
    l.key = l.body_end + 4 + 64;
    l.qe = l.key + 64;
    if (version >= 4) {
        assert_int_equal(le(q, l.qe, 2), 6);
        l.qe += 6;
    }
    l.auth_len = le(q, l.qe + 448, 2);
    l.cert = l.qe + 450 + l.auth_len + 6;
    l.cert_type = le(q, l.cert - 6, 2);
    l.cert_len = le(q, l.cert - 4, 4);
    return l;
}

/* --- quotes ------------------------------------------------------------- */

static const struct {
    const char *name;
    struct mint_options o;
    int32_t version;
    uint32_t tee;
    size_t body_len;
} kind_rows[] = {
    {"v3 SGX", {.quote.version = 3}, 3, 0x00, 384},
    {"v3 SGX, Processor CA",
     {.quote.version = 3, .processor_ca = true},
     3,
     0x00,
     384},
    {"v4 TDX", {.seed = NULL}, 4, 0x81, 584},
    {"v4 SGX", {.quote.body_type = ASSAY_BODY_SGX}, 4, 0x00, 384},
    {"v5 SGX",
     {.quote = {.version = 5, .body_type = ASSAY_BODY_SGX}},
     5,
     0x00,
     384},
    {"v5 TD 1.0",
     {.quote = {.version = 5, .body_type = ASSAY_BODY_TD10}},
     5,
     0x81,
     584},
    {"v5 TD 1.5", {.quote.version = 5}, 5, 0x81, 648},
    {"v5 TD 1.5 extended",
     {.quote = {.version = 5, .body_type = ASSAY_BODY_TD15EX}},
     5,
     0x81,
     885},
};

/* All four links: quote, QE report, key binding, PCK key. */
static void
check_signatures(const struct mint_world *w, const struct assay_buf *q,
                 const struct layout *l)
{
    const uint8_t *key = q->ptr + l->key;
    uint8_t hash[32];
    struct assay_buf bound;

    assert_true(signature_good(key, (struct assay_slice){q->ptr, l->body_end},
                               key - 64));
    assert_true(signature_good(mint_key_public(mint_world_key(w, MINT_KEY_PCK)),
                               (struct assay_slice){q->ptr + l->qe, 384},
                               q->ptr + l->qe + 384));
    assay_buf_init(&bound, MINT_QUOTE_MAX);
    assay_buf_add(&bound, (struct assay_slice){key, 64});
    assay_buf_add(&bound,
                  (struct assay_slice){q->ptr + l->qe + 450, l->auth_len});
    assert_int_equal(
        EVP_Q_digest(NULL, "SHA256", NULL, bound.ptr, bound.len, hash, NULL),
        1);
    assert_memory_equal(q->ptr + l->qe + 320, hash, 32);
    assay_buf_free(&bound);
}

static void
test_quote_kinds(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(kind_rows); i++) {
        struct mint_world *w = new_world(&kind_rows[i].o);
        struct assay_buf q = new_quote(w);
        struct layout l =
            read_layout(&q, kind_rows[i].version, kind_rows[i].body_len);

        print_message("  %s\n", kind_rows[i].name);
        assert_int_equal(le(&q, 0, 2), kind_rows[i].version);
        assert_int_equal(le(&q, 2, 2), 2);
        assert_int_equal(le(&q, 4, 4), kind_rows[i].tee);
        if (kind_rows[i].version == 5) {
            assert_int_equal(le(&q, 50, 4), kind_rows[i].body_len);
        }
        assert_int_equal(l.section_end, q.len);
        assert_int_equal(l.cert_type, 5);
        assert_int_equal(l.cert + l.cert_len, q.len);
        assert_int_equal(q.ptr[q.len - 1], 0);
        assert_memory_equal(q.ptr + l.cert, "-----BEGIN", 10);
        check_signatures(w, &q, &l);
        assay_buf_free(&q);
        mint_world_free(w);
    }
}

/* Each field of the 885 octets stands where the format has it: the quote with
 * one field set to ee differs from the usual one there and nowhere else. */
static void
test_td_fields(void **state)
{
#define EE8  "eeeeeeeeeeeeeeee"
#define EE16 EE8 EE8
#define EE48 EE16 EE16 EE16
#define ROW(at, len, field, value)                                             \
    {                                                                          \
        at, len,                                                               \
        {                                                                      \
            .quote = {                                                         \
                .version = 5,                                                  \
                .body_type = ASSAY_BODY_TD15EX,                                \
                .td.field = (value)                                            \
            }                                                                  \
        }                                                                      \
    }
    static const struct {
        size_t at;
        size_t len;
        struct mint_options o;
    } rows[] = {
        ROW(16, 48, mr_seam, EE48),
        ROW(64, 48, mr_signer_seam, EE48),
        ROW(112, 8, seam_attributes, EE8),
        ROW(120, 8, td_attributes, UINT64_C(0xeeeeeeeeeeeeeeee)),
        ROW(128, 8, xfam, UINT64_C(0xeeeeeeeeeeeeeeee)),
        ROW(136, 48, mr_td, EE48),
        ROW(184, 48, mr_config_id, EE48),
        ROW(232, 48, mr_owner, EE48),
        ROW(280, 48, mr_owner_config, EE48),
        ROW(328, 48, rtmr[0], EE48),
        ROW(376, 48, rtmr[1], EE48),
        ROW(424, 48, rtmr[2], EE48),
        ROW(472, 48, rtmr[3], EE48),
        ROW(520, 64, report_data, EE48 EE16),
        ROW(584, 16, tee_tcb_svn2, EE16),
        ROW(600, 48, mr_service_td, EE48),
        ROW(648, 1, vm_id, "ee"),
        ROW(649, 32, td_id, EE16 EE16),
        ROW(681, 48, dev_info, EE48),
        ROW(729, 48, init_servtd_hash, EE48),
        ROW(777, 8, init_servtd_attr, EE8),
        ROW(785, 16, init_cpusvn, EE16),
        ROW(801, 16, init_tee_tcb_svn, EE16),
        ROW(817, 12, init_tee_fmspc, EE8 "eeeeeeee"),
        ROW(829, 48, cur_servtd_hash, EE48),
        ROW(877, 8, cur_servtd_attr, EE8),
    };
    const struct mint_options usual = {
        .quote = {.version = 5, .body_type = ASSAY_BODY_TD15EX}};
    struct mint_world *w = new_world(&usual);
    struct assay_buf q = new_quote(w);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mint_world *other_w = new_world(&rows[i].o);
        struct assay_buf other = new_quote(other_w);

        for (size_t k = 0; k < 54 + 885; k++) {
            bool inside =
                k >= 54 + rows[i].at && k < 54 + rows[i].at + rows[i].len;

            assert_int_equal(other.ptr[k], inside ? 0xee : q.ptr[k]);
        }
        assay_buf_free(&other);
        mint_world_free(other_w);
    }
    assay_buf_free(&q);
    mint_world_free(w);
}

/* The same for the enclave report of a version 3 quote. */
static void
test_sgx_fields(void **state)
{
#define SGX_ROW(at, len, field, value)                                         \
    {                                                                          \
        at, len,                                                               \
        {                                                                      \
            .quote = {.version = 3, .sgx.field = (value) }                     \
        }                                                                      \
    }
    static const struct {
        size_t at;
        size_t len;
        struct mint_options o;
    } rows[] = {
        SGX_ROW(0, 16, cpusvn, EE16),
        SGX_ROW(16, 4, miscselect, 0xeeeeeeee),
        SGX_ROW(32, 16, isvextprodid, EE16),
        SGX_ROW(48, 16, attributes, EE16),
        SGX_ROW(64, 32, mrenclave, EE16 EE16),
        SGX_ROW(128, 32, mrsigner, EE16 EE16),
        SGX_ROW(192, 64, configid, EE48 EE16),
        SGX_ROW(256, 2, isvprodid, 0xeeee),
        SGX_ROW(258, 2, isvsvn, 0xeeee),
        SGX_ROW(260, 2, configsvn, 0xeeee),
        SGX_ROW(304, 16, isvfamilyid, EE16),
        SGX_ROW(320, 64, report_data, EE48 EE16),
    };
    const struct mint_options usual = {.quote.version = 3};
    struct mint_world *w = new_world(&usual);
    struct assay_buf q = new_quote(w);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mint_world *other_w = new_world(&rows[i].o);
        struct assay_buf other = new_quote(other_w);

        for (size_t k = 0; k < 48 + 384; k++) {
            bool inside =
                k >= 48 + rows[i].at && k < 48 + rows[i].at + rows[i].len;

            assert_int_equal(other.ptr[k], inside ? 0xee : q.ptr[k]);
        }
        assay_buf_free(&other);
        mint_world_free(other_w);
    }
    assay_buf_free(&q);
    mint_world_free(w);
}

/* Slack and trailing bytes: how much longer, and what sizes say. */
static void
test_slack(void **state)
{
    static const struct {
        const char *name;
        struct mint_options o;
        size_t quote;   /* more bytes in all */
        size_t section; /* more in the signature section's size */
        size_t outer;   /* more in the outer block's size */
        size_t cert;    /* more in the certification data's size */
    } rows[] = {
        {"none", {.seed = NULL}, 0, 0, 0, 0},
        {"trailing", {.quote.trailing = 70}, 70, 0, 0, 0},
        {"in signature", {.quote.slack_in_signature = 9}, 9, 9, 0, 0},
        {"in outer", {.quote.slack_in_outer = 9}, 9, 9, 9, 0},
        {"in cert data", {.quote.slack_in_cert_data = 9}, 9, 9, 9, 9},
        {"longer auth", {.quote.auth_size = 1000}, 968, 968, 968, 0},
        {"section size", {.quote.signature_size_error = 1}, 0, 1, 0, 0},
        {"outer size", {.quote.outer_size_error = 1}, 0, 0, 1, 0},
        {"cert size", {.quote.cert_size_error = 1}, 0, 0, 0, 1},
    };
    struct mint_world *usual = new_world(NULL);
    struct assay_buf base = new_quote(usual);
    struct layout base_l = read_layout(&base, 4, 584);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mint_world *w = new_world(&rows[i].o);
        struct assay_buf q = new_quote(w);
        struct layout l = read_layout(&q, 4, 584);

        print_message("  %s\n", rows[i].name);
        assert_int_equal(q.len - base.len, rows[i].quote);
        assert_int_equal(l.section_end - base_l.section_end, rows[i].section);
        assert_int_equal(le(&q, l.qe - 4, 4) - le(&base, base_l.qe - 4, 4),
                         rows[i].outer);
        assert_int_equal(l.cert_len - base_l.cert_len, rows[i].cert);
        check_signatures(w, &q, &l);
        assay_buf_free(&q);
        mint_world_free(w);
    }
    assay_buf_free(&base);
    mint_world_free(usual);
}

static void
test_cert_types(void **state)
{
    static const struct {
        int32_t type;
        size_t len; /* 0: PEM */
        bool chain_outside;
    } rows[] = {
        {ASSAY_CERT_PPID_CLEAR, 36, true},
        {ASSAY_CERT_PPID_RSA2048, 276, true},
        {ASSAY_CERT_PPID_RSA3072, 404, true},
        {ASSAY_CERT_PCK_LEAF, 0, true},
        {ASSAY_CERT_PCK_CHAIN, 0, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct mint_options o = {
            .quote = {.version = 3, .cert_type = rows[i].type}};
        struct mint_world *w = new_world(&o);
        struct assay_buf q = new_quote(w);
        struct layout l = read_layout(&q, 3, 384);

        assert_int_equal(l.cert_type, rows[i].type);
        if (rows[i].len > 0) {
            assert_int_equal(l.cert_len, rows[i].len);
        }
        assert_int_equal(
            mint_world_collateral_parts(w).pck_certificate_chain.len > 0,
            rows[i].chain_outside);
        assay_buf_free(&q);
        mint_world_free(w);
    }
}

/* Each way to break a link breaks that link alone. */
static void
test_broken_links(void **state)
{
    static const struct {
        const char *name;
        struct mint_options o;
        bool quote_good, qe_good, bound;
    } rows[] = {
        {"nothing", {.seed = NULL}, true, true, true},
        {"quote signature", {.quote.break_signature = true}, false, true, true},
        {"quote signed by a stranger",
         {.quote.signer = MINT_KEY_STRANGER},
         false,
         true,
         true},
        {"another attestation key",
         {.quote.attestation_key = MINT_KEY_STRANGER},
         true,
         true,
         true},
        {"QE signature", {.quote.break_qe_signature = true}, true, false, true},
        {"QE report signed by a stranger",
         {.quote.qe_report_signer = MINT_KEY_STRANGER},
         true,
         false,
         true},
        {"binding", {.quote.break_binding = true}, true, true, false},
        {"bit of the body after signing",
         {.quote.patch = {{100, 0x01}}},
         false,
         true,
         true},
        {"bit of the body before signing",
         {.quote.patch_signed = {{100, 0x01}}},
         true,
         true,
         true},
        {"bit of the QE report before signing",
         {.quote.patch_qe = {{48, 0x02}}},
         true,
         true,
         true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mint_world *w = new_world(&rows[i].o);
        struct assay_buf q = new_quote(w);
        struct layout l = read_layout(&q, 4, 584);
        const uint8_t *key = q.ptr + l.key;
        uint8_t in[64 + 32];
        uint8_t hash[32];

        print_message("  %s\n", rows[i].name);
        assert_int_equal(signature_good(key,
                                        (struct assay_slice){q.ptr, l.body_end},
                                        key - 64),
                         rows[i].quote_good);
        assert_int_equal(
            signature_good(mint_key_public(mint_world_key(w, MINT_KEY_PCK)),
                           (struct assay_slice){q.ptr + l.qe, 384},
                           q.ptr + l.qe + 384),
            rows[i].qe_good);
        assert_int_equal(l.auth_len, 32);
        memcpy(in, key, 64);
        memcpy(in + 64, q.ptr + l.qe + 450, 32);
        assert_int_equal(
            EVP_Q_digest(NULL, "SHA256", NULL, in, sizeof(in), hash, NULL), 1);
        assert_int_equal(memcmp(hash, q.ptr + l.qe + 320, 32) == 0,
                         rows[i].bound);
        assay_buf_free(&q);
        mint_world_free(w);
    }
}

/* --- documents ---------------------------------------------------------- */

/* Whether the signature fits the exact text of the body. */
static bool
document_good(const struct mint_world *w, struct assay_slice text,
              const char *member)
{
    const uint8_t *key =
        mint_key_public(mint_world_key(w, MINT_KEY_TCB_SIGNER));
    size_t start = strlen(member) + 4; /* {"member": */
    size_t end = assay_slice_find(text, ",\"signature\":\"");
    uint8_t sig[64];
    struct assay_error err;

    assert_int_not_equal(end, ASSAY_NO_OFFSET);
    assert_int_equal(text.len, end + 14 + 128 + 2);
    assay_error_clear(&err);
    assert_int_equal(
        assay_hex_decode((struct assay_slice){text.ptr + end + 14, 128}, sig,
                         64, "signature", &err),
        ASSAY_OK);
    return signature_good(
        key, (struct assay_slice){text.ptr + start, end - start}, sig);
}

static void
test_documents(void **state)
{
    static const struct {
        const char *name;
        struct mint_options o;
        const char *holds; /* in TCB info or QE identity; NULL: anything */
        bool tcb_good, qe_good;
    } rows[] = {
        {"default", {.seed = NULL}, "\"id\":\"TDX\",\"version\":3", true, true},
        {"SGX", {.quote.version = 3}, "\"id\":\"SGX\"", true, true},
        {"version 2",
         {.quote.version = 3, .tcb_info.version = 2},
         "\"sgxtcbcomp16svn\":0",
         true,
         true},
        {"chosen status",
         {.tcb_info.levels[0].status = "SWHardeningNeeded"},
         "\"tcbStatus\":\"SWHardeningNeeded\"",
         true,
         true},
        {"third level",
         {.tcb_info.levels[2].status = "Revoked"},
         "\"tcbStatus\":\"Revoked\"",
         true,
         true},
        {"no levels",
         {.tcb_info.level_count = MINT_NONE},
         "\"tcbLevels\":[]}",
         true,
         true},
        {"zero instead of the default",
         {.tcb_info.levels[0].pcesvn = MINT_ZERO},
         "\"pcesvn\":0,",
         true,
         true},
        {"edited before signing",
         {.tcb_info.json.before = {{"\"tcbType\":0", "\"tcbType\":7"}}},
         "\"tcbType\":7",
         true,
         true},
        {"edited after signing",
         {.tcb_info.json.after = {{"\"tcbType\":0", "\"tcbType\":7"}}},
         "\"tcbType\":7",
         false,
         true},
        {"signed with white space",
         {.tcb_info.json.pretty = true},
         "\"tcbType\": 0",
         true,
         true},
        {"broken", {.tcb_info.json.break_signature = true}, NULL, false, true},
        {"by a stranger",
         {.qe_identity.json.signer = MINT_KEY_STRANGER},
         NULL,
         true,
         false},
        {"another body",
         {.qe_identity.json.body = "{}"},
         "{\"enclaveIdentity\":{},",
         true,
         true},
        {"QE level",
         {.qe_identity.levels[0].status = "Revoked"},
         "{\"tcb\":{\"isvsvn\":8},\"tcbDate\":\"2024-11-13T00:00:00Z\","
         "\"tcbStatus\":\"Revoked\"}",
         true,
         true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mint_world *w = new_world(&rows[i].o);
        struct assay_collateral_parts p = mint_world_collateral_parts(w);

        print_message("  %s\n", rows[i].name);
        if (rows[i].holds != NULL) {
            assert_true(assay_slice_find(p.tcb_info, rows[i].holds) !=
                            ASSAY_NO_OFFSET ||
                        assay_slice_find(p.qe_identity, rows[i].holds) !=
                            ASSAY_NO_OFFSET);
        }
        assert_int_equal(document_good(w, p.tcb_info, "tcbInfo"),
                         rows[i].tcb_good);
        assert_int_equal(document_good(w, p.qe_identity, "enclaveIdentity"),
                         rows[i].qe_good);
        mint_world_free(w);
    }
}

/* --- worlds ------------------------------------------------------------- */

/* The certificates of a PEM text, in order, by their DER. */
static void
check_chain(const struct mint_world *w, struct assay_slice pem,
            const enum mint_cert_id *want, size_t count)
{
    size_t pos = 0;
    bool found = false;
    struct assay_error err;

    assay_error_clear(&err);
    for (size_t i = 0; i <= count; i++) {
        struct assay_buf der = {.max = MINT_DER_MAX};

        assert_int_equal(assay_pem_next(pem, &pos, "CERTIFICATE", &der, &found,
                                        "chain", &err),
                         ASSAY_OK);
        assert_int_equal(found, i < count);
        if (found && i < count) {
            assert_true(assay_slice_equal(assay_buf_slice(&der),
                                          mint_world_cert_der(w, want[i])));
        }
        assay_buf_free(&der);
    }
}

static void
test_chains(void **state)
{
    static const enum mint_cert_id signer[] = {MINT_CERT_TCB_SIGNER,
                                               MINT_CERT_ROOT};
    static const enum mint_cert_id ca[] = {MINT_CERT_CA, MINT_CERT_ROOT};
    static const enum mint_cert_id pck[] = {MINT_CERT_PCK, MINT_CERT_CA,
                                            MINT_CERT_ROOT};
    static const struct mint_options o = {
        .chain_in_collateral = MINT_YES,
        .qe_identity.json.chain = {MINT_CERT_PCK, MINT_CERT_CA,
                                   MINT_CERT_ROOT}};
    struct mint_world *w = new_world(&o);
    struct assay_collateral_parts p = mint_world_collateral_parts(w);

    (void)state;
    check_chain(w, p.tcb_info_issuer_chain, signer, 2);
    check_chain(w, p.qe_identity_issuer_chain, pck, 3);
    check_chain(w, p.pck_crl_issuer_chain, ca, 2);
    check_chain(w, p.pck_certificate_chain, pck, 3);
    check_chain(w, mint_world_root_pem(w), &signer[1], 1);
    mint_world_free(w);
}

static void
test_crl_forms(void **state)
{
    static const struct {
        enum mint_form form;
        const char *start;
    } rows[] = {
        {MINT_FORM_DER, "\x30\x82"},
        {MINT_FORM_HEX, "3082"},
        {MINT_FORM_PEM, "-----BEGIN X509 CRL-----\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct mint_options o = {.root_crl.form = rows[i].form};
        struct mint_world *w = new_world(&o);
        struct assay_slice part = mint_world_collateral_parts(w).root_ca_crl;

        assert_true(part.len > strlen(rows[i].start));
        assert_memory_equal(part.ptr, rows[i].start, strlen(rows[i].start));
        mint_world_free(w);
    }
}

static bool
same_worlds(const struct mint_world *a, const struct mint_world *b)
{
    struct assay_buf bundles[2];
    struct assay_buf quotes[2] = {new_quote(a), new_quote(b)};
    struct assay_error err;
    bool same;

    assay_buf_init(&bundles[0], MINT_TEXT_MAX);
    assay_buf_init(&bundles[1], MINT_TEXT_MAX);
    assert_int_equal(mint_world_bundle(a, &bundles[0], &err), ASSAY_OK);
    assert_int_equal(mint_world_bundle(b, &bundles[1], &err), ASSAY_OK);
    same = assay_slice_equal(assay_buf_slice(&quotes[0]),
                             assay_buf_slice(&quotes[1])) &&
           assay_slice_equal(assay_buf_slice(&bundles[0]),
                             assay_buf_slice(&bundles[1]));
    for (size_t i = 0; i < 2; i++) {
        assay_buf_free(&bundles[i]);
        assay_buf_free(&quotes[i]);
    }
    return same;
}

static void
test_seeds(void **state)
{
    const struct mint_options other = {
        .seed = "0000000000000000000000000000000000000000000000000000000000000"
                "001"};
    struct mint_world *a = new_world(NULL);
    struct mint_world *b = new_world(NULL);
    struct mint_world *c = new_world(&other);
    struct mint_world *d = NULL;
    struct mint_world *e = NULL;
    struct assay_error err;

    (void)state;
    assert_int_equal(mint_world_new(NULL, &d, &err), ASSAY_OK); /* random */
    assert_int_equal(mint_world_new(NULL, &e, &err), ASSAY_OK);
    assert_true(same_worlds(a, b));
    assert_false(same_worlds(a, c));
    assert_false(same_worlds(a, d));
    assert_false(same_worlds(d, e));
    mint_world_free(e);
    mint_world_free(d);
    mint_world_free(c);
    mint_world_free(b);
    mint_world_free(a);
}

/* A remake changes what depends on the option, and nothing else. */
static void
test_remake(void **state)
{
    struct mint_world *base = new_world(NULL);
    struct mint_world *w = new_world(NULL);
    struct assay_collateral_parts was = mint_world_collateral_parts(base);
    struct assay_collateral_parts is;
    struct assay_error err;

    (void)state;
    mint_world_options(w)->tcb_info.levels[0].status = "Revoked";
    assert_int_equal(mint_world_remake(w, &err), ASSAY_OK);
    is = mint_world_collateral_parts(w);
    assert_false(assay_slice_equal(is.tcb_info, was.tcb_info));
    assert_true(assay_slice_equal(is.qe_identity, was.qe_identity));
    assert_true(assay_slice_equal(is.pck_crl, was.pck_crl));
    assert_true(assay_slice_equal(is.root_ca_crl, was.root_ca_crl));
    assert_true(
        assay_slice_equal(mint_world_root_pem(w), mint_world_root_pem(base)));
    assert_true(
        assay_slice_equal(is.tcb_info_issuer_chain, was.tcb_info_issuer_chain));

    /* One that fails leaves everything as it was. */
    mint_world_options(w)->pck.serial = "xy";
    assert_int_equal(mint_world_remake(w, &err), ASSAY_INVALID);
    assert_true(starts_with(err.msg, "mint: serial"));
    assert_true(assay_slice_equal(mint_world_collateral_parts(w).tcb_info,
                                  is.tcb_info));
    mint_world_free(w);
    mint_world_free(base);
}

static void
test_bad_options(void **state)
{
    static const struct {
        struct mint_options o;
        const char *message;
    } rows[] = {
        {{.seed = "00"}, "mint: seed"},
        {{.pck.ski = "0"}, "mint: ski"},
        {{.platform.fmspc = "00A06F05000G"}, "mint: sgx.fmspc"},
        {{.tcb_info.json.before = {{"no such text", ""}}},
         "mint: nothing to edit: no such text"},
        {{.pck.patch = {100000, 1}}, "mint: patch at 100000"},
        {{.tcb_info.level_count = 9}, "mint: more TCB levels"},
        {{.qe_identity.level_count = 9}, "mint: more TCB levels"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mint_world *w = NULL;
        struct assay_error err;

        assert_int_equal(mint_world_new(&rows[i].o, &w, &err), ASSAY_INVALID);
        assert_null(w);
        if (!starts_with(err.msg, rows[i].message)) {
            fail_msg("%s", err.msg);
        }
    }
}

static void
test_bad_quote_options(void **state)
{
    static const struct {
        struct mint_options o;
        const char *message;
    } rows[] = {
        {{.quote.td.mr_td = "00"}, "mint: td.mr_td"},
        {{.quote.qe.mrsigner = "zz"}, "mint: sgx.mrsigner"},
        {{.quote.patch = {{1u << 30, 1}}}, "mint: patch at"},
        {{.quote.patch_qe = {{384, 1}}}, "mint: patch at 384"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mint_world *w = new_world(&rows[i].o);
        struct assay_buf q;
        struct assay_error err;

        assay_buf_init(&q, MINT_QUOTE_MAX);
        assert_int_equal(mint_world_quote(w, &q, &err), ASSAY_INVALID);
        if (!starts_with(err.msg, rows[i].message)) {
            fail_msg("%s", err.msg);
        }
        assert_int_equal(q.len, 0);
        assay_buf_free(&q);
        mint_world_free(w);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quote_kinds),
        cmocka_unit_test(test_td_fields),
        cmocka_unit_test(test_sgx_fields),
        cmocka_unit_test(test_slack),
        cmocka_unit_test(test_cert_types),
        cmocka_unit_test(test_broken_links),
        cmocka_unit_test(test_documents),
        cmocka_unit_test(test_chains),
        cmocka_unit_test(test_crl_forms),
        cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_remake),
        cmocka_unit_test(test_bad_options),
        cmocka_unit_test(test_bad_quote_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
