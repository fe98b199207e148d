/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * defaults.c - the healthy world: what zero stands for in each option.
 */
#include "mint/options.h"

#include "base/timestamp.h"

/* Hex of 8, 16, 32 and 48 equal octets. */
#define X8(octet)  octet octet octet octet octet octet octet octet
#define X16(octet) X8(octet) X8(octet)
#define X32(octet) X16(octet) X16(octet)
#define X48(octet) X32(octet) X16(octet)

#define DAY       INT64_C(86400)
#define CERT_HOST "https://certificates.trustedservices.intel.com/"
#define CRL_HOST  "https://api.trustedservices.intel.com/"

/* Intel's enclaves: values of the public QE identities. */
#define QE_MRSIGNER                                                            \
    "8C4F5775D796503E96137F77C68A829A0056AC8DED70140B081B094490C57BFF"
#define TD_QE_MRSIGNER                                                         \
    "DC9E2A7C6F948F17474E34A7FC43ED030F7C1563F1BABDDF6340C82E0E54A8C5"

static void
text(const char **p, const char *value)
{
    *p = *p != NULL ? *p : value;
}

static void
number(int32_t *p, int32_t value)
{
    *p = *p == MINT_ZERO ? 0 : *p != 0 ? *p : value;
}

static void
count(unsigned *p, unsigned value)
{
    *p = *p == MINT_NONE ? 0 : *p != 0 ? *p : value;
}

static void
date(int64_t *p, int64_t value)
{
    *p = *p != 0 ? *p : value;
}

static void
answer(enum mint_answer *p, bool value)
{
    *p = *p != MINT_DEFAULT ? *p : value ? MINT_YES : MINT_NO;
}

static void
chain(enum mint_cert_id *list, enum mint_cert_id a, enum mint_cert_id b,
      enum mint_cert_id c)
{
    if (list[0] == MINT_CERT_NONE) {
        list[0] = a;
        list[1] = b;
        list[2] = c;
    }
}

static bool
is_tdx(const struct mint_options *o)
{
    return o->quote.body_type != ASSAY_BODY_SGX;
}

static void
fill_platform(struct mint_platform *p)
{
    static const int32_t svn[MINT_COMPONENTS] = {4, 4, 2, 2, 4, 1, 0, 5};

    text(&p->fmspc, "00A06F050000");
    text(&p->pceid, "0000");
    text(&p->ppid, X16("a1"));
    text(&p->instance_id, X16("b2"));
    for (size_t i = 0; i < MINT_COMPONENTS; i++) {
        number(&p->components[i], svn[i]);
    }
    number(&p->pcesvn, 13);
}

/* The certificate's platform, where nothing else is asked for. */
static void
fill_sgx(struct mint_sgx_ext_options *s, const struct mint_options *o)
{
    const struct mint_platform *p = &o->platform;

    text(&s->platform.fmspc, p->fmspc);
    text(&s->platform.pceid, p->pceid);
    text(&s->platform.ppid, p->ppid);
    text(&s->platform.instance_id, p->instance_id);
    for (size_t i = 0; i < MINT_COMPONENTS; i++) {
        number(&s->platform.components[i], p->components[i]);
    }
    number(&s->platform.pcesvn, p->pcesvn);
    text(&s->platform.cpusvn, p->cpusvn);
    answer(&s->dynamic_platform, true);
    answer(&s->cached_keys, true);
    answer(&s->smt_enabled, true);
    answer(&s->seven_entries, !o->processor_ca);
    if (s->type == MINT_SGX_TYPE_DEFAULT) {
        s->type = o->processor_ca ? MINT_SGX_STANDARD : MINT_SGX_SCALABLE;
    }
}

/* What the certificates of one role have in common. */
struct role {
    const char *common_name;
    const char *crl_url;
    unsigned key_usage;
    bool ca;
    int pathlen;
    int64_t from_days; /* around now */
    int64_t to_days;
};

static void
fill_cert(struct mint_cert_options *c, const struct role *r, int64_t now_s)
{
    text(&c->subject.common_name, r->common_name);
    count(&c->version, 3);
    date(&c->not_before_s, now_s + r->from_days * DAY);
    date(&c->not_after_s, now_s + r->to_days * DAY);
    text(&c->crl_url, r->crl_url);
    c->key_usage = c->key_usage != 0 ? c->key_usage : r->key_usage;
    answer(&c->ca, r->ca);
    c->pathlen = c->pathlen != 0 ? c->pathlen : r->pathlen;
}

