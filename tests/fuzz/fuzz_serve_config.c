/* Target functions: settings_take_text, options_dump
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * What a file of assay-serve says, written as a file, says the same.
 */
#include "base/buf.h"
#include "harness/fuzz.h"
#include "programs/serve/settings.h"

static void
dump(const struct options *o, struct assay_buf *text)
{
    assay_buf_init(text, 16u * SETTINGS_FILE_MAX_BYTES);
    options_dump(o, text);
    PROMISE(!text->failed);
}

/* A file may be too large once it is written out in full. */
static void
check_again(const struct options *o)
{
    struct assay_buf first;
    struct assay_buf second;
    struct assay_error err;
    struct options again;

    dump(o, &first);
    if (first.len <= SETTINGS_FILE_MAX_BYTES) {
        options_default(&again);
        PROMISE(settings_take_text(&serve_settings, &again.given,
                                   assay_buf_slice(&first), "again",
                                   &err) == ASSAY_OK);
        PROMISE(again.certificate_count == o->certificate_count);
        dump(&again, &second);
        PROMISE(assay_slice_equal(assay_buf_slice(&first),
                                  assay_buf_slice(&second)));
        assay_buf_free(&second);
        options_free(&again);
    }
    assay_buf_free(&first);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_error err;
    struct options o;
    enum assay_code code;

    options_default(&o);
    code = settings_take_text(&serve_settings, &o.given,
                              (struct assay_slice){data, size}, "file", &err);
    fuzz_check_error(&err, code, size);
    PROMISE(o.certificate_count <= SERVE_CERTIFICATES_MAX);
    if (code == ASSAY_OK) {
        check_again(&o);
    }
    options_free(&o);
    return 0;
}
