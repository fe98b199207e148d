/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * terminal.h - text of strangers (servers, files, arguments) for people's eyes.
 */
#pragma once

#include <stdio.h>

#include "assay/bytes.h"

/* As it is, but for one '?' in place of each character that a terminal could
 * obey or that shows something else than what is there: controls (also those of
 * U+0080 to U+009F), line breaks of any kind, marks that turn the direction of
 * writing, what has no width; and of each octet that is no UTF-8. So it stays
 * on its line. */
void terminal_put(FILE *to, struct assay_slice text);
void terminal_put_text(FILE *to, const char *text);
/* A JSON (or TOML) document, which says the same afterwards: controls that may
 * stand in a string as they are become escapes. */
void terminal_put_document(FILE *to, struct assay_slice json);
/* A text of several lines keeps line feeds and tabs. `indent` stands before
 * each line. */
void terminal_put_lines(FILE *to, struct assay_slice text, const char *indent);
