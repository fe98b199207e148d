/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_chain.c - PEM chains: how many certificates, in which order, with what
 * between them; roles and links.
 */
#include "pki/chain.h"

#include "base/text.h"
#include "harness/trial.h"

#define TEXT_MAX (256u * 1024u)

static struct mint_world *world;

/* One letter a certificate: L leaf (PCK), C its CA, R root, T TCB signer. */
static struct assay_slice
der_of(char letter)
{
    switch (letter) {
    case 'L':
        return mint_world_cert_der(world, MINT_CERT_PCK);
    case 'C':
        return mint_world_cert_der(world, MINT_CERT_CA);
    case 'T':
        return mint_world_cert_der(world, MINT_CERT_TCB_SIGNER);
    default:
        return mint_world_cert_der(world, MINT_CERT_ROOT);
    }
}

/* Letters as above; anything else is text as it is, '0' a NUL octet. */
static struct assay_buf
text_of(const char *pattern)
{
    struct assay_buf b;

    assay_buf_init(&b, TEXT_MAX);
    for (const char *p = pattern; *p != '\0'; p++) {
        if (strchr("LCRT", *p) != NULL) {
            assay_pem_encode(&b, "CERTIFICATE", der_of(*p));
        } else {
            assay_buf_add_u8(&b, *p == '0' ? 0 : (uint8_t)*p);
        }
    }
    assert_false(b.failed);
    return b;
}

static const struct {
    const char *pattern;
    size_t want;
    enum assay_code code;
    const char *msg; /* of an error; else the order that comes out */
} rows[] = {
    /* three, in every order */
    {"LCR", 3, ASSAY_OK, "LCR"},
    {"LRC", 3, ASSAY_OK, "LCR"},
    {"CLR", 3, ASSAY_OK, "LCR"},
    {"CRL", 3, ASSAY_OK, "LCR"},
    {"RLC", 3, ASSAY_OK, "LCR"},
    {"RCL", 3, ASSAY_OK, "LCR"},
    /* two, in every order */
    {"TR", 2, ASSAY_OK, "TR"},
    {"RT", 2, ASSAY_OK, "TR"},
    {"CR", 2, ASSAY_OK, "CR"},
    {"RC", 2, ASSAY_OK, "CR"},
    /* some that do not link: read, and left to the checks */
    {"LR", 2, ASSAY_OK, "LR"},
    {"RL", 2, ASSAY_OK, "LR"},
    {"LTR", 3, ASSAY_OK, NULL},
    {"LCT", 3, ASSAY_OK, NULL},
    {"LLL", 3, ASSAY_OK, "LLL"},
    {"RRR", 3, ASSAY_OK, "RRR"},
    {"RR", 2, ASSAY_OK, "RR"},
    /* too few, too many */
    {"", 3, ASSAY_MALFORMED, "chain: 0 certificates, not 3"},
    {"", 2, ASSAY_MALFORMED, "chain: 0 certificates, not 2"},
    {"R", 2, ASSAY_MALFORMED, "chain: 1 certificates, not 2"},
    {"LC", 3, ASSAY_MALFORMED, "chain: 2 certificates, not 3"},
    {"CL", 3, ASSAY_MALFORMED, "chain: 2 certificates, not 3"},
    {"TR", 3, ASSAY_MALFORMED, "chain: 2 certificates, not 3"},
    {"LCR", 2, ASSAY_MALFORMED, "chain: more than 2 certificates"},
    {"LCRR", 3, ASSAY_MALFORMED, "chain: more than 3 certificates"},
    {"RLCT", 3, ASSAY_MALFORMED, "chain: more than 3 certificates"},
    {"TLCR", 3, ASSAY_MALFORMED, "chain: more than 3 certificates"},
    /* around and between the blocks */
    {"LCR0", 3, ASSAY_OK, "LCR"},
    {"LCR000", 3, ASSAY_OK, "LCR"},
    {"LCR\n0", 3, ASSAY_OK, "LCR"},
    {"LCR0\n", 3, ASSAY_MALFORMED, "chain: no \"-----BEGIN CERTIFICATE"},
    {"LCR0x", 3, ASSAY_MALFORMED, "chain: no \"-----BEGIN CERTIFICATE"},
    {"LC0R", 3, ASSAY_MALFORMED, "chain: no \"-----BEGIN CERTIFICATE"},
    {"0LCR", 3, ASSAY_MALFORMED, "chain: no \"-----BEGIN CERTIFICATE"},
    {"0", 3, ASSAY_MALFORMED, "chain: 0 certificates, not 3"},
    {"\n L\r\n\r\nC\t\n R \n", 3, ASSAY_OK, "LCR"},
    {"L# the CA\nCR", 3, ASSAY_MALFORMED, "chain: no \"-----BEGIN CERTIFICATE"},
    {"subject: x\nLCR", 3, ASSAY_MALFORMED,
     "chain: no \"-----BEGIN CERTIFICATE"},
    {"LCRend", 3, ASSAY_MALFORMED, "chain: no \"-----BEGIN CERTIFICATE"},
    {"LCR-----BEGIN", 3, ASSAY_MALFORMED, "chain: no \"-----BEGIN CERTIFICATE"},
    {"LCR,", 3, ASSAY_MALFORMED, "chain: no \"-----BEGIN CERTIFICATE"},
};

