/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * launch.c - see launch.h.
 *
 * The proxy is this program again, in a process group of its own, so that a
 * Ctrl-C that is meant for Codex does not end it. It says over a pipe where it
 * is, so the secret of its URLs is in no file.
 */
#define _GNU_SOURCE /* memfd_create, pipe2 */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/error.h"
#include "daemon/exits.h"
#include "daemon/settings.h"
#include "launch_codex.h"
#include "launch_environment.h"
#include "launch_port.h"
#include "launch_process.h"

#define START_LIMIT_MS 60000
#define END_LIMIT_MS   5000
#define LOG_MAX_BYTES  (1024 * 1024)
#define OURS_MAX       8

#define READY_PATH "/dev/fd/3"
_Static_assert(LAUNCH_EXTRA_FD == 3, "READY_PATH says so");

struct launch {
    const struct settings *settings;
    char *const *options; /* ours, as the user has given them */
    size_t option_count;
    struct launch_args args;
    struct launch_choice choice;
    struct codex_facts facts;
    struct assay_buf folder; /* Codex's */
    struct assay_buf codex;  /* its path */
    struct running proxy;
    pid_t proxy_pid;
    pid_t codex_pid;
    int proxy_code;
    int port; /* a socket that holds the proxy's */
    int log;  /* what the proxy says while Codex has the terminal; -1: none */
};

/* --- the proxy ----------------------------------------------------------- */

/* While Codex draws on the terminal, nobody else may: what the proxy says goes
 * to a file without a name, of a fixed size, and is shown if it is needed. */
static int
make_log(void)
{
    int fd;

    if (isatty(STDERR_FILENO) != 1) {
        return -1;
    }
    fd = memfd_create("assay-proxy", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd >= 0 && (ftruncate(fd, LOG_MAX_BYTES) != 0 ||
                    fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) != 0)) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

static void
show_log(const struct launch *l)
{
    static char text[LOG_MAX_BYTES];
    off_t end = l->log >= 0 ? lseek(l->log, 0, SEEK_CUR) : 0;
    ssize_t n = end > 0 ? pread(l->log, text, (size_t)end, 0) : 0;

    if (n > 0) {
        (void)fwrite(text, 1, (size_t)n, stderr);
    }
}

/* Is this option among those of the user? */
static bool
is_given(const struct launch *l, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < l->option_count; i++) {
        const char *word = l->options[i];

        if (strncmp(word, "--", 2) == 0 && strncmp(word + 2, name, n) == 0 &&
            (word[2 + n] == '\0' || word[2 + n] == '=')) {
            return true;
        }
    }
    return false;
}

/* Where Codex's own file is; what the user says of it comes later. */
static void
name_config(const struct launch *l, struct assay_buf *path)
{
    assay_buf_printf(path, "--codex-config=%s/config.toml",
                     (const char *)l->folder.ptr);
    assay_buf_add_u8(path, '\0');
}

static char **
make_argv(const struct launch *l, const struct assay_buf *config)
{
    char **argv = calloc(l->option_count + OURS_MAX, sizeof(*argv));
    size_t n = 0;

    if (argv == NULL) {
        return NULL;
    }
    argv[n++] = (char *)(uintptr_t)"assay-proxy";
    if (!is_given(l, "codex-config") && !is_given(l, "config")) {
        argv[n++] = (char *)config->ptr;
    }
    for (size_t i = 0; i < l->option_count; i++) {
        argv[n++] = l->options[i];
    }
    if (!is_given(l, "listen")) {
        argv[n++] = (char *)(uintptr_t)"--listen=127.0.0.1:0";
    }
    if (settings_find(l->settings, "state") != NULL && !is_given(l, "state")) {
        argv[n++] = (char *)(uintptr_t)"--state=off";
    }
    argv[n++] = (char *)(uintptr_t)"--ready-file=" READY_PATH;
    return argv;
}

static bool
is_whole(void *user, const struct assay_buf *so_far)
{
    struct launch *l = user;
    struct assay_error err;

    if (running_parse(assay_buf_slice(so_far), "the proxy", &l->proxy, &err) ==
        ASSAY_OK) {
        return true;
    }
    running_free(&l->proxy);
    return false;
}

/* What it has to say for itself it has said. */
static enum assay_code
blame_proxy(struct launch *l, struct assay_error *err)
{
    l->proxy_code = launch_end(&l->proxy_pid, SIGTERM, END_LIMIT_MS);
    show_log(l);
    return assay_fail(err, ASSAY_UNAVAILABLE, ASSAY_NO_OFFSET,
                      "the proxy has not started (exit %d)", l->proxy_code);
}

static enum assay_code
run_proxy(struct launch *l, char *const *argv, struct assay_error *err)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int ends[2] = {-1, -1};
    struct assay_buf text;
    bool ready;

    if (null < 0 || pipe2(ends, O_CLOEXEC) != 0) {
        return assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET, "no pipe: %s",
                          strerror(errno));
    }
    l->log = make_log();
    (void)!launch_start(&(struct launch_start){"/proc/self/exe", argv, null, -1,
                                               l->log, ends[1], true, SIGTERM},
                        &l->proxy_pid, err);
    (void)close(ends[1]);
    (void)close(null);
    if (err->code == ASSAY_OK) {
        assay_buf_init(&text, RUNNING_MAX_BYTES);
        ready = launch_read(ends[0], &text, START_LIMIT_MS, is_whole, l);
        assay_buf_free(&text);
        if (!ready) {
            (void)!blame_proxy(l, err);
        }
    }
    (void)close(ends[0]);
    return err->code;
}

