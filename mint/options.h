/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * options.h - everything that can be chosen about a test world.
 */
#pragma once

#include "mint/crl.h"
#include "mint/pki.h"
#include "mint/qe_identity.h"
#include "mint/quote.h"
#include "mint/tcb_info.h"

#define MINT_NOW_S INT64_C(1790000000) /* 2026-09-21T14:13:20Z */
/* For tests that want the same keys each time. */
#define MINT_TEST_SEED                                                         \
    "6173736179206d696e7420746573742073656564203031323334353637383921"

/* All zero: a TDX 1.0 platform under the Platform CA with a version 4 quote,
 * everything up to date and in date at MINT_NOW_S, fresh random keys. */
struct mint_options {
    const char *seed;  /* 32 bytes; default: random keys */
    int64_t now_s;     /* Unix seconds; what dates are chosen around */
    bool processor_ca; /* the PCK's CA is the Processor CA */
    struct mint_platform platform;
    struct mint_cert_options root;
    struct mint_cert_options ca; /* the PCK's */
    struct mint_cert_options tcb_signer;
    struct mint_cert_options pck;
    struct mint_sgx_ext_options sgx; /* in the PCK certificate */
    struct mint_crl_options root_crl;
    struct mint_crl_options pck_crl;
    struct mint_tcb_info_options tcb_info;
    struct mint_qe_identity_options qe_identity;
    struct mint_quote_options quote;
    /* pck_certificate_chain as part of the collateral: if the quote has none */
    enum mint_answer chain_in_collateral;
    bool filled; /* set by mint_options_fill() */
};

/* Writes the defaults in, once; what is derived from keys stays NULL. Strings
 * written in are static. */
void mint_options_fill(struct mint_options *o);
