/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * session.c - Session: the client's end of one attested connection.
 *
 * What the core does not take at once waits in `pending`, so that Python may
 * hand over whatever came from the network.
 */
#include "session.h"

#include <string.h>

#include "base/buf.h"

#define PENDING_MAX_BYTES (ASSAY_REPLY_BODY_MAX_BYTES + 1024u * 1024u)
#define WRITE_MAX_BYTES   (64 * 1024)

struct core *
session_core(struct session *s)
{
    return core_of(Py_TYPE((PyObject *)s));
}

bool
session_free(struct session *s)
{
    if (s->busy) {
        PyErr_SetString(PyExc_RuntimeError,
                        "another thread is using this session");
    }
    return !s->busy;
}

static PyObject *
none_or_raise(struct session *s, enum assay_code code,
              const struct assay_error *err)
{
    return code == ASSAY_OK ? core_none() : core_raise(session_core(s), err);
}

/* --- life --------------------------------------------------------------- */

static void
session_dealloc(PyObject *self)
{
    struct session *s = (struct session *)self;

    assay_client_free(s->client);
    assay_buf_free(&s->pending);
    Py_XDECREF(s->collateral);
    Py_XDECREF(s->roots);
    Py_XDECREF(s->root);
    Py_XDECREF(s->policy);
    Py_XDECREF(s->context);
    core_finish(self);
}

static bool
take_nonce(struct assay_slice nonce)
{
    if (nonce.len != ASSAY_NONCE_BYTES) {
        PyErr_Format(PyExc_ValueError, "a nonce has %u octets",
                     ASSAY_NONCE_BYTES);
    }
    return nonce.len == ASSAY_NONCE_BYTES;
}

static bool
open_client(struct session *s, struct assay_now now, const uint8_t *nonce)
{
    const struct assay_client_options options = {
        .ctx = s->context->ctx,
        .verifier = s->context->verifier,
        .root = s->root->root,
        .policy = s->policy->policy,
        .roots = s->roots->roots,
        .server_name = s->server_name,
        .wire = assay_policy_wire(s->policy->policy, 0),
        .keep_evidence = true,
    };
    struct assay_error err;

    if (assay_client_new(&options, now, nonce, &s->client, &err) == ASSAY_OK) {
        return true;
    }
    core_raise(session_core(s), &err);
    return false;
}

static PyObject *
session_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    struct core *core = core_of(type);
    struct assay_slice nonce;
    struct assay_now now;
    PyObject *policy;
    PyObject *root;
    PyObject *roots;
    PyObject *random;
    const char *name;
    long long wall;
    long long mono;
    struct session *s;

    if (!core_no_keywords(keywords) ||
        !PyArg_ParseTuple(args, "O!O!O!sLLS:Session", core->policy_type,
                          &policy, core->root_type, &root, core->roots_type,
                          &roots, &name, &wall, &mono, &random)) {
        return NULL;
    }
    nonce = core_slice(random);
    if (!take_nonce(nonce)) {
        return NULL;
    }
    if (strlen(name) > ASSAY_SERVER_NAME_MAX_BYTES) {
        PyErr_SetString(PyExc_ValueError, "the server's name is too long");
        return NULL;
    }
    s = (struct session *)PyType_GenericAlloc(type, 0);
    if (s == NULL) {
        return NULL;
    }
    assay_buf_init(&s->pending, PENDING_MAX_BYTES);
    s->policy = (struct policy *)Py_NewRef(policy);
    s->root = (struct root *)Py_NewRef(root);
    s->roots = (struct roots *)Py_NewRef(roots);
    /* all of one process: that of the policy */
    s->context = (struct context *)Py_NewRef((PyObject *)s->policy->context);
    memcpy(s->server_name, name, strlen(name) + 1);
    now = (struct assay_now){.wall_s = wall, .mono_ms = mono};
    if (!open_client(s, now, nonce.ptr)) {
        Py_DECREF(s);
        return NULL;
    }
    return (PyObject *)s;
}

/* --- the network's side ------------------------------------------------- */

/* Feeds as much as the core takes now. */
static bool
pump(struct session *s)
{
    struct assay_slice in = assay_buf_slice(&s->pending);
    enum assay_code code = ASSAY_OK;
    struct assay_error err;
    size_t at = 0;
    size_t used = 1;

    while (code == ASSAY_OK && at < in.len && used > 0) {
        code = assay_client_feed(s->client,
                                 (struct assay_slice){in.ptr + at, in.len - at},
                                 &used, &err);
        at += code == ASSAY_OK ? used : in.len - at;
    }
    if (at > 0) {
        memmove(s->pending.ptr, s->pending.ptr + at, in.len - at);
        s->pending.len = in.len - at;
    }
    if (code != ASSAY_OK) {
        core_raise(session_core(s), &err);
    }
    return code == ASSAY_OK;
}

