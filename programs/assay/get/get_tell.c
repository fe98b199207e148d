/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * get_tell.c - what a run of `assay get` says of itself: notes, timing, verdict
 * file, JSON document, exit code.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/json_out.h"
#include "get.h"
#include "io/file.h"
#include "session_json.h"

#define DOCUMENT_MAX_BYTES                                                     \
    (2u * SESSION_JSON_MAX_BYTES + 6u * SINK_MEMORY_MAX_BYTES)

/* --- before the connection is gone -------------------------------------- */

void
get_keep_verdict(struct get *g)
{
    struct assay_error err;

    if (!g->o->json && g->o->get.verdict_file == NULL) {
        return; /* nobody reads it */
    }
    if (session_json(g->conn, g->uri.host, &g->err, &g->verdict, &err) !=
        ASSAY_OK) {
        assay_buf_free(&g->verdict);
        if (g->err.code == ASSAY_OK) {
            g->err = err;
        }
    }
}

/* What a person should know although the server is trusted. */
static void
put_notes(const struct get *g, const struct assay_verdict *v)
{
    for (size_t i = 0; i < assay_verdict_check_count(v); i++) {
        struct assay_check check = assay_verdict_check(v, i);

        if (strcmp(check.name, "workload") == 0 &&
            check.outcome != ASSAY_PASSED) {
            fprintf(stderr, "assay: %s: note: ", g->c->name);
            cli_put_safe(check.detail);
            putc('\n', stderr);
        }
    }
    if (g->o->get.verbose) {
        fprintf(stderr, "assay: %s: %s (%s): ", g->c->name, g->uri.host,
                assay_attested_peer(g->conn));
        cli_put_safe(assay_verdict_summary(v));
        putc('\n', stderr);
    }
    if (g->o->get.verbose && assay_supply_note(g->supply)[0] != '\0') {
        fprintf(stderr, "assay: %s: note: ", g->c->name);
        cli_put_safe(assay_supply_note(g->supply));
        putc('\n', stderr);
    }
}

static void
put_phase(const char *name, int64_t us)
{
    fprintf(stderr, "%-10s %9.3f ms\n", name, (double)us / 1000.0);
}

static void
put_timing(const struct get *g)
{
    for (int p = 0; g->conn != NULL && p < (int)ASSAY_PHASE_COUNT; p++) {
        enum assay_attested_phase phase = (enum assay_attested_phase)p;
        int64_t us = assay_attested_phase_us(g->conn, phase);

        if (us != 0 || phase != ASSAY_PHASE_EVIDENCE) { /* mostly not there */
            put_phase(assay_attested_phase_name(phase), us);
        }
    }
    if (g->opened_us != 0) {
        put_phase("response", (int64_t)(uv_hrtime() / 1000) - g->opened_us);
    }
}

void
get_put_notes(const struct get *g)
{
    const struct assay_client *c =
        g->conn != NULL ? assay_attested_session(g->conn) : NULL;
    const struct assay_verdict *v = c != NULL ? assay_client_verdict(c) : NULL;

    if (v != NULL && assay_verdict_trusted(v) && !g->o->json) {
        put_notes(g, v);
    }
    if (g->o->get.timing) {
        put_timing(g);
    }
}

/* --- at last ------------------------------------------------------------- */

static void
write_verdict(struct get *g)
{
    size_t len = g->verdict.len;
    struct assay_error err;

    assay_error_clear(&err);
    assay_buf_add_u8(&g->verdict, '\n');
    if (assay_file_write(g->o->get.verdict_file, assay_buf_slice(&g->verdict),
                         0666, &err) != ASSAY_OK &&
        g->err.code == ASSAY_OK) {
        g->err = err;
    }
    g->verdict.len = len;
}

static void
make_document(const struct get *g, struct assay_buf *out)
{
    struct assay_json_out o;

    assay_json_out_init(&o, out, false);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_document(&o, "verdict", assay_buf_slice(&g->verdict));
    if (g->err.code == ASSAY_OK) {
        sink_json(&g->sink, &o);
    } else {
        assay_json_out_null(&o, "response");
        assay_json_out_error(&o, "error", &g->err, NULL);
    }
    assay_json_out_close(&o, '}');
    assay_buf_add_u8(out, '\n');
}

/* With -o the document goes there, of whatever it tells: an old one in its
 * place would be taken for this run's. */
static void
put_document(struct get *g)
{
    struct assay_buf out;
    struct assay_error err;

    assay_error_clear(&err);
    assay_buf_init(&out, DOCUMENT_MAX_BYTES);
    make_document(g, &out);
    if (assay_buf_check(&out, "the document", &err) != ASSAY_OK) {
        assay_buf_free(&out);
    } else if (g->o->output == NULL) {
        cli_print(&out);
    } else {
        (void)!assay_file_write(g->o->output, assay_buf_slice(&out), 0666,
                                &err);
        assay_buf_free(&out);
    }
    if (err.code != ASSAY_OK) {
        cli_error(g->c, &err);
        g->err = g->err.code == ASSAY_OK ? err : g->err;
    }
}

enum exit_code
get_tell(struct get *g)
{
    if (g->verdict.len == 0) { /* it ended before anything was tried */
        get_keep_verdict(g);
    }
    if (g->o->get.verdict_file != NULL && g->verdict.len > 0) {
        write_verdict(g);
    }
    if (g->o->json) {
        put_document(g);
    } else if (g->err.code != ASSAY_OK) {
        cli_error(g->c, &g->err);
    }
    if (g->err.code == ASSAY_OK) {
        return EXIT_TRUSTED;
    }
    return g->peer_failed ? EXIT_NOT_TRUSTED : EXIT_UNREADABLE;
}
