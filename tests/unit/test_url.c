/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_url.c - base URLs, URLs in messages, percent-decoding.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/url.h"

static void
base_urls(void **state)
{
    static const struct {
        const char *url;
        enum assay_code want;
        const char *message;
    } rows[] = {
        {"https://pccs.example", ASSAY_OK, ""},
        {"https://pccs.example:8081/", ASSAY_OK, ""},
        {"HTTPS://pccs.example", ASSAY_OK, ""},
        {"http://127.0.0.1:8081/sgx/certification/v4", ASSAY_OK, ""},
        {"https://user:pw@[::1]:8081", ASSAY_OK, ""},
        {"", ASSAY_INVALID, "'' does not start with https://"},
        {"pccs.example", ASSAY_INVALID, "'pccs.example' does not start"},
        {"ftp://pccs.example", ASSAY_INVALID, "'ftp://pccs.example' does not"},
        {"file:///etc/passwd", ASSAY_INVALID, "'file:///etc/passwd' does not"},
        {"https://", ASSAY_INVALID, "'https://' names no host"},
        {"https:///path", ASSAY_INVALID, "'https:///path' names no host"},
        {"https://:8081", ASSAY_INVALID, "'https://:8081' names no host"},
        {"https://user:pw@", ASSAY_INVALID, "'https://' names no host"},
        {"https://a?b=c", ASSAY_INVALID, "'https://a?b=c' must not have"},
        {"https://a/#b", ASSAY_INVALID, "'https://a/#b' must not have"},
        {"https://a b", ASSAY_INVALID, "'https://a b' has a character"},
        {"https://a\r\nX: y", ASSAY_INVALID, "'https://a?\?X: y' has a"},
        {"https://b\xc3\xbc", ASSAY_INVALID, "'https://b?\?' has a character"},
        {"https://u:secret@a/?q", ASSAY_INVALID, "'https://a/?q' must not"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct assay_error err;
        assert_int_equal(assay_url_check_base(rows[i].url, &err), rows[i].want);
        assert_int_equal(err.code, rows[i].want);
        if (rows[i].want != ASSAY_OK) {
            assert_memory_equal(err.msg, rows[i].message,
                                strlen(rows[i].message));
        }
    }
}

/* Where a source has a path. */
static void
sources(void **state)
{
#define INTEL_HOST "https://api.trustedservices.intel.com"
#define ROOT_CRL   "/sgx/certification/v4/rootcacrl"
    static const struct {
        const char *source;
        const char *path;
        const char *want;
    } rows[] = {
        {"", "/tdx/x", INTEL_HOST "/tdx/x"},
        {INTEL_HOST "/", "/sgx/x", INTEL_HOST "/sgx/x"},
        {"", ROOT_CRL,
         "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"},
        {"HTTPS://API.trustedservices.intel.com/sgx/certification/v4/",
         ROOT_CRL,
         "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"},
        {INTEL_HOST ".example", ROOT_CRL, INTEL_HOST ".example" ROOT_CRL},
        {"http://a:1", ROOT_CRL, "http://a:1" ROOT_CRL},
        {"http://a//", "/sgx/x", "http://a/sgx/x"},
        {"http://a/p/tdx/certification/v4/", "/sgx/x", "http://a/p/sgx/x"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct assay_buf url;

        assay_buf_init(&url, ASSAY_URL_MAX_BYTES);
        assay_url_put_source(&url, rows[i].source, rows[i].path);
        assert_int_equal(url.len, strlen(rows[i].want));
        assert_memory_equal(url.ptr, rows[i].want, url.len);
        assay_buf_free(&url);
    }
}

static void
long_url(void **state)
{
    char url[ASSAY_URL_MAX_BYTES];
    struct assay_error err;

    (void)state;
    memset(url, 'a', sizeof(url) - 1);
    url[sizeof(url) - 1] = '\0';
    assay_copy(url, assay_slice_of("https://"));
    assert_int_equal(assay_url_check_base(url, &err), ASSAY_INVALID);
    url[ASSAY_URL_MAX_BYTES / 2] = '\0';
    assert_int_equal(assay_url_check_base(url, &err), ASSAY_INVALID);
    url[ASSAY_URL_MAX_BYTES / 2 - 1] = '\0';
    assert_int_equal(assay_url_check_base(url, &err), ASSAY_OK);
}

static void
shown_urls(void **state)
{
    static const struct {
        const char *url;
        const char *want;
    } rows[] = {
        {"https://host/path?q", "https://host/path?q"},
        {"https://user:pw@host/p", "https://host/p"},
        {"https://user:p@w@host", "https://host"},
        {"https://host/a@b", "https://host/a@b"},
        {"https://host?x=a@b", "https://host?x=a@b"},
        {"user:pw@host", "host"},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char shown[64];
        assay_url_show(rows[i].url, shown, sizeof(shown));
        assert_string_equal(shown, rows[i].want);
    }
}

static void
shown_url_is_cut(void **state)
{
    char shown[8];

    (void)state;
    assay_url_show("https://user@host", shown, sizeof(shown));
    assert_string_equal(shown, "https:/");
}

static void
percent(void **state)
{
    static const struct {
        const char *in;
        enum assay_code want;
        const char *out; /* or the message */
        size_t offset;
    } rows[] = {
        {"", ASSAY_OK, "", 0},
        {"plain", ASSAY_OK, "plain", 0},
        {"-----BEGIN%20X-----%0Aa+b%2Bc%2f=", ASSAY_OK,
         "-----BEGIN X-----\na+b+c/=", 0},
        {"%25%41", ASSAY_OK, "%A", 0},
        {"%2541", ASSAY_OK, "%41", 0},
        {"%", ASSAY_MALFORMED, "h: bad %XX escape at offset 0", 0},
        {"ab%4", ASSAY_MALFORMED, "h: bad %XX escape at offset 2", 2},
        {"a%4g", ASSAY_MALFORMED, "h: bad %XX escape at offset 1", 1},
        {"%%41", ASSAY_MALFORMED, "h: bad %XX escape at offset 0", 0},
        {"x%00", ASSAY_MALFORMED, "h: bad %XX escape at offset 1", 1},
        {"0123456789012345678901234567890123", ASSAY_TOO_LARGE, "h", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct assay_buf out;
        struct assay_error err;
        assay_error_clear(&err);
        assay_buf_init(&out, 32);
        assert_int_equal(
            assay_percent_decode(assay_slice_of(rows[i].in), &out, "h", &err),
            rows[i].want);
        if (rows[i].want == ASSAY_OK) {
            assert_true(assay_slice_is(assay_buf_slice(&out), rows[i].out));
        } else {
            assert_memory_equal(err.msg, rows[i].out, strlen(rows[i].out));
        }
        if (rows[i].want == ASSAY_MALFORMED) {
            assert_int_equal(err.offset, rows[i].offset);
        }
        assay_buf_free(&out);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base_urls),        cmocka_unit_test(sources),
        cmocka_unit_test(long_url),         cmocka_unit_test(shown_urls),
        cmocka_unit_test(shown_url_is_cut), cmocka_unit_test(percent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
