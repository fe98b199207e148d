/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * verify_evidence.h - assay verify --evidence.
 */
#pragma once

#include "options.h"

enum exit_code verify_evidence(const struct command *c,
                               const struct options *o);
