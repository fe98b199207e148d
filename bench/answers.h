/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * answers.h - what serve_backend.c answers, all of it there before it is asked
 * for.
 */
#pragma once

#include <stddef.h>

/* How each event begins that says when it was sent, in nanoseconds of
 * bench_now_ns(). */
#define ANSWERS_SENT_AT        "data: {\"t\":\""
#define ANSWERS_SENT_AT_DIGITS 20u

enum answers_pace {
    ANSWERS_AT_ONCE,
    ANSWERS_BY_AND_BY, /* the head; then events that are made, one by one */
    ANSWERS_STALLED,   /* never whole */
};

struct answer {
    const char *request; /* how it begins; "" for any other */
    enum answers_pace pace;
    char *octets;
    size_t len;
};

void answers_make(void); /* once, first of all */
/* For a request, which begins so. */
const struct answer *answers_find(const char *request);

/* How a stream of them ends. */
#define ANSWERS_END "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"

#define ANSWERS_EVENT_MAX_BYTES 20480u
#define ANSWERS_SMALL_BYTES     200u /* of an event */
/* A chunk with an event of so many octets, that was sent then. Its length. */
size_t answers_put_event(char *to, size_t size, double sent_at_ns);
