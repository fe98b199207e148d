/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * rows.c - see rows.h.
 */
#include "bench/rows.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/measure.h"

void
bench_row_add(struct bench_rows *rows, struct bench_row row)
{
    if (rows->count == BENCH_ROWS_MAX) {
        bench_die("more than %d rows", BENCH_ROWS_MAX);
    }
    rows->row[rows->count++] = row;
}

double
bench_row_value(const struct bench_rows *rows, const char *name)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (strcmp(rows->row[i].name, name) == 0) {
            return rows->row[i].value;
        }
    }
    bench_die("no row %s", name);
}

/* Names and units are ours and need no escaping. */
static void
write_row(FILE *f, const struct bench_row *r)
{
    (void)fprintf(f, "{\"name\":\"%s\",\"value\":%.4f,\"unit\":\"%s\"", r->name,
                  r->value, r->unit);
    if (r->baseline != NULL) {
        (void)fprintf(f, ",\"baseline\":\"%s\",\"ratio\":%.4f", r->baseline,
                      r->ratio);
    } else {
        (void)fputs(",\"baseline\":null,\"ratio\":null", f);
    }
    if (r->higher_is_better) {
        (void)fputs(",\"higher_is_better\":true", f);
    }
    if (r->floor_us > 0) {
        (void)fprintf(f, ",\"floor_us\":%.4f", r->floor_us);
    }
    if (r->aim > 0) {
        (void)fprintf(f, ",\"aim\":%.4f", r->aim);
    }
    (void)fputc('}', f);
}

void
bench_rows_write(const struct bench_rows *rows, const char *path)
{
    FILE *f = fopen(path, "w");
    bool good = f != NULL;

    if (good) {
        (void)fputs("{\"rows\":[\n", f);
        for (size_t i = 0; i < rows->count; i++) {
            write_row(f, &rows->row[i]);
            (void)fputs(i + 1 < rows->count ? ",\n" : "\n", f);
        }
        (void)fputs("]}\n", f);
        good = ferror(f) == 0;
        good = fclose(f) == 0 && good;
    }
    if (!good) {
        bench_die("%s: %s", path, strerror(errno));
    }
}
