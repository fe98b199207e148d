/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * providers_files.c - the files of upstreams, for now and for a reload.
 */
#include <string.h>

#include "daemon/sandbox.h"
#include "io/file.h"
#include "providers_make.h"

static void
allow_folder_of(struct sandbox_paths *to, const char *file)
{
    if (file != NULL && strstr(file, "-----BEGIN") == NULL) {
        sandbox_allow_folder_of(to, file, false);
    }
}

/* The folder is made now, for it could not be later; what fails is found out
 * when it is written to. */
static void
allow_evidence(struct sandbox_paths *to, const char *folder)
{
    struct assay_error err;

    if (folder != NULL) {
        (void)!assay_folder_make(folder, &err);
        sandbox_allow(to, folder, true);
    }
}

void
providers_allow_files(const struct options *o, const struct providers *p,
                      struct sandbox_paths *to)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct own_provider *own = (const struct own_provider *)p->all[i];

        allow_folder_of(to, own->policy_path);
        allow_folder_of(to, own->key_path);
        allow_folder_of(to, assay_policy_trusted_root(p->all[i]->policy));
        allow_folder_of(to, assay_policy_ca_file(p->all[i]->policy));
    }
    allow_evidence(to, o->evidence);
}
