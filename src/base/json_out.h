/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * json_out.h - writing JSON into a buffer, indented by two spaces.
 *
 * A writer puts commas and line breaks itself. `name` is NULL inside arrays
 * and for the top value. Strings must be UTF-8; a byte that is not becomes
 * U+FFFD, so that the output is always valid JSON. (U+0000 becomes \u0000,
 * which RFC 8259 allows and our own reader refuses.) No line break is written
 * behind the top value.
 */
#pragma once

#include "base/buf.h"

struct assay_json_out {
    struct assay_buf *buf;
    unsigned depth;
    bool compact; /* no white space at all */
    bool need_comma;
};

void assay_json_out_init(struct assay_json_out *o, struct assay_buf *buf,
                         bool compact);
void assay_json_out_open(struct assay_json_out *o, const char *name, char c);
void assay_json_out_close(struct assay_json_out *o, char c);
void assay_json_out_string(struct assay_json_out *o, const char *name,
                           struct assay_slice s);
void assay_json_out_text(struct assay_json_out *o, const char *name,
                         const char *text); /* NULL writes null */
void assay_json_out_hex(struct assay_json_out *o, const char *name,
                        struct assay_slice bytes);
void assay_json_out_u64(struct assay_json_out *o, const char *name, uint64_t v);
void assay_json_out_i64(struct assay_json_out *o, const char *name, int64_t v);
/* A number as it is spelled; the caller knows that JSON spells it so. */
void assay_json_out_number(struct assay_json_out *o, const char *name,
                           struct assay_slice spelling);
void assay_json_out_bool(struct assay_json_out *o, const char *name, bool v);
void assay_json_out_null(struct assay_json_out *o, const char *name);
/* What another writer has finished, as a value. */
void assay_json_out_document(struct assay_json_out *o, const char *name,
                             struct assay_slice json);
/* RFC 3339 text of a Unix time in seconds. */
void assay_json_out_time(struct assay_json_out *o, const char *name,
                         int64_t t_s);
/* The error object of design: {"error":{"code","message","hint"}} as member
 * "error"; hint from assay_code_hint() if NULL. */
void assay_json_out_error(struct assay_json_out *o, const char *name,
                          const struct assay_error *err, const char *hint);
