/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_tcb_info.c - Intel's TCB info, versions 2 and 3, SGX and TDX.
 */
#include "collateral/tcb_info.h"

#include "base/text.h"
#include "harness/json_edit.h"
#include "harness/trial.h"

static struct assay_ctx *ctx;

static enum assay_code
parse(struct assay_slice text, struct assay_error *err)
{
    struct assay_tcb_info t;
    enum assay_code code;

    memset(&t, 0xaa, sizeof(t));
    code = assay_tcb_info_parse(ctx, text, &t, err);
    if (code != ASSAY_OK) {
        assert_true(assay_slice_is_zero(
            (struct assay_slice){(const uint8_t *)&t, sizeof(t)}));
        return code;
    }
    assay_tcb_info_free(&t);
    return code;
}

/* TCB info as mint writes it under these options. */
static struct assay_buf
document(const char *row, const struct mint_options *o)
{
    struct mint_world *w = trial_world(row, o);
    struct assay_buf b;

    assay_buf_init(&b, JSON_EDIT_MAX);
    assay_buf_add(&b, mint_world_collateral_parts(w).tcb_info);
    mint_world_free(w);
    return b;
}

static const struct mint_options sgx = {.quote.version = 3};
static const struct mint_options v2 = {.quote.version = 3,
                                       .tcb_info.version = 2};
static const struct mint_options tdx = {.quote.version = 4};

#define BAD     ASSAY_MALFORMED
#define BODY    "\"tcbInfo\":"
#define LEVELS  "\"tcbLevels\":["
#define MODULES "\"tdxModuleIdentities\":["

/* --- one edit --------------------------------------------------------------
 */

