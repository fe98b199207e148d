/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_evidence_store.c - what was judged is on disk as a bundle that
 * says the same again; the folder stays within its limits, and a disk that does
 * not take it is counted and stops nothing.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "assay/evidence.h"
#include "harness/folder.h"
#include "harness/judged.h"
#include "io/evidence_file.h"
#include "io/file.h"
#include "programs/proxy/evidence_prune.h"
#include "programs/proxy/evidence_queue.h"
#include "programs/proxy/evidence_store.h"

#define ZEROS "00000000"

static const struct log quiet = {.json = false};
static struct provider provider;
static struct assay_policy *strict; /* that nothing meets */
static char store_folder[64];       /* inside of the test's */

/* --- tools -------------------------------------------------------------- */

static struct evidence_store *
store_new(unsigned max_files)
{
    const struct evidence_store_options o = {
        .folder = store_folder,
        .max_files = max_files,
        .max_bytes = EVIDENCE_BYTES_DEFAULT,
        .ctx = platform.ctx,
        .log = &quiet,
    };
    struct evidence_store *s = NULL;
    struct assay_error err;

    if (evidence_store_new(&o, &s, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    return s;
}

static void
save(struct judged *j, struct assay_attested *a, const struct proof *proof,
     const struct assay_error *why, bool peer)
{
    (void)proof;
    (void)peer;
    evidence_store_save(j->user, &provider, a, why);
}

/* Verdicts of one session: of so many attestations. */
static void
judge(struct evidence_store *s, const struct assay_policy *by, unsigned times)
{
    struct judged j = {.judged = save, .user = s, .again = times - 1};

    judged_run(&j, by, ANSWERS);
}

static struct evidence_counts
counts_of(struct evidence_store *s)
{
    struct evidence_counts c;

    evidence_store_counts(s, &c);
    return c;
}

/* Until so many came to an end, one way or another. */
static void
await(struct evidence_store *s, uint64_t count)
{
    struct evidence_counts c = counts_of(s);

    while (c.saved + c.failed + c.dropped < count) {
        sched_yield();
        c = counts_of(s);
    }
}

/* The one name in the folder. */
static void
only_name(char out[256])
{
    DIR *d = opendir(store_folder);
    const struct dirent *e;
    unsigned count = 0;

    assert_non_null(d);
    while ((e = readdir(d)) != NULL) {
        if (e->d_name[0] != '.') {
            (void)snprintf(out, 256, "%s", e->d_name);
            count++;
        }
    }
    closedir(d);
    assert_int_equal(count, 1);
}

/* What a verifier of his own policy and root sees in it. */
static bool
is_trusted_again(const char *path, bool *claimed)
{
    const struct assay_evidence_options o = {.root = platform.root,
                                             .policy = policy};
    struct assay_evidence *e = NULL;
    struct assay_verdict *v = NULL;
    struct assay_buf text;
    struct assay_error err;
    bool trusted;

    assert_int_equal(
        assay_file_read(path, ASSAY_EVIDENCE_MAX_BYTES, &text, &err), ASSAY_OK);
    if (assay_evidence_parse(platform.ctx, assay_buf_slice(&text), &e, &err) !=
            ASSAY_OK ||
        assay_evidence_verify(platform.verifier, e, &o, &v, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    trusted = assay_verdict_trusted(v);
    *claimed = assay_evidence_view(e)->trusted;
    assay_verdict_free(v);
    assay_evidence_free(e);
    assay_buf_free(&text);
    return trusted;
}

/* --- one bundle --------------------------------------------------------- */

static void
check_bundle(const struct assay_policy *by, bool trusted)
{
    struct evidence_store *s = store_new(10);
    char name[256];
    char path[512];
    struct stat st;
    bool claimed;

    judge(s, by, 1);
    evidence_store_free(s);
    only_name(name);
    assert_true(assay_evidence_is_name(name));
    (void)snprintf(path, sizeof(path), "%s/%s", store_folder, name);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    /* the verdict that it claims is that of the session's policy */
    assert_true(is_trusted_again(path, &claimed));
    assert_int_equal(claimed, trusted);
}

static void
test_trusted(void **state)
{
    struct stat st;

    (void)state;
    check_bundle(policy, true);
    assert_int_equal(stat(store_folder, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
}

static void
test_refused(void **state)
{
    (void)state;
    check_bundle(strict, false);
}

/* Each attestation of a connection is evidence of its own. */
static void
test_again(void **state)
{
    struct evidence_store *s = store_new(10);

    (void)state;
    judge(s, policy, 3);
    evidence_store_free(s);
    assert_int_equal(folder_count(store_folder), 3);
}

/* A connection that came to no verdict has no evidence. */
static void
test_none(void **state)
{
    struct evidence_store *s = store_new(10);
    struct judged j = {.judged = save, .user = s};
    struct evidence_counts c;

    (void)state;
    judged_run(&j, policy, SAYS_NOTHING);
    j.user = NULL; /* nor has a program without a store */
    judged_run(&j, policy, ANSWERS);
    c = counts_of(s);
    assert_int_equal(c.saved + c.failed + c.dropped + c.pending, 0);
    evidence_store_free(s);
    assert_int_equal(folder_count(store_folder), 0);
}

/* --- limits ------------------------------------------------------------- */

static void
test_max_files(void **state)
{
    struct evidence_store *s = store_new(2);

    (void)state;
    judge(s, policy, 5);
    evidence_store_free(s);
    assert_int_equal(folder_count(store_folder), 2);
}

/* Who is refused again and again does not drive out what was trusted. */
static void
test_refused_stay_few(void **state)
{
    struct evidence_store *s = store_new(4);
    unsigned trusted = 0;
    const struct dirent *e;
    DIR *d;

    (void)state;
    judge(s, policy, 2);
    for (unsigned i = 0; i < 6; i++) {
        judge(s, strict, 1);
    }
    evidence_store_free(s);
    assert_int_equal(folder_count(store_folder), 4);
    d = opendir(store_folder);
    assert_non_null(d);
    while ((e = readdir(d)) != NULL) {
        char path[512];
        bool claimed = false;

        if (e->d_name[0] != '.') {
            (void)snprintf(path, sizeof(path), "%s/%s", store_folder,
                           e->d_name);
            (void)is_trusted_again(path, &claimed);
            trusted += claimed;
        }
    }
    closedir(d);
    assert_int_equal(trusted, 2);
}

static void
put_file(const char *name, size_t size, time_t at)
{
    const struct timespec times[2] = {{.tv_sec = at}, {.tv_sec = at}};
    char path[512];
    int fd;

    (void)snprintf(path, sizeof(path), "%s/%s", store_folder, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

static bool
has(const char *name)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/%s", store_folder, name);
    return access(path, F_OK) == 0;
}

#define BUNDLE(server, n)                                                      \
    server "-2026-01-01T00_00_00Z-" ZEROS "0000000" n ".json"

static void
test_prune(void **state)
{
    static const struct {
        const char *row;
        const char *name;
        size_t size;
        time_t at;
        bool by_count; /* stays, of 3 */
        bool by_size;  /* stays, of 250 bytes */
    } files[] = {
        {"oldest", BUNDLE("a", "1"), 100, 1000, false, false},
        {"old", BUNDLE("b", "2"), 100, 2000, false, false},
        {"same time, earlier name", BUNDLE("c", "3"), 100, 3000, true, false},
        {"same time", BUNDLE("d", "4"), 100, 3000, true, true},
        {"written last, by a clock that was put back", BUNDLE("e", "5"), 100,
         500, true, true},
        {"no bundle", "a.json", 100, 1, true, true},
        {"no hex", "a-2026-01-01T00_00_00Z-0000000000000g01.json", 1, 1, true,
         true},
        {"upper case", "a-2026-01-01T00_00_00Z-0000000000000A01.json", 1, 1,
         true, true},
        {"no server", "-2026-01-01T00_00_00Z-" ZEROS ZEROS ".json", 1, 1, true,
         true},
        {"more behind", BUNDLE("a", "6") "x", 1, 1, true, true},
        {"colons", "a-2026-01-01T00:00:00Z-" ZEROS ZEROS ".json", 1, 1, true,
         true},
    };

    (void)state;
    assert_int_equal(mkdir(store_folder, 0700), 0);
    for (int by_size = 0; by_size < 2; by_size++) {
        for (size_t i = 0; i < COUNT_OF(files); i++) {
            put_file(files[i].name, files[i].size, files[i].at);
        }
        evidence_prune(store_folder, by_size ? 100 : 3, by_size ? 250 : 100000,
                       BUNDLE("e", "5"));
        for (size_t i = 0; i < COUNT_OF(files); i++) {
            CHECK(files[i].row,
                  has(files[i].name) ==
                      (by_size ? files[i].by_size : files[i].by_count));
        }
    }
}

/* A link is no bundle, and neither it nor what it names goes. */
static void
test_prune_links(void **state)
{
    char path[512];

    (void)state;
    assert_int_equal(mkdir(store_folder, 0700), 0);
    put_file("kept", 100, 1);
    (void)snprintf(path, sizeof(path), "%s/%s", store_folder, BUNDLE("a", "1"));
    assert_int_equal(symlink("kept", path), 0);
    put_file(BUNDLE("b", "2"), 1, 2000);
    put_file(BUNDLE("c", "3"), 1, 3000);
    evidence_prune(store_folder, 1, 100000, BUNDLE("c", "3"));
    assert_true(has("kept"));
    assert_true(has(BUNDLE("a", "1")));
    assert_false(has(BUNDLE("b", "2")));
    assert_true(has(BUNDLE("c", "3")));
}

/* The one that was written stays, though it is too large alone. */
static void
test_prune_large(void **state)
{
    (void)state;
    assert_int_equal(mkdir(store_folder, 0700), 0);
    put_file(BUNDLE("a", "1"), 1000, 1000);
    evidence_prune(store_folder, 10, 10, BUNDLE("a", "1"));
    assert_true(has(BUNDLE("a", "1")));
    evidence_prune("/nonexistent", 1, 1, "a");
}

static struct evidence_bundle *
bundle_new(size_t bytes)
{
    struct evidence_bundle *b = calloc(1, sizeof(*b));

    assert_non_null(b);
    assay_buf_init(&b->text, bytes);
    assert_non_null(assay_buf_extend(&b->text, bytes));
    return b;
}

static void
test_queue(void **state)
{
    struct evidence_queue q = {.max_count = 3, .max_bytes = 100};
    struct evidence_bundle *of[3];

    (void)state;
    assert_null(evidence_queue_take(&q));
    assert_true(evidence_queue_has_room(&q, 1000)); /* one is always taken */
    for (size_t i = 0; i < 3; i++) {
        of[i] = bundle_new(30);
        assert_true(evidence_queue_has_room(&q, 30));
        evidence_queue_put(&q, of[i]);
    }
    assert_false(evidence_queue_has_room(&q, 1)); /* too many */
    assert_ptr_equal(evidence_queue_take(&q), of[0]);
    assert_int_equal(q.bytes, 60);
    assert_true(evidence_queue_has_room(&q, 40));
    assert_false(evidence_queue_has_room(&q, 41)); /* too large */
    evidence_bundle_free(of[0]);
    of[0] = bundle_new(1000);
    evidence_queue_put(&q, of[0]);
    assert_false(evidence_queue_has_room(&q, 0));
    for (size_t i = 1; i < 4; i++) {
        struct evidence_bundle *b = evidence_queue_take(&q);

        assert_ptr_equal(b, of[i % 3]);
        evidence_bundle_free(b);
    }
    assert_null(evidence_queue_take(&q));
    assert_int_equal(q.count + q.bytes, 0);
}

/* --- a disk that does not take it --------------------------------------- */

/* What stands in the way is no folder; behind it, the folder is made again. */
static void
test_in_the_way(void **state)
{
    struct evidence_store *s = store_new(10);

    (void)state;
    assert_int_equal(rmdir(store_folder), 0);
    close(open(store_folder, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    judge(s, policy, 2);
    await(s, 2);
    assert_int_equal(counts_of(s).failed, 2);
    assert_int_equal(unlink(store_folder), 0);
    judge(s, policy, 1);
    evidence_store_free(s);
    assert_int_equal(folder_count(store_folder), 1);
}

/* A file that the disk does not take as a whole is not there at all. */
static void
test_full(void **state)
{
    const struct rlimit small = {.rlim_cur = 1000, .rlim_max = RLIM_INFINITY};
    const struct rlimit free_again = {RLIM_INFINITY, RLIM_INFINITY};
    struct evidence_store *s = store_new(10);

    (void)state;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    judge(s, policy, 1);
    await(s, 1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &free_again), 0);
    assert_int_equal(counts_of(s).failed, 1);
    assert_int_equal(folder_count(store_folder), 0);
    judge(s, policy, 1);
    evidence_store_free(s);
    assert_int_equal(folder_count(store_folder), 1);
}

static void
test_no_folder(void **state)
{
    struct evidence_store_options o = {
        .folder = "/dev/null/evidence", .max_files = 1, .log = &quiet};
    struct evidence_store *s = NULL;
    struct assay_error err;

    (void)state;
    o.ctx = platform.ctx;
    assert_int_equal(evidence_store_new(&o, &s, &err), ASSAY_IO);
    assert_null(s);
    evidence_store_free(NULL);
    evidence_store_save(NULL, &provider, NULL, &err);
}

/* --- threads ------------------------------------------------------------ */

#define SAVERS 4u
#define EACH   20u

struct saver {
    pthread_t thread;
    struct evidence_store *store;
    struct assay_attested *from;
};

static void *
save_often(void *user)
{
    static const struct assay_error fine = {.code = ASSAY_OK};
    struct saver *s = user;

    for (unsigned i = 0; i < EACH; i++) {
        evidence_store_save(s->store, &provider, s->from, &fine);
    }
    return NULL;
}

/* Of one session, which nobody changes meanwhile. */
static void
save_by_threads(struct judged *j, struct assay_attested *a,
                const struct proof *proof, const struct assay_error *why,
                bool peer)
{
    struct saver savers[SAVERS];

    (void)proof;
    (void)peer;
    assert_int_equal(why->code, ASSAY_OK);
    for (size_t i = 0; i < SAVERS; i++) {
        savers[i] = (struct saver){.store = j->user, .from = a};
        assert_int_equal(
            pthread_create(&savers[i].thread, NULL, save_often, &savers[i]), 0);
    }
    for (size_t i = 0; i < SAVERS; i++) {
        assert_int_equal(pthread_join(savers[i].thread, NULL), 0);
    }
}

static void
test_threads(void **state)
{
    struct evidence_store *s = store_new(100);
    struct judged j = {.judged = save_by_threads, .user = s};
    struct evidence_counts c;

    (void)state;
    judged_run(&j, policy, ANSWERS);
    await(s, SAVERS * EACH);
    c = counts_of(s);
    assert_int_equal(c.failed, 0);
    assert_true(c.saved > 0);
    evidence_store_free(s);
    assert_int_equal(folder_count(store_folder), 1);
}

/* --- group -------------------------------------------------------------- */

static int
each_setup(void **state)
{
    (void)state;
    (void)snprintf(store_folder, sizeof(store_folder), "%s/store", folder);
    return 0;
}

static int
each_teardown(void **state)
{
    (void)state;
    folder_clear(store_folder);
    (void)rmdir(store_folder);
    return 0;
}

static int
setup(void **state)
{
    if (attested_setup(state) != 0) {
        return -1;
    }
    strict = pair_policy(&platform, ",\"min_tdx_tcb\":{\"tee_tcb_svn\":\""
                                    "ffffffffffffffffffffffffffffffff\"}");
    judged_provider(&provider, "model");
    return 0;
}

static int
teardown(void **state)
{
    judged_provider_free(&provider);
    assay_policy_free(strict);
    return attested_teardown(state);
}

#define T(name) cmocka_unit_test_setup_teardown(name, each_setup, each_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_trusted),   T(test_refused),     T(test_again),
        T(test_none),      T(test_max_files),   T(test_refused_stay_few),
        T(test_prune),     T(test_prune_links), T(test_prune_large),
        T(test_queue),     T(test_in_the_way),  T(test_full),
        T(test_no_folder), T(test_threads),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
