/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * agent.c - see agent.h. The table `calls` is the whole interface.
 */
#include "agent.h"

#include <time.h>

#include "agent_call.h"
#include "assay/version.h"
#include "base/text.h"

#define REPORT_DATA_BYTES 64u

/* A text that a writer of the guest makes. */
static void
put_text(struct sim_call *c, const char *name,
         void (*write)(const struct mint_guest *g, struct assay_buf *to))
{
    struct assay_buf text;

    assay_buf_init(&text, MINT_DOCUMENT_MAX);
    write(sim_call_guest(c), &text);
    assay_json_out_string(&c->out, name, assay_buf_slice(&text));
    mint_buf_fail(c->out.buf, &text);
    assay_buf_free(&text);
}

/* The same for those that tell the log. */
static void
put_log(struct sim_call *c, const char *name, bool stripped,
        void (*write)(const struct mint_guest *g,
                      const struct mint_log_form *form, struct assay_buf *to))
{
    const struct mint_log_form form = {stripped, c->sim->forged_log};
    struct assay_buf text;

    assay_buf_init(&text, MINT_DOCUMENT_MAX);
    write(sim_call_guest(c), &form, &text);
    assay_json_out_string(&c->out, name, assay_buf_slice(&text));
    mint_buf_fail(c->out.buf, &text);
    assay_buf_free(&text);
}

/* --- quotes ------------------------------------------------------------- */

/* In the body, or in the query of a GET. */
static void
read_report_data(struct sim_call *c, uint8_t data[REPORT_DATA_BYTES])
{
    struct assay_buf given;
    struct assay_buf value;

    memset(data, 0, REPORT_DATA_BYTES);
    assay_buf_init(&given, REPORT_DATA_BYTES);
    if (!sim_body_hex(&c->body, "report_data", REPORT_DATA_BYTES, &given) &&
        assay_http_query_get(c->request->query, "report_data", &value)) {
        struct assay_slice hex = assay_buf_slice(&value);

        if (hex.len > 2 * (size_t)REPORT_DATA_BYTES) {
            (void)assay_fail(sim_call_err(c), ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                             "report_data: at most 64 octets in hex");
        } else if (hex.len > 0) {
            (void)assay_hex_decode(hex, data, hex.len / 2, "report_data",
                                   sim_call_err(c));
        }
        assay_buf_free(&value);
    }
    assay_copy(data, assay_buf_slice(&given));
    assay_buf_free(&given);
}

/* A quoting enclave takes its time, and quotes are made one by one. A signal is
 * the end, which quotes that have been asked for do not put off. */
static void
wait_for_signature(struct sim *s)
{
    const struct timespec delay = {
        .tv_sec = s->o->signing_delay_ms / 1000,
        .tv_nsec = (long)(s->o->signing_delay_ms % 1000) * 1000000,
    };

    if (s->o->signing_delay_ms > 0 && !s->hurried) {
        s->hurried = nanosleep(&delay, NULL) != 0;
    }
}

static void
get_quote(struct sim_call *c)
{
    uint8_t data[REPORT_DATA_BYTES];
    struct assay_buf quote;

    read_report_data(c, data);
    assay_buf_init(&quote, MINT_QUOTE_MAX);
    if (sim_call_err(c)->code == ASSAY_OK &&
        mint_guest_quote(sim_call_guest(c),
                         mint_machine_world(c->sim->machine, MINT_MACHINE_TDX),
                         data, &quote, sim_call_err(c)) == ASSAY_OK) {
        wait_for_signature(c->sim);
        assay_json_out_hex(&c->out, "quote", assay_buf_slice(&quote));
        put_log(c, "event_log", c->sim->o->stripped_log, mint_guest_write_log);
        assay_json_out_hex(&c->out, "report_data", ASSAY_SLICE(data));
        put_text(c, "vm_config", mint_guest_write_vm_config);
    }
    assay_buf_free(&quote);
}

/* --- the rest ----------------------------------------------------------- */

