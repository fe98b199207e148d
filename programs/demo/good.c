/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * good.c - see good.h.
 */
#include "good.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/json.h"
#include "io/file.h"

#define VERDICT_FILE      "verdict.json"
#define EVIDENCE_FILE     "evidence.json"
#define VERDICT_MAX_BYTES (4u * 1024u * 1024u)

/* Rows that a person understands without a manual. */
static const char *const telling[] = {
    "quote_signature", "pck_not_revoked",   "tcb_status",  "debug",
    "event_log",       "certificate_event", "app_compose", "report_data",
};

static void
copy_line(char *to, size_t size, struct assay_slice text)
{
    size_t n = 0;

    while (n < text.len && n < size - 1 && text.ptr[n] >= ' ') {
        n++;
    }
    assay_copy(to, (struct assay_slice){text.ptr, n});
    to[n] = '\0';
}

static bool
is_telling(struct assay_slice name)
{
    for (size_t i = 0; i < sizeof(telling) / sizeof(telling[0]); i++) {
        if (assay_slice_is(name, telling[i])) {
            return true;
        }
    }
    return false;
}

static void
read_row(const struct assay_json *j, uint32_t row, struct good *out)
{
    struct assay_slice outcome =
        assay_json_string(j, assay_json_member(j, row, "outcome"));
    uint32_t required = assay_json_member(j, row, "required");
    struct good_row *to = &out->rows[out->row_count];

    if (required != ASSAY_JSON_NONE &&
        assay_json_type(j, required) == ASSAY_JSON_TRUE) {
        out->checks++;
        out->passed += assay_slice_is(outcome, "passed");
    }
    if (out->row_count < GOOD_ROWS_MAX &&
        is_telling(assay_json_string(j, assay_json_member(j, row, "name")))) {
        copy_line(to->title, sizeof(to->title),
                  assay_json_string(j, assay_json_member(j, row, "title")));
        copy_line(to->outcome, sizeof(to->outcome), outcome);
        out->row_count++;
    }
}

static bool
read_verdict(struct stage *s, struct good *out)
{
    static const struct assay_json_limits limits = {VERDICT_MAX_BYTES, 32,
                                                    65536};
    struct assay_json *j = NULL;
    struct assay_buf text;

    if (assay_file_read(VERDICT_FILE, VERDICT_MAX_BYTES, &text, &s->err) ==
            ASSAY_OK &&
        assay_json_parse(assay_buf_slice(&text), &limits, VERDICT_FILE, &j,
                         &s->err) == ASSAY_OK) {
        uint32_t trusted = assay_json_member(j, ASSAY_JSON_ROOT, "trusted");
        uint32_t checks = assay_json_member(j, ASSAY_JSON_ROOT, "checks");

        out->trusted = trusted != ASSAY_JSON_NONE &&
                       assay_json_type(j, trusted) == ASSAY_JSON_TRUE;
        for (uint32_t row = assay_json_first(j, checks); row != ASSAY_JSON_NONE;
             row = assay_json_next(j, row)) {
            read_row(j, row, out);
        }
    }
    assay_json_free(j);
    assay_buf_free(&text);
    return s->err.code == ASSAY_OK;
}

/* The last line: "assay: get: HOST (PEER): SUMMARY"; a failure has no peer. */
static void
read_summary(struct assay_slice errors, struct good *out)
{
    static const char before[] = "): ";
    size_t at = errors.len > 0 ? errors.len - 1 : 0;

    while (at > 0 && errors.ptr[at - 1] != '\n') {
        at--;
    }
    errors.ptr += at;
    errors.len -= at;
    at = assay_slice_find(errors, before);
    if (at != ASSAY_NO_OFFSET) {
        errors.ptr += at + sizeof(before) - 1;
        errors.len -= at + sizeof(before) - 1;
    }
    copy_line(out->summary, sizeof(out->summary), errors);
}

static void
join(char *to, size_t size, const char *const *args)
{
    size_t n = (size_t)snprintf(to, size, "assay");

    for (; *args != NULL && n < size; args++) {
        n += (size_t)snprintf(to + n, size - n, " %s", *args);
    }
}

/* As somebody would who was not there, by the same policy. */
static bool
verify_again(struct stage *s, struct good *out)
{
    static const char *const args[] = {"verify",   "--evidence",  EVIDENCE_FILE,
                                       "--policy", "policy.json", NULL};
    struct visit v;
    bool done;

    join(out->again_command, sizeof(out->again_command), args);
    if (access(EVIDENCE_FILE, R_OK) != 0) { /* of an early failure */
        return true;
    }
    done = stage_visit(s, args, &v);
    out->again = done && v.code == 0;
    if (done) {
        copy_line(out->again_says, sizeof(out->again_says),
                  assay_buf_slice(&v.out));
    }
    visit_free(&v);
    return done;
}

bool
good_run(struct stage *s, struct good *out)
{
    char url[ASSAY_HOST_MAX_BYTES + 32];
    const char *const args[] = {"get",         "-v",         "--policy",
                                "policy.json", "--ca",       "ca.pem",
                                "--verdict",   VERDICT_FILE, "--save-evidence",
                                EVIDENCE_FILE, url,          NULL};
    struct visit v;
    bool done;

    memset(out, 0, sizeof(*out));
    (void)snprintf(url, sizeof(url), "https://%s:%s/hello", s->server.host,
                   s->server.port);
    join(out->command, sizeof(out->command), args);
    (void)unlink(VERDICT_FILE);
    (void)unlink(EVIDENCE_FILE);
    done = stage_visit(s, args, &v);
    if (done) {
        copy_line(out->reply, sizeof(out->reply), assay_buf_slice(&v.out));
        read_summary(assay_buf_slice(&v.errors), out);
        /* A client that fails early has no verdict to write. */
        done = access(VERDICT_FILE, R_OK) != 0 || read_verdict(s, out);
        out->trusted = out->trusted && v.code == 0 && out->reply[0] != '\0';
    }
    visit_free(&v);
    done = done && verify_again(s, out);
    out->trusted = out->trusted && out->again;
    return done;
}
