/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * header_field.h - one field out of the head of an HTTP answer, as HTTP
 * libraries hand it out.
 */
#pragma once

#include "assay/bytes.h"

/* The value of the first field of this name, without case, in lines that end
 * with LF or CR LF; without the white space around it. What is no field is
 * passed over. Empty if it is not there. */
struct assay_slice assay_header_field(struct assay_slice lines,
                                      const char *name);