static void
info(struct sim_call *c)
{
    const struct mint_guest_facts *f = mint_guest_facts(sim_call_guest(c));
    struct assay_json_out *j = &c->out;

    assay_json_out_hex(j, "app_id", ASSAY_SLICE(f->app_id));
    assay_json_out_hex(j, "instance_id",
                       f->has_instance_id ? ASSAY_SLICE(f->instance_id)
                                          : ASSAY_EMPTY);
    sim_call_put_app_cert(c);
    put_log(c, "tcb_info", false, mint_guest_write_tcb_info);
    assay_json_out_text(j, "app_name", f->app_name);
    assay_json_out_hex(j, "device_id", ASSAY_SLICE(f->device_id));
    assay_json_out_hex(j, "mr_aggregated", ASSAY_SLICE(f->aggregated));
    assay_json_out_hex(j, "os_image_hash",
                       f->has_os_image_hash ? ASSAY_SLICE(f->os_image_hash)
                                            : ASSAY_EMPTY);
    assay_json_out_string(j, "key_provider_info", f->key_provider);
    assay_json_out_hex(j, "compose_hash", ASSAY_SLICE(f->compose_hash));
    put_text(c, "vm_config", mint_guest_write_vm_config);
}

static void
emit_event(struct sim_call *c)
{
    struct assay_slice name = ASSAY_EMPTY;
    struct assay_buf payload;

    assay_buf_init(&payload, MINT_EVENT_PAYLOAD_MAX);
    (void)sim_body_text(&c->body, "event", &name);
    (void)sim_body_hex(&c->body, "payload", MINT_EVENT_PAYLOAD_MAX, &payload);
    if (sim_call_err(c)->code == ASSAY_OK) {
        (void)!mint_guest_emit(sim_call_guest(c), name,
                               assay_buf_slice(&payload), sim_call_err(c));
    }
    assay_buf_free(&payload);
}

static void
version(struct sim_call *c)
{
    assay_json_out_text(&c->out, "version", "0.5.11");
    assay_json_out_text(&c->out, "rev", "assay-sim " ASSAY_VERSION);
}

static const struct {
    const char *path;
    bool by_get; /* besides POST */
    void (*run)(struct sim_call *c);
} calls[] = {
    {"/GetQuote", true, get_quote},
    {"/Info", true, info},
    {"/GetKey", false, sim_call_get_key},
    {"/GetTlsKey", false, sim_call_get_tls_key},
    {"/EmitEvent", false, emit_event},
    {"/Version", true, version},
};

static void
refuse(struct assay_http_answer *a, const struct assay_error *err)
{
    unsigned status = err->code == ASSAY_CRYPTO || err->code == ASSAY_NO_MEMORY
                          ? 500
                      : err->code == ASSAY_UNSUPPORTED ? 501
                                                       : 400;

    a->body.len = 0;
    assay_http_answer_error(a, status, assay_code_name(err->code), err->msg,
                            assay_code_hint(err->code));
}

void
sim_agent_answer(void *user, const struct assay_http_request *request,
                 struct assay_http_answer *answer)
{
    struct sim_call c = {.sim = user, .request = request};
    bool get = assay_slice_is(request->head->method, "GET");
    size_t i = 0;

    while (i < sizeof(calls) / sizeof(calls[0]) &&
           !assay_slice_is(request->path, calls[i].path)) {
        i++;
    }
    if (i == sizeof(calls) / sizeof(calls[0])) {
        assay_http_answer_error(answer, 404, "not_found",
                                "the guest agent has no such call", "");
        return;
    }
    if (get ? !calls[i].by_get
            : !assay_slice_is(request->head->method, "POST")) {
        assay_http_answer_error(answer, 405, "method", "calls are POSTed", "");
        return;
    }
    assay_json_out_init(&c.out, &answer->body, true);
    assay_json_out_open(&c.out, NULL, '{');
    if (sim_body_read(&c.body, request)) {
        calls[i].run(&c);
    }
    assay_json_out_close(&c.out, '}');
    answer->content_type = "application/json";
    if (c.body.err.code != ASSAY_OK) {
        refuse(answer, &c.body.err);
    }
    sim_body_free(&c.body);
}
