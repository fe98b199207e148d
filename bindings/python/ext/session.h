/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * session.h - Session: what it owns, and what session_facts.c tells of it.
 */
#pragma once

#include "core.h"

struct session {
    PyObject_HEAD struct context *context;
    struct policy *policy;
    struct root *root;
    struct roots *roots;
    struct collateral *collateral; /* that was given last, or NULL */
    struct assay_client *client;
    struct assay_buf pending; /* received, not yet taken by the core */
    bool busy;                /* a thread is in it, without the GIL */
    char server_name[ASSAY_SERVER_NAME_MAX_BYTES + 1];
};

struct core *session_core(struct session *s);
/* False, with RuntimeError: another thread is in it. */
bool session_free(struct session *s);

extern PyGetSetDef session_members[];
PyObject *session_verdict(PyObject *self, PyObject *unused);
PyObject *session_evidence(PyObject *self, PyObject *unused);
