/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * bench_verify.c - what a verification costs, beside its floor (floor.h) and
 * beside a peer, all in one run.
 *
 * usage: bench_verify JSON [PEER]
 *        bench_verify --loop STATE SECONDS [FOLDER]   one state only, for a
 *            profiler; of the made-up quote, or (states cold, bundle and hot)
 *            of that in a folder
 *
 * The quote is a made-up TDX 1.0 one of version 4 with collateral as large as
 * Intel's (platforms.h), so that the numbers do not hang on files that a clone
 * may lack. Where the optional folder of extra vectors is there
 * (ASSAY_SHARED), rows real.* repeat the two ends with a real quote.
 *
 * Times are processor time, save for threads.* and process.*.
 *
 * cold: collateral and quote as bytes, nothing known, a new verifier; bundle:
 * the same, with the collateral in one file. In the others the collateral is
 * parsed and its facts are remembered; the quote is bytes. new_platform: a
 * platform that is not remembered. warm: its PCK chain is, the QE report and
 * the attestation key are not. hot: all but the quote's own signature is.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "bench/child.h"
#include "bench/measure.h"
#include "bench/memory.h"
#include "bench/rows.h"
#include "bench/scaling.h"
#include "bench/subject.h"
#include "pki/chain.h"

#define SECONDS 2.0 /* for each row */

/* A verifier that remembers fewer platforms than are shown to it in turn has
 * always forgotten the next one. */
#define FEW_PLATFORMS  64u
#define MANY_PLATFORMS ASSAY_DEFAULT_PLATFORMS
#define MANY_KEYS      256u
#define PROCESS_RUNS   "101"
#define LOOP_BATCH     20u

static const char *const state_names[BENCH_STATE_COUNT] = {
    [BENCH_HOT] = "hot",
    [BENCH_WARM] = "warm",
    [BENCH_NEW_PLATFORM] = "new_platform",
    [BENCH_COLD] = "cold",
};
static const char *const floor_names[BENCH_STATE_COUNT] = {
    [BENCH_HOT] = "floor.hot",
    [BENCH_WARM] = "floor.warm",
    [BENCH_NEW_PLATFORM] = "floor.new_platform",
    [BENCH_COLD] = "floor.cold",
};
static const double aims[BENCH_STATE_COUNT] = {
    [BENCH_HOT] = 1.2,
    [BENCH_WARM] = 1.25,
    [BENCH_COLD] = 1.35,
};

struct plan {
    struct bench_rows rows;
    struct bench_subject subject;
    struct bench_quotes platforms;
    struct bench_quotes keys;
    char folder[2048];
    char self[2048];
    char *peer; /* NULL: none */
};

static void
add(struct plan *p, const char *name, double value, const char *unit)
{
    bench_row_add(&p->rows, (struct bench_row){
                                .name = name, .value = value, .unit = unit});
}

static void
add_state(struct plan *p, const char *name, const char *floor_name,
          const struct bench_runner r[2], double aim)
{
    bench_row_add(&p->rows, (struct bench_row){
                                .name = name,
                                .value = r[0].us,
                                .unit = "us",
                                .baseline = "floor",
                                .ratio = r[0].us / r[1].us,
                                .floor_us = r[1].us,
                                .aim = aim,
                            });
    add(p, floor_name, r[1].us, "us");
}

/* Starts the peer on the files of a folder; false if there is no peer. */
static bool
peer_start(const struct plan *p, struct bench_child *child, int64_t now_s,
           const char *folder, char *root)
{
    char quote[2048 + 32];
    char bundle[2048 + 32];
    char now[32];
    char line[64];
    char *argv[] = {p->peer, quote, bundle, root, now, NULL};

    if (p->peer == NULL) {
        return false;
    }
    (void)snprintf(quote, sizeof(quote), "%s/quote.bin", folder);
    (void)snprintf(bundle, sizeof(bundle), "%s/collateral.json", folder);
    (void)snprintf(now, sizeof(now), "%lld", (long long)now_s);
    bench_child_start(child, argv);
    bench_child_line(child, line, sizeof(line));
    if (strcmp(line, "ready UpToDate") != 0) {
        bench_die("the peer says: %s", line);
    }
    return true;
}

