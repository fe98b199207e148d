/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * help.h - what assay-proxy --help prints.
 */
#pragma once

/* Part by part (a compiler need not take a string of more than 4,095
 * characters); NULL behind the last. */
extern const char *const proxy_help[];
