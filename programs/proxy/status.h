/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * status.h - assay proxy status: what a running proxy has verified, in the
 * terminal.
 */
#pragma once

#include "base/buf.h"

/* The exit code says it too. */
enum status_code {
    STATUS_VERIFIED = 0, /* each provider */
    STATUS_REFUSED = 1,  /* one of them has not proven itself */
    STATUS_UNKNOWN = 2,  /* one was not tried or cannot be reached; or there is
                            no proxy that could say */
};

/* argv[0] is the command. */
int status_main(int argc, char **argv);

/* From the document of GET /.well-known/assay, for people; appended.
 * *code is STATUS_UNKNOWN after a failure. ASSAY_REPLY (it is none), those of
 * assay_json_parse(). (status_table.c, no I/O) */
#define STATUS_DOCUMENT_MAX_BYTES (64u * 1024u * 1024u)
#define STATUS_TABLE_MAX_BYTES    (1024u * 1024u)
ASSAY_MUST_CHECK enum assay_code status_put_table(struct assay_slice document,
                                                  struct assay_buf *to,
                                                  enum status_code *code,
                                                  struct assay_error *err);
