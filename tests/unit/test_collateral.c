/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_collateral.c - collateral from parts and from a bundle, into a bundle
 * again, and which collateral a quote needs.
 */
#include "assay/collateral.h"

#include "base/text.h"
#include "harness/json_edit.h"
#include "harness/trial.h"
#include "harness/vectors.h"

#define BAD ASSAY_MALFORMED
#define DAY INT64_C(86400)

static struct assay_ctx *ctx;
static struct mint_world *world; /* TDX, all good */

static const struct mint_options good_options = {.quote.version = 4};

/* The parts in the order of struct assay_collateral_parts. */
static const struct {
    const char *name;
    size_t offset;
    size_t max; /* bytes */
    bool required;
} rows[] = {
#define PART(name, max, required)                                              \
    {#name, offsetof(struct assay_collateral_parts, name), max, required}
    PART(tcb_info, 1024 * 1024, true),
    PART(tcb_info_issuer_chain, 32 * 1024, true),
    PART(qe_identity, 256 * 1024, true),
    PART(qe_identity_issuer_chain, 32 * 1024, true),
    PART(pck_crl, 8 * 1024 * 1024, true),
    PART(root_ca_crl, 8 * 1024 * 1024, true),
    PART(pck_certificate_chain, 32 * 1024, false),
    PART(pck_crl_issuer_chain, 32 * 1024, false),
#undef PART
};
#define PCK_CRL  4
#define ROOT_CRL 5

static struct assay_slice *
part(struct assay_collateral_parts *p, size_t row)
{
    return (struct assay_slice *)(void *)((char *)p + rows[row].offset);
}

static struct assay_collateral *
from_parts(const char *row, const struct assay_collateral_parts *p,
           enum assay_code want, const char *msg)
{
    struct assay_collateral *c = (struct assay_collateral *)(uintptr_t)1;
    struct assay_error err;
    enum assay_code code = assay_collateral_from_parts(ctx, p, &c, &err);

    if (code != want || err.code != want ||
        strncmp(err.msg, msg, strlen(msg)) != 0) {
        fail_msg("row \"%s\": %s \"%s\", want %s \"%s\"", row,
                 assay_code_name(code), err.msg, assay_code_name(want), msg);
    }
    CHECK(row, (c != NULL) == (code == ASSAY_OK));
    return c;
}

static void
expect(const char *row, const struct assay_collateral_parts *p,
       enum assay_code want, const char *msg)
{
    assay_collateral_free(from_parts(row, p, want, msg));
}

/* --- parts ---------------------------------------------------------------- */

static void
test_missing_and_oversized(void **state)
{
    uint8_t *big = calloc(1, 8 * 1024 * 1024 + 1);

    (void)state;
    assert_non_null(big);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_collateral_parts p = mint_world_collateral_parts(world);
        char msg[96];

        *part(&p, i) = ASSAY_EMPTY;
        (void)snprintf(msg, sizeof(msg), "collateral: %s is missing or empty",
                       rows[i].name);
        expect(rows[i].name, &p, rows[i].required ? ASSAY_MISSING : ASSAY_OK,
               rows[i].required ? msg : "");

        *part(&p, i) = (struct assay_slice){big, rows[i].max + 1};
        (void)snprintf(msg, sizeof(msg), "%s: %zu bytes, limit %zu",
                       rows[i].name, rows[i].max + 1, rows[i].max);
        expect(rows[i].name, &p, ASSAY_TOO_LARGE, msg);

        if (rows[i].required) { /* at the limit it is read, and is garbage */
            *part(&p, i) = (struct assay_slice){big, rows[i].max};
            expect(rows[i].name, &p, BAD, rows[i].name);
        }
    }
    free(big);
}

/* 8 MiB are for hex; as DER, half of it is the limit. */
static void
test_crl_above_limit(void **state)
{
    struct assay_collateral_parts p = mint_world_collateral_parts(world);
    size_t len = 4 * 1024 * 1024 + 1;
    uint8_t *der = calloc(1, len);

    (void)state;
    assert_non_null(der);
    der[0] = 0x30;
    p.pck_crl = (struct assay_slice){der, len};
    expect("above", &p, ASSAY_TOO_LARGE, "pck_crl: ");
    p.pck_crl.len--;
    expect("at the limit", &p, ASSAY_TRUNCATED, "pck_crl: tbsCertList");
    free(der);
}

