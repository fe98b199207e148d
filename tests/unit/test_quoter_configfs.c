/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_quoter_configfs.c - quotes from configfs-tsm, as tests/tools/tsmfs.c
 * shows it; what needs no entry of it works without.
 */
#define _GNU_SOURCE /* pipe2() */

#include "harness/unit.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h> /* the workers' threads are libuv's */
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "assay/quote.h"
#include "io/quoter.h"

#define PATIENCE_MS  20000
#define CANNOT_MOUNT 77
#define SHORT_MS     60u

static char folder[] = "/tmp/assay-test-tsm-XXXXXX";

/* --- the emulated kernel ------------------------------------------------ */

static struct {
    pid_t pid; /* 0: does not run */
    int to;
    FILE *from;
} kernel;

static void
read_line(char *line, int size)
{
    struct pollfd ready = {.fd = fileno(kernel.from), .events = POLLIN};

    line[0] = '\0';
    if (poll(&ready, 1, PATIENCE_MS) == 1 &&
        fgets(line, size, kernel.from) == NULL) {
        line[0] = '\0';
    }
    line[strcspn(line, "\n")] = '\0';
}

static long
ask(const char *text)
{
    char line[64];

    (void)snprintf(line, sizeof(line), "%s\n", text);
    assert_int_equal(write(kernel.to, line, strlen(line)), strlen(line));
    read_line(line, sizeof(line));
    return strtol(line, NULL, 10);
}

static void
tell(const char *text)
{
    char line[64];

    (void)snprintf(line, sizeof(line), "%s\n", text);
    assert_int_equal(write(kernel.to, line, strlen(line)), strlen(line));
    read_line(line, sizeof(line));
    assert_string_equal(line, "ok");
}

static bool
spawn(const char *program)
{
    char *const argv[] = {(char *)program, folder, NULL};
    posix_spawn_file_actions_t actions;
    int in[2];
    int out[2];
    int rc;

    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    rc = posix_spawn(&kernel.pid, program, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    kernel.to = in[1];
    kernel.from = fdopen(out[0], "r");
    return rc == 0;
}

/* Its end is the end of its input; killed only if that does not help. */
static int
stop_kernel(void)
{
    int status = -1;

    close(kernel.to);
    for (int waited_ms = 0;; waited_ms += 10) {
        pid_t got = waitpid(kernel.pid, &status, WNOHANG);

        if (got != 0) {
            break;
        }
        if (waited_ms > PATIENCE_MS) {
            kill(kernel.pid, SIGKILL);
            waitpid(kernel.pid, &status, 0);
            break;
        }
        (void)poll(NULL, 0, 10);
    }
    (void)umount2(folder, MNT_DETACH); /* if it could not do it itself */
    (void)fclose(kernel.from);
    kernel.pid = 0;
    return status;
}

/* NULL: it is mounted; else why it cannot be. */
static const char *
start_kernel(void)
{
    const char *build = getenv("ASSAY_BUILD");
    char program[1024];
    char line[64];
    int status;

    (void)snprintf(program, sizeof(program), "%s/tests/tsmfs",
                   build != NULL ? build : ".");
    if (access(program, X_OK) != 0) {
        return "tsmfs was not built, which needs libfuse3-dev";
    }
    if (access("/dev/fuse", R_OK | W_OK) != 0) {
        return "/dev/fuse cannot be used";
    }
    assert_true(spawn(program));
    read_line(line, sizeof(line));
    if (strcmp(line, "ready") == 0) {
        return NULL;
    }
    status = stop_kernel();
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), CANNOT_MOUNT);
    return "this process may not mount";
}

/* --- calls -------------------------------------------------------------- */

struct answer {
    int calls;
    enum assay_code code;
    char msg[240];
    uint8_t report_data[64];
    bool only_quote;
    struct assay_quoter *to_free; /* by the callback */
};

