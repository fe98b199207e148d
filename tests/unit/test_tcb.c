/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_tcb.c - which TCB levels a platform reaches, and what platform, TDX
 * module and QE come to together. The tables are complete.
 */
#include "dcap/tcb.h"

#include "harness/unit.h"

/* Short names for tables. */
enum {
    NO = ASSAY_TCB_NONE,
    UP = ASSAY_TCB_UP_TO_DATE,
    SW = ASSAY_TCB_SW_HARDENING_NEEDED,
    CN = ASSAY_TCB_CONFIGURATION_NEEDED,
    CS = ASSAY_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED,
    OD = ASSAY_TCB_OUT_OF_DATE,
    OC = ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED,
    RV = ASSAY_TCB_REVOKED,
    RA = ASSAY_TCB_TD_RELAUNCH_ADVISED,
    RC = ASSAY_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED,
};

typedef enum assay_tcb_status status;

static void
check_status(const char *what, int a, int b, int c, status got, int want)
{
    if ((int)got != want) {
        fail_msg("%s %s, %s, %s: %s, want %s", what,
                 assay_tcb_status_name((status)a),
                 assay_tcb_status_name((status)b),
                 assay_tcb_status_name((status)c), assay_tcb_status_name(got),
                 assay_tcb_status_name((status)want));
    }
}

/* Rows: platform. Columns: module and QE, each UpToDate, OutOfDate, Revoked. */
static void
test_converge(void **state)
{
    static const int columns[9][2] = {{UP, UP}, {UP, OD}, {UP, RV},
                                      {OD, UP}, {OD, OD}, {OD, RV},
                                      {RV, UP}, {RV, OD}, {RV, RV}};
    static const int want[7][1 + 9] = {
        {UP, UP, OD, RV, OD, OD, RV, RV, RV, RV},
        {SW, SW, OD, RV, OD, OD, RV, RV, RV, RV},
        {CN, CN, OC, RV, OC, OC, RV, RV, RV, RV},
        {CS, CS, OC, RV, OC, OC, RV, RV, RV, RV},
        {OD, OD, OD, RV, OD, OD, RV, RV, RV, RV},
        {OC, OC, OC, RV, OC, OC, RV, RV, RV, RV},
        {RV, RV, RV, RV, RV, RV, RV, RV, RV, RV},
    };

    (void)state;
    for (size_t row = 0; row < 7; row++) {
        int platform = want[row][0];

        for (size_t i = 0; i < 9; i++) {
            int module = columns[i][0];
            int qe = columns[i][1];

            check_status("converge", platform, module, qe,
                         assay_tcb_converge((status)platform, (status)module,
                                            (status)qe),
                         want[row][1 + i]);
        }
        /* no TDX module: as if it were up to date */
        for (size_t i = 0; i < 3; i++) {
            int qe = columns[i][1];

            check_status("converge", platform, NO, qe,
                         assay_tcb_converge((status)platform, ASSAY_TCB_NONE,
                                            (status)qe),
                         want[row][1 + i]);
        }
    }
    for (int qe = UP; qe <= RV; qe++) { /* no level has such a status */
        check_status("converge", NO, UP, qe,
                     assay_tcb_converge(ASSAY_TCB_NONE, (status)UP, (status)qe),
                     NO);
        check_status("converge", RA, UP, qe,
                     assay_tcb_converge((status)RA, (status)UP, (status)qe),
                     NO);
        check_status("converge", RC, UP, qe,
                     assay_tcb_converge((status)RC, (status)UP, (status)qe),
                     NO);
    }
}