static void
test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_buf text = text_of(rows[i].pattern);
        struct assay_slice exact = exact_copy(assay_buf_slice(&text));
        struct assay_chain chain;
        struct assay_error err;

        CHECK(rows[i].pattern, assay_chain_parse(exact, rows[i].want, "chain",
                                                 &chain, &err) == err.code);
        free((void *)exact.ptr); /* the chain has its own bytes */
        check_error(rows[i].pattern, &err, rows[i].code,
                    rows[i].code == ASSAY_OK ? "" : rows[i].msg, err.offset);
        CHECK(rows[i].pattern,
              err.code != ASSAY_OK || chain.count == rows[i].want);
        CHECK(rows[i].pattern, err.code == ASSAY_OK ||
                                   (chain.count == 0 && chain.der.ptr == NULL));
        for (size_t k = 0;
             k < chain.count && rows[i].code == ASSAY_OK && rows[i].msg != NULL;
             k++) {
            CHECK(rows[i].pattern,
                  assay_slice_equal(chain.cert[k].der, der_of(rows[i].msg[k])));
        }
        assay_chain_free(&chain);
        assay_chain_free(&chain); /* twice is fine */
        assay_buf_free(&text);
    }
}

/* PEM that is not quite it. */
static void
test_blocks(void **state)
{
    static const struct {
        const char *name;
        const char *from; /* its first occurrence ... */
        const char *to;   /* ... becomes this */
        enum assay_code code;
        const char *msg;
    } edits[] = {
        {"another label", "BEGIN CERTIFICATE", "BEGIN X509 CRL",
         ASSAY_MALFORMED, "chain: no \"-----BEGIN CERTIFICATE"},
        {"labels that differ", "END CERTIFICATE", "END X509 CRL",
         ASSAY_MALFORMED, "chain: no \"-----END CERTIFICATE"},
        {"trusted certificate", "BEGIN CERTIFICATE",
         "BEGIN TRUSTED CERTIFICATE", ASSAY_MALFORMED,
         "chain: no \"-----BEGIN CERTIFICATE"},
        {"four dashes", "-----BEGIN", "----BEGIN", ASSAY_MALFORMED,
         "chain: no \"-----BEGIN CERTIFICATE"},
        {"a header", "CERTIFICATE-----\n", "CERTIFICATE-----\nProc-Type: 4\n\n",
         ASSAY_MALFORMED, "chain: no \"-----END CERTIFICATE"},
        {"a character that is none", "MII", "M*I", ASSAY_MALFORMED, "chain: "},
        {"a certificate cut", "MII", "MI", ASSAY_MALFORMED, "chain: "},
        {"no certificate inside", "MII", "MMI", ASSAY_MALFORMED, "chain: "},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(edits); i++) {
        struct assay_buf text = text_of("LCR");
        size_t at = assay_slice_find(assay_buf_slice(&text), edits[i].from);
        struct assay_buf edited;
        struct assay_chain chain;
        struct assay_error err;

        CHECK(edits[i].name, at != ASSAY_NO_OFFSET);
        assay_buf_init(&edited, TEXT_MAX);
        assay_buf_add(&edited, (struct assay_slice){text.ptr, at});
        assay_buf_add_text(&edited, edits[i].to);
        at += strlen(edits[i].from);
        assay_buf_add(&edited,
                      (struct assay_slice){text.ptr + at, text.len - at});
        CHECK(edits[i].name,
              assay_chain_parse(assay_buf_slice(&edited), 3, "chain", &chain,
                                &err) == err.code);
        check_error(edits[i].name, &err, edits[i].code, edits[i].msg,
                    err.offset);
        assay_chain_free(&chain);
        assay_buf_free(&edited);
        assay_buf_free(&text);
    }
}

