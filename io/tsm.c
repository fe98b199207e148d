/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tsm.c - one quote from configfs-tsm.
 *
 * What the kernel does and a reader might not expect: `inblob` takes effect
 * when it is closed, and a failure of that is lost; so the generation is also
 * read after the write. The quote is made by the first read() of `outblob`.
 */
#include "io/tsm.h"

#include <string.h>
#include <time.h>

#include "assay/quote.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "io/tsm_entry.h"

#define FIRST_PAUSE_NS 10000000L

static bool
check_provider(const struct assay_tsm_entry *e, struct assay_error *err)
{
    char name[ASSAY_TSM_TEXT_BYTES + 1];

    if (assay_tsm_read_text(e, "provider", name, err) != ASSAY_TSM_GOT) {
        return false;
    }
    if (strcmp(name, ASSAY_TSM_PROVIDER) != 0) {
        assay_fail(err, ASSAY_UNSUPPORTED, ASSAY_NO_OFFSET,
                   "%.*s/%s/provider: is \"%s\", and only \"%s\" gives TDX "
                   "quotes; run this in an Intel TD",
                   ASSAY_TSM_FOLDER_SHOWN, e->folder, e->name, name,
                   ASSAY_TSM_PROVIDER);
        return false;
    }
    return true;
}

static enum assay_tsm_outcome
read_generation(const struct assay_tsm_entry *e, uint64_t *out,
                struct assay_error *err)
{
    char text[ASSAY_TSM_TEXT_BYTES + 1];
    enum assay_tsm_outcome outcome =
        assay_tsm_read_text(e, "generation", text, err);
    uint64_t value = 0;

    if (outcome != ASSAY_TSM_GOT) {
        return outcome;
    }
    for (size_t i = 0; i == 0 || text[i] != '\0'; i++) {
        unsigned digit = (unsigned)text[i] - '0';

        if (digit > 9 || value > (UINT64_MAX - digit) / 10) {
            assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                       "%.*s/%s/generation: \"%s\" is no number",
                       ASSAY_TSM_FOLDER_SHOWN, e->folder, e->name, text);
            return ASSAY_TSM_FAILED;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return ASSAY_TSM_GOT;
}

/* The generation must be what our own write made of it. */
static enum assay_tsm_outcome
check_generation(const struct assay_tsm_entry *e, uint64_t want,
                 struct assay_error *err)
{
    uint64_t have = 0;
    enum assay_tsm_outcome outcome = read_generation(e, &have, err);

    if (outcome == ASSAY_TSM_GOT && have != want) {
        assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET,
                   "%.*s/%s/generation: is %llu and not %llu: another process "
                   "writes to this entry; stop it, and try again",
                   ASSAY_TSM_FOLDER_SHOWN, e->folder, e->name,
                   (unsigned long long)have, (unsigned long long)want);
        return ASSAY_TSM_AGAIN;
    }
    return outcome;
}

static enum assay_tsm_outcome
attempt(const struct assay_tsm_entry *e, const uint8_t *report_data,
        struct assay_buf *quote, struct assay_error *err)
{
    uint64_t before = 0;
    enum assay_tsm_outcome outcome = read_generation(e, &before, err);

    if (outcome == ASSAY_TSM_GOT) {
        outcome = assay_tsm_write(e, report_data, err);
    }
    if (outcome == ASSAY_TSM_GOT) {
        outcome = check_generation(e, before + 1, err);
    }
    if (outcome == ASSAY_TSM_GOT) {
        outcome = assay_tsm_read(e, "outblob", quote, err);
    }
    if (outcome == ASSAY_TSM_GOT) {
        outcome = check_generation(e, before + 1, err);
    }
    return outcome;
}

static void
pause_before(unsigned number)
{
    struct timespec t = {0, FIRST_PAUSE_NS << (number - 1)};

    nanosleep(&t, NULL);
}

static void
attempts(const struct assay_tsm_entry *e, const uint8_t *report_data,
         const atomic_bool *stop, struct assay_buf *quote,
         struct assay_error *err)
{
    enum assay_tsm_outcome outcome = ASSAY_TSM_AGAIN;

    for (unsigned i = 0; i < ASSAY_TSM_ATTEMPTS && outcome == ASSAY_TSM_AGAIN;
         i++) {
        if (i > 0) {
            pause_before(i);
        }
        assay_error_clear(err);
        assay_buf_free(quote);
        if (atomic_load(stop)) {
            assay_fail(err, ASSAY_TIMEOUT, ASSAY_NO_OFFSET, "%.*s: given up",
                       ASSAY_TSM_FOLDER_SHOWN, e->folder);
            return;
        }
        outcome = attempt(e, report_data, quote, err);
    }
    if (outcome == ASSAY_TSM_GOT && quote->len == 0) {
        assay_fail(
            err, ASSAY_REPLY, ASSAY_NO_OFFSET,
            "%.*s/%s/outblob: is empty: the host gave no quote; check its "
            "quote generation service (QGS)",
            ASSAY_TSM_FOLDER_SHOWN, e->folder, e->name);
    }
}

enum assay_code
assay_tsm_quote(const char *folder,
                const uint8_t report_data[ASSAY_TSM_DATA_BYTES],
                const atomic_bool *stop, struct assay_buf *out,
                struct assay_error *err)
{
    struct assay_tsm_entry e;

    assay_error_clear(err);
    assay_buf_init(out, ASSAY_QUOTE_MAX_BYTES);
    if (!assay_tsm_entry_new(&e, folder, err)) {
        return err->code;
    }
    if (check_provider(&e, err)) {
        attempts(&e, report_data, stop, out, err);
    }
    assay_tsm_entry_remove(&e);
    if (err->code != ASSAY_OK) {
        assay_buf_free(out);
    }
    return err->code;
}
