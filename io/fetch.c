/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * fetch.c - one HTTP GET after another, each with limits on time and size.
 */
#include "io/fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "assay/version.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/url.h"
#include "io/curl_load.h"
#include "io/file.h"
#include "io/system_roots.h"

#define WAITING_AFTER_MS 1000
/* A peer that sends less than this for so long has stalled. */
#define STALLED_BYTES_PER_S 1L
#define STALLED_AFTER_S     15L

struct assay_fetcher {
    const struct assay_curl *curl;
    CURL *handle;
    struct assay_fetch_options options;
    struct assay_buf roots; /* PEM; empty: curl reads a file */
    char curl_error[CURL_ERROR_SIZE];
    /* of the request that runs */
    const char *url_shown;
    struct assay_response *response;
    int64_t started_ms;
    int64_t told_ms;
};

static int64_t
clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static size_t
on_body(char *data, size_t size, size_t count, void *user)
{
    struct assay_fetcher *f = user;

    assay_buf_add(&f->response->body,
                  (struct assay_slice){(uint8_t *)data, size * count});
    return f->response->body.failed ? 0 : size * count;
}

/* A status line starts a new answer: what came before was a 1xx. */
static size_t
on_header(char *data, size_t size, size_t count, void *user)
{
    struct assay_fetcher *f = user;
    size_t n = size * count;

    if (n >= 5 && memcmp(data, "HTTP/", 5) == 0) {
        f->response->headers.len = 0;
    }
    assay_buf_add(&f->response->headers,
                  (struct assay_slice){(uint8_t *)data, n});
    return f->response->headers.failed ? 0 : n;
}

static int
on_progress(void *user, curl_off_t total, curl_off_t now, curl_off_t up_total,
            curl_off_t up_now)
{
    struct assay_fetcher *f = user;
    int64_t elapsed_ms = clock_ms() - f->started_ms;

    (void)total;
    (void)now;
    (void)up_total;
    (void)up_now;
    if (f->options.cancel != NULL && atomic_load(f->options.cancel)) {
        return 1;
    }
    if (f->options.waiting != NULL &&
        elapsed_ms - f->told_ms >= WAITING_AFTER_MS) {
        f->told_ms = elapsed_ms;
        f->options.waiting(f->options.user, f->url_shown, (uint32_t)elapsed_ms);
    }
    return 0;
}

static void
set_long(struct assay_fetcher *f, CURLoption option, long value)
{
    f->curl->easy_setopt(f->handle, option, value);
}

static void
set_pointer(struct assay_fetcher *f, CURLoption option, const void *value)
{
    f->curl->easy_setopt(f->handle, option, value);
}

typedef size_t data_function(char *, size_t, size_t, void *);

static void
set_function(struct assay_fetcher *f, CURLoption option, data_function *value)
{
    f->curl->easy_setopt(f->handle, option, value);
}

static void
configure(struct assay_fetcher *f)
{
    set_long(f, CURLOPT_NOSIGNAL, 1);
    set_long(f, CURLOPT_FOLLOWLOCATION, 0);
    set_long(f, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1);
    set_long(f, CURLOPT_CONNECTTIMEOUT_MS, (long)f->options.connect_timeout_ms);
    set_long(f, CURLOPT_TIMEOUT_MS, (long)f->options.timeout_ms);
    set_long(f, CURLOPT_LOW_SPEED_LIMIT, STALLED_BYTES_PER_S);
    set_long(f, CURLOPT_LOW_SPEED_TIME, STALLED_AFTER_S);
    set_pointer(f, CURLOPT_PROTOCOLS_STR, "http,https");
    set_pointer(f, CURLOPT_USERAGENT, "assay/" ASSAY_VERSION);
    set_pointer(f, CURLOPT_ERRORBUFFER, f->curl_error);
    set_function(f, CURLOPT_WRITEFUNCTION, on_body);
    set_pointer(f, CURLOPT_WRITEDATA, f);
    set_function(f, CURLOPT_HEADERFUNCTION, on_header);
    set_pointer(f, CURLOPT_HEADERDATA, f);
    if (f->options.waiting != NULL || f->options.cancel != NULL) {
        f->curl->easy_setopt(f->handle, CURLOPT_XFERINFOFUNCTION, on_progress);
        set_pointer(f, CURLOPT_XFERINFODATA, f);
        set_long(f, CURLOPT_NOPROGRESS, 0);
    }
}

