/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * journal.h - the access log: where its lines go. What they say is the
 * program's.
 */
#pragma once

#include "assay/bytes.h"
#include "daemon/log.h"
#include "daemon/seldom.h"

struct assay_buf;
struct journal; /* opaque; shared by threads */

/* A line of this length at most is written in one step (PIPE_BUF), so that no
 * other process's gets into it. */
#define JOURNAL_LINE_MAX_BYTES 4096u

/* "off", "stderr", or a file, which is appended to. ASSAY_IO, ASSAY_NO_MEMORY.
 */
ASSAY_MUST_CHECK enum assay_code
journal_open(const char *where, struct journal **out, struct assay_error *err);
/* The file of this name from now on, where another was moved away. If it
 * cannot be had, lines go where they went. ASSAY_IO. */
ASSAY_MUST_CHECK enum assay_code journal_reopen(struct journal *j,
                                                struct assay_error *err);
/* The same when a signal asks for it, with a word in the log. */
void journal_rotate(struct journal *j, const struct log *log);
void journal_close(struct journal *j); /* NULL is fine */

/* False: it is off. */
bool journal_wants(const struct journal *j);
/* A line, with its LF. In one piece, so that no other gets into it, and without
 * waiting for whoever reads a pipe. False: it is lost. */
bool journal_write(struct journal *j, struct assay_slice line);

/* A stranger's text within a line: what could end a word, its quotes or the
 * line is written as its number. */
void journal_put_escaped(struct assay_buf *to, struct assay_slice s);
/* "21/Sep/2026:14:13:20 +0000", as the Common Log Format has it. */
void journal_put_date(struct assay_buf *to, int64_t now_s);

/* Whether lines are being lost, for one thread. Neither a full disk nor a pipe
 * that nobody reads is a reason not to serve: it is said when it begins. */
struct losses {
    bool losing; /* the last line was lost */
    struct seldom seldom;
};
void losses_note(struct losses *l, bool lost, uint64_t now_ms,
                 const struct log *log);
