/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_signed_json.c - a signed document: two members, and the digest of the
 * exact bytes of one of them.
 */
#include "collateral/signed_json.h"

#include "base/text.h"
#include "harness/json_edit.h"
#include "harness/trial.h"

#define SIG32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define SIG64 SIG32 SIG32

static struct assay_ctx *ctx;

static enum assay_code
parse(struct assay_slice text, struct assay_error *err)
{
    struct assay_signed_json j;
    enum assay_code code;

    memset(&j, 0xaa, sizeof(j));
    code = assay_signed_json_parse(ctx, text, "b", &j, err);
    if (code != ASSAY_OK) {
        assert_true(assay_slice_is_zero(
            (struct assay_slice){(const uint8_t *)&j, sizeof(j)}));
        return code;
    }
    assay_signed_json_free(&j);
    assert_null(j.doc);
    return code;
}

#define GOOD "{\"b\":{\"x\":1},\"signature\":\"" SIG64 "\"}"
#define BAD  ASSAY_MALFORMED

static const struct json_row rows[] = {
    {"good", "", "", ASSAY_OK, "", NULL},
    {"other order", GOOD, "{\"signature\":\"" SIG64 "\",\"b\":{}}", ASSAY_OK,
     "", NULL},
    {"space around everything", GOOD,
     " {\n\"b\" : {} , \"signature\" :\t\"" SIG64 "\" } \n", ASSAY_OK, "",
     NULL},
    {"signature in upper case", "0a0b0c0d0e0f", "0A0B0C0D0E0F", ASSAY_OK, "",
     NULL},
    {"signature with an escaped digit", "000102", "\\u003000102", ASSAY_OK, "",
     NULL},
    {"name with an escape", "\"b\"", "\"\\u0062\"", ASSAY_OK, "", NULL},
    {"no body", "\"b\"", "\"c\"", BAD, "document.b: missing", ""},
    {"body in upper case", "\"b\"", "\"B\"", BAD, "document.b: missing", ""},
    {"body is null", "{\"x\":1}", "null", BAD, "document.b: not of type object",
     "\"b\":"},
    {"body is a string", "{\"x\":1}", "\"{}\"", BAD,
     "document.b: not of type object", "\"b\":"},
    {"body is an array", "{\"x\":1}", "[]", BAD,
     "document.b: not of type object", "\"b\":"},
    {"no signature", ",\"signature\":\"" SIG64 "\"", "", BAD,
     "document.signature: missing", ""},
    {"signature is null", "\"" SIG64 "\"", "null", BAD,
     "document.signature: not of type string", "\"signature\":"},
    {"signature is a number", "\"" SIG64 "\"", "12", BAD,
     "document.signature: not of type string", "\"signature\":"},
    {"signature is empty", SIG64, "", BAD,
     "document.signature: need 64 bytes in hex, have 0 characters",
     "\"signature\":"},
    {"126 digits", "1e1f\"", "1e\"", BAD,
     "document.signature: need 64 bytes in hex, have 126", "\"signature\":"},
    {"127 digits", "1e1f\"", "1e1\"", BAD,
     "document.signature: need 64 bytes in hex, have 127", "\"signature\":"},
    {"129 digits", "1e1f\"", "1e1f2\"", BAD,
     "document.signature: need 64 bytes in hex, have 129", "\"signature\":"},
    {"130 digits", "1e1f\"", "1e1f20\"", BAD,
     "document.signature: need 64 bytes in hex, have 130", "\"signature\":"},
    {"prefix 0x", "\"0001", "\"0x01", BAD, "document.signature: 'x' is no",
     "\"signature\":"},
    {"space for a digit", "\"0001", "\" 001", BAD,
     "document.signature: ' ' is no", "\"signature\":"},
    {"signature twice", ",\"signature\"",
     ",\"signature\":\"" SIG64 "\",\"signature\"", BAD,
     "document: ", "\"" SIG64 "\","},
    {"body twice", "{\"b\":", "{\"b\":{\"x\":1},\"b\":", BAD,
     "document: ", "{\"x\":1},"},
    {"body twice, once escaped", "{\"b\":", "{\"b\":{\"x\":1},\"\\u0062\":",
     BAD, "document: ", "{\"x\":1},"},
    {"twice inside the body", "\"x\":1", "\"x\":1,\"x\":1", BAD,
     "document: ", "\"x\":1,"},
    {"extra member in front", "{\"b\":", "{\"a\":0,\"b\":", BAD,
     "document: members other than b and signature", ""},
    {"extra member between", ",\"sig", ",\"a\":{},\"sig", BAD,
     "document: members other than b and signature", ""},
    {"extra member behind", "1f\"}", "1f\",\"a\":null}", BAD,
     "document: members other than b and signature", ""},
    {"extra member with an empty name", "1f\"}", "1f\",\"\":0}", BAD,
     "document: members other than b and signature", ""},
    {"extra member in the body", "\"x\":1", "\"x\":1,\"y\":[]", ASSAY_OK, "",
     NULL},
    {"an array", GOOD, "[]", BAD, "document.b: missing", ""},
    {"a string", GOOD, "\"b\"", BAD, "document.b: missing", ""},
    {"an array of it", GOOD, "[" GOOD "]", BAD, "document.b: missing", ""},
    {"nothing", GOOD, "", ASSAY_TRUNCATED, "document: ", ""},
    {"cut", "1f\"}", "1f\"", ASSAY_TRUNCATED, "document: ", SIG64 "\""},
    {"twice", "1f\"}", "1f\"}{}", BAD, "document: ", SIG64 "\"}"},
    {"control character behind", "1f\"}", "1f\"}\x01", BAD,
     "document: ", SIG64 "\"}"},
};