static const struct {
    const char *name;
    enum mint_form form;
    const char *before;
    const char *after;
    bool upper;
    size_t cut; /* bytes off the end, before `after` */
    enum assay_code code;
    const char *msg; /* behind the part's name */
} forms[] = {
    {"DER", MINT_FORM_DER, "", "", false, 0, ASSAY_OK, ""},
    {"hex", MINT_FORM_HEX, "", "", false, 0, ASSAY_OK, ""},
    {"hex in upper case", MINT_FORM_HEX, "", "", true, 0, ASSAY_OK, ""},
    {"hex and a line break", MINT_FORM_HEX, "", "\n", false, 0, ASSAY_OK, ""},
    {"hex and CRLF", MINT_FORM_HEX, "", "\r\n", false, 0, ASSAY_OK, ""},
    {"hex and spaces", MINT_FORM_HEX, "", " \n \n", false, 0, ASSAY_OK, ""},
    {"PEM", MINT_FORM_PEM, "", "", false, 0, ASSAY_OK, ""},
    {"PEM and line breaks", MINT_FORM_PEM, "", "\r\n\n", false, 0, ASSAY_OK,
     ""},
    {"DER and a line break", MINT_FORM_DER, "", "\n", false, 0, BAD, ": "},
    {"DER cut", MINT_FORM_DER, "", "", false, 1, ASSAY_TRUNCATED, ": "},
    {"DER twice its first octet", MINT_FORM_DER, "0", "", false, 0, BAD, ": "},
    {"hex cut by a digit", MINT_FORM_HEX, "", "", false, 1, BAD,
     ": neither DER, PEM nor hex"},
    {"hex cut by an octet", MINT_FORM_HEX, "", "", false, 2, ASSAY_TRUNCATED,
     ": "},
    {"hex and an octet", MINT_FORM_HEX, "", "00", false, 0, BAD, ": "},
    {"hex with a prefix", MINT_FORM_HEX, "0x", "", false, 0, BAD, ": "},
    {"hex behind a space", MINT_FORM_HEX, " ", "", false, 0, BAD,
     ": neither DER, PEM nor hex"},
    {"hex in quotes", MINT_FORM_HEX, "\"", "\"", false, 0, BAD,
     ": neither DER, PEM nor hex"},
    {"hex and a g", MINT_FORM_HEX, "", "gg", false, 0, BAD,
     ": 'g' is no hex digit"},
    {"PEM and text", MINT_FORM_PEM, "", "x", false, 0, BAD,
     ": not exactly one PEM block"},
    {"PEM behind text", MINT_FORM_PEM, "x", "", false, 0, BAD,
     ": neither DER, PEM nor hex"},
    {"PEM without its last line", MINT_FORM_PEM, "", "", false, 24,
     ASSAY_TRUNCATED, ": "},
    {"a web page", MINT_FORM_HEX, "<!DOCTYPE html><html><body>",
     "</body></html>", false, 0, BAD, ": neither DER, PEM nor hex"},
    {"a JSON answer", MINT_FORM_HEX, "{\"crl\":\"", "\"}", false, 0, BAD,
     ": neither DER, PEM nor hex"},
};

static struct assay_buf
crl_in_form(size_t row, size_t form)
{
    struct assay_slice der = row == PCK_CRL ? mint_world_pck_crl_der(world)
                                            : mint_world_root_crl_der(world);
    struct assay_buf b;

    assay_buf_init(&b, JSON_EDIT_MAX);
    assay_buf_add_text(&b, forms[form].before);
    mint_crl_encode(&b, der, forms[form].form);
    b.len -= forms[form].cut;
    for (size_t i = 0; i < b.len && forms[form].upper; i++) {
        b.ptr[i] = b.ptr[i] >= 'a' ? (uint8_t)(b.ptr[i] - 32) : b.ptr[i];
    }
    assay_buf_add_text(&b, forms[form].after);
    return b;
}

static void
test_crl_forms(void **state)
{
    static const size_t crls[] = {PCK_CRL, ROOT_CRL};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(forms) * 2; i++) {
        size_t row = crls[i % 2];
        size_t form = i / 2;
        struct assay_collateral_parts p = mint_world_collateral_parts(world);
        struct assay_buf b = crl_in_form(row, form);
        struct assay_slice exact = exact_copy(assay_buf_slice(&b));
        char msg[96];
        struct assay_collateral *c;

        (void)snprintf(msg, sizeof(msg), "%s%s",
                       forms[form].code != ASSAY_OK ? rows[row].name : "",
                       forms[form].msg);
        *part(&p, row) = exact;
        c = from_parts(forms[form].name, &p, forms[form].code, msg);
        free((void *)exact.ptr);
        assay_buf_free(&b);
        if (c != NULL) {
            struct assay_collateral_item pck = assay_collateral_item(c, 6);
            struct assay_collateral_item root = assay_collateral_item(c, 7);

            CHECK(forms[form].name, pck.issued_s == MINT_NOW_S - 10 * DAY);
            CHECK(forms[form].name, root.issued_s == MINT_NOW_S - 90 * DAY);
        }
        assay_collateral_free(c);
    }
}