/* --- TLS roots ---------------------------------------------------------- */

/* No other roots than those in the file. */
static void
use_file(struct assay_fetcher *f, const char *path)
{
    set_pointer(f, CURLOPT_CAINFO, path);
    set_pointer(f, CURLOPT_CAPATH, NULL);
}

static enum assay_code
add_file(struct assay_fetcher *f, const char *path, struct assay_error *err)
{
    struct assay_buf pem;

    if (assay_file_read(path, ASSAY_FETCH_ROOTS_MAX_BYTES, &pem, err) ==
            ASSAY_OK &&
        assay_slice_find(assay_buf_slice(&pem), "CERTIFICATE-----") ==
            ASSAY_NO_OFFSET) {
        assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET,
                   "%s: there is no certificate (PEM) in it", path);
    }
    if (err->code == ASSAY_OK) {
        assay_buf_add(&f->roots, assay_buf_slice(&pem));
        assay_buf_add_u8(&f->roots, '\n');
    }
    assay_buf_free(&pem);
    return err->code;
}

/* curl takes one file, so both are given to it as one text. */
static enum assay_code
use_both(struct assay_fetcher *f, const char *system, bool named,
         struct assay_error *err)
{
    struct curl_blob blob = {.flags = CURL_BLOB_NOCOPY};

    if (add_file(f, system, err) != ASSAY_OK && !named) {
        assay_error_clear(err);
    }
    if (err->code != ASSAY_OK ||
        add_file(f, f->options.more_ca_file, err) != ASSAY_OK ||
        assay_buf_check(&f->roots, "TLS roots", err) != ASSAY_OK) {
        return err->code;
    }
    blob.data = f->roots.ptr;
    blob.len = f->roots.len;
    if (f->curl->easy_setopt(f->handle, CURLOPT_CAINFO_BLOB, &blob) !=
        CURLE_OK) {
        return assay_fail(err, ASSAY_UNSUPPORTED, ASSAY_NO_OFFSET,
                          "%s: this libcurl takes no TLS roots beside the "
                          "system's; put all into one file and name that with "
                          "--pccs-ca",
                          f->options.more_ca_file);
    }
    return ASSAY_OK;
}

static enum assay_code
choose_roots(struct assay_fetcher *f, struct assay_error *err)
{
    bool named;
    const char *system = assay_system_roots(&named);

    if (f->options.ca_file != NULL) {
        use_file(f, f->options.ca_file);
        return ASSAY_OK;
    }
    if (named) {
        use_file(f, system);
    }
    return f->options.more_ca_file != NULL ? use_both(f, system, named, err)
                                           : ASSAY_OK;
}

enum assay_code
assay_fetcher_new(const struct assay_fetch_options *options,
                  struct assay_fetcher **out, struct assay_error *err)
{
    const struct assay_curl *curl;
    struct assay_fetcher *f = NULL;

