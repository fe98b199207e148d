/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * recipes_diversion.c - proxies of the environment, which would get what
 * clients send to the one of this machine: in plain.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "http1/uri.h"
#include "recipes.h"

#define BETWEEN ", \t"

static const char *
not_empty(const char *variable)
{
    const char *value = getenv(variable);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

const char *
recipe_no_proxy(void)
{
    const char *upper = getenv("NO_PROXY");
    const char *lower = getenv("no_proxy");
    bool set = not_empty("HTTP_PROXY") != NULL ||
               not_empty("http_proxy") != NULL ||
               not_empty("ALL_PROXY") != NULL || not_empty("all_proxy") != NULL;

    return !set ? NULL : upper != NULL ? upper : lower != NULL ? lower : "";
}

bool
recipe_spares(const char *list, const char *host)
{
    size_t len = strlen(host);

    while (*list != '\0') {
        size_t n = strcspn(list, BETWEEN);

        if ((n == 1 && list[0] == '*') ||
            (n == len && memcmp(list, host, len) == 0)) {
            return true;
        }
        list += n;
        list += strspn(list, BETWEEN);
    }
    return false;
}

bool
recipe_is_diverted(const char *url)
{
    const char *upper = not_empty("NO_PROXY");
    const char *lower = not_empty("no_proxy");
    struct assay_error err;
    struct assay_uri uri;

    if (recipe_no_proxy() == NULL) {
        return false;
    }
    return (upper == NULL && lower == NULL) ||
           assay_uri_parse(assay_slice_of(url), &uri, &err) != ASSAY_OK ||
           (upper != NULL && !recipe_spares(upper, uri.host)) ||
           (lower != NULL && !recipe_spares(lower, uri.host));
}
