/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * bundle_name.h - what bundles are called in a cache: one name per TEE, FMSPC,
 * CA, update parameters and list of sources.
 */
#pragma once

#include "assay/gather.h"

#define ASSAY_BUNDLE_NAME_MAX 96u /* with its NUL */

/* "tdx-<FMSPC>-<CA>-<sources>.json", with the update parameter, if there is
 * one, before the sources. Only need, sources, early and evaluation count. */
void assay_bundle_name(const struct assay_gather_request *request,
                       char name[ASSAY_BUNDLE_NAME_MAX]);
/* Whom such a name is for. False: it is none, or has an update parameter. */
bool assay_bundle_name_read(const char *name,
                            struct assay_collateral_need *out);
