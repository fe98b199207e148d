/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * body.h - the JSON object in a request's body, read member by member. The
 * first member that is not what it should be sticks.
 */
#pragma once

#include "base/json.h"
#include "io/http_server.h"

struct sim_body {
    struct assay_json *doc;
    struct assay_error err;
};

/* No body is an empty object. False (and err set) if it cannot be read. */
bool sim_body_read(struct sim_body *b, const struct assay_http_request *r);
void sim_body_free(struct sim_body *b);

/* Members that are not there or null leave *out alone and return false, as do
 * those of another type, which are a failure. */
bool sim_body_text(struct sim_body *b, const char *name,
                   struct assay_slice *out);
bool sim_body_bool(struct sim_body *b, const char *name, bool *out);
bool sim_body_time(struct sim_body *b, const char *name, int64_t *out_s);
/* A string of hex digits, at most max octets, appended. */
bool sim_body_hex(struct sim_body *b, const char *name, size_t max,
                  struct assay_buf *out);
/* Fails on a member that is not among these; NULL ends them. */
void sim_body_only(struct sim_body *b, const char *const *names);