static void
on_done(void *user, const struct assay_quoted *quoted,
        const struct assay_error *err)
{
    struct answer *a = user;
    struct assay_quote *q = NULL;
    struct assay_error why;

    a->calls++;
    a->code = err->code;
    memcpy(a->msg, err->msg, sizeof(a->msg));
    assert_true((quoted != NULL) == (err->code == ASSAY_OK));
    assay_quoter_free(a->to_free);
    if (quoted != NULL) {
        assert_int_equal(assay_quote_parse(quoted->quote, &q, &why), ASSAY_OK);
        memcpy(a->report_data, assay_quote_view(q)->report_data.ptr, 64);
        assay_quote_free(q);
        a->only_quote = quoted->event_log.len == 0 &&
                        quoted->vm_config.len == 0 && quoted->tcb_info.len == 0;
    }
}

static uv_loop_t loop;

static void
on_impatience(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("nothing happened for %d ms", PATIENCE_MS);
}

/* Until nothing is left to do, or until `until` is no longer zero. */
static void
run_loop(const int *until)
{
    uv_timer_t timer;

    uv_timer_init(&loop, &timer);
    uv_timer_start(&timer, on_impatience, PATIENCE_MS, 0);
    uv_unref((uv_handle_t *)&timer);
    while ((until == NULL || *until == 0) && uv_run(&loop, UV_RUN_ONCE) != 0) {
    }
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&loop, UV_RUN_NOWAIT);
}

static struct assay_quoter *
new_quoter_at(const char *where, uint32_t timeout_ms)
{
    struct assay_quoter *q = NULL;
    struct assay_error err;
    char spec[256];

    (void)snprintf(spec, sizeof(spec), "configfs:%s", where);
    assert_int_equal(assay_quoter_new(&loop, spec, timeout_ms, &q, &err),
                     ASSAY_OK);
    return q;
}

static struct assay_quoter *
new_quoter(uint32_t timeout_ms)
{
    return new_quoter_at(folder, timeout_ms);
}

static const uint8_t *
data_of(uint8_t byte)
{
    static uint8_t data[64];

    memset(data, byte, sizeof(data));
    data[0] = 1;
    return data;
}

static void
check_good(const struct answer *a, uint8_t byte)
{
    if (a->calls != 1 || a->code != ASSAY_OK) {
        fail_msg("%d calls, %s: %s", a->calls, assay_code_name(a->code),
                 a->msg);
    }
    assert_memory_equal(a->report_data, data_of(byte), 64);
    assert_true(a->only_quote);
}

/* One call, waited for until nothing is left behind. */
static struct answer
get(struct assay_quoter *q, uint8_t byte)
{
    struct answer a = {0};

    assert_non_null(assay_quoter_get(q, data_of(byte), on_done, &a));
    assert_int_equal(a.calls, 0);
    run_loop(NULL);
    assert_int_equal(a.calls, 1);
    return a;
}

/* --- without an emulation ----------------------------------------------- */

static void
check_failure(const char *row, const struct answer *a, enum assay_code code,
              const char *words)
{
    if (a->code != code || strstr(a->msg, words) == NULL) {
        fail_msg("row \"%s\": %s \"%s\", want %s \"%s\"", row,
                 assay_code_name(a->code), a->msg, assay_code_name(code),
                 words);
    }
}

static void
test_wrong_folder(void **state)
{
    char file[128];
    struct stat st;
    struct assay_quoter *q;
    struct answer a;
    int fd;

    (void)state;
    (void)snprintf(file, sizeof(file), "%s/absent", folder);
    q = new_quoter_at(file, 0);
    a = get(q, 1);
    check_failure("absent", &a, ASSAY_NOT_FOUND,
                  "/absent: cannot open: No such file or directory; needs "
                  "Linux 6.7 or newer with CONFIG_TSM_REPORTS");
    assert_non_null(strstr(a.msg, "mount -t configfs"));
    assay_quoter_free(q);

    (void)snprintf(file, sizeof(file), "%s/file", folder);
    fd = open(file, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    q = new_quoter_at(file, 0);
    a = get(q, 1);
    check_failure("file", &a, ASSAY_NOT_FOUND, "/file: cannot open: Not a");
    assay_quoter_free(q);
    assert_int_equal(unlink(file), 0);

    q = new_quoter(0); /* any folder: an entry can be made and has no files */
    a = get(q, 1);
    check_failure("plain", &a, ASSAY_NOT_FOUND,
                  "/provider: cannot open: No such file");
    assay_quoter_free(q);
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_nlink, 2); /* and it is gone again */
}

