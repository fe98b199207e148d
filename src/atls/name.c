/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * name.c - what a server may be called: DNS names and IP addresses.
 */
#include "atls/name.h"

#include "base/host.h"

bool
assay_name_is_ip(const char *name)
{
    uint8_t ip[4];

    return strchr(name, ':') != NULL ||
           assay_host_ipv4(assay_slice_of(name), ip);
}

bool
assay_name_is_valid(const char *name)
{
    struct assay_slice text = assay_slice_of(name);
    uint8_t ip[16];

    return assay_host_ipv6(text, ip) || assay_host_ipv4(text, ip) ||
           assay_host_is_dns(text);
}