/* The message says which certificate it is. */
static void
test_bad_certificate(void **state)
{
    static const char *const want[] = {
        "chain: certificate 1: certificate: 1 bytes left over",
        "chain: certificate 2: certificate: 1 bytes left over",
        "chain: certificate 3: certificate: 1 bytes left over"};

    (void)state;
    for (size_t bad = 0; bad < 3; bad++) {
        struct assay_buf text;
        struct assay_chain chain;
        struct assay_error err;

        assay_buf_init(&text, TEXT_MAX);
        for (size_t i = 0; i < 3; i++) {
            struct assay_buf der;

            assay_buf_init(&der, TEXT_MAX);
            assay_buf_add(&der, der_of("LCR"[i]));
            if (i == bad) {
                assay_buf_add_u8(&der, 0);
            }
            assay_pem_encode(&text, "CERTIFICATE", assay_buf_slice(&der));
            assay_buf_free(&der);
        }
        CHECK(want[bad], assay_chain_parse(assay_buf_slice(&text), 3, "chain",
                                           &chain, &err) == ASSAY_MALFORMED);
        check_error(want[bad], &err, ASSAY_MALFORMED, want[bad], err.offset);
        assay_chain_free(&chain);
        assay_buf_free(&text);
    }
}

/* One certificate above its limit, and three that together are. */
static void
test_too_large(void **state)
{
    struct assay_buf text;
    struct assay_buf zeros;
    struct assay_chain chain;
    struct assay_error err;

    (void)state;
    assay_buf_init(&zeros, TEXT_MAX);
    assay_buf_init(&text, TEXT_MAX);
    assert_non_null(assay_buf_extend(&zeros, 3 * ASSAY_CERT_MAX_BYTES + 1));
    memset(zeros.ptr, 0, zeros.len);
    assay_pem_encode(&text, "CERTIFICATE", assay_buf_slice(&zeros));
    assert_int_equal(
        assay_chain_parse(assay_buf_slice(&text), 2, "chain", &chain, &err),
        ASSAY_TOO_LARGE);
    assay_chain_free(&chain);
    assay_buf_free(&text);
    assay_pem_encode(&text, "CERTIFICATE",
                     (struct assay_slice){zeros.ptr, ASSAY_CERT_MAX_BYTES + 1});
    assay_pem_encode(&text, "CERTIFICATE", der_of('R'));
    assert_int_equal(
        assay_chain_parse(assay_buf_slice(&text), 2, "chain", &chain, &err),
        ASSAY_TOO_LARGE);
    check_error("8193", &err, ASSAY_TOO_LARGE,
                "chain: certificate 1: certificate: 8193 bytes", err.offset);
    assay_chain_free(&chain);
    assay_buf_free(&text);
    assay_buf_free(&zeros);
}

/* Every truncation of a chain's text. The last cuts lose only what may be left
 * out: the final line feed. */
static void
test_truncations(void **state)
{
    struct assay_buf text = text_of("LCR");

    (void)state;
    for (size_t n = 0; n + 1 < text.len; n++) {
        struct assay_slice cut = exact_copy((struct assay_slice){text.ptr, n});
        struct assay_chain chain;
        struct assay_error err;

        assert_int_not_equal(assay_chain_parse(cut, 3, "chain", &chain, &err),
                             ASSAY_OK);
        assert_true(err.offset <= n);
        assay_chain_free(&chain);
        free((void *)cut.ptr);
    }
    assay_buf_free(&text);
}

/* --- roles and links ---------------------------------------------------- */

static const struct mint_name stranger = {.common_name = "Stranger"};

