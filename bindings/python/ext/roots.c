/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * roots.c - whom a client believes: Root, of quotes, and Roots, of TLS.
 */
#include "core.h"

/* --- Root --------------------------------------------------------------- */

static void
root_dealloc(PyObject *self)
{
    struct root *r = (struct root *)self;

    assay_root_free(r->own);
    Py_XDECREF(r->context);
    core_finish(self);
}

static PyObject *
root_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    struct core *core = core_of(type);
    PyObject *certificate = Py_None;
    struct assay_error err;
    struct root *r;

    if (!core_no_keywords(keywords) ||
        !PyArg_ParseTuple(args, "|O:Root", &certificate)) {
        return NULL;
    }
    if (certificate != Py_None && !PyBytes_Check(certificate)) {
        PyErr_SetString(PyExc_TypeError, "a root is bytes or None");
        return NULL;
    }
    r = (struct root *)PyType_GenericAlloc(type, 0);
    if (r == NULL) {
        return NULL;
    }
    r->root = assay_root_intel();
    r->context = core_context(core);
    if (r->context != NULL && certificate == Py_None) {
        return (PyObject *)r;
    }
    if (r->context != NULL &&
        assay_root_parse(r->context->ctx, core_slice(certificate), &r->own,
                         &err) == ASSAY_OK) {
        r->root = r->own;
        return (PyObject *)r;
    }
    if (r->context != NULL) {
        core_raise(core, &err);
    }
    Py_DECREF(r);
    return NULL;
}

static PyType_Slot root_slots[] = {
    {Py_tp_new, (void *)root_new},
    {Py_tp_dealloc, (void *)root_dealloc},
    {0, NULL},
};

PyType_Spec root_spec = {
    .name = "atlas._core.Root",
    .basicsize = sizeof(struct root),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = root_slots,
};

/* --- Roots -------------------------------------------------------------- */

static void
roots_dealloc(PyObject *self)
{
    struct roots *r = (struct roots *)self;

    assay_tls_roots_free(r->roots);
    Py_XDECREF(r->context);
    core_finish(self);
}

static PyObject *
roots_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    struct core *core = core_of(type);
    struct assay_error err;
    struct roots *r;
    size_t count;
    PyObject *pem;

    if (!core_no_keywords(keywords) ||
        !PyArg_ParseTuple(args, "S:Roots", &pem)) {
        return NULL;
    }
    r = (struct roots *)PyType_GenericAlloc(type, 0);
    if (r == NULL) {
        return NULL;
    }
    r->context = core_context(core);
    if (r->context != NULL &&
        assay_tls_roots_parse(r->context->ctx, core_slice(pem), &r->roots,
                              &count, &err) == ASSAY_OK) {
        return (PyObject *)r;
    }
    if (r->context != NULL) {
        core_raise(core, &err);
    }
    Py_DECREF(r);
    return NULL;
}

static PyType_Slot roots_slots[] = {
    {Py_tp_new, (void *)roots_new},
    {Py_tp_dealloc, (void *)roots_dealloc},
    {0, NULL},
};

PyType_Spec roots_spec = {
    .name = "atlas._core.Roots",
    .basicsize = sizeof(struct roots),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = roots_slots,
};