static PyObject *
session_receive(PyObject *self, PyObject *data)
{
    struct session *s = (struct session *)self;

    if (!PyBytes_Check(data)) {
        PyErr_SetString(PyExc_TypeError, "receive() takes bytes");
        return NULL;
    }
    if (!session_free(s)) {
        return NULL;
    }
    assay_buf_add(&s->pending, core_slice(data));
    if (s->pending.failed) {
        PyErr_SetString(PyExc_MemoryError,
                        "more was received than read() has taken");
        return NULL;
    }
    return pump(s) ? core_none() : NULL;
}

static PyObject *
session_output(PyObject *self, PyObject *unused)
{
    struct session *s = (struct session *)self;
    struct assay_slice out;
    PyObject *bytes;

    (void)unused;
    if (!session_free(s)) {
        return NULL;
    }
    out = assay_client_output(s->client);
    bytes = core_bytes(out);
    if (bytes != NULL) {
        assay_client_sent(s->client, out.len);
    }
    return bytes;
}

static PyObject *
session_eof(PyObject *self, PyObject *unused)
{
    struct session *s = (struct session *)self;

    (void)unused;
    if (!session_free(s)) {
        return NULL;
    }
    assay_client_eof(s->client);
    return core_none();
}

static PyObject *
session_abort(PyObject *self, PyObject *args)
{
    struct session *s = (struct session *)self;
    struct assay_error why;

    /* the same pair that AssayError has; whatever they are becomes text, which
     * may let other threads run */
    if (!core_error_of_pair(args, &why)) {
        PyErr_SetString(PyExc_TypeError, "abort() takes a code and a message");
        return NULL;
    }
    if (!session_free(s)) {
        return NULL;
    }
    assay_client_abort(s->client, &why);
    return core_none();
}

/* --- evidence ----------------------------------------------------------- */

/* Elsewhere the core may still use what was given before. */
static bool
takes_collateral(struct session *s)
{
    enum assay_client_state state = assay_client_state(s->client);
    bool takes =
        state == ASSAY_CLIENT_NEED_COLLATERAL || state == ASSAY_CLIENT_APPRAISE;

    if (!takes) {
        PyErr_Format(PyExc_RuntimeError, "no collateral is wanted in state %s",
                     assay_client_state_name(state));
    }
    return takes;
}

static PyObject *
session_supply(PyObject *self, PyObject *args)
{
    struct session *s = (struct session *)self;
    struct core *core = session_core(s);
    struct collateral *collateral;
    PyObject *supply;
    long long wall;

    if (!PyArg_ParseTuple(args, "O!O!L:supply", core->collateral_type,
                          &collateral, core->supply_type, &supply, &wall) ||
        !session_free(s) || !takes_collateral(s)) {
        return NULL;
    }
    assay_client_give_collateral(s->client, collateral->collateral);
    assay_client_expect_evaluations(
        s->client, supply_seen(supply, assay_client_need(s->client), wall));
    Py_INCREF(collateral);
    Py_XDECREF(s->collateral); /* of the evidence before */
    s->collateral = collateral;
    return core_none();
}

static PyObject *
session_appraise(PyObject *self, PyObject *args)
{
    struct session *s = (struct session *)self;
    struct assay_error err;
    enum assay_code code;
    long long wall;
    long long mono;

    if (!PyArg_ParseTuple(args, "LL:appraise", &wall, &mono) ||
        !session_free(s)) {
        return NULL;
    }
    s->busy = true;
    Py_BEGIN_ALLOW_THREADS code = assay_client_appraise(
        s->client, (struct assay_now){.wall_s = wall, .mono_ms = mono}, &err);
    Py_END_ALLOW_THREADS s->busy = false;
    if (code == ASSAY_OK) {
        return pump(s) ? core_none() : NULL;
    }
    return core_raise(session_core(s), &err);
}

static PyObject *
session_reattest(PyObject *self, PyObject *args)
{
    struct session *s = (struct session *)self;
    struct assay_slice nonce;
    struct assay_error err;
    PyObject *random;
    long long wall;
    long long mono;

    if (!PyArg_ParseTuple(args, "LLS:reattest", &wall, &mono, &random) ||
        !session_free(s)) {
        return NULL;
    }
    nonce = core_slice(random);
    if (!take_nonce(nonce)) {
        return NULL;
    }
    return none_or_raise(
        s,
        assay_client_reattest(
            s->client, (struct assay_now){.wall_s = wall, .mono_ms = mono},
            nonce.ptr, &err),
        &err);
}

