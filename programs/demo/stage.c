/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * stage.c - see stage.h.
 */
#include "stage.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/json.h"
#include "io/file.h"
#include "io/http_call.h"
#include "scenery.h"

#define FILE_MAX_BYTES   (1024u * 1024u)
#define ANSWER_MAX_BYTES (64u * 1024u)
#define SERVE_READY      "serve.json"

static const char hello[] = "hello from the backend, for proven callers only\n";

bool
stage_fail(struct stage *s, enum assay_code code, const char *fmt, ...)
{
    char text[sizeof(s->err.msg)];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    (void)assay_fail(&s->err, code, ASSAY_NO_OFFSET, "%s", text);
    return false;
}

bool
stage_address(struct stage *s, const char *text, struct assay_address *out)
{
    return assay_address_parse(text, NULL, out, &s->err) == ASSAY_OK;
}

/* --- children ----------------------------------------------------------- */

/* The time was up, or somebody pressed a key. */
static bool
fail_wait(struct stage *s, const char *program)
{
    return s->pump.interrupted != 0
               ? stage_fail(s, ASSAY_IO, "interrupted")
               : stage_fail(s, ASSAY_TIMEOUT, "%s did not get ready or done",
                            program);
}

/* Puts the programs' folder before argv[0], which is a name. */
static bool
start(struct stage *s, const char *const *argv, struct process **out)
{
    const char *whole[PROCESS_ARGS_MAX] = {NULL};
    char path[STAGE_PATH_MAX + 64];

    (void)snprintf(path, sizeof(path), "%s/%s", s->programs, argv[0]);
    whole[0] = path;
    for (size_t i = 1; argv[i] != NULL && i < PROCESS_ARGS_MAX - 1; i++) {
        whole[i] = argv[i];
    }
    return process_start(&s->pump, whole, out, &s->err) == ASSAY_OK;
}

struct readiness {
    const struct process *process;
    const char *file;
};

static bool
is_ready_or_over(const void *user)
{
    const struct readiness *r = user;

    return access(r->file, R_OK) == 0 || process_has_ended(r->process);
}

/* Daemons write the file before the line that wakes us. */
bool
stage_start_daemon(struct stage *s, const char *const *argv,
                   const char *ready_file, struct process **out)
{
    struct readiness r = {NULL, ready_file};

    (void)unlink(ready_file);
    if (!start(s, argv, out)) {
        return false;
    }
    r.process = *out;
    if (!pump_wait(&s->pump, is_ready_or_over, &r, STAGE_LIMIT_MS)) {
        return fail_wait(s, argv[0]);
    }
    if (process_has_ended(*out)) {
        struct assay_slice said = process_errors(*out);

        return stage_fail(s, ASSAY_IO, "%s ended: %.*s", argv[0],
                          said.len < 150 ? (int)said.len : 150,
                          said.len > 0 ? (const char *)said.ptr : "");
    }
    return true;
}

bool
stage_visit(struct stage *s, const char *const *args, struct visit *v)
{
    const char *argv[PROCESS_ARGS_MAX] = {"assay"};
    struct process *c = NULL;
    bool done = false;

    assay_buf_init(&v->out, PROCESS_OUTPUT_MAX_BYTES);
    assay_buf_init(&v->errors, PROCESS_OUTPUT_MAX_BYTES);
    v->code = -1;
    for (size_t i = 0; args[i] != NULL && i < PROCESS_ARGS_MAX - 2; i++) {
        argv[i + 1] = args[i];
    }
    if (!start(s, argv, &c)) {
        return false;
    }
    done = pump_wait(&s->pump, process_is_done, c, STAGE_LIMIT_MS) ||
           fail_wait(s, "assay");
    if (done) {
        v->code = process_code(c);
        assay_buf_add(&v->out, process_output(c));
        assay_buf_add(&v->errors, process_errors(c));
    }
    process_end(c);
    return done;
}

void
visit_free(struct visit *v)
{
    assay_buf_free(&v->out);
    assay_buf_free(&v->errors);
}

/* --- the platform ------------------------------------------------------- */

