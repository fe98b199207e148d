/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * json_number.h - the canonical text of a number. Used by json_canon.c only.
 */
#pragma once

#include "base/bytes.h"

#define ASSAY_JSON_NUMBER_MAX_BYTES 1024u /* of the number as it stands */
#define ASSAY_JSON_NUMBER_TEXT      32u   /* room for its canonical text */

/* text: a number by JSON's grammar that is no integer of 64 bits. False if no
 * double holds it (it is too large) or it is too long. The text that is
 * written ends with NUL. Does not depend on the locale. */
bool assay_json_double_text(struct assay_slice text,
                            char out[ASSAY_JSON_NUMBER_TEXT]);
