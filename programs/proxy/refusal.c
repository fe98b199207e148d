/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * refusal.c - why a request is not passed on, or its response is not.
 */
#include "refusal.h"

#include "failure.h"

#define INVALID "invalid_request_error"
#define OURS    "proxy_error"
#define SERVERS "upstream_error"

static const struct refusal_row rows[REFUSALS] = {
    [REFUSAL_NONE] = {200, false, 0, "", "", ""},
    [REFUSED_HOST] = {403, false, 0, INVALID, "host_not_allowed",
                      "the Host field of this request is none of this proxy's "
                      "names; --allow-host adds one"},
    [REFUSED_ORIGIN] = {403, false, 0, INVALID, "origin_not_allowed",
                        "pages of this origin may not use this proxy; "
                        "--allow-origin adds one"},
    [REFUSED_TOKEN] = {401, false, 0, INVALID, "token_required",
                       "this proxy wants its token, in Authorization (Bearer) "
                       "or in x-assay-token, and it is missing or not the "
                       "right one"},
    [REFUSED_PATH] = {400, false, 0, INVALID, "path_not_allowed",
                      "this path has dot segments, empty segments, "
                      "backslashes or escapes that hide such"},
    [REFUSED_NOWHERE] = {404, false, 0, INVALID, "not_found",
                         "this proxy has nothing at this path: it begins with "
                         "the name of a provider, or with /v1 where there is "
                         "only one; where keys are put in, with the run's "
                         "secret segment before that"},
    [REFUSED_METHOD] = {405, false, 0, INVALID, "method_not_allowed",
                        "this method is not passed on, or not known at this "
                        "path"},
    [REFUSED_NO_RESPONSES] = {501, false, 0, INVALID, "responses_not_available",
                              "this provider's server speaks Chat Completions: "
                              "of the Responses API only POST .../responses "
                              "can be translated"},
    [REFUSED_HEAD] = {400, false, 0, INVALID, "bad_request",
                      "the head of this request cannot be read"},
    [REFUSED_BODY] = {400, false, 0, INVALID, "bad_request",
                      "the body of this request cannot be read"},
    [REFUSED_TRANSLATION] = {400, false, 0, INVALID, "not_translatable",
                             "this request cannot be said as Chat Completions"},
    [REFUSED_CODING] = {415, false, 0, INVALID,
                        "content_encoding_not_supported",
                        "a compressed body cannot be translated to Chat "
                        "Completions"},
    [REFUSED_LARGE] = {413, false, 0, INVALID, "request_too_large",
                       "the body is larger than this proxy takes; --max-body "
                       "is its limit"},
    [REFUSED_SLOW] = {408, true, 0, INVALID, "request_timeout",
                      "the request did not arrive in time"},
    [REFUSED_REDIRECT] = {502, false, 0, SERVERS, "redirect_refused",
                          "the server redirects to where this proxy's policy "
                          "does not reach; it is not passed on, for clients "
                          "would follow"},
    [REFUSED_RESPONSE] = {502, true, 0, SERVERS, "bad_response",
                          "the server's response is not usable"},
    [REFUSED_SILENCE] = {504, true, 0, SERVERS, "upstream_timeout",
                         "the server did not answer in time"},
    [REFUSED_BUSY] = {503, true, 1, OURS, "out_of_resources",
                      "this proxy lacks memory"},
    [REFUSED_STOPPING] = {503, true, 1, OURS, "stopping",
                          "this proxy is being stopped"},
};

const struct refusal_row *
refusal_row(enum refusal r)
{
    return &rows[r];
}

void
refusal_put_json(enum refusal r, const char *message, const char *param,
                 struct assay_buf *to)
{
    failure_put_error(message != NULL ? message : rows[r].message, rows[r].type,
                      param, rows[r].code, to);
}