static double
peer_run(void *child, size_t count)
{
    struct bench_child *c = child;
    double start = bench_child_cpu_ns(c);
    char line[64];

    (void)fprintf(c->to, "%zu\n", count);
    (void)fflush(c->to);
    bench_child_line(c, line, sizeof(line));
    return bench_child_cpu_ns(c) - start;
}

/* Cold, its floor and the peer take turns. */
static void
cold(struct plan *p, const char *const names[3], struct bench_subject *s,
     const char *folder, char *root)
{
    struct bench_floor_run floor = {s->floor, BENCH_COLD};
    struct bench_child child;
    struct bench_runner runners[3] = {
        {.run = bench_cold_run, .state = s},
        {.run = bench_floor_run, .state = &floor},
        {.run = peer_run, .state = &child},
    };
    bool peer = peer_start(p, &child, s->now_s, folder, root);

    bench_contest(runners, peer ? 3 : 2, SECONDS);
    add_state(p, names[0], names[1], runners, aims[BENCH_COLD]);
    if (peer) {
        bench_child_stop(&child);
        bench_row_add(&p->rows, (struct bench_row){
                                    .name = names[2],
                                    .value = runners[2].us,
                                    .unit = "us",
                                    .baseline = names[0],
                                    .ratio = runners[2].us / runners[0].us,
                                });
    }
}

/* The same from a file of 'assay collateral fetch'. */
static void
cold_bundle(struct plan *p)
{
    struct bench_runner runners[2] = {
        {.run = bench_cold_bundle_run, .state = &p->subject},
        {.run = bench_cold_run, .state = &p->subject},
    };

    bench_contest(runners, 2, SECONDS / 2);
    bench_row_add(&p->rows, (struct bench_row){
                                .name = "cold.bundle",
                                .value = runners[0].us,
                                .unit = "us",
                                .baseline = "cold",
                                .ratio = runners[0].us / runners[1].us,
                            });
}

static void
known(struct plan *p, const char *name, const char *floor_name,
      const struct bench_subject *s, enum bench_state state,
      const struct bench_quotes *quotes)
{
    struct bench_floor_run floor = {s->floor, state};
    struct bench_known_run ours = {.subject = s, .quotes = quotes};
    struct bench_runner runners[2] = {
        {.run = bench_known_run, .state = &ours},
        {.run = bench_floor_run, .state = &floor},
    };

    ours.verifier = bench_verifier_new(
        s, quotes != NULL ? FEW_PLATFORMS : ASSAY_DEFAULT_PLATFORMS);
    bench_contest(runners, 2, SECONDS);
    add_state(p, name, floor_name, runners, aims[state]);
    assay_verifier_free(ours.verifier);
}

static void
known_state(struct plan *p, enum bench_state state,
            const struct bench_quotes *quotes)
{
    known(p, state_names[state], floor_names[state], &p->subject, state,
          quotes);
}

static double
parse_quote(void *subject, size_t count)
{
    const struct bench_subject *s = subject;
    double start = bench_cpu_ns();
    struct assay_error err;

    for (size_t n = 0; n < count; n++) {
        struct assay_quote *q = NULL;

        bench_must(assay_quote_parse(assay_buf_slice(&s->quote), &q, &err),
                   "quote", &err);
        assay_quote_free(q);
    }
    return bench_cpu_ns() - start;
}

static double
parse_chain(void *subject, size_t count)
{
    const struct bench_subject *s = subject;
    double start = bench_cpu_ns();
    struct assay_error err;

    for (size_t n = 0; n < count; n++) {
        struct assay_chain chain;

        assay_error_clear(&err);
        bench_must(assay_chain_parse(assay_quote_view(s->parsed)->cert_data, 3,
                                     "PCK chain", &chain, &err),
                   "chain", &err);
        assay_chain_free(&chain);
    }
    return bench_cpu_ns() - start;
}