static const struct json_row sgx_rows[] = {
    {"good", "", "", ASSAY_OK, "", NULL},
    {"version 1", "\"version\":3", "\"version\":1", ASSAY_UNSUPPORTED,
     "tcbInfo.version: 1 is not 2 or 3", BODY},
    {"version 4", "\"version\":3", "\"version\":4", ASSAY_UNSUPPORTED,
     "tcbInfo.version: 4 is not 2 or 3", BODY},
    {"version 0", "\"version\":3", "\"version\":0", ASSAY_UNSUPPORTED,
     "tcbInfo.version: 0 is not 2 or 3", BODY},
    {"version 2 with components of version 3", "\"version\":3", "\"version\":2",
     BAD, "tcbLevels.tcb.sgxtcbcomp01svn: missing", "\"tcb\":"},
    {"version 3.0", "\"version\":3", "\"version\":3.0", BAD,
     "tcbInfo.version: not an integer", "\"version\":"},
    {"version 2^32 + 3", "\"version\":3", "\"version\":4294967299", BAD,
     "tcbInfo.version: not an integer from 0 to 4294967295", "\"version\":"},
    {"id QE", "\"SGX\"", "\"QE\"", BAD, "tcbInfo.id: neither SGX nor TDX",
     BODY},
    {"id in lower case", "\"SGX\"", "\"sgx\"", BAD, "tcbInfo.id: neither",
     BODY},
    {"id empty", "\"SGX\"", "\"\"", BAD, "tcbInfo.id: neither", BODY},
    {"SGX called TDX", "\"SGX\"", "\"TDX\"", BAD, "tcbInfo.tdxModule: missing",
     BODY},
    {"SGX with tdxModule", "\"tcbType\"", "\"tdxModule\":{},\"tcbType\"", BAD,
     "tcbInfo: SGX TCB info with a TDX module", BODY},
    {"SGX with tdxModule null", "\"tcbType\"", "\"tdxModule\":null,\"tcbType\"",
     BAD, "tcbInfo: SGX TCB info with a TDX module", BODY},
    {"SGX with tdxModuleIdentities", "\"tcbType\"",
     "\"tdxModuleIdentities\":[],\"tcbType\"", BAD,
     "tcbInfo: SGX TCB info with a TDX module", BODY},
    {"tcbType 1", "\"tcbType\":0", "\"tcbType\":1", BAD,
     "tcbInfo.tcbType: not an integer from 0 to 0", "\"tcbType\":"},
    {"evaluation number 0", "Number\":18", "Number\":0", ASSAY_OK, "", NULL},
    {"evaluation number 2^32 - 1", "Number\":18", "Number\":4294967295",
     ASSAY_OK, "", NULL},
    {"evaluation number 2^32", "Number\":18", "Number\":4294967296", BAD,
     "tcbInfo.tcbEvaluationDataNumber: not an integer", "Number\":"},
    {"evaluation number -1", "Number\":18", "Number\":-1", BAD,
     "tcbInfo.tcbEvaluationDataNumber: not an integer", "Number\":"},
    /* dates */
    {"issueDate without time", "2026-09-16T14:13:20Z", "2026-09-16", BAD,
     "tcbInfo.issueDate", "\"issueDate\":"},
    {"issueDate without zone", "2026-09-16T14:13:20Z", "2026-09-16T14:13:20",
     BAD, "tcbInfo.issueDate", "\"issueDate\":"},
    {"issueDate with an offset", "2026-09-16T14:13:20Z",
     "2026-09-16T14:13:20+00:00", BAD, "tcbInfo.issueDate", "\"issueDate\":"},
    {"issueDate with a fraction", "2026-09-16T14:13:20Z",
     "2026-09-16T14:13:20.0Z", BAD, "tcbInfo.issueDate", "\"issueDate\":"},
    {"issueDate with z", "2026-09-16T14:13:20Z", "2026-09-16T14:13:20z", BAD,
     "tcbInfo.issueDate", "\"issueDate\":"},
    {"issueDate with a space", "2026-09-16T14:13:20Z", "2026-09-16 14:13:20Z",
     BAD, "tcbInfo.issueDate", "\"issueDate\":"},
    {"issueDate in month 13", "2026-09-16T14:13:20Z", "2026-13-16T14:13:20Z",
     BAD, "tcbInfo.issueDate", "\"issueDate\":"},
    {"issueDate at 24 o'clock", "2026-09-16T14:13:20Z", "2026-09-16T24:00:00Z",
     BAD, "tcbInfo.issueDate", "\"issueDate\":"},
    {"issueDate empty", "2026-09-16T14:13:20Z", "", BAD, "tcbInfo.issueDate",
     "\"issueDate\":"},
    {"nextUpdate is none", "2026-10-16T14:13:20Z", "2026-02-29T14:13:20Z", BAD,
     "tcbInfo.nextUpdate", "\"nextUpdate\":"},
    {"nextUpdate as seconds", "2026-10-16T14:13:20Z", "1790000000", BAD,
     "tcbInfo.nextUpdate", "\"nextUpdate\":"},
    {"tcbDate is none", "2024-11-13T00:00:00Z", "2024-11-31T00:00:00Z", BAD,
     "tcbLevels.tcbDate", "\"tcbDate\":"},
    /* hex */
    {"fmspc in lower case", "00A06F050000", "00a06f050000", ASSAY_OK, "", NULL},
    {"fmspc of 10 digits", "00A06F050000", "00A06F0500", BAD,
     "tcbInfo.fmspc: need 6 bytes in hex, have 10", "\"fmspc\":"},
    {"fmspc of 11 digits", "00A06F050000", "00A06F05000", BAD,
     "tcbInfo.fmspc: need 6 bytes in hex, have 11", "\"fmspc\":"},
    {"fmspc of 13 digits", "00A06F050000", "00A06F0500000", BAD,
     "tcbInfo.fmspc: need 6 bytes in hex, have 13", "\"fmspc\":"},
    {"fmspc of 14 digits", "00A06F050000", "00A06F05000000", BAD,
     "tcbInfo.fmspc: need 6 bytes in hex, have 14", "\"fmspc\":"},
    {"fmspc with a g", "00A06F050000", "00A06F05000g", BAD,
     "tcbInfo.fmspc: 'g' is no hex digit", "\"fmspc\":"},
    {"pceId of 3 digits", "\"pceId\":\"0000\"", "\"pceId\":\"000\"", BAD,
     "tcbInfo.pceId: need 2 bytes in hex, have 3", "\"pceId\":"},
    {"pceId of 5 digits", "\"pceId\":\"0000\"", "\"pceId\":\"00000\"", BAD,
     "tcbInfo.pceId: need 2 bytes in hex, have 5", "\"pceId\":"},
    {"pceId with a prefix", "\"pceId\":\"0000\"", "\"pceId\":\"0x00\"", BAD,
     "tcbInfo.pceId: 'x' is no hex digit", "\"pceId\":"},
    /* SVNs */
    {"svn 255", "\"svn\":4", "\"svn\":255", ASSAY_OK, "", NULL},
    {"svn 256", "\"svn\":4", "\"svn\":256", BAD,
     "sgxtcbcomponents.svn: not an integer from 0 to 255", "\"svn\":"},
    {"svn 260", "\"svn\":4", "\"svn\":260", BAD,
     "sgxtcbcomponents.svn: not an integer from 0 to 255", "\"svn\":"},
    {"svn -1", "\"svn\":4", "\"svn\":-1", BAD,
     "sgxtcbcomponents.svn: not an integer from 0 to 255", "\"svn\":"},
    {"svn -0", "\"svn\":4", "\"svn\":-0", BAD,
     "sgxtcbcomponents.svn: not an integer from 0 to 255", "\"svn\":"},
    {"svn 1.5", "\"svn\":4", "\"svn\":1.5", BAD,
     "sgxtcbcomponents.svn: not an integer from 0 to 255", "\"svn\":"},
    {"svn 1e1", "\"svn\":4", "\"svn\":1e1", BAD,
     "sgxtcbcomponents.svn: not an integer from 0 to 255", "\"svn\":"},
    {"svn in a string", "\"svn\":4", "\"svn\":\"1\"", BAD,
     "sgxtcbcomponents.svn: not of type number", "\"svn\":"},
    {"svn 01", "\"svn\":4", "\"svn\":01", BAD, "document: ", "\"svn\":0"},
    {"pcesvn 65535", "\"pcesvn\":13", "\"pcesvn\":65535", ASSAY_OK, "", NULL},
    {"pcesvn 65536", "\"pcesvn\":13", "\"pcesvn\":65536", BAD,
     "tcbLevels.tcb.pcesvn: not an integer from 0 to 65535", "\"pcesvn\":"},
    {"pcesvn -1", "\"pcesvn\":13", "\"pcesvn\":-1", BAD,
     "tcbLevels.tcb.pcesvn: not an integer from 0 to 65535", "\"pcesvn\":"},
    /* status */
    {"Revoked", "\"UpToDate\"", "\"Revoked\"", ASSAY_OK, "", NULL},
    {"SWHardeningNeeded", "\"UpToDate\"", "\"SWHardeningNeeded\"", ASSAY_OK, "",
     NULL},
    {"ConfigurationNeeded", "\"UpToDate\"", "\"ConfigurationNeeded\"", ASSAY_OK,
     "", NULL},
    {"ConfigurationAndSWHardeningNeeded", "\"UpToDate\"",
     "\"ConfigurationAndSWHardeningNeeded\"", ASSAY_OK, "", NULL},
    {"OutOfDateConfigurationNeeded", "\"UpToDate\"",
     "\"OutOfDateConfigurationNeeded\"", ASSAY_OK, "", NULL},
    {"status that is a result", "\"UpToDate\"", "\"TDRelaunchAdvised\"", BAD,
     "tcbLevels.tcbStatus: 'TDRelaunchAdvised' is not known here",
     "\"tcbStatus\":"},
    {"another status that is a result", "\"UpToDate\"",
     "\"TDRelaunchAdvisedConfigurationNeeded\"", BAD,
     "tcbLevels.tcbStatus: 'TDRelaunchAdvisedConfigurationNeeded' is not",
     "\"tcbStatus\":"},
    {"unknown status", "\"UpToDate\"", "\"Fine\"", BAD,
     "tcbLevels.tcbStatus: 'Fine' is not known here", "\"tcbStatus\":"},
    {"status in capitals", "\"UpToDate\"", "\"UPTODATE\"", BAD,
     "tcbLevels.tcbStatus: 'UPTODATE' is not", "\"tcbStatus\":"},
    {"status with a line break", "\"UpToDate\"", "\"Up\\nToDate\"", BAD,
     "tcbLevels.tcbStatus: 'Up?ToDate' is not", "\"tcbStatus\":"},
    {"advisory with a space", "INTEL-SA-00615", "INTEL SA", BAD,
     "tcbLevels.advisoryIDs: not an advisory ID", "\"advisoryIDs\":["},
    {"advisory empty", "INTEL-SA-00615", "", BAD,
     "tcbLevels.advisoryIDs: not an advisory ID", "\"advisoryIDs\":["},
    /* members that nobody asked for, and members twice */
    {"extra member in the body", "{\"id\"", "{\"new\":[1],\"id\"", ASSAY_OK, "",
     NULL},
    {"extra member in a level", "{\"tcb\":{", "{\"new\":{},\"tcb\":{", ASSAY_OK,
     "", NULL},
    {"extra member in tcb", "\"pcesvn\":13", "\"pcesvn\":13,\"new\":null",
     ASSAY_OK, "", NULL},
    {"extra member in a component", "\"svn\":4", "\"svn\":4,\"new\":true",
     ASSAY_OK, "", NULL},
    {"extra member beside the body", "{\"tcbInfo\"", "{\"new\":1,\"tcbInfo\"",
     BAD, "document: members other than tcbInfo and signature", ""},
    {"tcbInfo twice", "{\"tcbInfo\":", "{\"tcbInfo\":{},\"tcbInfo\":", BAD,
     "document: ", "{},"},
    {"fmspc twice", "\"fmspc\":", "\"fmspc\":\"000000000000\",\"fmspc\":", BAD,
     "document: ", "\"000000000000\","},
    {"svn twice", "\"svn\":4", "\"svn\":4,\"svn\":0", BAD,
     "document: ", "\"svn\":4,"},
    {"status twice", "\"tcbStatus\":\"UpToDate\"",
     "\"tcbStatus\":\"UpToDate\",\"tcbStatus\":\"UpToDate\"", BAD,
     "document: ", "\"tcbStatus\":\"UpToDate\","},
    {"a QE identity", "{\"tcbInfo\"", "{\"enclaveIdentity\"", BAD,
     "document.tcbInfo: missing", ""},
};