static enum assay_code
start_proxy(struct launch *l, struct assay_error *err)
{
    struct assay_buf config;
    char **argv;

    assay_buf_init(&config, RUNNING_MAX_BYTES);
    name_config(l, &config);
    argv = make_argv(l, &config);
    if (argv == NULL || config.failed) {
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "out of memory");
    } else {
        (void)!run_proxy(l, argv, err);
    }
    free(argv);
    assay_buf_free(&config);
    if (err->code == ASSAY_OK && !running_has_url(&l->proxy)) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "--listen: Codex cannot use a Unix socket");
    }
    if (err->code == ASSAY_OK) {
        l->port = launch_hold_port(l->proxy.address, err);
    }
    return err->code;
}

/* --- Codex --------------------------------------------------------------- */

static enum assay_code
start_codex(struct launch *l, char *const *argv, struct assay_error *err)
{
    if (launch_set_environment(&l->proxy, err) != ASSAY_OK) {
        return err->code;
    }
    launch_hold_signals();
    if (launch_told_to_end() != 0) {
        return assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET,
                          "told to end before Codex was started");
    }
    return launch_start(
        &(struct launch_start){argv[0], argv, -1, -1, -1, -1, false, SIGTERM},
        &l->codex_pid, err);
}

static void
say_proxy_ended(const struct launch *l)
{
    show_log(l);
    fprintf(stderr,
            "assay-proxy: the proxy has ended (exit %d): Codex could not reach "
            "its provider from then on\n",
            l->proxy_code);
}

/* Without the proxy Codex gets no answer, and nothing goes anywhere else: it is
 * left to its user. Where that one cannot read it now, it is said later. */
static int
attend(struct launch *l)
{
    bool said = l->log >= 0;
    bool ended = false;
    int code = 0;

    while (!launch_has_ended(&l->codex_pid, &code)) {
        if (launch_has_ended(&l->proxy_pid, &l->proxy_code)) {
            ended = true;
            if (!said) {
                say_proxy_ended(l);
            }
        }
        launch_wait(l->codex_pid);
    }
    if (ended && said) {
        say_proxy_ended(l);
    }
    return code;
}

/* --- all of it ------------------------------------------------------------ */

/* What can be said before anything is started. */
static enum assay_code
prepare(struct launch *l, char *const *users, struct assay_error *err)
{
    if (getenv(CODEX_ASKED_VARIABLE) != NULL) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "the codex that was found runs assay proxy codex: "
                          "ASSAY_CODEX has to be Codex itself");
    }
    if (is_given(l, "ready-file")) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "--ready-file does not go with codex");
    }
    if (!launch_codex_folder(&l->folder)) {
        return assay_fail(err, ASSAY_MISSING, ASSAY_NO_OFFSET,
                          "neither CODEX_HOME nor HOME says where Codex's "
                          "config.toml is");
    }
    assay_buf_add_u8(&l->folder, '\0');
    if (assay_buf_check(&l->folder, "CODEX_HOME", err) == ASSAY_OK &&
        launch_args_read(users, &l->args, err) == ASSAY_OK &&
        codex_find(&l->codex, err) == ASSAY_OK &&
        launch_choose((const char *)l->folder.ptr, &l->args, &l->choice, err) ==
            ASSAY_OK &&
        launch_choose_managed(LAUNCH_MANAGED_FOLDER, &l->choice, err) ==
            ASSAY_OK) {
        (void)!codex_ask((const char *)l->codex.ptr, &l->facts, err);
    }
    return err->code;
}

static int
run(struct launch *l, char *const *users, struct assay_error *err)
{
    char **argv = NULL;
    int code = DAEMON_FAILED;

    if (prepare(l, users, err) == ASSAY_OK && start_proxy(l, err) == ASSAY_OK &&
        launch_check_dotenv((const char *)l->folder.ptr, &l->proxy, err) ==
            ASSAY_OK &&
        codex_argv((const char *)l->codex.ptr, &l->facts, &l->args, &l->choice,
                   &l->proxy, users, &argv, err) == ASSAY_OK &&
        start_codex(l, argv, err) == ASSAY_OK) {
        code = attend(l);
    }
    if (l->proxy_pid != 0) {
        (void)launch_end(&l->proxy_pid, SIGTERM, END_LIMIT_MS);
    }
    free(argv);
    return code;
}

static int
code_of(const struct launch *l, const struct assay_error *err)
{
    if (launch_told_to_end() != 0) {
        return LAUNCH_SIGNAL_CODE + launch_told_to_end();
    }
    if (err->code == ASSAY_UNAVAILABLE && l->proxy_code != 0) {
        return l->proxy_code; /* it has said why */
    }
    return err->code == ASSAY_INVALID ? DAEMON_USAGE : DAEMON_FAILED;
}

int
launch_main(const struct settings *settings, int argc, char **argv, int at)
{
    static struct launch l;
    struct assay_error err;
    int code;

    (void)argc;
    l.settings = settings;
    l.options = argv + 1;
    l.option_count = (size_t)at - 1;
    l.log = -1;
    l.port = -1;
    assay_buf_init(&l.folder, RUNNING_MAX_BYTES);
    assay_buf_init(&l.codex, RUNNING_MAX_BYTES);
    assay_error_clear(&err);
    code = run(&l, argv + at + 1, &err);
    if (err.code != ASSAY_OK) {
        fprintf(stderr, "assay-proxy: %s\n", err.msg);
        code = code_of(&l, &err);
    }
    running_free(&l.proxy);
    assay_buf_free(&l.folder);
    assay_buf_free(&l.codex);
    return code;
}
