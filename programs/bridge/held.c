/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * held.c - octets that a socket has not taken yet.
 */
#include "held.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void
held_free(struct held *h)
{
    free(h->bytes);
    *h = (struct held){.bytes = NULL};
}

bool
held_add(struct held *h, const void *bytes, size_t len)
{
    if (h->bytes == NULL) {
        h->bytes = malloc(HELD_MAX_BYTES);
    }
    if (h->bytes == NULL || HELD_MAX_BYTES - h->len < len) {
        return false;
    }
    memcpy(h->bytes + h->len, bytes, len);
    h->len += len;
    return true;
}

bool
held_send(struct held *h, int fd, bool *failed)
{
    *failed = false;
    while (h->at < h->len) {
        ssize_t n = send(fd, h->bytes + h->at, h->len - h->at, MSG_NOSIGNAL);

        if (n >= 0) {
            h->at += (size_t)n;
        } else if (errno != EINTR) {
            *failed = errno != EAGAIN && errno != EWOULDBLOCK;
            return false;
        }
    }
    held_free(h);
    return true;
}