static const struct json_row v2_rows[] = {
    {"good", "", "", ASSAY_OK, "", NULL},
    {"an id does not matter", "{\"version\":2", "{\"id\":\"X\",\"version\":2",
     ASSAY_OK, "", NULL},
    {"version 3 without an id", "\"version\":2", "\"version\":3", BAD,
     "tcbInfo.id: missing", BODY},
    {"with tdxModule", "\"tcbType\"", "\"tdxModule\":{},\"tcbType\"", BAD,
     "tcbInfo: SGX TCB info with a TDX module", BODY},
    {"component 1 is 256", "comp01svn\":4", "comp01svn\":256", BAD,
     "tcbLevels.tcb.sgxtcbcomp01svn: not an integer from 0 to 255",
     "comp01svn\":"},
    {"component 16 is 255", "comp16svn\":0", "comp16svn\":255", ASSAY_OK, "",
     NULL},
    {"component 16 is -1", "comp16svn\":0", "comp16svn\":-1", BAD,
     "tcbLevels.tcb.sgxtcbcomp16svn: not an integer", "comp16svn\":"},
    {"component 9 in a string", "comp09svn\":0", "comp09svn\":\"0\"", BAD,
     "tcbLevels.tcb.sgxtcbcomp09svn: not of type number", "comp09svn\":"},
    {"component 10 is missing", "comp10svn", "comp17svn", BAD,
     "tcbLevels.tcb.sgxtcbcomp10svn: missing", "\"tcb\":"},
    {"a component 17", "\"pcesvn\":13", "\"pcesvn\":13,\"sgxtcbcomp17svn\":1",
     ASSAY_OK, "", NULL},
    {"tcbType 1", "\"tcbType\":0", "\"tcbType\":1", BAD, "tcbInfo.tcbType: not",
     "\"tcbType\":"},
};

