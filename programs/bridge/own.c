/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * own.c - where the bridge itself listens, so that it is not led to itself.
 */
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/error.h"
#include "io/socket_name.h"
#include "site.h"

static enum assay_code
add(struct site *s, const struct cidr_ip *ip, uint16_t port,
    struct assay_error *err)
{
    struct guard *g = &s->guard;

    assay_error_clear(err);
    if (g->own_count == GUARD_OWN_MAX) {
        return assay_fail(err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                          "this machine has more than %u addresses: name those "
                          "to listen on",
                          GUARD_OWN_MAX);
    }
    g->own[g->own_count++] = (struct guard_own){*ip, port};
    return ASSAY_OK;
}

static enum assay_code
add_all(struct site *s, uint16_t port, struct assay_error *err)
{
    uv_interface_address_t *list = NULL;
    int count = 0;
    int status = uv_interface_addresses(&list, &count);

    if (status != 0) {
        return assay_fail_uv(err, ASSAY_IO, status,
                             "addresses of this machine");
    }
    for (int i = 0; i < count && err->code == ASSAY_OK; i++) {
        char name[ASSAY_SOCKET_NAME_BYTES];
        struct cidr_ip ip;

        assay_socket_name((const struct sockaddr *)&list[i].address, name,
                          sizeof(name));
        if (cidr_ip_of(name, &ip)) {
            (void)!add(s, &ip, port, err);
        }
    }
    uv_free_interface_addresses(list, count);
    return err->code;
}

enum assay_code
site_guard_own(struct site *s, const char *address, struct assay_error *err)
{
    const char *colon = strrchr(address, ':');
    struct cidr_ip ip;
    uint16_t port;

    assay_error_clear(err);
    if (!cidr_ip_of(address, &ip)) {
        return ASSAY_OK; /* a Unix socket */
    }
    port = (uint16_t)strtoul(colon + 1, NULL, 10);
    if (add(s, &ip, port, err) == ASSAY_OK && cidr_has("0.0.0.0, ::", &ip)) {
        (void)!add_all(s, port, err);
    }
    return err->code;
}
