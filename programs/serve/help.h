/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * help.h - what assay-serve --help prints.
 */
#pragma once

extern const char serve_help[];
