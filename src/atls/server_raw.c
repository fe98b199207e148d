/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * server_raw.c - a session that has switched protocols: octets both ways, each
 * of which ends for itself.
 */
#include "atls/server_state.h"

/* Over once both sides have said goodbye and nothing waits to be taken. */
static void
end_if_over(struct assay_server *s)
{
    if (s->said_bye && assay_tls_goodbye(s->tls) &&
        assay_queue_len(&s->plain) == 0) {
        assay_server_close(s);
    }
}

void
assay_server_raw_taken(struct assay_server *s, size_t n)
{
    assay_queue_take(&s->plain, n);
    end_if_over(s);
}

void
assay_server_raw_end(struct assay_server *s)
{
    assay_tls_close(s->tls);
    s->said_bye = true;
    end_if_over(s);
}

void
assay_server_raw_eof(struct assay_server *s)
{
    struct assay_error why;

    if (assay_tls_goodbye(s->tls)) {
        end_if_over(s);
        return;
    }
    assay_error_clear(&why);
    assay_fail(&why, ASSAY_TRUNCATED, ASSAY_NO_OFFSET,
               "the client's connection was cut without a goodbye of TLS");
    (void)assay_server_fail(s, &why);
}
