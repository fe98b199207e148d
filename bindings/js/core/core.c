/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * core.c - the instance: how it starts, and what it said last.
 */
#include <stdarg.h>
#include <stdio.h>

#include "assay/version.h"
#include "crypto/crypto.h"
#include "search/marks.h"
#include "state.h"

struct js_instance js_instance = {.text = {.max = JS_TEXT_MAX_BYTES}};

static enum assay_code
start(struct assay_error *err)
{
    if (assay_ctx_new(&js_instance.ctx, err) != ASSAY_OK ||
        assay_verifier_new(js_instance.ctx, ASSAY_DEFAULT_PLATFORMS,
                           &js_instance.verifier, err) != ASSAY_OK) {
        return err->code;
    }
    js_instance.marks = assay_marks_new();
    return js_instance.marks != NULL
               ? ASSAY_OK
               : assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                            "start: out of memory");
}

/* Nothing of it is of use. */
static void
undo(void)
{
    assay_marks_free(js_instance.marks);
    assay_verifier_free(js_instance.verifier);
    assay_ctx_free(js_instance.ctx);
    js_instance.marks = NULL;
    js_instance.verifier = NULL;
    js_instance.ctx = NULL;
}

static int32_t
tell_versions(void)
{
    struct assay_json_out out;

    assay_json_out_init(&out, js_text(), true);
    assay_json_out_open(&out, NULL, '{');
    assay_json_out_text(&out, "version", ASSAY_VERSION);
    assay_json_out_text(&out, "openssl", assay_crypto_version());
    assay_json_out_text(&out, "openssl_source", JS_OPENSSL_SOURCE);
    assay_json_out_close(&out, '}');
    return js_text_done("start");
}

int32_t
js_start(void)
{
    struct assay_error err;

    js_clear();
    if (js_instance.ctx != NULL) {
        return js_refuse(ASSAY_INVALID, "the instance was started before");
    }
    if (start(&err) != ASSAY_OK) {
        (void)js_failed(&err);
    } else {
        (void)tell_versions();
    }
    if (js_error_code() != ASSAY_OK) {
        undo();
    }
    return js_error_code();
}

/* --- error ---------------------------------------------------------------- */

void
js_clear(void)
{
    js_instance.error = (struct assay_error){.code = ASSAY_OK};
}

int32_t
js_failed(const struct assay_error *err)
{
    js_instance.error = *err;
    return (int32_t)err->code;
}

int32_t
js_refuse(enum assay_code code, const char *fmt, ...)
{
    struct assay_error *err = &js_instance.error;
    va_list args;

    *err = (struct assay_error){.code = code, .offset = ASSAY_NO_OFFSET};
    va_start(args, fmt);
    (void)vsnprintf(err->msg, sizeof(err->msg), fmt, args);
    va_end(args);
    return (int32_t)code;
}

bool
js_ready(void)
{
    js_clear();
    if (js_instance.ctx == NULL) {
        (void)js_refuse(ASSAY_INVALID, "the instance was not started");
    }
    return js_instance.ctx != NULL;
}

int32_t
js_error_code(void)
{
    return (int32_t)js_instance.error.code;
}

const char *
js_error_name(void)
{
    return assay_code_name(js_instance.error.code);
}

const char *
js_error_message(void)
{
    return js_instance.error.msg;
}

/* Where the words of error.h are for a command line. */
static const struct {
    enum assay_code code;
    const char *hint;
} own_hints[] = {
    {ASSAY_NO_MEMORY, "free memory: close what is not needed"},
    {ASSAY_CRYPTO, "check that crypto.getRandomValues() works here; else load "
                   "the page, or start the program, anew"},
    {ASSAY_NETWORK, "check the address, the network, and the bridge if there "
                    "is one"},
    {ASSAY_TIMEOUT, "try again, or raise one of timeouts"},
    {ASSAY_TLS, "check the name (serverName), or give the CA of the server's "
                "certificate as extraRoots"},
};

const char *
js_error_hint(void)
{
    const enum assay_code code = js_instance.error.code;

    for (size_t i = 0; i < sizeof(own_hints) / sizeof(own_hints[0]); i++) {
        if (own_hints[i].code == code) {
            return own_hints[i].hint;
        }
    }
    return assay_code_hint(code);
}

/* --- result --------------------------------------------------------------- */

const uint8_t *
js_result(void)
{
    return js_instance.result.ptr;
}

uint32_t
js_result_len(void)
{
    return (uint32_t)js_instance.result.len;
}

void
js_forget(void)
{
    if (js_instance.result.ptr != js_instance.text.ptr) {
        js_instance.result = ASSAY_EMPTY;
    }
}

void
js_show(struct assay_slice octets)
{
    assay_buf_free(&js_instance.text);
    js_instance.result = octets;
}

struct assay_buf *
js_text(void)
{
    js_show(ASSAY_EMPTY);
    return &js_instance.text;
}

int32_t
js_text_done(const char *what)
{
    struct assay_error err = {.code = ASSAY_OK};

    return js_text_made(assay_buf_check(&js_instance.text, what, &err), &err);
}

int32_t
js_text_made(enum assay_code code, const struct assay_error *err)
{
    if (code != ASSAY_OK) {
        js_show(ASSAY_EMPTY);
        return js_failed(err);
    }
    js_instance.result = assay_buf_slice(&js_instance.text);
    return ASSAY_OK;
}