static double
parse_bundle(void *subject, size_t count)
{
    const struct bench_subject *s = subject;
    double start = bench_cpu_ns();
    struct assay_error err;

    for (size_t n = 0; n < count; n++) {
        struct assay_collateral *c = NULL;

        bench_must(assay_collateral_parse(s->ctx, assay_buf_slice(&s->bundle),
                                          &c, &err),
                   "bundle", &err);
        assay_collateral_free(c);
    }
    return bench_cpu_ns() - start;
}

static double
parse_json(void *subject, size_t count)
{
    static const struct assay_json_limits limits = {1u << 20, 16, 1u << 18};
    const struct bench_subject *s = subject;
    const struct assay_signed_json *j = &s->collateral->tcb_info.json;
    double start = bench_cpu_ns();
    struct assay_error err;

    for (size_t n = 0; n < count; n++) {
        struct assay_json *doc = NULL;

        assay_error_clear(&err);
        bench_must(assay_json_parse(assay_json_span(j->doc, ASSAY_JSON_ROOT),
                                    &limits, "tcb_info", &doc, &err),
                   "TCB info", &err);
        assay_json_free(doc);
    }
    return bench_cpu_ns() - start;
}

static void
parsers(struct plan *p)
{
    struct bench_runner r[] = {
        {.run = parse_quote, .state = &p->subject},
        {.run = parse_chain, .state = &p->subject},
        {.run = parse_bundle, .state = &p->subject},
        {.run = parse_json, .state = &p->subject},
    };
    static const char *const names[] = {"parse.quote", "parse.pck_chain",
                                        "parse.bundle", "json.tcb_info"};

    bench_contest(r, 4, SECONDS / 4);
    for (size_t i = 0; i < 4; i++) {
        add(p, names[i], r[i].us, "us");
    }
}

static void
add_threads(struct plan *p, const char *const names[2],
            const struct bench_worker workers[2])
{
    double one;
    double two;

    bench_scaling(workers, SECONDS, &one, &two);
    add(p, names[0], one, "verifications/s");
    p->rows.row[p->rows.count - 1].higher_is_better = true;
    bench_row_add(&p->rows, (struct bench_row){
                                .name = names[1],
                                .value = two,
                                .unit = "verifications/s",
                                .baseline = names[0],
                                .ratio = two / one,
                                .higher_is_better = true,
                            });
}

/* Hot: both threads ask the same verifier. */
static void
threads(struct plan *p)
{
    static const char *const hot[] = {"threads.1.hot", "threads.2.hot"};
    static const char *const colds[] = {"threads.1.cold", "threads.2.cold"};
    struct assay_verifier *v =
        bench_verifier_new(&p->subject, ASSAY_DEFAULT_PLATFORMS);
    struct bench_known_run runs[2] = {
        {.subject = &p->subject, .verifier = v},
        {.subject = &p->subject, .verifier = v},
    };

    add_threads(p, hot,
                (const struct bench_worker[2]){{bench_known_run, &runs[0]},
                                               {bench_known_run, &runs[1]}});
    add_threads(p, colds,
                (const struct bench_worker[2]){{bench_cold_run, &p->subject},
                                               {bench_cold_run, &p->subject}});
    assay_verifier_free(v);
}

/* Two numbers that this program prints when it is called so. */
static void
ask_self(char *const argv[], double *a, double *b)
{
    struct bench_child child;
    char line[128];
    char *end;

    bench_child_start(&child, argv);
    bench_child_line(&child, line, sizeof(line));
    bench_child_stop(&child);
    *a = strtod(line, &end);
    *b = strtod(end, NULL);
}

static void
memory(struct plan *p)
{
    char mode[] = "--memory";
    char *argv[] = {p->self, mode, p->folder, NULL};
    double peak;
    double each;

    ask_self(argv, &peak, &each);
    add(p, "memory.peak_1024", peak, "bytes");
    bench_row_add(&p->rows, (struct bench_row){.name = "memory.per_platform",
                                               .value = each,
                                               .unit = "bytes",
                                               .aim = 4096});
}

