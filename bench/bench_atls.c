/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * bench_atls.c - what an attested connect costs, beside what it is made of,
 * all in one run.
 *
 * usage: bench_atls JSON
 *        bench_atls --loop ROW SECONDS   one row only, for a profiler
 *
 * plain: TLS 1.3 alone, by the same code with the same settings and the same
 * certificate. exchange: that, and one HTTP exchange of as many bytes as
 * evidence takes. sign: what the simulator does for one quote, signature and
 * texts. hot: verifier and collateral are warm; cold: the verifier is new, and
 * the collateral is parsed.
 *
 * floor: exchange + 2 * verify.hot + sign. The second verification is what
 * reading the evidence and two ends' bookkeeping may take.
 *
 * These times are processor time of both ends together, which are joined in
 * memory. loopback.* is the clock's, over sockets: each client is a thread, and
 * so is each server.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/joined.h"
#include "bench/loopback.h"
#include "bench/measure.h"
#include "bench/rows.h"
#include "bench/scaling.h"

#define SECONDS          2.0 /* for each row */
#define LOOPBACK_SECONDS 3.0 /* for each kind of connect */
#define LEAST_BATCH      20u
#define AIM              1.0

enum { PLAIN, EXCHANGE, VERIFY, VERIFY_QUOTE, PARSE_LOG, SIGN, HOT, COLD };
#define HOT_COUNT    7 /* with HOT */
#define RUNNER_COUNT 8

static const struct {
    const char *name;
    double (*run)(void *site, size_t count);
} runner_rows[RUNNER_COUNT] = {
    [PLAIN] = {"plain", bench_plain_run},
    [EXCHANGE] = {"exchange", bench_exchange_run},
    [VERIFY] = {"verify.hot", bench_verify_log_run},
    [VERIFY_QUOTE] = {"verify.hot.no_log", bench_verify_quote_run},
    [PARSE_LOG] = {"parse.log", bench_parse_log_run},
    [SIGN] = {"sign", bench_sign_run},
    [HOT] = {"attested.hot", bench_attested_run},
    [COLD] = {"attested.cold", bench_attested_cold_run},
};

static void
add(struct bench_rows *rows, const char *name, double value, const char *unit)
{
    bench_row_add(
        rows, (struct bench_row){.name = name, .value = value, .unit = unit});
}

static void
add_beside(struct bench_rows *rows, const char *name, double value,
           const char *unit, const char *baseline)
{
    bench_row_add(rows, (struct bench_row){
                            .name = name,
                            .value = value,
                            .unit = unit,
                            .baseline = baseline,
                            .ratio = value / bench_row_value(rows, baseline),
                            .higher_is_better = strcmp(unit, "connects/s") == 0,
                        });
}

/* --- joined in memory --------------------------------------------------- */

static void
parts(struct bench_rows *rows, struct bench_site *site)
{
    struct bench_runner r[HOT_COUNT];
    double floor_us;

    for (size_t i = 0; i < HOT_COUNT; i++) {
        r[i] = (struct bench_runner){
            .run = runner_rows[i].run, .state = site, .least = LEAST_BATCH};
    }
    bench_contest(r, HOT_COUNT, SECONDS);
    for (size_t i = 0; i < HOT; i++) {
        add(rows, runner_rows[i].name, r[i].us, "us");
    }
    floor_us = r[EXCHANGE].us + 2 * r[VERIFY].us + r[SIGN].us;
    add(rows, "floor", floor_us, "us");
    bench_row_add(rows, (struct bench_row){
                            .name = runner_rows[HOT].name,
                            .value = r[HOT].us,
                            .unit = "us",
                            .baseline = "floor",
                            .ratio = r[HOT].us / floor_us,
                            .floor_us = floor_us,
                            .aim = AIM,
                        });
    add(rows, "exchange.request", (double)site->request.len, "bytes");
    add(rows, "exchange.reply", (double)site->reply.len, "bytes");
}

/* Apart from the others, which find the processor's caches warm. */
static void
cold(struct bench_rows *rows, struct bench_site *site)
{
    struct bench_runner r[2] = {
        {.run = runner_rows[HOT].run, .state = site, .least = LEAST_BATCH},
        {.run = runner_rows[COLD].run, .state = site, .least = LEAST_BATCH},
    };

    bench_contest(r, 2, SECONDS);
    bench_row_add(rows, (struct bench_row){
                            .name = runner_rows[COLD].name,
                            .value = r[1].us,
                            .unit = "us",
                            .baseline = runner_rows[HOT].name,
                            .ratio = r[1].us / r[0].us,
                        });
}