/* Rows: at launch. Columns: now. */
static void
test_relaunch(void **state)
{
    static const int now[7] = {UP, SW, CN, CS, OD, OC, RV};
    static const int want[7][1 + 7] = {
        {UP, UP, UP, UP, UP, UP, UP, UP}, {SW, SW, SW, SW, SW, SW, SW, SW},
        {CN, CN, CN, CN, CN, CN, CN, CN}, {CS, CS, CS, CS, CS, CS, CS, CS},
        {OD, RA, RA, RC, RC, OD, OD, OD}, {OC, RC, RC, RC, RC, OC, OC, OC},
        {RV, RV, RV, RV, RV, RV, RV, RV},
    };

    (void)state;
    for (size_t row = 0; row < 7; row++) {
        int launch = want[row][0];

        for (size_t i = 0; i < 7; i++) {
            check_status("relaunch", launch, now[i], NO,
                         assay_tcb_relaunch((status)launch, (status)now[i]),
                         want[row][1 + i]);
        }
        check_status("relaunch", launch, NO, NO,
                     assay_tcb_relaunch((status)launch, ASSAY_TCB_NONE),
                     launch);
    }
}

/* --- levels ------------------------------------------------------------------
 */

/* The platform has component i + 1 of SVN 10 + i and PCESVN 13. */
#define HAVE(i) ((uint8_t)(10 + (i)))

/* One level; a change to what the platform has, or to what is asked. */
struct level_row {
    const char *name;
    int sgx_at; /* this component of the level is `sgx` */
    int sgx;
    uint16_t pcesvn;
    bool tdx;
    uint8_t svn[3]; /* TEE_TCB_SVN[0..2]; the others are 7 */
    int tdx_at;     /* this TDX component of the level is `need` */
    uint8_t need;
    const char *fault;
};

static const char below[] = "the platform is below every level";

static const struct level_row level_rows[] = {
    {"SGX, equal", 0, HAVE(0), 13, false, {0}, 0, 0, NULL},
    {"SGX, first component higher", 0, HAVE(0) + 1, 0, false, {0}, 0, 0, below},
    {"SGX, last component equal", 15, HAVE(15), 0, false, {0}, 0, 0, NULL},
    {"SGX, last component higher",
     15,
     HAVE(15) + 1,
     0,
     false,
     {0},
     0,
     0,
     below},
    {"SGX, middle component higher", 7, 255, 0, false, {0}, 0, 0, below},
    {"SGX, PCESVN lower", 0, 0, 12, false, {0}, 0, 0, NULL},
    {"SGX, PCESVN higher", 0, 0, 14, false, {0}, 0, 0, below},
    {"SGX, PCESVN higher in its high octet",
     0,
     0,
     256,
     false,
     {0},
     0,
     0,
     below},
    {"SGX, TDX components do not count", 0, 0, 0, false, {0}, 2, 255, NULL},
    {"TDX, SGX component higher", 3, 255, 0, true, {5, 1, 3}, 0, 0, below},
    {"TDX, PCESVN higher", 0, 0, 14, true, {5, 1, 3}, 0, 0, below},
    /* module version 0: all sixteen count */
    {"1.0, component 1 equal", 0, 0, 0, true, {5, 0, 3}, 0, 5, NULL},
    {"1.0, component 1 higher", 0, 0, 0, true, {5, 0, 3}, 0, 6, below},
    {"1.0, component 2 higher", 0, 0, 0, true, {5, 0, 3}, 1, 1, below},
    {"1.0, component 3 higher", 0, 0, 0, true, {5, 0, 3}, 2, 4, below},
    {"1.0, component 16 equal", 0, 0, 0, true, {5, 0, 3}, 15, 7, NULL},
    {"1.0, component 16 higher", 0, 0, 0, true, {5, 0, 3}, 15, 8, below},
    /* from version 1 on the first two do not */
    {"1.5, component 1 higher", 0, 0, 0, true, {5, 1, 3}, 0, 255, NULL},
    {"1.5, component 2 higher", 0, 0, 0, true, {5, 1, 3}, 1, 255, NULL},
    {"1.5, component 3 equal", 0, 0, 0, true, {5, 1, 3}, 2, 3, NULL},
    {"1.5, component 3 higher", 0, 0, 0, true, {5, 1, 3}, 2, 4, below},
    {"1.5, component 16 higher", 0, 0, 0, true, {5, 1, 3}, 15, 8, below},
};

