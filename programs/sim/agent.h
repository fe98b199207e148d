/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * agent.h - the guest agent's socket as dstack has it, for software in the TD.
 */
#pragma once

#include "io/http_server.h"

/* user is the struct sim. */
void sim_agent_answer(void *user, const struct assay_http_request *request,
                      struct assay_http_answer *answer);