    *out = NULL;
    assay_error_clear(err);
    curl = assay_curl_get(err);
    if (curl == NULL) {
        return err->code;
    }
    f = calloc(1, sizeof(*f));
    if (f == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "fetch");
    }
    f->curl = curl;
    f->options = *options;
    assay_buf_init(&f->roots, 2 * ASSAY_FETCH_ROOTS_MAX_BYTES + 2);
    if (f->options.connect_timeout_ms == 0) {
        f->options.connect_timeout_ms = ASSAY_FETCH_CONNECT_TIMEOUT_MS;
    }
    if (f->options.timeout_ms == 0) {
        f->options.timeout_ms = ASSAY_FETCH_TIMEOUT_MS;
    }
    f->handle = curl->easy_init();
    if (f->handle == NULL) {
        free(f);
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "fetch");
    }
    configure(f);
    if (choose_roots(f, err) != ASSAY_OK) {
        assay_fetcher_free(f);
        return err->code;
    }
    *out = f;
    return ASSAY_OK;
}

void
assay_fetcher_free(struct assay_fetcher *f)
{
    if (f != NULL) {
        f->curl->easy_cleanup(f->handle);
        assay_buf_free(&f->roots);
        free(f);
    }
}

static enum assay_code
fail_timeout(const struct assay_fetcher *f, struct assay_error *err)
{
    size_t got = f->response->body.len;
    double seconds = (double)(clock_ms() - f->started_ms) / 1000.0;

    if (got > 0) {
        return assay_fail(err, ASSAY_TIMEOUT, ASSAY_NO_OFFSET,
                          "%s: stopped sending after %zu bytes (gave up after "
                          "%.1f s)",
                          f->url_shown, got, seconds);
    }
    return assay_fail(err, ASSAY_TIMEOUT, ASSAY_NO_OFFSET,
                      "%s: no answer within %.1f s", f->url_shown, seconds);
}

static enum assay_code
fail_too_large(const struct assay_fetcher *f, struct assay_error *err)
{
    return assay_fail(err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                      "%s: the answer is longer than the %zu bytes allowed",
                      f->url_shown, f->response->body.max);
}

static enum assay_code
fail_write(const struct assay_fetcher *f, struct assay_error *err)
{
    const struct assay_buf *body = &f->response->body;
    const struct assay_buf *headers = &f->response->headers;
    struct assay_error why;

    assay_error_clear(&why);
    assay_buf_check(body, "body", &why);
    assay_buf_check(headers, "headers", &why);
    if (why.code == ASSAY_TOO_LARGE && body->failed) {
        return fail_too_large(f, err);
    }
    return assay_fail(err, why.code == ASSAY_OK ? ASSAY_NETWORK : why.code,
                      ASSAY_NO_OFFSET, "%s: %s", f->url_shown,
                      why.code == ASSAY_OK ? f->curl_error : why.msg);
}

static enum assay_code
fail_partial(const struct assay_fetcher *f, struct assay_error *err)
{
    curl_off_t promised = -1;

    f->curl->easy_getinfo(f->handle, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
                          &promised);
    if (promised > 0) {
        return assay_fail(err, ASSAY_NETWORK, ASSAY_NO_OFFSET,
                          "%s: the answer broke off after %zu of %lld bytes",
                          f->url_shown, f->response->body.len,
                          (long long)promised);
    }
    return assay_fail(err, ASSAY_NETWORK, ASSAY_NO_OFFSET,
                      "%s: the answer broke off after %zu bytes", f->url_shown,
                      f->response->body.len);
}

/* Where the roots are that curl cannot read. */
static const char *
roots_name(const struct assay_fetcher *f)
{
    bool named;

    if (f->options.ca_file != NULL) {
        return f->options.ca_file;
    }
    return f->options.more_ca_file != NULL ? f->options.more_ca_file
                                           : assay_system_roots(&named);
}

static enum assay_code
fail_transfer(const struct assay_fetcher *f, CURLcode rc,
              struct assay_error *err)
{
    const char *text =
        f->curl_error[0] != '\0' ? f->curl_error : f->curl->easy_strerror(rc);

