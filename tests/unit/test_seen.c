/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_seen.c - the memory of TCB evaluations: it never goes down, whoever
 * writes to its folder at the same time and whatever else is in there.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/folder.h"
#include "harness/trial.h"
#include "io/mark_folder.h"
#include "io/seen.h"
#include "search/marks.h"

#define NOW   MINT_NOW_S
#define FMSPC "00a06f050000" /* what is minted */
#define X64   "0000000000000000000000000000000000000000000000000000000000000000"

static const struct assay_collateral_need need = {true, FMSPC, "platform"};
static struct assay_ctx *ctx;
static char folder[64];

static void
clear(void)
{
    folder_clear(folder);
}

/* What a reader of a folder may see while somebody else overtakes a mark: the
 * new name is made where he has been, the old one removed where he has not. */
struct dirent *readdir64(DIR *dirp);
static bool overtaking;

struct dirent *
readdir(DIR *dirp)
{
    struct dirent *e = readdir64(dirp);
    char path[512];

    while (overtaking && e != NULL &&
           strncmp(e->d_name, "intel_tdx-qe_", 13) == 0) {
        if (strncmp(e->d_name, "intel_tdx-qe_18_", 16) == 0) {
            (void)snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
            (void)unlink(path);
        }
        e = readdir64(dirp);
    }
    overtaking = overtaking && e != NULL;
    return e;
}

