/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_qe_identity.c - Intel's identity of the quoting enclave.
 */
#include "collateral/qe_identity.h"

#include "base/text.h"
#include "harness/json_edit.h"
#include "harness/trial.h"

static struct assay_ctx *ctx;

static enum assay_code
parse(struct assay_slice text, struct assay_error *err)
{
    struct assay_qe_identity q;
    enum assay_code code;

    memset(&q, 0xaa, sizeof(q));
    code = assay_qe_identity_parse(ctx, text, &q, err);
    if (code != ASSAY_OK) {
        assert_true(assay_slice_is_zero(
            (struct assay_slice){(const uint8_t *)&q, sizeof(q)}));
        return code;
    }
    assay_qe_identity_free(&q);
    return code;
}

static struct assay_buf
document(const char *row, const struct mint_options *o)
{
    struct mint_world *w = trial_world(row, o);
    struct assay_buf b;

    assay_buf_init(&b, JSON_EDIT_MAX);
    assay_buf_add(&b, mint_world_collateral_parts(w).qe_identity);
    mint_world_free(w);
    return b;
}

#define BAD  ASSAY_MALFORMED
#define BODY "\"enclaveIdentity\":"

static const struct json_row rows[] = {
    {"good", "", "", ASSAY_OK, "", NULL},
    {"version 1", "\"version\":2", "\"version\":1", ASSAY_UNSUPPORTED,
     "enclaveIdentity.version: 1 is not 2", BODY},
    {"version 3", "\"version\":2", "\"version\":3", ASSAY_UNSUPPORTED,
     "enclaveIdentity.version: 3 is not 2", BODY},
    {"version 2.0", "\"version\":2", "\"version\":2.0", BAD,
     "enclaveIdentity.version: not an integer", "\"version\":"},
    {"QE", "\"TD_QE\"", "\"QE\"", ASSAY_OK, "", NULL},
    {"QVE", "\"TD_QE\"", "\"QVE\"", ASSAY_UNSUPPORTED,
     "enclaveIdentity.id: neither QE nor TD_QE", BODY},
    {"id in lower case", "\"TD_QE\"", "\"td_qe\"", ASSAY_UNSUPPORTED,
     "enclaveIdentity.id: neither QE nor TD_QE", BODY},
    {"id empty", "\"TD_QE\"", "\"\"", ASSAY_UNSUPPORTED,
     "enclaveIdentity.id: neither QE nor TD_QE", BODY},
    {"issueDate without time", "2026-09-17T14:13:20Z", "2026-09-17", BAD,
     "enclaveIdentity.issueDate", "\"issueDate\":"},
    {"issueDate with an offset", "2026-09-17T14:13:20Z",
     "2026-09-17T14:13:20+01:00", BAD, "enclaveIdentity.issueDate",
     "\"issueDate\":"},
    {"nextUpdate in month 0", "2026-10-17T14:13:20Z", "2026-00-17T14:13:20Z",
     BAD, "enclaveIdentity.nextUpdate", "\"nextUpdate\":"},
    {"evaluation number 2^32", "Number\":18", "Number\":4294967296", BAD,
     "enclaveIdentity.tcbEvaluationDataNumber: not an integer", "Number\":"},
    {"miscselect of 7 digits", "\"miscselect\":\"0", "\"miscselect\":\"", BAD,
     "enclaveIdentity.miscselect: need 4 bytes in hex, have 7",
     "\"miscselect\":"},
    {"miscselect of 10 digits", "\"miscselect\":\"", "\"miscselect\":\"00", BAD,
     "enclaveIdentity.miscselect: need 4 bytes in hex, have 10",
     "\"miscselect\":"},
    {"miscselectMask with an O", "\"FFFFFFFF\"", "\"FFFFFFFO\"", BAD,
     "enclaveIdentity.miscselectMask: 'O' is no hex digit",
     "\"miscselectMask\":"},
    {"attributes of 31 digits", "\"attributes\":\"1", "\"attributes\":\"", BAD,
     "enclaveIdentity.attributes: need 16 bytes in hex, have 31",
     "\"attributes\":"},
    {"attributesMask of 34 digits", "\"attributesMask\":\"",
     "\"attributesMask\":\"FF", BAD,
     "enclaveIdentity.attributesMask: need 16 bytes in hex, have 34",
     "\"attributesMask\":"},
    {"mrsigner of 62 digits", "\"mrsigner\":\"DC", "\"mrsigner\":\"", BAD,
     "enclaveIdentity.mrsigner: need 32 bytes in hex, have 62",
     "\"mrsigner\":"},
    {"mrsigner of 65 digits", "\"mrsigner\":\"DC", "\"mrsigner\":\"DCD", BAD,
     "enclaveIdentity.mrsigner: need 32 bytes in hex, have 65",
     "\"mrsigner\":"},
    {"mrsigner in lower case", "\"mrsigner\":\"DC", "\"mrsigner\":\"dc",
     ASSAY_OK, "", NULL},
    {"isvprodid 65535", "\"isvprodid\":2", "\"isvprodid\":65535", ASSAY_OK, "",
     NULL},
    {"isvprodid 65536", "\"isvprodid\":2", "\"isvprodid\":65536", BAD,
     "enclaveIdentity.isvprodid: not an integer from 0 to 65535",
     "\"isvprodid\":"},
    {"isvprodid -1", "\"isvprodid\":2", "\"isvprodid\":-1", BAD,
     "enclaveIdentity.isvprodid: not an integer", "\"isvprodid\":"},
    {"isvsvn 65536", "\"isvsvn\":8", "\"isvsvn\":65536", BAD,
     "tcbLevels.tcb.isvsvn: not an integer from 0 to 65535", "\"isvsvn\":"},
    {"isvsvn in a string", "\"isvsvn\":8", "\"isvsvn\":\"8\"", BAD,
     "tcbLevels.tcb.isvsvn: not of type number", "\"isvsvn\":"},
    {"SWHardeningNeeded", "\"UpToDate\"", "\"SWHardeningNeeded\"", BAD,
     "tcbLevels.tcbStatus: 'SWHardeningNeeded' is not known here",
     "\"tcbStatus\":"},
    {"OutOfDateConfigurationNeeded", "\"UpToDate\"",
     "\"OutOfDateConfigurationNeeded\"", BAD,
     "tcbLevels.tcbStatus: 'OutOfDateConfigurationNeeded' is not",
     "\"tcbStatus\":"},
    {"unknown status", "\"UpToDate\"", "\"Good\"", BAD,
     "tcbLevels.tcbStatus: 'Good' is not known here", "\"tcbStatus\":"},
    {"Revoked", "\"UpToDate\"", "\"Revoked\"", ASSAY_OK, "", NULL},
    {"tcbDate is none", "2024-11-13", "2024-11-00", BAD, "tcbLevels.tcbDate",
     "\"tcbDate\":"},
    {"advisory with a space", "INTEL-SA-00477", "INTEL SA", BAD,
     "tcbLevels.advisoryIDs: not an advisory ID", "\"advisoryIDs\":["},
    {"extra member in the body", "{\"id\"", "{\"new\":0,\"id\"", ASSAY_OK, "",
     NULL},
    {"extra member beside the body", "{\"enclaveIdentity\"",
     "{\"new\":0,\"enclaveIdentity\"", BAD,
     "document: members other than enclaveIdentity and signature", ""},
    {"isvprodid twice", "\"isvprodid\":2", "\"isvprodid\":2,\"isvprodid\":1",
     BAD, "document: ", "\"isvprodid\":2,"},
    {"TCB info", "{\"enclaveIdentity\"", "{\"tcbInfo\"", BAD,
     "document.enclaveIdentity: missing", ""},
};