    switch ((int)rc) {
    case CURLE_OPERATION_TIMEDOUT:
        return fail_timeout(f, err);
    case CURLE_FILESIZE_EXCEEDED:
        return fail_too_large(f, err);
    case CURLE_WRITE_ERROR:
        return fail_write(f, err);
    case CURLE_PARTIAL_FILE:
        return fail_partial(f, err);
    case CURLE_SSL_CACERT_BADFILE:
        return assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET,
                          "%s: not a readable file of PEM certificates",
                          roots_name(f));
    case CURLE_PEER_FAILED_VERIFICATION:
        return assay_fail(err, ASSAY_NETWORK, ASSAY_NO_OFFSET,
                          "%s: the server's TLS certificate is not trusted: %s",
                          f->url_shown, text);
    case CURLE_OUT_OF_MEMORY:
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "%s",
                          f->url_shown);
    default: /* some ninety others, most of which cannot happen here */
        return assay_fail(err, ASSAY_NETWORK, ASSAY_NO_OFFSET, "%s: %s",
                          f->url_shown, text);
    }
}

static const struct {
    long status;
    enum assay_code code;
    const char *text;
} statuses[] = {
    {400, ASSAY_NETWORK, "the request was refused as malformed"},
    {401, ASSAY_NETWORK, "the server asks for credentials"},
    {403, ASSAY_NETWORK, "access was refused"},
    {404, ASSAY_NOT_FOUND, "not found"},
    {410, ASSAY_NOT_FOUND, "no longer served"},
    {429, ASSAY_NETWORK, "too many requests"},
    {460, ASSAY_NETWORK, "the PCCS found its data damaged"},
    {461, ASSAY_NOT_FOUND, "the PCCS does not know the platform"},
    {462, ASSAY_NOT_FOUND, "the PCCS has no certificate of the platform"},
    {500, ASSAY_NETWORK, "the server failed"},
    {502, ASSAY_NETWORK, "the server could not reach Intel"},
    {503, ASSAY_NETWORK, "the server is not available now"},
};

static enum assay_code
fail_status(const struct assay_fetcher *f, long status, struct assay_error *err)
{
    enum assay_code code = ASSAY_NETWORK;
    const char *text = "not the expected 200";

    if (status >= 300 && status < 400) {
        text = "redirects are not followed";
    }
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        if (statuses[i].status == status) {
            code = statuses[i].code;
            text = statuses[i].text;
        }
    }
    return assay_fail(err, code, ASSAY_NO_OFFSET, "%s: HTTP %ld, %s",
                      f->url_shown, status, text);
}

static enum assay_code
perform(struct assay_fetcher *f, struct assay_error *err)
{
    CURLcode rc;
    long status = 0;

    f->curl_error[0] = '\0';
    f->started_ms = clock_ms();
    f->told_ms = 0;
    rc = f->curl->easy_perform(f->handle);
    if (rc != CURLE_OK) {
        return fail_transfer(f, rc, err);
    }
    f->curl->easy_getinfo(f->handle, CURLINFO_RESPONSE_CODE, &status);
    return status == 200 ? ASSAY_OK : fail_status(f, status, err);
}

enum assay_code
assay_fetch(struct assay_fetcher *f, const char *url, size_t max_body,
            struct assay_response *out, struct assay_error *err)
{
    char shown[ASSAY_URL_MAX_BYTES];

    assay_error_clear(err);
    assay_buf_init(&out->headers, ASSAY_FETCH_HEADERS_MAX_BYTES);
    assay_buf_init(&out->body, max_body);
    assay_url_show(url, shown, sizeof(shown));
    f->url_shown = shown;
    f->response = out;
    set_pointer(f, CURLOPT_URL, url);
    f->curl->easy_setopt(f->handle, CURLOPT_MAXFILESIZE_LARGE,
                         (curl_off_t)max_body);
    perform(f, err);
    f->url_shown = NULL;
    f->response = NULL;
    if (err->code != ASSAY_OK) {
        assay_response_free(out);
    }
    return err->code;
}

void
assay_response_free(struct assay_response *r)
{
    assay_buf_free(&r->headers);
    assay_buf_free(&r->body);
}
