/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * refusal.h - why a request is not passed on, or its response is not, beside
 * failures of the upstream (failure.h): a table.
 */
#pragma once

#include "base/buf.h"

enum refusal {
    REFUSAL_NONE,
    /* who asks */
    REFUSED_HOST,
    REFUSED_ORIGIN,
    REFUSED_TOKEN,
    /* what for */
    REFUSED_PATH,
    REFUSED_NOWHERE,
    REFUSED_METHOD,
    REFUSED_NO_RESPONSES,
    /* with what */
    REFUSED_HEAD,        /* it is no HTTP that is read here */
    REFUSED_BODY,        /* likewise */
    REFUSED_TRANSLATION, /* it cannot be said in the server's language */
    REFUSED_CODING,      /* compressed, where it has to be translated */
    REFUSED_LARGE,
    REFUSED_SLOW,
    /* what was answered */
    REFUSED_REDIRECT, /* somewhere else, where nobody attests */
    REFUSED_RESPONSE,
    REFUSED_SILENCE,
    /* nothing of that */
    REFUSED_BUSY, /* no memory */
    REFUSED_STOPPING,
    REFUSALS,
};

struct refusal_row {
    unsigned status;
    bool retry;             /* doing it again may help */
    unsigned retry_after_s; /* 0: nothing is said */
    const char *type;       /* of OpenAI's errors */
    const char *code;
    const char *message;
};

const struct refusal_row *refusal_row(enum refusal r);
/* {"error":{"message","type","param","code"}}, appended. message, param: NULL
 * for the usual one, and for none. */
void refusal_put_json(enum refusal r, const char *message, const char *param,
                      struct assay_buf *to);
