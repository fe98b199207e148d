/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * document.h - printing a JSON document of the core as JSON or as text.
 */
#pragma once

#include "cli.h"

#define DOCUMENT_MAX_BYTES (64u * 1024u * 1024u)

/* Prints and frees `json`: as it is, or as indented lines. */
enum exit_code document_print(const struct command *c, bool as_json,
                              struct assay_buf *json);