static const struct json_row tdx_rows[] = {
    {"good", "", "", ASSAY_OK, "", NULL},
    {"TDX called SGX", "\"id\":\"TDX\"", "\"id\":\"SGX\"", BAD,
     "tcbInfo: SGX TCB info with a TDX module", BODY},
    {"TDX in version 2", "\"version\":3", "\"version\":2", BAD,
     "tcbInfo: SGX TCB info with a TDX module", BODY},
    {"tdx svn 256", "\"tdxtcbcomponents\":[{\"svn\":5",
     "\"tdxtcbcomponents\":[{\"svn\":256", BAD,
     "tdxtcbcomponents.svn: not an integer from 0 to 255",
     "\"tdxtcbcomponents\":[{\"svn\":"},
    {"tdx svn -1", "\"tdxtcbcomponents\":[{\"svn\":5",
     "\"tdxtcbcomponents\":[{\"svn\":-1", BAD,
     "tdxtcbcomponents.svn: not an integer", "\"tdxtcbcomponents\":[{\"svn\":"},
    /* the TDX module */
    {"mrsigner of 94 digits", "\"mrsigner\":\"00", "\"mrsigner\":\"", BAD,
     "tcbInfo.tdxModule.mrsigner: need 48 bytes in hex, have 94",
     "\"mrsigner\":"},
    {"mrsigner of 97 digits", "\"mrsigner\":\"00", "\"mrsigner\":\"000", BAD,
     "tcbInfo.tdxModule.mrsigner: need 48 bytes in hex, have 97",
     "\"mrsigner\":"},
    {"attributes of 15 digits", "\"attributes\":\"00", "\"attributes\":\"0",
     BAD, "tcbInfo.tdxModule.attributes: need 8 bytes in hex, have 15",
     "\"attributes\":"},
    {"mask of 17 digits", "\"attributesMask\":\"FF", "\"attributesMask\":\"FFF",
     BAD, "tcbInfo.tdxModule.attributesMask: need 8 bytes in hex, have 17",
     "\"attributesMask\":"},
    {"mask with an X", "\"attributesMask\":\"FF", "\"attributesMask\":\"FX",
     BAD, "tcbInfo.tdxModule.attributesMask: 'X' is no hex digit",
     "\"attributesMask\":"},
    /* module identities */
    {"TDX_00", "\"TDX_01\"", "\"TDX_00\"", ASSAY_OK, "", NULL},
    {"TDX_FF", "\"TDX_01\"", "\"TDX_FF\"", ASSAY_OK, "", NULL},
    {"tdx_01", "\"TDX_01\"", "\"tdx_01\"", ASSAY_OK, "", NULL},
    {"Tdx_0a", "\"TDX_01\"", "\"Tdx_0a\"", ASSAY_OK, "", NULL},
    {"TDX_1", "\"TDX_01\"", "\"TDX_1\"", BAD,
     "tdxModuleIdentities.id: not TDX_ and two hex digits", MODULES},
    {"TDX_001", "\"TDX_01\"", "\"TDX_001\"", BAD,
     "tdxModuleIdentities.id: not TDX_ and two hex digits", MODULES},
    {"TDX_0G", "\"TDX_01\"", "\"TDX_0G\"", BAD,
     "tdxModuleIdentities.id: not TDX_ and two hex digits", MODULES},
    {"TDX-01", "\"TDX_01\"", "\"TDX-01\"", BAD,
     "tdxModuleIdentities.id: not TDX_ and two hex digits", MODULES},
    {"TDX_ 1", "\"TDX_01\"", "\"TDX_ 1\"", BAD,
     "tdxModuleIdentities.id: not TDX_ and two hex digits", MODULES},
    {"no id", "\"TDX_01\"", "\"\"", BAD,
     "tdxModuleIdentities.id: not TDX_ and two hex digits", MODULES},
    {"another prefix", "\"TDX_01\"", "\"SGX_01\"", BAD,
     "tdxModuleIdentities.id: not TDX_ and two hex digits", MODULES},
    {"module isvsvn 65536", "\"isvsvn\":6", "\"isvsvn\":65536", BAD,
     "tcbLevels.tcb.isvsvn: not an integer from 0 to 65535", "\"isvsvn\":"},
    {"module SWHardeningNeeded", "\"tcbStatus\":\"UpToDate\"",
     "\"tcbStatus\":\"SWHardeningNeeded\"", BAD,
     "tcbLevels.tcbStatus: 'SWHardeningNeeded' is not known here",
     "\"tcbStatus\":"},
    {"module ConfigurationNeeded", "\"tcbStatus\":\"UpToDate\"",
     "\"tcbStatus\":\"ConfigurationNeeded\"", BAD,
     "tcbLevels.tcbStatus: 'ConfigurationNeeded' is not known here",
     "\"tcbStatus\":"},
    {"module Revoked", "\"tcbStatus\":\"UpToDate\"",
     "\"tcbStatus\":\"Revoked\"", ASSAY_OK, "", NULL},
    {"extra member in an identity", "{\"id\":\"TDX_01\"",
     "{\"new\":[],\"id\":\"TDX_01\"", ASSAY_OK, "", NULL},
    {"extra member in tdxModule", "\"tdxModule\":{",
     "\"tdxModule\":{\"new\":1,", ASSAY_OK, "", NULL},
    {"no identities in the list", MODULES, "\"tdxModuleIdentities\":[],\"x\":[",
     BAD, "tcbInfo.tdxModuleIdentities: 0 entries, 1 to 32 are allowed",
     "\"tdxModuleIdentities\":"},
    {"identities are null", MODULES, "\"tdxModuleIdentities\":null,\"x\":[",
     BAD, "tcbInfo.tdxModuleIdentities: not of type array",
     "\"tdxModuleIdentities\":"},
};

