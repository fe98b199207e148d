/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * judge.c - see judge.h.
 */
#include "judge.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/json.h"

#define NOT_TRUSTED        1 /* exit code of the client tools */
#define DOCUMENT_MAX_BYTES (4u * 1024u * 1024u)

static void
copy_text(char *to, size_t size, struct assay_slice text)
{
    size_t n = text.len < size ? text.len : size - 1;

    assay_copy(to, (struct assay_slice){text.ptr, n});
    to[n] = '\0';
}

/* Where a verdict has rows, the row that refuses must be one that failed. */
static bool
has_failed(const struct assay_json *j, uint32_t verdict, const char *check)
{
    uint32_t checks = assay_json_member(j, verdict, "checks");

    if (assay_json_count(j, checks) == 0) {
        return true;
    }
    for (uint32_t row = assay_json_first(j, checks); row != ASSAY_JSON_NONE;
         row = assay_json_next(j, row)) {
        if (assay_slice_is(
                assay_json_string(j, assay_json_member(j, row, "name")),
                check)) {
            return assay_slice_is(
                assay_json_string(j, assay_json_member(j, row, "outcome")),
                "failed");
        }
    }
    return false;
}

static bool
is_type(const struct assay_json *j, uint32_t of, const char *name,
        enum assay_json_type type)
{
    uint32_t node = assay_json_member(j, of, name);

    return node != ASSAY_JSON_NONE && assay_json_type(j, node) == type;
}

static void
judge_document(const struct assay_json *j, int code,
               const struct judge_expects *expects, struct outcome *out)
{
    uint32_t verdict = assay_json_member(j, ASSAY_JSON_ROOT, "verdict");
    uint32_t error = assay_json_member(j, verdict, "error");

    copy_text(out->by, sizeof(out->by),
              assay_json_string(j, assay_json_member(j, error, "code")));
    copy_text(out->message, sizeof(out->message),
              assay_json_string(j, assay_json_member(j, error, "message")));
    out->refused = code == NOT_TRUSTED && out->by[0] != '\0' &&
                   is_type(j, verdict, "trusted", ASSAY_JSON_FALSE) &&
                   is_type(j, ASSAY_JSON_ROOT, "response", ASSAY_JSON_NULL);
    if (!out->refused && out->message[0] == '\0') {
        (void)snprintf(out->message, sizeof(out->message),
                       "the client trusts this server (exit code %d)", code);
    }
    out->as_expected = out->refused && strcmp(out->by, expects->check) == 0 &&
                       has_failed(j, verdict, expects->check) &&
                       (expects->words == NULL ||
                        strstr(out->message, expects->words) != NULL);
}

void
judge(struct assay_slice document, int code,
      const struct judge_expects *expects, struct outcome *out)
{
    static const struct assay_json_limits limits = {DOCUMENT_MAX_BYTES, 32,
                                                    65536};
    struct assay_json *j = NULL;
    struct assay_error err;

    memset(out, 0, sizeof(*out));
    assay_error_clear(&err);
    if (assay_json_parse(document, &limits, "the client's answer", &j, &err) ==
        ASSAY_OK) {
        judge_document(j, code, expects, out);
    } else {
        (void)snprintf(out->message, sizeof(out->message), "%s", err.msg);
    }
    assay_json_free(j);
}