static struct assay_isv_level
isv(uint16_t svn, int s, int64_t date_s)
{
    return (struct assay_isv_level){svn, {date_s, (status)s, ASSAY_JSON_NONE}};
}

/* A platform, a module of version 1 and a QE that are up to date. */
struct bench {
    struct assay_tcb_level level[4];
    struct assay_isv_level module_level[4];
    struct assay_isv_level qe_level[4];
    struct assay_module_identity module;
    struct assay_tcb_info info;
    struct assay_qe_identity identity;
    struct assay_sgx_extension pck;
    struct assay_tcb_input in;
    uint8_t svn[16];
};

static void
bench_init(struct bench *b)
{
    memset(b, 0, sizeof(*b));
    for (size_t i = 0; i < 16; i++) {
        b->pck.component_svn[i] = HAVE(i);
        b->svn[i] = 7;
    }
    b->pck.pce_svn = 13;
    b->svn[0] = 5;
    b->svn[1] = 1;
    b->level[0].tail = (struct assay_level_tail){100, (status)UP, 0};
    b->module_level[0] = isv(4, UP, 200);
    b->qe_level[0] = isv(8, UP, 300);
    b->module = (struct assay_module_identity){.version = 1,
                                               .levels = {1, b->module_level}};
    b->info = (struct assay_tcb_info){.tdx = true,
                                      .identity_count = 1,
                                      .identity = &b->module,
                                      .level_count = 1,
                                      .level = b->level};
    b->identity.levels = (struct assay_isv_levels){1, b->qe_level};
    b->in = (struct assay_tcb_input){&b->info, &b->identity, &b->pck, 8};
}

static struct assay_tcb_evaluation
evaluate(const struct bench *b, bool tdx)
{
    struct assay_tcb_evaluation e;

    memset(&e, 0xaa, sizeof(e));
    assay_tcb_evaluate(&b->in, tdx ? b->svn : NULL, &e);
    return e;
}

static void
check_fault(const char *row, const struct assay_tcb_evaluation *e,
            const char *fault)
{
    if (e->fault == NULL || fault == NULL) {
        CHECK(row, e->fault == fault);
    } else {
        CHECK(row, strcmp(e->fault, fault) == 0);
    }
    CHECK(row, (e->status == ASSAY_TCB_NONE) == (fault != NULL));
}

static void
test_platform_levels(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(level_rows); i++) {
        const struct level_row *row = &level_rows[i];
        struct bench b;
        struct assay_tcb_evaluation e;

        bench_init(&b);
        b.level[0].sgx[row->sgx_at] = (uint8_t)row->sgx;
        b.level[0].pcesvn = row->pcesvn;
        b.level[0].tdx[row->tdx_at] = row->need;
        memcpy(b.svn, row->svn, 3);
        e = evaluate(&b, row->tdx);
        check_fault(row->name, &e, row->fault);
        CHECK(row->name, e.platform.status ==
                             (row->fault == NULL ? (status)UP : (status)NO));
        CHECK(row->name, e.platform.has_newer == (row->fault != NULL));
        CHECK(row->name,
              row->fault == NULL || (e.module.status == ASSAY_TCB_NONE &&
                                     e.qe.status == ASSAY_TCB_NONE));
    }
}

/* Each component of its own: SGX's sixteen, and TDX's for both kinds. */
static void
test_every_component(void **state)
{
    (void)state;
    for (size_t i = 0; i < 16; i++) {
        for (uint8_t version = 0; version < 2; version++) {
            struct bench b;
            bool counts = i >= 2 || version == 0;

            bench_init(&b);
            b.svn[1] = version;
            b.level[0].sgx[i] = HAVE(i);
            b.level[0].tdx[i] = b.svn[i];
            assert_null(evaluate(&b, true).fault);
            b.level[0].tdx[i]++;
            assert_int_equal(evaluate(&b, true).fault != NULL, counts);
            assert_null(evaluate(&b, false).fault);
            b.level[0].sgx[i]++;
            assert_non_null(evaluate(&b, false).fault);
            assert_non_null(evaluate(&b, true).fault);
        }
    }
}