static void
touch(const char *name)
{
    char path[512];
    int fd;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static struct assay_collateral *
collateral_of(int32_t tcb_info, int32_t qe, bool sgx)
{
    const struct mint_options o = {
        .tcb_info.evaluation_number = tcb_info,
        .qe_identity.evaluation_number = qe,
        .quote.version = sgx ? 3 : 4,
    };
    struct mint_world *w = trial_world("evaluation", &o);
    struct assay_collateral *c = trial_collateral(ctx, w);

    mint_world_free(w);
    return c;
}

static void
learn(struct assay_seen *s, const struct assay_root *root, int32_t tcb_info,
      int32_t qe)
{
    struct assay_collateral *c = collateral_of(tcb_info, qe, false);
    struct assay_error err;

    assert_int_equal(assay_seen_learn(s, root, c, &err), ASSAY_OK);
    assay_collateral_free(c);
}

static void
check(struct assay_seen *s, const struct assay_root *root, uint32_t tcb_info,
      uint32_t qe)
{
    struct assay_evaluations e = assay_seen_recall(s, root, &need, NOW);

    assert_int_equal(e.tcb_info, tcb_info);
    assert_int_equal(e.qe_identity, qe);
}

/* Part of the note; "": there is none. */
static void
check_note(struct assay_seen *s, const char *part)
{
    char note[ASSAY_SEEN_NOTE_BYTES];

    (void)assay_seen_note(s, note);
    if (strstr(note, part) == NULL || (part[0] == '\0' && note[0] != '\0')) {
        fail_msg("%s", note);
    }
}

/* In one process and from one to the next; each number for itself. */
static void
the_highest_counts(void **state)
{
    const struct assay_root *intel = assay_root_intel();
    struct assay_seen *s = assay_seen_new(folder);

    (void)state;
    check(s, intel, 0, 0);
    learn(s, intel, 18, 17);
    check(s, intel, 18, 17);
    learn(s, intel, 17, 19);
    check(s, intel, 18, 19);
    assay_seen_free(s);
    assert_int_equal(folder_count(folder),
                     2); /* what was overtaken is removed */
    s = assay_seen_new(folder);
    check(s, intel, 18, 19);
    check_note(s, "");
    assay_seen_free(s);
    clear();
}

/* By root, TEE and FMSPC; the QE identity by root and TEE. */
static void
each_kind_for_itself(void **state)
{
    static const struct assay_collateral_need sgx = {false, FMSPC, "platform"};
    static const struct assay_collateral_need other = {true, "00806f050000",
                                                       "processor"};
    const struct mint_options o = {.seed = MINT_TEST_SEED};
    struct mint_world *w = trial_world("root", &o);
    struct assay_root *own = trial_root(ctx, mint_world_root_pem(w));
    struct assay_seen *s = assay_seen_new(folder);
    struct assay_evaluations e;

    (void)state;
    learn(s, assay_root_intel(), 18, 17);
    check(s, own, 0, 0);
    learn(s, own, 3, 4);
    check(s, own, 3, 4);
    check(s, assay_root_intel(), 18, 17);
    e = assay_seen_recall(s, own, &sgx, NOW);
    assert_true(e.tcb_info == 0 && e.qe_identity == 0);
    e = assay_seen_recall(s, own, &other, NOW);
    assert_true(e.tcb_info == 0 && e.qe_identity == 4);
    assay_seen_free(s);
    s = assay_seen_new(folder);
    check(s, own, 3, 4);
    assay_seen_free(s);
    assay_root_free(own);
    mint_world_free(w);
    clear();
}

/* Who judges as of an earlier time is not held to what was issued later. */
static void
not_before_it_was_issued(void **state)
{
    struct assay_seen *s = assay_seen_new(folder);
    struct assay_collateral *c = collateral_of(18, 18, false);
    struct assay_evaluations e;
    struct assay_error err;
    int64_t issued_s = assay_collateral_item(c, 0).issued_s;

    (void)state;
    assert_int_equal(assay_seen_learn(s, assay_root_intel(), c, &err),
                     ASSAY_OK);
    e = assay_seen_recall(s, assay_root_intel(), &need, issued_s);
    assert_int_equal(e.tcb_info, 18);
    e = assay_seen_recall(s, assay_root_intel(), &need, issued_s - 1);
    assert_int_equal(e.tcb_info, 0);
    assay_collateral_free(c);
    assay_seen_free(s);
    clear();
}

static void
while_it_is_overtaken(void **state)
{
    struct assay_seen *s;

    (void)state;
    touch("intel_tdx-qe_18_1");
    touch("intel_tdx-qe_19_1");
    overtaking = true;
    s = assay_seen_new(folder);
    assert_false(overtaking);
    check(s, assay_root_intel(), 0, 19);
    assay_seen_free(s);
    clear();
}

/* Two processes have learnt the same number from documents of two dates: the
 * earlier one counts, whatever name comes first. */
static void
since_the_first_of_them(void **state)
{
    static const char *const names[] = {
        "intel_tdx-" FMSPC "_18_1000",
        "intel_tdx-" FMSPC "_18_3000",
        "intel_tdx-" FMSPC "_18_2000",
        "intel_tdx-" FMSPC "_17_500",
    };

    (void)state;
    for (size_t first = 0; first < COUNT_OF(names); first++) {
        struct assay_seen *s = assay_seen_new(folder);
        struct assay_evaluations e;

        for (size_t i = 0; i < COUNT_OF(names); i++) {
            touch(names[(first + i) % COUNT_OF(names)]);
            assay_seen_reload(s); /* in this order, one after the other */
        }
        e = assay_seen_recall(s, assay_root_intel(), &need, 1000);
        assert_int_equal(e.tcb_info, 18);
        e = assay_seen_recall(s, assay_root_intel(), &need, 999);
        assert_int_equal(e.tcb_info, 0);
        assay_seen_free(s);
        clear();
    }
}

/* Names that are not exactly ours teach nothing and hurt nothing. */
static void
strange_names(void **state)
{
    static const char *const names[] = {
        "intel_tdx-" FMSPC "_99",
        "intel_tdx-" FMSPC "_99_",
        "intel_tdx-" FMSPC "__1",
        "intel_tdx-" FMSPC "_099_1",
        "intel_tdx-" FMSPC "_+99_1",
        "intel_tdx-" FMSPC "_ 99_1",
        "intel_tdx-" FMSPC "_0_1",
        "intel_tdx-" FMSPC "_99_-1",
        "intel_tdx-" FMSPC "_99_253402300800",
        "intel_tdx-" FMSPC "_4294967296_1",
        "intel_tdx-" FMSPC "_18446744073709551615_1",
        "intel_tdx-00A06F050000_99_1",
        "intel_tdx-00a06f05000_99_1",
        "intel_tdx_99_1",
        "intel_txx-" FMSPC "_99_1",
        "Intel_tdx-" FMSPC "_99_1",
        "_tdx-" FMSPC "_99_1",
        X64 "0_tdx-" FMSPC "_99_1",
        "intel_tdx-" FMSPC "_99_1.tmp",
        "x",
        "_",
        "__",
        X64 X64 X64,
    };
    struct assay_seen *s;
    char want[64];

    (void)state;
    clear();
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        touch(names[i]);
    }
    s = assay_seen_new(folder);
    (void)snprintf(want, sizeof(want), "%zu names are not", COUNT_OF(names));
    check_note(s, want);
    check(s, assay_root_intel(), 0, 0);
    learn(s, assay_root_intel(), 5, 5);
    check(s, assay_root_intel(), 5, 5);
    assay_seen_free(s);
    assert_int_equal(folder_count(folder), COUNT_OF(names) + 2);
    touch("intel_tdx-" FMSPC "_4294967295_1");
    touch("intel_tdx-qe_7_253402300799"); /* not known yet at NOW */
    s = assay_seen_new(folder);
    check(s, assay_root_intel(), UINT32_MAX, 0);
    assay_seen_free(s);
    clear();
}