static void
fill_certs(struct mint_options *o)
{
    static const unsigned ca_usage = MINT_KU_CERT_SIGN | MINT_KU_CRL_SIGN;
    static const unsigned leaf_usage =
        MINT_KU_DIGITAL_SIGNATURE | MINT_KU_NON_REPUDIATION;
    static const char root_crl[] = CERT_HOST "IntelSGXRootCA.der";
    const struct role root = {"Intel SGX Root CA", root_crl, ca_usage, true,
                              MINT_PATHLEN(1),     -3000,    8000};
    const struct role ca = {o->processor_ca ? "Intel SGX PCK Processor CA"
                                            : "Intel SGX PCK Platform CA",
                            root_crl,
                            ca_usage,
                            true,
                            MINT_PATHLEN(0),
                            -2900,
                            2400};
    const struct role signer = {
        "Intel SGX TCB Signing", root_crl, leaf_usage, false,
        MINT_PATHLEN_NONE,       -400,     2100};
    const struct role pck = {
        "Intel SGX PCK Certificate",
        o->processor_ca
            ? CRL_HOST "sgx/certification/v4/pckcrl?ca=processor&encoding=der"
            : CRL_HOST "sgx/certification/v4/pckcrl?ca=platform&encoding=der",
        leaf_usage,
        false,
        MINT_PATHLEN_NONE,
        -300,
        2200};

    fill_cert(&o->root, &root, o->now_s);
    fill_cert(&o->ca, &ca, o->now_s);
    fill_cert(&o->tcb_signer, &signer, o->now_s);
    fill_cert(&o->pck, &pck, o->now_s);
}

static void
fill_crl(struct mint_crl_options *c, int64_t now_s, int64_t age_days,
         int64_t life_days)
{
    count(&c->version, 2);
    date(&c->this_update_s, now_s - age_days * DAY);
    date(&c->next_update_s, now_s + (life_days - age_days) * DAY);
    text(&c->number, "01");
}

/* Levels given by a test beyond the usual ones are written too. */
static void
fill_isv_levels(struct mint_isv_level levels[MINT_LEVELS_MAX], unsigned *n,
                const int32_t *svns, unsigned usual, const char *advisory)
{
    unsigned given = usual;

    for (unsigned i = usual; i < MINT_LEVELS_MAX; i++) {
        given = levels[i].status != NULL ? i + 1 : given;
    }
    count(n, given);
    for (unsigned i = 0; i < *n && i < MINT_LEVELS_MAX; i++) {
        number(&levels[i].isvsvn, i < usual ? svns[i] : 1);
        date(&levels[i].date_s,
             assay_days_from_civil(i == 0 ? 2024 : 2023, 11, 13) * DAY);
        text(&levels[i].status, i == 0 ? "UpToDate" : "OutOfDate");
        if (i > 0) {
            text(&levels[i].advisories[0], advisory);
        }
    }
}

static void
fill_levels(struct mint_tcb_info_options *t, const struct mint_platform *p)
{
    static const int32_t tdx[MINT_COMPONENTS] = {5, 0, 3};
    unsigned given = 2;

    for (unsigned i = 2; i < MINT_LEVELS_MAX; i++) {
        given = t->levels[i].status != NULL ? i + 1 : given;
    }
    count(&t->level_count, given);
    for (unsigned i = 0; i < t->level_count && i < MINT_LEVELS_MAX; i++) {
        struct mint_tcb_level *level = &t->levels[i];

        for (size_t k = 0; k < MINT_COMPONENTS; k++) {
            number(&level->sgx[k], i == 0 ? p->components[k] : 0);
            number(&level->tdx[k], i == 0 ? tdx[k] : 0);
        }
        number(&level->pcesvn, i == 0 ? p->pcesvn : 0);
        date(&level->date_s,
             assay_days_from_civil(i == 0 ? 2024 : 2023, 11, 13) * DAY);
        text(&level->status, i == 0 ? "UpToDate" : "OutOfDate");
        if (i > 0) {
            text(&level->advisories[0], "INTEL-SA-00615");
        }
    }
}

static void
fill_module(struct mint_tdx_module *m)
{
    text(&m->mrsigner, X48("00"));
    text(&m->attributes, X8("00"));
    text(&m->mask, X8("FF"));
}

static void
fill_modules(struct mint_tcb_info_options *t)
{
    static const int32_t svn_1[] = {6, 4, 2};
    static const int32_t svn_3[] = {3};

    count(&t->module_count, 2);
    fill_module(&t->module);
    for (unsigned i = 0; i < MINT_MODULES_MAX; i++) {
        struct mint_tdx_module *m = &t->modules[i];

        fill_module(m);
        text(&m->id, i == 0 ? "TDX_01" : "TDX_03");
        fill_isv_levels(m->levels, &m->level_count, i == 0 ? svn_1 : svn_3,
                        i == 0 ? 3 : 1, "INTEL-SA-01099");
    }
}

static void
fill_tcb_info(struct mint_options *o)
{
    struct mint_tcb_info_options *t = &o->tcb_info;

    text(&t->id, is_tdx(o) ? "TDX" : "SGX");
    number(&t->version, 3);
    date(&t->issue_s, o->now_s - 5 * DAY);
    date(&t->next_update_s, o->now_s + 25 * DAY);
    text(&t->fmspc, o->platform.fmspc);
    text(&t->pceid, o->platform.pceid);
    number(&t->tcb_type, 0);
    number(&t->evaluation_number, 18);
    count(&t->sgx_component_count, MINT_COMPONENTS);
    count(&t->tdx_component_count, MINT_COMPONENTS);
    fill_levels(t, &o->platform);
    fill_modules(t);
    chain(t->json.chain, MINT_CERT_TCB_SIGNER, MINT_CERT_ROOT, MINT_CERT_NONE);
}

