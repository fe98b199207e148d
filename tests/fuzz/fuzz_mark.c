/* Target functions: assay_mark_read
 */
/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Names of files that remember TCB evaluations. One that is read is written
 * again to the last byte, so two names never say the same.
 */
#include "harness/fuzz.h"
#include "search/mark.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char again[ASSAY_MARK_NAME_MAX];
    char *name = malloc(size + 1);
    struct assay_mark m;

    PROMISE(name != NULL);
    assay_copy(name, (struct assay_slice){data, size});
    name[size] = '\0';
    if (assay_mark_read(name, &m)) {
        PROMISE(m.number > 0 && m.since_s >= 0);
        PROMISE(strchr(m.key, '/') == NULL);
        assay_mark_write(&m, again);
        PROMISE(strcmp(again, name) == 0);
        PROMISE(assay_mark_is_intels(&m) == (strncmp(name, "intel_", 6) == 0));
    }
    free(name);
    return 0;
}
