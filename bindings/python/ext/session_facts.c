/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * session_facts.c - what a session tells of itself: state, verdict, evidence.
 */
#include "session.h"

#include "assay/evidence.h"

#define VERDICT_MAX_BYTES (4u * 1024u * 1024u)

/* --- members ------------------------------------------------------------ */

static PyObject *
get_state(PyObject *self, void *unused)
{
    struct session *s = (struct session *)self;

    (void)unused;
    return session_free(s) ? PyUnicode_FromString(assay_client_state_name(
                                 assay_client_state(s->client)))
                           : NULL;
}

static PyObject *
get_peer_failed(PyObject *self, void *unused)
{
    struct session *s = (struct session *)self;

    (void)unused;
    return session_free(s)
               ? PyBool_FromLong(assay_client_peer_failed(s->client))
               : NULL;
}

static PyObject *
get_truncated(PyObject *self, void *unused)
{
    struct session *s = (struct session *)self;

    (void)unused;
    return session_free(s) ? PyBool_FromLong(assay_client_truncated(s->client))
                           : NULL;
}

/* Open, and a read would have to wait. Another thread's session is not. */
static PyObject *
get_idle(PyObject *self, void *unused)
{
    const struct session *s = (const struct session *)self;
    bool idle = false;

    (void)unused;
    if (!s->busy) {
        switch (assay_client_state(s->client)) {
        case ASSAY_CLIENT_RAW:
            idle = !assay_client_read_done(s->client) &&
                   assay_client_read(s->client).len == 0;
            break;
        case ASSAY_CLIENT_OPEN:
            idle = assay_client_read(s->client).len == 0;
            break;
        default:
            break;
        }
    }
    return PyBool_FromLong(idle);
}

static PyObject *
get_need(PyObject *self, void *unused)
{
    struct session *s = (struct session *)self;

    (void)unused;
    if (!session_free(s)) {
        return NULL;
    }
    if (assay_client_quote(s->client) == NULL) {
        return core_none();
    }
    return core_need_out(assay_client_need(s->client));
}

static PyObject *
get_quote(PyObject *self, void *unused)
{
    struct session *s = (struct session *)self;
    const struct assay_quote *q;

    (void)unused;
    if (!session_free(s)) {
        return NULL;
    }
    q = assay_client_quote(s->client);
    return q != NULL ? core_bytes(assay_quote_view(q)->raw)
                     : PyBytes_FromStringAndSize(NULL, 0);
}

static PyObject *
get_stapled(PyObject *self, void *unused)
{
    struct session *s = (struct session *)self;

    (void)unused;
    return session_free(s) ? core_bytes(assay_client_stapled(s->client)) : NULL;
}

PyGetSetDef session_members[] = {
    {"state", get_state, NULL, NULL, NULL},
    {"peer_failed", get_peer_failed, NULL, NULL, NULL},
    {"truncated", get_truncated, NULL, NULL, NULL},
    {"idle", get_idle, NULL, NULL, NULL},
    {"need", get_need, NULL, NULL, NULL},
    {"quote", get_quote, NULL, NULL, NULL},
    {"stapled", get_stapled, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

/* --- documents ---------------------------------------------------------- */

PyObject *
session_verdict(PyObject *self, PyObject *unused)
{
    struct session *s = (struct session *)self;
    const struct assay_verdict *v;
    struct assay_error err;
    struct assay_buf out;

    (void)unused;
    if (!session_free(s)) {
        return NULL;
    }
    v = assay_client_verdict(s->client);
    if (v == NULL) {
        return core_none();
    }
    assay_buf_init(&out, VERDICT_MAX_BYTES);
    return core_take(session_core(s),
                     assay_verdict_to_json(v, assay_client_quote(s->client),
                                           s->collateral != NULL
                                               ? s->collateral->collateral
                                               : NULL,
                                           &out, &err),
                     &out, &err);
}

PyObject *
session_evidence(PyObject *self, PyObject *unused)
{
    struct session *s = (struct session *)self;
    struct assay_evidence_view view;
    struct assay_error err;
    struct assay_buf out;

    (void)unused;
    if (!session_free(s)) {
        return NULL;
    }
    if (assay_evidence_of_client(s->context->ctx, s->client, &view, &err) !=
        ASSAY_OK) {
        return core_raise(session_core(s), &err);
    }
    view.collateral = s->collateral->collateral;
    view.server_name = s->server_name;
    view.policy = core_slice(s->policy->json);
    if (s->policy->compose_file != NULL) {
        view.compose_file = core_slice(s->policy->compose_file);
    }
    assay_root_sha256(s->root->root, view.root_sha256);
    assay_buf_init(&out, ASSAY_EVIDENCE_MAX_BYTES);
    return core_take(session_core(s), assay_evidence_write(&view, &out, &err),
                     &out, &err);
}
