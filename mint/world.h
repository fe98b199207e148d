/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * world.h - a whole test world: root, certificates, collateral and quotes.
 *
 * Test evidence only. A world with a seed comes out the same to the last
 * byte; signatures are deterministic in every world, so that after a change
 * of options and mint_world_remake() exactly what depends on the change is
 * different.
 */
#pragma once

#include "assay/collateral.h"
#include "mint/options.h"

struct mint_world; /* opaque; one thread at a time */

/* o may be NULL: all defaults. What its pointers point to must outlive the
 * world. ASSAY_INVALID (an option is no hex, an edit finds nothing, ...),
 * ASSAY_TOO_LARGE, ASSAY_NO_MEMORY, ASSAY_CRYPTO. */
ASSAY_MUST_CHECK enum assay_code mint_world_new(const struct mint_options *o,
                                                struct mint_world **out,
                                                struct assay_error *err);
void mint_world_free(struct mint_world *w); /* NULL is fine */

/* The world's own options, filled; for changes before mint_world_remake(). */
struct mint_options *mint_world_options(struct mint_world *w);
/* Certificates and collateral anew, with the same keys. Unchanged on failure.
 * Not needed when only options.quote was changed. */
ASSAY_MUST_CHECK enum assay_code mint_world_remake(struct mint_world *w,
                                                   struct assay_error *err);

/* Appends a quote as options.quote says. */
ASSAY_MUST_CHECK enum assay_code mint_world_quote(const struct mint_world *w,
                                                  struct assay_buf *out,
                                                  struct assay_error *err);
/* The slices live until the next remake or free. */
struct assay_collateral_parts
mint_world_collateral_parts(const struct mint_world *w);
/* The same as one JSON object, with `trusted_root`; appended. */
ASSAY_MUST_CHECK enum assay_code mint_world_bundle(const struct mint_world *w,
                                                   struct assay_buf *out,
                                                   struct assay_error *err);

/* Until the next remake or free. */
struct assay_slice mint_world_root_pem(const struct mint_world *w);
struct assay_slice mint_world_cert_der(const struct mint_world *w,
                                       enum mint_cert_id cert);
struct assay_slice mint_world_root_crl_der(const struct mint_world *w);
struct assay_slice mint_world_pck_crl_der(const struct mint_world *w);
/* As long as the world; NULL for MINT_KEY_DEFAULT. */
const struct mint_key *mint_world_key(const struct mint_world *w,
                                      enum mint_key_id key);
