/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * opening.c - see opening.h.
 */
#include "daemon/opening.h"

#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/json_out.h"
#include "io/file.h"

#define READY_MAX_BYTES 4096u

enum assay_code
opening_close_in(const struct sandbox_paths *paths, enum sandbox how,
                 const struct log *log, struct assay_error *err)
{
    struct sandbox_state state;
    char files[24];

    assay_error_clear(err);
    if (how == SANDBOX_OFF ||
        sandbox_enter(paths, how == SANDBOX_STRICT, &state, err) != ASSAY_OK) {
        return err->code;
    }
    snprintf(files, sizeof(files), "landlock-%d", state.landlock);
    log_event(log, LOG_INFO, "sandbox",
              (struct log_field[]){
                  {"files",
                   assay_slice_of(state.landlock > 0 ? files : "unprotected")},
                  {"calls",
                   assay_slice_of(state.seccomp ? "seccomp" : "unprotected")},
              },
              2);
    return ASSAY_OK;
}

enum assay_code
opening_say_ready(const char *file, const char *address, const char *admin,
                  void (*more)(const void *user, struct assay_json_out *out),
                  const void *user, struct assay_error *err)
{
    struct assay_buf text;
    struct assay_json_out out;

    assay_error_clear(err);
    if (file == NULL) {
        return ASSAY_OK;
    }
    assay_buf_init(&text, READY_MAX_BYTES);
    assay_json_out_init(&out, &text, false);
    assay_json_out_open(&out, NULL, '{');
    if (address != NULL) {
        assay_json_out_text(&out, "address", address);
    }
    if (admin != NULL) {
        assay_json_out_text(&out, "admin", admin);
    }
    assay_json_out_u64(&out, "pid", (uint64_t)getpid());
    if (more != NULL) {
        more(user, &out);
    }
    assay_json_out_close(&out, '}');
    assay_buf_add_u8(&text, '\n');
    if (assay_buf_check(&text, "--ready-file", err) == ASSAY_OK) {
        (void)!assay_file_write(file, assay_buf_slice(&text), 0644, err);
    }
    assay_buf_free(&text);
    return err->code;
}
