/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * sgx_ext.c - see sgx_ext.h.
 */
#include "mint/sgx_ext.h"

#include "base/buf.h"
#include "base/bytes.h"
#include "mint/der_write.h"

/* Content octets of 1.2.840.113741.1.13.1; entries add one or two arcs. */
static const uint8_t sgx_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf8,
                                  0x4d, 0x01, 0x0d, 0x01};

/* Opens SEQUENCE { OID sgx.arc[.sub] ... }; sub 0 for none. */
static size_t
open_entry(struct assay_buf *b, uint8_t arc, uint8_t sub)
{
    uint8_t oid[sizeof(sgx_oid) + 2];
    size_t len = sizeof(sgx_oid);
    size_t mark = mint_der_open(b, MINT_TAG_SEQUENCE);

    memcpy(oid, sgx_oid, sizeof(sgx_oid));
    oid[len++] = arc;
    if (sub != 0) {
        oid[len++] = sub;
    }
    mint_der_put(b, MINT_TAG_OID, (struct assay_slice){oid, len});
    return mark;
}

void
mint_platform_cpusvn(const struct mint_platform *p, uint8_t out[16],
                     struct assay_error *err)
{
    if (p->cpusvn != NULL) {
        mint_put_hex(out, 16, p->cpusvn, "platform.cpusvn", err);
        return;
    }
    for (size_t i = 0; i < MINT_COMPONENTS; i++) {
        out[i] = (uint8_t)p->components[i];
    }
}

static void
write_hex(struct assay_buf *b, const char *hex, const char *field,
          struct assay_error *err)
{
    size_t mark = mint_der_open(b, MINT_TAG_OCTET_STRING);

    mint_add_hex(b, hex, field, err);
    mint_der_close(b, mark);
}

/* A negative SVN cannot be right; it is written as INTEGER -1. */
static void
write_svn(struct assay_buf *b, int32_t svn)
{
    static const uint8_t minus_one[1] = {0xff};

    if (svn < 0) {
        mint_der_put(b, MINT_TAG_INTEGER, ASSAY_SLICE(minus_one));
    } else {
        mint_der_small(b, MINT_TAG_INTEGER, (uint32_t)svn);
    }
}

static void
write_tcb_entry(struct assay_buf *b, const struct mint_platform *p, uint8_t n,
                struct assay_error *err)
{
    size_t mark = open_entry(b, 2, n);

    if (n == 18) {
        uint8_t cpusvn[16] = {0};

        mint_platform_cpusvn(p, cpusvn, err);
        mint_der_put(b, MINT_TAG_OCTET_STRING, ASSAY_SLICE(cpusvn));
    } else {
        write_svn(b, n == 17 ? p->pcesvn : p->components[n - 1]);
    }
    mint_der_close(b, mark);
}

static void
write_tcb(struct assay_buf *b, const struct mint_sgx_ext_options *o,
          struct assay_error *err)
{
    size_t mark = mint_der_open(b, MINT_TAG_SEQUENCE);

    for (uint8_t n = 1; n <= 18; n++) {
        if ((o->tcb_omit & MINT_SGX_TCB_ENTRY(n)) == 0) {
            write_tcb_entry(b, &o->platform, n, err);
        }
        if ((o->tcb_duplicate & MINT_SGX_TCB_ENTRY(n)) != 0) {
            write_tcb_entry(b, &o->platform, n, err);
        }
    }
    mint_der_close(b, mark);
}

static void
write_config(struct assay_buf *b, const struct mint_sgx_ext_options *o)
{
    const bool flags[3] = {o->dynamic_platform == MINT_YES,
                           o->cached_keys == MINT_YES,
                           o->smt_enabled == MINT_YES};
    size_t mark = mint_der_open(b, MINT_TAG_SEQUENCE);

    for (uint8_t i = 0; i < 3; i++) {
        size_t entry = open_entry(b, 7, (uint8_t)(i + 1));

        mint_der_boolean(b, flags[i]);
        mint_der_close(b, entry);
    }
    mint_der_close(b, mark);
}

static uint32_t
type_number(enum mint_sgx_type type)
{
    return type == MINT_SGX_TYPE_UNKNOWN ? 9 : (uint32_t)type - 1;
}

static void
write_entry(struct assay_buf *b, const struct mint_sgx_ext_options *o,
            uint8_t arc, struct assay_error *err)
{
    size_t mark = open_entry(b, arc, 0);

    switch (1u << arc) {
    case MINT_SGX_PPID:
        write_hex(b, o->platform.ppid, "sgx.ppid", err);
        break;
    case MINT_SGX_TCB:
        write_tcb(b, o, err);
        break;
    case MINT_SGX_PCEID:
        write_hex(b, o->platform.pceid, "sgx.pceid", err);
        break;
    case MINT_SGX_FMSPC:
        write_hex(b, o->platform.fmspc, "sgx.fmspc", err);
        break;
    case MINT_SGX_TYPE:
        mint_der_small(b, MINT_TAG_ENUMERATED, type_number(o->type));
        break;
    case MINT_SGX_INSTANCE_ID:
        write_hex(b, o->platform.instance_id, "sgx.instance_id", err);
        break;
    case MINT_SGX_CONFIG:
        write_config(b, o);
        break;
    default: /* an entry that nobody knows */
        mint_der_small(b, MINT_TAG_INTEGER, 0);
        break;
    }
    mint_der_close(b, mark);
}

void
mint_write_sgx_ext(struct assay_buf *b, const struct mint_sgx_ext_options *o,
                   struct assay_error *err)
{
    uint8_t last = o->seven_entries == MINT_YES ? 7 : 5;
    size_t mark;

    if (o->raw != NULL) {
        mint_add_hex(b, o->raw, "sgx.raw", err);
        return;
    }
    mark = mint_der_open(b, MINT_TAG_SEQUENCE);
    for (uint8_t arc = 1; arc <= last; arc++) {
        if ((o->omit & 1u << arc) == 0) {
            write_entry(b, o, arc, err);
        }
        if ((o->duplicate & 1u << arc) != 0) {
            write_entry(b, o, arc, err);
        }
    }
    if (o->unknown_entry) {
        write_entry(b, o, 8, err);
    }
    mint_der_close(b, mark);
}
