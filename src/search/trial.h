/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * trial.h - what a quote's own verification says of collateral; the relying
 * party's rules play no part in it.
 */
#pragma once

#include "assay/verify.h"

/* All false if it could not be tried. */
struct assay_trial {
    bool authentic; /* all of it is signed as it should be */
    bool forged;    /* some of it is forged, damaged, another's or signed by a
                       revoked key; neither, if the quote did not let it be
                       judged */
    bool sound;     /* everything is authentic, in date and for this quote */
    char summary[160];
};
void assay_trial_run(struct assay_verifier *verifier,
                     const struct assay_root *root,
                     const struct assay_quote *quote,
                     const struct assay_collateral *c, int64_t now_s,
                     struct assay_trial *out);