/* Where the text says under this name, into `out`. */
static bool
read_member(struct stage *s, struct assay_slice text, const char *name,
            char *out, size_t size)
{
    static const struct assay_json_limits limits = {FILE_MAX_BYTES, 16, 4096};
    struct assay_json *j = NULL;
    struct assay_slice value = ASSAY_EMPTY;
    bool fits = false;

    if (assay_json_parse(text, &limits, "ready file", &j, &s->err) ==
        ASSAY_OK) {
        value =
            assay_json_string(j, assay_json_member(j, ASSAY_JSON_ROOT, name));
        fits = value.len > 0 && value.len < size;
    }
    if (fits) {
        assay_copy(out, value);
        out[value.len] = '\0';
    }
    assay_json_free(j);
    return fits || stage_fail(s, ASSAY_REPLY, "there is no %s", name);
}

bool
stage_read_member(struct stage *s, const char *file, const char *name,
                  char *out, size_t size)
{
    struct assay_buf text;
    bool good;

    if (assay_file_read(file, FILE_MAX_BYTES, &text, &s->err) != ASSAY_OK) {
        return false;
    }
    good = read_member(s, assay_buf_slice(&text), name, out, size);
    assay_buf_free(&text);
    return good;
}

/* MRCONFIGID is left empty, as older hosts do: then the event log alone tells
 * what runs, and attacks on it have nothing else in their way. */
static bool
start_platform(struct stage *s, const char *dir, struct process **out)
{
    char ready_file[64];
    const char *const argv[] = {
        "assay-sim",    "--dir",          dir, "--app-compose",
        "compose.json", "--mr-config-id", "0", NULL};

    (void)snprintf(ready_file, sizeof(ready_file), "%s/ready.json", dir);
    return stage_start_daemon(s, argv, ready_file, out);
}

static bool
start_sim(struct stage *s)
{
    return start_platform(s, "sim", &s->sim) &&
           stage_read_member(s, "sim/ready.json", "compose_hash",
                             s->expected_hash, sizeof(s->expected_hash));
}

bool
stage_start_foreign(struct stage *s)
{
    return s->foreign != NULL || start_platform(s, "foreign", &s->foreign);
}

bool
stage_reset(struct stage *s, const char *control)
{
    const char *const argv[] = {
        "assay-sim", "--dir", "sim",
        "--control", "reset", control != NULL ? "--control" : NULL,
        control,     NULL};
    struct process *c = NULL;
    bool done = false;

    if (!start(s, argv, &c)) {
        return false;
    }
    done = pump_wait(&s->pump, process_is_done, c, STAGE_LIMIT_MS) ||
           fail_wait(s, argv[0]);
    if (done && process_code(c) != 0) {
        done = stage_fail(s, ASSAY_IO, "assay-sim --control %s failed",
                          control != NULL ? control : "reset");
    }
    done = done && read_member(s, process_output(c), "compose_hash",
                               s->measured_hash, sizeof(s->measured_hash));
    process_end(c);
    return done;
}

/* --- calls to the guest agent ------------------------------------------- */

struct emission {
    bool over;
    unsigned status;
    struct assay_error err;
};

static void
on_emitted(void *user, const struct assay_http1_head *head,
           struct assay_slice body, const struct assay_error *err)
{
    struct emission *e = user;

    (void)body;
    e->over = true;
    e->err = *err;
    e->status = head != NULL ? head->status : 0;
}

static bool
is_emitted(const void *user)
{
    const struct emission *e = user;

    return e->over;
}