static void
test_announce(void **state)
{
    struct assay_quoter *q = new_quoter(0);
    struct answer a = {0};

    (void)state;
    assert_non_null(assay_quoter_announce(q, data_of(9), on_done, &a));
    assert_int_equal(a.calls, 0);
    run_loop(NULL);
    assert_int_equal(a.calls, 1);
    check_failure("announce", &a, ASSAY_NOT_FOUND, "configfs-tsm (/tmp/");
    a.calls = 0;
    assay_quoter_cancel(assay_quoter_announce(q, data_of(9), on_done, &a));
    assert_non_null(assay_quoter_announce(q, data_of(9), on_done, &a));
    assay_quoter_free(q);
    run_loop(NULL);
    assert_int_equal(a.calls, 0);
}

/* --- with it ------------------------------------------------------------ */

static void
test_good(void **state)
{
    struct assay_quoter *q = new_quoter(0);

    (void)state;
    for (uint8_t i = 0; i < 3; i++) {
        struct answer a = get(q, i);

        check_good(&a, i);
        assert_int_equal(ask("entries"), 0);
    }
    assert_int_equal(strncmp(assay_quoter_name(q), "configfs-tsm (/tmp/", 18),
                     0);
    assay_quoter_free(q);
    run_loop(NULL);
}

/* Entries that a dead process of our number left are passed by, and stay. */
static void
test_names_in_use(void **state)
{
    struct assay_quoter *q = new_quoter(0);
    struct answer a;
    char path[128];

    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        (void)snprintf(path, sizeof(path), "%s/assay-%ld-%u", folder,
                       (long)getpid(), i);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    a = get(q, 7);
    check_good(&a, 7);
    assert_int_equal(ask("entries"), 20);
    for (unsigned i = 0; i < 20; i++) {
        (void)snprintf(path, sizeof(path), "%s/assay-%ld-%u", folder,
                       (long)getpid(), i);
        assert_int_equal(rmdir(path), 0);
    }
    assay_quoter_free(q);
}

static const struct {
    const char *name;
    const char *wish;
    enum assay_code code;
    const char *words; /* in the message */
} rows[] = {
    {"busy twice", "busy 2", ASSAY_OK, ""},
    {"interfered with twice", "interfere 2", ASSAY_OK, ""},
    {"write lost once", "lost 1", ASSAY_OK, ""},
    {"always busy", "busy 1000", ASSAY_IO,
     "/outblob: cannot read: Device or resource busy; another request"},
    {"always interfered with", "interfere 1000", ASSAY_IO,
     "/generation: is 16 and not 15: another process writes to this entry"},
    {"writes always lost", "lost 1000", ASSAY_IO,
     "/generation: is 0 and not 1: another"},
    {"no access", "deny 1", ASSAY_IO,
     ": cannot make an entry: Permission denied; run as root, or give this "
     "user access"},
    {"no provider", "provider none", ASSAY_NOT_FOUND,
     ": cannot make an entry: No such device or address; no provider: is this "
     "a TD?"},
    {"another provider", "provider sev_guest", ASSAY_UNSUPPORTED,
     "/provider: is \"sev_guest\", and only \"tdx_guest\" gives TDX quotes"},
    {"name goes on", "provider tdx_guest2", ASSAY_UNSUPPORTED, "tdx_guest2"},
    {"long name", "provider 12345678901234567890123456789012345678901234567890",
     ASSAY_UNSUPPORTED, "1234567890"},
    {"host is silent", "fail 110", ASSAY_TIMEOUT,
     "/outblob: cannot read: Connection timed out; check the quote generation"},
    {"host failed", "fail 5", ASSAY_IO, "Input/output error; check the quote"},
    {"no inblob", "fail 22", ASSAY_IO, "cannot read: Invalid argument; see"},
    {"empty", "cut 0", ASSAY_REPLY, "/outblob: is empty: the host gave no"},
    {"cut short", "cut 100", ASSAY_REPLY, ": the answer is no quote: "},
    {"cut late", "cut 4900", ASSAY_REPLY, ": the answer is no quote: "},
    {"other report data", "strange 1", ASSAY_REPLY,
     ": the answer is a quote over other report data than was asked for"},
};

