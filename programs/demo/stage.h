/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * stage.h - the honest world: a simulated platform, a backend, assay-serve
 * before it, and a client. All in one folder, which is this program's current
 * one, so that files have short names.
 */
#pragma once

#include "assay/compose.h"
#include "io/http_server.h"
#include "process.h"

#define STAGE_AGENT         "sim/dstack.sock"
#define STAGE_FOREIGN_AGENT "foreign/dstack.sock"
#define STAGE_LIAR          "liar.sock"
#define STAGE_OTHER_COMPOSE "other-compose.json"
#define STAGE_LIMIT_MS      20000u /* for each step */
#define STAGE_PATH_MAX      4096
#define STAGE_HASH_DIGITS   64

/* Certificates of one CA, which the client trusts: NAME.pem and NAME.key. */
#define STAGE_SERVER   "server"   /* what the honest server shows */
#define STAGE_ATTACKER "attacker" /* a name was not checked well enough */

struct stage {
    struct pump pump;
    char programs[STAGE_PATH_MAX]; /* their folder */
    struct process *sim;
    struct process *foreign; /* a second platform; NULL until wanted */
    struct process *serve;
    const char *backend_at; /* NULL: the stage has one, which says hello */
    struct assay_http_server *backend;
    struct assay_address server;               /* assay-serve */
    char expected_hash[STAGE_HASH_DIGITS + 1]; /* compose hash of the policy */
    char measured_hash[STAGE_HASH_DIGITS + 1]; /* of the TD as it is now */
    struct assay_error err;                    /* why a step was false */
};

/* All of these: false, and why in s->err. */

/* Before anything else: from here on signals end steps, not this program. */
bool stage_prepare(struct stage *s);
bool stage_open(struct stage *s);
void stage_close(struct stage *s);

/* The platform as it was at first, then with this change of assay-sim's
 * --control (NULL: none). The TD boots anew. */
bool stage_reset(struct stage *s, const char *control);
/* An app in the TD extends RTMR3. */
bool stage_emit(struct stage *s, const char *event, const char *payload_hex);
/* A second platform, under another root. */
bool stage_start_foreign(struct stage *s);
/* (Re)starts assay-serve. */
bool stage_serve(struct stage *s, const char *agent, const char *certificate,
                 bool announce);
bool stage_address(struct stage *s, const char *text,
                   struct assay_address *out);
/* One of ours, until it has written its ready file; argv[0] is its name. */
bool stage_start_daemon(struct stage *s, const char *const *argv,
                        const char *ready_file, struct process **out);
/* Where a file of JSON says under this name. */
bool stage_read_member(struct stage *s, const char *file, const char *name,
                       char *out, size_t size);
bool stage_fail(struct stage *s, enum assay_code code, const char *fmt, ...)
    ASSAY_PRINTF(3, 4);

/* What one client got. */
struct visit {
    int code; /* exit code */
    struct assay_buf out;
    struct assay_buf errors;
};
/* Runs assay with these arguments, NULL ends. *v is initialised here and
 * always freed by visit_free(). */
bool stage_visit(struct stage *s, const char *const *args, struct visit *v);
void visit_free(struct visit *v);
