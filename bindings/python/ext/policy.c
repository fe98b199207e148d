/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * policy.c - Policy: what a client requires.
 */
#include "core.h"

#include "assay/compose.h"

#define POLICY_JSON_MAX_BYTES (8u * 1024u * 1024u)

static PyObject *
text_or_none(const char *text)
{
    return text != NULL ? PyUnicode_FromString(text) : core_none();
}

static void
policy_dealloc(PyObject *self)
{
    struct policy *p = (struct policy *)self;

    assay_policy_free(p->policy);
    Py_XDECREF(p->json);
    Py_XDECREF(p->compose_file);
    Py_XDECREF(p->context);
    core_finish(self);
}

/* None: no content. */
static bool
take_compose(struct core *core, struct policy *p, PyObject *content)
{
    struct assay_error err;

    if (content == Py_None) {
        return true;
    }
    if (!PyBytes_Check(content)) {
        PyErr_SetString(PyExc_TypeError, "compose_file is bytes or None");
        return false;
    }
    p->compose_file = Py_NewRef(content);
    if (assay_policy_set_compose_file(p->context->ctx, p->policy,
                                      core_slice(content), &err) != ASSAY_OK) {
        core_raise(core, &err);
        return false;
    }
    return true;
}

static PyObject *
policy_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    struct core *core = core_of(type);
    PyObject *compose = Py_None;
    struct assay_error err;
    struct policy *p;
    PyObject *json;

    if (!core_no_keywords(keywords) ||
        !PyArg_ParseTuple(args, "S|O:Policy", &json, &compose)) {
        return NULL;
    }
    p = (struct policy *)PyType_GenericAlloc(type, 0);
    if (p == NULL) {
        return NULL;
    }
    p->context = core_context(core);
    p->json = Py_NewRef(json);
    if (p->context == NULL) {
        goto fail;
    }
    if (assay_policy_parse(core_slice(json), &p->policy, &err) != ASSAY_OK) {
        core_raise(core, &err);
        goto fail;
    }
    if (take_compose(core, p, compose)) {
        return (PyObject *)p;
    }
fail:
    Py_DECREF(p);
    return NULL;
}

static PyObject *
policy_to_json(PyObject *self, PyObject *args)
{
    struct policy *p = (struct policy *)self;
    struct assay_error err;
    struct assay_buf out;
    int every = 0;

    if (!PyArg_ParseTuple(args, "|p:to_json", &every)) {
        return NULL;
    }
    assay_buf_init(&out, POLICY_JSON_MAX_BYTES);
    return core_take(core_of(Py_TYPE(self)),
                     assay_policy_to_json(p->policy, every != 0, &out, &err),
                     &out, &err);
}

static PyObject *
get_sources(PyObject *self, void *unused)
{
    const struct assay_policy *p = ((struct policy *)self)->policy;
    size_t n = assay_policy_pccs_count(p);
    PyObject *out = PyTuple_New((Py_ssize_t)n);

    (void)unused;
    for (size_t i = 0; out != NULL && i < n; i++) {
        PyObject *url = PyUnicode_FromString(assay_policy_pccs(p, i));

        if (url == NULL || PyTuple_SetItem(out, (Py_ssize_t)i, url) < 0) {
            Py_CLEAR(out);
        }
    }
    return out;
}

static PyObject *
get_self_signed(PyObject *self, void *unused)
{
    (void)unused;
    return PyBool_FromLong(
        assay_policy_accepts_self_signed(((struct policy *)self)->policy));
}

static PyObject *
get_cache(PyObject *self, void *unused)
{
    (void)unused;
    return PyBool_FromLong(
        assay_policy_cache_collateral(((struct policy *)self)->policy));
}

static PyObject *
get_trusted_root(PyObject *self, void *unused)
{
    (void)unused;
    return text_or_none(
        assay_policy_trusted_root(((struct policy *)self)->policy));
}

static PyObject *
get_ca_file(PyObject *self, void *unused)
{
    (void)unused;
    return text_or_none(assay_policy_ca_file(((struct policy *)self)->policy));
}

static PyMethodDef policy_methods[] = {
    {"to_json", policy_to_json, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef policy_members[] = {
    {"accepts_self_signed", get_self_signed, NULL, NULL, NULL},
    {"sources", get_sources, NULL, NULL, NULL},
    {"cache_collateral", get_cache, NULL, NULL, NULL},
    {"trusted_root", get_trusted_root, NULL, NULL, NULL},
    {"ca_file", get_ca_file, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot policy_slots[] = {
    {Py_tp_new, (void *)policy_new},
    {Py_tp_dealloc, (void *)policy_dealloc},
    {Py_tp_methods, policy_methods},
    {Py_tp_getset, policy_members},
    {0, NULL},
};

PyType_Spec policy_spec = {
    .name = "atlas._core.Policy",
    .basicsize = sizeof(struct policy),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = policy_slots,
};