static void
run_rows(const struct mint_options *o, const struct json_row *rows,
         size_t count)
{
    struct assay_buf good = document("good", o);

    json_rows(assay_buf_slice(&good), rows, count, parse);
    assay_buf_free(&good);
}

static void
test_rows(void **state)
{
    (void)state;
    run_rows(&sgx, sgx_rows, COUNT_OF(sgx_rows));
    run_rows(&v2, v2_rows, COUNT_OF(v2_rows));
    run_rows(&tdx, tdx_rows, COUNT_OF(tdx_rows));
}

/* --- what mint writes otherwise ------------------------------------------- */

static const struct {
    const char *name;
    struct mint_options o;
    enum assay_code code;
    const char *msg;
    const char *at;
} worlds[] = {
    {"15 SGX components",
     {.quote.version = 3, .tcb_info.sgx_component_count = 15},
     BAD,
     "tcbLevels.tcb.sgxtcbcomponents: 15 components, not 16",
     "\"sgxtcbcomponents\":"},
    {"17 SGX components",
     {.quote.version = 3, .tcb_info.sgx_component_count = 17},
     BAD,
     "tcbLevels.tcb.sgxtcbcomponents: 17 components, not 16",
     "\"sgxtcbcomponents\":"},
    {"no SGX component",
     {.quote.version = 3, .tcb_info.sgx_component_count = MINT_NONE},
     BAD,
     "tcbLevels.tcb.sgxtcbcomponents: 0 components, not 16",
     "\"sgxtcbcomponents\":"},
    {"15 components in version 2",
     {.quote.version = 3,
      .tcb_info = {.version = 2, .sgx_component_count = 15}},
     BAD,
     "tcbLevels.tcb.sgxtcbcomp16svn: missing",
     "\"tcb\":"},
    {"15 TDX components",
     {.tcb_info.tdx_component_count = 15},
     BAD,
     "tcbLevels.tcb.tdxtcbcomponents: 15 components, not 16",
     "\"tdxtcbcomponents\":"},
    {"17 TDX components",
     {.tcb_info.tdx_component_count = 17},
     BAD,
     "tcbLevels.tcb.tdxtcbcomponents: 17 components, not 16",
     "\"tdxtcbcomponents\":"},
    {"no level",
     {.quote.version = 3, .tcb_info.level_count = MINT_NONE},
     BAD,
     "tcbInfo.tcbLevels: 0 entries, 1 to 256 are allowed",
     "\"tcbLevels\":"},
    {"no level of a module",
     {.tcb_info.modules[0].level_count = MINT_NONE},
     BAD,
     "tdxModuleIdentities.tcbLevels: 0 levels, 1 to 64 are allowed",
     "\"tcbLevels\":"},
    {"a level twice",
     {.quote.version = 3, .tcb_info.levels[2].status = "Revoked"},
     BAD,
     "tcbLevels: a level occurs twice",
     "\"advisoryIDs\":[\"INTEL-SA-00615\"]},"},
    {"levels that differ in PCESVN only",
     {.quote.version = 3,
      .tcb_info.levels[2] = {.status = "Revoked", .pcesvn = 1}},
     ASSAY_OK,
     "",
     NULL},
    {"levels that differ in a TDX component only",
     {.tcb_info.levels[2] = {.status = "Revoked", .tdx = {[15] = 1}}},
     ASSAY_OK,
     "",
     NULL},
    {"SGX levels that differ in a TDX component only",
     {.quote.version = 3,
      .tcb_info.levels[2] = {.status = "Revoked", .tdx = {[15] = 1}}},
     BAD,
     "tcbLevels: a level occurs twice",
     "\"advisoryIDs\":[\"INTEL-SA-00615\"]},"},
    {"TDX without a module",
     {.tcb_info.omit_module = true},
     BAD,
     "tcbInfo.tdxModule: missing",
     BODY},
    {"TDX without module identities",
     {.tcb_info.omit_modules = true},
     ASSAY_OK,
     "",
     NULL},
    {"no module identity in the list",
     {.tcb_info.module_count = MINT_NONE},
     BAD,
     "tcbInfo.tdxModuleIdentities: 0 entries, 1 to 32 are allowed",
     "\"tdxModuleIdentities\":"},
    {"a module identity twice",
     {.tcb_info.modules[1].id = "TDX_01"},
     BAD,
     "tdxModuleIdentities: TDX_01 occurs twice",
     "\"advisoryIDs\":[\"INTEL-SA-01099\"]}]},"},
    {"a module identity twice, in another case",
     {.tcb_info = {.modules = {{.id = "TDX_0A"}, {.id = "tdx_0a"}}}},
     BAD,
     "tdxModuleIdentities: TDX_0A occurs twice",
     NULL},
    {"a module level twice",
     {.tcb_info.modules[0].levels = {{.isvsvn = 4}}},
     BAD,
     "tcbLevels: isvsvn 4 occurs twice",
     NULL},
    {"white space", {.tcb_info.json.pretty = true}, ASSAY_OK, "", NULL},
};

