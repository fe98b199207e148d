/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * process.c - see process.h. Not by uv_spawn(), which cannot tie the life of a
 * child to that of its parent.
 */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "io/socket_name.h"

#define STREAMS     2 /* standard output, standard error */
#define READ_BYTES  (64u * 1024u)
#define PATIENCE_MS 3000u /* for a child that was asked to end */
#define EXEC_FAILED 127
#define SIGNAL_CODE 128

struct process {
    struct pump *pump;
    pid_t pid; /* 0: none (any more) */
    int code;
    uv_pipe_t pipe[STREAMS];
    bool open[STREAMS];
    unsigned handles; /* not closed yet */
    struct assay_buf text[STREAMS];
    char room[READ_BYTES];
};

/* --- its output --------------------------------------------------------- */

static void
on_closed(uv_handle_t *handle)
{
    struct process *c = handle->data;

    c->handles--;
}

static void
close_pipe(struct process *c, int i)
{
    if (c->open[i]) {
        c->open[i] = false;
        uv_close((uv_handle_t *)&c->pipe[i], on_closed);
    }
}

static void
on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *room)
{
    struct process *c = handle->data;

    (void)suggested;
    *room = uv_buf_init(c->room, READ_BYTES);
}

static void
on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *room)
{
    struct process *c = stream->data;
    int i = stream == (uv_stream_t *)&c->pipe[0] ? 0 : 1;

    if (n >= 0) {
        assay_buf_add(&c->text[i], (struct assay_slice){
                                       (const uint8_t *)room->base, (size_t)n});
    } else {
        close_pipe(c, i);
    }
}

/* --- starting ----------------------------------------------------------- */

/* In the child: nothing but async-signal-safe calls. */
static _Noreturn void
become(const char *const *argv, pid_t parent, const int ends[STREAMS])
{
    int null = open("/dev/null", O_RDONLY);
    sigset_t none;

    for (int number = 1; number < NSIG; number++) {
        (void)signal(number, SIG_DFL);
    }
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent ||
        null < 0 || dup2(null, STDIN_FILENO) < 0 ||
        dup2(ends[0], STDOUT_FILENO) < 0 || dup2(ends[1], STDERR_FILENO) < 0) {
        _exit(EXEC_FAILED);
    }
    (void)execv(argv[0], (char *const *)(uintptr_t)argv);
    _exit(EXEC_FAILED);
}

static enum assay_code
fail_system(struct assay_error *err, const char *what)
{
    return assay_fail_uv(err, ASSAY_IO, -errno, "%s", what);
}

/* One pipe: what the child writes into is *end. */
static enum assay_code
make_pipe(struct process *c, int i, int *end, struct assay_error *err)
{
    uv_file ends[2];

    if (uv_pipe(ends, 0, 0) != 0) {
        return assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET, "no pipe");
    }
    (void)uv_pipe_init(&c->pump->loop, &c->pipe[i], 0);
    c->pipe[i].data = c;
    c->open[i] = true;
    c->handles++;
    if (uv_pipe_open(&c->pipe[i], ends[0]) != 0) {
        (void)close(ends[0]);
        (void)close(ends[1]);
        return assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET, "no pipe");
    }
    *end = ends[1];
    (void)uv_read_start((uv_stream_t *)&c->pipe[i], on_room, on_read);
    return ASSAY_OK;
}

/* With signals held back: the loop's handlers must not run in the child, where
 * they would tell the parent's loop. */
static void
start(struct process *c, const char *const *argv, const int ends[STREAMS],
      struct assay_error *err)
{
    pid_t self = getpid();
    sigset_t all;
    sigset_t before;

    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &before);
    c->pid = fork();
    if (c->pid == 0) {
        become(argv, self, ends);
    }
    if (c->pid < 0) {
        c->pid = 0;
        (void)fail_system(err, "no process");
    }
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
}

enum assay_code
process_start(struct pump *p, const char *const *argv, struct process **out,
              struct assay_error *err)
{
    struct process *c = calloc(1, sizeof(*c));
    int ends[STREAMS] = {-1, -1};

    *out = NULL;
    assay_error_clear(err);
    if (c == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "out of memory");
    }
    c->pump = p;
    for (int i = 0; i < STREAMS && err->code == ASSAY_OK; i++) {
        assay_buf_init(&c->text[i], PROCESS_OUTPUT_MAX_BYTES);
        (void)!make_pipe(c, i, &ends[i], err);
    }
    if (err->code == ASSAY_OK && access(argv[0], X_OK) != 0) {
        (void)fail_system(err, argv[0]);
    }
    if (err->code == ASSAY_OK) {
        start(c, argv, ends, err);
    }
    for (int i = 0; i < STREAMS; i++) {
        if (ends[i] >= 0) {
            (void)close(ends[i]);
        }
    }
    if (err->code != ASSAY_OK) {
        process_end(c);
        return err->code;
    }
    *out = c;
    return ASSAY_OK;
}

/* --- ending ------------------------------------------------------------- */

static void
take_status(struct process *c, int status)
{
    c->pid = 0;
    c->code = WIFEXITED(status) ? WEXITSTATUS(status)
                                : SIGNAL_CODE + WTERMSIG(status);
}

bool
process_has_ended(const void *process)
{
    struct process *c = (struct process *)(uintptr_t)process;
    int status = 0;

    if (c->pid != 0 && waitpid(c->pid, &status, WNOHANG) == c->pid) {
        take_status(c, status);
    }
    return c->pid == 0;
}

bool
process_is_done(const void *process)
{
    const struct process *c = process;

    return process_has_ended(c) && !c->open[0] && !c->open[1];
}

static bool
is_closed(const void *process)
{
    const struct process *c = process;

    return c->handles == 0;
}

void
process_end(struct process *c)
{
    int status = 0;

    if (c == NULL) {
        return;
    }
    if (!process_has_ended(c)) {
        (void)kill(c->pid, SIGTERM);
        if (!pump_wait_anyway(c->pump, process_has_ended, c, PATIENCE_MS)) {
            (void)kill(c->pid, SIGKILL);
            (void)waitpid(c->pid, &status, 0);
            take_status(c, status);
        }
    }
    for (int i = 0; i < STREAMS; i++) {
        close_pipe(c, i);
    }
    (void)pump_wait_anyway(c->pump, is_closed, c, UINT32_MAX);
    for (int i = 0; i < STREAMS; i++) {
        assay_buf_free(&c->text[i]);
    }
    free(c);
}

int
process_code(const struct process *c)
{
    return c->code;
}

struct assay_slice
process_output(const struct process *c)
{
    return assay_buf_slice(&c->text[0]);
}

struct assay_slice
process_errors(const struct process *c)
{
    return assay_buf_slice(&c->text[1]);
}
