/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * opening.c - see opening.h.
 */
#include "opening.h"

#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/json_out.h"
#include "daemon/sandbox.h"
#include "io/file.h"
#include "settings.h"

#define READY_MAX_BYTES 4096u

enum assay_code
opening_close_in(const struct options *o, const struct log *log,
                 struct assay_error *err)
{
    struct sandbox_paths paths;
    struct sandbox_state state;
    char files[24];

    if (o->sandbox == SANDBOX_OFF) {
        return ASSAY_OK;
    }
    sandbox_paths_of(o, &paths);
    if (sandbox_enter(&paths, o->sandbox == SANDBOX_STRICT, &state, err) ==
        ASSAY_OK) {
        snprintf(files, sizeof(files), "landlock-%d", state.landlock);
        log_event(
            log, LOG_INFO, "sandbox",
            (struct log_field[]){
                {"files",
                 assay_slice_of(state.landlock > 0 ? files : "unprotected")},
                {"calls",
                 assay_slice_of(state.seccomp ? "seccomp" : "unprotected")},
            },
            2);
    }
    sandbox_paths_free(&paths);
    return err->code;
}

enum assay_code
opening_say_ready(const struct options *o, const struct ready *r,
                  struct assay_error *err)
{
    uint8_t sha256[32];
    struct assay_buf text;
    struct assay_json_out out;

    if (o->ready_file == NULL) {
        return ASSAY_OK;
    }
    assay_buf_init(&text, READY_MAX_BYTES);
    assay_json_out_init(&out, &text, false);
    assay_json_out_open(&out, NULL, '{');
    assay_json_out_text(&out, "address", r->address);
    if (r->admin != NULL) {
        assay_json_out_text(&out, "admin", r->admin);
    }
    assay_json_out_u64(&out, "pid", (uint64_t)getpid());
    if (r->identity != NULL) {
        assay_tls_identity_sha256(r->identity, sha256);
        assay_json_out_hex(&out, "certificate_sha256", ASSAY_SLICE(sha256));
    }
    assay_json_out_text(&out, "quotes", r->quotes);
    assay_json_out_close(&out, '}');
    assay_buf_add_u8(&text, '\n');
    if (assay_buf_check(&text, "--ready-file", err) == ASSAY_OK) {
        (void)!assay_file_write(o->ready_file, assay_buf_slice(&text), 0644,
                                err);
    }
    assay_buf_free(&text);
    return err->code;
}
