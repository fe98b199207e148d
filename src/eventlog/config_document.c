/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * config_document.c - MRCONFIGID of kind 3: the hash of a document.
 */
#include "base/text.h"
#include "eventlog/config_check.h"

#define APP_ID_BYTES     20u
#define DOCUMENT_VERSION 3u

/* Reads a hex member of n octets; false if it is not there. */
static bool
document_hex(const struct assay_config_check *c, const struct assay_json *doc,
             const char *name, uint8_t *out, size_t n)
{
    uint32_t node = assay_json_member(doc, ASSAY_JSON_ROOT, name);
    struct assay_error sub;

    if (node == ASSAY_JSON_NONE ||
        assay_json_type(doc, node) == ASSAY_JSON_NULL) {
        return false;
    }
    assay_error_clear(&sub);
    if (assay_hex_decode(assay_json_string(doc, node), out, n, name, &sub) !=
        ASSAY_OK) {
        assay_fault(c->out->fault, "mr_config: %s", sub.msg);
        return false;
    }
    return true;
}

static void
compare_id(const struct assay_config_check *c, const struct assay_json *doc,
           const char *member, bool has_event, struct assay_slice event)
{
    uint8_t id[APP_ID_BYTES];
    uint32_t node = assay_json_member(doc, ASSAY_JSON_ROOT, member);
    size_t len = assay_json_string(doc, node).len > 0 ? sizeof(id) : 0;

    if (document_hex(c, doc, member, id, len) && has_event &&
        !assay_slice_equal((struct assay_slice){id, len}, event)) {
        assay_fault(c->out->fault, "mr_config: its %s is not that of the event",
                    member);
    }
}

static void
compare_provider(const struct assay_config_check *c,
                 const struct assay_json *doc)
{
    uint32_t name = assay_json_member(doc, ASSAY_JSON_ROOT, "key_provider");
    struct assay_slice id = assay_json_string(
        doc, assay_json_member(doc, ASSAY_JSON_ROOT, "key_provider_id"));
    struct assay_key_provider p = {.number = -1};
    uint8_t want[ASSAY_PROVIDER_ID_MAX];

    if (name == ASSAY_JSON_NONE || !c->events->has_key_provider ||
        !assay_config_provider(c, &p)) {
        return;
    }
    if (assay_provider_number(assay_json_string(doc, name)) != p.number) {
        assay_fault(c->out->fault,
                    "mr_config: its key_provider is not that of the event");
    }
    if (id.len == 0) { /* any provider of the kind */
        return;
    }
    if (p.id_len > 0 &&
        document_hex(c, doc, "key_provider_id", want, p.id_len) &&
        memcmp(want, p.id, p.id_len) == 0) {
        return;
    }
    assay_fault(c->out->fault,
                "mr_config: its key_provider_id is not that of the event");
}

static void
read_document(const struct assay_config_check *c, struct assay_slice text)
{
    struct assay_json *doc = assay_config_parse(c, text, "mr_config");
    uint8_t compose[ASSAY_SHA256_BYTES];
    uint64_t version = 0;

    if (doc == NULL) {
        return;
    }
    if (!assay_json_u64(doc, assay_json_member(doc, 0, "version"), &version) ||
        version != DOCUMENT_VERSION) {
        assay_fault(c->out->fault, "mr_config: its version is not 3");
    } else if (!document_hex(c, doc, "compose_hash", compose,
                             sizeof(compose))) {
        assay_fault(c->out->fault, "mr_config: it has no compose_hash");
    } else if (c->events->has_compose_hash &&
               !assay_slice_equal(c->events->compose_hash,
                                  ASSAY_SLICE(compose))) {
        assay_fault(c->out->fault,
                    "mr_config: its compose_hash is not that of the event");
    } else {
        compare_id(c, doc, "app_id", c->events->has_app_id, c->events->app_id);
        compare_id(c, doc, "instance_id", c->events->has_instance_id,
                   c->events->instance_id);
        compare_provider(c, doc);
        assay_config_prove(c, compose);
    }
    assay_json_free(doc);
}

/* The tag ends with a NUL octet, which belongs to it. */
static bool
is_measured(const struct assay_config_check *c, struct assay_slice document)
{
    static const uint8_t tag[] = "dstack-mr-config-v3:";
    const struct assay_slice parts[] = {ASSAY_SLICE(tag), document};
    uint8_t digest[ASSAY_SHA256_BYTES];

    return assay_digest(c->ctx, ASSAY_SHA256, parts, 2, digest, c->err) ==
               ASSAY_OK &&
           assay_slice_equal(c->value, ASSAY_SLICE(digest));
}

/* mr_config is the document as a string, or the document itself: then its
 * octets are those that stand there. */
void
assay_config_document(const struct assay_config_check *c,
                      struct assay_slice vm_config)
{
    struct assay_json *doc = NULL;
    struct assay_slice document;
    uint32_t node;

    if (vm_config.len == 0) {
        return; /* nothing to compare, nothing proven */
    }
    doc = assay_config_parse(c, vm_config, "vm_config");
    if (doc == NULL) {
        return;
    }
    node = assay_json_member(doc, ASSAY_JSON_ROOT, "mr_config");
    document = assay_json_type(doc, node) == ASSAY_JSON_STRING
                   ? assay_json_string(doc, node)
                   : assay_json_span(doc, node);
    if (node == ASSAY_JSON_NONE) {
        assay_fault(c->out->fault,
                    "MRCONFIGID is of kind 3, and vm_config has no mr_config");
    } else if (!is_measured(c, document)) {
        assay_fault(c->out->fault,
                    "MRCONFIGID is not the hash of vm_config's mr_config");
    } else {
        read_document(c, document);
    }
    assay_json_free(doc);
}
