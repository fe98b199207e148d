/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * supply_run.c - one search for collateral, whose requests Python answers.
 */
#include "supply.h"

#include "base/error.h"

struct asking {
    struct supply *supply;
    PyThreadState *thread; /* not PyGILState_Ensure(): that would be the main
                              interpreter's where another one searches */
    PyObject *raised;      /* that ends the search; or NULL */
};

/* Takes the exception that is set. */
static PyObject *
take_exception(void)
{
    PyObject *type;
    PyObject *value;
    PyObject *trace;

    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    if (trace != NULL) {
        (void)PyException_SetTraceback(value, trace);
    }
    Py_XDECREF(type);
    Py_XDECREF(trace);
    return value;
}

/* AssayError is an answer; anything else (Ctrl-C, a mistake) ends it all. */
static void
take_failure(struct asking *a, struct assay_gather *g)
{
    struct core *core = core_of(Py_TYPE((PyObject *)a->supply));
    PyObject *value = take_exception();
    struct assay_error why;

    if (core_error_of(core, value, &why)) {
        assay_gather_fail(g, &why);
        Py_DECREF(value);
    } else {
        a->raised = value;
    }
}

static void
answer(struct asking *a, struct assay_gather *g)
{
    PyObject *pair =
        PyObject_CallFunction(a->supply->fetch, "sn", assay_gather_url(g),
                              (Py_ssize_t)assay_gather_max_body(g));
    PyObject *headers;
    PyObject *body;

    if (pair == NULL) {
        take_failure(a, g);
        return;
    }
    if (!PyTuple_Check(pair) ||
        !PyArg_ParseTuple(pair, "SS:fetch", &headers, &body)) {
        PyErr_SetString(PyExc_TypeError,
                        "fetch() has to return (headers, body), both bytes");
        take_failure(a, g);
    } else if ((size_t)PyBytes_Size(headers) > ASSAY_GATHER_HEADERS_MAX_BYTES ||
               (size_t)PyBytes_Size(body) > assay_gather_max_body(g)) {
        struct assay_error why;

        assay_error_clear(&why);
        assay_fail(&why, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                   "the answer is too large");
        assay_gather_fail(g, &why);
    } else {
        assay_gather_give(g, core_slice(headers), core_slice(body));
    }
    Py_DECREF(pair);
}

static enum assay_code
on_ask(void *user, struct assay_gather *g, struct assay_error *err)
{
    struct asking *a = user;

    assay_error_clear(err);
    PyEval_RestoreThread(a->thread);
    while (a->raised == NULL && assay_gather_wants(g)) {
        answer(a, g);
    }
    (void)PyEval_SaveThread();
    return a->raised == NULL ? ASSAY_OK
                             : assay_fail(err, ASSAY_NETWORK, ASSAY_NO_OFFSET,
                                          "the request was broken off");
}

bool
supply_run(struct supply *s, struct assay_lookup *l)
{
    struct asking asking = {.supply = s};

    l->ask = (struct assay_ask){.answer = on_ask, .user = &asking};
    asking.thread = PyEval_SaveThread();
    assay_lookup_run(l);
    PyEval_RestoreThread(asking.thread);
    if (asking.raised != NULL) {
        PyErr_SetObject((PyObject *)Py_TYPE(asking.raised), asking.raised);
        Py_DECREF(asking.raised);
    }
    return asking.raised == NULL;
}