/* The first level that is reached counts, not the best; what lies above it
 * says since when there is something newer. */
static void
test_newer(void **state)
{
    static const struct {
        const char *name;
        int64_t dates[3];
        uint16_t pcesvn[3];
        int hit; /* -1: none */
        bool has_newer;
        int64_t newer_s;
    } rows[] = {
        {"the first", {30, 20, 10}, {13, 5, 0}, 0, false, 0},
        {"the second", {30, 20, 10}, {14, 5, 0}, 1, true, 30},
        {"the third", {30, 20, 10}, {15, 14, 0}, 2, true, 20},
        {"the third, dates the other way",
         {20, 30, 10},
         {15, 14, 0},
         2,
         true,
         20},
        {"none", {30, 20, 10}, {16, 15, 14}, -1, true, 10},
        {"dates below zero", {-5, -7, 0}, {15, 14, 0}, 2, true, -7},
    };
    static const int statuses[3] = {UP, SW, OD};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct bench b;
        struct assay_tcb_evaluation e;

        bench_init(&b);
        b.info.level_count = 3;
        for (size_t k = 0; k < 3; k++) {
            b.level[k].pcesvn = rows[i].pcesvn[k];
            b.level[k].tail = (struct assay_level_tail){
                rows[i].dates[k], (status)statuses[k], (uint32_t)(40 + k)};
        }
        e = evaluate(&b, false);
        CHECK(rows[i].name, e.platform.has_newer == rows[i].has_newer);
        CHECK(rows[i].name,
              !rows[i].has_newer || e.platform.newer_s == rows[i].newer_s);
        check_fault(rows[i].name, &e, rows[i].hit < 0 ? below : NULL);
        if (rows[i].hit >= 0) {
            size_t hit = (size_t)rows[i].hit;

            CHECK(rows[i].name, (int)e.platform.status == statuses[hit]);
            CHECK(rows[i].name, e.platform.tcb_date_s == rows[i].dates[hit]);
            CHECK(rows[i].name, e.platform.advisories == 40 + hit);
            CHECK(rows[i].name, (int)e.status == statuses[hit]);
        }
    }
}

/* --- module and QE
 * -------------------------------------------------------------- */

static const struct {
    const char *name;
    uint8_t version; /* TEE_TCB_SVN[1] */
    uint8_t svn;     /* TEE_TCB_SVN[0] */
    uint16_t qe;
    int module; /* status of the module's match */
    int qe_status;
    int status;
    const char *fault;
} part_rows[] = {
    {"all at the top", 1, 6, 8, UP, UP, UP, NULL},
    {"module above the top", 1, 255, 8, UP, UP, UP, NULL},
    {"module in the middle", 1, 5, 8, OD, UP, OD, NULL},
    {"module at the bottom", 1, 2, 8, RV, UP, RV, NULL},
    {"module below every level", 1, 1, 8, NO, NO, NO,
     "the TDX module is below every level"},
    {"unknown version", 2, 6, 8, NO, NO, NO,
     "the TCB info knows no TDX module of this version"},
    {"version 0 has no module of its own", 0, 6, 8, NO, UP, UP, NULL},
    {"QE above the top", 1, 6, 65535, UP, UP, UP, NULL},
    {"QE below the top", 1, 6, 7, UP, OD, OD, NULL},
    {"QE at the bottom", 1, 6, 1, UP, RV, RV, NULL},
    {"QE below every level", 1, 6, 0, UP, NO, NO,
     "the QE is below every level"},
    {"module and QE out of date", 1, 4, 6, OD, OD, OD, NULL},
    {"module out of date, QE revoked", 1, 4, 1, OD, RV, RV, NULL},
};

