/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * supply.c - Supply and Collateral: what is held, and who waits for whom.
 *
 * What is held is guarded by the GIL; a search, which runs without it, by a
 * lock that nobody waits for while holding the GIL.
 */
#include "supply.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "collateral/usable.h"

#define LOCK_US 100000 /* between two looks for Ctrl-C */

/* --- Collateral --------------------------------------------------------- */

static void
collateral_dealloc(PyObject *self)
{
    assay_collateral_free(((struct collateral *)self)->collateral);
    core_finish(self);
}

static PyType_Slot collateral_slots[] = {
    {Py_tp_dealloc, (void *)collateral_dealloc},
    {0, NULL},
};

PyType_Spec collateral_spec = {
    .name = "atlas._core.Collateral",
    .basicsize = sizeof(struct collateral),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = collateral_slots,
};

/* Takes it out of what was obtained. */
static struct collateral *
collateral_of(struct core *core, struct assay_obtained *o)
{
    struct collateral *c =
        (struct collateral *)PyType_GenericAlloc(core->collateral_type, 0);

    if (c != NULL) {
        c->collateral = o->collateral;
        o->collateral = NULL;
    }
    return c;
}

/* --- what is held ------------------------------------------------------- */

struct assay_evaluations
supply_seen(PyObject *self, const struct assay_collateral_need *need,
            int64_t wall_s)
{
    struct supply *s = (struct supply *)self;

    return assay_seen_recall(s->context->seen, s->root->root, need, wall_s);
}

static struct assay_holding
holding_of(struct supply *s, const struct assay_collateral_need *need,
           int64_t wall_s)
{
    return (struct assay_holding){
        .fresh = assay_policy_freshness(s->policy->policy),
        .grace_s = assay_policy_collateral_grace(s->policy->policy),
        .seen = supply_seen((PyObject *)s, need, wall_s),
    };
}

static struct kept *
find(struct supply *s, const struct assay_collateral_need *need)
{
    for (unsigned i = 0; i < SUPPLY_KEPT; i++) {
        if (s->kept[i].what != NULL &&
            assay_same_need(&s->kept[i].need, need)) {
            return &s->kept[i];
        }
    }
    return NULL;
}

/* A new reference, or NULL without an exception. */
static PyObject *
have(struct supply *s, const struct assay_collateral_need *need, int64_t wall_s)
{
    const struct assay_holding h = holding_of(s, need, wall_s);
    struct kept *k = find(s, need);

    return k != NULL &&
                   assay_is_held(k->what->collateral, &h, k->asked_s, wall_s)
               ? Py_NewRef((PyObject *)k->what)
               : NULL;
}

static void
keep(struct supply *s, const struct assay_collateral_need *need,
     struct collateral *c, int64_t wall_s)
{
    const struct assay_holding h = holding_of(s, need, wall_s);
    struct kept *k = find(s, need);

    if (k == NULL) {
        k = &s->kept[s->next];
        s->next = (s->next + 1) % SUPPLY_KEPT;
    }
    Py_INCREF(c);
    Py_XDECREF(k->what);
    *k = (struct kept){
        .need = *need,
        .what = c,
        .asked_s =
            assay_is_best(c->collateral, &h, wall_s) ? INT64_MIN : wall_s,
    };
}

/* --- searching ---------------------------------------------------------- */

/* Everything one search works on. */
struct search {
    struct assay_collateral_need need;
    struct assay_quote *quote;
    struct assay_buf held;
    struct assay_slice stapled;
    double patience;
    unsigned long failures_before;
    struct assay_lookup lookup;
};

static bool
search_open(struct supply *s, struct search *x, struct assay_slice quote,
            int64_t wall_s)
{
    struct kept *k = find(s, &x->need);
    struct assay_error err;

    assay_buf_init(&x->held, ASSAY_BUNDLE_MAX_BYTES);
    if (k != NULL && assay_collateral_to_bundle(k->what->collateral, &x->held,
                                                &err) != ASSAY_OK) {
        assay_buf_free(&x->held); /* then nothing is held */
    }
    if (assay_quote_parse(quote, &x->quote, &err) != ASSAY_OK) {
        core_raise(core_of(Py_TYPE((PyObject *)s)), &err);
        return false;
    }
    x->lookup = (struct assay_lookup){
        .ctx = s->context->ctx,
        .verifier = s->context->verifier,
        .root = s->root->root,
        .quote = x->quote,
        .need = &x->need,
        .seen = s->context->seen,
        .fresh = assay_policy_freshness(s->policy->policy),
        .now_s = wall_s,
        .sources = s->source,
        .source_count = s->source_count,
        .use_cache = s->use_cache,
        .grace_s = assay_policy_collateral_grace(s->policy->policy),
        .held = assay_buf_slice(&x->held),
        .stapled = x->stapled,
    };
    return true;
}