/* The program as a user starts it, and how much more than the arithmetic. */
static void
process(struct plan *p)
{
    const char *bin = getenv("ASSAY_BIN");
    char assay[2048 + 32];
    char quote[2048 + 32];
    char bundle[2048 + 32];
    char root[2048 + 32];
    char mode[] = "--spawn";
    char runs[] = PROCESS_RUNS;
    char verify[] = "verify";
    char collateral_option[] = "--collateral";
    char root_option[] = "--root";
    char at_option[] = "--at";
    char at[32];
    char *argv[] = {
        p->self, mode,        runs, assay,     verify, collateral_option,
        bundle,  root_option, root, at_option, at,     quote,
        NULL};
    double wall_us;
    double peak;

    (void)snprintf(assay, sizeof(assay), "%s/assay",
                   bin != NULL ? bin : "build/bin");
    if (access(assay, X_OK) != 0) {
        (void)fprintf(stderr, "SKIPPED process: no %s\n", assay);
        return;
    }
    (void)snprintf(quote, sizeof(quote), "%s/quote.bin", p->folder);
    (void)snprintf(bundle, sizeof(bundle), "%s/collateral.json", p->folder);
    (void)snprintf(root, sizeof(root), "%s/root.pem", p->folder);
    (void)snprintf(at, sizeof(at), "%lld", (long long)p->subject.now_s);
    ask_self(argv, &wall_us, &peak);
    add(p, "process.verify", wall_us, "us");
    bench_row_add(&p->rows, (struct bench_row){
                                .name = "process.beyond_arithmetic",
                                .value = wall_us - bench_row_value(
                                                       &p->rows, "floor.cold"),
                                .unit = "us",
                                .aim = 15000});
    bench_row_add(&p->rows, (struct bench_row){.name = "process.peak",
                                               .value = peak,
                                               .unit = "bytes",
                                               .aim = 16e6});
}

/* The real quote that the peer's authors publish with their crate. */
static void
real(struct plan *p)
{
    static const char *const cold_names[] = {"real.cold", "real.floor.cold",
                                             "real.dcap-qvl.cold"};
    const char *shared = getenv("ASSAY_SHARED");
    char folder[1024];
    char root[2048 + 32];
    struct bench_subject s;

    (void)snprintf(folder, sizeof(folder), "%s/vectors/tdx4-phala",
                   shared != NULL ? shared : "../shared");
    if (!bench_subject_read(&s, folder)) {
        (void)fputs("SKIPPED real.*: no extra vectors\n", stderr);
        return;
    }
    (void)snprintf(root, sizeof(root), "%s/intel-root.der", p->folder);
    bench_memory_file(root, assay_buf_slice(&s.root));
    cold(p, cold_names, &s, folder, root);
    known(p, "real.hot", "real.floor.hot", &s, BENCH_HOT, NULL);
    bench_subject_free(&s);
}

static void
prepare(struct plan *p, const char *json)
{
    struct mint_world *w = bench_world_new();
    const char *slash = strrchr(json, '/');
    ssize_t len = readlink("/proc/self/exe", p->self, sizeof(p->self) - 1);
    char path[2048 + 32];

    if (len < 0) {
        bench_die("/proc/self/exe: %s", strerror(errno));
    }
    p->self[len] = '\0';
    (void)snprintf(p->folder, sizeof(p->folder), "%.*sverify.data",
                   slash == NULL ? 0 : (int)(slash - json + 1), json);
    if (mkdir(p->folder, 0777) != 0 && errno != EEXIST) {
        bench_die("%s: %s", p->folder, strerror(errno));
    }
    bench_subject_mint(&p->subject, w);
    bench_quotes_of_platforms(w, MANY_PLATFORMS, &p->platforms);
    bench_quotes_of_keys(w, MANY_KEYS, &p->keys);
    bench_memory_write(&p->subject, &p->platforms, p->folder);
    (void)snprintf(path, sizeof(path), "%s/root.pem", p->folder);
    bench_memory_file(path, mint_world_root_pem(w));
    mint_world_free(w);
}

