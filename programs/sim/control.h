/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * control.h - the socket that changes a simulated platform while it runs.
 *
 *     POST /tcb        {"status": S, "module": S, "qe": S}, each optional
 *     POST /revoke     {"on": true}: the PCK certificate is on the CRL
 *     POST /expire     {"on": true}: collateral ended the day before
 *     POST /overtaken  {"on": true}: it is of the TCB evaluation before
 *     POST /debug      {"on": true}: quotes are of a TD under debug
 *     POST /forge-log  {"on": true}: the log tells another compose hash
 *     POST /os-image   {"image": NAME, "os_image_hash": HEX}: reboots
 *     POST /compose    {"app_compose": TEXT}: reboots
 *     POST /clock      {"now": TIME}
 *     POST /reboot     the same TD from its start
 *     POST /reset      everything as it was started; the clock runs on
 *     GET  /state
 *
 * Every answer is the state.
 */
#pragma once

#include "io/http_server.h"

/* user is the struct sim. */
void sim_control_answer(void *user, const struct assay_http_request *request,
                        struct assay_http_answer *answer);
