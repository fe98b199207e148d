/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "eventlog/fault.h"

#include <stdarg.h>
#include <stdio.h>

void
assay_fault(char fault[ASSAY_FAULT_BYTES], const char *fmt, ...)
{
    va_list args;
    size_t len;
    int n;

    if (fault[0] != '\0') {
        return;
    }
    va_start(args, fmt);
    n = vsnprintf(fault, ASSAY_FAULT_BYTES, fmt, args);
    va_end(args);
    len = n < 0 ? 0 : (size_t)n;
    if (len > ASSAY_FAULT_BYTES - 1) {
        len = ASSAY_FAULT_BYTES - 1;
    }
    for (size_t i = 0; i < len; i++) {
        if (fault[i] < ' ' || fault[i] > '~') {
            fault[i] = '?';
        }
    }
    fault[len] = '\0';
}

void
assay_fault_entry(char fault[ASSAY_FAULT_BYTES], size_t index,
                  const struct assay_event *e, const char *why)
{
    assay_fault(fault, "entry %zu ('%.*s'): %s", index,
                ASSAY_FAULT_TEXT(e->name, 40u), why);
}