static void
test_worlds(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(worlds); i++) {
        struct assay_buf b = document(worlds[i].name, &worlds[i].o);
        struct assay_error err;

        if (worlds[i].code == ASSAY_OK || worlds[i].at != NULL) {
            const struct json_row row = {
                worlds[i].name, "",          "", worlds[i].code,
                worlds[i].msg,  worlds[i].at};

            json_row_check(&row, assay_buf_slice(&b), parse);
        } else { /* the second place of something */
            CHECK(worlds[i].name,
                  parse(assay_buf_slice(&b), &err) == worlds[i].code);
            CHECK(worlds[i].name,
                  strncmp(err.msg, worlds[i].msg, strlen(worlds[i].msg)) == 0);
            CHECK(worlds[i].name,
                  err.offset < b.len && b.ptr[err.offset] == (uint8_t)'{');
        }
        assay_buf_free(&b);
    }
}

static void
test_walk(void **state)
{
    static const char *const may_miss[] = {"advisoryIDs", "tdxModuleIdentities",
                                           "category", "type", NULL};
    static const char *const ignored[] = {"category", "type", NULL};
    static const struct mint_options *const kinds[] = {&sgx, &v2, &tdx};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct json_walk w = {parse, may_miss, ignored, 0};
        struct assay_buf b = document("walk", kinds[i]);

        json_walk(&w, assay_buf_slice(&b));
        assert_true(w.tried > 200);
        assay_buf_free(&b);
    }
}

/* --- maxima ----------------------------------------------------------------
 */

#define SVN      "{\"svn\":1}"
#define SVNS4    SVN "," SVN "," SVN "," SVN
#define SVNS16   SVNS4 "," SVNS4 "," SVNS4 "," SVNS4
#define TAIL     "\"tcbDate\":\"2024-03-13T00:00:00Z\",\"tcbStatus\":\"UpToDate\""
#define ZERO16   "0000000000000000"
#define ZERO96   ZERO16 ZERO16 ZERO16 ZERO16 ZERO16 ZERO16
#define ISVLEVEL "{\"tcb\":{\"isvsvn\":#}," TAIL "}"

static const struct {
    const char *name;
    bool tdx;
    const char *member; /* whose list is made anew */
    const char *piece;
    unsigned count;
    enum assay_code code;
    const char *msg;
} maxima[] = {
    {"256 levels", false, LEVELS,
     "{\"tcb\":{\"sgxtcbcomponents\":[" SVNS16 "],\"pcesvn\":#}," TAIL "}", 256,
     ASSAY_OK, ""},
    {"257 levels", false, LEVELS,
     "{\"tcb\":{\"sgxtcbcomponents\":[" SVNS16 "],\"pcesvn\":#}," TAIL "}", 257,
     ASSAY_TOO_LARGE, "tcbInfo.tcbLevels: 257 entries, 1 to 256 are allowed"},
    {"32 identities", true, MODULES,
     "{\"id\":\"TDX_##\",\"mrsigner\":\"" ZERO96 "\",\"attributes\":\"" ZERO16
     "\",\"attributesMask\":\"" ZERO16
     "\",\"tcbLevels\":[{\"tcb\":{\"isvsvn\":1}," TAIL "}]}",
     32, ASSAY_OK, ""},
    {"33 identities", true, MODULES,
     "{\"id\":\"TDX_##\",\"mrsigner\":\"" ZERO96 "\",\"attributes\":\"" ZERO16
     "\",\"attributesMask\":\"" ZERO16
     "\",\"tcbLevels\":[{\"tcb\":{\"isvsvn\":1}," TAIL "}]}",
     33, ASSAY_TOO_LARGE,
     "tcbInfo.tdxModuleIdentities: 33 entries, 1 to 32 are allowed"},
    {"64 module levels", true, LEVELS, ISVLEVEL, 64, ASSAY_OK, ""},
    {"65 module levels", true, LEVELS, ISVLEVEL, 65, ASSAY_TOO_LARGE,
     "tdxModuleIdentities.tcbLevels: 65 levels, 1 to 64 are allowed"},
    {"256 advisories", false, "\"advisoryIDs\":[", "\"A-#\"", 256, ASSAY_OK,
     ""},
    {"257 advisories", false, "\"advisoryIDs\":[", "\"A-#\"", 257,
     ASSAY_TOO_LARGE, "tcbLevels.advisoryIDs: more than 256"},
};

