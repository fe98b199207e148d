/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * denial.c - every answer to a request for a tunnel but 101.
 */
#include "denial.h"

#include "base/buf.h"
#include "base/bytes.h"
#include "base/json_out.h"
#include "http1/http1.h"
#include "ws/handshake.h"

#define BODY_MAX_BYTES 2048u

static const struct {
    unsigned status;
    const char *code;
    const char *why;
    const char *field; /* one more line of the head, or NULL */
} denials[DENIALS] = {
    [ADMITTED] = {101, "admitted", "", NULL},
    [DENIED_REQUEST] = {400, "bad_request", "this is no WebSocket handshake",
                        NULL},
    [DENIED_TARGET_FORM] = {400, "bad_target",
                            "write ?target=host:port or ?target=[IPv6]:port",
                            NULL},
    [DENIED_TOKEN] = {401, "token_required",
                      "a token is missing, or not the right one",
                      "WWW-Authenticate: Bearer\r\n"},
    [DENIED_ORIGIN] = {403, "origin_denied",
                       "pages of this origin may not use the bridge", NULL},
    [DENIED_TARGET] = {403, "target_denied",
                       "the target is not in the bridge's allowlist", NULL},
    [DENIED_ADDRESS] = {403, "address_denied",
                        "the target's name leads to an address that the bridge "
                        "does not connect to",
                        NULL},
    [DENIED_PATH] = {404, "not_found", "there is nothing at this path", NULL},
    [DENIED_METHOD] = {405, "method_not_allowed", "a tunnel begins with GET",
                       NULL},
    [DENIED_SLOW] = {408, "handshake_timeout",
                     "the request was not whole in time", NULL},
    [DENIED_LONG] = {431, "request_too_large",
                     "the request is longer than the bridge reads", NULL},
    [DENIED_NO_UPGRADE] = {426, "upgrade_required",
                           "this is a bridge for WebSocket, version 13", NULL},
    [DENIED_RATE] = {429, "too_many_requests",
                     "too many connections of this address in a short time",
                     "Retry-After: 1\r\n"},
    [DENIED_CROWD] = {429, "too_many_connections",
                      "this address has all the connections that one may have",
                      "Retry-After: 10\r\n"},
    [DENIED_UNKNOWN_NAME] = {502, "name_not_found",
                             "the target's name has no address", NULL},
    [DENIED_NOT_CONNECTED] = {502, "connect_failed",
                              "the target cannot be connected to", NULL},
    [DENIED_FULL] = {503, "full",
                     "the bridge has as many connections as it may",
                     "Retry-After: 10\r\n"},
    [DENIED_TARGET_FULL] = {503, "target_full",
                            "the target has as many connections as it may",
                            "Retry-After: 10\r\n"},
    [DENIED_DRAINING] = {503, "stopping", "the bridge is being stopped",
                         "Retry-After: 10\r\n"},
    [DENIED_INTERNAL] = {503, "out_of_resources",
                         "the bridge lacks memory or descriptors",
                         "Retry-After: 10\r\n"},
    [DENIED_CONNECT_TIMEOUT] = {504, "connect_timeout",
                                "the target did not answer in time", NULL},
    [DENIED_GONE] = {0, "client_gone", "", NULL},
    [RELAYED] = {200, "relayed", "", NULL},
};

unsigned
denial_status(enum denial d)
{
    return denials[d].status;
}

const char *
denial_code(enum denial d)
{
    return denials[d].code;
}

void
denial_put(enum denial d, const char *why, struct assay_buf *to)
{
    unsigned status = denials[d].status;
    struct assay_json_out json;
    struct assay_error err;
    struct assay_buf body;

    assay_buf_init(&body, BODY_MAX_BYTES);
    assay_json_out_init(&json, &body, true);
    assay_json_out_open(&json, NULL, '{');
    assay_json_out_open(&json, "error", '{');
    assay_json_out_text(&json, "code", denials[d].code);
    assay_json_out_text(&json, "message", why != NULL ? why : denials[d].why);
    assay_json_out_close(&json, '}');
    assay_json_out_close(&json, '}');
    assay_buf_add_u8(&body, '\n');
    assay_buf_printf(to,
                     "HTTP/1.1 %u %s\r\n"
                     "Content-Type: application/json\r\n"
                     "Content-Length: %zu\r\n"
                     "Cache-Control: no-store\r\n"
                     "Connection: close\r\n"
                     "%s",
                     status, assay_http1_reason(status), body.len,
                     denials[d].field != NULL ? denials[d].field : "");
    assay_error_clear(&err);
    (void)!assay_ws_put_refusal_fields(status, to, &err); /* `to` remembers */
    assay_http1_put_end(to);
    assay_buf_add(to, assay_buf_slice(&body));
    assay_buf_free(&body);
}
