/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pccs.c - see pccs.h. The table `routes` is the whole interface.
 */
#include "pccs.h"

#include "base/text.h"
#include "sim.h"

struct call {
    struct sim *sim;
    const struct assay_http_request *request;
    struct assay_http_answer *answer;
    enum mint_machine_tee tee; /* of the path */
};

static void
refuse(const struct call *c, unsigned status, const char *code,
       const char *message)
{
    assay_http_answer_error(c->answer, status, code, message, "");
}

static struct mint_world *
world(const struct call *c)
{
    return mint_machine_world(c->sim->machine, c->tee);
}

/* --- parameters --------------------------------------------------------- */

enum given { ABSENT, MATCHES, DIFFERS };

/* A parameter's value against one that is wanted, without case. */
static enum given
compare(const struct call *c, const char *name, const char *wanted)
{
    struct assay_buf value;
    enum given given = ABSENT;

    if (assay_http_query_get(c->request->query, name, &value)) {
        given = assay_slice_is_nocase(assay_buf_slice(&value), wanted)
                    ? MATCHES
                    : DIFFERS;
    }
    assay_buf_free(&value);
    return given;
}

/* Exactly so many hex digits; only then *out is set, in lower case. */
static bool
hex_parameter(const struct call *c, const char *name, char *out, size_t digits)
{
    uint8_t bytes[512];
    struct assay_buf value;
    struct assay_error err;
    bool good = false;

    assay_error_clear(&err);
    if (assay_http_query_get(c->request->query, name, &value)) {
        good = digits / 2 <= sizeof(bytes) &&
               assay_hex_decode(assay_buf_slice(&value), bytes, digits / 2,
                                name, &err) == ASSAY_OK;
    }
    assay_buf_free(&value);
    if (good && out != NULL) {
        assay_hex_to(out, (struct assay_slice){bytes, digits / 2});
    }
    return good;
}

static bool
read_number(struct assay_slice text, unsigned *out)
{
    unsigned n = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
        n = n * 10 + (unsigned)(text.ptr[i] - '0');
    }
    *out = n;
    return text.len > 0 && text.len < 7;
}

/* update=early|standard and tcbEvaluationDataNumber=n. One number is served,
 * early and standard alike. False: answered. */
static bool
serves_update(const struct call *c)
{
    struct assay_buf value;
    unsigned served =
        mint_machine_evaluation(mint_machine_state(c->sim->machine));
    unsigned number = served;
    bool numbered = assay_http_query_get(c->request->query,
                                         "tcbEvaluationDataNumber", &value);
    bool readable = !numbered || read_number(assay_buf_slice(&value), &number);
    bool updates = compare(c, "update", "standard") != ABSENT;

    assay_buf_free(&value);
    if (!readable || (numbered && updates) ||
        (updates && compare(c, "update", "standard") != MATCHES &&
         compare(c, "update", "early") != MATCHES)) {
        refuse(c, 400, "bad_parameter",
               "update is early or standard, tcbEvaluationDataNumber a number, "
               "and not both");
    } else if (number < served) {
        refuse(c, 410, "gone", "this evaluation is no longer served");
    } else if (number > served) {
        refuse(c, 404, "not_found", "no data of this evaluation");
    } else {
        return true;
    }
    return false;
}

/* --- answers ------------------------------------------------------------ */

static void
put_field(const struct call *c, const char *name, struct assay_slice value)
{
    struct assay_error err;

    assay_error_clear(&err);
    if (assay_http1_put_field(&c->answer->fields, assay_slice_of(name), value,
                              &err) != ASSAY_OK) {
        c->answer->fields.failed = true;
    }
}

/* Percent-encodes whatever is not unreserved (RFC 3986, section 2.3). */
static void
put_chain(const struct call *c, const char *name, struct assay_slice pem)
{
    static const char unreserved[] = "abcdefghijklmnopqrstuvwxyz"
                                     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    struct assay_buf text;

    assay_buf_init(&text, MINT_TEXT_MAX);
    for (size_t i = 0; i < pem.len; i++) {
        if (memchr(unreserved, pem.ptr[i], sizeof(unreserved) - 1) != NULL) {
            assay_buf_add_u8(&text, pem.ptr[i]);
        } else {
            assay_buf_printf(&text, "%%%02X", pem.ptr[i]);
        }
    }
    put_field(c, name, assay_buf_slice(&text));
    mint_buf_fail(&c->answer->fields, &text);
    assay_buf_free(&text);
}