static void
run(const char *json, char *peer)
{
    static const char *const cold_names[] = {"cold", "floor.cold",
                                             "dcap-qvl.cold"};
    static struct plan p;
    char root[2048 + 32];

    p.peer = peer;
    prepare(&p, json);
    (void)snprintf(root, sizeof(root), "%s/root.der", p.folder);
    cold(&p, cold_names, &p.subject, p.folder, root);
    cold_bundle(&p);
    known_state(&p, BENCH_NEW_PLATFORM, &p.platforms);
    known_state(&p, BENCH_WARM, &p.keys);
    known_state(&p, BENCH_HOT, NULL);
    real(&p);
    parsers(&p);
    threads(&p);
    memory(&p);
    process(&p);
    bench_rows_write(&p.rows, json);
    bench_quotes_free(&p.platforms);
    bench_quotes_free(&p.keys);
    bench_subject_free(&p.subject);
}

/* How to verify in the state of this name; quotes: made for it, of w. */
static struct bench_runner
runner_of(const char *name, struct bench_known_run *known_state,
          struct mint_world *w, struct bench_quotes *quotes)
{
    /* The runner only reads it. */
    struct bench_subject *s = (struct bench_subject *)known_state->subject;

    if (strcmp(name, "cold") == 0) {
        return (struct bench_runner){.run = bench_cold_run, .state = s};
    }
    if (strcmp(name, "bundle") == 0) {
        return (struct bench_runner){.run = bench_cold_bundle_run, .state = s};
    }
    if (strcmp(name, "new_platform") == 0 && w != NULL) {
        bench_quotes_of_platforms(w, MANY_KEYS, quotes);
    } else if (strcmp(name, "warm") == 0 && w != NULL) {
        bench_quotes_of_keys(w, MANY_KEYS, quotes);
    } else if (strcmp(name, "hot") != 0) {
        bench_die("%s: not cold, bundle or hot%s", name,
                  w != NULL ? ", new_platform or warm" : "");
    }
    known_state->quotes = quotes->count > 0 ? quotes : NULL;
    return (struct bench_runner){.run = bench_known_run, .state = known_state};
}

/* Verifies in one state for so long, and nothing else. */
static void
loop(const char *name, double seconds, const char *folder)
{
    struct mint_world *w = folder == NULL ? bench_world_new() : NULL;
    struct bench_subject s;
    struct bench_quotes quotes = {.count = 0};
    struct bench_known_run known_state = {.subject = &s};
    struct bench_runner r;
    double best = 0;
    double end;

    if (w != NULL) {
        bench_subject_mint(&s, w);
    } else if (!bench_subject_read(&s, folder)) {
        bench_die("%s: no quote, collateral and time in there", folder);
    }
    r = runner_of(name, &known_state, w, &quotes);
    known_state.verifier = bench_verifier_new(&s, FEW_PLATFORMS);
    end = bench_now_ns() + seconds * 1e9;
    while (bench_now_ns() < end) {
        double each = r.run(r.state, LOOP_BATCH) / LOOP_BATCH;

        best = best == 0 || each < best ? each : best;
    }
    (void)printf("%s: %.1f us at best\n", name, best / 1e3);
    assay_verifier_free(known_state.verifier);
    bench_quotes_free(&quotes);
    bench_subject_free(&s);
    mint_world_free(w);
}

int
main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--memory") == 0) {
        bench_memory_run(argv[2]);
    } else if (argc > 3 && strcmp(argv[1], "--spawn") == 0) {
        struct bench_process result;

        bench_process_measure(argv + 3, strtoul(argv[2], NULL, 10), &result);
        (void)printf("%.1f %.0f\n", result.wall_us, result.peak_bytes);
    } else if ((argc == 4 || argc == 5) && strcmp(argv[1], "--loop") == 0) {
        loop(argv[2], strtod(argv[3], NULL), argv[4]);
    } else if (argc == 2 || argc == 3) {
        run(argv[1], argc == 3 ? argv[2] : NULL);
    } else {
        (void)fputs("usage: bench_verify JSON [PEER]\n", stderr);
        return 64;
    }
    return 0;
}