static void
test_parts(void **state)
{
    static const struct assay_json *const info_doc =
        (const struct assay_json *)(uintptr_t)16; /* compared, not read */
    static const struct assay_json *const qe_doc =
        (const struct assay_json *)(uintptr_t)32;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(part_rows); i++) {
        const char *name = part_rows[i].name;
        struct bench b;
        struct assay_tcb_evaluation e;

        bench_init(&b);
        b.module_level[0] = isv(6, UP, 60);
        b.module_level[1] = isv(4, OD, 40);
        b.module_level[2] = isv(2, RV, 20);
        b.module.levels.count = 3;
        b.qe_level[0] = isv(8, UP, 80);
        b.qe_level[1] = isv(6, OD, 600);
        b.qe_level[2] = isv(1, RV, 10);
        b.identity.levels.count = 3;
        b.info.json.doc = (struct assay_json *)(uintptr_t)info_doc;
        b.identity.json.doc = (struct assay_json *)(uintptr_t)qe_doc;
        b.svn[0] = part_rows[i].svn;
        b.svn[1] = part_rows[i].version;
        b.in.qe_isvsvn = part_rows[i].qe;
        e = evaluate(&b, true);

        check_fault(name, &e, part_rows[i].fault);
        CHECK(name, (int)e.status == part_rows[i].status);
        CHECK(name, (int)e.platform.status == UP);
        CHECK(name, e.platform.doc == info_doc);
        CHECK(name, (int)e.module.status == part_rows[i].module);
        CHECK(name, (int)e.qe.status == part_rows[i].qe_status);
        CHECK(name,
              e.module.doc == (part_rows[i].module != NO ? info_doc : NULL));
        CHECK(name, e.qe.doc == (part_rows[i].qe_status != NO ? qe_doc : NULL));
        CHECK(name,
              e.module.has_newer ==
                  (part_rows[i].module == OD || part_rows[i].module == RV ||
                   (part_rows[i].version == 1 && part_rows[i].svn < 2)));
        if (part_rows[i].module == OD) {
            CHECK(name, e.module.tcb_date_s == 40 && e.module.newer_s == 60);
        }
        if (part_rows[i].module == RV) {
            CHECK(name, e.module.tcb_date_s == 20 && e.module.newer_s == 40);
        }
        if (part_rows[i].qe_status == OD) {
            CHECK(name, e.qe.tcb_date_s == 600 && e.qe.newer_s == 80);
        }
        if (part_rows[i].qe_status == RV) { /* the earlier of 80 and 600 */
            CHECK(name, e.qe.tcb_date_s == 10 && e.qe.newer_s == 80);
        }
    }
}

/* SGX has no module, whatever the TCB info knows. */
static void
test_sgx_has_no_module(void **state)
{
    struct bench b;
    struct assay_tcb_evaluation e;

    (void)state;
    bench_init(&b);
    b.module_level[0] = isv(0, RV, 1);
    e = evaluate(&b, false);
    check_fault("SGX", &e, NULL);
    assert_int_equal(e.status, UP);
    assert_int_equal(e.module.status, NO);
    e = evaluate(&b, true);
    assert_int_equal(e.status, RV);
}

/* Several versions; each has its own levels. */
static void
test_module_versions(void **state)
{
    struct assay_isv_level old[1] = {isv(3, OD, 5)};
    struct assay_module_identity ids[2];
    struct bench b;
    struct assay_tcb_evaluation e;

    (void)state;
    bench_init(&b);
    ids[0] = b.module;
    ids[1] =
        (struct assay_module_identity){.version = 0x0a, .levels = {1, old}};
    b.info.identity = ids;
    b.info.identity_count = 2;
    b.svn[1] = 0x0a;
    e = evaluate(&b, true);
    check_fault("version 10", &e, NULL);
    assert_int_equal(e.module.status, OD);
    assert_int_equal(e.module.tcb_date_s, 5);
    b.svn[1] = 1;
    e = evaluate(&b, true);
    assert_int_equal(e.module.status, UP);
    b.info.identity_count = 0;
    e = evaluate(&b, true);
    check_fault("no identities", &e,
                "the TCB info knows no TDX module of this version");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_converge),
        cmocka_unit_test(test_relaunch),
        cmocka_unit_test(test_platform_levels),
        cmocka_unit_test(test_every_component),
        cmocka_unit_test(test_newer),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_sgx_has_no_module),
        cmocka_unit_test(test_module_versions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
