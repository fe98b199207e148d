/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "search/bundle_name.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME  UINT64_C(0x100000001b3)

/* FNV-1a over the list of sources. It only keeps the bundles of different lists
 * apart; a collision would show the bundle of the other list, which is
 * verified all the same. */
static uint64_t
hash_sources(const struct assay_gather_request *request)
{
    uint64_t h = FNV_OFFSET;

    for (size_t i = 0; i < request->source_count; i++) {
        const char *s = request->sources[i];
        for (size_t k = 0; k <= strlen(s); k++) {
            h = (h ^ (uint8_t)s[k]) * FNV_PRIME;
        }
    }
    return h;
}

void
assay_bundle_name(const struct assay_gather_request *request,
                  char name[ASSAY_BUNDLE_NAME_MAX])
{
    const struct assay_collateral_need *need = request->need;
    char evaluation[sizeof("-eval4294967295")] = "";

    if (request->evaluation != 0) {
        (void)snprintf(evaluation, sizeof(evaluation), "-eval%" PRIu32,
                       request->evaluation);
    }
    (void)snprintf(
        name, ASSAY_BUNDLE_NAME_MAX, "%s-%s-%s%s%s-%016" PRIx64 ".json",
        need->tdx ? "tdx" : "sgx", need->fmspc, need->ca,
        request->early ? "-early" : "", evaluation, hash_sources(request));
}

bool
assay_bundle_name_read(const char *name, struct assay_collateral_need *out)
{
    static const char *const cas[] = {"platform", "processor"};
    static const char hex[] = "0123456789abcdef";
    const char *rest = name + strlen("tdx-");

    memset(out, 0, sizeof(*out));
    out->tdx = strncmp(name, "tdx-", 4) == 0;
    if ((!out->tdx && strncmp(name, "sgx-", 4) != 0) ||
        strspn(rest, hex) != 12 || rest[12] != '-') {
        return false;
    }
    memcpy(out->fmspc, rest, 12);
    rest += 13;
    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen(cas[i]);

        if (strncmp(rest, cas[i], len) == 0 && rest[len] == '-') {
            memcpy(out->ca, cas[i], len);
            rest += len + 1;
            return strspn(rest, hex) == 16 && strcmp(rest + 16, ".json") == 0;
        }
    }
    return false;
}