static void
search_free(struct search *x)
{
    assay_obtained_free(&x->lookup.obtained);
    assay_quote_free(x->quote);
    assay_buf_free(&x->held);
}

/* What was stapled, if it is good. */
static bool
take_staple(struct search *x)
{
    if (x->stapled.len == 0) {
        return false;
    }
    Py_BEGIN_ALLOW_THREADS assay_lookup_staple(&x->lookup);
    Py_END_ALLOW_THREADS if (x->lookup.err.code == ASSAY_OK)
    {
        return true;
    }
    assay_obtained_free(&x->lookup.obtained);
    return false;
}

/* A search for the same has failed while this one waited for it, and was no
 * less patient. Of many that want what nobody has, each would else wait for all
 * that came before it. */
static bool
shares_failure(const struct supply *s, const struct search *x)
{
    return s->failures != x->failures_before &&
           assay_same_need(&s->failure.need, &x->need) &&
           s->failure.patience >= x->patience;
}

/* False, with an exception: there is nothing. */
static bool
ask_sources(struct supply *s, struct search *x)
{
    struct core *core = core_of(Py_TYPE((PyObject *)s));

    if (shares_failure(s, x)) {
        core_raise(core, &s->failure.why);
        return false;
    }
    if (!supply_run(s, &x->lookup)) {
        return false;
    }
    (void)snprintf(s->note, sizeof(s->note), "%s",
                   assay_lookup_last_note(&x->lookup));
    if (x->lookup.err.code == ASSAY_OK) {
        return true;
    }
    s->failure = (struct failure){
        .need = x->need,
        .patience = x->patience,
        .why = x->lookup.err,
    };
    s->failures++;
    core_raise(core, &x->lookup.err);
    return false;
}

/* Stapled collateral serves this session only: kept, it would let one server
 * choose what others are judged by. */
static PyObject *
run(struct supply *s, struct search *x)
{
    struct collateral *c;

    if (!take_staple(x) && !ask_sources(s, x)) {
        return NULL;
    }
    c = collateral_of(core_of(Py_TYPE((PyObject *)s)), &x->lookup.obtained);
    if (c != NULL && x->lookup.obtained.authentic) {
        keep(s, &x->need, c, x->lookup.now_s);
    }
    return (PyObject *)c;
}

/* False: a signal's handler raised something. */
static bool
lock(struct supply *s)
{
    PyLockStatus got;

    do {
        Py_BEGIN_ALLOW_THREADS got =
            PyThread_acquire_lock_timed(s->lock, LOCK_US, 1);
        Py_END_ALLOW_THREADS if (got != PY_LOCK_ACQUIRED &&
                                 PyErr_CheckSignals() < 0)
        {
            return false;
        }
    } while (got != PY_LOCK_ACQUIRED);
    return true;
}

static PyObject *
supply_search(PyObject *self, PyObject *args)
{
    struct supply *s = (struct supply *)self;
    struct search x = {.patience = NAN, .failures_before = s->failures};
    PyObject *need;
    PyObject *quote;
    PyObject *stapled;
    PyObject *out;
    long long wall;

    if (!PyArg_ParseTuple(args, "OSSL|d:search", &need, &quote, &stapled, &wall,
                          &x.patience) ||
        !core_need_in(need, &x.need) || !lock(s)) {
        return NULL;
    }
    s->note[0] = '\0';
    x.stapled = core_slice(stapled);
    out = x.stapled.len == 0 ? have(s, &x.need, wall) : NULL;
    if (out == NULL && search_open(s, &x, core_slice(quote), wall)) {
        out = run(s, &x);
    }
    PyThread_release_lock(s->lock);
    search_free(&x);
    return out;
}

static PyObject *
supply_have(PyObject *self, PyObject *args)
{
    struct supply *s = (struct supply *)self;
    struct assay_collateral_need need;
    PyObject *tuple;
    PyObject *out;
    long long wall;

    if (!PyArg_ParseTuple(args, "OL:have", &tuple, &wall) ||
        !core_need_in(tuple, &need)) {
        return NULL;
    }
    out = have(s, &need, wall);
    return out != NULL ? out : core_none();
}