static void
test_rows(void **state)
{
    (void)state;
    json_rows(assay_slice_of(GOOD), rows, COUNT_OF(rows), parse);
}

/* The digest is that of the body's bytes as they stand in the text. */
static void
test_digest(void **state)
{
    static const char *const bodies[] = {
        "{}",
        "{\"x\":1}",
        "{ \"x\" : 1.0e0 ,\n\"y\":\"\\u0041\\/\" }",
        "{\"y\":{\"signature\":\"}\"},\"x\":[{},[],\"{\"]}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        struct assay_slice body = assay_slice_of(bodies[i]);
        struct assay_signed_json j;
        struct assay_buf text;
        uint8_t digest[32];
        uint8_t signature[64];
        struct assay_error err;

        assay_buf_init(&text, 4096);
        assay_buf_printf(&text, "{\"b\" :\n %s ,\"signature\":\"" SIG64 "\"}",
                         bodies[i]);
        assert_int_equal(
            assay_signed_json_parse(ctx, assay_buf_slice(&text), "b", &j, &err),
            ASSAY_OK);
        assert_true(assay_slice_equal(assay_json_span(j.doc, j.body), body));
        assay_error_clear(&err);
        assert_int_equal(mint_sha256(body, digest, &err), ASSAY_OK);
        assert_memory_equal(j.seal.digest, digest, sizeof(digest));
        assert_int_equal(assay_hex_decode(assay_slice_of(SIG64), signature,
                                          sizeof(signature), "s", &err),
                         ASSAY_OK);
        assert_memory_equal(j.seal.signature, signature, sizeof(signature));
        assay_signed_json_free(&j);
        assay_buf_free(&text);
    }
}

static struct assay_buf
nested(unsigned depth)
{
    struct assay_buf b;

    assay_buf_init(&b, JSON_EDIT_MAX);
    assay_buf_add_text(&b, "{\"signature\":\"" SIG64 "\",\"b\":");
    for (unsigned i = 1; i < depth; i++) {
        assay_buf_add_text(&b, i == 1 ? "{\"x\":" : "[");
    }
    assay_buf_add_text(&b, "0");
    for (unsigned i = depth; i-- > 1;) {
        assay_buf_add_text(&b, i == 1 ? "}" : "]");
    }
    assay_buf_add_text(&b, "}");
    return b;
}

static void
test_limits(void **state)
{
    static const struct {
        const char *name;
        unsigned depth;
        size_t pad; /* the text padded with spaces to this size */
        unsigned elements;
        enum assay_code code;
    } limits[] = {
        {"depth 32", 32, 0, 0, ASSAY_OK},
        {"depth 33", 33, 0, 0, ASSAY_TOO_LARGE},
        {"depth 5000", 5000, 0, 0, ASSAY_TOO_LARGE},
        {"1 MiB", 2, 1u << 20, 0, ASSAY_OK},
        {"1 MiB + 1", 2, (1u << 20) + 1, 0, ASSAY_TOO_LARGE},
        {"131065 elements", 2, 0, 131065, ASSAY_OK},
        {"131073 elements", 2, 0, 131073, ASSAY_TOO_LARGE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        struct assay_buf b =
            limits[i].elements > 0
                ? repeat_text("{\"signature\":\"" SIG64 "\",\"b\":{\"x\":[",
                              limits[i].elements, "0", "]}}")
                : nested(limits[i].depth);
        struct assay_slice text;
        struct assay_error err;

        if (limits[i].pad > b.len) {
            size_t n = limits[i].pad - b.len;
            uint8_t *room = assay_buf_extend(&b, n);

            assert_non_null(room);
            memset(room, ' ', n);
        }
        text = exact_copy(assay_buf_slice(&b));
        CHECK(limits[i].name, parse(text, &err) == limits[i].code);
        CHECK(limits[i].name, err.code == limits[i].code);
        free((void *)text.ptr);
        assay_buf_free(&b);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_digest),
        cmocka_unit_test(test_limits),
    };
    int rc;

    ctx = trial_ctx();
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    assay_ctx_free(ctx);
    return rc;
}