/* The first list that begins with `open` gets `count` pieces instead. */
static struct assay_buf
with_list(const char *row, struct assay_slice text, const char *open,
          const char *piece, unsigned count)
{
    size_t start = find_text(row, text, open);
    size_t end = start + strlen(open);
    struct assay_buf list;
    struct assay_buf out;

    for (unsigned depth = 1; depth > 0; end++) {
        depth += text.ptr[end] == '[';
        depth -= text.ptr[end] == ']';
    }
    list = repeat_text(open, count, piece, "]");
    out = splice(text, start, end - start, (const char *)list.ptr);
    assay_buf_free(&list);
    return out;
}

static void
test_maxima(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(maxima); i++) {
        const char *name = maxima[i].name;
        struct assay_buf good = document(name, maxima[i].tdx ? &tdx : &sgx);
        struct assay_buf b =
            with_list(name, assay_buf_slice(&good), maxima[i].member,
                      maxima[i].piece, maxima[i].count);
        char at[64];
        const struct json_row row = {name,          "", "", maxima[i].code,
                                     maxima[i].msg, at};

        (void)snprintf(at, sizeof(at), "%.*s",
                       (int)strlen(maxima[i].member) - 1, maxima[i].member);
        json_row_check(&row, assay_buf_slice(&b), parse);
        assay_buf_free(&b);
        assay_buf_free(&good);
    }
}

/* --- what is read -----------------------------------------------------------
 */

static struct assay_tcb_info
read_info(struct assay_slice text)
{
    struct assay_tcb_info t;
    struct assay_error err;

    if (assay_tcb_info_parse(ctx, text, &t, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    return t;
}

static void
check_seal(const struct assay_tcb_info *t, struct assay_slice text)
{
    size_t open = behind("seal", text, "{\"tcbInfo\":");
    size_t close = find_text("seal", text, ",\"signature\":\"");
    uint8_t digest[32];
    char signature[129];
    struct assay_error err;

    assay_error_clear(&err);
    assert_int_equal(
        mint_sha256((struct assay_slice){text.ptr + open, close - open}, digest,
                    &err),
        ASSAY_OK);
    assert_memory_equal(t->json.seal.digest, digest, sizeof(digest));
    assay_hex_to(signature, ASSAY_SLICE(t->json.seal.signature));
    assert_memory_equal(signature, text.ptr + text.len - 2 - 128, 128);
}

static void
check_head(const struct assay_tcb_info *t, uint32_t version, bool is_tdx)
{
    static const uint8_t fmspc[6] = {0x00, 0xa0, 0x6f, 0x05, 0x00, 0x00};
    static const uint8_t pce_id[2] = {0x12, 0xab};

    assert_int_equal(t->version, version);
    assert_int_equal(t->tdx, is_tdx);
    assert_int_equal(t->issue_s, MINT_NOW_S - 5 * 86400);
    assert_int_equal(t->next_update_s, MINT_NOW_S + 25 * 86400);
    assert_memory_equal(t->fmspc, fmspc, sizeof(fmspc));
    assert_memory_equal(t->pce_id, pce_id, sizeof(pce_id));
    assert_int_equal(t->evaluation, 18);
}

static void
check_level(const struct assay_tcb_level *level, const uint8_t sgx_svn[16],
            uint16_t pcesvn, const uint8_t tdx_svn[16],
            enum assay_tcb_status status, int64_t date_s)
{
    assert_memory_equal(level->sgx, sgx_svn, 16);
    assert_int_equal(level->pcesvn, pcesvn);
    assert_memory_equal(level->tdx, tdx_svn, 16);
    assert_int_equal(level->tail.status, status);
    assert_int_equal(level->tail.tcb_date_s, date_s);
}

static const uint8_t sgx_top[16] = {4, 4, 2, 2, 4, 1, 0, 5};
static const uint8_t tdx_top[16] = {5, 0, 3};
static const uint8_t zero16[16];

#define DATE_2024 INT64_C(1731456000) /* 2024-11-13 */
#define DATE_2023 INT64_C(1699833600) /* 2023-11-13 */

static void
test_read_sgx(void **state)
{
    static const uint32_t versions[] = {2, 3};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(versions); i++) {
        const struct mint_options o = {
            .quote.version = 3,
            .platform.pceid = "12AB",
            .tcb_info.version = (int32_t)versions[i],
        };
        struct assay_buf b = document("read", &o);
        struct assay_tcb_info t = read_info(assay_buf_slice(&b));
        uint32_t list = t.level[1].tail.advisories;

        check_head(&t, versions[i], false);
        check_seal(&t, assay_buf_slice(&b));
        assert_int_equal(t.level_count, 2);
        check_level(&t.level[0], sgx_top, 13, zero16, ASSAY_TCB_UP_TO_DATE,
                    DATE_2024);
        check_level(&t.level[1], zero16, 0, zero16, ASSAY_TCB_OUT_OF_DATE,
                    DATE_2023);
        assert_int_equal(t.level[0].tail.advisories, ASSAY_JSON_NONE);
        assert_int_equal(assay_json_count(t.json.doc, list), 1);
        assert_true(assay_slice_is(
            assay_json_string(t.json.doc, assay_json_first(t.json.doc, list)),
            "INTEL-SA-00615"));
        assert_int_equal(t.identity_count, 0);
        assert_null(assay_tcb_info_identity(&t, 0));
        assay_tcb_info_free(&t);
        assay_tcb_info_free(&t); /* a zeroed one is fine */
        assay_buf_free(&b);
    }
}

static void
test_read_tdx(void **state)
{
    static const char signer[] =
        "0102030405060708090a0b0c0d0e0f101112131415161718"
        "191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f30";
    static const uint16_t svns[3] = {6, 4, 2};
    const struct mint_options o = {
        .platform.pceid = "12ab",
        .tcb_info = {.module = {.mrsigner = signer,
                                .attributes = "0102030405060708",
                                .mask = "fffefdfcfbfaf9f8"},
                     .modules = {{.id = "tdx_c3",
                                  .attributes = "a1a2a3a4a5a6a7a8"},
                                 {.id = "TDX_01", .mrsigner = signer}},
                     .json.pretty = true},
    };
    struct assay_buf b = document("read", &o);
    struct assay_tcb_info t = read_info(assay_buf_slice(&b));
    const struct assay_module_identity *id = assay_tcb_info_identity(&t, 0xc3);

    (void)state;
    check_head(&t, 3, true);
    check_seal(&t, assay_buf_slice(&b));
    assert_int_equal(t.level_count, 2);
    check_level(&t.level[0], sgx_top, 13, tdx_top, ASSAY_TCB_UP_TO_DATE,
                DATE_2024);
    check_level(&t.level[1], zero16, 0, zero16, ASSAY_TCB_OUT_OF_DATE,
                DATE_2023);
    for (size_t i = 0; i < 48; i++) {
        assert_int_equal(t.module.mrsigner[i], i + 1);
    }
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(t.module.attributes[i], i + 1);
        assert_int_equal(t.module.attributes_mask[i], 0xff - i);
    }
    assert_int_equal(t.identity_count, 2);
    assert_non_null(id);
    assert_int_equal(id->version, 0xc3);
    assert_true(assay_slice_is_zero(ASSAY_SLICE(id->module.mrsigner)));
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(id->module.attributes[i], 0xa1 + i);
        assert_int_equal(id->module.attributes_mask[i], 0xff);
    }
    assert_int_equal(id->levels.count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(id->levels.level[i].isvsvn, svns[i]);
    }
    id = assay_tcb_info_identity(&t, 1);
    assert_non_null(id);
    assert_int_equal(id->module.mrsigner[47], 48);
    assert_int_equal(id->levels.count, 1);
    assert_null(assay_tcb_info_identity(&t, 2));
    assay_tcb_info_free(&t);
    assay_buf_free(&b);
}

