/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "search/mark.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOT_DIGITS 64u
#define SINCE_MAX_S INT64_C(253402300799) /* the last second of 9999 */

void
assay_mark_write(const struct assay_mark *m, char name[ASSAY_MARK_NAME_MAX])
{
    (void)snprintf(name, ASSAY_MARK_NAME_MAX, "%s_%" PRIu32 "_%" PRId64, m->key,
                   m->number, m->since_s);
}

static bool
are_hex(const char *s, size_t n)
{
    return strlen(s) == n && strspn(s, "0123456789abcdef") == n;
}

static bool
is_key(const char *key)
{
    char root[ASSAY_MARK_KEY_MAX];
    const char *document = strchr(key, '_');
    const char *what;

    if (document == NULL) {
        return false;
    }
    (void)snprintf(root, sizeof(root), "%.*s", (int)(document - key), key);
    document++;
    what = document + 4;
    return (strcmp(root, "intel") == 0 || are_hex(root, ROOT_DIGITS)) &&
           (strncmp(document, "tdx-", 4) == 0 ||
            strncmp(document, "sgx-", 4) == 0) &&
           (strcmp(what, "qe") == 0 || are_hex(what, 12));
}

bool
assay_mark_read(const char *name, struct assay_mark *m)
{
    char copy[ASSAY_MARK_NAME_MAX];
    char *since;
    char *number;

    memset(m, 0, sizeof(*m));
    if (strlen(name) >= sizeof(copy)) {
        return false;
    }
    (void)snprintf(copy, sizeof(copy), "%s", name);
    since = strrchr(copy, '_');
    if (since == NULL) {
        return false;
    }
    *since++ = '\0';
    number = strrchr(copy, '_');
    if (number == NULL) {
        return false;
    }
    *number++ = '\0';
    if (strlen(copy) >= sizeof(m->key) || !is_key(copy)) {
        return false;
    }
    memcpy(m->key, copy, strlen(copy) + 1);
    m->number = (uint32_t)strtoul(number, NULL, 10);
    m->since_s = strtoll(since, NULL, 10);
    /* what strtoul() forgives is not forgiven here */
    assay_mark_write(m, copy);
    return m->number != 0 && m->since_s >= 0 && m->since_s <= SINCE_MAX_S &&
           strcmp(copy, name) == 0;
}

bool
assay_mark_is_intels(const struct assay_mark *m)
{
    return strncmp(m->key, "intel_", strlen("intel_")) == 0;
}
