/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * convert.c - between the core's values and Python's.
 */
#include "core.h"

#include <stdio.h>
#include <string.h>

struct core *
core_of(PyTypeObject *type)
{
    return PyType_GetModuleState(type);
}

bool
core_no_keywords(PyObject *keywords)
{
    if (keywords != NULL && PyDict_Size(keywords) != 0) {
        PyErr_SetString(PyExc_TypeError,
                        "arguments are given by position, without names");
        return false;
    }
    return true;
}

void
core_finish(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);

    release(self);
    Py_DECREF(type);
}

/* --- errors ------------------------------------------------------------- */

static int
set_text(PyObject *object, const char *name, const char *text)
{
    /* messages quote what peers sent: not always UTF-8 */
    PyObject *value = PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text),
                                           "backslashreplace");
    int failed = value == NULL || PyObject_SetAttrString(object, name, value);

    Py_XDECREF(value);
    return failed ? -1 : 0;
}

void *
core_raise(struct core *core, const struct assay_error *err)
{
    const char *code = assay_code_name(err->code);
    PyObject *args = NULL;
    PyObject *message = PyUnicode_DecodeUTF8(
        err->msg, (Py_ssize_t)strlen(err->msg), "backslashreplace");
    PyObject *e = NULL;

    if (err->code == ASSAY_NO_MEMORY) {
        Py_XDECREF(message);
        return PyErr_NoMemory();
    }
    if (message != NULL) {
        args = Py_BuildValue("(sO)", code, message);
    }
    if (args != NULL) {
        e = PyObject_CallObject(core->error_type, args);
    }
    if (e != NULL && set_text(e, "code", code) == 0 &&
        set_text(e, "message", err->msg) == 0 &&
        set_text(e, "hint", assay_code_hint(err->code)) == 0) {
        PyErr_SetObject(core->error_type, e);
    }
    Py_XDECREF(e);
    Py_XDECREF(args);
    Py_XDECREF(message);
    return NULL;
}

static enum assay_code
code_of(const char *name)
{
#define X(code, text, sentence, hint) code,
    static const enum assay_code codes[] = {ASSAY_CODES(X)};
#undef X

    for (size_t i = 1; i < sizeof(codes) / sizeof(codes[0]); i++) { /* not OK */
        if (strcmp(assay_code_name(codes[i]), name) == 0) {
            return codes[i];
        }
    }
    return ASSAY_NETWORK;
}

/* Copies a text as far as there is room; it may be any object. */
static bool
copy_text(PyObject *object, char *out, size_t size)
{
    PyObject *text = PyObject_Str(object);
    PyObject *utf8 =
        text != NULL
            ? PyUnicode_AsEncodedString(text, "utf-8", "backslashreplace")
            : NULL;

    if (utf8 != NULL) {
        (void)snprintf(out, size, "%s", PyBytes_AsString(utf8));
    }
    Py_XDECREF(utf8);
    Py_XDECREF(text);
    return utf8 != NULL;
}

bool
core_error_of_pair(PyObject *pair, struct assay_error *out)
{
    char code[32];

    if (!PyTuple_Check(pair) || PyTuple_Size(pair) != 2 ||
        !copy_text(PyTuple_GetItem(pair, 0), code, sizeof(code)) ||
        !copy_text(PyTuple_GetItem(pair, 1), out->msg, sizeof(out->msg))) {
        PyErr_Clear();
        return false;
    }
    out->code = code_of(code);
    out->offset = ASSAY_NO_OFFSET;
    return true;
}

bool
core_error_of(struct core *core, PyObject *exception, struct assay_error *out)
{
    PyObject *args = PyObject_IsInstance(exception, core->error_type) == 1
                         ? PyObject_GetAttrString(exception, "args")
                         : NULL;
    bool is_ours = args != NULL && core_error_of_pair(args, out);

    Py_XDECREF(args);
    PyErr_Clear();
    return is_ours;
}

/* --- bytes -------------------------------------------------------------- */

struct assay_slice
core_slice(PyObject *bytes)
{
    return (struct assay_slice){
        (const uint8_t *)PyBytes_AsString(bytes),
        (size_t)PyBytes_Size(bytes),
    };
}

PyObject *
core_bytes(struct assay_slice s)
{
    return PyBytes_FromStringAndSize((const char *)s.ptr, (Py_ssize_t)s.len);
}

PyObject *
core_take(struct core *core, enum assay_code code, struct assay_buf *b,
          const struct assay_error *err)
{
    PyObject *out = code == ASSAY_OK ? core_bytes(assay_buf_slice(b))
                                     : core_raise(core, err);

    assay_buf_free(b);
    return out;
}

/* --- needs -------------------------------------------------------------- */

PyObject *
core_need_out(const struct assay_collateral_need *need)
{
    return Py_BuildValue("(Oss)", need->tdx ? Py_True : Py_False, need->fmspc,
                         need->ca);
}

static bool
take_text(PyObject *from, char *out, size_t size)
{
    Py_ssize_t len;
    const char *text = PyUnicode_AsUTF8AndSize(from, &len);

    if (text == NULL || (size_t)len >= size || strlen(text) != (size_t)len) {
        return false;
    }
    memcpy(out, text, (size_t)len + 1);
    return true;
}

bool
core_need_in(PyObject *tuple, struct assay_collateral_need *out)
{
    if (!PyTuple_Check(tuple) || PyTuple_Size(tuple) != 3 ||
        !PyBool_Check(PyTuple_GetItem(tuple, 0)) ||
        !take_text(PyTuple_GetItem(tuple, 1), out->fmspc, sizeof(out->fmspc)) ||
        !take_text(PyTuple_GetItem(tuple, 2), out->ca, sizeof(out->ca))) {
        PyErr_SetString(PyExc_TypeError,
                        "a need is what Session.need gives: (tdx, fmspc, ca)");
        return false;
    }
    out->tdx = PyTuple_GetItem(tuple, 0) == Py_True;
    return true;
}
