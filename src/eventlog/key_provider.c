/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * key_provider.c - the event key-provider.
 */
#include "base/text.h"
#include "eventlog/config_check.h"

int
assay_provider_number(struct assay_slice name)
{
    static const struct {
        const char *name;
        int number;
    } known[] = {
        {"none", 0}, {"local-sgx", 1}, {"local", 1}, {"kms", 2}, {"tpm", 3},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (assay_slice_is(name, known[i].name)) {
            return known[i].number;
        }
    }
    return -1;
}

bool
assay_config_provider(const struct assay_config_check *c,
                      struct assay_key_provider *p)
{
    struct assay_json *doc =
        assay_config_parse(c, c->events->key_provider, "event key-provider");
    struct assay_error sub;
    struct assay_slice id;

    if (doc == NULL) {
        return false;
    }
    assay_error_clear(&sub);
    p->number = assay_provider_number(
        assay_json_string(doc, assay_json_member(doc, 0, "name")));
    id = assay_json_string(doc, assay_json_member(doc, 0, "id"));
    p->id_len = id.len / 2;
    if (p->number < 0 || p->id_len > ASSAY_PROVIDER_ID_MAX ||
        assay_hex_decode(id, p->id, p->id_len, "id", &sub) != ASSAY_OK) {
        assay_fault(c->out->fault, "event key-provider: not the name of a "
                                   "known provider and an ID in hex");
    }
    assay_json_free(doc);
    return c->out->fault[0] == '\0';
}
