/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * policy_options.c - reading what only `assay policy` is told.
 */
#include "policy_options.h"

#include <string.h>

#include "base/error.h"

void
policy_set_type(struct policy_options *o, const char *value,
                struct assay_error *err)
{
    if (strcmp(value, "dstack_tdx") != 0 && strcmp(value, "tdx") != 0) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "--type: '%.24s' is not dstack_tdx or tdx", value);
    }
    o->type = value;
}

const char *
pin_item_name(enum pin_item item)
{
    static const char *const names[PIN_COUNT] = {
        [PIN_MRTD] = "mrtd",
        [PIN_RTMR0] = "rtmr0",
        [PIN_RTMR1] = "rtmr1",
        [PIN_RTMR2] = "rtmr2",
        [PIN_RTMR3] = "rtmr3",
        [PIN_MR_SEAM] = "mr_seam",
        [PIN_MR_CONFIG_ID] = "mr_config_id",
        [PIN_MR_OWNER] = "mr_owner",
        [PIN_MR_OWNER_CONFIG] = "mr_owner_config",
        [PIN_COMPOSE] = "compose",
        [PIN_OS_IMAGE] = "os_image",
        [PIN_CERTIFICATE] = "certificate",
    };

    return names[item];
}

void
policy_set_pin(struct policy_options *o, const char *value,
               struct assay_error *err)
{
    for (const char *name = value;; name++) {
        size_t n = strcspn(name, ",");
        int item = 0;

        while (item < PIN_COUNT &&
               (strlen(pin_item_name((enum pin_item)item)) != n ||
                strncmp(pin_item_name((enum pin_item)item), name, n) != 0)) {
            item++;
        }
        if (item == PIN_COUNT) {
            assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                       "--pin: '%.*s' is not mrtd, rtmr0 to rtmr3, mr_seam, "
                       "mr_config_id, mr_owner, mr_owner_config, compose, "
                       "os_image or certificate",
                       (int)(n < 24 ? n : 24), name);
            return;
        }
        o->pin |= 1u << item;
        name += n;
        if (*name == '\0') {
            return;
        }
    }
}

void
policy_set_fail_on(struct policy_options *o, const char *value,
                   struct assay_error *err)
{
    int s = SEVERITY_INFO;

    while (s <= SEVERITY_ERROR &&
           strcmp(severity_name((enum severity)s), value) != 0) {
        s++;
    }
    if (s > SEVERITY_ERROR) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "--fail-on: '%.24s' is not error, warning or info", value);
        return;
    }
    o->fail_on = (enum severity)s;
}

void
policy_set_allow(struct policy_options *o, const char *value,
                 struct assay_error *err)
{
    char bad[32];

    if (!lint_codes_known(value, bad)) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "--allow: '%s' is no code of a finding", bad);
        return;
    }
    o->allow = value;
}
