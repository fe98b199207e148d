/* Target functions: assay_sgx_extension_parse
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * An extension that was read has nothing in it that was not read, and what
 * was read is written there.
 */
#include "harness/fuzz.h"

#include "base/bytes.h"
#include "pki/sgx_extension.h"

static struct assay_slice
child(struct assay_slice content, size_t index)
{
    struct assay_slice e = fuzz_element(content);

    for (; index > 0; index--) {
        content.ptr += e.len;
        content.len -= e.len;
        e = fuzz_element(content);
    }
    return e;
}

/* Value of the entry whose OID ends in `id`, which must be there once. */
static struct assay_slice
value_of(struct assay_slice list, uint8_t id)
{
    struct assay_slice found = ASSAY_EMPTY;
    size_t count = fuzz_count_elements(list);

    for (size_t i = 0; i < count; i++) {
        struct assay_slice pair = fuzz_content(child(list, i));
        struct assay_slice oid = fuzz_content(child(pair, 0));

        PROMISE(fuzz_count_elements(pair) == 2);
        if (oid.ptr[oid.len - 1] == id) {
            PROMISE(found.len == 0);
            found = fuzz_content(child(pair, 1));
        }
    }
    PROMISE(found.len > 0);
    return found;
}

static uint32_t
number(struct assay_slice s)
{
    uint32_t v = 0;

    for (size_t i = 0; i < s.len; i++) {
        v = v << 8 | s.ptr[i];
    }
    return v;
}

static void
check_extension(const struct assay_sgx_extension *x, struct assay_slice in)
{
    struct assay_slice list = fuzz_content(in);
    struct assay_slice tcb = value_of(list, 2);

    PROMISE(fuzz_count_elements(in) == 1);
    PROMISE(fuzz_count_elements(list) == (x->has_platform ? 7u : 5u));
    PROMISE(fuzz_count_elements(tcb) == 18);
    PROMISE(assay_slice_equal(value_of(list, 1), ASSAY_SLICE(x->ppid)));
    PROMISE(assay_slice_equal(value_of(list, 3), ASSAY_SLICE(x->pce_id)));
    PROMISE(assay_slice_equal(value_of(list, 4), ASSAY_SLICE(x->fmspc)));
    PROMISE(number(value_of(list, 5)) == x->sgx_type && x->sgx_type <= 2);
    for (uint8_t i = 0; i < 16; i++) {
        uint8_t id = (uint8_t)(i + 1);

        PROMISE(number(value_of(tcb, id)) == x->component_svn[i]);
    }
    PROMISE(number(value_of(tcb, 17)) == x->pce_svn);
    PROMISE(assay_slice_equal(value_of(tcb, 18), ASSAY_SLICE(x->cpu_svn)));
    if (x->has_platform) {
        PROMISE(assay_slice_equal(value_of(list, 6),
                                  ASSAY_SLICE(x->platform_instance_id)));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_slice in = {data, size};
    struct assay_sgx_extension x;
    struct assay_error err;
    enum assay_code code = assay_sgx_extension_parse(in, &x, &err);

    fuzz_check_error(&err, code, size);
    if (code == ASSAY_OK) {
        check_extension(&x, in);
    } else {
        fuzz_check_zero(&x, sizeof(x));
    }
    return 0;
}
