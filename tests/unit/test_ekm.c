/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_ekm.c - the field in which nginx tells the exporter value: the known
 * answer, every way in which it can be wrong, and who may say it.
 */
#include <stdio.h>

#include "assay/verify.h"
#include "atls/ekm.h"
#include "base/text.h"
#include "harness/ctx.h"

#define SECRET "0123456789abcdef0123456789abcdef"
#define VALUE  "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
#define OTHER  "212122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
#define HMAC   "40aebdd806d26e8f610463be832e9890b55f6f96b49be1de030da2112920aadb"
#define NAME   ASSAY_EKM_FIELD ": "
#define END    "\r\n"

static enum assay_code
read_fields(const char *secret, const char *fields, uint8_t out[32],
            struct assay_error *err)
{
    struct assay_http1_head head;
    char text[2048];
    size_t scanned = 0;
    size_t used = 0;

    (void)snprintf(text, sizeof(text),
                   "POST /tdx_quote HTTP/1.1\r\nHost: x\r\n%s\r\n", fields);
    assay_error_clear(err);
    assert_int_equal(
        assay_http1_request((struct assay_slice){(uint8_t *)text, strlen(text)},
                            &scanned, &head, &used, err),
        ASSAY_OK);
    assert_true(used > 0);
    return assay_ekm_read(
        ctx, (struct assay_slice){(const uint8_t *)secret, strlen(secret)},
        &head, out, err);
}

static const struct {
    const char *name;
    const char *secret;
    const char *fields;
    enum assay_code code;
    const char *message; /* its start */
} rows[] = {
    {"the known answer", SECRET, NAME VALUE ":" HMAC END, ASSAY_OK, ""},
    {"the name in other letters", SECRET,
     "x-tls-ekm-channel-binding:" VALUE ":" HMAC END, ASSAY_OK, ""},
    {"large digits", SECRET,
     NAME VALUE
     ":40AEBDD806D26E8F610463BE832E9890B55F6F96B49BE1DE030DA2112920AADB" END,
     ASSAY_OK, ""},
    {"no field", SECRET, "", ASSAY_MALFORMED, "0 fields"},
    {"two, the same", SECRET, NAME VALUE ":" HMAC END NAME VALUE ":" HMAC END,
     ASSAY_MALFORMED, "2 fields"},
    {"two, the first right", SECRET, NAME VALUE ":" HMAC END NAME "x" END,
     ASSAY_MALFORMED, "2 fields"},
    {"two, the second right", SECRET, NAME "x" END NAME VALUE ":" HMAC END,
     ASSAY_MALFORMED, "2 fields"},
    {"two in one", SECRET, NAME VALUE ":" HMAC ", " VALUE ":" HMAC END,
     ASSAY_MALFORMED, ASSAY_EKM_FIELD ": must be 64"},
    {"empty", SECRET, NAME END, ASSAY_MALFORMED, ASSAY_EKM_FIELD ": must be"},
    {"the value alone", SECRET, NAME VALUE END, ASSAY_MALFORMED,
     ASSAY_EKM_FIELD ": must be"},
    {"no HMAC", SECRET, NAME VALUE ":" END, ASSAY_MALFORMED,
     ASSAY_EKM_FIELD ": must be"},
    {"no colon", SECRET, NAME VALUE "0" HMAC END, ASSAY_MALFORMED,
     ASSAY_EKM_FIELD ": must be"},
    {"no digit in the value", SECRET,
     NAME "g02122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
          ":" HMAC END,
     ASSAY_MALFORMED, ASSAY_EKM_FIELD ": must be"},
    {"no digit in the HMAC", SECRET,
     NAME VALUE
     ":4xaebdd806d26e8f610463be832e9890b55f6f96b49be1de030da2112920aadb" END,
     ASSAY_MALFORMED, ASSAY_EKM_FIELD ": must be"},
    {"a digit too much", SECRET, NAME VALUE ":" HMAC "0" END, ASSAY_MALFORMED,
     ASSAY_EKM_FIELD ": must be"},
    {"a digit too few", SECRET,
     NAME VALUE
     ":40aebdd806d26e8f610463be832e9890b55f6f96b49be1de030da2112920aad" END,
     ASSAY_MALFORMED, ASSAY_EKM_FIELD ": must be"},
    /* Hole 11: who does not have the secret, or replays another's HMAC. */
    {"another secret", "0123456789abcdef0123456789abcdeF",
     NAME VALUE ":" HMAC END, ASSAY_NOT_TRUSTED, ASSAY_EKM_FIELD ": the HMAC"},
    {"the secret and more", SECRET " ", NAME VALUE ":" HMAC END,
     ASSAY_NOT_TRUSTED, ASSAY_EKM_FIELD ": the HMAC"},
    {"the HMAC of another value", SECRET, NAME OTHER ":" HMAC END,
     ASSAY_NOT_TRUSTED, ASSAY_EKM_FIELD ": the HMAC"},
    {"its last bit", SECRET,
     NAME VALUE
     ":40aebdd806d26e8f610463be832e9890b55f6f96b49be1de030da2112920aada" END,
     ASSAY_NOT_TRUSTED, ASSAY_EKM_FIELD ": the HMAC"},
    {"the value for its own HMAC", SECRET, NAME VALUE ":" VALUE END,
     ASSAY_NOT_TRUSTED, ASSAY_EKM_FIELD ": the HMAC"},
};

static void
test_rows(void **state)
{
    static const uint8_t zero[32];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct assay_error err;
        uint8_t out[32];
        char hex[65];
        enum assay_code code =
            read_fields(rows[i].secret, rows[i].fields, out, &err);

        if (code != rows[i].code ||
            strncmp(err.msg, rows[i].message, strlen(rows[i].message)) != 0) {
            fail_msg("%s: %s: %s", rows[i].name, assay_code_name(code),
                     err.msg);
        }
        assay_hex_to(hex, ASSAY_SLICE(out));
        if (code == ASSAY_OK) {
            assert_string_equal(hex, VALUE);
        } else {
            assert_memory_equal(out, zero, sizeof(zero));
            assert_null(strstr(err.msg, SECRET));
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};

    return cmocka_run_group_tests(tests, ctx_setup, ctx_teardown);
}
