/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * state.h - what the files of the module share: the instance, its last error
 * and result, and objects that JavaScript holds by address.
 */
#pragma once

#include "assay/evidence.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/json_out.h"
#include "core.h"

/* Of a text that is made for JavaScript: evidence bundles are the largest. */
#define JS_TEXT_MAX_BYTES ASSAY_EVIDENCE_MAX_BYTES

struct js_instance {
    struct assay_ctx *ctx; /* NULL until js_start() has succeeded */
    struct assay_verifier *verifier;
    struct assay_marks *marks; /* evaluations that were ever verified */
    struct assay_error error;
    struct assay_slice result;
    struct assay_buf text; /* what result shows, where it was made for it */
};
extern struct js_instance js_instance;

/* --- error and result (core.c) ------------------------------------------- */

/* The function starts without a failure. */
void js_clear(void);
/* What err has; returns its code. */
int32_t js_failed(const struct assay_error *err);
int32_t js_refuse(enum assay_code code, const char *fmt, ...)
    ASSAY_PRINTF(2, 3);
/* js_start() has succeeded; else the error is set. */
bool js_ready(void);

/* Octets that live elsewhere. */
void js_show(struct assay_slice octets);
/* The object that they lived in may be gone. */
void js_forget(void);
/* A text of our own: an empty buffer to write to, which js_text_done() makes
 * the result. Returns the code. */
struct assay_buf *js_text(void);
int32_t js_text_done(const char *what);
/* One whose writer has its own errors. */
int32_t js_text_made(enum assay_code code, const struct assay_error *err);

/* --- arguments (arguments.c) ---------------------------------------------- */

/* A caller's octets. False, and the error is set: there is no such room, or it
 * is smaller. */
bool js_octets(const uint8_t *p, uint32_t len, struct assay_slice *out);
/* A caller's text without NUL, as a C string in `to`, with room for `max`
 * octets and one more. */
bool js_string(const char *what, const uint8_t *p, uint32_t len, char *to,
               size_t max);
/* What a caller tells of its own trouble: code by name, message. Where it
 * cannot be read, that is the trouble. */
struct assay_error js_failure_of(const uint8_t *name, uint32_t name_len,
                                 const uint8_t *message, uint32_t len);
/* Whole seconds or milliseconds. */
bool js_time(double t, int64_t *out);
bool js_now(double wall_s, double mono_ms, struct assay_now *out);

/* --- objects (object.c) --------------------------------------------------- */

struct js_kind {
    const char *name;
    size_t size;
    void (*destroy)(void *object); /* what it holds, not itself */
};

/* First member of every object. */
struct js_object {
    const struct js_kind *kind; /* NULL once it is gone */
    uint32_t references;
    bool held; /* by JavaScript */
};

/* All zero but for its head; held by JavaScript. NULL: no memory, and the error
 * is set. */
void *js_object_new(const struct js_kind *kind);
bool js_is_held(const void *object, const struct js_kind *kind);
/* Is there such an object, that JavaScript holds? Else the error is set. */
bool js_is(const void *object, const struct js_kind *kind);
void *js_object_ref(void *object);
void js_object_drop(void *object); /* NULL is fine */
/* JavaScript gives it back: 0, what is none and what it does not hold are
 * passed by. */
void js_object_give_back(void *object, const struct js_kind *kind);

extern const struct js_kind js_policy_kind;
extern const struct js_kind js_root_kind;
extern const struct js_kind js_roots_kind;
extern const struct js_kind js_session_kind;
extern const struct js_kind js_collateral_kind;

struct js_policy {
    struct js_object object;
    struct assay_policy *policy;
    struct assay_buf json;    /* as it was given */
    struct assay_buf compose; /* content of its compose_file; or empty */
};

struct js_root {
    struct js_object object;
    struct assay_root *own; /* NULL: Intel's */
    const struct assay_root *root;
};

struct js_roots {
    struct js_object object;
    struct assay_tls_roots *roots;
};

struct js_collateral {
    struct js_object object;
    struct assay_collateral *collateral;
};

struct js_session {
    struct js_object object;
    struct js_policy *policy;
    struct js_root *root;
    struct js_roots *roots;
    struct js_collateral *collateral; /* of the evidence at hand; or NULL */
    struct assay_client *client;
    uint64_t serial; /* from 1; addresses are used again */
    char server_name[ASSAY_SERVER_NAME_MAX_BYTES + 1];
};