static void
test_crl_pem_blocks(void **state)
{
    struct assay_collateral_parts p = mint_world_collateral_parts(world);
    struct assay_buf b;

    (void)state;
    assay_buf_init(&b, JSON_EDIT_MAX);
    assay_pem_encode(&b, "X509 CRL", p.pck_crl);
    assay_pem_encode(&b, "X509 CRL", p.pck_crl);
    p.pck_crl = assay_buf_slice(&b);
    expect("two blocks", &p, BAD, "pck_crl: not exactly one PEM block");

    b.len = 0;
    assay_pem_encode(&b, "CERTIFICATE", mint_world_pck_crl_der(world));
    p.pck_crl = assay_buf_slice(&b);
    expect("another label", &p, BAD, "pck_crl: ");

    p.pck_crl = mint_world_cert_der(world, MINT_CERT_PCK);
    CHECK("a certificate", assay_collateral_from_parts(
                               ctx, &p, &(struct assay_collateral *){NULL},
                               &(struct assay_error){0}) != ASSAY_OK);
    assay_buf_free(&b);
}

/* --- chains and documents --------------------------------------------------
 */

static const struct {
    const char *name;
    struct mint_options o;
    enum assay_code code;
    const char *msg;
} worlds[] = {
    {"TCB info chain of one",
     {.tcb_info.json.chain = {MINT_CERT_TCB_SIGNER}},
     BAD,
     "tcb_info_issuer_chain: 1 certificates, not 2"},
    {"TCB info chain of three",
     {.tcb_info.json.chain = {MINT_CERT_TCB_SIGNER, MINT_CERT_ROOT,
                              MINT_CERT_ROOT}},
     BAD,
     "tcb_info_issuer_chain: more than 2 certificates"},
    {"TCB info chain, root first",
     {.tcb_info.json.chain = {MINT_CERT_ROOT, MINT_CERT_TCB_SIGNER}},
     ASSAY_OK,
     ""},
    {"QE identity chain of one",
     {.qe_identity.json.chain = {MINT_CERT_ROOT}},
     BAD,
     "qe_identity_issuer_chain: 1 certificates, not 2"},
    {"QE identity chain, root first",
     {.qe_identity.json.chain = {MINT_CERT_ROOT, MINT_CERT_TCB_SIGNER}},
     ASSAY_OK,
     ""},
    {"TCB info that is none",
     {.tcb_info.json.whole = "<html>"},
     BAD,
     "tcb_info: document: "},
    {"TCB info without levels",
     {.tcb_info.level_count = MINT_NONE},
     BAD,
     "tcb_info: tcbInfo.tcbLevels: 0 entries"},
    {"TCB info of version 4",
     {.tcb_info.version = 4},
     ASSAY_UNSUPPORTED,
     "tcb_info: tcbInfo.version: 4 is not 2 or 3"},
    {"QE identity that is none",
     {.qe_identity.json.whole = "{"},
     ASSAY_TRUNCATED,
     "qe_identity: document: "},
    {"QE identity of version 3",
     {.qe_identity.version = 3},
     ASSAY_UNSUPPORTED,
     "qe_identity: enclaveIdentity.version: 3 is not 2"},
    {"PCK CRL of version 1",
     {.pck_crl.version = 1},
     ASSAY_UNSUPPORTED,
     "pck_crl: version: "},
    /* signatures and dates are judged later */
    {"signature broken", {.tcb_info.json.break_signature = true}, ASSAY_OK, ""},
    {"expired", {.tcb_info.next_update_s = 1}, ASSAY_OK, ""},
};

static void
test_worlds(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(worlds); i++) {
        struct mint_world *w = trial_world(worlds[i].name, &worlds[i].o);
        const struct assay_collateral_parts p = mint_world_collateral_parts(w);

        expect(worlds[i].name, &p, worlds[i].code, worlds[i].msg);
        mint_world_free(w);
    }
}

/* --- bundles -----------------------------------------------------------------
 */

static enum assay_code
parse(struct assay_slice text, struct assay_error *err)
{
    struct assay_collateral *c = (struct assay_collateral *)(uintptr_t)1;
    enum assay_code code = assay_collateral_parse(ctx, text, &c, err);

    assert_true((c != NULL) == (code == ASSAY_OK));
    assay_collateral_free(c);
    return code;
}

static struct assay_buf
bundle_of(const struct mint_world *w)
{
    struct assay_buf b;
    struct assay_error err;

    assay_buf_init(&b, JSON_EDIT_MAX);
    assert_int_equal(mint_world_bundle(w, &b, &err), ASSAY_OK);
    return b;
}

