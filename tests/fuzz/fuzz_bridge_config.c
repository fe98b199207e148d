/* Target functions: settings_take_text, settings_dump, origins_check, allow_new
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * What a file of assay-bridge says, written as a file, says the same; and what
 * it is read for once more when the bridge starts is good then, too.
 */
#include "base/buf.h"
#include "daemon/origins.h"
#include "harness/fuzz.h"
#include "programs/bridge/options.h"

static enum assay_code
take(struct options *o, struct assay_slice text, struct assay_error *err)
{
    bridge_settings.defaults(o);
    return settings_take_text(&bridge_settings, &o->given, text, "file", err);
}

static void
dump(const struct options *o, struct assay_buf *text)
{
    assay_buf_init(text, 16u * SETTINGS_FILE_MAX_BYTES);
    settings_dump(&bridge_settings, &o->given, text);
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
        PROMISE(take(&again, assay_buf_slice(&first), &err) == ASSAY_OK);
        dump(&again, &second);
        PROMISE(assay_slice_equal(assay_buf_slice(&first),
                                  assay_buf_slice(&second)));
        assay_buf_free(&second);
        options_free(&again);
    }
    assay_buf_free(&first);
}

static void
check_values(const struct options *o)
{
    struct assay_error err;
    struct allow *list;

    PROMISE(o->path[0] == '/');
    PROMISE(o->max_connections > 0);
    PROMISE(o->burst > 0);
    PROMISE(o->origins[0] == '\0' ||
            origins_check(o->origins, &err) == ASSAY_OK);
    if (o->allow != NULL) {
        PROMISE(allow_new(o->allow, &list, &err) == ASSAY_OK);
        PROMISE(allow_count(list) > 0);
        allow_free(list);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_error err;
    struct options o;
    enum assay_code code = take(&o, (struct assay_slice){data, size}, &err);

    fuzz_check_error(&err, code, size);
    if (code == ASSAY_OK) {
        check_values(&o);
        check_again(&o);
    }
    options_free(&o);
    return 0;
}
