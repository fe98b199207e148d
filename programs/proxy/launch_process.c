/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * launch_process.c - see launch_process.h.
 */
#define _GNU_SOURCE /* pipe2 */
#include "launch_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/error.h"

#define EXEC_FAILED 127
#define READ_BYTES  4096u

static const int ending[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

static bool is_holding;
static sigset_t held;
static sigset_t before;

void
launch_hold_signals(void)
{
    if (is_holding) {
        return;
    }
    is_holding = true;
    (void)sigemptyset(&held);
    (void)sigaddset(&held, SIGCHLD);
    for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++) {
        (void)sigaddset(&held, ending[i]);
    }
    (void)signal(SIGCHLD, SIG_DFL); /* whoever started us may have had none */
    (void)sigprocmask(SIG_BLOCK, &held, &before);
}

/* --- starting ------------------------------------------------------------ */

static bool
place(int fd, int at)
{
    if (fd == at) {
        return fcntl(fd, F_SETFD, 0) == 0; /* it is not to close */
    }
    return fd < 0 || dup2(fd, at) == at;
}

/* In the child: nothing but async-signal-safe calls. Says why it failed. */
static _Noreturn void
become(const struct launch_start *how, pid_t parent, int report)
{
    int why;

    if ((!how->own_group || setpgid(0, 0) == 0) &&
        prctl(PR_SET_PDEATHSIG, how->end_with) == 0 && getppid() == parent &&
        place(how->in, STDIN_FILENO) && place(how->out, STDOUT_FILENO) &&
        place(how->err, STDERR_FILENO) && place(how->extra, LAUNCH_EXTRA_FD) &&
        (!is_holding || sigprocmask(SIG_SETMASK, &before, NULL) == 0)) {
        (void)execv(how->path, how->argv);
    }
    why = errno;
    (void)!write(report, &why, sizeof(why));
    _exit(EXEC_FAILED);
}

/* Nothing comes if it could be run: the pipe closes with that. */
static int
reported(int fd)
{
    int why = 0;
    ssize_t n;

    do {
        n = read(fd, &why, sizeof(why));
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof(why) ? why : 0;
}

/* Both ends above what a child's own descriptors are placed at. */
static bool
make_report(int ends[2])
{
    int low[2];

    if (pipe2(low, O_CLOEXEC) != 0) {
        return false;
    }
    for (int i = 0; i < 2; i++) {
        ends[i] = fcntl(low[i], F_DUPFD_CLOEXEC, LAUNCH_EXTRA_FD + 1);
        (void)close(low[i]);
    }
    return ends[0] >= 0 && ends[1] >= 0;
}

enum assay_code
launch_start(const struct launch_start *how, pid_t *pid,
             struct assay_error *err)
{
    pid_t self = getpid();
    int report[2] = {-1, -1};
    int why = 0;

    *pid = 0;
    assay_error_clear(err);
    if (make_report(report)) {
        *pid = fork();
        if (*pid == 0) {
            become(how, self, report[1]);
        }
        why = *pid < 0 ? errno : 0;
    } else {
        why = errno;
    }
    if (report[1] >= 0) {
        (void)close(report[1]);
    }
    if (*pid > 0) {
        why = reported(report[0]);
    }
    if (report[0] >= 0) {
        (void)close(report[0]);
    }
    if (why == 0) {
        return ASSAY_OK;
    }
    if (*pid > 0) {
        (void)launch_end(pid, 0, 0);
    }
    *pid = 0;
    return assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET, "cannot run %.150s: %s",
                      how->path, strerror(why));
}

/* --- ending -------------------------------------------------------------- */

static int
code_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status)
                             : LAUNCH_SIGNAL_CODE + WTERMSIG(status);
}

bool
launch_has_ended(pid_t *pid, int *code)
{
    int status = 0;

    if (*pid != 0 && waitpid(*pid, &status, WNOHANG) == *pid) {
        *pid = 0;
        *code = code_of(status);
        return true;
    }
    return false;
}

static int64_t
now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int
launch_end(pid_t *pid, int number, int patience_ms)
{
    int64_t until = now_ms() + patience_ms;
    sigset_t child;
    int status = 0;
    int code = 0;

    launch_hold_signals();
    (void)sigemptyset(&child);
    (void)sigaddset(&child, SIGCHLD);
    if (number != 0) {
        (void)kill(*pid, number);
    }
    while (!launch_has_ended(pid, &code)) {
        int64_t left = until - now_ms();
        struct timespec t = {left / 1000, left % 1000 * 1000000};

        if (left <= 0) {
            (void)kill(*pid, SIGKILL);
            while (waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
            }
            *pid = 0;
            return code_of(status);
        }
        (void)sigtimedwait(&child, NULL, &t);
    }
    return code;
}

/* --- waiting ------------------------------------------------------------- */

void
launch_wait(pid_t to)
{
    siginfo_t info;
    int number = sigwaitinfo(&held, &info);
    bool from_terminal = info.si_code == SI_KERNEL;

    if (number > 0 && number != SIGCHLD && to != 0 && !from_terminal) {
        (void)kill(to, number);
    }
}

int
launch_told_to_end(void)
{
    sigset_t pending;

    if (!is_holding || sigpending(&pending) != 0) {
        return 0;
    }
    for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++) {
        if (sigismember(&pending, ending[i]) == 1) {
            return ending[i];
        }
    }
    return 0;
}

/* It can be read while one of the signals waits; -1: there is none. */
static int
make_bell(void)
{
    sigset_t all;

    if (!is_holding) {
        return -1;
    }
    (void)sigemptyset(&all);
    for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++) {
        (void)sigaddset(&all, ending[i]);
    }
    return signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool
read_all(int fd, int bell, struct assay_buf *to, int64_t until,
         bool (*enough)(void *user, const struct assay_buf *so_far), void *user)
{
    struct pollfd p[] = {{.fd = fd, .events = POLLIN},
                         {.fd = bell, .events = POLLIN}};
    uint8_t room[READ_BYTES];

    for (;;) {
        int64_t left = until - now_ms();
        ssize_t n;

        if (left <= 0 || to->failed) {
            return false;
        }
        if (poll(p, 2, (int)left) <= 0) {
            continue;
        }
        if (p[1].revents != 0) {
            return false;
        }
        n = read(fd, room, sizeof(room));
        if (n <= 0) {
            return n == 0 && enough == NULL;
        }
        assay_buf_add(to, (struct assay_slice){room, (size_t)n});
        if (enough != NULL && enough(user, to)) {
            return true;
        }
    }
}

bool
launch_read(int fd, struct assay_buf *to, int limit_ms,
            bool (*enough)(void *user, const struct assay_buf *so_far),
            void *user)
{
    int bell = make_bell();
    bool read = read_all(fd, bell, to, now_ms() + limit_ms, enough, user);

    if (bell >= 0) {
        (void)close(bell);
    }
    return read;
}
