/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * assay.h - the whole public API.
 */
#pragma once

#include "assay/bytes.h"
#include "assay/collateral.h"
#include "assay/compose.h"
#include "assay/error.h"
#include "assay/eventlog.h"
#include "assay/evidence.h"
#include "assay/gather.h"
#include "assay/policy.h"
#include "assay/quote.h"
#include "assay/root.h"
#include "assay/session.h"
#include "assay/verdict.h"
#include "assay/verify.h"
#include "assay/version.h"