static void
threads(struct bench_rows *rows, struct bench_site *site,
        struct bench_site *other)
{
    static const char *const names[2][2] = {
        {"threads.1.plain", "threads.2.plain"},
        {"threads.1.attested", "threads.2.attested"},
    };

    for (size_t i = 0; i < 2; i++) {
        double (*run)(void *, size_t) =
            i == 0 ? bench_plain_run : bench_attested_run;
        double one;
        double two;

        bench_scaling((const struct bench_worker[2]){{run, site}, {run, other}},
                      SECONDS, &one, &two);
        add(rows, names[i][0], one, "connects/s");
        rows->row[rows->count - 1].higher_is_better = true;
        add_beside(rows, names[i][1], two, "connects/s", names[i][0]);
    }
}

static void
memory(struct bench_rows *rows, const struct bench_site *site)
{
    struct bench_joined_memory plain = bench_plain_memory(site);
    struct bench_joined_memory attested = bench_attested_memory(site);

    add(rows, "memory.plain.client", plain.client, "bytes");
    add(rows, "memory.plain.server", plain.server, "bytes");
    add_beside(rows, "memory.attested.client", attested.client, "bytes",
               "memory.plain.client");
    add_beside(rows, "memory.attested.server", attested.server, "bytes",
               "memory.plain.server");
}

/* --- over sockets ------------------------------------------------------- */

static void
loopback(struct bench_rows *rows, const struct bench_site *site,
         const struct bench_site *other)
{
    static const char *const plain_names[] = {"loopback.1.plain",
                                              "loopback.2.plain"};
    static const char *const names[] = {"loopback.1.attested",
                                        "loopback.2.attested"};
    const struct bench_site *const sites[] = {site, other};
    struct bench_connects plain[2];
    struct bench_connects attested[2];

    for (size_t i = 0; i < 2; i++) {
        bench_loopback(sites, i + 1, LOOPBACK_SECONDS, &plain[i], &attested[i]);
        add(rows, plain_names[i], plain[i].per_second, "connects/s");
        rows->row[rows->count - 1].higher_is_better = true;
        add_beside(rows, names[i], attested[i].per_second, "connects/s",
                   plain_names[i]);
    }
    add(rows, "loopback.plain.p50", plain[0].p50_us, "us");
    add(rows, "loopback.plain.p99", plain[0].p99_us, "us");
    add_beside(rows, "loopback.attested.p50", attested[0].p50_us, "us",
               "loopback.plain.p50");
    add_beside(rows, "loopback.attested.p99", attested[0].p99_us, "us",
               "loopback.plain.p99");
    add(rows, "loopback.added.p50", attested[0].p50_us - plain[0].p50_us, "us");
    add(rows, "loopback.added.p99", attested[0].p99_us - plain[0].p99_us, "us");
}

/* --- the program -------------------------------------------------------- */

static void
run(const char *json)
{
    static struct bench_rows rows;
    struct bench_site site;
    struct bench_site other;

    bench_site_make(&site);
    bench_site_borrow(&other, &site);
    parts(&rows, &site);
    cold(&rows, &site);
    threads(&rows, &site, &other);
    memory(&rows, &site);
    loopback(&rows, &site, &other);
    bench_rows_write(&rows, json);
    bench_site_free(&other);
    bench_site_free(&site);
}

/* One row for so long, and nothing else. */
static void
loop(const char *name, double seconds)
{
    double (*work)(void *, size_t) = NULL;
    struct bench_site site;
    double best = 0;
    double end;

    for (size_t i = 0; i < RUNNER_COUNT; i++) {
        work =
            strcmp(name, runner_rows[i].name) == 0 ? runner_rows[i].run : work;
    }
    if (work == NULL) {
        bench_die("%s: no such row", name);
    }
    bench_site_make(&site);
    end = bench_now_ns() + seconds * 1e9;
    do {
        double each = work(&site, LEAST_BATCH) / LEAST_BATCH;

        best = best == 0 || each < best ? each : best;
    } while (bench_now_ns() < end);
    (void)printf("%s: %.1f us at best\n", name, best / 1e3);
    bench_site_free(&site);
}

int
main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--loop") == 0) {
        loop(argv[2], strtod(argv[3], NULL));
    } else if (argc == 2) {
        run(argv[1]);
    } else {
        (void)fputs("usage: bench_atls JSON\n", stderr);
        return 64;
    }
    return 0;
}
