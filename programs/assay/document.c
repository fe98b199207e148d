/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * document.c - printing a JSON document of the core as JSON or as text.
 */
#include "document.h"

#include "base/error.h"
#include "report.h"

enum exit_code
document_print(const struct command *c, bool as_json, struct assay_buf *json)
{
    static const struct assay_json_limits limits = {DOCUMENT_MAX_BYTES, 31,
                                                    4u * 1024u * 1024u};
    struct assay_error err;
    struct assay_json *j = NULL;

    if (as_json) {
        cli_print(json);
        return EXIT_TRUSTED;
    }
    assay_error_clear(&err);
    if (assay_json_parse(assay_buf_slice(json), &limits, "document", &j,
                         &err) != ASSAY_OK) {
        assay_buf_free(json);
        return cli_fail(c, false, &err);
    }
    report_tree(stdout, j);
    assay_json_free(j);
    assay_buf_free(json);
    return EXIT_TRUSTED;
}