static const struct {
    const char *name;
    enum assay_cert_role role;
    struct mint_options o;
    const char *fault; /* NULL: none */
} roles[] = {
    {"root", ASSAY_ROLE_ROOT, {.seed = NULL}, NULL},
    {"CA", ASSAY_ROLE_PCK_CA, {.seed = NULL}, NULL},
    {"Processor CA", ASSAY_ROLE_PCK_CA, {.processor_ca = true}, NULL},
    {"PCK", ASSAY_ROLE_PCK, {.seed = NULL}, NULL},
    {"signer", ASSAY_ROLE_TCB_SIGNER, {.seed = NULL}, NULL},
    {"name",
     ASSAY_ROLE_ROOT,
     {.root.subject.common_name = "Intel SGX CA"},
     "is not named SGX Root CA"},
    {"name of a PCK CA",
     ASSAY_ROLE_PCK_CA,
     {.ca.subject.common_name = "Intel SGX PCK Platform"},
     "is not named as a CA"},
    {"name of a PCK",
     ASSAY_ROLE_PCK,
     {.pck.subject.common_name = "Intel SGX PCK certificate"},
     "is not named SGX PCK Certificate"},
    {"name of a signer",
     ASSAY_ROLE_TCB_SIGNER,
     {.tcb_signer.subject.common_name = ""},
     "is not named SGX TCB Signing"},
    {"AKI",
     ASSAY_ROLE_PCK,
     {.pck.omit = MINT_EXT_AKI},
     "has no authority key identifier"},
    {"empty AKI",
     ASSAY_ROLE_PCK,
     {.pck.aki = ""},
     "has no authority key identifier"},
    {"SKI",
     ASSAY_ROLE_PCK,
     {.pck.omit = MINT_EXT_SKI},
     "has no subject key identifier"},
    {"empty SKI",
     ASSAY_ROLE_PCK,
     {.pck.ski = ""},
     "has no subject key identifier"},
    {"CRL points",
     ASSAY_ROLE_PCK,
     {.pck.omit = MINT_EXT_CRL_POINTS},
     "has no CRL distribution points"},
    {"key usage",
     ASSAY_ROLE_PCK,
     {.pck.omit = MINT_EXT_KEY_USAGE},
     "has no key usage"},
    {"basic constraints",
     ASSAY_ROLE_PCK,
     {.pck.omit = MINT_EXT_BASIC_CONSTRAINTS},
     "has no basic constraints"},
    {"SGX extension",
     ASSAY_ROLE_PCK,
     {.pck.omit = MINT_EXT_SGX},
     "has no SGX extension"},
    {"SGX extension of a CA",
     ASSAY_ROLE_PCK_CA,
     {.ca.extra = {{"2a864886f84d010d01", false, "3000"}}},
     "has an SGX extension that is not its part"},
    {"PCK that is a CA",
     ASSAY_ROLE_PCK,
     {.pck.ca = MINT_YES},
     "is a CA where an end entity is due"},
    {"CA that is none",
     ASSAY_ROLE_PCK_CA,
     {.ca.ca = MINT_NO},
     "is no CA by its basic constraints"},
    {"root that is none",
     ASSAY_ROLE_ROOT,
     {.root.ca = MINT_NO},
     "is no CA by its basic constraints"},
    {"root without keyCertSign",
     ASSAY_ROLE_ROOT,
     {.root.key_usage = MINT_KU_CRL_SIGN},
     "lacks a key usage that its role needs"},
    {"root without cRLSign",
     ASSAY_ROLE_ROOT,
     {.root.key_usage = MINT_KU_CERT_SIGN},
     "lacks a key usage that its role needs"},
    {"CA without keyCertSign",
     ASSAY_ROLE_PCK_CA,
     {.ca.key_usage = MINT_KU_CRL_SIGN},
     "lacks a key usage that its role needs"},
    {"CA without cRLSign",
     ASSAY_ROLE_PCK_CA,
     {.ca.key_usage = MINT_KU_CERT_SIGN},
     "lacks a key usage that its role needs"},
    {"PCK without digitalSignature",
     ASSAY_ROLE_PCK,
     {.pck.key_usage = MINT_KU_NON_REPUDIATION},
     "lacks a key usage that its role needs"},
    {"signer without digitalSignature",
     ASSAY_ROLE_TCB_SIGNER,
     {.tcb_signer.key_usage = MINT_KU_KEY_ENCIPHERMENT},
     "lacks a key usage that its role needs"},
    {"PCK with keyCertSign",
     ASSAY_ROLE_PCK,
     {.pck.key_usage = MINT_KU_DIGITAL_SIGNATURE | MINT_KU_CERT_SIGN},
     "may sign certificates though it is no CA"},
    {"root of path length 0",
     ASSAY_ROLE_ROOT,
     {.root.pathlen = MINT_PATHLEN(0)},
     "has a path length that is too short"},
    {"root of path length 2",
     ASSAY_ROLE_ROOT,
     {.root.pathlen = MINT_PATHLEN(2)},
     NULL},
    {"root of no path length",
     ASSAY_ROLE_ROOT,
     {.root.pathlen = MINT_PATHLEN_NONE},
     NULL},
    {"PCK of path length 0",
     ASSAY_ROLE_PCK,
     {.pck.pathlen = MINT_PATHLEN(0)},
     "has a path length though it is no CA"},
};

