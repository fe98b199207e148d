/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * load_log.c - what a server gives beside its quote: the event log, the text
 * of its app-compose and its VM configuration.
 */
#include "base/bytes.h"
#include "base/json.h"
#include "io/file.h"
#include "load.h"

/* A whole reply around the log. */
#define REPLY_MAX_BYTES (4u * ASSAY_EVENTLOG_MAX_BYTES)

/* Where in a document the log is: at the top; in what a guest agent answers;
 * in the reply of an attested server. */
static uint32_t
find_log(const struct assay_json *j)
{
    static const char *const around[] = {"quote", "tcb_info"};
    uint32_t node = assay_json_member(j, ASSAY_JSON_ROOT, "event_log");

    if (assay_json_type(j, ASSAY_JSON_ROOT) == ASSAY_JSON_ARRAY) {
        return ASSAY_JSON_ROOT;
    }
    for (size_t i = 0; i < 2 && node == ASSAY_JSON_NONE; i++) {
        node = assay_json_member(
            j, assay_json_member(j, ASSAY_JSON_ROOT, around[i]), "event_log");
    }
    return node;
}

/* A log is an array, or a string that holds one. */
static enum assay_code
parse_log(const struct assay_json *j, struct assay_eventlog **out,
          struct assay_error *err)
{
    uint32_t node = find_log(j);

    if (node != ASSAY_JSON_NONE &&
        assay_json_type(j, node) == ASSAY_JSON_ARRAY) {
        return assay_eventlog_parse(assay_json_span(j, node), out, err);
    }
    if (node != ASSAY_JSON_NONE &&
        assay_json_type(j, node) == ASSAY_JSON_STRING) {
        return assay_eventlog_parse(assay_json_string(j, node), out, err);
    }
    return assay_fail(err, ASSAY_MISSING, ASSAY_NO_OFFSET,
                      "neither an event log nor a document with a member "
                      "event_log");
}

enum assay_code
load_event_log(const char *path, struct assay_eventlog **out,
               struct assay_error *err)
{
    static const struct assay_json_limits limits = {REPLY_MAX_BYTES, 32,
                                                    1u << 20};
    struct assay_buf content;
    struct assay_json *j = NULL;

    *out = NULL;
    if (assay_file_read(path, REPLY_MAX_BYTES, &content, err) != ASSAY_OK) {
        return err->code;
    }
    if (assay_json_parse(assay_buf_slice(&content), &limits, "event log", &j,
                         err) != ASSAY_OK ||
        parse_log(j, out, err) != ASSAY_OK) {
        assay_error_prefix(err, "%s", path);
    }
    assay_json_free(j);
    assay_buf_free(&content);
    return err->code;
}

enum assay_code
load_text(const char *path, size_t max, struct assay_buf *out,
          struct assay_error *err)
{
    if (path == NULL) {
        assay_buf_init(out, max);
        return ASSAY_OK;
    }
    return assay_file_read(path, max, out, err);
}