bool
stage_emit(struct stage *s, const char *event, const char *payload_hex)
{
    struct emission e = {.over = false};
    struct assay_http_call_options call = {
        .method = "POST",
        .target = "/EmitEvent",
        .host = "localhost",
        .answer_max = ANSWER_MAX_BYTES,
    };
    struct assay_http_call *c = NULL;
    char body[256];

    (void)snprintf(body, sizeof(body), "{\"event\":\"%s\",\"payload\":\"%s\"}",
                   event, payload_hex);
    call.body = assay_slice_of(body);
    if (!stage_address(s, "unix:" STAGE_AGENT, &call.to)) {
        return false;
    }
    c = assay_http_call_start(&s->pump.loop, &call, on_emitted, &e);
    if (c == NULL) {
        return stage_fail(s, ASSAY_NO_MEMORY, "out of memory");
    }
    if (!pump_wait(&s->pump, is_emitted, &e, STAGE_LIMIT_MS)) {
        if (!e.over) {
            assay_http_call_cancel(c);
        }
        return fail_wait(s, "the guest agent");
    }
    if (e.err.code == ASSAY_OK && e.status == 200) {
        return true;
    }
    return stage_fail(s, ASSAY_REPLY, "EmitEvent: %s (status %u)", e.err.msg,
                      e.status);
}

/* --- the server --------------------------------------------------------- */

bool
stage_serve(struct stage *s, const char *agent, const char *certificate,
            bool announce)
{
    char cert[64];
    char key[64];
    char quotes[128];
    char address[ASSAY_HOST_MAX_BYTES];
    const char *const argv[] = {"assay-serve",
                                "--listen",
                                "127.0.0.1:0",
                                "--backend",
                                s->backend_at,
                                "--cert",
                                cert,
                                "--key",
                                key,
                                "--quotes",
                                quotes,
                                "--announce",
                                announce ? "required" : "off",
                                "--ready-file",
                                SERVE_READY,
                                NULL};

    (void)snprintf(cert, sizeof(cert), "%s.pem", certificate);
    (void)snprintf(key, sizeof(key), "%s.key", certificate);
    (void)snprintf(quotes, sizeof(quotes), "dstack:%s", agent);
    process_end(s->serve);
    s->serve = NULL;
    return stage_start_daemon(s, argv, SERVE_READY, &s->serve) &&
           stage_read_member(s, SERVE_READY, "address", address,
                             sizeof(address)) &&
           stage_address(s, address, &s->server);
}

static void
on_backend_request(void *user, const struct assay_http_request *request,
                   struct assay_http_answer *answer)
{
    (void)user;
    (void)request;
    answer->content_type = "text/plain";
    assay_buf_add_text(&answer->body, hello);
}

static bool
start_backend(struct stage *s)
{
    static const struct assay_http_server_limits limits = {
        .body_bytes = 64u * 1024u,
        .connections = 16,
        .request_ms = 10000,
        .idle_ms = 10000,
    };
    static const struct assay_address any = {.host = "127.0.0.1", .port = "0"};

    if (s->backend_at != NULL) {
        return true;
    }
    if (assay_http_server_new(&s->pump.loop, &any, 0, &limits,
                              on_backend_request, s, &s->backend,
                              &s->err) != ASSAY_OK) {
        return false;
    }
    s->backend_at = assay_http_server_address(s->backend);
    return true;
}

/* --- all of it ---------------------------------------------------------- */

/* The folder of this program, where the others are too. */
static bool
find_programs(struct stage *s)
{
    ssize_t n = readlink("/proc/self/exe", s->programs, STAGE_PATH_MAX - 1);
    char *slash;

    s->programs[n > 0 ? n : 0] = '\0';
    slash = strrchr(s->programs, '/');
    if (slash == NULL) {
        return stage_fail(s, ASSAY_IO, "where are the programs?");
    }
    *slash = '\0';
    return true;
}

bool
stage_prepare(struct stage *s)
{
    memset(s, 0, sizeof(*s));
    assay_error_clear(&s->err);
    if (!pump_init(&s->pump)) {
        return stage_fail(s, ASSAY_IO, "no event loop");
    }
    return find_programs(s);
}

bool
stage_open(struct stage *s)
{
    return scenery_write(&s->err) == ASSAY_OK && start_backend(s) &&
           start_sim(s) &&
           scenery_write_policy("sim/policy.json", &s->err) == ASSAY_OK &&
           stage_serve(s, STAGE_AGENT, STAGE_SERVER, true);
}

void
stage_close(struct stage *s)
{
    process_end(s->serve);
    process_end(s->foreign);
    process_end(s->sim);
    assay_http_server_close(s->backend);
    pump_free(&s->pump);
}