/* --- life --------------------------------------------------------------- */

/* `fetch` may be anything, also what leads back to here. */
static int
supply_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((struct supply *)self)->fetch);
    return 0;
}

/* Nobody can reach it any more, so nobody will search. */
static int
supply_clear(PyObject *self)
{
    Py_CLEAR(((struct supply *)self)->fetch);
    return 0;
}

static void
supply_dealloc(PyObject *self)
{
    struct supply *s = (struct supply *)self;

    PyObject_GC_UnTrack(self);
    for (unsigned i = 0; i < SUPPLY_KEPT; i++) {
        Py_XDECREF(s->kept[i].what);
    }
    if (s->lock != NULL) {
        PyThread_free_lock(s->lock);
    }
    Py_XDECREF(s->texts);
    Py_XDECREF(s->fetch);
    Py_XDECREF(s->root);
    Py_XDECREF(s->policy);
    Py_XDECREF(s->context);
    core_finish(self);
}

static bool
take_sources(struct supply *s)
{
    Py_ssize_t n = PyTuple_Size(s->texts);

    if (n < 1 || n > (Py_ssize_t)ASSAY_SOURCES_MAX) {
        PyErr_Format(PyExc_ValueError, "there have to be 1 to %u sources",
                     ASSAY_SOURCES_MAX);
        return false;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *text = PyTuple_GetItem(s->texts, i);
        Py_ssize_t len;
        const char *url = PyUnicode_AsUTF8AndSize(text, &len);

        if (url == NULL || strlen(url) != (size_t)len) {
            PyErr_SetString(PyExc_TypeError, "a source is the text of a URL");
            return false;
        }
        s->source[s->source_count++] = url;
    }
    return true;
}

/* The folder of evaluations is read when the first supply wants it. Where
 * rollbacks may go unnoticed, the supply's note says so. */
static bool
open_seen(struct supply *s)
{
    struct context *c = s->context;
    char note[ASSAY_SEEN_NOTE_BYTES];
    char *folder;

    if (c->seen == NULL) {
        folder = assay_seen_folder();
        c->seen = assay_seen_new(folder);
        free(folder);
    }
    if (c->seen != NULL && assay_seen_note(c->seen, note)) {
        (void)snprintf(s->note, sizeof(s->note), "%s", note);
    }
    return c->seen != NULL;
}

static PyObject *
supply_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    struct core *core = core_of(type);
    PyObject *policy;
    PyObject *root;
    PyObject *texts;
    PyObject *fetch;
    struct supply *s;
    int use_cache;

    if (!core_no_keywords(keywords) ||
        !PyArg_ParseTuple(args, "O!O!O!pO:Supply", core->policy_type, &policy,
                          core->root_type, &root, &PyTuple_Type, &texts,
                          &use_cache, &fetch)) {
        return NULL;
    }
    s = (struct supply *)PyType_GenericAlloc(type, 0);
    if (s == NULL) {
        return NULL;
    }
    s->policy = (struct policy *)Py_NewRef(policy);
    s->root = (struct root *)Py_NewRef(root);
    s->context = (struct context *)Py_NewRef((PyObject *)s->policy->context);
    s->texts = Py_NewRef(texts);
    s->fetch = Py_NewRef(fetch);
    s->use_cache = use_cache != 0;
    s->lock = PyThread_allocate_lock();
    if (s->lock == NULL || !open_seen(s)) {
        PyErr_NoMemory();
    } else if (take_sources(s)) {
        return (PyObject *)s;
    }
    Py_DECREF(s);
    return NULL;
}

static PyObject *
get_note(PyObject *self, void *unused)
{
    const char *note = ((struct supply *)self)->note;

    (void)unused;
    return PyUnicode_DecodeUTF8(note, (Py_ssize_t)strlen(note),
                                "backslashreplace");
}

static PyMethodDef methods[] = {
    {"have", supply_have, METH_VARARGS, NULL},
    {"search", supply_search, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef members[] = {
    {"note", get_note, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, (void *)supply_new},
    {Py_tp_dealloc, (void *)supply_dealloc},
    {Py_tp_traverse, (void *)supply_traverse},
    {Py_tp_clear, (void *)supply_clear},
    {Py_tp_methods, methods},
    {Py_tp_getset, members},
    {0, NULL},
};

PyType_Spec supply_spec = {
    .name = "atlas._core.Supply",
    .basicsize = sizeof(struct supply),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};