static void
test_rows(void **state)
{
    struct assay_quoter *q = new_quoter(0);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct answer a;

        tell(rows[i].wish);
        a = get(q, (uint8_t)i);
        check_failure(rows[i].name, &a, rows[i].code, rows[i].words);
        CHECK(rows[i].name, ask("entries") == 0);
        CHECK(rows[i].name, a.code == ASSAY_OK ||
                                strncmp(a.msg, folder, strlen(folder)) == 0);
        CHECK(rows[i].name, strlen(a.msg) < sizeof(a.msg) - 1);
        tell("reset");
    }
    assay_quoter_free(q);
    run_loop(NULL);
}

/* Further calls wait for the first one; each has its own answer. */
static void
test_queue(void **state)
{
    struct assay_quoter *q = new_quoter(0);
    struct answer a[5] = {{0}};
    struct assay_quoter_call *call[5];

    (void)state;
    for (uint8_t i = 0; i < 5; i++) {
        call[i] = assay_quoter_get(q, data_of(i), on_done, &a[i]);
        assert_non_null(call[i]);
    }
    assay_quoter_cancel(call[4]);
    assay_quoter_cancel(call[1]);
    run_loop(NULL);
    check_good(&a[0], 0);
    check_good(&a[2], 2);
    check_good(&a[3], 3);
    assert_int_equal(a[1].calls + a[4].calls, 0);
    assert_int_equal(ask("entries"), 0);
    assay_quoter_free(q);
}

static void
test_free_in_callback(void **state)
{
    struct assay_quoter *q = new_quoter(0);
    struct answer a = {.to_free = q};
    struct answer b = {0};

    (void)state;
    assert_non_null(assay_quoter_get(q, data_of(1), on_done, &a));
    assert_non_null(assay_quoter_get(q, data_of(2), on_done, &b));
    run_loop(NULL);
    check_good(&a, 1);
    assert_int_equal(b.calls, 0);
    assert_int_equal(ask("entries"), 0);
}

/* The time limit does not wait for the kernel, nor does the next call's. */
static void
test_hang(void **state)
{
    struct assay_quoter *q = new_quoter(SHORT_MS);
    struct answer a = {0};
    struct answer b = {0};
    struct answer c;

    (void)state;
    tell("hang 1");
    assert_non_null(assay_quoter_get(q, data_of(1), on_done, &a));
    run_loop(&a.calls);
    check_failure("first", &a, ASSAY_TIMEOUT, "no answer within 0.1 s");
    assert_non_null(assay_quoter_get(q, data_of(2), on_done, &b));
    run_loop(&b.calls);
    check_failure("second", &b, ASSAY_TIMEOUT, "no answer within 0.1 s");
    assert_int_equal(ask("entries"), 1);
    tell("hang 0");
    run_loop(NULL);
    assert_int_equal(ask("entries"), 0);
    assert_int_equal(a.calls + b.calls, 2);
    assay_quoter_free(q);

    q = new_quoter(0);
    c = get(q, 3);
    check_good(&c, 3);
    assay_quoter_free(q);
}

/* What is left behind is freed by itself, and removes its entry. */
static void
test_hang_abandoned(void **state)
{
    struct assay_quoter *q = new_quoter(0);
    struct answer a = {0};

    (void)state;
    for (int free_it = 0; free_it < 2; free_it++) {
        struct assay_quoter_call *call;

        tell("hang 1");
        call = assay_quoter_get(q, data_of(1), on_done, &a);
        assert_non_null(call);
        while (ask("entries") == 0) {
            (void)poll(NULL, 0, 1);
        }
        if (free_it) {
            assay_quoter_free(q);
        } else {
            assay_quoter_cancel(call);
        }
        uv_run(&loop, UV_RUN_NOWAIT);
        tell("hang 0");
        run_loop(NULL);
        assert_int_equal(ask("entries"), 0);
    }
    assert_int_equal(a.calls, 0);
}