static const enum mint_cert_id cert_of_role[] = {
    [ASSAY_ROLE_ROOT] = MINT_CERT_ROOT,
    [ASSAY_ROLE_PCK_CA] = MINT_CERT_CA,
    [ASSAY_ROLE_PCK] = MINT_CERT_PCK,
    [ASSAY_ROLE_TCB_SIGNER] = MINT_CERT_TCB_SIGNER,
};

static void
parse_cert(const char *row, struct assay_slice der, struct assay_cert *out)
{
    struct assay_error err;

    if (assay_cert_parse(der, out, &err) != ASSAY_OK) {
        fail_msg("row \"%s\": %s", row, err.msg);
    }
}

static void
test_roles(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(roles); i++) {
        struct mint_world *w = trial_world(roles[i].name, &roles[i].o);
        const char *want = roles[i].fault;
        const char *got;
        struct assay_cert cert;

        parse_cert(roles[i].name,
                   mint_world_cert_der(w, cert_of_role[roles[i].role]), &cert);
        got = assay_cert_role_fault(&cert, roles[i].role);
        if (strcmp(got != NULL ? got : "none", want != NULL ? want : "none") !=
            0) {
            fail_msg("row \"%s\": %s, want %s", roles[i].name,
                     got != NULL ? got : "none", want != NULL ? want : "none");
        }
        mint_world_free(w);
    }
}

/* No certificate of a healthy world may play another's part, but for the root
 * as a CA: its name and powers are those of one. */
static void
test_other_roles(void **state)
{
    (void)state;
    for (size_t cert_role = 0; cert_role < COUNT_OF(cert_of_role);
         cert_role++) {
        struct assay_cert cert;

        parse_cert("role", mint_world_cert_der(world, cert_of_role[cert_role]),
                   &cert);
        for (size_t role = 0; role < COUNT_OF(cert_of_role); role++) {
            bool may = assay_cert_role_fault(
                           &cert, (enum assay_cert_role)role) == NULL;

            assert_int_equal(may, role == cert_role ||
                                      (cert_role == ASSAY_ROLE_ROOT &&
                                       role == ASSAY_ROLE_PCK_CA));
        }
    }
}

static void
test_links(void **state)
{
    static const struct {
        const char *name;
        struct mint_options o;
        const char *fault;
    } links[] = {
        {"good", {.seed = NULL}, NULL},
        {"issuer", {.pck.issuer = &stranger}, "names another issuer"},
        {"key", {.pck.aki = "0011"}, "names another issuer key"},
        {"start of the key",
         {.ca.ski = "001122", .pck.aki = "0011"},
         "names another issuer key"},
        {"longer than the key",
         {.ca.ski = "0011", .pck.aki = "001122"},
         "names another issuer key"},
        {"both",
         {.pck = {.issuer = &stranger, .aki = "0011"}},
         "names another issuer"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(links); i++) {
        struct mint_world *w = trial_world(links[i].name, &links[i].o);
        struct assay_cert child;
        struct assay_cert issuer;
        const char *got;

        parse_cert(links[i].name, mint_world_cert_der(w, MINT_CERT_PCK),
                   &child);
        parse_cert(links[i].name, mint_world_cert_der(w, MINT_CERT_CA),
                   &issuer);
        got = assay_cert_link_fault(&child, &issuer);
        CHECK(links[i].name,
              links[i].fault == NULL
                  ? got == NULL
                  : got != NULL && strcmp(got, links[i].fault) == 0);
        mint_world_free(w);
    }
}

static int
setup(void **state)
{
    static const struct mint_options o = {.seed = NULL};

    (void)state;
    world = trial_world("good", &o);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    mint_world_free(world);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_bad_certificate),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_truncations),
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_other_roles),
        cmocka_unit_test(test_links),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
