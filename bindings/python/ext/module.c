/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * module.c - the module atlas._core: its functions, types and exception.
 */
#include "core.h"

#include <stdlib.h>

#include "assay/compose.h"
#include "assay/gather.h"
#include "assay/version.h"

/* --- what the process shares -------------------------------------------- */

/* The module has a context, whose type has the module: only a collector that
 * sees all of it frees any of it, when an interpreter ends. */
static int
context_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return 0;
}

static void
context_dealloc(PyObject *self)
{
    struct context *c = (struct context *)self;

    PyObject_GC_UnTrack(self);
    assay_seen_free(c->seen);
    assay_verifier_free(c->verifier);
    assay_ctx_free(c->ctx);
    core_finish(self);
}

static PyType_Slot context_slots[] = {
    {Py_tp_dealloc, (void *)context_dealloc},
    {Py_tp_traverse, (void *)context_traverse},
    {0, NULL},
};

PyType_Spec context_spec = {
    .name = "atlas._core.Context",
    .basicsize = sizeof(struct context),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION |
             Py_TPFLAGS_HAVE_GC,
    .slots = context_slots,
};

static struct context *
context_new(struct core *core)
{
    struct context *c =
        (struct context *)PyType_GenericAlloc(core->context_type, 0);
    struct assay_error err;

    if (c == NULL) {
        return NULL;
    }
    if (assay_ctx_new(&c->ctx, &err) != ASSAY_OK ||
        assay_verifier_new(c->ctx, ASSAY_DEFAULT_PLATFORMS, &c->verifier,
                           &err) != ASSAY_OK) {
        Py_DECREF(c);
        return core_raise(core, &err);
    }
    return c;
}

struct context *
core_context(struct core *core)
{
    if (core->context == NULL) {
        core->context = context_new(core);
    }
    return (struct context *)Py_XNewRef((PyObject *)core->context);
}

/* --- functions ---------------------------------------------------------- */

/* A lock of the verifier may have been held by a thread that is not there any
 * more: the old context is left as it is, for good. */
static PyObject *
after_fork(PyObject *module, PyObject *unused)
{
    struct core *core = PyModule_GetState(module);

    (void)unused;
    core->context = NULL;
    return core_none();
}

static PyObject *
compose_merge(PyObject *module, PyObject *user)
{
    struct core *core = PyModule_GetState(module);
    struct assay_error err;
    struct assay_buf out;

    if (!PyBytes_Check(user)) {
        PyErr_SetString(PyExc_TypeError, "compose_merge() takes bytes");
        return NULL;
    }
    assay_buf_init(&out, 2 * ASSAY_COMPOSE_MAX_BYTES);
    return core_take(core, assay_compose_merge(core_slice(user), &out, &err),
                     &out, &err);
}

static PyObject *
policy_compose_file(PyObject *module, PyObject *json)
{
    struct core *core = PyModule_GetState(module);
    struct assay_policy *p;
    struct assay_error err;
    const char *path;
    PyObject *out;

    if (!PyBytes_Check(json)) {
        PyErr_SetString(PyExc_TypeError, "policy_compose_file() takes bytes");
        return NULL;
    }
    if (assay_policy_parse(core_slice(json), &p, &err) != ASSAY_OK) {
        return core_raise(core, &err);
    }
    path = assay_policy_compose_file(p);
    out = path != NULL ? PyUnicode_FromString(path) : core_none();
    assay_policy_free(p);
    return out;
}

static PyMethodDef functions[] = {
    {"after_fork", after_fork, METH_NOARGS, NULL},
    {"compose_merge", compose_merge, METH_O, NULL},
    {"policy_compose_file", policy_compose_file, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

/* --- the module --------------------------------------------------------- */

static int
core_traverse(PyObject *module, visitproc visit, void *arg)
{
    struct core *core = PyModule_GetState(module);

    Py_VISIT(core->context);
    Py_VISIT(core->context_type);
    Py_VISIT(core->policy_type);
    Py_VISIT(core->root_type);
    Py_VISIT(core->roots_type);
    Py_VISIT(core->collateral_type);
    Py_VISIT(core->supply_type);
    Py_VISIT(core->session_type);
    Py_VISIT(core->error_type);
    return 0;
}

static int
core_clear(PyObject *module)
{
    struct core *core = PyModule_GetState(module);

    Py_CLEAR(core->context);
    Py_CLEAR(core->context_type);
    Py_CLEAR(core->policy_type);
    Py_CLEAR(core->root_type);
    Py_CLEAR(core->roots_type);
    Py_CLEAR(core->collateral_type);
    Py_CLEAR(core->supply_type);
    Py_CLEAR(core->session_type);
    Py_CLEAR(core->error_type);
    return 0;
}

static void
core_free(void *module)
{
    (void)core_clear(module);
}

static int
add_type(PyObject *module, PyType_Spec *spec, PyTypeObject **out)
{
    *out = (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, NULL);
    return *out == NULL ? -1 : PyModule_AddType(module, *out);
}

static int
add_error(PyObject *module, struct core *core)
{
    core->error_type = PyErr_NewExceptionWithDoc(
        "atlas._core.AssayError",
        "What could not be done: code, message and hint.", NULL, NULL);
    return core->error_type == NULL
               ? -1
               : PyModule_AddObjectRef(module, "AssayError", core->error_type);
}

static int
core_exec(PyObject *module)
{
    struct core *core = PyModule_GetState(module);
    PyObject *compose = core_bytes(assay_compose_default());
    int failed = compose == NULL ||
                 PyModule_AddObjectRef(module, "COMPOSE_DEFAULT", compose) < 0;

    Py_XDECREF(compose);
    if (failed || add_error(module, core) < 0 ||
        add_type(module, &context_spec, &core->context_type) < 0 ||
        add_type(module, &policy_spec, &core->policy_type) < 0 ||
        add_type(module, &root_spec, &core->root_type) < 0 ||
        add_type(module, &roots_spec, &core->roots_type) < 0 ||
        add_type(module, &collateral_spec, &core->collateral_type) < 0 ||
        add_type(module, &supply_spec, &core->supply_type) < 0 ||
        add_type(module, &session_spec, &core->session_type) < 0 ||
        PyModule_AddStringConstant(module, "VERSION", ASSAY_VERSION) < 0 ||
        PyModule_AddIntConstant(module, "NONCE_BYTES", ASSAY_NONCE_BYTES) < 0 ||
        PyModule_AddStringConstant(module, "SOURCE_PHALA", ASSAY_SOURCE_PHALA) <
            0 ||
        PyModule_AddStringConstant(module, "SOURCE_INTEL", ASSAY_SOURCE_INTEL) <
            0) {
        return -1;
    }
    return 0;
}

/* No Py_mod_multiple_interpreters, which 3.10 does not know: from 3.12 on that
 * means interpreters that share the main one's GIL, and those that have their
 * own get ImportError. What an interpreter shares is in the module's state. */
static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void *)core_exec},
    {0, NULL},
};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "atlas._core",
    .m_size = sizeof(struct core),
    .m_methods = functions,
    .m_slots = slots,
    .m_traverse = core_traverse,
    .m_clear = core_clear,
    .m_free = core_free,
};

PyMODINIT_FUNC PyInit__core(void);

PyMODINIT_FUNC
PyInit__core(void)
{
    return PyModuleDef_Init(&definition);
}