static void
put_body(const struct call *c, const char *type, struct assay_slice body)
{
    c->answer->content_type = type;
    assay_buf_add(&c->answer->body, body);
}

/* A PCCS says DER only where it was asked for; hex is its own form. */
static void
put_crl(const struct call *c, struct assay_slice der, enum mint_form form)
{
    c->answer->content_type = form == MINT_FORM_DER ? "application/pkix-crl"
                                                    : "application/x-pem-file";
    mint_crl_encode(&c->answer->body, der, form);
}

static void
answer_tcb_info(const struct call *c)
{
    const struct assay_collateral_parts p =
        mint_world_collateral_parts(world(c));
    char fmspc[13];

    if (!hex_parameter(c, "fmspc", fmspc, 12)) {
        refuse(c, 400, "bad_parameter", "fmspc has 12 hex digits");
    } else if (!assay_slice_is_nocase(
                   assay_slice_of(fmspc),
                   mint_world_options(world(c))->platform.fmspc)) {
        refuse(c, 404, "not_found", "no data for this FMSPC");
    } else if (serves_update(c)) {
        put_chain(c, "TCB-Info-Issuer-Chain", p.tcb_info_issuer_chain);
        put_body(c, "application/json", p.tcb_info);
    }
}

static void
answer_qe_identity(const struct call *c)
{
    const struct assay_collateral_parts p =
        mint_world_collateral_parts(world(c));

    if (serves_update(c)) {
        put_chain(c, "SGX-Enclave-Identity-Issuer-Chain",
                  p.qe_identity_issuer_chain);
        put_body(c, "application/json", p.qe_identity);
    }
}

static void
answer_pck_crl(const struct call *at)
{
    struct call c = *at;
    enum mint_form form = MINT_FORM_HEX;

    c.tee = compare(at, "ca", "platform") == MATCHES ? MINT_MACHINE_TDX
                                                     : MINT_MACHINE_SGX;
    if (compare(at, "encoding", "der") == MATCHES) {
        form = MINT_FORM_DER;
    } else if (compare(at, "encoding", "pem") == MATCHES) {
        form = MINT_FORM_PEM;
    } else if (compare(at, "encoding", "der") != ABSENT) {
        refuse(at, 400, "bad_parameter", "encoding is der or pem");
        return;
    }
    if (c.tee == MINT_MACHINE_SGX &&
        compare(at, "ca", "processor") != MATCHES) {
        refuse(at, 400, "bad_parameter", "ca is processor or platform");
        return;
    }
    put_chain(&c, "SGX-PCK-CRL-Issuer-Chain",
              mint_world_collateral_parts(world(&c)).pck_crl_issuer_chain);
    put_crl(&c, mint_world_pck_crl_der(world(&c)), form);
}

static void
answer_root_crl(const struct call *c)
{
    put_crl(c, mint_world_root_crl_der(world(c)), MINT_FORM_HEX);
    c->answer->content_type = "application/pkix-crl"; /* as a PCCS says */
}

/* A CRL by its distribution point. */
static void
answer_crl(const struct call *at)
{
    struct call c = *at;

    for (size_t i = 0; i < 2; i++) {
        const struct mint_options *o;

        c.tee = (enum mint_machine_tee)i;
        o = mint_world_options(world(&c));
        if (compare(at, "uri", o->root.crl_url) == MATCHES) {
            put_crl(&c, mint_world_root_crl_der(world(&c)), MINT_FORM_DER);
            return;
        }
        if (compare(at, "uri", o->pck.crl_url) == MATCHES) {
            put_crl(&c, mint_world_pck_crl_der(world(&c)), MINT_FORM_DER);
            return;
        }
    }
    refuse(at, compare(at, "uri", "") == ABSENT ? 400 : 404, "not_found",
           "no CRL of this distribution point");
}

