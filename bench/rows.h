/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * rows.h - the results of a benchmark as JSON: {"rows":[{"name","value",
 * "unit","baseline","ratio"}]}, printed by scripts/bench_table.py.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define BENCH_ROWS_MAX 64

struct bench_row {
    const char *name; /* static storage */
    double value;
    const char *unit;     /* "us", "bytes", ... */
    const char *baseline; /* NULL: none */
    double ratio;         /* value to that of the baseline */
    bool higher_is_better;
    /* More members, left out where 0. */
    double floor_us; /* value of the floor that ratio goes with */
    double aim;      /* ratio, or value where there is no baseline */
};

struct bench_rows {
    size_t count;
    struct bench_row row[BENCH_ROWS_MAX];
};

void bench_row_add(struct bench_rows *rows, struct bench_row row);
/* Value of a row; dies if there is none such. */
double bench_row_value(const struct bench_rows *rows, const char *name);
/* Dies if the file cannot be written. */
void bench_rows_write(const struct bench_rows *rows, const char *path);
