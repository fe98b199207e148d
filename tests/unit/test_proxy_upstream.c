/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_upstream.c - the pool of attested connections of the proxy: who
 * gets which, when they are made, renewed, replaced and closed, and what is
 * told while there is none.
 */
#include "harness/upstream.h"

static void
one_request(void **state)
{
    struct near n;
    struct ask a;

    (void)state;
    near_open(&n);
    near_start(&n);
    ask_begin(&a, &n);
    assert_true(call_wants_link(a.call));
    assert_null(call_proof(a.call));
    UNTIL(&n, a.done);
    assert_int_equal(a.status, 200);
    assert_true(assay_slice_is(assay_buf_slice(&a.body), "ok"));
    assert_string_equal(a.proof.tcb, "UpToDate");
    assert_int_equal(strlen(a.proof.evidence), PROOF_EVIDENCE_BYTES);
    assert_int_equal(strlen(a.proof.measurement), 96);
    ask_end(&a);
    assert_int_equal(n.trusted, 1);
    assert_int_equal(GAUGE(&n, idle), 1);
    assert_int_equal(ask_once(&n, NULL), 200);
    assert_int_equal(n.far.accepted, 1);
    near_end(&n);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_request),
    };

    return cmocka_run_group_tests(tests, upstream_setup, upstream_teardown);
}