/* Levels come out in Intel's order, whatever the order in the text: first by
 * the SGX components, then PCESVN, then the TDX components, each from the
 * left. The date says which level is which. */
static void
test_order(void **state)
{
    static const struct mint_tcb_level levels[] = {
        {.sgx = {3, 9}, .pcesvn = 9, .tdx = {9}, .date_s = 2},
        {.sgx = {4}, .pcesvn = 5, .tdx = {[15] = 1}, .date_s = 5},
        {.sgx = {4}, .pcesvn = 300, .tdx = {[0] = 1}, .date_s = 6},
        {.sgx = {3, 9, [15] = 1}, .date_s = 3},
        {.sgx = {4}, .pcesvn = 5, .tdx = {0, 200}, .date_s = 5 + 60},
        {.sgx = {200}, .date_s = 7},
        {.sgx = {3, 8}, .pcesvn = 65535, .tdx = {255}, .date_s = 1},
    };
    static const int64_t want[] = {7, 6, 65, 5, 3, 2, 1};
    struct mint_options o = {.tcb_info.level_count = COUNT_OF(levels)};

    (void)state;
    for (size_t turn = 0; turn < COUNT_OF(levels); turn++) {
        for (unsigned reverse = 0; reverse < 2; reverse++) {
            struct assay_buf b;
            struct assay_tcb_info t;

            for (size_t i = 0; i < COUNT_OF(levels); i++) {
                struct mint_tcb_level *l = &o.tcb_info.levels[i];

                *l = levels[(i + turn) % COUNT_OF(levels)];
                for (size_t k = 0; k < 16; k++) { /* level 0 has defaults */
                    l->sgx[k] = l->sgx[k] != 0 ? l->sgx[k] : MINT_ZERO;
                    l->tdx[k] = l->tdx[k] != 0 ? l->tdx[k] : MINT_ZERO;
                }
                l->pcesvn = l->pcesvn != 0 ? l->pcesvn : MINT_ZERO;
            }
            o.tcb_info.reverse_levels = reverse != 0;
            b = document("order", &o);
            t = read_info(assay_buf_slice(&b));
            assert_int_equal(t.level_count, COUNT_OF(want));
            for (size_t i = 0; i < COUNT_OF(want); i++) {
                assert_int_equal(t.level[i].tail.tcb_date_s, want[i]);
            }
            assay_tcb_info_free(&t);
            assay_buf_free(&b);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),     cmocka_unit_test(test_worlds),
        cmocka_unit_test(test_walk),     cmocka_unit_test(test_maxima),
        cmocka_unit_test(test_read_sgx), cmocka_unit_test(test_read_tdx),
        cmocka_unit_test(test_order),
    };
    int rc;

    ctx = trial_ctx();
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    assay_ctx_free(ctx);
    return rc;
}