/* Other roots, however many, do not push out what is known of Intel's. */
static void
many_roots(void **state)
{
    const struct mint_options o = {.seed = MINT_TEST_SEED};
    struct mint_world *w = trial_world("root", &o);
    struct assay_root *own = trial_root(ctx, mint_world_root_pem(w));
    const struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    char name[128];
    char path[256];
    struct assay_seen *s;

    (void)state;
    for (unsigned i = 0; i < ASSAY_MARKS_MAX + 200; i++) {
        (void)snprintf(name, sizeof(name), "%064x_tdx-qe_7_1", i);
        touch(name);
        if (i == 500) {
            touch("intel_tdx-" FMSPC "_18_1");
        }
    }
    s = assay_seen_new(folder);
    check(s, assay_root_intel(), 18, 0);
    learn(s, own, 3, 4);
    check(s, own, 3, 4);
    learn(s, assay_root_intel(), 18, 19);
    check(s, assay_root_intel(), 18, 19);
    assay_seen_free(s);
    clear();
    for (unsigned i = 0; i < ASSAY_MARKS_OTHERS_MAX; i++) {
        (void)snprintf(name, sizeof(name), "%064x_tdx-qe_7_1", i);
        touch(name);
    }
    (void)snprintf(path, sizeof(path), "%s/%064x_tdx-qe_7_1", folder, 9u);
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    s = assay_seen_new(folder);
    learn(s, own, 3, 4); /* two names; two of the oldest go */
    assay_seen_free(s);
    assert_int_equal(folder_count(folder), ASSAY_MARKS_OTHERS_MAX);
    assert_int_equal(access(path, F_OK), -1);
    s = assay_seen_new(folder);
    check(s, own, 3, 4);
    assay_seen_free(s);
    assay_root_free(own);
    mint_world_free(w);
    clear();
}

/* Processes that learn in every order at once: the highest is left. */
static void
many_processes(void **state)
{
    enum { PROCESSES = 8, NUMBERS = 6 };
    struct assay_collateral *c[NUMBERS];
    struct assay_seen *s;

    (void)state;
    for (int i = 0; i < NUMBERS; i++) {
        c[i] = collateral_of(10 + i, 20 + i, false);
    }
    for (int round = 0; round < 5; round++) {
        for (int p = 0; p < PROCESSES; p++) {
            if (fork() == 0) {
                bool good = true;

                for (int i = 0; i < NUMBERS; i++) {
                    struct assay_error err;
                    /* a memory of its own each time: nothing but the folder
                     * is shared */
                    struct assay_seen *own = assay_seen_new(folder);

                    good = good && assay_seen_learn(own, assay_root_intel(),
                                                    c[(p + i * 5) % NUMBERS],
                                                    &err) == ASSAY_OK;
                    assay_seen_free(own);
                }
                _exit(good ? 0 : 1);
            }
        }
        for (int p = 0; p < PROCESSES; p++) {
            int status = -1;

            assert_true(wait(&status) > 0);
            assert_int_equal(status, 0);
        }
        s = assay_seen_new(folder);
        check(s, assay_root_intel(), 10 + NUMBERS - 1, 20 + NUMBERS - 1);
        assay_seen_free(s);
        clear();
    }
    for (int i = 0; i < NUMBERS; i++) {
        assay_collateral_free(c[i]);
    }
}

/* Where nothing can be written the process remembers all the same, says so,
 * and writes as soon as it can. */
static void
no_place(void **state)
{
    struct assay_collateral *c = collateral_of(18, 18, false);
    char file[80];
    char below[96];
    char note[ASSAY_SEEN_NOTE_BYTES];
    struct assay_error err;
    struct assay_seen *s;

    (void)state;
    (void)snprintf(file, sizeof(file), "%s-file", folder);
    (void)snprintf(below, sizeof(below), "%s/evaluations", file);
    close(open(file, O_WRONLY | O_CREAT, 0600));
    s = assay_seen_new(below);
    assert_non_null(s);
    check_note(s, "cannot read: Not a directory");
    assert_true(assay_seen_note(s, note));
    assert_int_equal(assay_seen_learn(s, assay_root_intel(), c, &err),
                     ASSAY_IO);
    check(s, assay_root_intel(), 18, 18);
    assert_int_equal(unlink(file), 0);
    assert_int_equal(assay_seen_learn(s, assay_root_intel(), c, &err),
                     ASSAY_OK);
    assay_seen_free(s);
    s = assay_seen_new(below);
    check(s, assay_root_intel(), 18, 18);
    assay_seen_free(s);
    s = assay_seen_new(NULL); /* no folder at all */
    assert_int_equal(assay_seen_learn(s, assay_root_intel(), c, &err),
                     ASSAY_OK);
    check(s, assay_root_intel(), 18, 18);
    assay_seen_free(s);
    check(NULL, assay_root_intel(), 0, 0);
    assert_int_equal(assay_seen_learn(NULL, assay_root_intel(), c, &err),
                     ASSAY_OK);
    assay_collateral_free(c);
}