static const struct json_row bundle_rows[] = {
    {"good", "", "", ASSAY_OK, "", NULL},
    {"unknown members", "{", "{\"new\":[{\"x\":[1]}],\"other\":null,", ASSAY_OK,
     "", NULL},
    {"no trusted_root", "\"trusted_root\"", "\"x\"", ASSAY_OK, "", NULL},
    {"trusted_root that is none", "\"trusted_root\": \"",
     "\"trusted_root\": \"x", ASSAY_OK, "", NULL},
    {"trusted_root of another type",
     "\"trusted_root\":", "\"trusted_root\": 7, \"x\":", ASSAY_OK, "", NULL},
    {"no TCB info", "\"tcb_info\"", "\"tcbInfo\"", ASSAY_MISSING,
     "collateral: tcb_info is missing or empty", NULL},
    {"no PCK CRL", "\"pck_crl\"", "\"x\"", ASSAY_MISSING,
     "collateral: pck_crl is missing or empty", NULL},
    {"PCK CRL is null", "\"pck_crl\":", "\"pck_crl\": null, \"x\":",
     ASSAY_MISSING, "collateral: pck_crl is missing or empty", NULL},
    {"root CRL is null", "\"root_ca_crl\":", "\"root_ca_crl\": null, \"x\":",
     ASSAY_MISSING, "collateral: root_ca_crl is missing or empty", NULL},
    {"root CRL is empty", "\"root_ca_crl\":", "\"root_ca_crl\": \"\", \"x\":",
     ASSAY_MISSING, "collateral: root_ca_crl is missing or empty", NULL},
    {"chain is null", "\"pck_crl_issuer_chain\":",
     "\"pck_crl_issuer_chain\": null, \"x\":", ASSAY_OK, "", NULL},
    {"TCB info is an object", "\"tcb_info\":", "\"tcb_info\": {}, \"x\":", BAD,
     "collateral: tcb_info is not a string", "\"tcb_info\": "},
    {"CRL is a number", "\"pck_crl\":", "\"pck_crl\": 7, \"x\":", BAD,
     "collateral: pck_crl is not a string", "\"pck_crl\": "},
    {"optional chain is a list",
     "\"pck_crl_issuer_chain\":", "\"pck_crl_issuer_chain\": [], \"x\":", BAD,
     "collateral: pck_crl_issuer_chain is not a string",
     "\"pck_crl_issuer_chain\": "},
    {"chain is true", "\"tcb_info_issuer_chain\":",
     "\"tcb_info_issuer_chain\": true, \"x\":", BAD,
     "collateral: tcb_info_issuer_chain is not a string",
     "\"tcb_info_issuer_chain\": "},
    {"a member twice", "{", "{\"pck_crl\":\"\",", BAD, "collateral: ", NULL},
    {"too deep", "{", "{\"new\":[[[[1]]]],", ASSAY_TOO_LARGE,
     "collateral: ", "[[["},
    {"cut", "}\n", "", ASSAY_TRUNCATED, "collateral: ", NULL},
};

static void
test_bundle(void **state)
{
    static const char *const no_objects[] = {"[]", "7", "null", "\"x\"",
                                             "[{}]"};
    struct assay_buf good = bundle_of(world);
    struct assay_error err;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bundle_rows); i++) {
        const struct json_row *row = &bundle_rows[i];
        struct assay_buf b =
            edit_text(row->name, assay_buf_slice(&good), row->find, row->put);

        if (row->code == ASSAY_OK || row->code == ASSAY_MISSING ||
            row->at != NULL) {
            json_row_check(row, assay_buf_slice(&b), parse);
        } else { /* somewhere far behind */
            CHECK(row->name, parse(assay_buf_slice(&b), &err) == row->code);
            CHECK(row->name, err.offset <= b.len && err.offset > 1000);
        }
        assay_buf_free(&b);
    }
    for (size_t i = 0; i < COUNT_OF(no_objects); i++) {
        assert_int_equal(parse(assay_slice_of(no_objects[i]), &err), BAD);
        check_error(no_objects[i], &err, BAD, "collateral: not a JSON object",
                    0);
    }
    assert_int_equal(parse(ASSAY_EMPTY, &err), ASSAY_TRUNCATED);
    assay_buf_free(&good);
}

static void
test_bundle_limits(void **state)
{
    struct assay_buf good = bundle_of(world);
    struct assay_buf b;
    struct assay_buf many = repeat_text("{\"new\":[", 1024, "0", "]}");
    struct assay_error err;
    size_t pad;

    (void)state;
    assert_int_equal(parse(assay_buf_slice(&many), &err), ASSAY_TOO_LARGE);
    assay_buf_free(&many);

    assay_buf_init(&b, ASSAY_BUNDLE_MAX_BYTES + 1);
    assay_buf_add(&b, assay_buf_slice(&good));
    pad = ASSAY_BUNDLE_MAX_BYTES + 1 - b.len;
    memset(assay_buf_extend(&b, pad), ' ', pad);
    assert_int_equal(parse(assay_buf_slice(&b), &err), ASSAY_TOO_LARGE);
    b.len--;
    assert_int_equal(parse(assay_buf_slice(&b), &err), ASSAY_OK);
    assay_buf_free(&b);
    assay_buf_free(&good);
}

