/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * model_server.h - the toy model behind OpenAI's API, as a backend of
 * assay-serve: POST /v1/chat/completions, whole or word by word, and GET
 * /v1/models.
 */
#pragma once

#include <uv.h>

#include "assay/bytes.h"

#define MODEL_CLIENTS_MAX 32u    /* at a time; more are turned away */
#define MODEL_PACE_MS     40u    /* between two words of a stream */
#define MODEL_IDLE_MS     60000u /* for a request to come, and to be whole */

struct model_server; /* opaque */

/* On a free port of 127.0.0.1. Errors of assay_listen(). */
ASSAY_MUST_CHECK enum assay_code model_server_new(uv_loop_t *loop,
                                                  struct model_server **out,
                                                  struct assay_error *err);
void model_server_free(struct model_server *m); /* NULL is fine */
const char *model_server_address(const struct model_server *m);
/* Messages that have come so far. */
uint64_t model_server_asked(const struct model_server *m);
