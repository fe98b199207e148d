/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * service.h - the service manager (systemd's protocols): sockets that it has
 * opened, and what it wants to be told. Read sd_listen_fds(3), sd_notify(3).
 */
#pragma once

#include "assay/bytes.h"

struct service {
    int fd;          /* towards the manager; -1: it wants to know nothing */
    uint64_t dog_us; /* it wants to hear within this; 0: it does not */
};

/* The socket to be listened on, which is the caller's; -1 if none was handed
 * over. LISTEN_* do not reach anybody else. ASSAY_INVALID (several). */
ASSAY_MUST_CHECK enum assay_code service_inherit(int *fd,
                                                 struct assay_error *err);

/* From NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. ASSAY_IO,
 * ASSAY_INVALID. */
ASSAY_MUST_CHECK enum assay_code service_open(struct service *s,
                                              struct assay_error *err);
/* How often to tell it that we are alive, ms; 0: it does not want to hear. */
uint64_t service_dog_ms(const struct service *s);
/* "READY=1", "STOPPING=1", "WATCHDOG=1"; a manager that does not listen is not
 * waited for. */
void service_tell(const struct service *s, const char *what);
/* "RELOADING=1" with the time that belongs to it. */
void service_tell_reloading(const struct service *s);
void service_close(struct service *s);
