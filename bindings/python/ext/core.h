/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * core.h - the extension module atlas._core: what its files share.
 *
 * Limited API of Python 3.10, bytes in and out, no I/O of its own but the
 * memory of evaluations and the disk cache of collateral. What every method
 * does stands in atlas/_core.pyi.
 */
#pragma once

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030A0000
#include <Python.h>

#include "assay/session.h"
#include "io/seen.h"

/* What sessions and supplies of one process share; freed with the last object
 * that uses it. */
struct context {
    PyObject_HEAD struct assay_ctx *ctx;
    struct assay_verifier *verifier;
    struct assay_seen *seen; /* NULL until a supply wants it */
};

struct policy {
    PyObject_HEAD struct context *context;
    struct assay_policy *policy;
    PyObject *json;         /* bytes */
    PyObject *compose_file; /* bytes, or NULL */
};

struct root {
    PyObject_HEAD struct context *context;
    const struct assay_root *root;
    struct assay_root *own; /* NULL: Intel's */
};

struct roots {
    PyObject_HEAD struct context *context;
    struct assay_tls_roots *roots;
};

struct collateral {
    PyObject_HEAD struct assay_collateral *collateral;
};

/* The types of the module, and its one exception. */
struct core {
    PyTypeObject *context_type;
    PyTypeObject *policy_type;
    PyTypeObject *root_type;
    PyTypeObject *roots_type;
    PyTypeObject *collateral_type;
    PyTypeObject *supply_type;
    PyTypeObject *session_type;
    PyObject *error_type;
    struct context *context; /* NULL until something wants it */
};

/* The module's state, by one of its types. */
struct core *core_of(PyTypeObject *type);

extern PyType_Spec context_spec;
extern PyType_Spec policy_spec;
extern PyType_Spec root_spec;
extern PyType_Spec roots_spec;
extern PyType_Spec collateral_spec;
extern PyType_Spec supply_spec;
extern PyType_Spec session_spec;

/* A new reference, or NULL with an exception. */
struct context *core_context(struct core *core);

/* False, with TypeError: arguments have no names. (Left alone, tp_new would
 * drop named ones without a word: a root, for example.) */
bool core_no_keywords(PyObject *keywords);

/* The end of every dealloc: the object's memory, and its hold on its type. */
void core_finish(PyObject *self);

/* Sets AssayError; always NULL. */
void *core_raise(struct core *core, const struct assay_error *err);
/* From code and message, a pair of texts; false: it is none. */
bool core_error_of_pair(PyObject *pair, struct assay_error *out);
/* From an AssayError that a callback raised; false: it is another exception. */
bool core_error_of(struct core *core, PyObject *exception,
                   struct assay_error *out);

/* Not Py_RETURN_NONE: with the headers of Python 3.12 on it counts no
 * reference, also for the limited API of 3.10, and Python 3.10 and 3.11 abort
 * one day. */
static inline PyObject *
core_none(void)
{
    return Py_NewRef(Py_None);
}

/* Borrowed from a bytes object. */
struct assay_slice core_slice(PyObject *bytes);
PyObject *core_bytes(struct assay_slice s);
/* Whatever the buffer has, and frees it. */
PyObject *core_take(struct core *core, enum assay_code code,
                    struct assay_buf *b, const struct assay_error *err);

/* (tdx, fmspc, ca), both ways. */
PyObject *core_need_out(const struct assay_collateral_need *need);
bool core_need_in(PyObject *tuple, struct assay_collateral_need *out);

/* What sessions ask of a supply. */
struct assay_evaluations supply_seen(PyObject *self,
                                     const struct assay_collateral_need *need,
                                     int64_t wall_s);