/* Who may write to the folder above can put another one in its place. */
static void
not_above_either(void)
{
    static const struct {
        mode_t above;
        const char *note;
    } rows[] = {
        {0700, ""}, {0770, ""}, {01777, ""}, {0777, "others may write to it"}};
    char below[96];

    (void)snprintf(below, sizeof(below), "%s/evaluations", folder);
    assert_int_equal(mkdir(below, 0700), 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_seen *s;

        assert_int_equal(chmod(folder, rows[i].above), 0);
        s = assay_seen_new(below);
        check_note(s, rows[i].note);
        assay_seen_free(s);
    }
    assert_int_equal(chmod(folder, 0700), 0);
    assert_int_equal(rmdir(below), 0);
}

/* A memory that is not whole, or not this user's alone, is said to be. */
static void
not_to_be_relied_on(void **state)
{
    struct assay_seen *s;
    char name[32];
    char note[ASSAY_SEEN_NOTE_BYTES];

    (void)state;
    touch("intel_tdx-" FMSPC "_18_1");
    for (unsigned i = 1; i < ASSAY_MARKS_READ_MAX; i++) {
        (void)snprintf(name, sizeof(name), "x%u", i);
        touch(name);
    }
    s = assay_seen_new(folder);
    assert_false(assay_seen_note(s, note));
    check(s, assay_root_intel(), 18, 0);
    touch("x0"); /* one more, which may hide what counts */
    assay_seen_reload(s);
    assert_true(assay_seen_note(s, note));
    check_note(s, "too many names");
    assay_seen_free(s);
    clear();

    assert_int_equal(chmod(folder, 0770), 0);
    s = assay_seen_new(folder);
    check_note(s, "");
    assert_int_equal(chmod(folder, 01777), 0);
    assay_seen_reload(s);
    assert_true(assay_seen_note(s, note));
    check_note(s, "others may write to it");
    assert_int_equal(chmod(folder, 0700), 0);
    if (chown(folder, 12345, (gid_t)-1) == 0) { /* only root may */
        assay_seen_reload(s);
        check_note(s, "others may write to it");
        assert_int_equal(chown(folder, geteuid(), (gid_t)-1), 0);
    }
    assay_seen_reload(s);
    check_note(s, "");
    assay_seen_free(s);
    not_above_either();
}

static void
where(void **state)
{
    char *path;

    (void)state;
    setenv("XDG_STATE_HOME", "/s", 1);
    path = assay_seen_folder();
    assert_string_equal(path, "/s/assay/evaluations");
    free(path);
    setenv("XDG_STATE_HOME", "relative", 1);
    setenv("HOME", "/h", 1);
    path = assay_seen_folder();
    assert_string_equal(path, "/h/.local/state/assay/evaluations");
    free(path);
    setenv("HOME", "", 1);
    assert_null(assay_seen_folder());
}

static int
setup(void **state)
{
    (void)state;
    ctx = trial_ctx();
    (void)snprintf(folder, sizeof(folder), "/tmp/assay-seen-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int
teardown(void **state)
{
    char path[96];

    (void)state;
    clear();
    (void)rmdir(folder);
    (void)snprintf(path, sizeof(path), "%s-file/evaluations", folder);
    folder_clear(path);
    (void)rmdir(path);
    *strrchr(path, '/') = '\0';
    (void)rmdir(path);
    assay_ctx_free(ctx);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_highest_counts),
        cmocka_unit_test(each_kind_for_itself),
        cmocka_unit_test(not_before_it_was_issued),
        cmocka_unit_test(while_it_is_overtaken),
        cmocka_unit_test(since_the_first_of_them),
        cmocka_unit_test(strange_names),
        cmocka_unit_test(many_roots),
        cmocka_unit_test(many_processes),
        cmocka_unit_test(no_place),
        cmocka_unit_test(not_to_be_relied_on),
        cmocka_unit_test(where),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