/* In a process of its own: gives up on the kernel, says so, and exits. */
static void
give_up_and_exit(uint32_t timeout_ms, int to)
{
    static struct assay_quoter *q;
    static struct answer a;

    q = new_quoter(timeout_ms);
    if (assay_quoter_get(q, data_of(1), on_done, &a) == NULL) {
        _exit(2);
    }
    run_loop(&a.calls);
    if (write(to, "x", 1) != 1) {
        _exit(4);
    }
    exit(a.code == ASSAY_TIMEOUT ? 0 : 3);
}

/* A child that is at its exit. */
static pid_t
start_child(uint32_t timeout_ms)
{
    struct pollfd said = {.events = POLLIN};
    pid_t child;
    int ends[2];

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    (void)fflush(NULL);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        give_up_and_exit(timeout_ms, ends[1]);
    }
    (void)close(ends[1]);
    said.fd = ends[0];
    assert_int_equal(poll(&said, 1, PATIENCE_MS), 1);
    assert_int_equal(said.revents & POLLIN, POLLIN);
    (void)close(ends[0]);
    return child;
}

/* The entry is removed even then. The first test, since it forks: no thread of
 * the pool runs yet. On a busy machine a child may give up before its thread
 * has begun, and then leaves nothing behind: the next one has more time. */
static void
test_exit(void **state)
{
    uint32_t timeout_ms = SHORT_MS;
    pid_t child;
    int status = -1;

    (void)state;
    tell("hang 1");
    child = start_child(timeout_ms);
    while (ask("entries") == 0) {
        if (waitpid(child, &status, WNOHANG) == child) {
            assert_int_equal(status, 0);
            timeout_ms *= 2;
            child = start_child(timeout_ms);
        }
        (void)poll(NULL, 0, 1);
    }
    assert_int_equal(ask("entries"), 1);
    tell("hang 0");
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(ask("entries"), 0);
}

/* An attempt that nobody waits for is the last one. */
static void
test_stop_between_attempts(void **state)
{
    struct assay_quoter *q = new_quoter(SHORT_MS);
    struct answer a;

    (void)state;
    tell("busy 1000");
    a = get(q, 1); /* waits for the worker too */
    check_failure("busy", &a, ASSAY_TIMEOUT, "no answer within");
    assert_int_equal(ask("entries"), 0);
    tell("reset");
    assay_quoter_free(q);
}

static int
make_loop(void **state)
{
    (void)state;
    return uv_loop_init(&loop);
}

static int
close_loop(void **state)
{
    (void)state;
    run_loop(NULL);
    return uv_loop_close(&loop);
}

static int
leave_emulation(void **state)
{
    int status = stop_kernel();

    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        (void)fprintf(stderr, "tsmfs ended with status %#x\n",
                      (unsigned)status);
        return -1;
    }
    return close_loop(state);
}

int
main(void)
{
    const struct CMUnitTest emulated[] = {
        cmocka_unit_test(test_exit),
        cmocka_unit_test(test_names_in_use),
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_free_in_callback),
        cmocka_unit_test(test_hang),
        cmocka_unit_test(test_hang_abandoned),
        cmocka_unit_test(test_stop_between_attempts),
    };
    const struct CMUnitTest plain[] = {
        cmocka_unit_test(test_wrong_folder),
        cmocka_unit_test(test_announce),
    };
    const char *why;
    int failed = 0;

    (void)signal(SIGPIPE, SIG_IGN);
    if (mkdtemp(folder) == NULL) {
        perror(folder);
        return 1;
    }
    why = start_kernel();
    if (why != NULL) {
        (void)printf("SKIPPED configfs-tsm emulation: %s\n", why);
    } else {
        failed += cmocka_run_group_tests(emulated, make_loop, leave_emulation);
    }
    failed += cmocka_run_group_tests(plain, make_loop, close_loop);
    if (rmdir(folder) != 0) {
        (void)fprintf(stderr, "%s: is not empty, or still mounted\n", folder);
        failed++;
    }
    return failed;
}