static void
test_rows(void **state)
{
    static const struct mint_options o = {.quote.version = 4};
    struct assay_buf good = document("good", &o);

    (void)state;
    json_rows(assay_buf_slice(&good), rows, COUNT_OF(rows), parse);
    assay_buf_free(&good);
}

static void
test_worlds(void **state)
{
    static const struct {
        const char *name;
        struct mint_options o;
        const char *msg;
        const char *at;
    } worlds[] = {
        {"no level",
         {.qe_identity.level_count = MINT_NONE},
         "enclaveIdentity.tcbLevels: 0 levels, 1 to 64 are allowed",
         "\"tcbLevels\":"},
        {"a level twice",
         {.qe_identity.levels[1].isvsvn = 8},
         "tcbLevels: isvsvn 8 occurs twice",
         "\"tcbStatus\":\"UpToDate\"},"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(worlds); i++) {
        struct assay_buf b = document(worlds[i].name, &worlds[i].o);
        const struct json_row row = {worlds[i].name, "",          "", BAD,
                                     worlds[i].msg,  worlds[i].at};

        json_row_check(&row, assay_buf_slice(&b), parse);
        assay_buf_free(&b);
    }
}

static void
test_walk(void **state)
{
    static const char *const may_miss[] = {"advisoryIDs", NULL};
    static const char *const ignored[] = {NULL};
    static const struct mint_options o = {.quote.version = 3};
    struct json_walk w = {parse, may_miss, ignored, 0};
    struct assay_buf b = document("walk", &o);

    (void)state;
    json_walk(&w, assay_buf_slice(&b));
    assert_true(w.tried > 100);
    assay_buf_free(&b);
}

static void
check_bytes(const uint8_t *got, const char *hex)
{
    char text[2 * 32 + 1];

    assay_hex_to(text, (struct assay_slice){got, strlen(hex) / 2});
    assert_string_equal(text, hex);
}

static void
test_read(void **state)
{
    const struct mint_options o = {
        .qe_identity = {.evaluation_number = 21,
                        .miscselect = "01020304",
                        .miscselect_mask = "A1b2C3d4",
                        .attributes = "0102030405060708090a0b0c0d0e0f10",
                        .attributes_mask = "F102030405060708090a0b0c0d0e0f1f",
                        .mrsigner = "0102030405060708090a0b0c0d0e0f10"
                                    "1112131415161718191a1b1c1d1e1fFF",
                        .isvprodid = 0x1234,
                        .json.pretty = true}};
    struct assay_buf b = document("read", &o);
    struct assay_slice text = assay_buf_slice(&b);
    size_t open = behind("read", text, "{\"enclaveIdentity\":");
    size_t close = find_text("read", text, ",\"signature\"");
    struct assay_qe_identity q;
    uint8_t digest[32];
    struct assay_error err;

    (void)state;
    assert_int_equal(assay_qe_identity_parse(ctx, text, &q, &err), ASSAY_OK);
    assert_true(q.tdx);
    assert_int_equal(q.issue_s, MINT_NOW_S - 4 * 86400);
    assert_int_equal(q.next_update_s, MINT_NOW_S + 26 * 86400);
    assert_int_equal(q.evaluation, 21);
    check_bytes(q.miscselect, "01020304");
    check_bytes(q.miscselect_mask, "a1b2c3d4");
    check_bytes(q.attributes, "0102030405060708090a0b0c0d0e0f10");
    check_bytes(q.attributes_mask, "f102030405060708090a0b0c0d0e0f1f");
    check_bytes(q.mrsigner, "0102030405060708090a0b0c0d0e0f10"
                            "1112131415161718191a1b1c1d1e1fff");
    assert_int_equal(q.isvprodid, 0x1234);
    assert_int_equal(q.levels.count, 2);
    assert_int_equal(q.levels.level[0].isvsvn, 8);
    assert_int_equal(q.levels.level[0].tail.status, ASSAY_TCB_UP_TO_DATE);
    assert_int_equal(q.levels.level[1].isvsvn, 6);
    assert_int_equal(q.levels.level[1].tail.status, ASSAY_TCB_OUT_OF_DATE);
    assert_int_equal(
        mint_sha256((struct assay_slice){text.ptr + open, close - open}, digest,
                    &err),
        ASSAY_OK);
    assert_memory_equal(q.json.seal.digest, digest, sizeof(digest));
    assay_qe_identity_free(&q);
    assay_qe_identity_free(&q); /* a zeroed one is fine */
    assay_buf_free(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_worlds),
        cmocka_unit_test(test_walk),
        cmocka_unit_test(test_read),
    };
    int rc;

    ctx = trial_ctx();
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    assay_ctx_free(ctx);
    return rc;
}
