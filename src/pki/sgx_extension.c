/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pki/sgx_extension.h"

#include "pki/der.h"

/* 1.2.840.113741.1.13.1, the arc of all entries */
static const uint8_t arc[] = {0x2a, 0x86, 0x48, 0x86, 0xf8,
                              0x4d, 0x01, 0x0d, 0x01};

/* Reads the OID of an entry below the arc and `depth` more numbers; the last
 * one is returned, 0 if it is not below. */
static unsigned
read_suffix(struct assay_reader *r, unsigned parent, const char *field)
{
    size_t at = r->base + r->pos;
    struct assay_slice oid = assay_der_read(r, ASSAY_DER_OID, field);
    size_t want = sizeof(arc) + (parent != 0 ? 2 : 1);

    if (r->err->code != ASSAY_OK) {
        return 0;
    }
    if (oid.len != want || memcmp(oid.ptr, arc, sizeof(arc)) != 0 ||
        (parent != 0 && oid.ptr[sizeof(arc)] != parent) ||
        oid.ptr[want - 1] == 0 || oid.ptr[want - 1] > 0x7f) {
        assay_fail(r->err, ASSAY_UNSUPPORTED, at, "%s: unknown entry", field);
        return 0;
    }
    return oid.ptr[want - 1];
}

static void
read_octets(struct assay_reader *r, uint8_t *out, size_t n, const char *field)
{
    size_t at = r->base + r->pos;
    struct assay_slice s = assay_der_read(r, ASSAY_DER_OCTET_STRING, field);

    if (r->err->code != ASSAY_OK) {
        return;
    }
    if (s.len != n) {
        assay_fail(r->err, ASSAY_MALFORMED, at, "%s: %zu octets, not %zu",
                   field, s.len, n);
        return;
    }
    memcpy(out, s.ptr, n);
}

/* Entry `id` may come once; entries come in any order. */
static bool
first_time(struct assay_reader *r, uint32_t *seen, unsigned id,
           const char *field)
{
    if (r->err->code != ASSAY_OK) {
        return false;
    }
    if (id > 31 || (*seen & (1u << id)) != 0) {
        assay_fail(r->err, ASSAY_MALFORMED, r->base + r->pos,
                   "%s: entry %u is unknown or occurs twice", field, id);
        return false;
    }
    *seen |= 1u << id;
    return true;
}

static void
read_tcb(struct assay_reader *r, struct assay_sgx_extension *x)
{
    static const char field[] = "sgxExtension.tcb";
    struct assay_reader tcb = assay_der_enter(r, ASSAY_DER_SEQUENCE, field);
    uint32_t seen = 0;

    while (assay_der_peek(&tcb) != 0) {
        struct assay_reader pair =
            assay_der_enter(&tcb, ASSAY_DER_SEQUENCE, field);
        unsigned id = read_suffix(&pair, 2, field);

        if (!first_time(&pair, &seen, id, field)) {
            return;
        }
        if (id <= 16) {
            x->component_svn[id - 1] = (uint8_t)assay_der_small(
                &pair, ASSAY_DER_INTEGER, UINT8_MAX, "sgxExtension.tcb.svn");
        } else if (id == 17) {
            x->pce_svn =
                (uint16_t)assay_der_small(&pair, ASSAY_DER_INTEGER, UINT16_MAX,
                                          "sgxExtension.tcb.pceSvn");
        } else {
            read_octets(&pair, x->cpu_svn, sizeof(x->cpu_svn),
                        "sgxExtension.tcb.cpuSvn");
        }
        assay_read_end(&pair, field);
    }
    assay_read_end(&tcb, field);
    if (seen != 0x7fffe && r->err->code == ASSAY_OK) { /* 1 to 18 */
        assay_fail(r->err, ASSAY_MALFORMED, tcb.base,
                   "%s: not exactly the entries 1 to 18", field);
    }
}

static void
read_configuration(struct assay_reader *r, struct assay_sgx_extension *x)
{
    static const char field[] = "sgxExtension.configuration";
    struct assay_reader conf = assay_der_enter(r, ASSAY_DER_SEQUENCE, field);
    bool *const flags[3] = {&x->dynamic_platform, &x->cached_keys,
                            &x->smt_enabled};
    uint32_t seen = 0;

    while (assay_der_peek(&conf) != 0) {
        struct assay_reader pair =
            assay_der_enter(&conf, ASSAY_DER_SEQUENCE, field);
        unsigned id = read_suffix(&pair, 7, field);

        if (!first_time(&pair, &seen, id, field)) {
            return;
        }
        if (id < 1 || id > 3) {
            assay_fail(r->err, ASSAY_UNSUPPORTED, pair.base,
                       "%s: unknown entry %u", field, id);
            return;
        }
        *flags[id - 1] = assay_der_boolean(&pair, field);
        assay_read_end(&pair, field);
    }
    assay_read_end(&conf, field);
}

static void
read_entry(struct assay_reader *pair, unsigned id,
           struct assay_sgx_extension *x)
{
    switch (id) {
    case 1:
        read_octets(pair, x->ppid, sizeof(x->ppid), "sgxExtension.ppid");
        break;
    case 2:
        read_tcb(pair, x);
        break;
    case 3:
        read_octets(pair, x->pce_id, sizeof(x->pce_id), "sgxExtension.pceId");
        break;
    case 4:
        read_octets(pair, x->fmspc, sizeof(x->fmspc), "sgxExtension.fmspc");
        break;
    case 5:
        x->sgx_type = assay_der_small(pair, ASSAY_DER_ENUMERATED, 2,
                                      "sgxExtension.sgxType");
        break;
    case 6:
        read_octets(pair, x->platform_instance_id,
                    sizeof(x->platform_instance_id),
                    "sgxExtension.platformInstanceId");
        break;
    case 7:
        read_configuration(pair, x);
        break;
    default:
        assay_fail(pair->err, ASSAY_UNSUPPORTED, pair->base,
                   "sgxExtension: unknown entry %u", id);
        break;
    }
}

enum assay_code
assay_sgx_extension_parse(struct assay_slice value,
                          struct assay_sgx_extension *out,
                          struct assay_error *err)
{
    static const char field[] = "sgxExtension";
    struct assay_sgx_extension x = {0};
    struct assay_reader r = assay_der_reader(value, err);
    struct assay_reader list;
    uint32_t seen = 0;

    memset(out, 0, sizeof(*out));
    assay_error_clear(err);
    list = assay_der_enter(&r, ASSAY_DER_SEQUENCE, field);
    while (assay_der_peek(&list) != 0) {
        struct assay_reader pair =
            assay_der_enter(&list, ASSAY_DER_SEQUENCE, field);
        unsigned id = read_suffix(&pair, 0, field);

        if (!first_time(&pair, &seen, id, field)) {
            break;
        }
        read_entry(&pair, id, &x);
        assay_read_end(&pair, field);
    }
    assay_read_end(&list, field);
    assay_read_end(&r, field);
    if (err->code == ASSAY_OK && seen != 0x3e && seen != 0xfe) {
        assay_fail(err, ASSAY_MALFORMED, list.base,
                   "%s: neither the entries 1 to 5 nor 1 to 7", field);
    }
    x.has_platform = seen == 0xfe;
    if (err->code == ASSAY_OK) {
        *out = x;
    }
    return err->code;
}