static void
fill_qe_identity(struct mint_options *o)
{
    static const int32_t svns[] = {8, 6};
    struct mint_qe_identity_options *q = &o->qe_identity;

    text(&q->id, is_tdx(o) ? "TD_QE" : "QE");
    number(&q->version, 2);
    date(&q->issue_s, o->now_s - 4 * DAY);
    date(&q->next_update_s, o->now_s + 26 * DAY);
    number(&q->evaluation_number, 18);
    text(&q->miscselect, "00000000");
    text(&q->miscselect_mask, "FFFFFFFF");
    text(&q->attributes, "11000000000000000000000000000000");
    text(&q->attributes_mask, "FBFFFFFFFFFFFFFF0000000000000000");
    text(&q->mrsigner, is_tdx(o) ? TD_QE_MRSIGNER : QE_MRSIGNER);
    number(&q->isvprodid, is_tdx(o) ? 2 : 1);
    fill_isv_levels(q->levels, &q->level_count, svns, 2, "INTEL-SA-00477");
    chain(q->json.chain, MINT_CERT_TCB_SIGNER, MINT_CERT_ROOT, MINT_CERT_NONE);
}

static void
fill_reports(struct mint_quote_options *q, bool tdx)
{
    text(&q->sgx.attributes, "0500000000000000e700000000000000");
    text(&q->sgx.mrenclave, X32("c3"));
    text(&q->sgx.mrsigner, X32("d4"));
    number(&q->sgx.isvprodid, 1);
    number(&q->sgx.isvsvn, 3);
    text(&q->sgx.report_data, X32("5a") X32("a5"));
    text(&q->qe.attributes, "1500000000000000e700000000000000");
    text(&q->qe.mrenclave, X32("e5"));
    text(&q->qe.mrsigner, tdx ? TD_QE_MRSIGNER : QE_MRSIGNER);
    number(&q->qe.isvprodid, tdx ? 2 : 1);
    number(&q->qe.isvsvn, 8);
}

static void
fill_td(struct mint_td_report_options *td)
{
    static const char *const rtmr[4] = {X48("10"), X48("11"), X48("12"),
                                        X48("00")};

    text(&td->tee_tcb_svn, "06010300000000000000000000000000");
    text(&td->mr_seam, X48("5e"));
    td->td_attributes = td->td_attributes != 0 ? td->td_attributes
                                               : ASSAY_TD_ATTR_SEPT_VE_DISABLE;
    td->xfam = td->xfam != 0 ? td->xfam : UINT64_C(0x602e7);
    text(&td->mr_td, X48("3d"));
    for (size_t i = 0; i < 4; i++) {
        text(&td->rtmr[i], rtmr[i]);
    }
    text(&td->report_data, X32("5a") X32("a5"));
    text(&td->td_id, X32("1d"));
}

/* Needed first: the kind of quote decides the rest. */
static void
fill_kind(struct mint_quote_options *q)
{
    number(&q->version, 4);
    number(&q->body_type, q->version <= 3   ? ASSAY_BODY_SGX
                          : q->version == 4 ? ASSAY_BODY_TD10
                                            : ASSAY_BODY_TD15);
    number(&q->body_type_word, q->body_type);
    number(&q->tee_type,
           q->body_type == ASSAY_BODY_SGX ? ASSAY_TEE_SGX : ASSAY_TEE_TDX);
    number(&q->att_key_type, 2);
}

static void
fill_quote(struct mint_quote_options *q)
{
    if (q->version <= 3) {
        q->word8 = q->word8 != 0 ? q->word8 : 8;
        q->word10 = q->word10 != 0 ? q->word10 : 13;
    }
    text(&q->qe_vendor_id, "939a7233f79c4ca9940a0db3957f0607");
    text(&q->user_data, X16("9e") "00000000");
    fill_reports(q, q->body_type != ASSAY_BODY_SGX);
    fill_td(&q->td);
    number(&q->auth_size, 32);
    number(&q->outer_type, 6);
    number(&q->cert_type, ASSAY_CERT_PCK_CHAIN);
    if (q->cert_type == ASSAY_CERT_PCK_LEAF) {
        chain(q->chain, MINT_CERT_PCK, MINT_CERT_NONE, MINT_CERT_NONE);
    }
    chain(q->chain, MINT_CERT_PCK, MINT_CERT_CA, MINT_CERT_ROOT);
    answer(&q->nul, true);
}

void
mint_options_fill(struct mint_options *o)
{
    if (o->filled) {
        return;
    }
    date(&o->now_s, MINT_NOW_S);
    fill_kind(&o->quote);
    fill_platform(&o->platform);
    fill_sgx(&o->sgx, o);
    fill_certs(o);
    fill_crl(&o->root_crl, o->now_s, 90, 365);
    fill_crl(&o->pck_crl, o->now_s, 10, 30);
    fill_tcb_info(o);
    fill_qe_identity(o);
    fill_quote(&o->quote);
    answer(&o->chain_in_collateral, o->quote.cert_type != ASSAY_CERT_PCK_CHAIN);
    o->filled = true;
}