/* CPUSVN and PCESVN of the one PCK certificate there is. */
static void
put_tcbm(const struct call *c, const struct mint_platform *p)
{
    uint8_t cpusvn[16] = {0};
    char text[2 * sizeof(cpusvn) + 5];
    struct assay_error err;
    struct assay_buf value;

    assay_error_clear(&err);
    mint_platform_cpusvn(p, cpusvn, &err);
    assay_hex_to(text, ASSAY_SLICE(cpusvn));
    assay_buf_init(&value, 64);
    assay_buf_printf(&value, "%s%02x%02x", text, (unsigned)p->pcesvn & 0xff,
                     (unsigned)p->pcesvn >> 8);
    put_field(c, "SGX-TCBm", assay_buf_slice(&value));
    assay_buf_free(&value);
}

static void
answer_pck_cert(const struct call *at)
{
    const struct call c = {at->sim, at->request, at->answer, MINT_MACHINE_TDX};
    const struct mint_options *o = mint_world_options(world(&c));
    char qeid[33];
    char pceid[5];
    bool by_qe = hex_parameter(at, "qeid", qeid, 32);

    if (!hex_parameter(at, "cpusvn", NULL, 32) ||
        !hex_parameter(at, "pcesvn", NULL, 4) ||
        !hex_parameter(at, "pceid", pceid, 4) ||
        (!by_qe && !hex_parameter(at, "encrypted_ppid", NULL, 768))) {
        refuse(at, 400, "bad_parameter",
               "cpusvn, pcesvn, pceid, and qeid or encrypted_ppid in hex");
        return;
    }
    if (strcmp(pceid, o->platform.pceid) != 0 ||
        (by_qe && strncmp(qeid, o->quote.user_data, 32) != 0)) {
        refuse(at, 461, "unknown_platform", "this platform is not known");
        return;
    }
    put_chain(&c, "SGX-PCK-Certificate-Issuer-Chain",
              mint_world_collateral_parts(world(&c)).pck_crl_issuer_chain);
    put_tcbm(&c, &o->platform);
    put_field(&c, "SGX-FMSPC", assay_slice_of(o->platform.fmspc));
    put_field(&c, "SGX-PCK-Certificate-CA-Type", assay_slice_of("platform"));
    at->answer->content_type = "application/x-pem-file";
    assay_pem_encode(&at->answer->body, "CERTIFICATE",
                     mint_world_cert_der(world(&c), MINT_CERT_PCK));
}

static const struct {
    const char *path;
    enum mint_machine_tee tee;
    void (*answer)(const struct call *c);
} routes[] = {
    {"/tdx/certification/v4/tcb", MINT_MACHINE_TDX, answer_tcb_info},
    {"/sgx/certification/v4/tcb", MINT_MACHINE_SGX, answer_tcb_info},
    {"/tdx/certification/v4/qe/identity", MINT_MACHINE_TDX, answer_qe_identity},
    {"/sgx/certification/v4/qe/identity", MINT_MACHINE_SGX, answer_qe_identity},
    {"/sgx/certification/v4/pckcrl", MINT_MACHINE_TDX, answer_pck_crl},
    {"/sgx/certification/v4/rootcacrl", MINT_MACHINE_TDX, answer_root_crl},
    {"/sgx/certification/v4/crl", MINT_MACHINE_TDX, answer_crl},
    {"/sgx/certification/v4/pckcert", MINT_MACHINE_TDX, answer_pck_cert},
};

static void
put_request_id(const struct call *c)
{
    struct assay_buf id;

    assay_buf_init(&id, 64);
    assay_buf_printf(&id, "%032x", ++c->sim->requests);
    put_field(c, "Request-ID", assay_buf_slice(&id));
    assay_buf_free(&id);
}

void
sim_pccs_answer(void *user, const struct assay_http_request *request,
                struct assay_http_answer *answer)
{
    struct call c = {.sim = user, .request = request, .answer = answer};
    struct assay_error err;

    if (sim_keep_fresh(c.sim, &err) != ASSAY_OK) {
        refuse(&c, 500, assay_code_name(err.code), err.msg);
        return;
    }
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (assay_slice_is(request->head->method, "GET") &&
            assay_slice_is(request->path, routes[i].path)) {
            c.tee = routes[i].tee;
            put_request_id(&c);
            routes[i].answer(&c);
            return;
        }
    }
    refuse(&c, 404, "not_found", "a PCCS has no such route");
}