/* --- plaintext ---------------------------------------------------------- */

/* The message before ends. False: evidence is due. */
static PyObject *
session_begin(PyObject *self, PyObject *args)
{
    struct session *s = (struct session *)self;
    struct assay_error err;
    enum assay_code code;
    long long wall;
    long long mono;

    if (!PyArg_ParseTuple(args, "LL:begin", &wall, &mono) || !session_free(s)) {
        return NULL;
    }
    if (assay_client_state(s->client) == ASSAY_CLIENT_RAW) {
        return PyBool_FromLong(true); /* all that follows is one message */
    }
    assay_client_end(s->client);
    code = assay_client_begin(
        s->client, (struct assay_now){.wall_s = wall, .mono_ms = mono}, &err);
    if (code != ASSAY_OK && code != ASSAY_STALE) {
        return core_raise(session_core(s), &err);
    }
    return PyBool_FromLong(code == ASSAY_OK);
}

static PyObject *
session_write(PyObject *self, PyObject *args)
{
    struct session *s = (struct session *)self;
    struct assay_slice data;
    struct assay_error err;
    Py_ssize_t offset;
    PyObject *bytes;

    if (!PyArg_ParseTuple(args, "Sn:write", &bytes, &offset) ||
        !session_free(s)) {
        return NULL;
    }
    data = core_slice(bytes);
    if (offset < 0 || (size_t)offset > data.len) {
        PyErr_SetString(PyExc_ValueError, "offset is not within the data");
        return NULL;
    }
    data.ptr += offset;
    data.len -= (size_t)offset;
    data.len = data.len < WRITE_MAX_BYTES ? data.len : WRITE_MAX_BYTES;
    if (assay_client_write(s->client, data, &err) != ASSAY_OK) {
        return core_raise(session_core(s), &err);
    }
    return PyLong_FromSize_t(data.len);
}

static PyObject *
session_switch(PyObject *self, PyObject *unused)
{
    struct session *s = (struct session *)self;
    struct assay_error err;

    (void)unused;
    if (!session_free(s)) {
        return NULL;
    }
    return none_or_raise(s, assay_client_switch(s->client, &err), &err);
}

static PyObject *
session_read(PyObject *self, PyObject *args)
{
    struct session *s = (struct session *)self;
    struct assay_slice plain;
    Py_ssize_t max;
    PyObject *out;

    if (!PyArg_ParseTuple(args, "n:read", &max) || !session_free(s)) {
        return NULL;
    }
    plain = assay_client_read(s->client);
    plain.len = max >= 0 && plain.len > (size_t)max ? (size_t)max : plain.len;
    out = core_bytes(plain);
    if (out != NULL && plain.len > 0) {
        assay_client_taken(s->client, plain.len);
        if (s->pending.len > 0 && !pump(s)) {
            PyErr_Clear(); /* the state tells; what came before it counts */
        }
    }
    return out;
}

static PyObject *
session_close(PyObject *self, PyObject *unused)
{
    struct session *s = (struct session *)self;

    (void)unused;
    if (!session_free(s)) {
        return NULL;
    }
    assay_client_close(s->client);
    return core_none();
}

/* --- the type ----------------------------------------------------------- */

static PyMethodDef methods[] = {
    {"receive", session_receive, METH_O, NULL},
    {"output", session_output, METH_NOARGS, NULL},
    {"eof", session_eof, METH_NOARGS, NULL},
    {"abort", session_abort, METH_VARARGS, NULL},
    {"supply", session_supply, METH_VARARGS, NULL},
    {"appraise", session_appraise, METH_VARARGS, NULL},
    {"reattest", session_reattest, METH_VARARGS, NULL},
    {"begin", session_begin, METH_VARARGS, NULL},
    {"write", session_write, METH_VARARGS, NULL},
    {"switch", session_switch, METH_NOARGS, NULL},
    {"read", session_read, METH_VARARGS, NULL},
    {"close", session_close, METH_NOARGS, NULL},
    {"verdict", session_verdict, METH_NOARGS, NULL},
    {"evidence", session_evidence, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, (void *)session_new},
    {Py_tp_dealloc, (void *)session_dealloc},
    {Py_tp_methods, methods},
    {Py_tp_getset, session_members},
    {0, NULL},
};

PyType_Spec session_spec = {
    .name = "atlas._core.Session",
    .basicsize = sizeof(struct session),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = slots,
};
