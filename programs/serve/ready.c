/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * ready.c - see ready.h.
 */
#include "ready.h"

#include "base/bytes.h"
#include "base/json_out.h"
#include "daemon/opening.h"
#include "settings.h"

enum assay_code
ready_close_in(const struct options *o, const struct log *log,
               struct assay_error *err)
{
    struct sandbox_paths paths;

    sandbox_paths_of(o, &paths);
    (void)!opening_close_in(&paths, o->sandbox, log, err);
    sandbox_paths_free(&paths);
    return err->code;
}

static void
put_more(const void *user, struct assay_json_out *out)
{
    const struct ready *r = user;
    uint8_t sha256[32];

    if (r->identity != NULL) {
        assay_tls_identity_sha256(r->identity, sha256);
        assay_json_out_hex(out, "certificate_sha256", ASSAY_SLICE(sha256));
    }
    assay_json_out_text(out, "quotes", r->quotes);
}

enum assay_code
ready_say(const struct options *o, const struct ready *r,
          struct assay_error *err)
{
    return opening_say_ready(o->ready_file, r->address, r->admin, put_more, r,
                             err);
}
