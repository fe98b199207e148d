/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * diff_lines.c - two texts, line by line: what both begin and end with is cut
 * off, the rest is aligned by its longest common subsequence.
 */
#include "diff_lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"

struct lines {
    struct assay_slice *line;
    size_t count;
};

/* Without their line feeds; a last line without one counts. */
static bool
split(struct assay_slice s, struct lines *out)
{
    size_t count = 1;

    for (size_t i = 0; i < s.len; i++) {
        count += s.ptr[i] == '\n';
    }
    out->count = 0;
    out->line = calloc(count, sizeof(*out->line));
    while (out->line != NULL && s.len > 0) {
        const uint8_t *lf = memchr(s.ptr, '\n', s.len);
        size_t n = lf != NULL ? (size_t)(lf - s.ptr) : s.len;

        out->line[out->count++] = (struct assay_slice){s.ptr, n};
        n += lf != NULL;
        s.ptr += n;
        s.len -= n;
    }
    return out->line != NULL;
}

struct diff {
    struct lines old;
    struct lines new;
    size_t head;    /* lines that both begin with */
    size_t old_end; /* behind the last old line that is aligned */
    size_t new_end;
    uint16_t *common; /* [i][j]: of old from i on and new from j on */
    struct assay_buf *out;
    size_t skipped; /* equal lines that wait: they may be left out */
};

static uint16_t *
cell(const struct diff *d, size_t i, size_t j)
{
    size_t width = d->new_end - d->head + 1;

    return &d->common[(i - d->head) * width + (j - d->head)];
}

static void
put(struct diff *d, char kind, struct assay_slice line)
{
    assay_buf_add_u8(d->out, (uint8_t)kind);
    assay_buf_add(d->out, line);
    assay_buf_add_u8(d->out, '\n');
}

/* Equal lines before `at` (in the old text): some behind the last difference,
 * some before the next one. `last`: no other comes. */
static void
put_equal(struct diff *d, size_t at, bool first, bool last)
{
    size_t n = d->skipped;
    size_t behind = first ? 0 : DIFF_CONTEXT;
    size_t before = last ? 0 : DIFF_CONTEXT;

    for (size_t i = 0; i < n; i++) {
        if (i < behind || i + before >= n) {
            put(d, ' ', d->old.line[at - n + i]);
        } else if (i == behind) {
            assay_buf_add_text(d->out, "...\n");
        }
    }
    d->skipped = 0;
}

static void
fill(struct diff *d)
{
    for (size_t i = d->old_end; i-- > d->head;) {
        for (size_t j = d->new_end; j-- > d->head;) {
            uint16_t down = *cell(d, i + 1, j);
            uint16_t right = *cell(d, i, j + 1);

            if (assay_slice_equal(d->old.line[i], d->new.line[j])) {
                *cell(d, i, j) = (uint16_t)(*cell(d, i + 1, j + 1) + 1);
            } else {
                *cell(d, i, j) = down >= right ? down : right;
            }
        }
    }
}

/* Along the table; without one, the old lines and then the new ones. */
static void
walk(struct diff *d)
{
    size_t i = d->head;
    size_t j = d->head;
    bool first = true;

    d->skipped = d->head;
    while (i < d->old_end || j < d->new_end) {
        bool equal = d->common != NULL && i < d->old_end && j < d->new_end &&
                     assay_slice_equal(d->old.line[i], d->new.line[j]);

        if (equal) {
            d->skipped++;
            i++;
            j++;
            continue;
        }
        put_equal(d, i, first, false);
        first = false;
        if (i < d->old_end && (j == d->new_end || d->common == NULL ||
                               *cell(d, i + 1, j) >= *cell(d, i, j + 1))) {
            put(d, '-', d->old.line[i++]);
        } else {
            put(d, '+', d->new.line[j++]);
        }
    }
    d->skipped += d->old.count - d->old_end;
    if (!first) {
        put_equal(d, d->old.count, false, true);
    }
}

static void
trim(struct diff *d)
{
    d->old_end = d->old.count;
    d->new_end = d->new.count;
    while (d->head < d->old_end && d->head < d->new_end &&
           assay_slice_equal(d->old.line[d->head], d->new.line[d->head])) {
        d->head++;
    }
    while (d->old_end > d->head && d->new_end > d->head &&
           assay_slice_equal(d->old.line[d->old_end - 1],
                             d->new.line[d->new_end - 1])) {
        d->old_end--;
        d->new_end--;
    }
}

enum assay_code
diff_lines(struct assay_slice old, struct assay_slice new,
           struct assay_buf *out, struct assay_error *err)
{
    struct diff d = {.out = out};
    bool memory;

    assay_error_clear(err);
    memory = split(old, &d.old) && split(new, &d.new);
    if (memory) {
        trim(&d);
        if (d.old_end - d.head <= DIFF_ALIGN_MAX &&
            d.new_end - d.head <= DIFF_ALIGN_MAX) {
            d.common =
                calloc((d.old_end - d.head + 1) * (d.new_end - d.head + 1),
                       sizeof(*d.common));
            memory = d.common != NULL;
        }
    }
    if (memory) {
        if (d.common != NULL) {
            fill(&d);
        }
        walk(&d);
        (void)!assay_buf_check(out, "difference", err);
    } else {
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "out of memory");
    }
    free(d.common);
    free(d.old.line);
    free(d.new.line);
    return err->code;
}