static struct assay_json *
json_of(struct assay_slice text)
{
    static const struct assay_json_limits limits = {JSON_EDIT_MAX, 8, 1u << 16};
    struct assay_json *j = NULL;
    struct assay_error err;

    assay_error_clear(&err);
    if (assay_json_parse(text, &limits, "test", &j, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    return j;
}

/* What a bundle holds equals the parts, and gives the same collateral. */
static void
check_bundle(const char *row, struct assay_collateral_parts p,
             struct assay_slice text)
{
    struct assay_json *j = json_of(text);
    uint32_t count = 0;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint32_t node = assay_json_member(j, 0, rows[i].name);
        struct assay_slice s = assay_json_string(j, node);
        struct assay_slice want = *part(&p, i);
        struct assay_buf hex;

        CHECK(row, (node != ASSAY_JSON_NONE) == (want.len > 0));
        count += node != ASSAY_JSON_NONE;
        assay_buf_init(&hex, JSON_EDIT_MAX);
        if (i == PCK_CRL || i == ROOT_CRL) {
            assay_hex_encode(&hex, want); /* p has DER here */
            want = assay_buf_slice(&hex);
        }
        CHECK(row, assay_slice_equal(s, want));
        assay_buf_free(&hex);
    }
    CHECK(row, assay_json_count(j, 0) == count);
    assay_json_free(j);
}

static void
test_round_trip(void **state)
{
    static const struct {
        const char *name;
        struct mint_options o;
    } kinds[] = {
        {"DER", {.pck_crl.form = MINT_FORM_DER}},
        {"hex",
         {.pck_crl.form = MINT_FORM_HEX, .root_crl.form = MINT_FORM_HEX}},
        {"PEM",
         {.pck_crl.form = MINT_FORM_PEM, .root_crl.form = MINT_FORM_PEM}},
        {"with a PCK chain", {.chain_in_collateral = MINT_YES}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct mint_world *w = trial_world(kinds[i].name, &kinds[i].o);
        struct assay_collateral_parts p = mint_world_collateral_parts(w);
        struct assay_buf text;
        struct assay_buf before;
        struct assay_buf after;
        struct assay_collateral *c =
            from_parts(kinds[i].name, &p, ASSAY_OK, "");
        struct assay_collateral *again = NULL;
        struct assay_error err;

        assay_buf_init(&text, JSON_EDIT_MAX);
        assay_buf_init(&before, JSON_EDIT_MAX);
        assay_buf_init(&after, JSON_EDIT_MAX);
        assert_int_equal(assay_collateral_write(&p, &text, &err), ASSAY_OK);
        p.pck_crl = mint_world_pck_crl_der(w);
        p.root_ca_crl = mint_world_root_crl_der(w);
        check_bundle(kinds[i].name, p, assay_buf_slice(&text));
        assert_int_equal(
            assay_collateral_parse(ctx, assay_buf_slice(&text), &again, &err),
            ASSAY_OK);
        assert_int_equal(assay_collateral_to_json(c, &before, &err), ASSAY_OK);
        assert_int_equal(assay_collateral_to_json(again, &after, &err),
                         ASSAY_OK);
        CHECK(kinds[i].name, assay_slice_equal(assay_buf_slice(&before),
                                               assay_buf_slice(&after)));
        assay_buf_free(&text);
        assay_buf_free(&before);
        assay_buf_free(&after);
        assay_collateral_free(c);
        assay_collateral_free(again);
        mint_world_free(w);
    }
}

static void
test_write_failures(void **state)
{
    struct assay_collateral_parts p = mint_world_collateral_parts(world);
    struct assay_buf b;
    struct assay_error err;

    (void)state;
    assay_buf_init(&b, 1000);
    assert_int_equal(assay_collateral_write(&p, &b, &err), ASSAY_TOO_LARGE);
    assay_buf_free(&b);

    assay_buf_init(&b, JSON_EDIT_MAX);
    p.pck_crl = assay_slice_of("<html>");
    assert_int_equal(assay_collateral_write(&p, &b, &err), BAD);
    check_error("web page", &err, BAD, "pck_crl: neither DER, PEM nor hex", 0);
    assay_buf_free(&b);
}

/* --- what it says
 * ------------------------------------------------------------- */

static const struct {
    const char *name;
    int64_t issued_days; /* around now, as mint has it by default */
    int64_t expires_days;
} items[] = {
    {"tcb_info", -5, 25},
    {"tcb_signer", -400, 2100},
    {"tcb_signer_root", -3000, 8000},
    {"qe_identity", -4, 26},
    {"qe_signer", -400, 2100},
    {"qe_signer_root", -3000, 8000},
    {"pck_crl", -10, 20},
    {"root_ca_crl", -90, 275},
};

static void
test_items(void **state)
{
    const struct assay_collateral_parts p = mint_world_collateral_parts(world);
    struct assay_collateral *c = from_parts("good", &p, ASSAY_OK, "");

    (void)state;
    assert_int_equal(assay_collateral_item_count(c), COUNT_OF(items));
    for (size_t i = 0; i < COUNT_OF(items); i++) {
        struct assay_collateral_item item = assay_collateral_item(c, i);

        assert_string_equal(item.name, items[i].name);
        assert_int_equal(item.issued_s,
                         MINT_NOW_S + items[i].issued_days * DAY);
        assert_int_equal(item.expires_s,
                         MINT_NOW_S + items[i].expires_days * DAY);
    }
    assert_string_equal(assay_collateral_item(c, COUNT_OF(items)).name, "");
    assert_int_equal(assay_collateral_expires(c), MINT_NOW_S + 20 * DAY);
    assay_collateral_free(c);
    assay_collateral_free(NULL);
}

/* Whichever item ends first says when all of it expires. */
static void
test_expires(void **state)
{
    static const int64_t first = MINT_NOW_S - 12345;
    static const struct {
        const char *name;
        struct mint_options o;
    } ends[] = {
        {"tcb_info", {.tcb_info.next_update_s = first}},
        {"qe_identity", {.qe_identity.next_update_s = first}},
        {"pck_crl", {.pck_crl.next_update_s = first}},
        {"root_ca_crl", {.root_crl.next_update_s = first}},
        {"signer", {.tcb_signer.not_after_s = first}},
        {"root", {.root.not_after_s = first}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        struct mint_world *w = trial_world(ends[i].name, &ends[i].o);
        const struct assay_collateral_parts p = mint_world_collateral_parts(w);
        struct assay_collateral *c = from_parts(ends[i].name, &p, ASSAY_OK, "");

        CHECK(ends[i].name, assay_collateral_expires(c) == first);
        assay_collateral_free(c);
        mint_world_free(w);
    }
}

static void
check_text(const struct assay_json *j, uint32_t object, const char *name,
           const char *want)
{
    struct assay_slice s =
        assay_json_string(j, assay_json_member(j, object, name));

    CHECK(name, assay_slice_is(s, want));
}

static void
check_number(const struct assay_json *j, uint32_t object, const char *name,
             uint64_t want)
{
    uint64_t got = 0;

    CHECK(name, assay_json_u64(j, assay_json_member(j, object, name), &got));
    CHECK(name, got == want);
}

static void
check_json(const struct assay_json *j, bool tdx, bool chain)
{
    uint32_t list = assay_json_member(j, 0, "items");
    uint32_t info = assay_json_member(j, 0, "tcb_info");
    uint32_t qe = assay_json_member(j, 0, "qe_identity");
    uint32_t crl = assay_json_member(j, 0, "pck_crl");
    uint32_t root = assay_json_member(j, 0, "root_ca_crl");

    assert_int_equal(assay_json_count(j, list), COUNT_OF(items));
    for (size_t i = 0; i < COUNT_OF(items); i++) {
        uint32_t item = assay_json_member(j, list, items[i].name);
        char date[ASSAY_TIME_TEXT];

        assay_time_format(MINT_NOW_S + items[i].issued_days * DAY, date);
        check_text(j, item, "issued", date);
        assay_time_format(MINT_NOW_S + items[i].expires_days * DAY, date);
        check_text(j, item, "expires", date);
    }
    check_text(j, 0, "expires", "2026-10-11T14:13:20Z"); /* now + 20 days */
    check_text(j, info, "id", tdx ? "TDX" : "SGX");
    check_number(j, info, "version", 3);
    check_text(j, info, "fmspc", "00a06f050000");
    check_text(j, info, "pce_id", "0000");
    check_number(j, info, "tcb_evaluation_data_number", 18);
    check_number(j, info, "level_count", 2);
    check_number(j, info, "tdx_module_identity_count", tdx ? 2 : 0);
    check_text(j, qe, "id", tdx ? "TD_QE" : "QE");
    check_number(j, qe, "tcb_evaluation_data_number", 18);
    check_number(j, qe, "level_count", 2);
    check_number(j, crl, "revoked_count", 3);
    check_number(j, root, "revoked_count", 0);
    assert_int_equal(assay_json_type(j, assay_json_member(
                                            j, 0, "has_pck_certificate_chain")),
                     chain ? ASSAY_JSON_TRUE : ASSAY_JSON_FALSE);
}

static void
test_to_json(void **state)
{
    static const struct {
        const char *name;
        struct mint_options o;
        bool tdx;
        bool chain;
    } kinds[] = {
        {"TDX", {.pck_crl.fill = 3}, true, false},
        {"SGX, chain beside the quote",
         {.quote = {.version = 3, .cert_type = ASSAY_CERT_PPID_RSA3072},
          .pck_crl.fill = 3},
         false,
         true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct mint_world *w = trial_world(kinds[i].name, &kinds[i].o);
        const struct assay_collateral_parts p = mint_world_collateral_parts(w);
        struct assay_collateral *c =
            from_parts(kinds[i].name, &p, ASSAY_OK, "");
        struct assay_buf text;
        struct assay_error err;
        struct assay_json *j;

        assay_buf_init(&text, JSON_EDIT_MAX);
        assert_int_equal(assay_collateral_to_json(c, &text, &err), ASSAY_OK);
        j = json_of(assay_buf_slice(&text));
        check_json(j, kinds[i].tdx, kinds[i].chain);
        check_number(j, assay_json_member(j, 0, "pck_crl"), "size",
                     mint_world_pck_crl_der(w).len);
        assay_json_free(j);
        assay_buf_free(&text);

        assay_buf_init(&text, 100);
        assert_int_equal(assay_collateral_to_json(c, &text, &err),
                         ASSAY_TOO_LARGE);
        assay_buf_free(&text);
        assay_collateral_free(c);
        mint_world_free(w);
    }
}

/* --- what a quote needs
 * --------------------------------------------------------- */

static const struct {
    const char *name;
    struct mint_options o;
    bool give; /* the collateral's PCK chain too */
    bool tdx;
    const char *fmspc; /* NULL: an error */
    const char *ca;
    enum assay_code code;
    const char *msg;
} needs[] = {
    {"TDX, Platform CA",
     {.quote.version = 4},
     false,
     true,
     "00a06f050000",
     "platform",
     ASSAY_OK,
     ""},
    {"TDX v5",
     {.quote.version = 5, .platform.fmspc = "90C06F0a0B0c"},
     false,
     true,
     "90c06f0a0b0c",
     "platform",
     ASSAY_OK,
     ""},
    {"SGX, Processor CA",
     {.quote.version = 3, .processor_ca = true},
     false,
     false,
     "00a06f050000",
     "processor",
     ASSAY_OK,
     ""},
    {"SGX v4, Platform CA",
     {.quote.body_type = ASSAY_BODY_SGX},
     false,
     false,
     "00a06f050000",
     "platform",
     ASSAY_OK,
     ""},
    {"chain without NUL",
     {.quote.nul = MINT_NO},
     false,
     true,
     "00a06f050000",
     "platform",
     ASSAY_OK,
     ""},
    {"the quote's own chain goes first",
     {.chain_in_collateral = MINT_YES, .quote.chain = {MINT_CERT_PCK}},
     true,
     false,
     NULL,
     NULL,
     BAD,
     "PCK chain: 1 certificates, not 3"},
    {"no chain",
     {.quote = {.version = 3, .cert_type = 1}},
     false,
     false,
     NULL,
     NULL,
     ASSAY_MISSING,
     "quote: has no PCK chain (certification data type 1)"},
    {"chain beside the quote",
     {.quote = {.version = 3, .cert_type = 3}},
     true,
     false,
     "00a06f050000",
     "platform",
     ASSAY_OK,
     ""},
    {"leaf only",
     {.quote.cert_type = 4},
     false,
     false,
     NULL,
     NULL,
     ASSAY_MISSING,
     "quote: has no PCK chain (certification data type 4)"},
    {"leaf only, chain beside the quote",
     {.quote.cert_type = 4},
     true,
     true,
     "00a06f050000",
     "platform",
     ASSAY_OK,
     ""},
    {"empty chain",
     {.quote.cert_text = ""},
     false,
     false,
     NULL,
     NULL,
     ASSAY_MISSING,
     "quote: has no PCK chain"},
    {"chain that is none",
     {.quote.cert_text = "x"},
     false,
     false,
     NULL,
     NULL,
     BAD,
     "PCK chain: "},
    {"another CA",
     {.ca.subject.common_name = "Intel SGX PCK Other CA"},
     false,
     false,
     NULL,
     NULL,
     ASSAY_UNSUPPORTED,
     "PCK certificate: issued by neither the Platform CA nor"},
    {"no SGX extension",
     {.pck.omit = MINT_EXT_SGX},
     false,
     false,
     NULL,
     NULL,
     ASSAY_TRUNCATED,
     ""},
    {"SGX extension without an FMSPC",
     {.sgx.omit = MINT_SGX_FMSPC},
     false,
     false,
     NULL,
     NULL,
     BAD,
     ""},
};

static void
test_need(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(needs); i++) {
        const char *name = needs[i].name;
        struct mint_world *w = trial_world(name, &needs[i].o);
        struct assay_quote *q = trial_quote(w);
        struct assay_slice chain =
            mint_world_collateral_parts(w).pck_certificate_chain;
        struct assay_collateral_need need;
        struct assay_error err;
        enum assay_code code;

        memset(&need, 0xaa, sizeof(need));
        code = assay_collateral_need(q, needs[i].give ? chain : ASSAY_EMPTY,
                                     &need, &err);
        if (code != needs[i].code ||
            strncmp(err.msg, needs[i].msg, strlen(needs[i].msg)) != 0) {
            fail_msg("row \"%s\": %s %s", name, assay_code_name(code), err.msg);
        }
        if (needs[i].fmspc == NULL) {
            CHECK(name, code != ASSAY_OK);
            CHECK(name, assay_slice_is_zero((struct assay_slice){
                            (const uint8_t *)&need, sizeof(need)}));
        } else {
            CHECK(name, need.tdx == needs[i].tdx);
            CHECK(name, strcmp(need.fmspc, needs[i].fmspc) == 0);
            CHECK(name, strcmp(need.ca, needs[i].ca) == 0);
        }
        assay_quote_free(q);
        mint_world_free(w);
    }
}

/* Real quotes and their collateral: FMSPC, CA and evaluation numbers. */
static void
check_vector(const struct vector *v, const char *fmspc)
{
    struct assay_quote *q = NULL;
    struct assay_collateral *c = from_parts(v->folder, &v->parts, ASSAY_OK, "");
    struct assay_collateral_need need;
    struct assay_error err;
    struct assay_buf text;
    struct assay_json *j;
    uint32_t want;

    assert_int_equal(assay_quote_parse(assay_buf_slice(&v->quote), &q, &err),
                     ASSAY_OK);
    CHECK(v->folder, assay_collateral_need(q, v->parts.pck_certificate_chain,
                                           &need, &err) == ASSAY_OK);
    CHECK(v->folder, strcmp(need.fmspc, fmspc) == 0);
    CHECK(v->folder, (strcmp(need.ca, "platform") == 0) ==
                         (strstr(vector_text(v, "ca"), "Platform") != NULL));
    CHECK(v->folder, need.tdx == (strcmp(vector_text(v, "tee"), "TDX") == 0));

    assay_buf_init(&text, JSON_EDIT_MAX);
    assert_int_equal(assay_collateral_to_json(c, &text, &err), ASSAY_OK);
    j = json_of(assay_buf_slice(&text));
    want = assay_json_member(v->expected, 0, "tcb_evaluation_data_number");
    if (want != ASSAY_JSON_NONE &&
        assay_json_type(v->expected, want) == ASSAY_JSON_NUMBER) {
        uint64_t number = 0;

        assert_true(assay_json_u64(v->expected, want, &number));
        check_number(j, assay_json_member(j, 0, "tcb_info"),
                     "tcb_evaluation_data_number", number);
    }
    assay_json_free(j);
    assay_buf_free(&text);
    assay_collateral_free(c);
    assay_quote_free(q);
}

static void
test_vectors(void **state)
{
    size_t count = 0;

    (void)state;
    if (!vectors_there()) {
        print_message("SKIPPED shared vectors: no folder %s\n",
                      vectors_folder());
        return;
    }
    for (struct vector *v = vector_first(); v != NULL; v = vector_next(v)) {
        const char *kind = vector_text(v, "kind");
        const char *fmspc = vector_text(v, "fmspc");

        if (kind != NULL && strcmp(kind, "real") == 0 && fmspc != NULL &&
            v->parts.tcb_info.len > 0) {
            check_vector(v, fmspc);
            count++;
        }
    }
    print_message("%zu real quotes with their collateral\n", count);
    assert_true(count > 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_missing_and_oversized),
        cmocka_unit_test(test_crl_above_limit),
        cmocka_unit_test(test_crl_forms),
        cmocka_unit_test(test_crl_pem_blocks),
        cmocka_unit_test(test_worlds),
        cmocka_unit_test(test_bundle),
        cmocka_unit_test(test_bundle_limits),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_write_failures),
        cmocka_unit_test(test_items),
        cmocka_unit_test(test_expires),
        cmocka_unit_test(test_to_json),
        cmocka_unit_test(test_need),
        cmocka_unit_test(test_vectors),
    };
    int rc;

    ctx = trial_ctx();
    world = trial_world("good", &good_options);
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    mint_world_free(world);
    assay_ctx_free(ctx);
    return rc;
}
