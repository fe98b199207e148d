/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * get_options.h - what only `assay get` is told.
 */
#pragma once

#include "assay/session.h"
#include "io/dial.h"

#define GET_FIELDS_MAX       64u
#define GET_REDIRECTS        10u
#define GET_BODY_MAX_DEFAULT (UINT64_C(1) << 30) /* bytes of a response */
#define GET_END_MS           1500u               /* for what was cancelled */
#define GET_PHASE_MS         30000u
#define GET_CONNECT_MS       10000u
#define GET_DATA_MAX_BYTES   (256u * 1024u * 1024u)

/* Strings point into argv or into `resolve_text`. */
struct get_options {
    const char *method;                 /* NULL: GET, or POST with a body */
    const char *fields[GET_FIELDS_MAX]; /* "Name: value" */
    size_t field_count;
    const char *data; /* as given: text, or @FILE */
    const char *verdict_file;
    const char *quotes; /* where quotes of this side come from; or NULL */
    const char *save_evidence; /* a file, or a folder */
    const char *ca;
    const char *wire;  /* "v2", ...; NULL: the policy's first */
    const char *proxy; /* NULL: of the environment; "": none */
    struct assay_dial_resolve resolve[ASSAY_DIAL_RESOLVE_MAX];
    char *resolve_text[ASSAY_DIAL_RESOLVE_MAX];
    size_t resolve_count;
    uint64_t body_max;   /* 0: default */
    uint32_t max_age_ms; /* of a pipe's evidence; 0: any */
    bool include;        /* the response's head comes first */
    bool follow;
    bool timing;
    bool verbose;
};

/* Setters for the table of options.c; messages name the option. */
void get_set_request(struct get_options *g, const char *value,
                     struct assay_error *err);
void get_set_header(struct get_options *g, const char *value,
                    struct assay_error *err);
void get_set_resolve(struct get_options *g, const char *value,
                     struct assay_error *err);
void get_set_wire(struct get_options *g, const char *value,
                  struct assay_error *err);
void get_set_proxy(struct get_options *g, const char *value,
                   struct assay_error *err);
void get_set_max_size(struct get_options *g, const char *value,
                      struct assay_error *err);
void get_set_max_age(struct get_options *g, const char *value,
                     struct assay_error *err);
/* What stands behind the colon of a field, without white space around it. */
struct assay_slice get_field_value(const char *text);
void get_options_free(struct get_options *g);
